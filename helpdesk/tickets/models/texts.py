"""What a search reads of a ticket: the words of its title, its description and its comments."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models

from helpdesk.tickets.models.tickets import Ticket


class Fold(models.Func):
    """Lower case without accents; an immutable wrapper, since `unaccent()` itself may not stand in an index."""

    function = "helpdesk_fold"
    output_field = models.TextField()


class SearchDocument(models.Func):
    """The words of a text as `simple` lexemes: stemming would break "every word, or the beginning of one"."""

    function = "helpdesk_search_document"
    output_field = SearchVectorField()


class TicketText(models.Model):
    """One row a ticket, written by `operations/search_texts.py` in the transaction of whatever it tells of.

    A table of its own: a status that changes must not write every word of a long conversation into an index again.
    Everything is kept twice, since a customer must not find a ticket by a note: `public` has what everybody on the
    ticket reads, `staff` has the notes too.
    """

    ticket = models.OneToOneField(Ticket, models.CASCADE, primary_key=True, related_name="text")
    # Lower case, without accents.
    title = models.TextField()
    # Letters and digits only, a line for each text, for phrases.
    public_words = models.TextField()
    notes_words = models.TextField()
    # The same words once each, and the title's from each of their letters on: found by their beginning, they are
    # found by what is inside them.
    public = SearchVectorField()
    staff = SearchVectorField()

    class Meta:
        indexes = [
            GinIndex("public", name="ticket_text_public", fastupdate=False),
            GinIndex("staff", name="ticket_text_staff", fastupdate=False),
        ]

    def __str__(self) -> str:
        return self.title
