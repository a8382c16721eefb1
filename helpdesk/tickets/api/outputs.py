"""The wire shapes as the schema tells them. The bodies themselves are made of values (`queries.py`)."""

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from helpdesk.accounts.api.outputs import UserOutput
from helpdesk.tickets.api import examples
from helpdesk.tickets.enums import LINKS_AS_SEEN, Assignment, Priority, Status


class NamedOutput(serializers.Serializer):
    """What something is filed under."""

    id = serializers.IntegerField()
    name = serializers.CharField()


@extend_schema_serializer(
    examples=[
        OpenApiExample("A ticket, for agents", value=examples.TICKET),
        OpenApiExample("The customer's view of it", value=examples.OWN_TICKET),
    ]
)
class TicketOutput(serializers.Serializer):
    id = serializers.IntegerField()
    title = serializers.CharField()
    status = serializers.ChoiceField(choices=Status.choices)
    priority = serializers.ChoiceField(choices=Priority.choices)
    category = NamedOutput(allow_null=True)
    tags = serializers.ListField(child=serializers.CharField(), help_text="Names, sorted.")
    created_by = UserOutput()
    assigned_to = UserOutput(allow_null=True)
    comments_count = serializers.IntegerField(help_text="As the caller sees them: notes count for agents only.")
    last_comment_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    version = serializers.IntegerField(
        help_text="Counts changes to the ticket's own fields that the caller sees, not its comments."
    )
    team = NamedOutput(required=False, allow_null=True, help_text="In whose queue it stands. Agents only.")


class HighlightOutput(serializers.Serializer):
    title = serializers.CharField()
    excerpt = serializers.CharField(help_text="Of the description, or of the last comment in which a word was found.")


@extend_schema_serializer(
    examples=[
        OpenApiExample("A ticket", value=examples.TICKET),
        OpenApiExample("Found, with `highlight=true`", value=examples.FOUND),
    ]
)
class FoundTicketOutput(TicketOutput):
    highlight = HighlightOutput(
        required=False,
        help_text="With `highlight=true`: what was searched for in `<mark>`, everything else escaped for HTML.",
    )


@extend_schema_serializer(examples=[OpenApiExample("A file", value=examples.ATTACHMENT)])
class AttachmentOutput(serializers.Serializer):
    id = serializers.IntegerField()
    filename = serializers.CharField()
    content_type = serializers.CharField(help_text="By the content, not by what was announced.")
    size = serializers.IntegerField()
    sha256 = serializers.CharField(
        allow_null=True,
        help_text="Of the bytes as they are stored: a picture is written anew. Null only in `?at=`, of a file that has"
        " been deleted since.",
    )
    uploaded_by = UserOutput()
    created_at = serializers.DateTimeField()
    moved_from = serializers.IntegerField(
        allow_null=True, help_text="The ticket where it was uploaded, if it came here by a merge or a split."
    )
    url = serializers.URLField(help_text="Where the bytes are, for those who see this.")


@extend_schema_serializer(
    examples=[
        OpenApiExample("A comment, for customers", value=examples.COMMENT),
        OpenApiExample("An internal note, for agents", value=examples.NOTE),
    ]
)
class CommentOutput(serializers.Serializer):
    id = serializers.IntegerField()
    ticket = serializers.IntegerField()
    author = UserOutput()
    content = serializers.CharField()
    moved_from = serializers.IntegerField(
        allow_null=True, help_text="The ticket where it was written, if it came here by a merge or a split."
    )
    attachments = AttachmentOutput(many=True)
    created_at = serializers.DateTimeField()
    edited_at = serializers.DateTimeField(allow_null=True)
    version = serializers.IntegerField(help_text="Counts its edits.")
    is_internal = serializers.BooleanField(required=False, help_text="Agents only.")


@extend_schema_serializer(
    examples=[
        OpenApiExample("A customer's draft", value=examples.DRAFT),
        OpenApiExample("An agent's draft", value=examples.DRAFT | {"is_internal": False}),
    ]
)
class DraftOutput(serializers.Serializer):
    ticket = serializers.IntegerField()
    content = serializers.CharField()
    updated_at = serializers.DateTimeField()
    is_internal = serializers.BooleanField(required=False, help_text="Agents only.")


