"""Where a request comes from: what people recognise their sessions, and guesses at their passwords, by."""

from dataclasses import dataclass
from typing import Final

USER_AGENT_LENGTH: Final = 255


@dataclass(frozen=True, kw_only=True)
class Device:
    """`address` is empty for what came over a Unix socket or from the command line."""

    address: str = ""
    user_agent: str = ""

    def as_dict(self) -> dict[str, str]:
        return {"address": self.address, "user_agent": self.user_agent[:USER_AGENT_LENGTH]}


NOWHERE: Final = Device()
