"""The HTML part of a mail holds what its template says, and nothing that anybody brought along."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from helpdesk.notifications import composing, sanitizing
from helpdesk.notifications.composing import compose
from helpdesk.notifications.models import EmailLog
from helpdesk.tickets.operations import tickets
from tests.factories import comment_on, ticket_of
from tests.people import NOON, AgentFactory, UserFactory

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<img src='https://evil.example/pixel.png'>",
    "<a href='https://evil.example/'>Sign in</a>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='//evil.example'>x</a>",
    "<a href='data:text/html,x'>x</a>",
    "<form action='https://evil.example'><input name=password><button>x</button></form>",
    "<iframe src='https://evil.example'></iframe><object data=x></object><embed src=x>",
    "<svg onload=alert(1)><script>alert(1)</script></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<style>*{background:url(https://evil.example)}</style>",
    "<link rel=stylesheet href='https://evil.example'><meta http-equiv=refresh content='0;url=//evil.example'>",
    "<base href='https://evil.example'>",
    "<p style='background:url(https://evil.example);position:fixed'>x</p>",
    "<div onclick='alert(1)' id=x class=x>x</div>",
    "</title></head><body><img src=x>",
    "<!-- --><!--[if mso]><img src=x><![endif]-->",
]
# What one of them would have brought.
FOREIGN = re.compile(
    r"<(script|img|form|input|button|iframe|object|embed|svg|math|style|link|base|table|!--)"
    r"|\son\w+=|javascript:|url\(|position|data:|href=[\"'](?!https://desk\.example\.org/)",
    re.IGNORECASE,
)


@pytest.fixture(autouse=True)
def public_url(settings: Any) -> None:
    settings.PUBLIC_URL = "https://desk.example.org"


@pytest.mark.parametrize("hostile", HOSTILE)
def test_what_a_template_let_through_does_not_arrive(hostile: str) -> None:
    assert FOREIGN.search(hostile)  # or it would show nothing

    clean = sanitizing.document(f"<p>{hostile}</p>", title=hostile, language="en")

    body = clean.partition("<body")[2]
    assert not FOREIGN.search(body)
    assert clean.count("<title>") == clean.count("</title>") == 1


@pytest.mark.parametrize(
    "link",
    [
        "https://desk.example.org.evil.example/",
        "https://desk.example.org@evil.example/",
        "http://desk.example.org/",
        "https://desk.example.orgs/",
        "/relative",
        "",
    ],
)
def test_a_link_leads_home_or_nowhere(link: str) -> None:
    assert "href" not in sanitizing.clean(f'<a href="{link}">x</a>')


@pytest.mark.parametrize("link", ["https://desk.example.org/a?b=c&amp;d#e", "https://desk.example.org#e"])
def test_a_link_home_stays_as_it_is(link: str) -> None:
    assert sanitizing.clean(f'<a href="{link}">x</a>') == f'<a href="{link}" rel="noopener noreferrer">x</a>'


def test_what_the_templates_need_stays() -> None:
    body = (
        '<p style="font-size:0.8em;color:#666">a</p>\n<h1 style="font-size:1.2em">b</h1>\n'
        '<div style="white-space:pre-wrap">  c\n  d &lt; e &amp; f</div>\n'
        '<hr style="border:0;border-top:1px solid #ccc">'
    )
    assert sanitizing.clean(body) == body


@pytest.mark.django_db
@pytest.mark.parametrize("hostile", HOSTILE)
def test_titles_texts_and_names_bring_nothing_in(committing: Callable[[], Any], hostile: str) -> None:
    ada = UserFactory(name=hostile, username="ada")
    ann, bob = AgentFactory(name=hostile, username="ann"), AgentFactory(name=hostile, username="bob")
    with committing():
        ticket = ticket_of(ada, title=hostile, description=hostile)
        changes = {"status": "in_progress", "assigned_to": ann.pk}
        tickets.update_ticket(by=bob, ticket_id=ticket.pk, changes=changes, now=NOON)
        comment_on(ticket, bob, content=hostile)
        comment_on(ticket, bob, content=hostile, is_internal=True)

    messages = [compose(email, now=NOON) for email in EmailLog.objects.all()]

    assert len({message.extra_headers["X-Helpdesk-Event"] for message in messages}) == 5
    for message in messages:
        # Not even escaped did it become markup; the text holds it as it was written.
        tags = " ".join(re.findall(r"<[^>]*>", message.alternatives[0].content.partition("<body")[2]))
        assert not FOREIGN.search(tags)
        assert hostile in message.body


@pytest.mark.django_db
def test_each_mail_passes_it_as_the_last_step(
    committing: Callable[[], Any], monkeypatch: pytest.MonkeyPatch, customer: Any
) -> None:
    """Seen where a template forgets to escape: what users wrote is markup then, and still does not arrive."""
    with committing():
        ticket_of(customer, description="<img src=x><b>bold</b> a < b")
    render = composing._render
    monkeypatch.setattr(composing, "_render", lambda name, context, **_: render(name, context, escape=False))

    message = compose(EmailLog.objects.get(), now=NOON)

    html = message.alternatives[0].content
    assert "<img" not in html
    assert "<b>" not in html
    assert "bold" in html
    assert "<img src=x><b>bold</b> a < b" in message.body
