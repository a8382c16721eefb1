"""What the supervisor prints must never hold it up."""

import subprocess
import sys

from tests.servers import ROOT

TALKATIVE = """
from helpdesk.local.console import answer, say
for number in range(20_000):
    say("web", f"line {number}")
answer("READY")
"""


def test_a_pipe_that_nobody_reads_stops_nothing():
    process = subprocess.Popen(
        [sys.executable, "-S", "-c", TALKATIVE], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    with process:
        assert process.wait(20) == 0
        assert process.stdout.read() == b"READY\n"
        assert process.stderr.readline() == b"web       | line 0\n"


def test_a_pipe_that_was_closed_stops_nothing():
    shell = f"\"{sys.executable}\" -S -c '{TALKATIVE}' 2>&1 >&3 | head -n 1"
    answer = subprocess.run(["sh", "-c", f"exec 3>&1; {shell}"], cwd=ROOT, capture_output=True, timeout=20, check=True)

    assert sorted(answer.stdout.splitlines()) == [b"READY", b"web       | line 0"]


def test_the_supervisor_needs_the_standard_library_only():
    # -S leaves out site-packages: without them it must still be able to say what is missing.
    imported = subprocess.run(
        [sys.executable, "-S", "-c", "import helpdesk.local.__main__"], cwd=ROOT, capture_output=True, check=False
    )

    assert (imported.returncode, imported.stderr) == (0, b"")
