"""What can happen to a ticket. The names and members are the contract's."""

from dataclasses import dataclass, field
from typing import Any

from helpdesk.accounts.events import UserEvent
from helpdesk.events.declaration import Event
from helpdesk.tickets.enums import Status

EXCERPT = 100
# Of a changed text the wire says the beginning, and a title whole; the record and the timeline keep all of it.
CHANGE_EXCERPT = 255

# The wire shape {"id", "username", "name", "role"}, as the person was called when it happened.
UserDict = dict[str, Any]
# {"id", "name"} of a category, a tag or a team, as it was called then: the id outlives a new name.
Named = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class TicketEvent(Event):
    """Shared by all: which ticket, its title then, and whom it concerned (creator, assignees before and after).

    `version` is the ticket's after the event, `public_version` the one that customers are told; 0 in records from
    before they were kept.
    """

    ticket_id: int
    title: str
    creator_id: int
    assignee_ids: list[int]
    version: int = 0
    public_version: int = 0

    @property
    def subject(self) -> tuple[str, int]:
        return ("ticket", self.ticket_id)

    @property
    def ticket(self) -> dict[str, Any]:
        return {"id": self.ticket_id, "title": self.title}

    @property
    def members(self) -> dict[str, Any]:
        return {"ticket": self.ticket}

    @property
    def audience(self) -> set[int]:
        return {self.creator_id, *self.assignee_ids}


@dataclass(frozen=True, kw_only=True)
class TicketCreated(TicketEvent, name="ticket_created", staff_only=True):
    description: str
    priority: str
    status: str
    creator: UserDict
    assignee: UserDict | None
    follow_up_of: int | None = None
    category: Named | None = None
    tags: list[Named] = field(default_factory=list)
    team: Named | None = None

    @property
    def ticket(self) -> dict[str, Any]:
        return super().ticket | {
            "priority": self.priority,
            "status": self.status,
            "created_by": self.creator["username"],
        }

    @property
    def pushed_to_agents(self) -> bool:
        return True

    @property
    def gained_by(self) -> set[int]:
        return {self.creator_id}

    @property
    def message(self) -> str:
        return f"New ticket #{self.ticket_id}: {self.title}"


@dataclass(frozen=True, kw_only=True)
class StatusChanged(TicketEvent, name="status_changed"):
    old_status: str
    new_status: str

    @property
    def ticket(self) -> dict[str, Any]:
        return super().ticket | {"old_status": self.old_status, "new_status": self.new_status}

    @property
    def changes(self) -> dict[str, Any]:
        return {"status": {"from": self.old_status, "to": self.new_status}}

    @property
    def message(self) -> str:
        # The member's name, not its label: a label would be translated.
        return f"Ticket #{self.ticket_id} status changed to {status_title(self.new_status)}"


def _excerpts(changes: dict[str, Any]) -> dict[str, Any]:
    return {
        name: {side: value[:CHANGE_EXCERPT] if isinstance(value, str) else value for side, value in change.items()}
        for name, change in changes.items()
    }


def status_title(status: str) -> str:
    """`In Progress`: the English title, whatever language is active."""
    return Status(status).name.replace("_", " ").title()


@dataclass(frozen=True, kw_only=True)
class _WithChanges(TicketEvent):
    """An event whose wire body shows what changed."""

    @property
    def members(self) -> dict[str, Any]:
        return super().members | {"changes": _excerpts(self.changes)}


@dataclass(frozen=True, kw_only=True)
class PriorityChanged(_WithChanges, name="priority_changed"):
    old_priority: str
    new_priority: str

    @property
    def changes(self) -> dict[str, Any]:
        return {"priority": {"from": self.old_priority, "to": self.new_priority}}

    @property
    def message(self) -> str:
        return f"Ticket #{self.ticket_id} priority changed to {self.new_priority.title()}"