@extend_schema_serializer(examples=[OpenApiExample("The customer's view", value=examples.DETAIL)])
class TicketDetailOutput(TicketOutput):
    description = serializers.CharField()
    follow_up_of = serializers.IntegerField(allow_null=True, help_text="The closed ticket that it takes up again.")
    merged_into = serializers.IntegerField(
        allow_null=True, help_text="The ticket that has taken its place, with its comments and files."
    )
    split_from = serializers.IntegerField(allow_null=True, help_text="The ticket that a comment was split off from.")
    comments = CommentOutput(many=True, help_text="The latest 100, oldest first.")
    comments_previous = serializers.URLField(allow_null=True, help_text="The older ones.")
    attachments = AttachmentOutput(many=True, help_text="Of the ticket itself; those of its comments stand there.")
    allowed_actions = serializers.ListField(
        child=serializers.CharField(), help_text="What the caller may do to it as it stands."
    )


class LinkedTicketOutput(serializers.Serializer):
    id = serializers.IntegerField()
    title = serializers.CharField()
    status = serializers.ChoiceField(choices=Status.choices)


@extend_schema_serializer(examples=[OpenApiExample("A duplicate", value=examples.LINK)])
class TicketLinkOutput(serializers.Serializer):
    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=list(LINKS_AS_SEEN), help_text="As the ticket in the address sees it.")
    ticket = LinkedTicketOutput(help_text="The other one.")
    created_by = UserOutput()
    created_at = serializers.DateTimeField()


@extend_schema_serializer(examples=[OpenApiExample("A change of status", value=examples.TIMELINE_ENTRY)])
class TimelineEntryOutput(serializers.Serializer):
    """Besides these, the event's own members (`ticket`, `comment`)."""

    id = serializers.IntegerField()
    type = serializers.CharField()
    occurred_at = serializers.DateTimeField()
    actor = UserOutput(allow_null=True)
    changes = serializers.DictField()
    message = serializers.CharField()


class TeamRefOutput(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()


class CandidateOutput(serializers.Serializer):
    """A member of the team, as the decision found them."""

    user = UserOutput()
    open_tickets = serializers.IntegerField()
    capacity = serializers.IntegerField()
    last_assigned_at = serializers.DateTimeField(allow_null=True, help_text="By the queue.")
    eligible = serializers.BooleanField()
    reason = serializers.ChoiceField(choices=["free", "full", "away", "not_an_agent", "gave_it_back"])


class DecisionOutput(serializers.Serializer):
    id = serializers.IntegerField()
    decided_at = serializers.DateTimeField()
    team = TeamRefOutput(allow_null=True, help_text="Null: there is no such team any more.")
    strategy = serializers.ChoiceField(choices=Assignment.choices)
    chosen = UserOutput(allow_null=True)
    reason = serializers.ChoiceField(choices=["next_in_turn", "least_loaded", "nobody_free", "no_members"])
    candidates = CandidateOutput(many=True)


@extend_schema_serializer(examples=[OpenApiExample("In turn", value=examples.EXPLANATION)])
class ExplanationOutput(serializers.Serializer):
    ticket = serializers.IntegerField()
    team = TeamRefOutput(allow_null=True)
    strategy = serializers.ChoiceField(choices=Assignment.choices, allow_null=True, help_text="The team's.")
    assigned_to = UserOutput(allow_null=True)
    decisions = DecisionOutput(many=True, help_text="The latest 20 of the queue, newest first.")


@extend_schema_serializer(examples=[OpenApiExample("An agent", value=examples.WORKLOAD)])
class WorkloadOutput(serializers.Serializer):
    user = UserOutput()
    available = serializers.BooleanField()
    capacity = serializers.IntegerField(allow_null=True, help_text="Null: `AGENT_CAPACITY`.")
    effective_capacity = serializers.IntegerField()
    open_tickets = serializers.IntegerField(help_text="Unsolved, whoever assigned them.")
