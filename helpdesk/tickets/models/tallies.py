"""How many tickets and comments are alive, without counting them."""

from django.db import models
from django.db.models import IntegerField, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _

from helpdesk.tickets.enums import Tallied


class Tally(models.Model):
    """So many more, or fewer; the sum is how many there are.

    Triggers write these rows in the transaction of whatever adds, deletes or restores: the sum is then what counting
    would have found, for every reader, and no writer waits for another's as for a counter in one row.
    `operations/tallies.py` adds up what has gathered.
    """

    of = models.CharField(max_length=8, choices=Tallied)
    number = models.BigIntegerField()

    class Meta:
        verbose_name = _("tally")

    def __str__(self) -> str:
        return f"{self.number:+} {self.of}"


class Living(Subquery):
    """How many are alive, as one column of another statement."""

    template = "(SELECT COALESCE(SUM(number), 0)::bigint FROM (%(subquery)s) AS tallied)"
    output_field = IntegerField()

    def __init__(self, of: Tallied) -> None:
        rows: QuerySet[Tally] = Tally.objects.filter(of=of)
        super().__init__(rows.values("number"))
