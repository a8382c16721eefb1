"""What the first start shows: a help desk that has been in use for three months."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from helpdesk.accounts.models import User
from helpdesk.demo.generate import add_tickets
from helpdesk.demo.people import PASSWORD, add_people


class Command(BaseCommand):
    help = "Fill an empty help desk with 1,000 tickets, 50 customers and 10 agents. Does nothing if there are users."

    def handle(self, *_args: Any, **_options: Any) -> None:
        if not settings.DEMO_DATA_ALLOWED:
            raise CommandError("Demo data is for local settings only: its passwords are public.")
        if User.objects.exists():
            self.stdout.write("There are users already: no demo data.")
            return
        # All or nothing: a half-filled desk would have users, and never be filled.
        with transaction.atomic():
            now = timezone.now()
            customers, agents = add_people(customers=50, agents=10, admin=True, seed=1, now=now)
            add_tickets(
                customers=customers,
                agents=agents,
                tickets=1000,
                comments_per_ticket=3,
                days=90,
                seed=1,
                now=now,
            )
        self.stdout.write(f"Demo data: 1,000 tickets. Sign in as admin, agent_1 or customer_1 with {PASSWORD}.")
