"""How PostgreSQL answers each kind of request: the statements that the API really sends, explained.

    python -m tests.benchmarks.plans            against DATABASE_URL, once `manage.py generate_fake_data` has filled it
    python -m tests.benchmarks.plans --verbose  with the whole plans

Nothing stays in the database.
"""

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.benchmarks.cases import Case, Cast

# So few rows that reading all of them is right.
_SMALL = {"accounts_user", "tickets_category", "tickets_tag", "tickets_tally", "tickets_team"}


@dataclass(frozen=True)
class Plan:
    sql: str
    root: dict[str, Any]
    milliseconds: float

    def nodes(self, *, counting: bool) -> Iterator[dict[str, Any]]:
        """Those that find the rows of the page; with `counting`, also those that count all there are."""
        waiting = [self.root]
        while waiting:
            node = waiting.pop()
            yield node
            waiting += [part for part in node.get("Plans", []) if counting or part["Parent Relationship"] != "InitPlan"]

    def indexes(self, *, counting: bool) -> set[str]:
        return {node["Index Name"] for node in self.nodes(counting=counting) if "Index Name" in node}

    def whole(self, *, counting: bool) -> set[str]:
        """Tables read from beginning to end."""
        scans = (node for node in self.nodes(counting=counting) if node["Node Type"] == "Seq Scan")
        return {node["Relation Name"] for node in scans} - _SMALL

    @property
    def buffers(self) -> int:
        return int(self.root["Shared Hit Blocks"] + self.root["Shared Read Blocks"])


class Planner:
    """Asks as one of the cast, and explains what that took."""

    def __init__(self, cast: "Cast") -> None:
        from rest_framework.test import APIClient

        from tests.people import access_token

        self._clients = {
            role: APIClient(HTTP_AUTHORIZATION=f"Bearer {access_token(getattr(cast, role))}")
            for role in ("agent", "admin", "customer")
        }

    def plans(self, case: "Case", *, warm: bool = False) -> list[Plan]:
        """One a statement, those that find out who asks aside; `warm`: measured the second time."""
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as captured:
            if isinstance(case.ask, str):
                response = self._clients[case.role].get(case.ask)
                assert response.status_code == 200, (case.ask, response.content)
            else:
                list(case.ask())
        statements = [query["sql"] for query in captured if "accounts_session" not in query["sql"]]
        reads = [sql for sql in statements if sql.startswith("SELECT")]
        if warm:
            for sql in reads:
                explained(sql)
        return [explained(sql) for sql in reads]


def explained(sql: str) -> Plan:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + sql)
        answer = cursor.fetchone()[0]
    answer = json.loads(answer) if isinstance(answer, str) else answer
    return Plan(sql, answer[0]["Plan"], answer[0]["Execution Time"])


def faults(case: "Case", plans: list[Plan]) -> list[str]:
    """What is wrong with these plans, in words."""
    used = {index for plan in plans for index in plan.indexes(counting=False)}
    found = {table for plan in plans for table in plan.whole(counting=False)}
    counted = {table for plan in plans for table in plan.whole(counting=True)}
    whole = (found if case.indexes else set()) | (counted - case.whole)
    unused = [choice for choice in case.indexes if not used & set(choice.split("|"))]
    return [f"not by {choice}" for choice in unused] + [f"reads all of {table}" for table in sorted(whole)]


def main(*, verbose: bool) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
    import logging

    import django

    django.setup()
    logging.disable()
    from django.db import transaction

    from tests.benchmarks.cases import Cast, add_receipts, cases

    wrong = 0
    print(f"{'request':<34} {'as':<9} {'ms':>8} {'buffers':>8}  indexes; tables read whole")
    with transaction.atomic():
        add_receipts()
        cast = Cast.of_this_desk()
        planner = Planner(cast)
        for case in cases(cast):
            plans = planner.plans(case, warm=True)
            for plan in plans:
                indexes, whole = plan.indexes(counting=True), plan.whole(counting=True)
                how = "; ".join(", ".join(sorted(names)) for names in (indexes, whole) if names)
                print(f"{case.name:<34} {case.role:<9} {plan.milliseconds:8.2f} {plan.buffers:8}  {how}")
                if verbose:
                    print(plan.sql, json.dumps(plan.root, indent=1), sep="\n")
            for fault in faults(case, plans):
                wrong += 1
                print(f"{'':<34} {'WRONG':<9} {fault}")
        transaction.set_rollback(True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(verbose="--verbose" in sys.argv))
