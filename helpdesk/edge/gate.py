"""So many requests at once; the others wait for their turn here, in order, and cost neither a thread nor a connection.

Let in all together, hundreds wait for the few connections of the pool, longer than the pool lets them, and get 503.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from helpdesk.api import headers, problems

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[..., Awaitable[None]]

PATIENCE: Final = 25.0  # seconds; less than nginx waits
# Whoever looks after the process must hear from it in a crowd, too. (Who waits for events does so outside of here.)
UNGATED: Final = {"/health", "/healthz", "/readyz"}


class Gate:
    def __init__(self, application: Application, *, at_once: int) -> None:
        self._application = application
        self._turns = asyncio.Semaphore(at_once)

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["path"].rstrip("/") in UNGATED:
            await self._application(scope, receive, send)
            return
        try:
            async with asyncio.timeout(PATIENCE):
                await self._turns.acquire()
        except TimeoutError:
            await _refuse(send)
            return
        turn = [self._turns]

        def end_turn() -> None:
            while turn:
                turn.pop().release()

        async def sending(message: Message) -> None:
            # The work is done. How slowly the client reads is nobody else's business.
            if message["type"] == "http.response.body":
                end_turn()
            await send(message)

        try:
            await self._application(scope, receive, sending)
        finally:
            end_turn()


async def _refuse(send: Send) -> None:
    response = problems.unavailable().response()
    headers.add(response, "")
    said = {**response.headers, "Content-Length": str(len(response.content))}
    start = [(name.lower().encode(), value.encode()) for name, value in said.items()]
    await send({"type": "http.response.start", "status": response.status_code, "headers": start})
    await send({"type": "http.response.body", "body": response.content})
