import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.exceptions import ParseError

from helpdesk.api.parsers import loads

pytestmark = pytest.mark.usefixtures("small_views")


def nested(levels: int, opening: bytes = b"[", closing: bytes = b"]") -> bytes:
    """An object with lists in it: so many levels in all."""
    return b'{"a":' + opening * (levels - 1) + closing * (levels - 1) + b"}"


def echo(client, body: bytes, content_type: str = "application/json"):
    return client.post("/test/echo/", body, content_type=content_type)


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": "\\u0000"}',
        b'{"\\u0000": 1}',
        b'{"a": [{"b": "x\\u0000y"}]}',
        b'{"a": "\x00"}',
        b'{"a": "\\ud800"}',
        b'{"a": "\\udc00\\ud800"}',
        b'{"a": "\xed\xa0\x80"}',
        b'{"a": "\xff"}',
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": 1e999}',
        b'{"a": 9223372036854775808}',
        b'{"a": -9223372036854775809}',
        b'{"a": 18446744073709551615}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"a": 1e30}',
        nested(33),
        nested(33, b'{"a":', b"}").replace(b"{}", b'{"a":{}}'),
        nested(100_000),
        b"[" * 100_000,
        b"[]",
        b"[1]",
        b"null",
        b"1",
        b'"text"',
        b"true",
        b"{",
        b"{]",
        b"{'a': 1}",
        b'{"a": 1,}',
        b'{"a": 1} x',
        b"\xef\xbb\xbf{}",
        b" ",
    ],
    ids=lambda body: repr(body[:24]),
)
def test_what_cannot_be_stored_or_compared_is_400(client, body):
    response = echo(client, body)

    assert (response.status_code, response.json()["code"]) == (400, "parse_error")
    assert response.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("body", "data"),
    [
        (b"{}", {}),
        (b"", {}),
        (b'{"a": "\\ud83d\\ude00", "b": "\xc3\xb1"}', {"a": "😀", "b": "ñ"}),
        (b'{"a": 9223372036854775807, "b": -9223372036854775808}', {"a": 2**63 - 1, "b": -(2**63)}),
        (b'{"a": [1.5, true, null, {"b": []}]}', {"a": [1.5, True, None, {"b": []}]}),
    ],
)
def test_everything_else_is_read_as_it_was_written(client, body, data):
    assert echo(client, body).json() == {"data": data}


def test_thirty_two_levels_are_read(client):
    assert echo(client, nested(32)).status_code == 200


def test_a_body_over_the_limit_is_413(client, settings):
    settings.API_MAX_BODY_BYTES = 100

    fits, too_large = (echo(client, b'{"a": "' + b"x" * (size - 9) + b'"}') for size in (100, 101))

    assert (fits.status_code, too_large.status_code, too_large.json()["code"]) == (200, 413, "too_large")


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "",
        "x",
        "/",
    ],
)
def test_another_content_type_is_415(client, content_type):
    response = echo(client, b'{"a": 1}', content_type)

    assert (response.status_code, response.json()["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json; charset=utf-8", "application/JSON;x=y"]
)
def test_json_by_any_spelling_is_read(client, content_type):
    assert echo(client, b'{"a": 1}', content_type).json() == {"data": {"a": 1}}


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=20,
)


@given(data=st.dictionaries(TEXT, JSON, max_size=5), escaped=st.booleans())
def test_any_object_within_the_bounds_comes_back(data, escaped):
    assert loads(json.dumps(data, ensure_ascii=escaped).encode()) == data


@given(st.binary(max_size=200))
def test_no_bytes_do_anything_but_parse_or_be_refused(body):
    with contextlib.suppress(ParseError):
        assert isinstance(loads(body), dict)
