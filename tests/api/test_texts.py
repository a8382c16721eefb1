"""Texts are stored as they were written, and returned unchanged: whoever shows them escapes them."""

from collections.abc import Callable
from typing import Any

import pytest

from helpdesk.tickets.models import Comment, Ticket

Api = Callable[[Any], Any]

WRITTEN = [
    "<script>alert('1')</script>",
    "<img src=x onerror=alert(1)> & <b>bold</b>",
    "a < b && c > d",
    "&lt;already&gt; &amp; escaped &#x27;",
    "zero\u200bwidth\u200d and \ufeffmarks, \u202eright to left\u202c",
    "e\u0301 and é, \u212a and K",
    "  leading, trailing  and  inner  ",
    "lines\r\nand\nlines\tand tabs",
    "{{ event }} {% now 'Y' %} %(title)s ${x}",
    "=HYPERLINK(1) '; DROP TABLE x; --",
    "👩‍👩‍👧‍👦 \U0001f525",
    "\u2028 and \u2029",
]


@pytest.mark.parametrize("text", WRITTEN)
def test_what_is_written_comes_back_to_the_letter(api_as: Api, customer: Any, agent: Any, text: str) -> None:
    theirs, staffs = api_as(customer), api_as(agent)

    ticket = theirs.post("/api/tickets/", {"title": text, "description": text}).json()
    comment = theirs.post(f"/api/tickets/{ticket['id']}/comments/", {"content": text}).json()
    profile = theirs.patch("/api/users/me/", {"name": text}).json()

    assert (ticket["title"], ticket["description"], comment["content"], profile["name"]) == (text,) * 4
    assert Ticket.objects.values_list("title", "description").get() == (text, text)
    assert Comment.objects.get().content == text
    shown = staffs.get(f"/api/tickets/{ticket['id']}/").json()
    assert (shown["title"], shown["description"], shown["created_by"]["name"]) == (text,) * 3
    assert shown["comments"][0]["content"] == text
    assert staffs.get("/api/tickets/").json()["results"][0]["title"] == text
    edited = theirs.patch(f"/api/comments/{comment['id']}/", {"content": text + text}).json()
    assert edited["content"] == text + text
    told = [event["ticket"]["title"] for event in staffs.get("/api/events/").json()["results"] if "ticket" in event]
    assert set(told) <= {text}
