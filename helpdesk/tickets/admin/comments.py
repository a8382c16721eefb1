"""The comments on a ticket's page."""

import re
from contextlib import suppress
from typing import Any, Final

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.admin import StackedInline
from unfold.decorators import display
from unfold.forms import PaginationInlineFormSet

from helpdesk.accounts.models import User
from helpdesk.backoffice.forms import ID
from helpdesk.backoffice.looks import moment
from helpdesk.core.errors import PreconditionFailed
from helpdesk.tickets.admin.belongings import door
from helpdesk.tickets.admin.forms import CommentForm
from helpdesk.tickets.models import Comment, Ticket
from helpdesk.tickets.operations.comments import CommentNotFound, add_comment, delete_comment, edit_comment
from helpdesk.tickets.operations.versions import Outdated


class CommentChanged(PreconditionFailed):
    """In another window: only its author edits it."""

    def __init__(self) -> None:
        super().__init__(_("You have changed a comment since you opened the page. Load it again."))


# The theme would make numbers of "²" and of thousands of digits.
_PAGE: Final = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)


class CommentFormSet(PaginationInlineFormSet):
    """A page of comments; sent back, it is of those that it showed, whatever has come or gone meanwhile.

    One that came moves the others to the next page, and one that went is missing: neither is a reason to refuse the
    rest. Whoever wants to change what is gone hears it from the operation.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.is_bound:
            shown = Comment.objects.filter(ticket=self.instance, pk__in=self._shown())
            self._queryset = shown.select_related("author")

    def _shown(self) -> list[str]:
        forms = range(min(self.initial_form_count(), self.total_form_count()))
        ids = (self.data.get(f"{self.add_prefix(form)}-id", "") for form in forms)
        return [pk for pk in ids if ID.fullmatch(pk)]

    def get_page_num(self) -> int:
        key = self.get_pagination_key()
        asked = [sent.get(key, "") for sent in (self.request.GET, self.request.POST)]
        return next((int(number) for number in asked if _PAGE.fullmatch(number)), 1)


class CommentInline(StackedInline):
    """Newest first, since a page of them is shown."""

    model = Comment
    fk_name = "ticket"
    form = CommentForm
    formset = CommentFormSet
    fields = ("said_by", "content", "is_internal", "version")
    readonly_fields = ("said_by",)
    ordering = ("-created_at", "-id")
    extra = 0
    per_page = 30
    hide_title = False
    # The one whose page it is; an inline lives for one request.
    ticket: Any = None

    def get_queryset(self, request: Any) -> QuerySet[Comment]:
        return Comment.objects.of_sight(request.user).select_related("author").order_by(*self.ordering)

    def get_formset(self, request: Any, obj: Any = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, **kwargs)
        formset.form.reader = request.user
        self.ticket = obj
        return formset

    def has_view_permission(self, request: Any, obj: Any = None) -> bool:  # noqa: ARG002
        return bool(self.admin_site.has_permission(request))

    def has_add_permission(self, request: Any, obj: Any = None) -> bool:
        return self._is_alive(request, obj)

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        return self._is_alive(request, obj)

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        return self._is_alive(request, obj)

    def _is_alive(self, request: Any, ticket: Ticket | None) -> bool:
        return self.has_view_permission(request) and (ticket is None or ticket.deleted_at is None)

    @display(description=_("Said by"))
    def said_by(self, comment: Comment) -> str:
        if comment._state.adding:  # noqa: SLF001 - Django documents it
            return "-"
        said = f"{comment.author.username}, {moment(comment.created_at)}"
        return format_html("{} {}", said, door("split", self.ticket, comment.pk, _("Split off")))


def save(formset: Any, *, ticket: Ticket, by: User) -> None:
    """What was typed into the inline, by the operations."""
    now = timezone.now()
    gone = formset.deleted_forms
    for form in gone:
        if form.instance.pk is not None:
            with suppress(CommentNotFound):  # somebody else was faster
                delete_comment(by=by, comment_id=form.instance.pk, now=now)
    for form in formset.forms:
        if form in gone or not form.has_changed():
            continue
        content = form.cleaned_data["content"]
        if form.instance.pk is not None:
            shown = form.instance.version
            try:
                edit_comment(by=by, comment_id=form.instance.pk, content=content, now=now, if_version=shown)
            except Outdated:
                raise CommentChanged from None
        elif form in formset.initial_forms:
            raise CommentNotFound  # one of another ticket
        else:
            is_internal = form.cleaned_data["is_internal"]
            add_comment(by=by, ticket_id=ticket.pk, content=content, is_internal=is_internal, now=now)
