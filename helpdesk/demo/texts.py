"""What demo people are called and write, by language: the files in `phrases/`."""

import tomllib
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, Final

LANGUAGES: Final = ("en", "es")
_NUMBERS: Final = {"order": (10_000, 99_999), "amount": (9, 400), "code": (100, 999)}


class Talk:
    """What is written on one ticket. Its facts (product, city, order number, …) stay the same throughout."""

    def __init__(self, language: str, rng: Random) -> None:
        self._rng = rng
        self._phrases = phrases(language)
        self._facts = {slot: rng.choice(values) for slot, values in self._phrases["slots"].items()}
        self._facts |= {name: str(rng.randint(*bounds)) for name, bounds in _NUMBERS.items()}
        self._problem = rng.choice(self._phrases["problems"])
        self._answers: list[str] = []

    @property
    def topic(self) -> str:
        return str(self._problem["topic"])

    def title(self) -> str:
        return self._filled(self._problem["title"])

    def description(self) -> str:
        greeting, closing = (self._rng.choice(self._phrases[kind]) for kind in ("greetings", "closings"))
        return "\n\n".join(self._filled(part) for part in (greeting, self._problem["description"], closing) if part)

    def sentence(self, kind: str) -> str:
        """One of that kind; an answer belongs to the question before it."""
        if kind == "questions":
            topic = self._problem["topic"]
            exchange = self._rng.choice([each for each in self._phrases["exchanges"] if topic in each["topics"]])
            self._answers = exchange["answers"]
            return self._filled(exchange["question"])
        choices = self._answers if kind == "answers" else self._phrases[kind]
        if isinstance(choices, dict):
            choices = choices[self._problem["topic"]]
        return self._filled(self._rng.choice(choices))

    def _filled(self, template: str) -> str:
        text = template.format_map(self._facts)
        return text[:1].upper() + text[1:]


@cache
def phrases(language: str) -> dict[str, Any]:
    path = Path(__file__).parent / "phrases" / f"{language}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))
