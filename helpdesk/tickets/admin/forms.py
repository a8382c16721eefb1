"""What one may type about tickets and comments."""

from typing import Any, ClassVar, Final

from django import forms
from django.db.models import Q
from django.utils.text import Truncator, get_text_list
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldBooleanSwitchWidget

from helpdesk.accounts.models import User
from helpdesk.accounts.roles import Permission
from helpdesk.backoffice.forms import ID, OperationForm, ShownVersion, Text
from helpdesk.tickets.admin.catalog_forms import Several, offer
from helpdesk.tickets.enums import MOVES, Status
from helpdesk.tickets.models import LONGEST_TEXT, Category, Comment, Tag, Team, Ticket
from helpdesk.tickets.operations.versions import Outdated

# Of a description as it is now, beside the one that was typed.
_SHOWN: Final = 300


def _text(label: Any, rows: int) -> Text:
    return Text(label=label, max_length=LONGEST_TEXT, widget=UnfoldAdminTextareaWidget(attrs={"rows": rows}))


class TicketForm(OperationForm):
    description = _text(_("Description"), 6)
    tags = Several(Tag.objects.order_by("name", "id"), label=_("Tags"))
    version = ShownVersion()

    class Meta:
        model = Ticket
        fields = (
            "title",
            "description",
            "priority",
            "category",
            "team",
            "assigned_to",
            "status",
            "created_by",
            "version",
        )
        labels: ClassVar[dict[str, Any]] = {
            "title": _("Title"),
            "status": _("Status"),
            "priority": _("Priority"),
            "category": _("Category"),
            "team": _("Team"),
            "assigned_to": _("Assigned to"),
            "created_by": _("Opened by"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in {"created_by", "assigned_to"} & set(self.fields):
            widget: Any = self.fields[name].widget
            # People have a page of their own: this is no place to make or change one.
            widget.can_add_related = widget.can_change_related = widget.can_view_related = False
            self.fields[name].required = False
        if "category" in self.fields:
            offer(self.fields["category"], Category.objects.order_by("name", "id"))
            offer(self.fields["team"], Team.objects.order_by("name", "id"))
            self.initial["tags"] = self.instance.tag_ids
        if "assigned_to" in self.fields:
            self._offer_agents()
        if "status" in self.fields:
            self._offer_moves()

    def clean(self) -> dict[str, Any] | None:
        values = super().clean()
        if isinstance(self.refusal, Outdated):
            self._say_what_is_now(self.refusal)
        return values

    def _say_what_is_now(self, outdated: Outdated) -> None:
        """Sent once more, the form is about the version shown beside it now: that is a decision, no accident."""
        fields = [field for field in outdated.extra["conflicting_fields"] if field in self.fields]
        names = get_text_list([str(self.fields[field].label) for field in fields], gettext("and"))
        self.add_error(
            None, gettext("Somebody has changed this since you opened the page: %(names)s.") % {"names": names}
        )
        data: Any = self.data
        data = data.copy()
        data[self.add_prefix("version")] = str(outdated.extra["current_version"])
        for field in fields:
            now = gettext("Now it is “%(value)s”. Save again to put yours in its place.")
            self.add_error(field, now % {"value": self._value_of(field)})
            values = self.initial[field] if isinstance(self.initial[field], list) else [self.initial[field]]
            data.setlist(self.add_initial_prefix(field), ["" if value is None else str(value) for value in values])
        self.data = data

    def _value_of(self, field: str) -> str:
        """As the row has it, not the form."""
        ticket: Any = self.instance
        if field == "tags":
            return ", ".join(tag.name for tag in ticket.tags)
        chosen = getattr(ticket, f"get_{field}_display", lambda: getattr(ticket, field))()
        return Truncator(str("-" if chosen is None else chosen)).chars(_SHOWN)

    def _offer_moves(self) -> None:
        here = Status(self.initial["status"])
        known = {here, *MOVES[here], self.shown("status")}
        field: Any = self.fields["status"]
        field.choices = [(status.value, status.label) for status in Status if status in known]

    def _offer_agents(self) -> None:
        """And whoever has it now: a form that did not know them would take the ticket away when it is saved."""
        field: Any = self.fields["assigned_to"]
        known = Q(pk__in=User.objects.who_may(Permission.BE_ASSIGNED).values("pk")) | Q(pk=self.instance.assigned_to_id)
        if ID.fullmatch(shown := self.shown("assigned_to")):
            known |= Q(pk=shown)
        field.queryset = User.objects.filter(known).order_by("username")


class CommentForm(OperationForm):
    """One's own may be edited; who wrote another's, and whether it is a note, stays."""

    # Who looks at it; the inline says so.
    reader: User

    content = _text(_("Content"), 3)
    version = ShownVersion()
    is_internal = forms.BooleanField(
        label=_("Internal note"), required=False, widget=UnfoldBooleanSwitchWidget(), help_text=_("For agents only.")
    )

    class Meta:
        model = Comment
        fields = ("content", "is_internal", "version")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        there = self.instance.pk is not None
        self.fields["is_internal"].disabled = there
        self.fields["content"].disabled = there and self.instance.author_id != self.reader.pk
