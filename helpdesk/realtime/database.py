"""PostgreSQL from the event loop, without letting sockets take the pool away from requests."""

from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final, ParamSpec, TypeVar, cast

from channels.db import DatabaseSyncToAsync
from django.db import InterfaceError, OperationalError

P = ParamSpec("P")
T = TypeVar("T")

# What Django raises when PostgreSQL does not answer, or no connection is free in time.
DOWN: Final = (OperationalError, InterfaceError)

# One connection delivers, whatever the sockets want, and one looks for those who wait by long poll; few serve those who
# arrive, renew and resume. A thousand clients that come back at once wait for each other here.
_HUB: Final = ThreadPoolExecutor(max_workers=1, thread_name_prefix="hub")
_POLLERS: Final = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pollers")
_SOCKETS: Final = ThreadPoolExecutor(max_workers=3, thread_name_prefix="sockets")


async def _run(executor: ThreadPoolExecutor, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    call = DatabaseSyncToAsync(partial(function, *args, **kwargs), thread_sensitive=False, executor=executor)
    return await call()


def for_hub(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Awaitable[T]:
    return cast("Awaitable[T]", _run(_HUB, function, *args, **kwargs))


def for_pollers(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Awaitable[T]:
    return cast("Awaitable[T]", _run(_POLLERS, function, *args, **kwargs))


def for_socket(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Awaitable[T]:
    return cast("Awaitable[T]", _run(_SOCKETS, function, *args, **kwargs))
