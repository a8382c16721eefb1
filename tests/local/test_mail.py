"""The mail catcher, over SMTP and HTTP as everybody meets it."""

import smtplib
from email.message import EmailMessage

import httpx
import pytest


def letter(*, text: str = "Hola, señora.", html: str = "<p>Hola, <b>señora</b>.</p>", **headers: str) -> EmailMessage:
    message = EmailMessage()
    for name, value in {
        "Subject": "[Ticket #7] ¿Imprime?",
        "From": "Helpdesk <helpdesk@example.com>",
        "To": "Ada Lovelace <ada@example.com>",
        "Message-ID": "<1@example.com>",
        "Auto-Submitted": "auto-generated",
        **headers,
    }.items():
        message[name] = value
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    return message


def send(catcher, message: EmailMessage, to: list[str] | None = None) -> None:
    with smtplib.SMTP("127.0.0.1", catcher.smtp_port, timeout=5) as client:
        client.send_message(message, to_addrs=to)


def messages(catcher, **query: str) -> dict:
    return httpx.get(f"{catcher.url}/api/v1/messages", params=query).raise_for_status().json()


def detail(catcher) -> dict:
    identifier = messages(catcher)["messages"][0]["ID"]
    return httpx.get(f"{catcher.url}/api/v1/message/{identifier}").raise_for_status().json()


def test_a_sent_mail_is_listed_as_mailpit_lists_it(catcher):
    send(catcher, letter(), to=["ada@example.com", "hidden@example.com"])

    page = messages(catcher)

    assert {name: page[name] for name in ("total", "unread", "count", "start")} == {
        "total": 1,
        "unread": 1,
        "count": 1,
        "start": 0,
    }
    (summary,) = page["messages"]
    assert summary["From"] == {"Name": "Helpdesk", "Address": "helpdesk@example.com"}
    assert summary["To"] == [{"Name": "Ada Lovelace", "Address": "ada@example.com"}]
    assert summary["Bcc"] == [{"Name": "", "Address": "hidden@example.com"}]
    assert (summary["Subject"], summary["MessageID"]) == ("[Ticket #7] ¿Imprime?", "1@example.com")
    assert summary["Snippet"] == "Hola, señora."
    assert summary["Created"].endswith("Z")


def test_a_mail_is_shown_with_both_bodies_and_its_headers(catcher):
    send(catcher, letter())

    shown = detail(catcher)
    headers = httpx.get(f"{catcher.url}/api/v1/message/{shown['ID']}/headers").json()

    assert shown["Text"].strip() == "Hola, señora."
    assert shown["HTML"].strip() == "<p>Hola, <b>señora</b>.</p>"
    assert headers["Auto-Submitted"] == ["auto-generated"]
    assert messages(catcher)["unread"] == 0


def test_the_newest_comes_first_and_pages_are_cut(catcher):
    for number in range(3):
        send(catcher, letter(Subject=f"mail {number}"))

    page = messages(catcher, start="1", limit="1")

    assert [message["Subject"] for message in page["messages"]] == ["mail 1"]
    assert page["total"] == 3


def test_deleting_takes_those_named_or_all(catcher):
    for number in range(3):
        send(catcher, letter(Subject=f"mail {number}"))
    newest = messages(catcher)["messages"][0]["ID"]

    named = httpx.request("DELETE", f"{catcher.url}/api/v1/messages", json={"IDs": [newest]})
    left = [message["Subject"] for message in messages(catcher)["messages"]]
    everything = httpx.delete(f"{catcher.url}/api/v1/messages")

    assert (named.text, everything.text) == ("ok", "ok")
    assert left == ["mail 1", "mail 0"]
    assert messages(catcher)["total"] == 0


def test_what_a_mail_brings_does_nothing_in_the_viewer(catcher):
    hostile = letter(
        text="<script>alert(1)</script>",
        html='"></iframe><script>alert(2)</script>',
        Subject="<script>alert(3)</script>",
        To='"<img src=x>" <ada@example.com>',
    )
    send(catcher, hostile)
    identifier = messages(catcher)["messages"][0]["ID"]

    pages = [httpx.get(f"{catcher.url}{path}") for path in ("/", f"/view/{identifier}", f"/view/{identifier}.html")]

    assert [page.status_code for page in pages] == [200, 200, 200]
    assert all("default-src 'none'" in page.headers["Content-Security-Policy"] for page in pages)
    assert all("<script" not in page.text and "<img" not in page.text for page in pages[:2])
    assert '<iframe sandbox title="HTML" srcdoc="&quot;&gt;&lt;/iframe&gt;' in pages[1].text


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/api/v1/message/unknown", None, 404),
        ("GET", "/api/v1/message/latest", None, 404),
        ("GET", "/api/v1/nothing", None, 404),
        ("GET", "/api/v1/messages?limit=many", None, 400),
        ("DELETE", "/api/v1/messages", b"[1]", 400),
        ("DELETE", "/api/v1/messages", b'{"IDs": [1]}', 400),
        ("DELETE", "/api/v1/messages", b"[" * 100_000, 400),
    ],
)
def test_a_question_that_cannot_be_meant_gets_an_answer(catcher, method, path, body, status):
    answer = httpx.request(method, catcher.url + path, content=body)

    assert (answer.status_code, set(answer.json())) == (status, {"Error"})


def test_a_mail_without_headers_is_caught_too(catcher):
    with smtplib.SMTP("127.0.0.1", catcher.smtp_port, timeout=5) as client:
        client.sendmail("a@example.com", ["b@example.com"], b"\xff\xfe no headers at all")

    shown = detail(catcher)

    assert (shown["From"]["Address"], shown["Bcc"][0]["Address"]) == ("a@example.com", "b@example.com")
