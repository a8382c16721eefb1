from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from helpdesk.accounts.management.answers import in_one_line, random_password
from helpdesk.accounts.models import User
from helpdesk.accounts.operations.users import create_user
from helpdesk.accounts.roles import Role


class Command(BaseCommand):
    help = "Make an admin with a random password, which is printed once, alone on standard output."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--email", required=True, help="also serves to sign in")
        parser.add_argument("--name", help="as others read it; without it they read the username")
        parser.add_argument("--language", default="en", choices=["en", "es"], help="of the mails")

    def handle(self, *_args: Any, **options: Any) -> None:
        person = {field: _printable(field, options[field] or "") for field in ("username", "email", "name", "language")}
        with in_one_line():
            somebody = User(**person, role=Role.ADMIN)
            somebody.clean_fields(exclude=["password"])
            if not somebody.email:
                raise CommandError("--email: an admin has an e-mail address.")
            password = random_password(somebody)
            user = create_user(by=None, password=password, role=Role.ADMIN, now=timezone.now(), **person)
        self.stderr.write(f"{user.username} is an admin now. The password, shown this once:")
        self.stdout.write(password)


def _printable(field: str, text: str) -> str:
    if not text.isprintable():
        raise CommandError(f"--{field}: there are signs in it that cannot be read.")
    return text
