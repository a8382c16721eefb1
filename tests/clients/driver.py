"""Runs the client for the tests: a JSON line for whatever it says, and a JSON line for each thing that it is to do."""

import asyncio
import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).parents[2] / "docs/clients/notifications.py"
spec = importlib.util.spec_from_file_location("notifications", SOURCE)
assert spec
assert spec.loader
notifications = importlib.util.module_from_spec(spec)
spec.loader.exec_module(notifications)

HINTS = {
    "typing",
    "viewing",
    "subscribed",
    "unsubscribed",
    "presence_changed",
    "access_granted",
    "access_revoked",
    "error",
}


def say(**line: Any) -> None:
    print(json.dumps(line), flush=True)


class Tokens:
    """Without a password the tests are asked for each."""

    def __init__(self) -> None:
        self.given: asyncio.Queue[str | None] = asyncio.Queue()

    async def __call__(self, refresh: bool) -> str:  # noqa: FBT001 - as the client calls it
        say(token=refresh)
        token = await self.given.get()
        if token is None:
            raise notifications.SignedOut("The tests say so.")
        return token


async def commands() -> Any:
    reader = asyncio.StreamReader(limit=2**20)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        yield json.loads(line)


async def listen(desk: Any) -> None:
    try:
        async for frame in desk:
            if frame["type"] == "welcome":
                if frame["recovered"] is False:
                    say(reload=frame["cursor"])
            elif frame["type"] in HINTS:
                say(hint=frame)
            else:
                say(event=frame)
    except notifications.Closed:
        pass  # it was said


async def send(desk: Any, conversation: int, content: str, ref: str) -> None:
    try:
        say(sent=await desk.send_message(conversation, content, ref=ref), ref=ref)
    except notifications.Refused as refused:
        say(refused=refused.code, ref=ref)


async def main(url: str, username: str, password: str, silence: str) -> None:
    tokens = Tokens()
    get_token = notifications.SignIn(url, username, password) if password else tokens
    desk = notifications.Notifications(
        url, get_token=get_token, silence=float(silence) or None, on_state=lambda state: say(state=state)
    )
    tasks = set()
    async for deed, *given in commands():
        if deed == "start":
            desk.cursor = (*given, "")[0] or ""
            desk.start()
            if not tasks:
                tasks.add(asyncio.create_task(listen(desk)))
        elif deed == "token":
            tokens.given.put_nowait(*given)
        elif deed == "send":
            tasks.add(asyncio.create_task(send(desk, *given)))
        elif deed == "viewing":
            await desk.viewing(given[0], composing=given[1])
        else:
            await getattr(desk, deed)(*given)
    await desk.close()


asyncio.run(main(*sys.argv[1:]))
