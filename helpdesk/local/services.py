"""PostgreSQL and Redis: those that the environment names, else servers of our own."""

from .places import Places
from .postgres import start_postgres
from .processes import Processes
from .valkey import start_valkey


async def start_services(processes: Processes, places: Places, *, throwaway: bool = False) -> None:
    """Adds the addresses to the environment of every later child."""
    environment = processes.environment
    if not environment.get("DATABASE_URL"):
        environment["DATABASE_URL"] = await start_postgres(processes, places, throwaway=throwaway)
    if not environment.get("REDIS_URL"):
        environment["REDIS_URL"] = await start_valkey(processes, places)
