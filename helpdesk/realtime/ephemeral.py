"""Frames that are true for a moment: who types, who looks, who is here. Never stored, never repeated, may be lost.

Who is connected to another process hears them over the channel layer; without it, those of this process do.
"""

import asyncio
from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any, Final

from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from helpdesk.core.redis import PATIENCE
from helpdesk.realtime import groups

KIND: Final = "frame.passed"


@dataclass(frozen=True, kw_only=True)
class Audience:
    """Whom a frame is for: all that is said here adds up, except for `but`.

    `subject` is `"ticket:7"`: the sockets that subscribed to it. Sockets of plain connections are never meant.
    """

    users: Collection[int] = ()
    agents: bool = False
    everyone: bool = False
    subject: str = ""
    but: int | None = None


def message_of(frame: dict[str, Any], audience: Audience) -> dict[str, Any]:
    return {"type": KIND, "frame": frame, "audience": {**asdict(audience), "users": list(audience.users)}}


async def pass_on(frame: dict[str, Any], *, to: Audience) -> bool:
    """Tell every process, this one too; from the loop that serves the sockets. False where it could not be told."""
    try:
        async with asyncio.timeout(PATIENCE):
            await get_channel_layer().group_send(groups.HUBS, message_of(frame, to))
    except (RedisError, OSError):  # TimeoutError is an OSError
        return False
    return True
