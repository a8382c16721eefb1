"""A child process: migrates, and loads demo data where there is none.

One process for both, since Django takes its time to load.
"""

import django
from django.core.management import call_command


def prepare() -> None:
    django.setup()
    call_command("migrate", interactive=False, skip_checks=True)
    call_command("load_demo")


if __name__ == "__main__":
    prepare()
