"""Why it cannot go on, in one sentence for the person at the terminal."""


class Failure(Exception):
    pass
