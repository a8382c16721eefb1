import pytest

METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def schema(django_db_setup):
    from django.test import Client

    return Client().get("/api/schema/?format=json").json()


def operations(schema):
    return {
        f"{method.upper()} {path}": operation
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    }


def test_it_is_openapi_3_1(schema):
    assert schema["openapi"] == "3.1.0"


def test_v1_is_not_repeated(schema):
    assert [path for path in schema["paths"] if "/v1/" in path] == []
    assert "/api/tickets/" in schema["paths"]


def test_it_is_made_without_a_warning(capsys):
    from drf_spectacular.drainage import GENERATOR_STATS
    from drf_spectacular.generators import SchemaGenerator

    SchemaGenerator().get_schema(request=None, public=True)

    assert (dict(GENERATOR_STATS._warn_cache), dict(GENERATOR_STATS._error_cache)) == ({}, {})


def test_every_error_of_every_operation_is_a_problem(schema):
    for name, operation in operations(schema).items():
        errors = {status: response for status, response in operation["responses"].items() if int(status) >= 400}
        assert {"400", "503"} <= errors.keys(), name
        for status, response in errors.items():
            usual = response.get("$ref", "").rpartition("/")[2]
            media = (schema["components"]["responses"][usual] if usual else response)["content"][
                "application/problem+json"
            ]
            assert media["schema"] == {"$ref": "#/components/schemas/Problem"}, name
            examples = [media["example"]] if usual else [example["value"] for example in media["examples"].values()]
            assert {example["status"] for example in examples} == {int(status)}, name


@pytest.mark.parametrize(
    ("operation", "statuses"),
    [
        ("GET /api/tickets/", {"400", "401", "403", "404", "429", "503"}),
        ("POST /api/tickets/", {"400", "401", "403", "404", "409", "413", "415", "429", "503"}),
        ("GET /api/tickets/{id}/", {"400", "401", "403", "404", "429", "503"}),
        ("POST /api/tickets/{id}/close/", {"400", "401", "403", "404", "409", "429", "503"}),
        ("POST /api/auth/token/", {"400", "401", "413", "415", "429", "503"}),
    ],
)
def test_an_operation_names_the_errors_it_can_give(schema, operation, statuses):
    responses = operations(schema)[operation]["responses"]

    assert {status for status in responses if int(status) >= 400} >= statuses
    assert "500" not in responses


def test_signing_in_is_said_where_it_is_needed(schema):
    assert schema["components"]["securitySchemes"] == {
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    }
    secured = {name for name, operation in operations(schema).items() if operation.get("security") == [{"bearer": []}]}

    assert operations(schema).keys() - secured == {
        "POST /api/auth/token/",
        "POST /api/auth/token/refresh/",
        "POST /api/auth/token/verify/",
        # The refresh token, the mail's token or the provider's word is the credential.
        "POST /api/auth/logout/",
        "POST /api/auth/register/",
        "POST /api/auth/email/verify/",
        "POST /api/auth/password/reset/",
        "POST /api/auth/password/reset/confirm/",
        "POST /api/auth/google/",
        "POST /api/auth/facebook/",
    }


def test_an_id_in_a_path_is_a_number_but_for_sessions_and_providers(schema):
    of_text = {
        name.partition(" ")[2]
        for name, operation in operations(schema).items()
        for parameter in operation.get("parameters", [])
        if parameter["in"] == "path" and parameter["schema"]["type"] != "integer"
    }

    assert of_text == {"/api/auth/sessions/{id}/", "/api/auth/identities/{provider}/"}


def test_a_page_is_described_with_its_members(schema):
    page = schema["components"]["schemas"]["PaginatedFoundTicketOutputList"]

    assert list(page["properties"]) == ["count", "count_exact", "next", "previous", "results"]
    assert page["required"] == ["count", "next", "previous", "results"]


def test_it_can_also_be_read_as_yaml(client):
    response = client.get("/api/schema/?format=yaml")

    assert response.status_code == 200
    assert response.content.startswith(b"openapi: 3.1.0")
