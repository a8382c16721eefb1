"""A request to the whole of Django in this process, as an ASGI server would bring it; it may wait."""

import asyncio
import json
from typing import Any

from django.core.asgi import get_asgi_application

from helpdesk.realtime.polling import LongPolls

application = LongPolls(get_asgi_application())


class Polled:
    def __init__(self, query: str, token: str, *, method: str = "GET", **headers: str) -> None:
        said = {"host": "testserver", "authorization": f"Bearer {token}"} | headers
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = b""
        self._said: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._said.put_nowait({"type": "http.request", "body": b"", "more_body": False})
        scope = {
            "type": "http",
            "method": method,
            "path": "/api/events/",
            "raw_path": b"/api/events/",
            "query_string": query.encode(),
            "scheme": "http",
            "http_version": "1.1",
            "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in said.items()],
            "client": ("127.0.0.1", 1),
            "server": ("testserver", 80),
        }
        self._task = asyncio.create_task(application(scope, self._said.get, self._hear))

    async def _hear(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            assert not self.status, "answered twice"
            self.status = message["status"]
            self.headers = {name.decode().lower(): value.decode() for name, value in message["headers"]}
        else:
            self.body += message["body"]

    @property
    def is_over(self) -> bool:
        return self._task.done()

    async def answer(self) -> Any:
        """The JSON; `status` and `headers` are there from then on."""
        await asyncio.wait_for(self._task, 30)
        assert int(self.headers["content-length"]) == len(self.body)
        return json.loads(self.body)

    async def leave(self) -> None:
        self._said.put_nowait({"type": "http.disconnect"})
        await asyncio.wait_for(self._task, 10)
