from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from helpdesk.accounts.management.answers import in_one_line, random_password
from helpdesk.accounts.operations.second_factor import remove
from helpdesk.accounts.operations.users import set_password
from helpdesk.accounts.queries import called


class Command(BaseCommand):
    help = "Give somebody a random password, printed once, alone on standard output. It signs them out everywhere."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username_or_email")
        parser.add_argument(
            "--remove-second-factor", action="store_true", help="for an admin who has lost the phone and the codes"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        name = options["username_or_email"]
        with in_one_line():
            user = called(name)[0] if name.isprintable() else None
            if user is None:
                raise CommandError("Nobody has this username or e-mail address.")
            password, now = random_password(user), timezone.now()
            with transaction.atomic():
                set_password(by=None, user_id=user.pk, password=password, now=now)
                removed = options["remove_second_factor"] and remove(by=None, user_id=user.pk, now=now)
        if options["remove_second_factor"]:
            self.stderr.write(f"The second factor is {'off now' if removed else 'not on'}.")
        if not user.is_active:
            self.stderr.write(
                f"{user.username} is not active, and cannot sign in: an admin activates people at /admin/."
            )
        self.stderr.write(f"{user.username} is signed out everywhere. The new password, shown this once:")
        self.stdout.write(password)
