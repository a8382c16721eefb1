#!/usr/bin/env python
"""Brings the translations up to date with the code, without gettext's system programs.

    .venv/bin/python locale/update.py            new strings enter the .po files, the .mo files are compiled
    .venv/bin/python locale/update.py --check    changes nothing; 1 if a string has no translation or a .mo is behind

A string that left the code stays in the .po as obsolete (`#~`), until somebody deletes it there.
"""

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polib
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ("config", "helpdesk")
TRANSLATION = "django.utils.translation"
WIDTH = 110

# function -> where its arguments are: context, singular, plural
ARGUMENTS: dict[str, tuple[int | None, int, int | None]] = {
    name + lazy: places
    for name, places in {
        "gettext": (None, 0, None),
        "gettext_noop": (None, 0, None),
        "ngettext": (None, 0, 1),
        "pgettext": (0, 1, None),
        "npgettext": (0, 1, 2),
    }.items()
    for lazy in ("", "_lazy")
}

_STRING = r"""u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
# What `templatize` makes of a template's tags.
_TEMPLATE_CALL = re.compile(rf"(?<!\w)(n?p?gettext|_)\(\s*({_STRING}(?:\s*,\s*{_STRING})*)")


@dataclass(frozen=True)
class Text:
    """One string of the code; two with the same context and singular are one entry."""

    singular: str
    context: str | None = None
    plural: str = field(default="", compare=False)

    @property
    def key(self) -> tuple[str | None, str]:
        return self.context, self.singular


def main(arguments: list[str]) -> int:
    files = sorted(ROOT.glob("locale/*/LC_MESSAGES/*.po"))
    if arguments == ["--check"]:
        complaints = [complaint for file in files for complaint in check(file)]
        sys.stdout.write("".join(f"{complaint}\n" for complaint in complaints))
        return 1 if complaints else 0
    if arguments:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    for file in files:
        catalogue = merged(file)
        catalogue.save()
        catalogue.save_as_mofile(str(file.with_suffix(".mo")))
        missing = [entry.msgid for entry in catalogue if not entry.obsolete and not entry.translated()]
        for text in missing:
            sys.stdout.write(f"{_short(file)}: no translation: {text!r}\n")
    return 0


def check(file: Path) -> Iterator[str]:
    """What is wrong with one catalogue, as sentences."""
    catalogue = merged(file)
    for entry in catalogue:
        if not entry.obsolete and not entry.translated():
            yield f"{_short(file)}: no translation: {entry.msgid!r} ({_place(entry)})"
    compiled = file.with_suffix(".mo")
    expected = _texts(entry for entry in catalogue if entry.translated())
    if not compiled.exists() or _texts(polib.mofile(str(compiled))) != expected:
        yield f"{_short(compiled)} is behind: .venv/bin/python locale/update.py"


def merged(file: Path) -> polib.POFile:
    """The catalogue with every string of the code in it, in the order of their places."""
    old = polib.pofile(str(file), wrapwidth=WIDTH)
    known: dict[tuple[str | None, str], polib.POEntry] = {}
    for entry in old:
        # Two people may have added one string: the one who translated it is right.
        if not known.get((entry.msgctxt, entry.msgid), entry).translated() or entry.translated():
            known[entry.msgctxt, entry.msgid] = entry
    new = polib.POFile(wrapwidth=WIDTH)
    new.metadata, new.header, new.fpath = old.metadata, old.header, old.fpath
    for text, places in texts_of_the_code().items():
        entry = known.pop(text.key, None)
        if entry is None or (text.plural and entry.msgid_plural != text.plural):
            entry = _untranslated(text)
        entry.obsolete = False
        # Without line numbers: a catalogue that changes with every edited line is read by nobody.
        entry.occurrences = [(place, "") for place in sorted(places)]
        entry.flags = ["python-format"] if re.search(r"%\(\w+\)[sd]", text.singular) else []
        new.append(entry)
    for entry in known.values():
        entry.obsolete, entry.occurrences = True, []
        new.append(entry)
    return new


def _untranslated(text: Text) -> polib.POEntry:
    forms = {0: "", 1: ""} if text.plural else {}
    return polib.POEntry(msgid=text.singular, msgctxt=text.context, msgid_plural=text.plural, msgstr_plural=forms)


def texts_of_the_code() -> dict[Text, set[str]]:
    """Every translatable string, and the files it stands in."""
    found: dict[Text, set[str]] = {}
    for source in SOURCES:
        for file in sorted((ROOT / source).rglob("*")):
            if file.suffix == ".py":
                texts = _of_python(file)
            elif "templates" in file.parts and file.is_file():
                texts = _of_template(file)
            else:
                continue
            for text in texts:
                found.setdefault(text, set()).add(_short(file))
    return found


def _of_python(file: Path) -> Iterator[Text]:
    tree = ast.parse(file.read_text())
    names = {
        alias.asname or alias.name: ARGUMENTS[alias.name]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == TRANSLATION
        for alias in node.names
        if alias.name in ARGUMENTS
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
            context, singular, plural = names[node.func.id]
            yield Text(
                context=None if context is None else _literal(node, context, file),
                singular=_literal(node, singular, file),
                plural="" if plural is None else _literal(node, plural, file),
            )


def _literal(call: ast.Call, place: int, file: Path) -> str:
    argument = call.args[place]
    if not (isinstance(argument, ast.Constant) and isinstance(argument.value, str)):
        sys.exit(f"{_short(file)}:{call.lineno}: only a literal string can be translated")
    return argument.value


def _of_template(file: Path) -> Iterator[Text]:
    for call in _TEMPLATE_CALL.finditer(templatize(file.read_text(), origin=str(file))):
        strings = [ast.literal_eval(text) for text in re.findall(_STRING, call[2])]
        context, singular, plural = ARGUMENTS["gettext" if call[1] == "_" else call[1]]
        yield Text(
            context=None if context is None else strings[context],
            singular=strings[singular],
            plural="" if plural is None else strings[plural],
        )


def _texts(entries: Iterable[polib.POEntry]) -> dict[tuple[str | None, str], str | dict[int, str]]:
    return {(entry.msgctxt, entry.msgid): entry.msgstr_plural or entry.msgstr for entry in entries}


def _place(entry: polib.POEntry) -> str:
    return ", ".join(place for place, _ in entry.occurrences)


def _short(file: Path) -> str:
    return str(file.relative_to(ROOT))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
