"""What a client may send. An input never writes; unknown and read-only members are ignored."""

from collections.abc import Mapping
from typing import Any, Final

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request

from helpdesk.accounts.api.caller import caller
from helpdesk.accounts.roles import Permission
from helpdesk.api import problems
from helpdesk.api.fields import Flag, Id, Number, Text
from helpdesk.core.errors import Forbidden
from helpdesk.core.integers import LARGEST_INTEGER
from helpdesk.tickets.api import examples
from helpdesk.tickets.enums import LINKS_AS_SEEN, Priority, Status
from helpdesk.tickets.models import LONGEST_TEXT, TITLE_LENGTH
from helpdesk.tickets.models.catalog import NAME_LENGTH
from helpdesk.tickets.workloads import MOST_TAKEN

# More are no help to anybody who reads a list.
MOST_TAGS: Final = 50


class Tags(serializers.ListField):
    """Names of tags that there are, in whichever case."""

    def __init__(self, **kwargs: Any) -> None:
        help_text = "Names of tags that there are. These are all that it bears."
        super().__init__(child=Text(max_length=NAME_LENGTH), max_length=MOST_TAGS, help_text=help_text, **kwargs)


@extend_schema_serializer(
    examples=[
        OpenApiExample("A customer's", value=examples.WRITTEN),
        OpenApiExample("With a category and tags", value=examples.FILED),
        OpenApiExample("An agent's, on behalf of a customer", value=examples.ASSIGNED),
    ]
)
class OpenTicketInput(serializers.Serializer):
    title = Text(max_length=TITLE_LENGTH)
    description = Text(max_length=LONGEST_TEXT)
    priority = serializers.ChoiceField(
        choices=Priority.choices, required=False, help_text="Its category's, or medium, unless you say."
    )
    category = Id(required=False, allow_null=True, help_text="A category's id.")
    tags = Tags(required=False)
    team = Id(required=False, allow_null=True, help_text="A team's id; its category's unless you say. Agents only.")
    assigned_to = Id(required=False, allow_null=True, help_text="An agent's id. Agents only.")
    created_by = Id(required=False, allow_null=True, help_text="Open it on behalf of this user. Agents only.")
    follow_up_of = Id(
        required=False, allow_null=True, help_text="A closed ticket of the same person that this one takes up again."
    )


@extend_schema_serializer(examples=[OpenApiExample("All of it", value=examples.WHOLE)])
class EditTicketInput(serializers.Serializer):
    """PUT wants the first four; PATCH whichever it names."""

    title = Text(max_length=TITLE_LENGTH)
    description = Text(max_length=LONGEST_TEXT)
    status = serializers.ChoiceField(choices=Status.choices)
    priority = serializers.ChoiceField(choices=Priority.choices)
    assigned_to = Id(required=False, allow_null=True)
    category = Id(required=False, allow_null=True, help_text="Another one brings its team along.")
    tags = Tags(required=False)
    team = Id(required=False, allow_null=True, help_text="In whose queue it stands.")


@extend_schema_serializer(
    examples=[
        OpenApiExample("A comment", value={"content": examples.COMMENT["content"]}),
        OpenApiExample("An internal note", value={"content": examples.NOTE["content"], "is_internal": True}),
    ]
)
class AddCommentInput(serializers.Serializer):
    content = Text(max_length=LONGEST_TEXT)
    is_internal = Flag(default=False, help_text="An internal note. Agents only.")
    seen_version = Number(
        required=False,
        min_value=0,
        max_value=LARGEST_INTEGER,
        help_text="The id of the newest comment that the caller has read; 0: none. If there are newer ones: 409.",
    )
    force = Flag(default=False, help_text="Say it all the same.")


@extend_schema_serializer(
    examples=[OpenApiExample("A comment", value={"ticket": 7, "content": examples.COMMENT["content"]})]
)
class AddCommentToInput(AddCommentInput):
    ticket = Id()


@extend_schema_serializer(
    examples=[
        OpenApiExample("A reply", value={"content": examples.DRAFT["content"]}),
        OpenApiExample("An internal note", value={"content": examples.NOTE["content"], "is_internal": True}),
    ]
)
class SaveDraftInput(serializers.Serializer):
    """A text that is not finished may be empty."""

    content = Text(max_length=LONGEST_TEXT, allow_blank=True)
    is_internal = Flag(default=False, help_text="It will be an internal note. Agents only.")


@extend_schema_serializer(examples=[OpenApiExample("Another text", value={"content": "Sand helps too."})])
class EditCommentInput(serializers.Serializer):
    content = Text(max_length=LONGEST_TEXT)


@extend_schema_serializer(examples=[OpenApiExample("Take it from somebody", value={"steal": True})])
class ClaimInput(serializers.Serializer):
    steal = Flag(default=False, help_text="Also if somebody has it.")


@extend_schema_serializer(examples=[OpenApiExample("To a colleague", value={"user": 3})])
class AssignInput(serializers.Serializer):
    user = Id(help_text="An active agent's id.")


@extend_schema_serializer(
    examples=[
        OpenApiExample("Away", value={"available": False}),
        OpenApiExample("Less than others, by an admin", value={"capacity": 5}),
    ]
)
class WorkloadInput(serializers.Serializer):
    available = Flag(help_text="Whether the queues give out to this agent.")
    capacity = serializers.IntegerField(
        min_value=0,
        max_value=MOST_TAKEN,
        allow_null=True,
        help_text="So many unsolved tickets at most; null: `AGENT_CAPACITY`. Admins only.",
    )


@extend_schema_serializer(examples=[OpenApiExample("A duplicate", value=examples.LINKING)])
class TicketLinkInput(serializers.Serializer):
    kind = serializers.ChoiceField(choices=list(LINKS_AS_SEEN), help_text="As the ticket in the address sees it.")
    ticket = Id(help_text="The other one.")


@extend_schema_serializer(
    examples=[OpenApiExample("Into an older ticket", value={"into": examples.OTHER_TICKET["id"]})]
)
class MergeInput(serializers.Serializer):
    into = Id(help_text="The ticket that goes on, of the same requester.")


@extend_schema_serializer(examples=[OpenApiExample("With a title", value={"title": "The smoke alarm is silent"})])
class SplitInput(serializers.Serializer):
    title = Text(max_length=TITLE_LENGTH, required=False, help_text="Without one, the beginning of the comment.")


class AttachInput(serializers.Serializer):
    """A form, `multipart/form-data`: see `api/uploads.py`."""

    file = serializers.FileField(help_text="One, of one of the kinds that are taken.")
    comment = Id(required=False, help_text="Hang it on this comment of one's own on the ticket.")


# Fields that a role may not set are 403, before the body is judged; null and false set nothing.
RESTRICTED: Final[Mapping[str, Permission]] = {
    "assigned_to": Permission.EDIT_TICKET,
    "team": Permission.EDIT_TICKET,
    "created_by": Permission.OPEN_TICKET_FOR_OTHERS,
    "is_internal": Permission.WRITE_NOTE,
    "steal": Permission.STEAL_TICKET,
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
