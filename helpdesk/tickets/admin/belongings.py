"""What belongs to a ticket, on its page: other tickets, files, and why it is whose it is."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from helpdesk.backoffice.looks import moment
from helpdesk.tickets import queries
from helpdesk.tickets.admin.decisions import REASONS
from helpdesk.tickets.enums import Status
from helpdesk.tickets.models import AssignmentDecision, Attachment, Ticket

# As the ticket that is shown sees the other.
KINDS: Final[dict[str, Any]] = {
    "related": _("Related to"),
    "duplicate_of": _("Duplicate of"),
    "duplicated_by": _("The original of"),
    "parent_of": _("Parent of"),
    "child_of": _("Child of"),
}
_LINK: Final = '<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>'


def once(shown: Callable[[Any, Any], str | None]) -> Callable[[Any, Any], str | None]:
    """The theme asks for a field some five times a page."""

    @wraps(shown)
    def kept(admin: Any, ticket: Any) -> str | None:
        known: dict[str, str | None] = vars(ticket).setdefault("shown", {})
        if shown.__name__ not in known:
            known[shown.__name__] = shown(admin, ticket)
        return known[shown.__name__]

    return kept


class Belongings:
    """Read-only fields. `get_object` says who reads them."""

    @display(description=_("Follows up"))
    def follows_up(self, ticket: Ticket) -> str | None:
        return _number(ticket.follow_up_of_id)

    @display(description=_("Split from"))
    def split_off(self, ticket: Ticket) -> str | None:
        return _number(ticket.split_from_id)

    @display(description=_("Merged into"))
    def merged(self, ticket: Ticket) -> str | None:
        return _number(ticket.merged_into_id)

    @display(description=_("Merged here"))
    @once
    def merged_here(self, ticket: Ticket) -> str | None:
        ids = Ticket.objects.filter(merged_into=ticket).order_by("pk").values_list("pk", flat=True)
        return format_html_join(", ", "{}", [(_number(pk),) for pk in ids]) or None

    @display(description=_("Links"))
    @once
    def links(self, ticket: Any) -> str | None:
        rows = queries.link_values(queries.links_of(ticket.pk, user=ticket.reader))
        found = [queries.link_body(row, ticket_id=ticket.pk) for row in rows]
        lines = [
            (
                KINDS[link["kind"]],
                _number(link["ticket"]["id"]),
                link["ticket"]["title"],
                Status(link["ticket"]["status"]).label,
                door("unlink", ticket, link["id"], _("Take the link back")),
            )
            for link in found
        ]
        return format_html_join("", "<p>{} {} {} ({}) {}</p>", lines) or None

    @display(description=_("Files"))
    @once
    def files(self, ticket: Any) -> str | None:
        rows = Attachment.objects.of_sight(ticket.reader).filter(ticket=ticket).order_by("id")
        lines = [
            (
                # What is deleted is read here, and downloaded when it has been restored.
                door("download", ticket, row.pk, row.filename) or row.filename,
                filesizeformat(row.size),
                row.uploaded_by.username,
                moment(row.created_at),
                _where(row),
                door("detach", ticket, row.pk, _("Delete the file")),
            )
            for row in rows.select_related("uploaded_by", "comment")
        ]
        return format_html_join("", "<p>{} ({}, {}, {}{}) {}</p>", lines) or None

    @display(description=_("Last decision"))
    @once
    def decided(self, ticket: Ticket) -> str | None:
        """Of the queue that gives out by itself; what people decide is in the history."""
        decisions = AssignmentDecision.objects.filter(ticket=ticket).select_related("chosen").order_by("-id")
        last = decisions.first()
        if last is None:
            return None
        everything = f"{reverse('admin:tickets_assignmentdecision_changelist')}?q=%23{ticket.pk}"
        return format_html(
            f"{{}}: {{}} ({{}}) {_LINK}",
            last.chosen or "-",
            REASONS.get(last.reason, last.reason),
            moment(last.decided_at),
            everything,
            gettext("All decisions"),
        )


def _number(ticket_id: int | None) -> str | None:
    if ticket_id is None:
        return None
    return format_html(_LINK, reverse("admin:tickets_ticket_change", args=[ticket_id]), f"#{ticket_id}")


def door(deed: str, ticket: Ticket, which: int, text: Any) -> str:
    """To the page where something is done to one of the rows on a ticket; of a deleted ticket there is none."""
    if ticket.deleted_at is not None:
        return ""
    page = reverse(f"admin:tickets_ticket_{deed}", args=[ticket.pk])
    return format_html(_LINK, f"{page}?which={which}", text)


def _where(row: Attachment) -> str:
    if row.comment is None:
        return ""
    return f", {gettext('on an internal note') if row.comment.is_internal else gettext('on a comment')}"
