"""The report, for people and for machines; no secret is in either."""

import json
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

from django.conf import settings

from helpdesk.core.redaction import REDACTED, clean
from helpdesk.core.redis_urls import password_in
from helpdesk.system.findings import RANK, Finding, State
from helpdesk.system.probing import Result

_WIDTH: Final = 110
_PART: Final = 13
_INDENT: Final = " " * (6 + _PART)
# A shorter one may be part of a word; taken out, it would only show itself.
_LONG_ENOUGH: Final = 4


def worst(results: Sequence[Result]) -> State:
    states = [finding.state for result in results for finding in result.findings]
    return max(states, key=RANK.__getitem__, default=State.OK)


def as_text(results: Sequence[Result]) -> str:
    lines = [line for result in results for finding in result.findings for line in _lines(result.part, finding)]
    counts = Counter(finding.state for result in results for finding in result.findings)
    total = f"{counts[State.OK]} ok, {counts[State.WARN]} warnings, {counts[State.FAIL]} failures"
    return "\n".join([*lines, "", total])


def as_json(results: Sequence[Result]) -> str:
    report: dict[str, Any] = {
        "state": worst(results).lower(),
        "findings": [
            {
                "part": result.part,
                "state": finding.state.lower(),
                "said": without_secrets(finding.said),
                "cure": without_secrets(finding.cure) or None,
            }
            for result in results
            for finding in result.findings
        ],
    }
    return json.dumps(report, indent=2, ensure_ascii=False)


def without_secrets(text: str) -> str:
    """Whatever a server or a library put into its error."""
    cleaned: str = clean(text)
    for secret in _secrets():
        cleaned = cleaned.replace(secret, REDACTED)
    return cleaned


def _lines(part: str, finding: Finding) -> Iterator[str]:
    said = without_secrets(" ".join(finding.said.split()))
    yield from _wrapped(said, first=f"{finding.state:<6}{part:<{_PART}}")
    if finding.cure:
        yield from _wrapped(without_secrets(finding.cure), first=f"{_INDENT}> ")


def _wrapped(text: str, *, first: str) -> list[str]:
    return textwrap.wrap(
        text, _WIDTH, initial_indent=first, subsequent_indent=_INDENT, break_on_hyphens=False, break_long_words=False
    )


def _secrets() -> list[str]:
    urls = (settings.REDIS_URL, settings.CHANNELS_REDIS_URL, settings.CELERY_BROKER_URL)
    database = settings.DATABASES["default"]
    found = [
        settings.SECRET_KEY,
        *settings.SECRET_KEY_FALLBACKS,
        database["PASSWORD"],
        settings.EMAIL_HOST_PASSWORD,
        *map(password_in, urls),
    ]
    # On one's own machine the password may be the database's name: that is no secret, and stands in every line.
    secrets = {text for text in found if len(text) >= _LONG_ENOUGH} - {database["NAME"], database["USER"]}
    # The longest first: one may hold another.
    return sorted(secrets, key=len, reverse=True)
