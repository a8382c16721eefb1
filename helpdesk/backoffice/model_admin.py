"""The base of everything in the admin: it shows rows, and changes them by operations only."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin import ShowFacets
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from unfold.admin import ModelAdmin

from helpdesk.backoffice.forms import ID, OperationForm
from helpdesk.backoffice.paging import CappedPaginator
from helpdesk.core.errors import DomainError, NotFound


class OperationsAdmin(ModelAdmin):
    """Read-only, unless a subclass says `may_…` and which operation does it.

    Who may enter the site may do all that is offered here: Django's own tables of permissions stay empty.
    """

    may_add: ClassVar[bool] = False
    may_change: ClassVar[bool] = False
    may_delete: ClassVar[bool] = False
    # What events about these rows call them ("ticket"); with it, "History" leads there.
    subject_kind: ClassVar[str] = ""

    form = OperationForm
    paginator = CappedPaginator
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    list_per_page = 50
    # What is done to many is done to a page of them.
    list_disable_select_all = True

    # The operations, where a subclass says that it may.
    create: Callable[[HttpRequest, dict[str, Any]], Model]
    update: Callable[[HttpRequest, Any, dict[str, Any]], None]
    remove: Callable[[HttpRequest, Any], None]

    # --- who may ---------------------------------------------------------------------------------

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return bool(self.admin_site.has_permission(request))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.may_add and self.has_view_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may_change and self.has_view_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may_delete and self.has_view_permission(request, obj)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:  # noqa: ARG002
        """Only what the page offers: `?title__regex=…` is a question of one's own to the database."""
        return lookup in {getattr(offered, "parameter_name", None) for offered in self.list_filter}

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        # A list refuses NUL by itself, the choice of a person in a form does not.
        found: tuple[Any, bool] = super().get_search_results(request, queryset, search_term.replace("\0", ""))
        return found

    # --- changes are operations ------------------------------------------------------------------

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        if not change:
            obj.__dict__.update(vars(self.create(request, form.cleaned_data)))
        elif changes := {name: form.cleaned_data[name] for name in form.changed_data}:
            self.update(request, obj, changes)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self.remove(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for row in queryset:
            try:
                self.remove(request, row)
            except NotFound:
                continue  # somebody else was faster

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        """Never on all that a list has: that may be a million, of which nobody has seen more than a page."""
        asked = request.POST.copy()
        asked["select_across"] = "0"
        chosen = [pk for pk in asked.getlist(ACTION_CHECKBOX_NAME) if ID.fullmatch(pk)]
        asked.setlist(ACTION_CHECKBOX_NAME, chosen)
        request.POST = asked  # type: ignore[assignment]
        try:
            return super().response_action(request, queryset)
        except DomainError as refusal:
            self.message_user(request, str(refusal.detail), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    # --- what they refuse ------------------------------------------------------------------------

    def changeform_view(
        self,
        request: Any,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except DomainError as refusal:
            # All of it is rolled back. The page comes again, with what was typed and why it cannot be.
            request.refusal = refusal
            return super().changeform_view(request, object_id, form_url, extra_context)

    def get_form(self, request: Any, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002
        form = super().get_form(request, obj, change, **kwargs)
        form.refusal = getattr(request, "refusal", None)
        return form

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> Any:
        try:
            return super().delete_view(request, object_id, extra_context)
        except DomainError as refusal:
            self.message_user(request, str(refusal.detail), messages.ERROR)
            return HttpResponseRedirect(reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"))

    def get_deleted_objects(
        self,
        objs: Any,
        request: HttpRequest,  # noqa: ARG002
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Named on the page that asks once more. Django's own would gather every row that hangs on them."""
        return [str(row) for row in objs], {str(self.opts.verbose_name_plural): len(objs)}, set(), []

    # --- what happened is in the events ----------------------------------------------------------

    def log_addition(self, *_: Any) -> None:
        pass

    def log_change(self, *_: Any) -> None:
        pass

    def log_deletions(self, *_: Any) -> None:
        pass

    def construct_change_message(self, *_: Any) -> list[Any]:
        return []

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:  # noqa: ARG002
        if not self.subject_kind:
            raise Http404
        return HttpResponseRedirect(
            f"{reverse('admin:events_eventrecord_changelist')}?q={self.subject_kind}:{object_id}"
        )

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        context["show_history"] = bool(self.subject_kind)
        return super().render_change_form(request, context, *args, **kwargs)

    def tell(self, request: HttpRequest, sentence: str, count: int) -> None:
        """What an action on several rows has done."""
        self.message_user(request, sentence % {"count": count}, messages.SUCCESS if count else messages.WARNING)
