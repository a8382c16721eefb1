"""Files that people attached, through nginx: Django looks who asks, nginx sends."""

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from helpdesk.accounts.models import User
from tests.factories import ticket_of
from tests.people import UserFactory
from tests.stack.through import NEEDS_NGINX, access, problem
from tests.tickets.files import FORM, form

pytestmark = NEEDS_NGINX

CONTENT = b"0123456789\n" * 200_000


@pytest.fixture
def files() -> Iterator[Path]:
    """As root, nginx works as somebody else here, who must be able to read; in the images, both are one."""
    directory = Path(tempfile.mkdtemp(prefix="hd-files-", dir="/tmp"))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory)


def test_a_file_comes_from_nginx_whole_and_in_parts_and_from_nowhere_else(start_nginx, deployed, files):
    web = deployed("/start", ATTACHMENT_ROOT=str(files), ATTACHMENT_ACCEL_PREFIX="/_attachments/")
    nginx = start_nginx(web, NGINX_ATTACHMENTS=str(files))
    token, other = access(nginx, UserFactory), access(nginx, UserFactory)
    ticket = ticket_of(User.objects.order_by("id").first())
    with nginx.client(headers={"Authorization": f"Bearer {token}"}) as client:
        made = client.post(
            f"/api/tickets/{ticket.pk}/attachments/", content=form(CONTENT), headers={"Content-Type": FORM}
        )
        assert made.status_code == 201, made.text
        assert made.json()["sha256"] == hashlib.sha256(CONTENT).hexdigest()
        for stored in files.rglob("*"):
            stored.chmod(0o755)
        path = httpx.URL(made.json()["url"]).path

        whole, head = client.get(path), client.head(path)
        part = client.get(path, headers={"Range": "bytes=-5"})
        beyond = client.get(path, headers={"Range": f"bytes={len(CONTENT)}-"})
        same = client.get(path, headers={"Range": "bytes=0-9", "If-Range": whole.headers["ETag"]})
        changed = client.get(path, headers={"Range": "bytes=0-9", "If-Range": '"another"'})
        refused = client.get("/api/attachments/9000000000/download/", headers={"Range": "bytes=0-9"})
        [stored] = [file for file in files.rglob("*") if file.is_file()]
        inside = f"/_attachments/{stored.relative_to(files)}"
        ways = [
            inside,
            f"{inside}?x=1",
            inside.replace("_", "%5f", 1),
            f"/static/..%2f{inside[1:]}",
            "/_attachments/problem",
        ]
        around = [client.get(way) for way in ways]
        # Nor by saying oneself what only Django says.
        around.append(client.get("/api/nothing/", headers={"X-Accel-Redirect": inside}))

    assert (whole.status_code, whole.content) == (200, CONTENT)
    assert (part.status_code, part.content) == (206, CONTENT[-5:])
    assert part.headers["Content-Range"] == f"bytes {len(CONTENT) - 5}-{len(CONTENT) - 1}/{len(CONTENT)}"
    assert (beyond.status_code, problem(beyond)["code"]) == (416, "range_not_satisfiable")
    assert "Content-Disposition" not in beyond.headers
    assert beyond.headers["X-Content-Type-Options"] == "nosniff"
    assert beyond.headers["Content-Range"] == f"bytes */{len(CONTENT)}"
    assert (head.status_code, head.content, head.headers["Content-Length"]) == (200, b"", str(len(CONTENT)))
    assert (same.status_code, same.content) == (206, CONTENT[:10])
    assert (changed.status_code, changed.content) == (200, CONTENT)
    assert (refused.status_code, problem(refused)["code"]) == (404, "not_found")
    assert "X-Accel-Redirect" not in whole.headers
    for answer in (whole, part, head):
        assert answer.headers["Content-Type"] == "text/plain"
        assert answer.headers["Content-Disposition"] == 'attachment; filename="smoke.txt"'
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"].endswith("; sandbox")
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert answer.headers["X-Request-ID"]
    # What nginx keeps for itself is nobody's to ask for; what is another's is not there.
    assert {(answer.status_code, problem(answer)["code"]) for answer in around} == {(404, "not_found")}
    with nginx.client(headers={"Authorization": f"Bearer {other}"}) as client:
        for headers in ({}, {"Range": "bytes=0-9"}):
            assert problem(client.get(path, headers=headers))["status"] == 404
    with nginx.client() as client:
        assert problem(client.get(path))["status"] == 401


def test_a_file_that_is_too_large_is_refused_by_the_limit_that_is_set(start_nginx, web):
    nginx = start_nginx(web, ATTACHMENT_MAX_BYTES="100")
    with nginx.client() as client:
        answer = client.post("/api/tickets/1/attachments/", content=b"x" * 2_200_000, headers={"Content-Type": FORM})
    assert (answer.status_code, problem(answer)["code"]) == (413, "too_large")
