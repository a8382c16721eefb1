"""Which settings, and what Django's checks say of them."""

import os

from django.conf import settings
from django.core import checks

from helpdesk.system.findings import fail, ok, warn
from helpdesk.system.probing import Findings


def look() -> Findings:
    module = os.environ.get("DJANGO_SETTINGS_MODULE", "")
    # Where demo data may be, nobody deploys: the checks for deployments would find fault with all of it.
    is_deployed = not settings.DEMO_DATA_ALLOWED
    yield ok(f"{module}, people reach it at {settings.PUBLIC_URL}")
    if settings.DEBUG:
        yield warn("DJANGO_DEBUG is on", "Remove it, unless this is your own machine.")
    messages = checks.run_checks(include_deployment_checks=is_deployed)
    for message in messages:
        if message.is_silenced():
            continue
        said = f"{message.id}: {message.msg}"
        cure = message.hint or "See `python manage.py check --deploy`."
        yield fail(said, cure) if message.is_serious() else warn(said, cure)
    yield ok(f"{'check --deploy' if is_deployed else 'check (not as a deployment)'} has run")
