from typing import Any

import pytest

from tests.factories import ticket_of
from tests.people import AgentFactory, UserFactory
from tests.servers import Smtp


@pytest.fixture
def post_office(smtp: Smtp, settings: Any) -> Smtp:
    """This process mails to the sink; Django's test runner would keep mails in memory."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = smtp.env["EMAIL_HOST"], int(smtp.env["EMAIL_PORT"])
    settings.EMAIL_TIMEOUT = 1
    return smtp


@pytest.fixture
def owed(post_office: Smtp) -> Smtp:
    """A receipt for ada, and news for ann and bob."""
    AgentFactory(username="ann")
    AgentFactory(username="bob")
    ticket_of(UserFactory(username="ada"))
    return post_office
