"""What `manage.py generate_fake_data` leaves behind: one load of each kind, looked at from all sides."""

from collections import Counter
from datetime import timedelta
from io import StringIO
from typing import NamedTuple

import pytest
import time_machine
from django.contrib.auth import authenticate
from django.core.management import call_command
from django.db import transaction
from django.db.models import Count, F, Max, Min, Q

from helpdesk.accounts.models import User
from helpdesk.demo.people import PASSWORD
from helpdesk.demo.texts import phrases
from helpdesk.events.models import EventReceipt, EventRecord
from helpdesk.events.operations import sequence
from helpdesk.events.queries import head_position
from helpdesk.notifications.models import Delivery
from helpdesk.tickets.enums import Priority, Status
from helpdesk.tickets.models import Comment, Ticket
from tests.people import NOON


class Load(NamedTuple):
    tickets: int
    comments: int
    batch_size: int
    output: str


@pytest.fixture(scope="module", params=[(200, 64), (1000, 300)], ids=["by batches", "at once"])
def desk(request, django_db_setup, django_db_blocker):
    out = StringIO()
    tickets, batch_size = request.param
    options = {"tickets": tickets, "comments_per_ticket": 4, "customers": 7, "agents": 3, "batch_size": batch_size}
    with django_db_blocker.unblock(), transaction.atomic():
        with time_machine.travel(NOON, tick=False):
            call_command("generate_fake_data", stdout=out, seed=1, **options)
        # As after the commit, which never comes.
        sequence()
        yield Load(tickets, tickets * 4, batch_size, out.getvalue())
        transaction.set_rollback(True)


@pytest.fixture
def loaded(desk, django_db_blocker):
    with django_db_blocker.unblock():
        yield desk


def test_there_is_exactly_what_was_asked_for(loaded):
    assert Ticket.objects.count() == loaded.tickets
    assert Comment.objects.count() == loaded.comments
    assert sorted(User.objects.filter(role="customer").values_list("username", flat=True)) == [
        f"customer_{n}" for n in range(1, 8)
    ]
    assert sorted(User.objects.filter(role="agent").values_list("username", flat=True)) == [
        f"agent_{n}" for n in range(1, 4)
    ]


def test_it_says_how_far_it_is_and_what_there_is_in_the_end(loaded):
    *progress, last = loaded.output.splitlines()
    steps = [*range(loaded.batch_size, loaded.tickets, loaded.batch_size), loaded.tickets]

    assert [line.split(" tickets")[0] for line in progress] == [f"{step:,} of {loaded.tickets:,}" for step in steps]
    assert f" {loaded.comments:,} comments, " in progress[-1]
    assert progress[-1].endswith(" s; now indexes and statistics")
    made = f"{loaded.tickets:,} tickets and {loaded.comments:,} comments"
    assert last.startswith(f"Created 10 users (password {PASSWORD}), {made} in ")
    assert last.endswith(" s, with --seed=1.")


def test_the_people_are_complete(loaded):
    users = User.objects.all()

    assert {user.email for user in users} == {f"{user.username}@example.com" for user in users}
    assert {user.language for user in users} == {"en", "es"}
    assert all(" " in user.name for user in users)
    assert authenticate(username="agent_3", password=PASSWORD) == User.objects.get(username="agent_3")
    assert authenticate(username="customer_7@example.com", password=PASSWORD) is not None


def test_only_a_tickets_customer_and_agents_write_on_it(loaded):
    strangers = Comment.objects.exclude(Q(author=F("ticket__created_by")) | Q(author__role="agent"))

    assert not strangers.exists()
    assert not Ticket.objects.exclude(created_by__role="customer").exists()
    assert Comment.objects.filter(is_internal=True).exists()
    assert not Comment.objects.filter(is_internal=True).exclude(author__role="agent").exists()
    assert Comment.objects.filter(author__role="customer").count() > 100


def test_the_comments_are_spread_unevenly(loaded):
    counts = Counter(Ticket.objects.values_list("comments_count", flat=True))

    assert len(counts) > 8
    assert max(counts) >= 12
    assert min(counts) <= 1


def test_the_times_spread_over_the_days_and_end_now(loaded):
    times = Ticket.objects.aggregate(first=Min("created_at"), last=Max("created_at"), changed=Max("updated_at"))

    assert timedelta(days=80) < NOON - times["first"] <= timedelta(days=90, hours=1)
    assert NOON - times["last"] < timedelta(days=6)
    assert times["changed"] <= NOON
    assert Comment.objects.aggregate(last=Max("created_at"))["last"] <= NOON
    assert not Comment.objects.filter(created_at__lt=F("ticket__created_at")).exists()
    assert list(Ticket.objects.order_by("id")) == list(Ticket.objects.order_by("created_at"))


def test_the_desk_looks_used(loaded):
    assert set(Ticket.objects.values_list("status", flat=True)) == set(Status)
    assert set(Ticket.objects.values_list("priority", flat=True)) == set(Priority)
    assert Ticket.objects.filter(status="closed").count() > 80
    assert Ticket.objects.filter(assigned_to=None).exists()
    assert Ticket.objects.exclude(assigned_to=None).count() > 100
    assert not Ticket.objects.filter(assigned_to=None).exclude(status="open").exists()
    assert Ticket.objects.values("title").distinct().count() > 50


