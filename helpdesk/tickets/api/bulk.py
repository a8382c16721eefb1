"""`POST /api/tickets/bulk/`: one change to many tickets."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from helpdesk.accounts.api.caller import caller
from helpdesk.accounts.roles import Permission
from helpdesk.api.errors import problem_for
from helpdesk.api.fields import Flag, Id
from helpdesk.api.schema import PROBLEM_REFERENCE, problem, refusals
from helpdesk.api.views import ApiView
from helpdesk.tickets.api import examples
from helpdesk.tickets.api.inputs import EditTicketInput, validated
from helpdesk.tickets.operations.bulk_changes import MOST, Outcome, change_tickets

ATOMIC: Final = "atomic"
INDEPENDENT: Final = "independent"


def _fault(message: str, code: str) -> list[serializers.ErrorDetail]:
    return [serializers.ErrorDetail(message, code=code)]


@extend_schema_field(EditTicketInput(partial=True))
class Changes(serializers.DictField):
    """As a PATCH, but nothing in it is ignored: what was misspelt would be missed in five hundred tickets."""

    def run_child_validation(self, data: Mapping[str, Any]) -> dict[str, Any]:
        fields = EditTicketInput(data=data, partial=True)
        unknown = data.keys() - fields.fields.keys()
        if unknown:
            message = _("There is no such field to change.")
            raise serializers.ValidationError({name: _fault(message, "unknown_field") for name in sorted(unknown)})
        fields.is_valid(raise_exception=True)
        values: dict[str, Any] = fields.validated_data
        return values


_BULK: Final = {
    "mode": ATOMIC,
    "ids": [7, 8],
    "changes": {"status": "resolved", "assigned_to": examples.ASSIGNED["assigned_to"]},
    "if_match": {"7": 3},
}


@extend_schema_serializer(examples=[OpenApiExample("All or none", value=_BULK)])
class BulkInput(serializers.Serializer):
    mode = serializers.ChoiceField(
        choices=[ATOMIC, INDEPENDENT], help_text="`atomic`: all of them or none; `independent`: each by itself."
    )
    dry_run = Flag(default=False, help_text="Only say what would become of each.")
    ids = serializers.ListField(child=Id(), allow_empty=False, max_length=MOST, help_text="Each of them once.")
    changes = Changes(allow_empty=False, help_text="As in a PATCH; an unknown field is refused.")
    if_match = serializers.DictField(
        child=Id(), default=dict, help_text="By id, the version for which the change is meant; of all or of some."
    )

    def validate_ids(self, ids: list[int]) -> list[int]:
        first = {pk: index for index, pk in reversed(list(enumerate(ids)))}
        message = _("Name each ticket once.")
        twice: dict[Any, Any] = {
            index: _fault(message, "duplicate") for index, pk in enumerate(ids) if first[pk] != index
        }
        if twice:
            raise serializers.ValidationError(twice)
        return ids

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        known = {str(pk): pk for pk in values["ids"]}
        message = _("This is none of the ids.")
        strange = {name: _fault(message, "invalid_choice") for name in values["if_match"] if name not in known}
        if strange:
            raise serializers.ValidationError({"if_match": strange})
        return values | {"if_match": {known[name]: version for name, version in values["if_match"].items()}}


@extend_schema_field(PROBLEM_REFERENCE)
class ProblemField(serializers.DictField):
    """What a request for this ticket alone would have been answered."""


class BulkItemOutput(serializers.Serializer):
    id = serializers.IntegerField()
    status = serializers.IntegerField(help_text="As the answer to a PATCH of this one alone: 200, 404, 409 or 412.")
    version = serializers.IntegerField(required=False, help_text="Afterwards; in a dry run, as it would be.")
    problem = ProblemField(required=False)


_STALE: Final = problem(
    412,
    "precondition_failed",
    "Somebody has changed it meanwhile. Read it again.",
    current_version=4,
    conflicting_fields=["status"],
)
_NOT_COMMITTED: Final = problem(409, "not_committed", "Another ticket cannot be changed, so this one was not either.")
_ALL: Final = {"committed": True, "results": [{"id": 7, "status": 200, "version": 4}]}
_NONE: Final = {
    "committed": False,
    "results": [
        {"id": 7, "status": 412, "problem": _STALE},
        {"id": 8, "status": 409, "problem": _NOT_COMMITTED},
    ],
}
_UNKNOWN_FIELD: Final = problem(
    400,
    "invalid",
    "Some fields are wrong.",
    errors=[{"field": "changes.prioritty", "code": "unknown_field", "message": "There is no such field to change."}],
)


@extend_schema_serializer(
    examples=[OpenApiExample("Changed", value=_ALL), OpenApiExample("None of them changed", value=_NONE)]
)
class BulkOutput(serializers.Serializer):
    committed = serializers.BooleanField(help_text="Whether those with status 200 are as they were to be.")
    results = BulkItemOutput(many=True, help_text="In the order of the ids.")


class BulkView(ApiView):
    permissions: ClassVar[dict[str, str | None]] = {"post": Permission.EDIT_TICKET}

    @extend_schema(
        summary="Change many tickets",
        description=(
            "Up to 500 at once, each with a result of its own; a ticket that the caller cannot see is 404 there. "
            "Agents only."
        ),
        operation_id="tickets_bulk",
        request=BulkInput,
        responses={200: BulkOutput} | refusals(_UNKNOWN_FIELD),
    )
    def post(self, request: Request) -> Response:
        values = validated(BulkInput, request)
        result = change_tickets(
            by=caller(request),
            ticket_ids=values["ids"],
            changes=values["changes"],
            now=timezone.now(),
            all_or_none=values["mode"] == ATOMIC,
            dry_run=values["dry_run"],
            if_versions=values["if_match"],
        )
        return Response({"committed": result.committed, "results": [_item(outcome) for outcome in result.outcomes]})


def _item(outcome: Outcome) -> dict[str, Any]:
    refused = problem_for(outcome.refusal)
    if refused:
        return {"id": outcome.ticket_id, "status": refused.status, "problem": refused.body()}
    return {"id": outcome.ticket_id, "status": 200, "version": outcome.version}