@dataclass(frozen=True, kw_only=True)
class TicketAssigned(_WithChanges, name="ticket_assigned"):
    old_assignee: UserDict | None
    new_assignee: UserDict | None

    @property
    def gained_by(self) -> set[int]:
        return {self.new_assignee["id"]} if self.new_assignee else set()

    @property
    def changes(self) -> dict[str, Any]:
        return {"assigned_to": {"from": self.old_assignee, "to": self.new_assignee}}

    @property
    def message(self) -> str:
        if self.new_assignee is None:
            return f"Ticket #{self.ticket_id} is no longer assigned"
        return f"Ticket #{self.ticket_id} assigned to {self.new_assignee['username']}"


@dataclass(frozen=True, kw_only=True)
class TicketTeamChanged(_WithChanges, name="ticket_team_changed", staff_only=True):
    """Of its own, since customers read `ticket_updated`, and teams are the desk's own affair.

    `gained_ids` are members of the new team and not of the old one, `lost_ids` the other way round; kept where agents
    see by their teams (`AGENT_SCOPE`).
    """

    old_team: Named | None
    new_team: Named | None
    gained_ids: list[int] = field(default_factory=list)
    lost_ids: list[int] = field(default_factory=list)

    @property
    def gained_by(self) -> set[int]:
        return set(self.gained_ids)

    @property
    def lost_by(self) -> set[int]:
        return set(self.lost_ids)

    @property
    def changes(self) -> dict[str, Any]:
        return {"team": {"from": self.old_team, "to": self.new_team}}

    @property
    def message(self) -> str:
        if self.new_team is None:
            return f"Ticket #{self.ticket_id} is in no team's queue"
        return f"Ticket #{self.ticket_id} moved to {self.new_team['name']}"


def _told(value: Any) -> Any:
    """Tags are names on the wire."""
    return [tag["name"] for tag in value] if isinstance(value, list) else value


@dataclass(frozen=True, kw_only=True)
class TicketUpdated(_WithChanges, name="ticket_updated"):
    """Title, description, category or tags changed: `{field: [from, to]}`; tags are kept with their ids."""

    fields: dict[str, list[Any]]

    @property
    def changes(self) -> dict[str, Any]:
        return {name: {"from": _told(old), "to": _told(new)} for name, (old, new) in self.fields.items()}

    @property
    def message(self) -> str:
        return f"Ticket #{self.ticket_id} updated"


@dataclass(frozen=True, kw_only=True)
class TicketDeleted(_WithChanges, name="ticket_deleted"):
    hides = True

    @property
    def changes(self) -> dict[str, Any]:
        return {"deleted": {"from": False, "to": True}}

    @property
    def message(self) -> str:
        return f"Ticket #{self.ticket_id} deleted"


@dataclass(frozen=True, kw_only=True)
class TicketRestored(_WithChanges, name="ticket_restored"):
    shows = True

    @property
    def changes(self) -> dict[str, Any]:
        return {"deleted": {"from": True, "to": False}}

    @property
    def message(self) -> str:
        return f"Ticket #{self.ticket_id} restored"


@dataclass(frozen=True, kw_only=True)
class CommentEvent(TicketEvent):
    comment_id: int
    author: str
    content: str

    @property
    def members(self) -> dict[str, Any]:
        return super().members | {"comment": self.comment}

    @property
    def comment(self) -> dict[str, Any]:
        return {"id": self.comment_id, "author": self.author, "content": self.content[:EXCERPT]}


@dataclass(frozen=True, kw_only=True)
class _CommentChanged(CommentEvent):
    """`old_content` is what it said before; a deleted comment says nothing afterwards."""

    old_content: str

    @property
    def members(self) -> dict[str, Any]:
        return super().members | {"changes": _excerpts(self.changes)}

    @property
    def changes(self) -> dict[str, Any]:
        return {"content": {"from": self.old_content, "to": self.content}}


