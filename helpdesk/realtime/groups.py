"""The names of the channel layer's groups, spelled here and nowhere else."""

from typing import Final

# One member a process: its hub. The message carries the newest position, never an event.
HUBS: Final = "realtime.hubs"
