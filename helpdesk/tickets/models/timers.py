"""What is to happen to a ticket by itself, and when."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from helpdesk.tickets.enums import TimerKind
from helpdesk.tickets.models.tickets import Ticket


class Timer(models.Model):
    """Armed by a change, deleted by whatever makes it moot, or when it has gone off."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="timers", db_index=False)
    kind = models.CharField(max_length=32, choices=TimerKind)
    armed_at = models.DateTimeField()
    due_at = models.DateTimeField()

    class Meta:
        verbose_name = _("timer")
        verbose_name_plural = _("timers")
        constraints = [models.UniqueConstraint(fields=["ticket", "kind"], name="timer_one_a_kind")]
        indexes = [models.Index("due_at", "id", name="timer_due")]

    def __str__(self) -> str:
        return f"#{self.ticket_id}: {self.get_kind_display()}"