@dataclass(frozen=True, kw_only=True)
class _CommentGone(CommentEvent):
    """What was taken back is not said again."""

    @property
    def comment(self) -> dict[str, Any]:
        return {"id": self.comment_id, "author": self.author}

    @property
    def members(self) -> dict[str, Any]:
        return super().members | {"changes": _excerpts(self.changes)}

    @property
    def changes(self) -> dict[str, Any]:
        return {"deleted": {"from": False, "to": True}}


@dataclass(frozen=True, kw_only=True)
class CommentAdded(CommentEvent, name="comment_added", echoed=False):
    @property
    def message(self) -> str:
        return f"New comment on ticket #{self.ticket_id}"


@dataclass(frozen=True, kw_only=True)
class CommentUpdated(_CommentChanged, name="comment_updated"):
    @property
    def message(self) -> str:
        return f"Comment edited on ticket #{self.ticket_id}"


@dataclass(frozen=True, kw_only=True)
class CommentDeleted(_CommentGone, name="comment_deleted"):
    @property
    def message(self) -> str:
        return f"Comment deleted on ticket #{self.ticket_id}"


@dataclass(frozen=True, kw_only=True)
class NoteAdded(CommentEvent, name="note_added", staff_only=True, echoed=False):
    @property
    def message(self) -> str:
        return f"New internal note on ticket #{self.ticket_id}"


@dataclass(frozen=True, kw_only=True)
class NoteUpdated(_CommentChanged, name="note_updated", staff_only=True):
    @property
    def message(self) -> str:
        return f"Internal note edited on ticket #{self.ticket_id}"


@dataclass(frozen=True, kw_only=True)
class NoteDeleted(_CommentGone, name="note_deleted", staff_only=True):
    @property
    def message(self) -> str:
        return f"Internal note deleted on ticket #{self.ticket_id}"


@dataclass(frozen=True, kw_only=True)
class _Carried(TicketEvent):
    """Comments and files went from one ticket to another. Each of the two has a record of it.

    Which ones is for whoever replays the history, and never told: notes are among them.
    """

    source_id: int
    target_id: int
    comment_ids: list[int]
    note_ids: list[int]
    attachment_ids: list[int]


@dataclass(frozen=True, kw_only=True)
class _Merging(_Carried, _WithChanges):
    @property
    def members(self) -> dict[str, Any]:
        return super().members | {"merge": {"source": self.source_id, "target": self.target_id}}


@dataclass(frozen=True, kw_only=True)
class TicketMerged(_Merging, name="ticket_merged"):
    """What the source had is the target's now; only the source's own fields have changed."""

    @property
    def changes(self) -> dict[str, Any]:
        return {"merged_into": {"from": None, "to": self.target_id}} if self.ticket_id == self.source_id else {}

    @property
    def message(self) -> str:
        return f"Ticket #{self.source_id} merged into #{self.target_id}"


@dataclass(frozen=True, kw_only=True)
class TicketUnmerged(_Merging, name="ticket_unmerged"):
    """What the merge had moved is the source's again. The stamps are those that it got back, for whoever replays."""

    started_at: str | None
    closed_at: str | None

    @property
    def changes(self) -> dict[str, Any]:
        return {"merged_into": {"from": self.target_id, "to": None}} if self.ticket_id == self.source_id else {}

    @property
    def message(self) -> str:
        return f"Ticket #{self.source_id} is no longer merged into #{self.target_id}"


@dataclass(frozen=True, kw_only=True)
class _Split(_Carried, CommentEvent):
    @property
    def members(self) -> dict[str, Any]:
        return super().members | {"split": {"source": self.source_id, "target": self.target_id}}


@dataclass(frozen=True, kw_only=True)
class TicketSplit(_Split, name="ticket_split"):
    @property
    def message(self) -> str:
        return f"A comment of ticket #{self.source_id} became ticket #{self.target_id}"


@dataclass(frozen=True, kw_only=True)
class NoteSplit(_Split, name="note_split", staff_only=True):
    @property
    def message(self) -> str:
        return f"An internal note of ticket #{self.source_id} became ticket #{self.target_id}"


