"""What is done to one ticket on a page of its own. A link leads to the page; it is done by the form that is sent there.

A deed is a line of `DEEDS`: what it asks, and which operation does it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from helpdesk.accounts.models import User
from helpdesk.backoffice.forms import ID, refuse
from helpdesk.core.errors import DomainError, NotFound
from helpdesk.core.integers import LARGEST_INTEGER
from helpdesk.files import receiving
from helpdesk.files.receiving import Incoming
from helpdesk.tickets import queries
from helpdesk.tickets.admin.belongings import KINDS
from helpdesk.tickets.models import TITLE_LENGTH, Attachment, Comment, Ticket, TicketLink
from helpdesk.tickets.operations import attachments, links, merges, splits
from helpdesk.tickets.operations import tickets as operations


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Who wants what: of which ticket, of which row on it, with what was typed."""

    by: User
    ticket: Ticket
    row: Any
    values: dict[str, Any]
    now: datetime


def _is_whole(ticket: Ticket) -> bool:
    return ticket.merged_into_id is None


@dataclass(frozen=True, kw_only=True)
class Deed:
    title: Any
    note: Any
    icon: str
    # Returns the id of the ticket whose page comes next.
    do: Callable[[Asked], int]
    form: type[forms.Form] = forms.Form
    # Of what on the ticket, for `?which=`; such a deed stands beside each of these, not above the page.
    rows: Callable[[User, Ticket], QuerySet[Any]] | None = None
    # Of which tickets it makes sense. The operation is the judge; this is what is offered.
    fits: Callable[[Ticket], bool] = _is_whole


# --- what is asked ---------------------------------------------------------------------------------------------------


def _number(label: Any) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        min_value=1,
        max_value=LARGEST_INTEGER,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=_("The number of the ticket."),
    )


class MergeForm(forms.Form):
    into = _number(_("Into"))


class LinkForm(forms.Form):
    kind = forms.ChoiceField(label=_("This ticket is"), choices=list(KINDS.items()), widget=UnfoldAdminSelectWidget)
    ticket = _number(_("Other ticket"))


class SplitForm(forms.Form):
    title = forms.CharField(
        label=_("Title"),
        max_length=TITLE_LENGTH,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Without one, the beginning of the comment."),
    )


class AttachForm(forms.Form):
    file = forms.FileField(label=_("File"), widget=UnfoldAdminFileFieldWidget)


# --- which operation does it -----------------------------------------------------------------------------------------


def _claim(asked: Asked) -> int:
    return operations.claim_ticket(by=asked.by, ticket_id=asked.ticket.pk, now=asked.now).pk


def _merge(asked: Asked) -> int:
    merges.merge_ticket(by=asked.by, ticket_id=asked.ticket.pk, now=asked.now, **asked.values)
    return int(asked.values["into"])


def _unmerge(asked: Asked) -> int:
    return merges.unmerge_ticket(by=asked.by, ticket_id=asked.ticket.pk, now=asked.now).pk


def _split(asked: Asked) -> int:
    title = asked.values["title"] or None
    ticket = splits.split_comment(
        by=asked.by, ticket_id=asked.ticket.pk, comment_id=asked.row.pk, title=title, now=asked.now
    )
    return ticket.pk


def _link(asked: Asked) -> int:
    kind, other = asked.values["kind"], asked.values["ticket"]
    links.link_tickets(by=asked.by, ticket_id=asked.ticket.pk, kind=kind, other_id=other, now=asked.now)
    return asked.ticket.pk


def _unlink(asked: Asked) -> int:
    links.unlink_tickets(by=asked.by, link_id=asked.row.pk, now=asked.now)
    return asked.ticket.pk


def _attach(asked: Asked) -> int:
    sent = asked.values["file"]
    incoming = Incoming(filename=sent.name, announced=sent.content_type or "")
    try:
        for piece in sent.chunks():
            incoming.write(piece)
        with receiving.check(incoming) as file:
            attachments.attach(by=asked.by, ticket_id=asked.ticket.pk, file=file, now=asked.now)
    finally:
        incoming.close()
    return asked.ticket.pk


def _detach(asked: Asked) -> int:
    attachments.delete_attachment(by=asked.by, attachment_id=asked.row.pk, now=asked.now)
    return asked.ticket.pk


# --- what it is about ------------------------------------------------------------------------------------------------


