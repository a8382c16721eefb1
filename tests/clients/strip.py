"""Writes the console's copy of the TypeScript client, without its types: `.venv/bin/python -m tests.clients.strip`."""

import subprocess

from tests.clients.drivers import NODE
from tests.servers.process import ROOT

SOURCE = ROOT / "docs/clients/notifications.ts"
MODULE = ROOT / "helpdesk/console/static/console/notifications.js"
HEAD = "// Made from docs/clients/notifications.ts by `.venv/bin/python -m tests.clients.strip`: change it there.\n"
STRIP = (
    "const {stripTypeScriptTypes} = require('node:module');"
    "const source = require('node:fs').readFileSync(process.argv[1], 'utf8');"
    "process.stdout.write(stripTypeScriptTypes(source, {mode: 'transform'}))"
)


def stripped() -> str:
    command = [NODE, "--no-warnings", "-e", STRIP, str(SOURCE)]
    return HEAD + subprocess.run(command, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    MODULE.write_text(stripped())
