"""How much each agent takes from the queues."""

from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.db.models import OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from helpdesk.accounts.models import User
from helpdesk.accounts.roles import Permission, roles_with
from helpdesk.backoffice.forms import OperationForm
from helpdesk.backoffice.model_admin import OperationsAdmin
from helpdesk.tickets.admin.catalog_forms import offer
from helpdesk.tickets.models import Workload
from helpdesk.tickets.operations.workloads import update_workload
from helpdesk.tickets.workloads import MOST_TAKEN, LoadOf


class WorkloadForm(OperationForm):
    capacity = forms.IntegerField(
        label=_("Takes"),
        min_value=0,
        max_value=MOST_TAKEN,
        required=False,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=_("So many unsolved tickets at most. Empty: as many as everybody (AGENT_CAPACITY)."),
    )

    class Meta:
        model = Workload
        fields = ("user", "capacity", "available")
        labels: ClassVar[dict[str, Any]] = {"user": _("Agent"), "available": _("There")}
        help_texts: ClassVar[dict[str, Any]] = {"available": _("Who is away gets nothing from the queues.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "user" in self.fields:
            without = User.objects.who_may(Permission.BE_ASSIGNED).filter(workload=None)
            offer(self.fields["user"], without.order_by("username"))
            self.fields["user"].required = True


class WorkloadAdmin(OperationsAdmin):
    """An agent who is not here takes as many as everybody: a row is made when that is to be otherwise."""

    may_add = may_change = True
    form = WorkloadForm
    fields = ("user", "capacity", "available")
    list_display = ("agent", "is_there", "open_tickets", "takes")
    search_fields = ("user__username",)
    ordering = ("user__username",)
    sortable_by = ()

    def get_queryset(self, request: Any) -> QuerySet[Workload]:  # noqa: ARG002
        agents = Workload.objects.select_related("user").filter(user__role__in=roles_with(Permission.BE_ASSIGNED))
        return agents.annotate(load=LoadOf(OuterRef("user"))).order_by(*self.ordering)

    def get_readonly_fields(self, request: Any, obj: Any = None) -> tuple[str, ...]:  # noqa: ARG002
        return () if obj is None else ("agent", "open_tickets")

    def get_fields(self, request: Any, obj: Any = None) -> Any:  # noqa: ARG002
        return self.fields if obj is None else ("agent", "open_tickets", "capacity", "available")

    def create(self, request: Any, values: dict[str, Any]) -> Workload:
        agent = values.pop("user")
        return update_workload(by=request.user, user_id=agent.pk, changes=values, now=timezone.now())

    def update(self, request: Any, row: Any, changes: dict[str, Any]) -> None:
        update_workload(by=request.user, user_id=row.pk, changes=changes, now=timezone.now())

    @display(description=_("Agent"))
    def agent(self, workload: Workload) -> User:
        return workload.user

    @display(description=_("There"), boolean=True)
    def is_there(self, workload: Workload) -> bool:
        return workload.available

    @display(description=_("Unsolved tickets"))
    def open_tickets(self, workload: Any) -> int:
        return int(workload.load)

    @display(description=_("Takes"))
    def takes(self, workload: Workload) -> int:
        return int(settings.AGENT_CAPACITY) if workload.capacity is None else workload.capacity
