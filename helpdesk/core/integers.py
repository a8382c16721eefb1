"""How far a number may go: as far as PostgreSQL's bigint, which every id is."""

from typing import Final

LARGEST_INTEGER: Final = 2**63 - 1
