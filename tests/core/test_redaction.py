import pytest

from helpdesk.core.redaction import clean, redact

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyX2lkIjoxfQ.c2lnbmF0dXJlLXNpZ25hdHVyZQ"


@pytest.mark.parametrize(
    "text",
    [
        JWT,
        f"refused {JWT}!",
        "a mail with https://desk.example/reset/hdt_abcdefghijklmnopqrstuvwxyz-secret in it",
        "ws://host/ws/notifications/?token=secret",
        "/ws/notifications/?after=7&ticket=secret&v=1",
        "Authorization: Bearer secret-token",
        "sec-websocket-protocol: helpdesk.v1, bearer.secret-token",
        '{"username": "ada", "password": "secret"}',
        "{'refresh': 'secret', 'x': 1}",
        "password=secret refresh=secret",
        "postgresql://helpdesk:secret@db/helpdesk",
        "redis://:secret@redis:6379/0",
        "old_password=secret&new_password=secret",
    ],
)
def test_no_secret_stays_in_a_text(text):
    cleaned = clean(text)

    assert "secret" not in cleaned
    assert "eyJ" not in cleaned
    assert "[redacted]" in cleaned


@pytest.mark.parametrize(
    "text",
    [
        "Ticket #7 status changed",
        "/api/tickets/7/",
        "ticket_id=7 status=open",
        "a token was refused",
        "bearer of news",
        "hdt_x",
    ],
)
def test_ordinary_lines_stay_as_they_are(text):
    assert clean(text) == text


def test_secret_names_lose_their_values_at_any_depth():
    event = {
        "event": "x",
        "Authorization": "a",
        "ticket_id": 7,
        "nested": {"new_password": "a", "list": [{"access_token": "a", "n": 1}]},
        "set-cookie": "a",
        "bytes": b"token=a",
        "other": ValueError(f"bad {JWT}"),
    }

    assert redact(None, "info", event) == {
        "event": "x",
        "Authorization": "[redacted]",
        "ticket_id": 7,
        "nested": {"new_password": "[redacted]", "list": [{"access_token": "[redacted]", "n": 1}]},
        "set-cookie": "[redacted]",
        "bytes": "token=[redacted]",
        "other": "bad [redacted]",
    }
