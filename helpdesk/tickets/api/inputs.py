"""What a client may send. An input never writes; unknown and read-only members are ignored."""

from collections.abc import Mapping
from typing import Any, Final

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request

from helpdesk.accounts.api.caller import caller
from helpdesk.accounts.roles import Permission
from helpdesk.api import problems
from helpdesk.api.fields import Flag, Id, Text
from helpdesk.core.errors import Forbidden
from helpdesk.tickets.api import examples
from helpdesk.tickets.enums import Priority, Status
from helpdesk.tickets.models import LONGEST_TEXT, TITLE_LENGTH


@extend_schema_serializer(
    examples=[
        OpenApiExample("A customer's", value=examples.WRITTEN),
        OpenApiExample("An agent's, on behalf of a customer", value=examples.ASSIGNED),
    ]
)
class OpenTicketInput(serializers.Serializer):
    title = Text(max_length=TITLE_LENGTH)
    description = Text(max_length=LONGEST_TEXT)
    priority = serializers.ChoiceField(choices=Priority.choices, default=Priority.MEDIUM)
    assigned_to = Id(required=False, allow_null=True, help_text="An agent's id. Agents only.")
    created_by = Id(required=False, allow_null=True, help_text="Open it on behalf of this user. Agents only.")


@extend_schema_serializer(examples=[OpenApiExample("All of it", value=examples.WHOLE)])
class EditTicketInput(serializers.Serializer):
    """PUT wants the first four; PATCH whichever it names."""

    title = Text(max_length=TITLE_LENGTH)
    description = Text(max_length=LONGEST_TEXT)
    status = serializers.ChoiceField(choices=Status.choices)
    priority = serializers.ChoiceField(choices=Priority.choices)
    assigned_to = Id(required=False, allow_null=True)


@extend_schema_serializer(
    examples=[
        OpenApiExample("A comment", value={"content": examples.COMMENT["content"]}),
        OpenApiExample("An internal note", value={"content": examples.NOTE["content"], "is_internal": True}),
    ]
)
class AddCommentInput(serializers.Serializer):
    content = Text(max_length=LONGEST_TEXT)
    is_internal = Flag(default=False, help_text="An internal note. Agents only.")


@extend_schema_serializer(
    examples=[OpenApiExample("A comment", value={"ticket": 7, "content": examples.COMMENT["content"]})]
)
class AddCommentToInput(AddCommentInput):
    ticket = Id()


@extend_schema_serializer(examples=[OpenApiExample("Another text", value={"content": "Sand helps too."})])
class EditCommentInput(serializers.Serializer):
    content = Text(max_length=LONGEST_TEXT)


class AttachInput(serializers.Serializer):
    """A form, `multipart/form-data`: see `api/uploads.py`."""

    file = serializers.FileField(help_text="One, of one of the kinds that are taken.")
    comment = Id(required=False, help_text="Hang it on this comment of one's own on the ticket.")


# Fields that a role may not set are 403, before the body is judged; null and false set nothing.
RESTRICTED: Final[Mapping[str, Permission]] = {
    "assigned_to": Permission.EDIT_TICKET,
    "created_by": Permission.OPEN_TICKET_FOR_OTHERS,
    "is_internal": Permission.WRITE_NOTE,
}


def validated(input_type: type[serializers.Serializer], request: Request, *, partial: bool = False) -> dict[str, Any]:
    """The checked members of the body; raises 403 before 400."""
    body: Any = request.data
    for field, permission in RESTRICTED.items():
        if field in input_type().fields and body.get(field) and not caller(request).may(permission):
            raise Forbidden(problems.forbidden().detail)
    data = input_type(data=body, partial=partial)
    data.is_valid(raise_exception=True)
    values: dict[str, Any] = data.validated_data
    return values
