"""`manage.py load_demo`: what the first start shows."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection

from helpdesk.accounts.models import User
from helpdesk.tickets.models import Comment, Ticket
from tests.people import UserFactory


def load():
    out = StringIO()
    call_command("load_demo", stdout=out)
    return out.getvalue()


def test_an_empty_desk_is_filled(db, api_as):
    printed = load()

    assert (Ticket.objects.count(), Comment.objects.count()) == (1000, 3000)
    assert User.objects.filter(role="customer").count() == 50
    assert User.objects.filter(role="agent").count() == 10
    assert "admin, agent_1 or customer_1 with testpass123" in printed


@pytest.mark.parametrize(("username", "role"), [("admin", "admin"), ("agent_1", "agent"), ("customer_1", "customer")])
def test_its_people_sign_in(db, api_as, username, role):
    load()

    answer = api_as(None).post("/api/auth/token/", {"username": username, "password": "testpass123"})
    me = api_as(User.objects.get(username=username)).get("/api/users/me/").json()

    assert answer.status_code == 200
    assert (me["role"], me["email"]) == (role, f"{username}@example.com")


def test_every_shown_login_has_something_to_look_at(db, api_as):
    load()

    for query in ("customer_1 ", "agent_1 mine=true", "admin status=open"):
        username, filters = query.split(" ")
        page = api_as(User.objects.get(username=username)).get(f"/api/tickets/?{filters}").json()
        assert page["count"] > 5, query


def test_a_desk_with_any_user_is_left_alone(db):
    UserFactory(username="first")

    assert load() == "There are users already: no demo data.\n"
    assert (User.objects.count(), Ticket.objects.count()) == (1, 0)


def test_it_is_refused_outside_local_settings(db, settings):
    settings.DEMO_DATA_ALLOWED = False

    with pytest.raises(CommandError, match="local settings only"):
        load()
    assert not User.objects.exists()


def test_a_load_that_fails_leaves_the_desk_empty(db):
    """Or the next start would find users, and never fill it. Here the database refuses the very last row."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'no space left'; END $$"
        )
        cursor.execute(
            "CREATE TRIGGER disk_full BEFORE INSERT ON events_eventrecord FOR EACH ROW"
            " WHEN (NEW.type = 'tickets_loaded') EXECUTE FUNCTION disk_full()"
        )

    with pytest.raises(DatabaseError, match="no space left"):
        load()
    assert (User.objects.count(), Ticket.objects.count()) == (0, 0)
