"""Lists from the cache cannot be told from lists without it: same bytes, same headers, and never a page from before a write."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from helpdesk.accounts.api.users import UserViewSet
from helpdesk.api import cached as cached_module
from helpdesk.events.models import EventReceipt, EventRecord
from helpdesk.tickets.api.comments import CommentViewSet
from helpdesk.tickets.api.tickets import TicketViewSet
from tests.admin.forms import change
from tests.factories import comment_on, ticket_of
from tests.people import AdminFactory, AgentFactory, UserFactory
from tests.servers import Valkey, eventually

LISTS = [
    "/api/tickets/",
    "/api/tickets/?page_size=2&page=2",
    "/api/tickets/?ordering=-updated_at&page_size=2&cursor=",
    "/api/tickets/?mine=true",
    "/api/tickets/?search=printer",
    "/api/tickets/?deleted=true",
    "/api/tickets/?status=closed&page=1",
    "/api/tickets/?page=99",
    "/api/tickets/?status=none",
    "/api/v1/tickets/",
    "/api/comments/",
    "/api/comments/?ticket={ticket}",
    "/api/tickets/{ticket}/comments/",
    "/api/tickets/{strange}/comments/",
    "/api/users/",
    "/api/users/?role=agent",
]
# These differ from one request to the next, whatever answers it.
PASSING = {"X-Request-ID", "Date", "X-Event-Cursor"}


@pytest.fixture
def people(valkey_here: Valkey, settings: Any) -> dict[str, Any]:
    settings.LIST_CACHE_SECONDS = 300
    return {
        "customer": UserFactory(username="ada"),
        "stranger": UserFactory(username="eve"),
        "agent": AgentFactory(username="grace"),
        "colleague": AgentFactory(username="linus"),
        "admin": AdminFactory(username="root"),
    }


@pytest.fixture
def desk(people: dict[str, Any]) -> dict[str, Any]:
    """Tickets of two customers and of an agent; comments, notes, a closed and a deleted one."""
    from helpdesk.tickets.operations.tickets import close_ticket, delete_ticket, update_ticket

    customer, agent = people["customer"], people["agent"]
    first, *_rest = [ticket_of(customer, title=f"Printer {n}", assigned_to=agent.pk) for n in range(4)]
    strange = ticket_of(people["stranger"])
    ticket_of(agent, created_by=customer.pk)
    closed, deleted = ticket_of(customer), ticket_of(customer)
    close_ticket(by=agent, ticket_id=closed.pk, now=timezone.now())
    delete_ticket(by=agent, ticket_id=deleted.pk, now=timezone.now())
    update_ticket(by=agent, ticket_id=first.pk, changes={"status": "in_progress"}, now=timezone.now())
    comment, note = comment_on(first, customer), comment_on(first, agent, is_internal=True)
    return {"ticket": first.pk, "strange": strange.pk, "deleted": deleted.pk, "closed": closed.pk} | {
        "comment": comment.pk,
        "note": note.pk,
    }


def seen(response: Any) -> tuple[int, bytes, dict[str, str]]:
    headers = {name: value for name, value in response.headers.items() if name not in PASSING}
    body = response.content
    # Problems carry their request's id.
    return response.status_code, body if response.status_code == 200 else b"", headers


@pytest.fixture
def read(api_as: Any, people: dict[str, Any], desk: dict[str, Any], settings: Any) -> Callable[..., Any]:
    """`read("agent", path)` over the cache, `read("agent", path, cache=0)` past it."""
    clients = {name: api_as(person) for name, person in people.items()}

    def get(role: str, path: str, *, cache: int = 300) -> Any:
        settings.LIST_CACHE_SECONDS = cache
        return clients[role].get(path.format(**desk))

    return get


ROLES = ["customer", "stranger", "agent", "colleague", "admin"]


@pytest.mark.parametrize("role", ROLES)
def test_on_and_off_give_identical_bytes_and_headers(read: Any, role: str) -> None:
    for other in {*ROLES} - {role}:
        for path in LISTS:
            read(other, path)  # whatever these got must not be what this one gets

    off = {path: seen(read(role, path, cache=0)) for path in LISTS}
    missed = {path: seen(read(role, path)) for path in LISTS}
    hit = {path: seen(read(role, path)) for path in LISTS}

    assert missed == off
    assert hit == off


@pytest.mark.parametrize(
    "path", ["/api/tickets/?page_size=2&cursor=", "/api/tickets/?ordering=priority&page_size=2&cursor="]
)
def test_on_and_off_follow_the_same_cursors(read: Any, path: str) -> None:
    for _ in range(3):
        off = read("agent", path, cache=0)
        assert seen(read("agent", path)) == seen(read("agent", path)) == seen(off)
        path = off.json()["next"]


def test_no_filter_shows_somebody_what_another_of_the_same_scope_got(read: Any) -> None:
    """A filter that looks at who asks belongs to `PERSONAL`."""
    for route, view in (
        ("/api/tickets/", TicketViewSet),
        ("/api/comments/", CommentViewSet),
        ("/api/users/", UserViewSet),
    ):
        for name in view.filterset_class.get_filters():
            for value in ("true", "1", "open", "agent", "{ticket}"):
                path = f"{route}?{name}={value}"
                read("agent", path)
                assert seen(read("colleague", path)) == seen(read("colleague", path, cache=0)), path


def test_pages_of_another_release_are_not_found(read: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    read("agent", "/api/tickets/")
    monkeypatch.setattr(cached_module, "RELEASE", "another")
    with CaptureQueriesContext(connection) as statements:
        read("agent", "/api/tickets/")

    assert len(statements) > 1


def test_what_changes_nothing_makes_no_page(read: Any, valkey_here: Valkey) -> None:
    for n in range(3):
        assert read("agent", f"/api/tickets/?nonsense={n}").status_code == 200

    with valkey_here.client() as client:
        assert client.keys("page:*") == []


@pytest.mark.parametrize("path", ["/api/tickets/", "/api/comments/", "/api/tickets/{ticket}/comments/", "/api/users/"])
def test_a_page_is_read_from_the_database_once_for_all_who_share_it(read: Any, path: str) -> None:
    read("agent", path)
    with CaptureQueriesContext(connection) as again:
        read("colleague", path)
    with CaptureQueriesContext(connection) as past:
        read("colleague", path, cache=0)

    assert len(again) < len(past)
    assert [query["sql"] for query in again if "COUNT(*)" in query["sql"]] == []


def test_the_order_of_parameters_makes_no_other_page(read: Any) -> None:
    first = read("agent", "/api/tickets/?page_size=2&status=open")
    with CaptureQueriesContext(connection) as statements:
        second = read("agent", "/api/tickets/?status=open&page_size=2")

    assert second.content == first.content
    assert len(statements) == 1


def test_another_host_gets_links_to_itself(read: Any, api_as: Any, people: dict[str, Any]) -> None:
    here = read("agent", "/api/tickets/?page_size=1").json()["next"]
    there = api_as(people["agent"]).get("/api/tickets/?page_size=1", headers={"host": "desk.example.com"})

    assert here.startswith("http://testserver/")
    assert there.json()["next"].startswith("http://desk.example.com/")


def test_mine_is_never_somebody_elses(read: Any) -> None:
    assert read("agent", "/api/tickets/?mine=true").json()["count"] == 4
    assert read("colleague", "/api/tickets/?mine=true").json()["count"] == 0


# --- every write ------------------------------------------------------------------------------------

WRITTEN = [
    "/api/tickets/",
    "/api/tickets/?mine=true",
    "/api/comments/",
    "/api/tickets/{ticket}/comments/",
    "/api/users/",
]
# who, method, path, body; and who sees another list afterwards
WRITES: dict[str, tuple[str, str, str, dict[str, Any] | None, set[str]]] = {
    "open": ("customer", "POST", "/api/tickets/", {"title": "New", "description": "…"}, {"customer", "agent", "admin"}),
    "title": ("agent", "PATCH", "/api/tickets/{ticket}/", {"title": "Other"}, {"customer", "agent", "admin"}),
    "status": ("agent", "PATCH", "/api/tickets/{ticket}/", {"status": "pending"}, {"customer", "agent", "admin"}),
    "priority": ("agent", "PATCH", "/api/tickets/{ticket}/", {"priority": "urgent"}, {"customer", "agent", "admin"}),
    "assign": ("agent", "PATCH", "/api/tickets/{ticket}/", {"assigned_to": None}, {"customer", "agent", "admin"}),
    "claim": ("colleague", "POST", "/api/tickets/{strange}/claim/", None, {"stranger", "agent", "admin"}),
    "close": ("customer", "POST", "/api/tickets/{ticket}/close/", None, {"customer", "agent", "admin"}),
    "reopen": ("customer", "POST", "/api/tickets/{closed}/reopen/", None, {"customer", "agent", "admin"}),
    "delete": ("agent", "DELETE", "/api/tickets/{ticket}/", None, {"customer", "agent", "admin"}),
    "restore": ("admin", "POST", "/api/tickets/{deleted}/restore/", None, {"customer", "agent", "admin"}),
    "comment": ("agent", "POST", "/api/tickets/{ticket}/comments/", {"content": "Yes"}, {"customer", "agent", "admin"}),
    "note": (
        "agent",
        "POST",
        "/api/tickets/{ticket}/comments/",
        {"content": "No", "is_internal": True},
        {"agent", "admin"},
    ),
    "edit": ("customer", "PATCH", "/api/comments/{comment}/", {"content": "Well"}, {"customer", "agent", "admin"}),
    "edit note": ("agent", "PATCH", "/api/comments/{note}/", {"content": "Well"}, {"agent", "admin"}),
    "delete comment": ("admin", "DELETE", "/api/comments/{comment}/", None, {"customer", "agent", "admin"}),
    "delete note": ("agent", "DELETE", "/api/comments/{note}/", None, {"agent", "admin"}),
    "phone": ("customer", "PATCH", "/api/users/me/", {"phone": "+51 1 555 0100"}, {"admin"}),
    "rename": ("customer", "PATCH", "/api/users/me/", {"name": "Ada L."}, {"customer", "agent", "admin"}),
    "rename an assignee": ("agent", "PATCH", "/api/users/me/", {"name": "Amazing"}, {"customer", "agent", "admin"}),
}


@pytest.mark.parametrize("write", WRITES)
def test_a_write_is_in_every_list_once_it_is_answered(
    read: Any, api_as: Any, people: dict[str, Any], desk: dict[str, Any], write: str
) -> None:
    who, method, path, body, expected = WRITES[write]
    roles = ["customer", "stranger", "agent", "admin"]
    before = {(role, path): seen(read(role, path)) for role in roles for path in WRITTEN}

    response = getattr(api_as(people[who]), method.lower())(path.format(**desk), body)
    assert response.status_code < 300, response.content

    after = {(role, path): seen(read(role, path)) for role in roles for path in WRITTEN}
    assert after == {(role, path): seen(read(role, path, cache=0)) for role in roles for path in WRITTEN}
    assert {role for (role, path), answer in after.items() if answer != before[role, path]} == expected


# Which page of the admin, what is typed there, and who sees another list afterwards.
EDITS: dict[str, tuple[str, dict[str, str], set[str]]] = {
    "title": ("/admin/tickets/ticket/{ticket}/change/", {"title": "Typed"}, {"customer", "agent", "admin"}),
    "status": ("/admin/tickets/ticket/{ticket}/change/", {"status": "pending"}, {"customer", "agent", "admin"}),
    "name": ("/admin/accounts/user/{agent}/change/", {"name": "Amazing"}, {"customer", "agent", "admin"}),
    "role": ("/admin/accounts/user/{colleague}/change/", {"role": "customer"}, {"agent", "admin"}),
    "deactivation": ("/admin/accounts/user/{stranger}/change/", {"is_active": ""}, {"stranger", "agent", "admin"}),
    "telephone": ("/admin/accounts/user/{stranger}/change/", {"phone": "+51 1 555 0100"}, {"admin"}),
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_in_the_admin_is_in_every_list_once_it_is_answered(
    read: Any, browser_as: Any, people: dict[str, Any], desk: dict[str, Any], edit: str
) -> None:
    page, typed, expected = EDITS[edit]
    roles = ["customer", "stranger", "agent", "admin"]
    before = {(role, path): seen(read(role, path)) for role in roles for path in WRITTEN}

    ids = desk | {name: person.pk for name, person in people.items()}
    assert change(browser_as(people["admin"]), page.format(**ids), **typed).status_code == 302

    after = {(role, path): seen(read(role, path)) for role in roles for path in WRITTEN}
    assert after == {(role, path): seen(read(role, path, cache=0)) for role in roles for path in WRITTEN}
    assert {role for (role, path), answer in after.items() if answer != before[role, path]} == expected


def test_generated_data_is_in_every_list_once_the_command_has_ended(read: Any) -> None:
    before = {role: read(role, "/api/tickets/").json()["count"] for role in ("agent", "admin")}

    call_command("generate_fake_data", tickets=7, comments_per_ticket=1, customers=2, agents=1, seed=1, verbosity=0)

    after = {role: read(role, "/api/tickets/").json()["count"] for role in ("agent", "admin")}
    assert after == {role: count + 7 for role, count in before.items()}
    assert read("admin", "/api/users/").json()["count"] == 5 + 3


def test_a_superuser_made_by_command_is_in_every_list_of_people(read: Any) -> None:
    before = {role: read(role, "/api/users/").json()["count"] for role in ("agent", "admin")}

    call_command("createsuperuser", interactive=False, username="boss", email="boss@example.com", verbosity=0)

    after = {role: read(role, "/api/users/").json()["count"] for role in ("agent", "admin")}
    assert after == {role: count + 1 for role, count in before.items()}
    assert EventRecord.objects.latest("id").body["user"]["username"] == "boss"


def test_an_error_is_not_remembered(read: Any, api_as: Any, people: dict[str, Any]) -> None:
    assert read("customer", "/api/tickets/?page=2").status_code == 404
    for _ in range(20):
        ticket_of(people["customer"])

    assert read("customer", "/api/tickets/?page=2").status_code == 200


# --- agents who each see something else ---------------------------------------------------------------


@pytest.mark.parametrize("scope", ["team", "assigned"])
def test_a_narrowed_agent_shares_a_page_with_nobody(read: Any, settings: Any, scope: str) -> None:
    settings.AGENT_SCOPE = scope
    for other in ("admin", "agent"):
        for path in LISTS:
            read(other, path)

    off = {path: seen(read("colleague", path, cache=0)) for path in LISTS}
    missed = {path: seen(read("colleague", path)) for path in LISTS}
    with CaptureQueriesContext(connection) as statements:
        hit = seen(read("colleague", "/api/tickets/"))

    assert missed == off
    # Who asks, and no more.
    assert (hit, len(statements)) == (off["/api/tickets/"], 1)
    assert read("agent", "/api/tickets/").json()["count"] > read("colleague", "/api/tickets/").json()["count"] == 0


@pytest.mark.parametrize("write", WRITES)
def test_a_write_is_in_the_lists_of_narrowed_agents_once_it_is_answered(
    read: Any, api_as: Any, people: dict[str, Any], desk: dict[str, Any], settings: Any, write: str
) -> None:
    settings.AGENT_SCOPE = "assigned"
    who, method, path, body, _expected = WRITES[write]
    roles = ["agent", "colleague", "admin"]
    for role in roles:
        for page in WRITTEN:
            read(role, page)

    # What the colleague does not see cannot be claimed.
    client = api_as(people["admin" if who == "colleague" else who])
    response = getattr(client, method.lower())(path.format(**desk), body)

    assert response.status_code < 300, response.content
    for role in roles:
        for page in WRITTEN:
            assert seen(read(role, page)) == seen(read(role, page, cache=0)), (role, page)


# --- without Redis ----------------------------------------------------------------------------------


def test_without_redis_lists_come_from_the_database(read: Any, valkey_here: Valkey) -> None:
    read("agent", "/api/tickets/")
    off = read("agent", "/api/tickets/", cache=0)
    valkey_here.kill()

    assert seen(read("agent", "/api/tickets/")) == seen(off)


def test_a_write_during_an_outage_is_in_the_lists_after_the_next_sweep(
    read: Any, people: dict[str, Any], valkey_here: Valkey
) -> None:
    """Frozen, Redis forgets nothing: it comes back with the pages from before."""
    from helpdesk.events.operations import sweep

    old = read("agent", "/api/tickets/").json()["count"]
    valkey_here.freeze()
    ticket_of(people["customer"])
    valkey_here.thaw()

    def mended() -> bool:
        sweep(now=timezone.now())
        return not EventReceipt.objects.exclude(state="done").exists()

    eventually(mended)
    assert read("agent", "/api/tickets/").json()["count"] == old + 1


@pytest.fixture(autouse=True)
def _no_client_of_an_ended_server() -> Iterator[None]:
    yield
    from helpdesk.core import redis

    redis._redis.cache_clear()
