"""Run by its test: opens a ticket for each line it reads, in a process that kills itself right after the commit."""

import os
import sys

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.utils import timezone  # noqa: E402

from helpdesk.accounts.models import User  # noqa: E402
from helpdesk.tickets.operations import tickets  # noqa: E402

settings.FAULT_POINT = "events.committed"
for line in sys.stdin:
    if (pid := os.fork()) == 0:
        customer = User.objects.get(username=sys.argv[1])
        tickets.open_ticket(by=customer, title=line.strip(), description="…", now=timezone.now())
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
