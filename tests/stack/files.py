"""The files that containers are made of, read as Docker reads them."""

import re
import shlex
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import yaml

from tests.servers import ROOT

COMPOSE = {name: ROOT / f"docker-compose.{name}.yml" for name in ("local", "production")}
DOCKERFILES = sorted(ROOT.glob("compose/**/Dockerfile"))
# Ours, by the images that compose builds; and what they are started with.
SCRIPTS = sorted(
    path
    for path in ROOT.glob("compose/*/*/**/*")
    if path.name in {"start", "migrate", "healthcheck"} and path.is_file()
)


def compose(name: str) -> dict[str, Any]:
    return yaml.safe_load(COMPOSE[name].read_text())


def services(name: str) -> dict[str, dict[str, Any]]:
    return compose(name)["services"]


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value is not None else []


def variables_of(file: Path) -> dict[str, str]:
    """An `env_file`, quotes taken off as Compose does."""
    lines = [line for line in file.read_text().splitlines() if line and not line.startswith("#")]
    return {name: " ".join(shlex.split(value)) for name, _equals, value in (line.partition("=") for line in lines)}


def interpolated(text: str) -> str:
    """`${NAME:-default}` becomes its default, and `$$` a dollar."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text).replace("$$", "$")


@dataclass
class Stage:
    name: str
    base: str
    steps: list[tuple[str, str]] = field(default_factory=list)

    def arguments(self, instruction: str) -> list[str]:
        return [rest for name, rest in self.steps if name == instruction]

    def copies(self) -> list[tuple[list[str], str, dict[str, str]]]:
        """Sources, destination and options of each COPY."""
        found = []
        for rest in self.arguments("COPY"):
            words = rest.split()
            options = dict(word[2:].split("=", 1) for word in words if word.startswith("--"))
            *sources, target = [word for word in words if not word.startswith("--")]
            found.append((sources, target, options))
        return found


def stages(dockerfile: Path) -> dict[str, Stage]:
    """By name; a stage without one is called by its number."""
    text = re.sub(r"^\s*#.*\n", "", dockerfile.read_text(), flags=re.MULTILINE)
    found: dict[str, Stage] = {}
    for line in re.sub(r"\\\n\s*", "", text).splitlines():
        instruction, _space, rest = line.partition(" ")
        if instruction == "FROM":
            base, _as, name = rest.partition(" AS ")
            stage = found[name or str(len(found))] = Stage(name or str(len(found)), base)
        elif instruction and found:
            stage.steps.append((instruction, rest.strip()))
    return found


def ignored(path: str) -> bool:
    """By .dockerignore, whose last matching line counts; a pattern matches what is below it too."""
    answer = False
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.removeprefix("!").strip("/")
        if not line or line.startswith("#"):
            continue
        parts = path.split("/")
        above = ["/".join(parts[: n + 1]) for n in range(len(parts))]
        deep = pattern.removeprefix("**/")
        if any(fnmatch(one, pattern) or (pattern != deep and fnmatch(Path(one).name, deep)) for one in above):
            answer = not line.startswith("!")
    return answer
