"""The keys: long enough, and still able to open what they sealed."""

from django.conf import settings
from django.db import DatabaseError

from helpdesk.accounts.queries import unreadable_second_factors
from helpdesk.core.secret_key import SHORTEST
from helpdesk.system.findings import fail, ok, warn
from helpdesk.system.probes.database import connected
from helpdesk.system.probing import Findings


def look() -> Findings:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    if any(len(key) < SHORTEST for key in keys):
        yield warn(f"a key has less than {SHORTEST} characters", "Make one: python manage.py generate_secret_key")
    else:
        yield ok(f"DJANGO_SECRET_KEY has {len(settings.SECRET_KEY)} characters")
    if former := len(settings.SECRET_KEY_FALLBACKS):
        yield ok(f"DJANGO_SECRET_KEY_FALLBACKS holds {former} former keys")
    yield ok(f"the second factor of admins is {settings.ADMIN_TOTP}")
    try:
        with connected() as connection:
            names = unreadable_second_factors(using=connection)
    except DatabaseError:
        yield warn("what the keys sealed could not be read", "See the lines about the database.")
        return
    if names:
        yield fail(
            f"no key opens the second factor of {', '.join(names)}",
            "Put the former key into DJANGO_SECRET_KEY_FALLBACKS, or let them in: "
            "python manage.py reset_password NAME --remove-second-factor",
        )
