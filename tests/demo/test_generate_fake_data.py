"""`manage.py generate_fake_data`: whom and what it is asked for."""

import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from io import StringIO
from random import Random

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from helpdesk.accounts.models import User
from helpdesk.demo.generate import add_tickets, stories, uneven_shares
from helpdesk.demo.management.commands.generate_fake_data import Command
from helpdesk.demo.people import add_people
from helpdesk.demo.texts import phrases
from helpdesk.events.models import EventRecord
from helpdesk.tickets.models import Category, Comment, Tag, Team, Ticket
from tests import catalog
from tests.factories import ticket_of
from tests.people import NOON, AdminFactory, UserFactory
from tests.production.deployment import python, safe
from tests.servers import ROOT, eventually


def generate(**options):
    out = StringIO()
    values = {"tickets": 200, "comments_per_ticket": 4, "customers": 7, "agents": 3, "seed": 1} | options
    call_command("generate_fake_data", stdout=out, **values)
    return out.getvalue()


def test_numbers_go_on_after_existing_users(db):
    UserFactory(username="customer_4", email="x@example.com")
    UserFactory(username="Agent_2", email="y@example.com")
    UserFactory(username="somebody", email="customer_9@example.com")
    UserFactory(username="customer_x")

    generate(tickets=5, customers=2, agents=1)

    new = User.objects.exclude(last_login=None, email_verified=False)
    assert sorted(new.values_list("username", flat=True)) == ["agent_3", "customer_10", "customer_11"]


def test_the_next_rows_get_fresh_ids(db):
    generate(tickets=3, comments_per_ticket=2)
    newest = Ticket.objects.latest("id").pk

    assert ticket_of(UserFactory(username="later")).pk > newest


def test_with_no_new_people_the_existing_ones_write(db):
    customers, agents = add_people(customers=2, agents=2, seed=1, now=NOON)
    User.objects.filter(pk=customers[1].pk).update(is_active=False)

    generate(tickets=30, customers=0, agents=0)

    assert User.objects.count() == 4
    assert {ticket.created_by for ticket in Ticket.objects.all()} == {customers[0]}
    assert {comment.author for comment in Comment.objects.all()} <= {customers[0], *agents}


def test_without_agents_customers_write_alone(db):
    generate(tickets=10, agents=0)

    assert Comment.objects.count() == 40
    assert not Comment.objects.exclude(author=F("ticket__created_by")).exists()
    assert set(Ticket.objects.values_list("status", "assigned_to")) == {("open", None)}


@pytest.mark.parametrize(("tickets", "comments"), [(0, 5), (1, 0), (1, 1), (3, 1)])
def test_small_numbers_are_exact_too(db, tickets, comments):
    generate(tickets=tickets, comments_per_ticket=comments)

    assert (Ticket.objects.count(), Comment.objects.count()) == (tickets, tickets * comments)


def test_the_same_seed_tells_the_same_whatever_the_batch(db):
    customers, agents = add_people(customers=5, agents=2, seed=3, now=NOON)

    def told(batch_size, seed, now=NOON):
        before = set(Ticket.objects.values_list("pk", flat=True))
        add_tickets(
            customers=customers,
            agents=agents,
            tickets=40,
            comments_per_ticket=3,
            days=30,
            seed=seed,
            now=now,
            batch_size=batch_size,
        )
        new = Ticket.objects.exclude(pk__in=before).order_by("id")
        fields = ("title", "description", "status", "priority", "created_by", "assigned_to", "created_at", "updated_at")
        said = Comment.objects.filter(ticket__in=new).order_by("id")
        return list(new.values(*fields)), list(said.values("author", "content", "is_internal", "created_at"))

    first = told(40, 7)

    assert told(7, 7) == first
    assert told(40, 7, NOON + timedelta(minutes=59)) == first
    assert told(40, 8) != first


def test_another_hour_changes_ages_and_not_who_asks_what(db):
    customers, agents = add_people(customers=5, agents=2, seed=3, now=NOON)

    def asked(now):
        told = stories(customers=customers, agents=agents, tickets=200, comments=600, days=30, seed=7, now=now)
        return [(story.by, story.title, story.description, story.priority) for story in told]

    assert asked(NOON) == asked(NOON + timedelta(hours=5)) == asked(NOON + timedelta(days=100))


def test_the_command_line_says_it_all(db):
    options = ["--tickets=10", "--comments-per-ticket=2", "--customers=2", "--agents=1", "--days=3"]
    out = StringIO()

    call_command("generate_fake_data", *options, "--batch-size=4", "--seed=5", stdout=out)

    assert (Ticket.objects.count(), Comment.objects.count(), User.objects.count()) == (10, 20, 3)
    assert "4 of 10 tickets" in out.getvalue()
    assert "--seed=5" in out.getvalue()
    assert not Ticket.objects.filter(created_at__lt=timezone.now() - timedelta(days=3, hours=1)).exists()


