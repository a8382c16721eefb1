"""The Valkey of `./run`: it persists nothing."""

import json
import subprocess
import sys

from tests.servers import ROOT

# In a process of its own, as the supervisor is one: children are started between fork and exec, where no thread may run.
TWICE = """
import asyncio, json, os
import redis
from helpdesk.local.places import passing
from helpdesk.local.processes import Processes
from helpdesk.local.valkey import start_valkey

async def run(places, key):
    places.sockets.mkdir(exist_ok=True)
    processes = Processes(places, dict(os.environ))
    client = redis.Redis.from_url(await start_valkey(processes, places), decode_responses=True)
    found = client.set(key, "a page", get=True)
    rules = client.config_get("save", "appendonly")
    await processes.stop()
    return [found, rules, [path.name for path in places.data.rglob("*.rdb")]]

with passing() as places:
    print(json.dumps([asyncio.run(run(places, "key")) for _ in range(2)]))
"""


def test_what_a_cache_held_is_gone_after_a_restart():
    ended = subprocess.run([sys.executable, "-c", TWICE], cwd=ROOT, capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout) == [[None, {"save": "", "appendonly": "no"}, []]] * 2
