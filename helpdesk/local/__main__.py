"""The supervisor behind `./run`. Standard library only: it must be able to say what is missing."""

import signal
import sys

from .console import say_error
from .failure import Failure
from .instance import AlreadyRunning
from .manage import manage
from .suite import suite
from .up import up


def main(arguments: list[str]) -> int:
    try:
        return _run(arguments)
    except AlreadyRunning as running:
        print(running)
    except Failure as failure:
        say_error("up", str(failure))
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except PermissionError as error:
        say_error("up", f"{error.filename}: no permission; does it belong to another account?")
    return 1


def _run(arguments: list[str]) -> int:
    verb, *rest = arguments or ["up"]
    match verb:
        case "up" if not rest:
            return up()
        case "test":
            return suite(rest)
        case "manage":
            return manage(rest)
    raise Failure(f"unknown command: {' '.join(arguments)} (./run help lists what there is)")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
