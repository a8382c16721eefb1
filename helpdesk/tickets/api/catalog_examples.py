"""What categories, tags and teams look like on the wire, for the API's description."""

from typing import Final

from helpdesk.accounts.api.examples import AGENT
from helpdesk.api.schema import problem
from helpdesk.tickets.api.examples import CATEGORY, TEAM

NEW_CATEGORY: Final = {"name": "Printers", "parent": CATEGORY["id"], "team": TEAM["id"], "priority": "high"}
CATEGORIES: Final = {"id": 9, **NEW_CATEGORY}
NEW_TAG: Final = {"name": "printer", "color": "#1f883d"}
TAG: Final = {"id": 6, **NEW_TAG}
NEW_TEAM: Final = {"name": TEAM["name"], "members": [AGENT["id"]], "assignment": "round_robin"}
WHOLE_TEAM: Final = {**TEAM, "members": [AGENT], "assignment": "round_robin"}

_TAKEN: Final = "There is one of this name already."
NAME_TAKEN: Final = problem(400, "invalid", _TAKEN, errors=[{"field": "name", "code": "taken", "message": _TAKEN}])
CATEGORY_IN_USE: Final = problem(409, "in_use", "Tickets or other categories are filed under it.")
TAG_IN_USE: Final = problem(409, "in_use", "There are tickets that bear it.")
TEAM_IN_USE: Final = problem(409, "in_use", "Tickets or categories belong to it.")
