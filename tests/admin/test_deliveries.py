"""What could not be delivered, and the logs that nobody writes."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from helpdesk.events.models import EventReceipt, EventRecord
from helpdesk.events.operations import retry_parked
from tests.admin.forms import Browser, said, written
from tests.people import NOON


def test_only_what_is_parked_is_tried_again_and_of_it_what_was_chosen(filled: Any) -> None:
    done = EventReceipt.objects.filter(state="done").latest("pk")
    assert retry_parked(by=None, now=NOON, only=[]) == 0
    assert retry_parked(by=None, now=NOON, only=[done.pk]) == 0
    assert retry_parked(by=None, now=NOON, only=[done.pk, filled["EventReceipt"]]) == 1
    assert EventReceipt.objects.get(pk=done.pk).state == "done"


def test_parked_parts_are_listed_and_tried_again(browser_as: Browser, filled: Any, admin: Any) -> None:
    browser = browser_as(admin)
    path = "/admin/events/eventreceipt/"
    done = EventReceipt.objects.filter(state="done").latest("pk")
    page = browser.get(path)
    assert [row.pk for row in page.context["cl"].result_list] == [filled["EventReceipt"]]

    chosen = {"_selected_action": [filled["EventReceipt"], done.pk], "action": "retry"}
    assert "1 will be delivered again" in said(browser.post(path, chosen, follow=True))

    assert EventReceipt.objects.values_list("state", "attempts").get(pk=filled["EventReceipt"]) == ("pending", 0)
    assert EventReceipt.objects.get(pk=done.pk).state == "done"
    told = EventRecord.objects.latest("id")
    assert (told.type, told.actor_id, told.body["retried"]) == ("deliveries_retried", admin.pk, {"deliveries": 1})
    assert browser.get(path).context["cl"].result_count == 0
    EventReceipt.objects.update(error="")


@pytest.mark.parametrize(
    "path",
    [
        "/admin/events/eventrecord/{EventRecord}",
        "/admin/events/eventreceipt/{EventReceipt}",
        "/admin/notifications/emaillog/{EmailLog}",
    ],
)
def test_the_logs_are_not_written_by_hand(browser_as: Browser, filled: Any, admin: Any, path: str) -> None:
    browser = browser_as(admin)
    with CaptureQueriesContext(connection) as statements:
        for way in ("change", "delete"):
            assert browser.post(f"{path.format(**filled)}/{way}/", {"post": "yes", "error": "x"}).status_code == 403
        assert browser.post(f"{path.rpartition('/')[0]}/add/", {"error": "x"}).status_code == 403
    assert written(statements) == set()
