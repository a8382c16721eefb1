"""Whether the tables are those of the code."""

from collections.abc import Iterator
from typing import Final

from django.apps import apps
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from helpdesk.system.findings import Finding, fail, ok, warn
from helpdesk.system.probes.database import connected
from helpdesk.system.probing import Findings

_NAMED: Final = 5


def look() -> Findings:
    yield from _models()
    try:
        with connected() as connection:
            yield from _tables(connection)
    except OperationalError:
        yield warn("which migrations are applied could not be asked", "See the lines about the database.")


def _tables(connection: BaseDatabaseWrapper) -> Iterator[Finding]:
    executor = MigrationExecutor(connection)
    loader = executor.loader
    loader.check_consistent_history(connection)
    plan = executor.migration_plan(loader.graph.leaf_nodes())
    owed = [f"{migration.app_label}.{migration.name}" for migration, _ in plan]
    ours = {app.label for app in apps.get_app_configs()}
    strange = sorted(
        f"{app}.{name}" for app, name in loader.applied_migrations if app in ours and not _known(loader, app, name)
    )
    if owed:
        yield fail(f"{len(owed)} migrations are not applied: {_some(owed)}", "python manage.py migrate")
    else:
        yield ok(f"{len(loader.applied_migrations)} migrations are applied, none is owed")
    if strange:
        yield warn(
            f"the database has migrations that this code does not know: {_some(strange)}",
            "This is older code than the database was migrated by: deploy the newer, or restore a backup of then.",
        )


def _models() -> Iterator[Finding]:
    """Needs no database: it compares the models with the files."""
    loader = MigrationLoader(None)
    detector = MigrationAutodetector(loader.project_state(), ProjectState.from_apps(apps))
    if changed := sorted(detector.changes(graph=loader.graph)):
        yield fail(f"models have changed without a migration: {', '.join(changed)}", "python manage.py makemigrations")
    else:
        yield ok("every change of a model has its migration")


def _known(loader: MigrationLoader, app: str, name: str) -> bool:
    return (app, name) in loader.disk_migrations or any(
        (app, name) in migration.replaces for migration in loader.disk_migrations.values()
    )


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"
