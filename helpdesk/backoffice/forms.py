"""Forms that say what was changed by hand, and repeat what an operation refused."""

import re
from typing import Any, Final

from django import forms
from django.forms.models import construct_instance

from helpdesk.core.errors import DomainError

# What is sent as the id of a row, and can be one: Django would ask the database for whatever it is.
ID: Final = re.compile(r"[0-9]{1,18}", re.ASCII)


class Text(forms.CharField):
    """A text of several lines: browsers send CRLF for each line break."""

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).replace("\r\n", "\n")


class OperationForm(forms.ModelForm):
    """`changed_data` holds what differs from what the page showed, not from what the row says by now.

    So two people who change different fields of one row at once both succeed. The operation is the judge of values
    that clash: asking the constraints here too would say it twice, and worse.
    """

    refusal: DomainError | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.show_hidden_initial = self.instance.pk is not None

    def shown(self, name: str) -> str:
        """What the page said that is now sent back. It stays a choice, or a field nobody touched would be at fault."""
        return str(self.data.get(self.add_initial_prefix(name), ""))

    def clean(self) -> dict[str, Any] | None:
        values = super().clean()
        if self.refusal is None:
            return values
        for error in self.refusal.errors:
            self.add_error(error.field if error.field in self.fields else None, str(error.message))
        if not self.refusal.errors:
            self.add_error(None, str(self.refusal.detail))
        return values

    def _post_clean(self) -> None:
        """Django's, without the constraints."""
        form: Any = self
        named = form._meta  # noqa: SLF001 - here and below: what Django's own does
        self.instance = construct_instance(self, self.instance, named.fields, named.exclude)
        try:
            self.instance.clean_fields(exclude=form._get_validation_exclusions())  # noqa: SLF001
        except forms.ValidationError as error:
            form._update_errors(error)  # noqa: SLF001
