"""Every change to categories and tags, and what those of teams share with them."""

from datetime import datetime
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from helpdesk.accounts.models import User
from helpdesk.core.errors import Conflict, FieldError, Invalid, NotFound
from helpdesk.events.operations import publish
from helpdesk.tickets.catalog_events import (
    CategoryCreated,
    CategoryDeleted,
    CategoryUpdated,
    TagCreated,
    TagDeleted,
    TagUpdated,
)
from helpdesk.tickets.models import Category, Tag, Team, Ticket
from helpdesk.tickets.operations.filing import UnknownCategory, hold_team, one_line
from helpdesk.tickets.operations.telling import named

_NAMES: Final = frozenset(
    {"category_name_unique_in_its_parent", "tag_name_unique_in_any_case", "team_name_unique_in_any_case"}
)


class CatalogRowNotFound(NotFound):
    def __init__(self) -> None:
        super().__init__(_("Not found."))


class NameTaken(Invalid):
    def __init__(self) -> None:
        message = _("There is one of this name already.")
        super().__init__(message, errors=[FieldError("name", "taken", message)])


class NotAParent(Invalid):
    """Categories have two levels."""

    def __init__(self, message: Promise) -> None:
        super().__init__(message, errors=[FieldError("parent", "invalid", message)])


class CommaInName(Invalid):
    """`?tag__in=` could not name it."""

    def __init__(self) -> None:
        message = _("A tag's name has no comma.")
        super().__init__(message, errors=[FieldError("name", "invalid", message)])


class InUse(Conflict):
    code = "in_use"


# --- categories ------------------------------------------------------------------------------------------


@transaction.atomic
def create_category(
    *,
    by: User | None,
    name: str,
    now: datetime,
    parent: int | None = None,
    team: int | None = None,
    priority: str | None = None,
) -> Category:
    above = _lock_categories(parent).get(parent) if parent else None
    category = Category(name=one_line(name), team=hold_team(team), priority=priority)
    _hang(category, below=above, wanted=parent)
    save_named(category)
    publish(CategoryCreated(category=category_row(category)), by=by, now=now)
    return category


@transaction.atomic
def update_category(*, by: User, category_id: int, changes: dict[str, Any], now: datetime) -> Category:
    """Write the named of `name`, `parent`, `team` (ids or None) and `priority`; tickets stay where they are."""
    wanted = changes.get("parent")
    rows = _lock_categories(category_id, wanted)
    category = rows.get(category_id)
    if category is None:
        raise CatalogRowNotFound
    old = {field: getattr(category, field) for field in changes}
    for field, value in changes.items():
        if field == "parent":
            _hang(category, below=rows.get(value) if value else None, wanted=value)
        else:
            setattr(category, field, _read(field, value))
    edits = edits_of(category, old)
    if edits:
        category.version += 1
        save_named(category, update_fields=[*edits, "version"])
        publish(CategoryUpdated(category=category_row(category), edits=edits), by=by, now=now)
    return category


@transaction.atomic
def delete_category(*, by: User, category_id: int, now: datetime) -> None:
    category = Category.objects.select_for_update().filter(pk=category_id).first()
    if category is None:
        raise CatalogRowNotFound
    if category.children.exists() or Ticket.objects.filter(category=category).exists():
        raise InUse(_("Tickets or other categories are filed under it."))
    row = category_row(category)
    category.delete()
    publish(CategoryDeleted(category=row), by=by, now=now)


def category_row(category: Category) -> dict[str, Any]:
    return {
        "id": category.pk,
        "name": category.name,
        "parent": category.parent_id,
        "team": category.team_id,
        "priority": category.priority and str(category.priority),
    }


def _lock_categories(*ids: int | None) -> dict[int, Category]:
    """In one order. Whoever would move one of them waits, and so the levels stay two; tickets do not wait."""
    rows = Category.objects.select_for_update(no_key=True).filter(pk__in=[pk for pk in ids if pk])
    return {category.pk: category for category in rows.order_by("pk")}


def _hang(category: Category, *, below: Category | None, wanted: int | None) -> None:
    if wanted is not None and below is None:
        raise UnknownCategory(wanted, field="parent")
    if below is not None:
        if below.parent_id is not None:
            raise NotAParent(_("Categories have two levels: this one is on the second."))
        if below.pk == category.pk or (category.pk is not None and category.children.exists()):
            raise NotAParent(_("Categories have two levels: this one has others below it."))
    category.parent = below


# --- tags ------------------------------------------------------------------------------------------------


@transaction.atomic
def create_tag(*, by: User | None, name: str, now: datetime, **fields: str) -> Tag:
    """`fields` may bring a `color`."""
    tag = Tag(name=_tag_name(name), **fields)
    save_named(tag)
    publish(TagCreated(tag=tag_row(tag)), by=by, now=now)
    return tag


@transaction.atomic
def update_tag(*, by: User, tag_id: int, changes: dict[str, Any], now: datetime) -> Tag:
    """Write the named of `name` and `color`."""
    tag = Tag.objects.select_for_update(no_key=True).filter(pk=tag_id).first()
    if tag is None:
        raise CatalogRowNotFound
    old = {field: getattr(tag, field) for field in changes}
    for field, value in changes.items():
        setattr(tag, field, _tag_name(value) if field == "name" else value)
    edits = edits_of(tag, old)
    if edits:
        tag.version += 1
        save_named(tag, update_fields=[*edits, "version"])
        publish(TagUpdated(tag=tag_row(tag), edits=edits), by=by, now=now)
    return tag


@transaction.atomic
def delete_tag(*, by: User, tag_id: int, now: datetime) -> None:
    """No foreign key watches over the ids on tickets: whoever puts it on one holds the row, or finds it gone."""
    tag = Tag.objects.select_for_update().filter(pk=tag_id).first()
    if tag is None:
        raise CatalogRowNotFound
    if Ticket.objects.filter(tag_ids__contains=[tag_id]).exists():
        raise InUse(_("There are tickets that bear it."))
    row = tag_row(tag)
    tag.delete()
    publish(TagDeleted(tag=row), by=by, now=now)


def _tag_name(name: str) -> str:
    if "," in name:
        raise CommaInName
    return one_line(name)


def tag_row(tag: Tag) -> dict[str, Any]:
    return {"id": tag.pk, "name": tag.name, "color": tag.color}


# --- what all three share --------------------------------------------------------------------------------


def save_named(row: Category | Tag | Team, **options: Any) -> None:
    """Asking first whether a name is free would not keep two from taking it at once: the constraint decides."""
    try:
        with transaction.atomic():
            row.save(**options)
    except IntegrityError as error:
        if getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) not in _NAMES:
            raise
        raise NameTaken from None


def edits_of(row: Category | Tag | Team, old: dict[str, Any]) -> dict[str, list[Any]]:
    """What differs from the old values, as events tell it."""
    new = {field: getattr(row, field) for field in old}
    return {field: [_told(old[field]), _told(new[field])] for field in old if old[field] != new[field]}


def _told(value: Any) -> Any:
    return named(value) if isinstance(value, Category | Tag | Team) else value and str(value)


def _read(field: str, value: Any) -> Any:
    if field == "team":
        return hold_team(value)
    return one_line(value) if field == "name" else value
