"""The check itself: what it finds, wherever it stands."""

import logging
from typing import Any

import pytest
from django.conf import settings as configured

from helpdesk.accounts.enums import Purpose
from helpdesk.accounts.operations.one_time_tokens import mint
from tests import canaries
from tests.people import NOON, PASSWORD, UserFactory, access_token

log = logging.getLogger("helpdesk.test")


def told() -> list[str]:
    return canaries.watch().told


def secrets() -> dict[str, str]:
    user = UserFactory()
    return {
        "password": PASSWORD,
        "invented": "canary-hunter2",
        "secret key": configured.SECRET_KEY,
    } | {"access": access_token(user), "one-time": mint(user=user, purpose=Purpose.RESET_PASSWORD, now=NOON)}


@pytest.mark.tells_secrets
@pytest.mark.parametrize("name", ["password", "invented", "secret key"])
def test_a_secret_in_a_line_is_found(db: None, name: str) -> None:
    log.info("somebody typed %s here", secrets()[name])
    try:
        int(secrets()[name])
    except ValueError:
        log.exception("that was wrong")
    assert len(told()) == 2


@pytest.mark.parametrize("name", ["access", "one-time"])
def test_a_token_is_never_written(db: None, name: str) -> None:
    """So the check finds nothing; and it would."""
    token = secrets()[name]
    log.info("somebody showed %s here, and Authorization: Bearer %s", token, token)
    assert told() == []
    assert canaries.leaks(f"fine\nnot {token}\nfine") == [f"not {token}"]


def test_a_servers_own_secrets_are_found_in_its_log() -> None:
    env = {"GOOGLE_CLIENT_SECRET": "of-the-provider", "PORT": "8000", "EMPTY_KEY": "", "SHORT_KEY": "a"}
    assert canaries.leaks("a fine line\nof-the-provider\nPORT 8000", env) == ["of-the-provider"]


def test_what_is_no_secret_is_not_found(db: None, settings: Any) -> None:
    for line in ("a canary sings", "hdt_ and eyJ", "password was wrong", "/api/auth/token/"):
        log.info(line)
    assert told() == []