def test_counters_and_times_are_right(loaded):
    public = Q(comments__is_internal=False)
    counted = Ticket.objects.annotate(
        all_of_them=Count("comments"),
        public_ones=Count("comments", filter=public),
        last=Max("comments__created_at"),
        last_public=Max("comments__created_at", filter=public),
    )
    wrong = counted.exclude(
        comments_count=F("all_of_them"), public_comments_count=F("public_ones"), updated_at__gte=F("public_updated_at")
    )

    assert not wrong.exists()
    for ticket in counted:
        assert (ticket.last_comment_at, ticket.public_last_comment_at) == (ticket.last, ticket.last_public)
        assert ticket.updated_at >= ticket.public_updated_at >= ticket.created_at


def test_stamps_and_versions_fit_the_history(loaded):
    changes = Count("id", filter=Q(type__in=["status_changed", "ticket_assigned"]))
    moved = set(EventRecord.objects.filter(type="status_changed").values_list("subject_id", flat=True))
    by_ticket = dict(EventRecord.objects.values_list("subject_id").annotate(changes=changes))

    for ticket in Ticket.objects.all():
        assert ticket.version == 1 + by_ticket[ticket.pk]
        assert (ticket.started_at is not None) == (ticket.pk in moved)
        assert (ticket.resolved_at is not None) >= (ticket.status in {"resolved", "closed"})
        assert (ticket.closed_at is not None) == (ticket.status == "closed")


def test_every_ticket_has_its_whole_timeline(loaded):
    types = Counter(EventRecord.objects.values_list("type", flat=True))

    assert types["ticket_created"] == loaded.tickets
    assert types["comment_added"] + types["note_added"] == loaded.comments
    assert types["note_added"] == Comment.objects.filter(is_internal=True).count()
    assert types["ticket_assigned"] == Ticket.objects.exclude(assigned_to=None).count()


def test_every_person_has_a_beginning(loaded):
    created = EventRecord.objects.filter(type="user_created").values_list("subject_id", flat=True)
    told = EventRecord.objects.get(type="users_loaded")

    assert sorted(created) == sorted(User.objects.values_list("id", flat=True))
    assert (told.body["loaded"], told.body["message"], told.occurred_at) == ({"users": 10}, "10 users loaded", NOON)


def test_the_stream_has_no_gap(loaded):
    positions = list(EventRecord.objects.order_by("id").values_list("position", flat=True))

    assert positions == list(range(positions[0], positions[0] + len(positions)))
    assert head_position() == positions[-1]


def test_nobody_is_told(loaded):
    told = EventReceipt.objects.exclude(record__type__in=["tickets_loaded", "users_loaded"])
    # Of a category or a tag only the cache hears, of a team its queue, and the sockets of who came into it.
    assert set(told.values_list("record__subject_type", "subscriber")) == {
        *((kind, "cache.lists") for kind in ("category", "tag", "team")),
        ("team", "tickets.assignment"),
        ("team", "realtime.push"),
    }
    assert not Delivery.objects.exists()
    assert not EventRecord.objects.exclude(audience=[]).exists()
    assert not EventRecord.objects.filter(pushed_to_agents=True).exists()


def test_what_is_loaded_can_be_found(loaded, api_as):
    ticket = Ticket.objects.filter(title__icontains="factura").latest("id")

    page = api_as(User.objects.get(username="agent_1")).get("/api/tickets/?search=FACTÚRA").json()
    timeline = api_as(ticket.created_by).get(f"/api/tickets/{ticket.pk}/timeline/").json()

    assert ticket.pk in {row["id"] for row in page["results"]}
    said = Comment.objects.filter(content__iregex=r"\mfactura").values("ticket")
    written = Q(title__icontains="factura") | Q(description__iregex=r"\mfactura") | Q(pk__in=said)
    assert page["count"] == Ticket.objects.filter(written).count()
    told = EventRecord.objects.filter(subject_id=ticket.pk, staff_only=False).order_by("-id")
    assert [entry["id"] for entry in timeline["results"]] == list(told.values_list("id", flat=True)[:20])
    assert timeline["results"]


def test_tickets_are_filed_in_the_language_of_whoever_wrote_them(loaded):
    filed = Ticket.objects.filter(category__isnull=False).select_related("category", "team", "created_by")

    assert filed.count() > loaded.tickets * 0.8
    assert EventRecord.objects.filter(type="ticket_updated", changes__has_key="category").exists()
    for ticket in filed:
        places = phrases(ticket.created_by.language)["filing"].values()
        (place,) = (each for each in places if each["category"][1] == ticket.category.name)
        assert ticket.team.name == place["team"]
        assert {tag.name for tag in ticket.tags} <= set(place["tags"])
    assert Ticket.objects.exclude(tag_ids=[]).count() > loaded.tickets / 4
    assert not Ticket.objects.filter(category=None).exclude(team=None, tag_ids=[]).exists()