def test_another_seed_is_chosen_and_told(db):
    printed = [generate(tickets=1, seed=None).rsplit("--seed=")[1] for _ in range(2)]

    assert printed[0] != printed[1]


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGKILL])
def test_a_large_load_that_is_stopped_leaves_no_ticket_and_every_index(servers, valkey, signum):
    before = catalog.definitions()
    command = [sys.executable, "manage.py", "generate_fake_data", "--tickets=50000", "--comments-per-ticket=1"]
    # Not measured: SIGINT in the middle of coverage leaves it waiting for its own lock.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment | servers.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        first = process.stdout.readline()
        process.send_signal(signum)
        try:
            _rest, said = process.communicate(timeout=60)
        finally:
            process.kill()

    assert first.startswith("1,000 of 50,000 tickets")
    assert (process.returncode, said) == (
        (1, "CommandError: Stopped. The users stay, and of a load by batches what was told above.\n")
        if signum == signal.SIGINT
        else (-signal.SIGKILL, "")
    )
    assert eventually(lambda: catalog.definitions() == before)
    assert not Ticket.objects.exists()
    assert not EventRecord.objects.filter(subject_type="ticket").exists()
    assert User.objects.filter(username="customer_1").exists()


def test_a_desk_that_somebody_else_has_locked_is_named_as_the_reason(transactional_db):
    locked, done = threading.Event(), threading.Event()

    def lock():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE accounts_user")
            locked.set()
            done.wait(30)
        connection.close()

    other = threading.Thread(target=lock)
    other.start()
    locked.wait(10)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '100ms'")
    with pytest.raises(CommandError, match="perhaps another load"):
        generate(tickets=1)
    done.set()
    other.join(10)
    # The connection goes back to the pool.
    with connection.cursor() as cursor:
        cursor.execute("RESET lock_timeout")


@pytest.mark.parametrize(
    ("path", "options"),
    [
        ("/api/tickets/", {"tickets": 30}),
        ("/api/tickets/", {"tickets": 1000}),
        ("/api/comments/", {"tickets": 30}),
        ("/api/users/", {"tickets": 0}),
    ],
)
def test_a_list_asked_for_before_is_up_to_date_right_afterwards(valkey_here, settings, api_as, path, options):
    settings.LIST_CACHE_SECONDS = 300
    admin = api_as(AdminFactory())
    before = admin.get(path).json()

    generate(**options)

    counted = {"/api/tickets/": Ticket, "/api/comments/": Comment, "/api/users/": User}[path]
    after = admin.get(path).json()
    assert before["count"] < after["count"] == min(counted.objects.count(), 10_000)


def test_it_is_refused_where_demo_data_is_not_allowed(db, settings):
    settings.DEMO_DATA_ALLOWED = False

    with pytest.raises(CommandError, match="--force"):
        generate(tickets=1)
    assert not User.objects.exists()

    generate(tickets=1, force=True)
    assert Ticket.objects.count() == 1


def test_a_deployment_refuses_it(transactional_db):
    ended = python("manage.py", "generate_fake_data", "--tickets=1", env=safe())

    assert ended.returncode == 1
    assert ended.stderr.endswith("On a real help desk, --force adds them all the same.\n")
    assert not User.objects.exists()


def test_the_defaults_are_those_promised():
    options = Command().create_parser("manage.py", "generate_fake_data").parse_args([])

    promised = {"tickets": 10_000, "comments_per_ticket": 5, "customers": 50, "agents": 10, "batch_size": 1000}
    assert vars(options).items() >= (promised | {"days": 90, "seed": None, "force": False}).items()


def test_tickets_without_customers_are_refused(db):
    with pytest.raises(CommandError, match="--customers"):
        generate(customers=0)


@pytest.mark.parametrize(
    "argument",
    [
        "--tickets=-1",
        "--tickets=many",
        "--tickets=1.5",
        "--tickets=٣",
        "--tickets=" + "9" * 5000,
        "--batch-size=0",
        "--days=0",
        "--days=999999999",
        "--customers=",
    ],
)
def test_what_is_no_such_number_is_refused(db, argument):
    with pytest.raises(CommandError, match="is not a whole number from"):
        call_command("generate_fake_data", argument)


@pytest.mark.parametrize(("parts", "total"), [(0, 0), (1, 7), (7, 0), (7, 3), (1000, 5000), (3, 10**6)])
def test_shares_sum_up(parts, total):
    for seed in range(20):
        shares = list(uneven_shares(Random(seed), parts, total))

        assert (len(shares), sum(shares)) == (parts, total)
        assert min(shares, default=0) >= 0


def test_a_second_load_finds_the_categories_tags_and_teams_of_the_first(db):
    generate(tickets=20, seed=1)
    kinds = (Category, Tag, Team)
    before = [set(kind.objects.values_list("id", "name")) for kind in kinds]

    generate(tickets=20, agents=2, seed=2)

    assert [set(kind.objects.values_list("id", "name")) for kind in kinds] == before
    assert all(before)
    # The new agents join those who are there, each the teams of their language.
    languages = {(user.language, team.name) for team in Team.objects.all() for user in team.members.all()}
    assert {name for language, name in languages if language == "es"} == {
        place["team"] for place in phrases("es")["filing"].values()
    }
    assert {user.username for team in Team.objects.all() for user in team.members.all()} == {
        f"agent_{n}" for n in range(1, 6)
    }
