"""Why it cannot go on, in one sentence for the person at the terminal."""


class Failure(Exception):  # noqa: N818 - it is told, not debugged
    pass
