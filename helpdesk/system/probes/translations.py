"""Whether the languages that people may choose can be spoken."""

import gettext
import re
from pathlib import Path
from typing import Final

from django.conf import settings

from helpdesk.system.findings import Finding, fail, ok, warn
from helpdesk.system.probing import Findings

_CURE: Final = "Run locale/update.py, and deploy locale/ with the code."
_ENTRY: Final = re.compile(r'^(?:#, [^\n]*\n)?(?:msgctxt [^\n]*\n)?msgid "', re.MULTILINE)


def look() -> Findings:
    for code, name in settings.LANGUAGES:
        if code != settings.LANGUAGE_CODE:
            yield _language(code, str(name))


def _language(code: str, name: str) -> Finding:
    for place in map(Path, settings.LOCALE_PATHS):
        directory = place / code / "LC_MESSAGES"
        try:
            with (directory / "django.mo").open("rb") as file:
                compiled = gettext.GNUTranslations(file)
        except (OSError, UnicodeDecodeError, ValueError) as error:
            return fail(f"{name} is not compiled: {error}", _CURE)
        # The heading is one of them; each plural of a text is an entry of its own.
        entries = {entry if isinstance(entry, str) else entry[0] for entry in compiled._catalog}  # type: ignore[attr-defined]  # noqa: SLF001
        source = directory / "django.po"
        texts = len(_ENTRY.findall(source.read_text(encoding="utf-8"))) if source.is_file() else len(entries)
        if len(entries) < texts:
            return warn(f"{name}: {texts - len(entries)} of {texts} texts are not compiled", _CURE)
        return ok(f"{name}: {len(entries)} texts")
    return fail(f"there is no place for translations of {name}", _CURE)
