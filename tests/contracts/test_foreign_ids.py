"""Whatever id is sent, in a body or a path: no row of others is reached, nor told to be there, and nothing breaks.

What can name a row is found in the description of the API; what is not listed here fails.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any

import pytest
from django.apps import apps
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator

from helpdesk.accounts.models import Session, User
from helpdesk.chat.models import Conversation, Message
from helpdesk.tickets.models import Category, Comment, Membership, Ticket
from helpdesk.tickets.operations.attachments import delete_attachment
from helpdesk.tickets.operations.comments import delete_comment
from helpdesk.tickets.operations.drafts import save_draft
from helpdesk.tickets.operations.links import link_tickets
from helpdesk.tickets.operations.tickets import delete_ticket
from tests.contracts.refusals import is_a_problem, stored
from tests.contracts.test_matrix import BODIES, as_json, undone
from tests.contracts.test_matrix_schema import plain
from tests.factories import attachment_on, category_of, chat_of, comment_on, file_in, tag_of, team_of, ticket_of
from tests.people import AgentFactory, UserFactory

Api = Callable[[Any], Any]
Rows = dict[str, dict[str, Any]]

MISSING = 9_000_000_000

# Every member of a body that names a row, and of which kind the row is.
RELATIONS = {
    ("POST", "/api/tickets/", "assigned_to"): "user",
    ("POST", "/api/tickets/", "created_by"): "user",
    ("POST", "/api/tickets/", "follow_up_of"): "ticket",
    ("POST", "/api/tickets/", "category"): "category",
    ("POST", "/api/tickets/", "team"): "team",
    ("PATCH", "/api/tickets/{}/", "assigned_to"): "user",
    ("PATCH", "/api/tickets/{}/", "category"): "category",
    ("PATCH", "/api/tickets/{}/", "team"): "team",
    ("PUT", "/api/tickets/{}/", "category"): "category",
    ("PUT", "/api/tickets/{}/", "team"): "team",
    ("PUT", "/api/tickets/{}/", "assigned_to"): "user",
    ("POST", "/api/tickets/{}/assign/", "user"): "user",
    ("POST", "/api/comments/", "ticket"): "ticket",
    ("POST", "/api/tickets/{}/merge/", "into"): "ticket",
    ("POST", "/api/tickets/{}/links/", "ticket"): "ticket",
    ("POST", "/api/categories/", "parent"): "category",
    ("POST", "/api/categories/", "team"): "team",
    ("PATCH", "/api/categories/{}/", "parent"): "category",
    ("PATCH", "/api/categories/{}/", "team"): "team",
    ("POST", "/api/teams/", "members"): "user",
    ("PATCH", "/api/teams/{}/", "members"): "user",
    ("POST", "/api/tickets/{}/attachments/", "comment"): "comment",
    ("POST", "/api/chat/conversations/", "user"): "user",
    ("POST", "/api/chat/conversations/{}/read/", "up_to"): "message",
}
# Numbers that name nothing.
# Many rows at once, each answered by itself: tests/tickets/test_bulk.py says how.
MANY = {("POST", "/api/tickets/bulk/", "ids"), ("POST", "/api/tickets/bulk/", "if_match")}
NUMBERS = {
    # Compared with the ids of the ticket's own comments, and looked up nowhere.
    ("POST", "/api/comments/", "seen_version"),
    ("POST", "/api/tickets/{}/comments/", "seen_version"),
    ("PATCH", "/api/users/{}/workload/", "capacity"),
}
# Which kind of row an id in a path names; the longest beginning counts.
KINDS = {
    "/api/tickets/{": "ticket",
    "/api/tickets/{}/comments/{": "comment",
    "/api/tickets/{}/links/{": "link",
    "/api/comments/{": "comment",
    "/api/categories/{": "category",
    "/api/tags/{": "tag",
    "/api/teams/{": "team",
    "/api/attachments/{": "attachment",
    "/api/chat/conversations/{": "conversation",
    "/api/chat/attachments/{": "file in a chat",
    "/api/users/{": "user",
    "/api/users/{}/workload/": "agent",
    "/api/auth/sessions/{": "session",
    "/api/auth/identities/{": "identity",
}
# Where one's own row has to be there for a body to be good.
GOOD = {plain_call: body for call, body in BODIES.items() for plain_call in [plain(call)]}
IMPOSSIBLE_IN_A_PATH = (
    "0",
    "-1",
    "1.5",
    "1.0",
    "true",
    "null",
    "[1]",
    "abc",
    "%00",
    "9" * 30,
    "9223372036854775808",
    "+1",
    "01x",
)
IMPOSSIBLE: tuple[Any, ...] = (
    *(0, -1, -(2**63), 2**31, 2**63, 10**30, 1.5, True, False, "", "abc", "\0", [], {}, None, {"id": None}),
)
# Ways to write an id that is none: each looks a row up, if somebody is careless.
SHAPES: tuple[Callable[[int], Any], ...] = (
    int,
    str,
    float,
    lambda id_: [id_],
    lambda id_: {"id": id_},
    lambda id_: {"pk": id_},
    lambda id_: f"{id_} ",
    lambda id_: [[id_]],
)


@cache
def operations() -> dict[tuple[str, str], dict[str, Any]]:
    schema = SchemaGenerator().get_schema(request=None, public=True)
    found = {}
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            media = next(iter(operation.get("requestBody", {}).get("content", {}).values()), {"schema": {}})
            body = _resolved(media["schema"], schema)
            found[method.upper(), plain(path)] = {name: _resolved(s, schema) for name, s in _members(body, schema)}
    return found


def _resolved(schema: dict[str, Any], whole: dict[str, Any]) -> dict[str, Any]:
    return whole["components"]["schemas"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def _members(schema: dict[str, Any], whole: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for choice in (schema, *schema.get("oneOf", ()), *schema.get("anyOf", ()), *schema.get("allOf", ())):
        yield from _resolved(choice, whole).get("properties", {}).items()


def foreign_keys() -> set[str]:
    """What relations are called, in the database."""
    fields = [field for model in apps.get_models() for field in model._meta.get_fields() if field.many_to_one]
    return {field.name for field in fields} | {f"{field.name}_id" for field in fields}


def may_name_a_row(name: str, schema: dict[str, Any]) -> bool:
    """Any number, and what is called like a relation, or like the rows of one."""
    text = str(schema)
    return "'integer'" in text or "uuid" in text or name in foreign_keys() or re.search(r"(^|_)ids?$", name) is not None


def test_every_member_of_a_body_that_may_name_a_row_is_listed() -> None:
    found = {
        (method, path, name)
        for (method, path), members in operations().items()
        for name, schema in members.items()
        if may_name_a_row(name, schema)
    }

    assert found == set(RELATIONS) | NUMBERS | MANY


def test_every_id_in_a_path_is_listed() -> None:
    in_paths = {(path, n) for _method, path in operations() for n in range(path.count("{}"))}

    assert {(path, n) for path, n in in_paths if _kind(path, n) is None} == set()
    assert len(in_paths) > 10


def _kind(path: str, n: int) -> str | None:
    beginning = "{}".join(path.split("{}")[: n + 1]) + "{"
    return KINDS.get(path) or KINDS.get(beginning)


@pytest.fixture
def rows(customer: Any, agent: Any) -> Rows:
    """By kind, ids of what is the customer's, of what is somebody else's, and of what was deleted."""
    other, gone = UserFactory(username="other"), UserFactory(username="gone")
    gone_id = gone.pk
    gone.delete()
    own, foreign, deleted = ticket_of(customer), ticket_of(other), ticket_of(customer)
    delete_ticket(by=agent, ticket_id=deleted.pk, now=timezone.now())
    comment, removed = comment_on(own, customer), comment_on(own, customer)
    delete_comment(by=customer, comment_id=removed.pk, now=timezone.now())
    strange, note = comment_on(foreign, other), comment_on(own, agent, is_internal=True)
    sessions = [
        Session.objects.create(user=user, ended_at=ended)
        for user, ended in ((customer, None), (other, None), (customer, timezone.now()))
    ]
    save_draft(by=customer, ticket_id=own.pk, content="x", now=timezone.now())
    for user, provider in ((customer, "google"), (other, "facebook")):
        user.identities.create(provider=provider, subject=str(user.pk), created_at=timezone.now())
    files = {
        "own": attachment_on(own, customer),
        "foreign": attachment_on(foreign, other),
        "deleted": attachment_on(own, customer),
        "note": attachment_on(own, agent, note),
    }
    delete_attachment(by=customer, attachment_id=files["deleted"].pk, now=timezone.now())
    catalog: Rows = {}
    for kind, made in (("category", category_of), ("tag", tag_of), ("team", team_of)):
        removed_row = made()
        removed_id = removed_row.pk
        removed_row.delete()
        catalog[kind] = {"own": made().pk, "deleted": removed_id}
    seconds = [ticket_of(customer), ticket_of(other)]
    linked = [
        link_tickets(by=agent, ticket_id=a.pk, kind="related", other_id=b.pk, now=timezone.now())[0].pk
        for a, b in ((own, seconds[0]), (foreign, seconds[1]), (own, foreign))
    ]
    return (
        catalog
        | chats(customer, agent, other)
        | {
            "link": dict(zip(("own", "foreign", "hidden"), linked, strict=True)),
            "attachment": {whose: file.pk for whose, file in files.items()},
            "session": dict(zip(("own", "foreign", "deleted"), (session.pk for session in sessions), strict=True)),
            "identity": {"own": "google", "foreign": "facebook"},
            "user": {"own": customer.pk, "foreign": other.pk, "deleted": gone_id},
            "agent": {"own": agent.pk, "foreign": AgentFactory().pk, "deleted": gone_id},
            "ticket": {"own": own.pk, "foreign": foreign.pk, "deleted": deleted.pk},
            "second ticket": {"own": seconds[0].pk},
            "comment": {"own": comment.pk, "foreign": strange.pk, "deleted": removed.pk, "note": note.pk},
        }
    )


def chats(customer: Any, agent: Any, other: Any) -> Rows:
    """One of the customer's with the agent, one of somebody else's with the same, and one that was deleted."""
    own, foreign, gone = chat_of(customer, agent), chat_of(other, agent), chat_of(customer, AgentFactory())
    said = {"own": file_in(own, agent), "foreign": file_in(foreign, agent), "deleted": file_in(gone, customer)}
    files = {whose: message.attachments.get().pk for whose, message in said.items()}
    messages = {whose: message.pk for whose, message in said.items()}
    ids = {"own": own.pk, "foreign": foreign.pk, "deleted": gone.pk}
    gone.delete()
    return {"conversation": ids, "message": messages, "file in a chat": files}


def call(client: Any, method: str, path: str, body: Any = None) -> Any:
    """The answer, without what it did; a refusal must have done nothing."""
    before = stored()

    def done() -> Any:
        answer = client.generic(method, path, *as_json(body or {}))
        assert answer.status_code < 400 or stored() == before, (method, path, body)
        return answer

    return undone(done)


def said(answer: Any, *ids: Any) -> tuple[int, bytes]:
    """Without what the client itself has sent: a refusal may repeat it."""
    content = answer.content.replace(answer.headers["X-Request-ID"].encode(), b"")
    for id_ in ids:
        content = content.replace(b" %d." % id_, b" #.")
    return answer.status_code, content


def body_for(method: str, path: str, rows: Rows) -> dict[str, Any]:
    own = rows["ticket"]["own"]
    named = {
        "ticket": own,
        "tickets": [own],
        "an agent": rows["agent"]["own"],
        "other": rows["second ticket"]["own"],
        "a contact": rows["agent"]["foreign"],
        "a message": rows["message"]["own"],
    }
    return {name: named.get(str(value), value) for name, value in GOOD.get(f"{method} {path}", {}).items()}


def own_path(path: str, rows: Rows) -> str:
    kinds = [_kind(path, n) for n in range(path.count("{}"))]
    return path.format(*(rows[kind or ""]["own"] for kind in kinds))


# --- in a body -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("relation", RELATIONS, ids=" ".join)
def test_a_customer_cannot_tell_rows_of_others_from_rows_that_are_not_there(
    api_as: Api, customer: Any, rows: Rows, relation: tuple[str, str, str]
) -> None:
    method, path, field = relation
    ask = partial(call, api_as(customer), method, own_path(path, rows))
    body, ids = body_for(method, path, rows), rows[RELATIONS[relation]]

    for shape in SHAPES:
        unknown = ask(body | {field: shape(MISSING)})
        assert is_a_problem(unknown, 400, 403, 404)
        # What everybody reads is nobody's, and can only be gone.
        for whose in {"foreign", "deleted"} & set(ids):
            assert said(ask(body | {field: shape(ids[whose])}), ids[whose]) == said(unknown, MISSING), (whose, shape(1))


@pytest.mark.parametrize("relation", RELATIONS, ids=" ".join)
@pytest.mark.parametrize("role", ["customer", "agent", "admin"])
def test_no_id_breaks_anything(
    api_as: Api, rows: Rows, relation: tuple[str, str, str], role: str, request: pytest.FixtureRequest
) -> None:
    method, path, field = relation
    ask = partial(call, api_as(request.getfixturevalue(role)), method, own_path(path, rows))
    body, ids = body_for(method, path, rows), rows[RELATIONS[relation]]

    for value in (*IMPOSSIBLE, *(shape(id_) for shape in SHAPES[1:] for id_ in ids.values())):
        answer = ask(body | {field: value})
        assert answer.status_code in (200, 201) or is_a_problem(answer, 400, 403, 404), value
        # What can be no id sets nothing: it is refused, or it is nobody. (In a form, every id is a text.)
        if "file" in body and isinstance(value, str) and value in map(str, ids.values()):
            continue
        assert answer.status_code >= 400 or not value, value
    for id_ in (MISSING, ids["deleted"]):
        assert is_a_problem(ask(body | {field: id_}), 400, 403, 404), id_


def test_agents_hear_the_same_of_what_was_deleted_and_of_what_never_was(api_as: Api, agent: Any, rows: Rows) -> None:
    for (method, path, field), kind in RELATIONS.items():
        ask = partial(call, api_as(agent), method, own_path(path, rows))
        body = body_for(method, path, rows)
        gone = rows[kind]["deleted"]
        assert said(ask(body | {field: gone}), gone) == said(ask(body | {field: MISSING}), MISSING), (path, field)


# --- in a body that should not have one ------------------------------------------------------------------------------


def links() -> list[Any]:
    """What the rows say of each other."""
    tickets = Ticket.objects.order_by("pk").values_list("created_by", "assigned_to", "category", "team", "tag_ids")
    # A ticket that was opened has another id each time.
    nth = {pk: n for n, pk in enumerate(Ticket.objects.order_by("pk").values_list("pk", flat=True))}
    said = Comment.objects.order_by("pk").values_list("ticket", "author", "is_internal")
    comments = [(nth[ticket], *others) for ticket, *others in said]
    categories = Category.objects.order_by("pk").values_list("parent", "team")
    people = User.objects.order_by("pk").values_list("role", "is_active", "is_superuser", "is_staff")
    members = Membership.objects.order_by("pk").values_list("team", "user")
    pairs = Conversation.objects.order_by("pk").values_list("low", "high")
    messages = Message.objects.order_by("pk").values_list("author", "conversation__low", "conversation__high")
    return [list(rows) for rows in (tickets, comments, people, categories, members, pairs, messages)]


# Where nobody is signed in, tests/accounts/ says what may be sent.
WRITING = [called for called, members in operations().items() if members and not called[1].startswith("/api/auth/")]


@pytest.mark.parametrize("called", WRITING, ids=" ".join)
def test_a_relation_that_is_no_member_is_not_set(
    api_as: Api, customer: Any, agent: Any, admin: Any, rows: Rows, called: tuple[str, str]
) -> None:
    method, path = called
    body, target = body_for(method, path, rows), own_path(path, rows)
    injected = {
        name: rows["ticket" if "ticket" in name else "user"]["foreign"]
        for name in foreign_keys() | {"id", "pk", "version", "is_superuser", "is_staff"}
        if name not in operations()[called]
    }

    def linked(client: Any, body: dict[str, Any]) -> tuple[int, list[Any]]:
        outcome: list[Any] = []
        undone(lambda: outcome.extend((client.generic(method, target, *as_json(body)).status_code, links())))
        return tuple(outcome)

    clients = [client for client in map(api_as, (customer, agent, admin)) if linked(client, body)[0] < 300]
    assert clients, "nobody may do it as tests/contracts/test_matrix.py (BODIES) does"
    for client in clients:
        assert linked(client, body | injected) == linked(client, body)


# --- in a path -------------------------------------------------------------------------------------------------------


PATHS = [(method, path, n) for method, path in operations() for n in range(path.count("{}"))]


@pytest.mark.parametrize(("method", "path", "n"), PATHS)
def test_no_id_in_a_path_tells_a_customer_what_is_there(
    api_as: Api, customer: Any, rows: Rows, method: str, path: str, n: int
) -> None:
    client, body = api_as(customer), body_for(method, path, rows)
    ids = rows[_kind(path, n) or ""]

    def ask(id_: Any) -> Any:
        kinds = [_kind(path, k) or "" for k in range(path.count("{}"))]
        here = path.format(*(id_ if k == n else rows[kind]["own"] for k, kind in enumerate(kinds)))
        return call(client, method, here, body or None)

    unknown = said(ask(MISSING))
    assert unknown[0] in (403, 404)
    for id_ in (*(id_ for whose, id_ in ids.items() if whose != "own"), *IMPOSSIBLE_IN_A_PATH):
        assert said(ask(id_)) == unknown, id_
    # There was something to find.
    assert said(ask(ids["own"])) != unknown or unknown[0] == 403


@pytest.mark.parametrize(("method", "path", "n"), PATHS)
@pytest.mark.parametrize("role", ["agent", "admin"])
def test_no_id_in_a_path_breaks_anything(
    api_as: Api, rows: Rows, method: str, path: str, n: int, role: str, request: pytest.FixtureRequest
) -> None:
    client, body = api_as(request.getfixturevalue(role)), body_for(method, path, rows)
    kinds = [_kind(path, k) or "" for k in range(path.count("{}"))]

    for id_ in (MISSING, *IMPOSSIBLE_IN_A_PATH, *rows[kinds[n]].values()):
        here = path.format(*(id_ if k == n else rows[kind]["own"] for k, kind in enumerate(kinds)))
        answer = call(client, method, here, body or None)
        assert answer.status_code < 400 or is_a_problem(answer, 400, 403, 404, 409), id_
