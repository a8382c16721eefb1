"""What one may type about categories, tags and teams; and how they are chosen on a ticket's page."""

from typing import Any, ClassVar

from django import forms
from django.core.validators import RegexValidator
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminColorInputWidget, UnfoldAdminSelect2MultipleWidget

from helpdesk.accounts.models import User
from helpdesk.accounts.roles import Permission
from helpdesk.backoffice.forms import OperationForm
from helpdesk.tickets.models import Category, Tag, Team

_LABELS: dict[str, Any] = {
    "name": _("Name"),
    "parent": _("Below"),
    "team": _("Team"),
    "priority": _("Priority"),
    "color": _("Colour"),
    "assignment": _("Assignment"),
}


class Several(forms.ModelMultipleChoiceField):
    """Any number of rows; none is a choice too."""

    def __init__(self, queryset: QuerySet[Any], **kwargs: Any) -> None:
        super().__init__(queryset, required=False, widget=UnfoldAdminSelect2MultipleWidget, **kwargs)


def offer(field: Any, rows: QuerySet[Any]) -> None:
    """One of these or none, chosen here and kept on a page of their own."""
    field.queryset, field.required = rows, False
    field.widget.can_add_related = field.widget.can_change_related = field.widget.can_view_related = False


class CategoryForm(OperationForm):
    class Meta:
        model = Category
        fields = ("name", "parent", "team", "priority")
        labels = _LABELS
        help_texts: ClassVar[dict[str, Any]] = {"priority": _("Of a new ticket that names none.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        first = Category.objects.filter(Q(parent=None) & ~Q(pk=self.instance.pk))
        offer(self.fields["parent"], first.order_by("name", "id"))
        offer(self.fields["team"], Team.objects.order_by("name", "id"))
        self.fields["priority"].required = False


class TagForm(OperationForm):
    color = forms.CharField(
        label=_("Colour"),
        initial="#6e7781",
        validators=[RegexValidator(r"^#[0-9a-f]{6}\Z", _("A colour is # and six digits of 0-9 and a-f."))],
        widget=UnfoldAdminColorInputWidget,
    )

    class Meta:
        model = Tag
        fields = ("name", "color")
        labels = _LABELS


class TeamForm(OperationForm):
    agents = Several(User.objects.none(), label=_("Members"))

    class Meta:
        model = Team
        fields = ("name", "assignment")
        labels = _LABELS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        agents = User.objects.who_may(Permission.BE_ASSIGNED).order_by("username")
        self.fields["agents"].queryset = agents  # type: ignore[attr-defined]
        if self.instance.pk is not None:
            self.initial["agents"] = [person.pk for person in agents.filter(teams=self.instance)]
