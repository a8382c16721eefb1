"""All that a customer can ask, found in the description of the API, and what is left of the answers when two are compared."""

import itertools
import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from rest_framework.test import APIClient

from helpdesk.core.errors import Invalid
from helpdesk.events.cursors import read_cursor

Answers = Iterator[tuple[str, bytes]]

# So many ids of one kind are asked for: the first and the last.
MOST_IDS = 12
MOST_PAGES = 60
# Said elsewhere: where a list begins, and in which form it comes.
LEFT_OUT = {"after", "cursor", "page", "format"}
# What is told in an answer's head about its body.
HEADERS = ("Content-Type", "ETag", "Link", "Content-Disposition", "Content-Range", "Accept-Ranges", "Last-Modified")
NO_ROW = 9_000_000_000


class Asking:
    """A customer who asks everything. `words` are searched for; `moments` are those at which something happened."""

    def __init__(self, client: Any, *, words: list[str], moments: list[str], start: str) -> None:
        self.client = client
        self.words = words
        self.moments = moments
        self.start = start
        self.ids: dict[str, list[Any]] = {}
        self.reached: set[str] = set()

    def everything(self, schema: dict[str, Any]) -> Answers:
        """Every GET of the schema, the lists before what they list; then each parameter, value after value."""
        gets = {path: methods["get"] for path, methods in schema["paths"].items() if "get" in methods}
        for path in sorted(gets, key=lambda path: (path.count("{"), path)):
            for url in self.addresses(path):
                yield from self.read(path, url)
                for parameter in gets[path].get("parameters", []):
                    if parameter["in"] == "query" and parameter["name"] not in LEFT_OUT:
                        for value in self.values(parameter["schema"], parameter["name"]):
                            yield from self.read(path, f"{url}?{parameter['name']}={value}")

    def addresses(self, path: str) -> list[str]:
        """The path, with ids that were told in the place of each `{id}`: those of what stands before it."""
        parts = path.strip("/").split("/")
        choices = [self.some(parts[n - 1]) if part.startswith("{") else [part] for n, part in enumerate(parts)]
        return [f"/{'/'.join(map(str, chosen))}/" for chosen in itertools.product(*choices)]

    def some(self, kind: str) -> list[Any]:
        ids = self.ids.get(kind, [])
        half = MOST_IDS // 2
        return [*ids[:half], *ids[max(len(ids) - half, half) :]]

    def values(self, schema: dict[str, Any], name: str) -> list[Any]:
        schema = schema.get("items", schema)
        if name == "page_size":
            return [1, 3]
        if name == "users":
            return [
                ",".join(str(pk) for kind in sorted(self.ids) for pk in self.some(kind) if isinstance(pk, int))[:2000]
            ]
        if "enum" in schema:
            return list(schema["enum"])
        if schema.get("format") in {"date-time", "date"}:
            return self.moments
        if schema.get("type") == "integer":
            return [pk for kind in sorted(self.ids) for pk in self.some(kind)[:2] if isinstance(pk, int)]
        return self.words

    def read(self, path: str, url: str) -> Answers:
        """One question, and what `next` and its like lead to."""
        if "/events/" in path:
            url = f"{url}{'&' if '?' in url else '?'}after={self.start}"
        first = re.sub("[0-9]{7,}", "…", url.replace(self.start, "…"))
        for page in range(MOST_PAGES):
            response = self.client.get(url)
            content = b"".join(response) if getattr(response, "streaming", False) else response.content
            head = "".join(f"{name}: {response.headers.get(name, '')}\n" for name in HEADERS)
            yield f"{first} page {page}", f"{response.status_code}\n{head}\n".encode() + content
            if response.status_code != 200:
                return
            self.reached.add(path)
            if "json" not in response.headers.get("Content-Type", ""):
                return
            body = json.loads(content)
            self.remember(path.strip("/").split("/")[-1], body)
            following = self.following(url, body)
            if not following:
                return
            url = following

    def remember(self, kind: str, body: Any) -> None:
        """The id of everything that has one, under the name of what it is among."""
        if isinstance(body, list):
            for part in body:
                self.remember(kind, part)
        elif isinstance(body, dict):
            known = self.ids.setdefault(kind, [])
            if "id" in body and body["id"] not in known:
                known.append(body["id"])
            for name, part in body.items():
                self.remember(kind if name == "results" else name, part)

    def following(self, url: str, body: Any) -> str:
        """Where the answer leads on to, if it does."""
        if not isinstance(body, dict):
            return ""
        if "head" in body:  # the event stream, whose `next` is a cursor
            return re.sub("after=[^&]*", f"after={body['next']}", url) if body["results"] else ""
        return body.get("comments_previous") or body.get("next") or ""


def described() -> dict[str, Any]:
    schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return schema


# An id is a number of seven digits or more, see `numbered_apart`; what is opaque is numbered as a whole.
NUMBERED = re.compile(
    rb'"(?:id|cursor|next|previous|head|comments_previous|request_id)":(?P<opaque>"[^"]*")'
    rb'|(?m:^Link: (?P<link>.+)$)|(?m:^ETag: (?:W/)?"[0-9]+-(?P<hash>[^"]*)"$)'
    rb"|(?<![0-9A-Za-z.])(?P<number>[1-9][0-9]{6,})(?![0-9A-Za-z])"
)
MOMENT = re.compile(rb"(?P<moment>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z)")


def renumbered(answers: Answers, *, moments: bool = False) -> dict[str, bytes]:
    """Ids, cursors and the like as the first, second, third… that appeared; `moments`: times too, where time is real."""
    names: dict[bytes, bytes] = {}

    def numbered(match: re.Match[bytes]) -> bytes:
        value = next(group for group in match.groups() if group is not None)
        return match[0].replace(value, names.setdefault(place(value), b"#%d" % len(names)))

    def of(content: bytes) -> bytes:
        content = NUMBERED.sub(numbered, content)
        return MOMENT.sub(numbered, content) if moments else content

    return {f"{number}. {question}": of(content) for number, (question, content) in enumerate(answers)}


def place(value: bytes) -> bytes:
    """What a cursor of the event stream stands for, without the second in which it was handed out."""
    try:
        return b"position %d" % read_cursor(value.strip(b'"').decode(), now=datetime.min.replace(tzinfo=UTC)).position
    except (Invalid, OverflowError, UnicodeDecodeError):
        return value


class Remote:
    """An HTTP client that is spoken to as the one of Django's tests."""

    def __init__(self, http: Any) -> None:
        self._http = http

    def __getattr__(self, method: str) -> Callable[..., Any]:
        def call(url: str, body: Any = None, **_options: Any) -> Any:
            return self._http.request(method.upper(), url, json=body)

        return call

    def generic(self, method: str, url: str, body: bytes, content_type: str) -> Any:
        return self._http.request(method, url, content=body, headers={"Content-Type": content_type})


Client = APIClient | Remote
