"""Why we end a socket. It is accepted first, so that browsers see the code."""

from enum import IntEnum


class Close(IntEnum):
    TOO_BIG = 1009
    BROKEN = 1011
    RESTARTING = 1012
    TRY_LATER = 1013
    TOO_SLOW = 4008
    UNAUTHENTICATED = 4401
    FORBIDDEN = 4403
    NO_SUCH_PATH = 4404
    TOO_MANY = 4409
    FLOOD = 4429