def _comments(user: User, ticket: Ticket) -> QuerySet[Comment]:
    return Comment.objects.of_sight(user).filter(ticket=ticket).select_related("author")


def _links(user: User, ticket: Ticket) -> QuerySet[TicketLink]:
    return queries.links_of(ticket.pk, user=user).select_related("source", "target")


def _files(user: User, ticket: Ticket) -> QuerySet[Attachment]:
    return Attachment.objects.of_sight(user).filter(ticket=ticket)


DEEDS: Final[dict[str, Deed]] = {
    "claim": Deed(
        title=_("Claim"),
        note=_("The ticket becomes yours, unless somebody else has been faster."),
        icon="front_hand",
        do=_claim,
        fits=lambda ticket: _is_whole(ticket) and ticket.assigned_to_id is None,
    ),
    "link": Deed(
        title=_("Link"),
        note=_("The other ticket says so too."),
        icon="link",
        form=LinkForm,
        do=_link,
        fits=lambda _ticket: True,
    ),
    "attach": Deed(
        title=_("Attach a file"),
        note=_("Whoever sees the ticket sees the file."),
        icon="attach_file",
        form=AttachForm,
        do=_attach,
    ),
    "merge": Deed(
        title=_("Merge"),
        note=_("This ticket is closed. Its comments and files go to the other one, which must be of the same person."),
        icon="call_merge",
        form=MergeForm,
        do=_merge,
    ),
    "unmerge": Deed(
        title=_("Undo the merge"),
        note=_("This ticket gets back its comments, its files and its status. What came to the other since stays."),
        icon="call_split",
        do=_unmerge,
        fits=lambda ticket: not _is_whole(ticket),
    ),
    "split": Deed(
        title=_("Split off"),
        note=_("The comment goes to a new ticket, for the same person. From a note it is your own ticket."),
        icon="call_split",
        form=SplitForm,
        rows=_comments,
        do=_split,
    ),
    "unlink": Deed(
        title=_("Take the link back"),
        note=_("It goes from both tickets."),
        icon="link_off",
        rows=_links,
        do=_unlink,
    ),
    "detach": Deed(
        title=_("Delete the file"),
        note=_("Nobody can download it any more."),
        icon="delete",
        rows=_files,
        do=_detach,
    ),
}


def offered(ticket: Ticket) -> list[str]:
    """Above its page. Of a deleted one, nothing."""
    if ticket.deleted_at is not None:
        return []
    return [name for name, deed in DEEDS.items() if deed.rows is None and deed.fits(ticket)]


def page_of(name: str) -> Any:
    """A method of the admin of tickets."""
    deed = DEEDS[name]

    def page(admin: Any, request: HttpRequest, object_id: str) -> HttpResponseBase:
        return _answer(admin, deed, request, object_id)

    page.__name__ = name
    return action(description=deed.title, url_path=name, icon=deed.icon)(page)


def _answer(admin: Any, deed: Deed, request: Any, object_id: str) -> HttpResponseBase:
    ticket = admin.get_object(request, unquote(object_id))
    if ticket is None:
        raise Http404
    if not admin.has_change_permission(request, ticket):
        raise PermissionDenied
    row = row_of(deed.rows(request.user, ticket), request) if deed.rows else None
    form = deed.form(request.POST, request.FILES) if request.method == "POST" else deed.form()
    if form.is_valid():
        asked = Asked(by=request.user, ticket=ticket, row=row, values=form.cleaned_data, now=timezone.now())
        try:
            return _to(deed.do(asked))
        except NotFound as gone:
            admin.message_user(request, str(gone.detail), messages.ERROR)
            return _to(ticket.pk)
        except DomainError as refusal:
            refuse(form, refusal)
    context = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "media": admin.media,
        "title": deed.title,
        "subtitle": str(ticket),
        "ticket": ticket,
        "row": row,
        "note": deed.note,
        "form": form,
    }
    return TemplateResponse(request, "admin/tickets/deed.html", context)


def row_of(rows: QuerySet[Any], request: Any) -> Any:
    which = request.GET.get("which", "")
    row = rows.filter(pk=which).first() if ID.fullmatch(which) else None
    if row is None:
        raise Http404
    return row


def _to(ticket_id: int) -> HttpResponseBase:
    return HttpResponseRedirect(reverse("admin:tickets_ticket_change", args=[ticket_id]))
