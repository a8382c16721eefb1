#!/usr/bin/env python
"""Django's command line."""

import os
import sys

from django.conf import settings
from django.core.management import execute_from_command_line

# Makes what settings refuse to start without, so it runs without them.
WITHOUT_SETTINGS = "generate_secret_key"

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    if sys.argv[1:2] == [WITHOUT_SETTINGS]:
        settings.configure(INSTALLED_APPS=["helpdesk.system"])
    execute_from_command_line(sys.argv)
