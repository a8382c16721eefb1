"""Run by its test: open tickets, each in a process of its own that kills itself right after the commit."""

import os
import sys

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.utils import timezone  # noqa: E402

from helpdesk.accounts.models import User  # noqa: E402
from helpdesk.tickets.operations import tickets  # noqa: E402

settings.FAULT_POINT = "events.committed"
signals = []
for number in range(int(sys.argv[2])):
    if (pid := os.fork()) == 0:
        customer = User.objects.get(username=sys.argv[1])
        tickets.open_ticket(by=customer, title=f"Ticket {number}", description="…", now=timezone.now())
        os._exit(0)
    signals.append(os.WTERMSIG(os.waitpid(pid, 0)[1]))
print(signals.count(9))
