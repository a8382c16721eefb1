"""What the processes tell each other over the channel layer. A message may get lost: it is a hint, or soon outdated."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from typing import Any, Final

import structlog
from channels.layers import get_channel_layer

from helpdesk.realtime import groups

logger = structlog.get_logger(__name__)

Message = dict[str, Any]
Hearer = Callable[[Message], None]

RETRY: Final = 1.0  # seconds between two tries while the layer is away


class Subscription:
    """One a process. Each hearer gets every message of its type; it must not block, so it puts work elsewhere."""

    def __init__(self) -> None:
        self._hearers: dict[str, list[Hearer]] = defaultdict(list)
        self._task: asyncio.Task[None] | None = None

    def hear(self, kind: str, hearer: Hearer) -> None:
        self._hearers[kind].append(hearer)

    def start(self) -> None:
        """In the loop that serves the sockets; again is nothing."""
        if self._task is None:
            self._task = asyncio.create_task(self._serve())

    async def stop(self) -> None:
        if self._task is not None:
            # A cancellation can get lost in the layer or its client while a message comes in.
            while not self._task.done():
                self._task.cancel()
                await asyncio.wait({self._task}, timeout=RETRY / 10)
            self._task = None

    async def _serve(self) -> None:
        deaf = False
        me = asyncio.current_task()
        # Asked of the task: `receive` swallows a cancellation that comes with a message.
        while me is None or not me.cancelling():
            try:
                layer = get_channel_layer()
                # What a failed attempt leaves there would pile up. Nobody else listens in this loop.
                await layer.flush()
                channel = await layer.new_channel()
                await layer.group_add(groups.HUBS, channel)
                deaf = False
                while me is None or not me.cancelling():
                    self._pass_on(await layer.receive(channel))
            except Exception as error:  # noqa: BLE001 - whatever it is, one does without
                if not deaf:
                    logger.warning("no_wake_ups", reason=type(error).__name__)
                deaf = True
                await asyncio.sleep(RETRY)

    def _pass_on(self, message: Message) -> None:
        for hearer in self._hearers.get(message["type"], ()):
            hearer(message)
