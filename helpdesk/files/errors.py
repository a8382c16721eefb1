"""Why a file is not taken. Each names the field `file`, as a client calls it."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from helpdesk.core.errors import FieldError, Invalid, TooLarge, Unavailable, UnsupportedType

FIELD = "file"


class BadFile(Invalid):
    """400: nothing was sent, or under no name."""

    def __init__(self, code: str, message: str | Promise) -> None:
        super().__init__(message, errors=[FieldError(FIELD, code, message)])


class FileTooLarge(TooLarge):
    def __init__(self, limit: int) -> None:
        super().__init__(_("The file is larger than %(limit)d bytes.") % {"limit": limit})


class PictureTooLarge(TooLarge):
    def __init__(self, limit: int) -> None:
        super().__init__(_("The picture has more than %(limit)d pixels.") % {"limit": limit})


class TypeNotAllowed(UnsupportedType):
    def __init__(self) -> None:
        super().__init__(_("Files of this kind are not taken."))


class NotWhatItSays(UnsupportedType):
    """The name or the announced type says one thing, the content another."""

    def __init__(self) -> None:
        super().__init__(_("The content of the file is not what its name or type says."))


class Infected(BadFile):
    def __init__(self) -> None:
        super().__init__("infected", _("A virus scanner has found something in this file."))


class ScannerDown(Unavailable):
    def __init__(self) -> None:
        super().__init__(_("The file cannot be scanned for viruses now. Try again in a moment."))


class StorageDown(Unavailable):
    def __init__(self) -> None:
        super().__init__(_("Files can be neither kept nor fetched now. Try again in a moment."))
