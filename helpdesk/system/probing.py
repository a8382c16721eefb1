"""Runs the probes beside each other, each for so long and no longer.

A probe yields its findings one by one. What it has said counts, even if it raises or hangs afterwards: the part that
fails is one line, and hides no other.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from helpdesk.system.findings import Finding, fail

Findings = Iterator[Finding]

# Seconds. The servers' own bounds are shorter, so that most of them say themselves what they waited for.
PATIENCE: Final = 6.0


@dataclass(frozen=True)
class Probe:
    part: str
    look: Callable[[], Findings]
    patience: float = PATIENCE


@dataclass
class Result:
    part: str
    findings: list[Finding] = field(default_factory=list)


def run(probes: Sequence[Probe]) -> list[Result]:
    """In the order of the probes, within the longest patience among them."""
    begun = [_Running(probe) for probe in probes]
    return [running.result() for running in begun]


class _Running:
    """In a daemon thread: one that hangs keeps nobody from ending. (Threads of an executor would be waited for.)"""

    def __init__(self, probe: Probe) -> None:
        self._probe = probe
        self._found: list[Finding] = []
        self._ends = time.monotonic() + probe.patience
        self._thread = threading.Thread(target=self._look, name=f"probe-{probe.part}", daemon=True)
        self._thread.start()

    def result(self) -> Result:
        self._thread.join(max(0.0, self._ends - time.monotonic()))
        # A copy: who hangs may wake up and go on while this is printed.
        found = list(self._found)
        if self._thread.is_alive():
            said = f"no answer within {self._probe.patience:g} s"
            found.append(
                fail(said, "It is there and hangs, or something swallows what is sent to it: look at its log.")
            )
        return Result(self._probe.part, found)

    def _look(self) -> None:
        try:
            for finding in self._probe.look():
                self._found.append(finding)
        except Exception as error:  # noqa: BLE001 - whatever it was is the finding
            self._found.append(fail(f"{type(error).__name__}: {error}".strip(), "See docs/how-to/troubleshoot.md."))
