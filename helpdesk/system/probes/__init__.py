"""What is looked at, in the order of the report: first what this process has, then who it talks to."""

from typing import Final

from helpdesk.system.probes import (
    broker,
    clock,
    database,
    interpreter,
    keys,
    mail,
    redis,
    schema,
    settings,
    storage,
    translations,
)
from helpdesk.system.probing import Probe

# These compute, which takes its time on a busy machine; alone, so that nobody who waits for a server waits for them.
HERE: Final = (
    Probe("interpreter", interpreter.look, patience=20),
    Probe("settings", settings.look, patience=30),
    Probe("translations", translations.look, patience=20),
    Probe("storage", storage.look),
)
THERE: Final = (
    Probe("keys", keys.look),
    Probe("database", database.look),
    Probe("schema", schema.look),
    Probe("redis", redis.look),
    Probe("broker", broker.look),
    Probe("mail", mail.look),
    Probe("clock", clock.look),
)
