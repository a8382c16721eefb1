"""What a change to people sets off outside: their names and roles stand in everybody's lists."""

from helpdesk.accounts.events import UserCreated, UsersLoaded, UserUpdated
from helpdesk.accounts.scopes import staff_scopes
from helpdesk.cache import pages
from helpdesk.events.declaration import Event
from helpdesk.events.models import EventRecord
from helpdesk.events.subscriptions import subscribe


@subscribe(UserCreated, UsersLoaded, name="cache.lists", urgent=True)
def move_lists_of_people_on(_event: Event, _record: EventRecord) -> None:
    pages.bump(*staff_scopes())


@subscribe(UserUpdated, name="cache.lists", urgent=True)
def move_all_lists_on(_event: Event, _record: EventRecord) -> None:
    pages.bump(pages.EVERYONE)
