"""The description of the API: committed as it is generated, with examples that fit their schemas."""

import inspect
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer
from jsonschema import Draft202012Validator, FormatChecker

from helpdesk.api.views import ApiView, ApiViewSet
from helpdesk.tickets.api.comments import TicketCommentViewSet
from helpdesk.tickets.api.tickets import TicketViewSet
from tests.servers import ROOT

COMMITTED = ROOT / "docs/reference/openapi.yaml"
COMMAND = "./run manage spectacular --file docs/reference/openapi.yaml"


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return SchemaGenerator().get_schema(request=None, public=True)


FOR_US = {inspect.getdoc(view) for view in (ApiView, ApiViewSet, TicketViewSet, TicketCommentViewSet)}
FORMATS = FormatChecker(formats=["email"])


@FORMATS.checks("date-time", raises=ValueError)
def is_a_time(value: Any) -> bool:
    return not isinstance(value, str) or bool(datetime.fromisoformat(value))


def operations(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


# Files: their bytes are whatever somebody attaches.
BYTES = {"application/octet-stream", "multipart/form-data"}


def bodies(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every body that is described: whose it is, and its schema with its examples."""
    for name, operation in operations(schema):
        for kind, media in operation.get("requestBody", {}).get("content", {}).items():
            if kind not in BYTES:
                yield f"{name} request", media
        for status, response in operation["responses"].items():
            for kind, media in response.get("content", {}).items():
                if kind not in BYTES:
                    yield f"{name} {status}", media
    for name, response in schema["components"]["responses"].items():
        for media in response["content"].values():
            yield name, media


def examples_of(media: dict[str, Any]) -> list[Any]:
    return [example["value"] for example in media.get("examples", {}).values()] or [
        media[key] for key in ("example",) if key in media
    ]


def validator_of(media: dict[str, Any], schema: dict[str, Any]) -> Draft202012Validator:
    return Draft202012Validator({**media["schema"], "components": schema["components"]}, format_checker=FORMATS)


def test_the_committed_description_is_the_one_of_this_code(schema: dict[str, Any]) -> None:
    generated = OpenApiYamlRenderer().render(schema, renderer_context={})
    assert Path(COMMITTED).read_bytes() == generated, f"run {COMMAND}"


def test_every_body_has_an_example_that_fits_its_schema(schema: dict[str, Any]) -> None:
    checked = 0
    for name, media in bodies(schema):
        examples = examples_of(media)
        assert examples, f"{name} has no example"
        validator = validator_of(media, schema)
        for example in examples:
            assert [error.message for error in validator.iter_errors(example)] == [], name
            checked += 1
    assert checked > 70


def test_an_example_that_does_not_fit_would_be_seen(schema: dict[str, Any]) -> None:
    """Or the test above would pass whatever the examples say."""
    media = schema["paths"]["/api/tickets/{id}/"]["get"]["responses"]["200"]["content"]["application/json"]
    (example,) = examples_of(media)
    validator = validator_of(media, schema)
    assert not validator.is_valid(example | {"status": "melted"})
    assert not validator.is_valid(example | {"created_at": "yesterday"})
    assert not validator.is_valid(example | {"created_by": None})


def test_every_operation_says_what_it_does_in_words_of_its_own(schema: dict[str, Any]) -> None:
    summaries = [operation.get("summary", "") for _, operation in operations(schema)]
    assert "" not in summaries
    names = [operation["operationId"] for _, operation in operations(schema)]
    assert len(set(names)) == len(names)
    for name, operation in operations(schema):
        # The generator falls back to the docstring of the class, which is for us.
        assert operation["description"] not in FOR_US, name


def test_every_route_under_api_is_described(schema: dict[str, Any]) -> None:
    from tests.contracts.routes import views

    described = {
        (
            path.replace("sessions/{id}", "sessions/<key:pk>")
            .replace("{id}", "<id:pk>")
            .replace("{ticket_id}", "<id:ticket_id>")
            .replace("{conversation_id}", "<id:conversation_id>")
            .replace("{provider}", "<provider>"),
            method,
        )
        for path, methods in schema["paths"].items()
        for method in methods
    }
    routes = {
        (route, method)
        for route, view, actions in views()
        if route.startswith("/api/") and route not in {"/api/", "/api/schema/", "/api/asyncapi.json"}
        for method in set(actions) - {"options", "head"}
    }
    assert described == routes