@dataclass(frozen=True, kw_only=True)
class _Linking(TicketEvent):
    """A link has two ends, and a record at each; `kind` is as that ticket sees it."""

    link_id: int
    kind: str
    other_id: int

    @property
    def members(self) -> dict[str, Any]:
        return super().members | {"link": {"id": self.link_id, "kind": self.kind, "ticket": self.other_id}}


@dataclass(frozen=True, kw_only=True)
class TicketLinked(_Linking, name="ticket_linked", staff_only=True):
    @property
    def message(self) -> str:
        return f"Ticket #{self.ticket_id} linked to #{self.other_id}"


@dataclass(frozen=True, kw_only=True)
class TicketUnlinked(_Linking, name="ticket_unlinked", staff_only=True):
    @property
    def message(self) -> str:
        return f"Ticket #{self.ticket_id} is no longer linked to #{self.other_id}"


@dataclass(frozen=True, kw_only=True)
class AttachmentEvent(TicketEvent):
    """About a file on the ticket, or on one of its comments."""

    attachment_id: int
    comment_id: int | None
    filename: str
    content_type: str
    size: int

    @property
    def attachment(self) -> dict[str, Any]:
        return {
            "id": self.attachment_id,
            "comment": self.comment_id,
            "filename": self.filename,
            "content_type": self.content_type,
            "size": self.size,
        }

    @property
    def members(self) -> dict[str, Any]:
        return super().members | {"attachment": self.attachment, "changes": _excerpts(self.changes)}


@dataclass(frozen=True, kw_only=True)
class _AttachmentCame(AttachmentEvent):
    @property
    def changes(self) -> dict[str, Any]:
        return {"attachment": {"from": None, "to": self.filename}}


@dataclass(frozen=True, kw_only=True)
class _AttachmentWent(AttachmentEvent):
    @property
    def changes(self) -> dict[str, Any]:
        return {"attachment": {"from": self.filename, "to": None}}


@dataclass(frozen=True, kw_only=True)
class AttachmentAdded(_AttachmentCame, name="attachment_added"):
    @property
    def message(self) -> str:
        return f"New file on ticket #{self.ticket_id}"


@dataclass(frozen=True, kw_only=True)
class AttachmentDeleted(_AttachmentWent, name="attachment_deleted"):
    @property
    def message(self) -> str:
        return f"File deleted on ticket #{self.ticket_id}"


@dataclass(frozen=True, kw_only=True)
class NoteAttachmentAdded(_AttachmentCame, name="note_attachment_added", staff_only=True):
    @property
    def message(self) -> str:
        return f"New file on an internal note of ticket #{self.ticket_id}"


@dataclass(frozen=True, kw_only=True)
class NoteAttachmentDeleted(_AttachmentWent, name="note_attachment_deleted", staff_only=True):
    @property
    def message(self) -> str:
        return f"File deleted on an internal note of ticket #{self.ticket_id}"


@dataclass(frozen=True, kw_only=True)
class TicketsLoaded(Event, name="tickets_loaded", staff_only=True):
    """Many tickets came at once, in one transaction, and nobody was told of each: happened to the desk as a whole."""

    tickets: int
    comments: int

    @property
    def subject(self) -> tuple[str, int]:
        return ("desk", 1)

    @property
    def members(self) -> dict[str, Any]:
        return {"loaded": {"tickets": self.tickets, "comments": self.comments}}

    @property
    def message(self) -> str:
        return f"{self.tickets:,} tickets loaded"


@dataclass(frozen=True, kw_only=True)
class WorkloadUpdated(UserEvent, name="workload_updated"):
    """How much an agent takes from the queues: `{field: [from, to]}` of `capacity` and `available`."""

    values: dict[str, list[Any]]

    @property
    def members(self) -> dict[str, Any]:
        return super().members | {"changes": self.changes}

    @property
    def changes(self) -> dict[str, Any]:
        return {field: {"from": old, "to": new} for field, (old, new) in self.values.items()}

    @property
    def message(self) -> str:
        return f"The workload of {self.user['username']} was changed"
