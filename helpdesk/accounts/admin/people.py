"""The list of people, and one person's page."""

from typing import Any, Final

from django.contrib import admin
from django.contrib.auth import update_session_auth_hash
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from helpdesk.accounts.admin.forms import NewPersonForm, PersonForm
from helpdesk.accounts.models import TotpDevice, User
from helpdesk.accounts.operations import second_factor, users
from helpdesk.accounts.queries import managed_by
from helpdesk.accounts.roles import Role
from helpdesk.accounts.second_factor import is_offered
from helpdesk.backoffice.filters import ChoiceFilter, YesNoFilter
from helpdesk.backoffice.model_admin import OperationsAdmin

_REMOVE: Final = "remove_second_factor"


class RoleFilter(ChoiceFilter):
    title = _("role")
    parameter_name = "role"
    options = Role.choices


class ActiveFilter(YesNoFilter):
    title = _("active")
    parameter_name = "is_active"


class PeopleAdmin(OperationsAdmin):
    may_add = may_change = True
    subject_kind = "user"
    form = PersonForm
    list_display = ("username", "shown_name", "shown_email", "shown_role", "shown_active", "since")
    list_display_links = ("username",)
    list_filter = (RoleFilter, ActiveFilter)
    search_fields = ("username", "name", "email")
    ordering = ("username",)
    sortable_by = ("username", "shown_name", "since")
    readonly_fields = ("email_verified", "date_joined", "last_login")
    fieldsets = (
        (None, {"fields": ("name", "email", "email_verified", "role", "is_active")}),
        (_("Profile"), {"fields": ("language", "phone", "timezone")}),
        (_("Signing in"), {"fields": ("new_password", "date_joined", "last_login")}),
    )
    add_fieldsets = ((None, {"fields": ("username", "new_password", "name", "email", "role", "language")}),)

    def get_fieldsets(self, request: Any, obj: Any = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if not self._second_factor_is_removable(request, obj):
            return fieldsets
        *others, (title, options) = fieldsets
        return [*others, (title, {**options, "fields": (*options["fields"], _REMOVE)})]

    def get_queryset(self, request: Any) -> QuerySet[User]:
        return managed_by(request.user).order_by(*self.ordering)

    def get_form(self, request: Any, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002
        if obj is None:
            kwargs["form"] = NewPersonForm
        form = super().get_form(request, obj, change, **kwargs)
        if not self._second_factor_is_removable(request, obj):
            form.base_fields.pop(_REMOVE, None)
        return form

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:  # noqa: ARG002
        return () if obj is None else self.readonly_fields

    def create(self, request: Any, values: dict[str, Any]) -> Model:
        password = values.pop("new_password")
        return users.create_user(by=request.user, password=password, now=timezone.now(), **values)

    def update(self, request: Any, row: Any, changes: dict[str, Any]) -> None:
        now, password = timezone.now(), changes.pop("new_password", "")
        if changes.pop(_REMOVE, False):
            second_factor.remove(by=request.user, user_id=row.pk, now=now)
        if changes:
            users.update_user(by=request.user, user_id=row.pk, changes=changes, now=now)
        if password:
            user = users.set_password(by=request.user, user_id=row.pk, password=password, now=now)
            if user == request.user:
                # Everybody is signed out by it, but who typed it just now.
                update_session_auth_hash(request, user)

    def _second_factor_is_removable(self, request: Any, person: User | None) -> bool:
        """Of others; the own one is turned off with a code."""
        if person is None or person == request.user or not is_offered():
            return False
        if not hasattr(person, "has_second_factor"):
            person.has_second_factor = TotpDevice.objects.filter(user=person).exists()  # type: ignore[attr-defined]
        return bool(person.has_second_factor)  # type: ignore[attr-defined]

    @display(description=_("Name"), ordering="name")
    def shown_name(self, user: User) -> str:
        return user.name

    @display(description=_("E-mail address"))
    def shown_email(self, user: User) -> str:
        return user.email

    @display(description=_("Role"), label={Role.ADMIN: "danger", Role.AGENT: "info", Role.CUSTOMER: ""})
    def shown_role(self, user: User) -> tuple[str, str]:
        return user.role, user.get_role_display()

    @display(description=_("Active"), boolean=True)
    def shown_active(self, user: User) -> bool:
        return user.is_active

    @admin.display(description=_("Since"), ordering="date_joined")
    def since(self, user: User) -> Any:
        return user.date_joined.date()
