"""What a change to people sets off outside: their names and roles stand in everybody's lists."""

from typing import Final

from helpdesk.accounts.events import EmailVerified, UserCreated, UsersLoaded, UserUpdated
from helpdesk.accounts.scopes import staff_scopes
from helpdesk.cache import pages
from helpdesk.events.declaration import Event
from helpdesk.events.models import EventRecord
from helpdesk.events.subscriptions import subscribe

# What others than the staff see of a person.
_PUBLIC: Final = frozenset({"username", "name", "role"})


@subscribe(UserCreated, UsersLoaded, EmailVerified, name="cache.lists", urgent=True)
def move_lists_of_people_on(_event: Event, _record: EventRecord) -> None:
    pages.bump(*staff_scopes())


@subscribe(UserUpdated, name="cache.lists", urgent=True)
def move_lists_with_people_on(event: UserUpdated, _record: EventRecord) -> None:
    pages.bump(*([pages.EVERYONE] if event.values.keys() & _PUBLIC else staff_scopes()))
