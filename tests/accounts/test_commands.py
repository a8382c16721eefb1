"""`create_admin` and `reset_password`: for who has the machine, and nobody yet to ask."""

import io
import re
from typing import Any

import pytest
from django.contrib.sessions.models import Session as CookieSession
from django.core.management import CommandError, call_command

from helpdesk.accounts.models import Session, User
from helpdesk.events.models import EventRecord
from tests.people import PASSWORD, UserFactory
from tests.production.deployment import python, safe

MADE = re.compile(r"([a-kmnp-z2-9]{5}-){4}[a-kmnp-z2-9]{5}\n")


def run(*arguments: str) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command(*arguments, stdout=out, stderr=err, no_color=True)
    return out.getvalue(), err.getvalue()


# --- create_admin --------------------------------------------------------------------------------


def test_an_admin_is_made_whose_password_is_said_once(db: None) -> None:
    out, err = run("create_admin", "boss", "--email=Boss@acme.test", "--name=Ana", "--language=es")

    assert MADE.fullmatch(out)
    password = out.strip()
    assert password not in err
    user = User.objects.get(username="boss")
    assert user.check_password(password)
    assert (user.role, user.email, user.name, user.language) == ("admin", "Boss@acme.test", "Ana", "es")
    record = EventRecord.objects.get()
    assert (record.type, record.actor_id, record.subject_id) == ("user_created", None, user.pk)
    assert password not in str(record.data) + str(record.body)


def test_no_two_passwords_are_alike(db: None) -> None:
    made = {run("create_admin", f"boss{n}", f"--email=boss{n}@acme.test")[0] for n in range(5)}
    assert len(made) == 5


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["TAKEN", "--email=new@acme.test"], "Somebody else has this username."),
        (["new", "--email=TAKEN@example.com"], "Somebody else has this e-mail address."),
        (["new", "--email=nonsense"], "--email: Enter a valid email address."),
        (["new", "--email="], "--email: an admin has an e-mail address."),
        (["new", f"--email={'a' * 250}@acme.test"], "--email: "),
        (["with space", "--email=new@acme.test"], "--username: Letters, digits and . + - _ only."),
        (["a@b", "--email=new@acme.test"], "--username: Letters, digits and . + - _ only."),
        (["n" * 151, "--email=new@acme.test"], "--username: Ensure this value has at most 150"),
        (["new", "--email=new@acme.test", "--name=\udcff"], "--name: there are signs in it that cannot be read."),
        (["new", "--email=new@acme.test", "--name=" + "n" * 151], "--name: Ensure this value has at most 150"),
        (["new", "--email=new@acme.test", "--language=fr"], "invalid choice: 'fr'"),
        (["new"], "--email"),
    ],
)
def test_what_cannot_be_is_said_in_one_line_and_nobody_is_made(db: None, arguments: list[str], said: str) -> None:
    UserFactory(username="taken", email="taken@example.com")
    out = io.StringIO()

    with pytest.raises(CommandError) as refused:
        call_command("create_admin", *arguments, stdout=out)

    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
    assert out.getvalue() == ""
    assert User.objects.count() == 1
    assert not EventRecord.objects.exists()


@pytest.mark.failing_subscriber
def test_a_deployment_without_redis_gets_its_first_admin(transactional_db: None) -> None:
    """And says the password nowhere but on standard output, however much is logged."""
    env = safe(REDIS_URL="redis://127.0.0.1:1/0", LOG_LEVEL="DEBUG")

    made = python("manage.py", "create_admin", "boss", "--email=boss@acme.test", env=env)
    again = python("manage.py", "create_admin", "boss", "--email=other@acme.test", env=env)

    assert (made.returncode, again.returncode, again.stdout) == (0, 1, "")
    assert MADE.fullmatch(made.stdout)
    assert made.stdout.strip() not in made.stderr
    assert "CommandError: Somebody else has this username." in again.stderr
    assert "Traceback" not in made.stderr + again.stderr
    assert User.objects.get().check_password(made.stdout.strip())


def test_without_its_database_there_is_one_line_and_no_password(db: None) -> None:
    env = safe(POSTGRES_HOST="127.0.0.1", POSTGRES_PORT="1", POSTGRES_PASSWORD="n0body-knows")

    ended = python("manage.py", "create_admin", "boss", "--email=boss@acme.test", env=env)

    assert (ended.returncode, ended.stdout) == (1, "")
    assert "CommandError: PostgreSQL does not answer: " in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "n0body-knows" not in ended.stderr


# --- reset_password ------------------------------------------------------------------------------


@pytest.mark.parametrize("called", ["ana", "ANA", "ana@example.com", "Ana@Example.com"])
def test_a_person_gets_a_new_password_and_is_signed_out_everywhere(db: None, browser_as: Any, called: str) -> None:
    user = UserFactory(username="ana", role="admin")
    session = Session.objects.create(user=user)
    browser_as(user)
    assert CookieSession.objects.exists()

    out, err = run("reset_password", called)

    assert MADE.fullmatch(out)
    user.refresh_from_db()
    session.refresh_from_db()
    assert user.check_password(out.strip())
    assert not user.check_password(PASSWORD)
    assert session.ended_at is not None
    assert not CookieSession.objects.exists()
    told = EventRecord.objects.filter(type="user_updated").get()
    assert (told.actor_id, told.changes) == (None, {"password": {"from": None, "to": None}})
    assert out.strip() not in err + str(told.data) + str(told.body)
    assert "not active" not in err


def test_an_inactive_person_gets_one_too_and_the_hint_that_it_opens_nothing(db: None) -> None:
    UserFactory(username="ana", is_active=False)

    out, err = run("reset_password", "ana")

    assert MADE.fullmatch(out)
    assert "ana is not active, and cannot sign in" in err


@pytest.mark.parametrize("called", ["nobody", "nobody@acme.test", "", "@", "\udcff", "x" * 5000])
def test_nobody_is_said_to_be_nobody(db: None, called: str) -> None:
    UserFactory(username="ana", email="")
    with pytest.raises(CommandError, match="Nobody has this username or e-mail address"):
        run("reset_password", called)


@pytest.mark.failing_subscriber
def test_a_deployment_without_redis_lets_somebody_in_again(transactional_db: None) -> None:
    UserFactory(username="ana")

    ended = python("manage.py", "reset_password", "ana", env=safe(REDIS_URL="redis://127.0.0.1:1/0", LOG_LEVEL="DEBUG"))

    assert ended.returncode == 0, ended.stderr
    assert MADE.fullmatch(ended.stdout)
    assert ended.stdout.strip() not in ended.stderr
    assert User.objects.get().check_password(ended.stdout.strip())
