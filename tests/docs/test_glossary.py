"""The words on the page of words are those that people read in the product."""

import pytest
from django.db.models import TextChoices
from django.utils.translation import override

from helpdesk.accounts.roles import Role
from helpdesk.tickets.enums import Priority, Status
from tests.docs.pages import REFERENCE, code, rows

CHOICES = (Status, Priority, Role)


def labels(choices: type[TextChoices], language: str) -> dict[str, str]:
    with override(language):
        return {str(value): str(label) for value, label in choices.choices}


@pytest.mark.parametrize(("column", "language"), [(1, "en"), (2, "es")])
def test_the_words_of_the_choices_are_those_of_the_translations(column, language):
    told = {code(cells[0])[0]: cells[column] for cells in rows(REFERENCE / "glossary.md", first="Value")}

    assert told == {value: label for choices in CHOICES for value, label in labels(choices, language).items()}
