from uuid import uuid4

import pytest


@pytest.fixture
def key() -> str:
    """A name that nobody else counts under."""
    return f"test:{uuid4()}"
