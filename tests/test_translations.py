"""Every text for people has its Spanish."""

import subprocess
import sys

from tests.servers import ROOT


def test_every_text_has_its_spanish():
    check = subprocess.run(
        [sys.executable, "locale/update.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert (check.stdout, check.returncode) == ("", 0)
