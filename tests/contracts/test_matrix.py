"""Who gets what, on every route and by every method: the table below against the URL configuration."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.http import HttpResponse
from django.utils import timezone

from helpdesk.accounts import tokens
from helpdesk.accounts.enums import Purpose
from helpdesk.accounts.models import Session
from helpdesk.accounts.operations.one_time_tokens import mint_link
from helpdesk.accounts.roles import Permission
from helpdesk.tickets.operations.drafts import save_draft
from helpdesk.tickets.operations.links import link_tickets
from tests.contracts.routes import patterns, views
from tests.factories import attachment_on, category_of, chat_of, comment_on, file_in, tag_of, team_of, ticket_of
from tests.people import PASSWORD, AgentFactory, UserFactory
from tests.servers.identity_provider import IdentityProvider
from tests.tickets.files import FORM, TEXT, form

Api = Callable[[Any], Any]

ROLES = ("anonymous", "customer", "agent", "admin")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")

SIGNED_IN = (401, 200, 200, 200)
CREATED = (401, 201, 201, 201)
STAFF = (401, 403, 200, 200)
OF_TWO = (401, 200, 200, 404)
ADMINS = (401, 403, 403, 200)
EVERYBODY = (200, 200, 200, 200)
EVERYBODY_CREATED = (201, 201, 201, 201)
REDIRECTING = dict.fromkeys(("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"), (302, 302, 302, 302))

# The ticket is the customer's own, and so is the comment on it. A method that is not listed is 405, or 401 for those who are not
# signed in; HEAD is GET; OPTIONS is 204.
MATRIX: dict[str, dict[str, tuple[int, int, int, int]]] = {
    "/api/tickets/": {"GET": SIGNED_IN, "POST": CREATED},
    "/api/tickets/bulk/": {"POST": STAFF},
    "/api/tickets/<id:pk>/": {"GET": SIGNED_IN, "PATCH": STAFF, "PUT": STAFF, "DELETE": (401, 403, 204, 204)},
    "/api/tickets/<id:pk>/close/": {"POST": SIGNED_IN},
    "/api/tickets/<id:pk>/reopen/": {"POST": SIGNED_IN},
    "/api/tickets/<id:pk>/claim/": {"POST": STAFF},
    "/api/tickets/<id:pk>/assign/": {"POST": STAFF},
    "/api/tickets/<id:pk>/unassign/": {"POST": STAFF},
    "/api/tickets/<id:pk>/assignment/explain/": {"GET": STAFF},
    "/api/tickets/<id:pk>/restore/": {"POST": (401, 403, 403, 200)},
    "/api/tickets/<id:pk>/timeline/": {"GET": SIGNED_IN},
    # The customer's, the agent's and the admin's own.
    "/api/tickets/<id:ticket_id>/draft/": {"GET": SIGNED_IN, "PUT": SIGNED_IN, "DELETE": (401, 204, 204, 204)},
    "/api/tickets/<id:pk>/merge/": {"POST": STAFF},
    "/api/tickets/<id:pk>/unmerge/": {"POST": STAFF},
    "/api/tickets/<id:ticket_id>/links/": {"GET": SIGNED_IN, "POST": (401, 403, 201, 201)},
    "/api/tickets/<id:ticket_id>/links/<id:pk>/": {"DELETE": (401, 403, 204, 204)},
    "/api/tickets/<id:ticket_id>/comments/<id:pk>/split/": {"POST": (401, 403, 201, 201)},
    "/api/tickets/<id:ticket_id>/comments/": {"GET": SIGNED_IN, "POST": CREATED},
    "/api/tickets/<id:ticket_id>/comments/<id:pk>/": {
        "GET": SIGNED_IN,
        "PATCH": (401, 200, 403, 403),
        "DELETE": (401, 204, 403, 204),
    },
    "/api/tickets/<id:ticket_id>/attachments/": {"POST": CREATED},
    # The customer's own, too.
    "/api/attachments/<id:pk>/": {"GET": SIGNED_IN, "DELETE": (401, 204, 403, 204)},
    "/api/attachments/<id:pk>/download/": {"GET": SIGNED_IN},
    "/api/comments/": {"GET": SIGNED_IN, "POST": CREATED},
    "/api/comments/<id:pk>/": {"GET": SIGNED_IN, "PATCH": (401, 200, 403, 403), "DELETE": (401, 204, 403, 204)},
    "/api/chat/contacts/": {"GET": SIGNED_IN},
    "/api/chat/conversations/": {"GET": SIGNED_IN, "POST": CREATED},
    # The customer's with the agent: no admin sees it.
    "/api/chat/conversations/<id:pk>/": {"GET": OF_TWO},
    "/api/chat/conversations/<id:conversation_id>/messages/": {"GET": OF_TWO, "POST": (401, 201, 201, 404)},
    "/api/chat/conversations/<id:conversation_id>/attachments/": {"POST": (401, 201, 201, 404)},
    "/api/chat/conversations/<id:conversation_id>/read/": {"POST": (401, 204, 204, 404)},
    "/api/chat/attachments/<id:pk>/": {"GET": OF_TWO},
    "/api/chat/attachments/<id:pk>/download/": {"GET": OF_TWO},
    "/api/chat/unread/": {"GET": SIGNED_IN},
    "/api/categories/": {"GET": SIGNED_IN, "POST": (401, 403, 403, 201)},
    "/api/categories/<id:pk>/": {"GET": SIGNED_IN, "PATCH": ADMINS, "DELETE": (401, 403, 403, 204)},
    "/api/tags/": {"GET": SIGNED_IN, "POST": (401, 403, 403, 201)},
    "/api/tags/<id:pk>/": {"GET": SIGNED_IN, "PATCH": ADMINS, "DELETE": (401, 403, 403, 204)},
    "/api/teams/": {"GET": STAFF, "POST": (401, 403, 403, 201)},
    "/api/teams/<id:pk>/": {"GET": STAFF, "PATCH": ADMINS, "DELETE": (401, 403, 403, 204)},
    "/api/users/": {"GET": STAFF, "POST": (401, 403, 403, 201)},
    "/api/users/<id:pk>/": {"GET": STAFF, "PATCH": (401, 403, 403, 200)},
    "/api/users/<id:pk>/invite/": {"POST": (401, 403, 403, 202)},
    # The agent's own.
    "/api/users/<id:pk>/workload/": {"GET": STAFF, "PATCH": STAFF},
    "/api/users/me/": {"GET": SIGNED_IN, "PATCH": SIGNED_IN},
    "/api/events/": {"GET": SIGNED_IN},
    "/api/presence/": {"GET": SIGNED_IN},
    "/api/auth/token/": {"POST": EVERYBODY},
    "/api/auth/token/refresh/": {"POST": EVERYBODY},
    "/api/auth/token/verify/": {"POST": EVERYBODY},
    "/api/auth/logout/": {"POST": (204, 204, 204, 204)},
    "/api/auth/logout-all/": {"POST": (401, 204, 204, 204)},
    "/api/auth/password/change/": {"POST": (401, 204, 204, 204)},
    "/api/auth/sessions/": {"GET": SIGNED_IN},
    # The customer's own.
    "/api/auth/sessions/<key:pk>/": {"DELETE": (401, 204, 404, 404)},
    "/api/auth/ws-ticket/": {"POST": CREATED},
    "/api/auth/google/": {"POST": EVERYBODY_CREATED},
    "/api/auth/google/link/": {"POST": CREATED},
    "/api/auth/facebook/": {"POST": EVERYBODY_CREATED},
    "/api/auth/facebook/link/": {"POST": CREATED},
    "/api/auth/identities/": {"GET": SIGNED_IN},
    # Each has linked Google, and a password besides.
    "/api/auth/identities/<provider>/": {"DELETE": (401, 204, 204, 204)},
    "/api/auth/register/": {"POST": (201, 201, 201, 201)},
    "/api/auth/email/verify/": {"POST": (204, 204, 204, 204)},
    "/api/auth/email/verify/resend/": {"POST": (401, 202, 202, 202)},
    "/api/auth/password/reset/": {"POST": (202, 202, 202, 202)},
    "/api/auth/password/reset/confirm/": {"POST": (204, 204, 204, 204)},
    "/api/": {"GET": EVERYBODY},
    "/api/schema/": {"GET": EVERYBODY},
    "/api/docs/": {"GET": EVERYBODY},
    "/api/redoc/": {"GET": EVERYBODY},
    "/api/docs/events/": {"GET": EVERYBODY},
    "/api/asyncapi.json": {"GET": EVERYBODY},
    "/health": {"GET": EVERYBODY},
    "/healthz": {"GET": EVERYBODY},
    "/readyz": {"GET": EVERYBODY},
    "/": REDIRECTING,
    "/docs": REDIRECTING,
    "/redoc": REDIRECTING,
    "/admin": REDIRECTING,
    "/console": REDIRECTING,
    "/console/": {"GET": EVERYBODY},
}
PUBLIC = {route for route, rows in MATRIX.items() if all(row[0] != 401 for row in rows.values())}
PLAIN = {route for route in PUBLIC if not route.startswith("/api/")} | {
    "/api/docs/",
    "/api/redoc/",
    "/api/docs/events/",
}

GOOD = "a-long-enough-passphrase"
FOUR = {"title": "Smoke", "description": "It smokes.", "status": "pending", "priority": "low"}
BODIES: dict[str, dict[str, Any]] = {
    "POST /api/tickets/": {"title": "Smoke", "description": "It smokes."},
    "POST /api/tickets/bulk/": {"mode": "atomic", "ids": "tickets", "changes": {"title": "Smoke"}},
    "PUT /api/tickets/<id:pk>/": FOUR,
    "PATCH /api/tickets/<id:pk>/": {"title": "Smoke"},
    "PUT /api/tickets/<id:ticket_id>/draft/": {"content": "x"},
    "POST /api/tickets/<id:ticket_id>/comments/": {"content": "x"},
    "PATCH /api/tickets/<id:ticket_id>/comments/<id:pk>/": {"content": "x"},
    "POST /api/tickets/<id:pk>/merge/": {"into": "other"},
    "POST /api/tickets/<id:ticket_id>/links/": {"kind": "parent_of", "ticket": "other"},
    "POST /api/tickets/<id:ticket_id>/comments/<id:pk>/split/": {"title": "Smoke"},
    "POST /api/tickets/<id:ticket_id>/attachments/": {"file": "smoke.txt"},
    "POST /api/comments/": {"content": "x", "ticket": "ticket"},
    "POST /api/chat/conversations/": {"user": "a contact"},
    "POST /api/chat/conversations/<id:conversation_id>/messages/": {"content": "x"},
    "POST /api/chat/conversations/<id:conversation_id>/attachments/": {"file": "smoke.txt"},
    "POST /api/chat/conversations/<id:conversation_id>/read/": {"up_to": "a message"},
    "PATCH /api/comments/<id:pk>/": {"content": "x"},
    "POST /api/tickets/<id:pk>/assign/": {"user": "an agent"},
    "PATCH /api/users/<id:pk>/workload/": {"available": False},
    "POST /api/categories/": {"name": "Billing"},
    "PATCH /api/categories/<id:pk>/": {"name": "Billing"},
    "POST /api/tags/": {"name": "fire"},
    "PATCH /api/tags/<id:pk>/": {"name": "fire"},
    "POST /api/teams/": {"name": "Second line"},
    "PATCH /api/teams/<id:pk>/": {"name": "Second line"},
    "PATCH /api/users/me/": {"name": "x"},
    "POST /api/auth/token/": {"username": "username", "password": PASSWORD},
    "POST /api/auth/token/refresh/": {"refresh": "refresh"},
    "POST /api/auth/token/verify/": {"token": "refresh"},
    "POST /api/auth/logout/": {"refresh": "refresh"},
    "POST /api/auth/password/change/": {"old_password": PASSWORD, "new_password": "a-long-enough-passphrase"},
    "POST /api/auth/google/": {"id_token": "google"},
    "POST /api/auth/google/link/": {"id_token": "google"},
    "POST /api/auth/facebook/": {"id_token": "facebook"},
    "POST /api/auth/facebook/link/": {"id_token": "facebook"},
    "POST /api/users/": {"username": "ana", "email": "ana@example.com"},
    "PATCH /api/users/<id:pk>/": {"role": "agent"},
    "POST /api/auth/register/": {"username": "ana", "email": "ana@example.com", "password": GOOD},
    "POST /api/auth/email/verify/": {"token": "verify_email"},
    "POST /api/auth/password/reset/": {"email": "ana@example.com"},
    "POST /api/auth/password/reset/confirm/": {"token": "reset_password", "new_password": GOOD},
}


def expected(route: str, method: str) -> tuple[int, ...]:
    rows = MATRIX[route]
    if method in rows:
        return rows[method]
    if method == "HEAD":
        return rows.get("GET") or expected(route, "PUT or so")
    if method == "OPTIONS" and route not in PLAIN:
        return (204,) * 4
    return (405,) * 4 if route in PUBLIC else (401, 405, 405, 405)


def test_every_route_stands_in_the_table_and_no_other() -> None:
    assert {route for route, _ in patterns()} == set(MATRIX)


@pytest.mark.parametrize("route", MATRIX)
def test_each_role_gets_what_the_table_says(
    api_as: Api, customer: Any, agent: Any, admin: Any, identity_provider: IdentityProvider, route: str
) -> None:
    ticket = ticket_of(customer)
    comment, attachment = comment_on(ticket, customer), attachment_on(ticket, customer)
    if route.endswith("reopen/"):
        api_as(agent).post(f"/api/tickets/{ticket.pk}/close/")
    if route.endswith("draft/"):
        for user in (customer, agent, admin):
            save_draft(by=user, ticket_id=ticket.pk, content="x", now=timezone.now())
    other = ticket_of(customer)
    if route.endswith("unmerge/"):
        api_as(agent).post(f"/api/tickets/{ticket.pk}/merge/", {"into": other.pk})
    link, _ = link_tickets(by=agent, ticket_id=ticket.pk, kind="related", other_id=other.pk, now=timezone.now())
    session = Session.objects.create(user=customer)
    chat = chat_of(customer, agent)
    message = file_in(chat, agent)
    real = {
        "a contact": AgentFactory().pk,
        "a message": message.pk,
        "ticket": ticket.pk,
        "other": other.pk,
        "tickets": [ticket.pk],
        "an agent": agent.pk,
        "username": customer.username,
        "refresh": tokens.issue(session)["refresh"],
    }
    real |= {name: identity_provider.id_token(name) for name in ("google", "facebook")}
    if "<provider>" in route:
        for user in (customer, agent, admin):
            user.identities.create(provider="google", subject=str(user.pk), created_at=timezone.now())
    for purpose in (Purpose.VERIFY_EMAIL, Purpose.RESET_PASSWORD):
        real[purpose] = mint_link(user=customer, purpose=purpose, now=timezone.now())
    invited = UserFactory(password=None)
    keys = {
        "/api/users/<id:pk>/invite/": invited,
        "/api/users/<id:pk>/workload/": agent,
        "/api/users/": customer,
        "/api/attachments/": attachment,
        "/api/comments/": comment,
        "/api/chat/conversations/": chat,
        "/api/chat/attachments/": message.attachments.get(),
        "/api/tickets/<id:ticket_id>/links/": link,
        "/api/tickets/<id:ticket_id>/": comment,
        "/api/categories/": category_of(),
        "/api/tags/": tag_of(),
        "/api/teams/": team_of(),
    }
    row = next((row for start, row in keys.items() if route.startswith(start)), ticket)
    path = route.replace("<id:ticket_id>", str(ticket.pk)).replace("<id:pk>", str(row.pk))
    path = path.replace("<id:conversation_id>", str(chat.pk))
    path = path.replace("<key:pk>", str(session.pk))
    path = path.replace("<provider>", "google") + ("?users=1" if route == "/api/presence/" else "")
    clients = [api_as(user) for user in (None, customer, agent, admin)]

    statuses = {}
    for method in METHODS:
        body = {name: real.get(str(value), value) for name, value in BODIES.get(f"{method} {route}", {}).items()}
        answers = [undone(partial(client.generic, method, path, *as_json(body))) for client in clients]
        statuses[method] = tuple(answer.status_code for answer in answers)
        for answer in answers:
            assert answer.status_code < 400 or answer.headers["Content-Type"] == "application/problem+json"

    assert statuses == {method: expected(route, method) for method in METHODS}


def as_json(body: dict[str, Any]) -> tuple[str | bytes, str]:
    """Or as a form, where it has a file."""
    if "file" in body:
        texts = {name: value for name, value in body.items() if name != "file"}
        return form(TEXT, body["file"], **texts), FORM
    return (json.dumps(body), "application/json") if body else ("", "application/octet-stream")


def undone(call: Callable[[], Any]) -> Any:
    """The answer, without what it did."""
    with transaction.atomic():
        answer = call()
        transaction.set_rollback(True)
    if getattr(answer, "streaming", False):
        return HttpResponse(answer.getvalue(), status=answer.status_code, headers=answer.headers)
    return answer


def test_every_action_of_every_view_stands_in_its_table() -> None:
    """An action without a line there would fail with a KeyError, at the first request instead of here."""
    checked = set()
    for route, view, actions in views():
        if not hasattr(view, "permissions") or view.public:
            continue
        for action in set(actions.values()) - {"options", "head"}:
            permission = view.permissions[action]
            assert permission is None or isinstance(permission, Permission), (route, action)
            checked.add(route)
    assert set(MATRIX) - PUBLIC <= checked


def test_no_line_of_a_table_is_about_an_action_that_nobody_can_reach() -> None:
    reachable: dict[Any, set[str]] = {}
    for _route, view, actions in views():
        reachable.setdefault(view, set()).update(actions.values())
    for view, actions in reachable.items():
        assert set(getattr(view, "permissions", {})) <= actions, view


def test_whatever_is_under_api_is_a_view_of_ours() -> None:
    """Which checks in the promised order, and answers with problems."""
    from helpdesk.api.views import Conventions

    ours = {route for route, view, _ in views() if issubclass(view, Conventions)}
    assert {route for route, _ in patterns() if route.startswith("/api/")} - ours == {
        *("/api/docs/", "/api/redoc/", "/api/docs/events/")
    }


@pytest.mark.parametrize(
    "path", ["/api/nothing/", "/nothing", "/api/tickets", "/api/tickets/1", "/api/tickets/1/melt/", "/api/v2/"]
)
def test_what_is_no_route_is_404_whoever_asks(api_as: Api, customer: Any, path: str) -> None:
    for user in (None, customer):
        for method in ("get", "post", "delete"):
            response = getattr(api_as(user), method)(path)
            assert (response.status_code, response.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("route", [route for route in MATRIX if route.startswith("/api/")])
def test_the_second_prefix_answers_the_same(api_as: Api, customer: Any, agent: Any, route: str) -> None:
    ticket = ticket_of(customer)
    comment = comment_on(ticket, customer)
    chat = chat_of(customer, agent)
    in_chat = file_in(chat, agent).attachments.get()
    rows = {"chat/conversations": chat, "chat/attachments": in_chat}
    rows |= {"comments": comment, "users": customer, "attachments/": attachment_on(ticket, customer)}
    row = next((row for part, row in rows.items() if part in route), ticket)
    for kind, made in (("categories", category_of), ("tags", tag_of), ("teams", team_of)):
        row = made() if kind in route else row
    path = route.replace("<id:ticket_id>", str(ticket.pk)).replace("<id:pk>", str(row.pk))
    path = path.replace("<id:conversation_id>", str(chat.pk))
    second = path.replace("/api/", "/api/v1/", 1)
    client = api_as(agent)
    with time_machine.travel(timezone.now(), tick=False):  # a cursor holds its time
        one, two = client.get(path), client.get(second)
    assert one.status_code == two.status_code
    if (
        route not in {"/api/schema/", "/api/docs/", "/api/redoc/", "/api/docs/events/", "/api/asyncapi.json"}
        and one.status_code == 200
    ):
        first, second = (answer.getvalue() for answer in (one, two))
        assert second.replace(b"/api/v1/", b"/api/") == first
