"""Forms that say what was changed by hand, and repeat what an operation refused."""

import re
from typing import Any, Final

from django import forms
from django.forms.models import construct_instance

from helpdesk.core.errors import DomainError
from helpdesk.core.integers import LARGEST_INTEGER

# What is sent as the id of a row, and can be one: Django would ask the database for whatever it is.
ID: Final = re.compile(r"[0-9]{1,18}", re.ASCII)


class Text(forms.CharField):
    """A text of several lines: browsers send CRLF for each line break."""

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).replace("\r\n", "\n")


class ShownVersion(forms.IntegerField):
    """Which version the page showed. Not a value that anybody changes: the instance says it to the operation."""

    def __init__(self) -> None:
        super().__init__(min_value=1, max_value=LARGEST_INTEGER, widget=forms.HiddenInput)

    def has_changed(self, initial: Any, data: Any) -> bool:  # noqa: ARG002
        return False


def refuse(form: Any, refusal: DomainError) -> None:
    """What an operation refused, beside the field that it is about, or above the form."""
    for error in refusal.errors:
        form.add_error(error.field if error.field in form.fields else None, str(error.message))
    if not refusal.errors:
        form.add_error(None, str(refusal.detail))


class OperationForm(forms.ModelForm):
    """`changed_data` holds what differs from what the page showed, not from what the row says by now.

    So two people who change different fields of one row at once both succeed. The operation is the judge of values
    that clash: asking the constraints here too would say it twice, and worse.
    """

    refusal: DomainError | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        there = self.instance.pk is not None
        for field in self.fields.values():
            is_version = isinstance(field, ShownVersion)
            field.show_hidden_initial = there and not is_version
            field.required = field.required and (there or not is_version)

    def shown(self, name: str) -> str:
        """What the page said that is now sent back. It stays a choice, or a field nobody touched would be at fault."""
        return str(self.data.get(self.add_initial_prefix(name), ""))

    def clean(self) -> dict[str, Any] | None:
        values = super().clean()
        if self.refusal is not None:
            refuse(self, self.refusal)
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
