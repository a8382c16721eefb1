"""Run by its test: posts a ticket with each key, in a process that kills itself after the commit, before the answer."""

import os
import sys

import django

django.setup()

from django.conf import settings  # noqa: E402
from rest_framework.test import APIClient  # noqa: E402

token, keys = sys.argv[1], int(sys.argv[2])
settings.FAULT_POINT = "events.committed"
signals = []
for key in range(keys):
    if (pid := os.fork()) == 0:
        client = APIClient(HTTP_AUTHORIZATION=f"Bearer {token}")
        body = b'{"title":"Ticket %d","description":"x"}' % key
        client.post("/api/tickets/", body, content_type="application/json", HTTP_IDEMPOTENCY_KEY=f"key-{key}")
        os._exit(0)
    signals.append(os.WTERMSIG(os.waitpid(pid, 0)[1]))
print(signals.count(9))
