from typing import Any

import pytest

from helpdesk.accounts.models import Session, SocialIdentity, User
from helpdesk.events.models import EventRecord


class Nothing:
    """How many rows there are, to see that none was made."""

    def __init__(self) -> None:
        self.before = self.count()

    def count(self) -> list[int]:
        return [kind.objects.count() for kind in (User, SocialIdentity, Session, EventRecord)]

    def happened(self) -> bool:
        return self.count() == self.before


@pytest.fixture
def nothing(db: None) -> Any:
    """Asked for after those whose rows are there before."""
    return Nothing
