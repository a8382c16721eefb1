"""How text sorts and what counts as a letter: the same here, in Docker and on every machine."""

import locale

_BUILTIN_SINCE = 17


def initdb_arguments(major: int) -> list[str]:
    """C.UTF-8 throughout.

    LC_CTYPE matters as well: with C the text search takes every sign beyond ASCII for a letter, and `¿Cómo` is not
    found by `cómo`.
    """
    arguments = [f"--locale={'C.UTF-8' if _system_has_c_utf8() else 'C'}"]
    if major >= _BUILTIN_SINCE:
        arguments += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return arguments


def _system_has_c_utf8() -> bool:
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        locale.setlocale(locale.LC_CTYPE, "C.UTF-8")
    except locale.Error:
        return False
    locale.setlocale(locale.LC_CTYPE, before)
    return True
