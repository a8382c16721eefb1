"""What nginx writes down, and what it says where the service does not answer."""

import re

import httpx
import pytest
from django.utils import translation

from helpdesk.api import problems
from tests.servers import eventually
from tests.stack.image import NAME
from tests.stack.through import NEEDS_NGINX, line_of, log_lines, problem

pytestmark = NEEDS_NGINX


# --- the log -----------------------------------------------------------------------------------------


def test_a_token_is_in_no_log(start_nginx, web):
    nginx = start_nginx(web)
    secret = "eyJhbGciOiJIUzI1NiJ9.c2VjcmV0.c2VjcmV0"
    with nginx.client() as client:
        client.get(f"/ws/notifications/?token={secret}")
        client.get(f"/api/tickets/?token={secret}", headers={"Referer": f"https://{NAME}/?token={secret}"})
        client.post(f"/api/?token={secret}", content=b"x" * 20_000_000)
        web.kill()
        client.get(f"/api/?token={secret}")
        httpx.get(f"{nginx.plain_url}/api/?token={secret}")
        client.get(f"/static/none?token={secret}")

    paths = ["/ws/notifications/", "/api/tickets/", "/api/", "/api/", "/api/", "/static/none"]
    eventually(lambda: len(log_lines(nginx)) == len(paths))
    assert sorted(line["path"] for line in log_lines(nginx)) == sorted(paths)
    assert "c2VjcmV0" not in nginx.output() + web.output()


# --- outages -----------------------------------------------------------------------------------------


def test_a_service_that_is_away_is_a_part_that_is_down_until_it_is_back(start_nginx, web):
    nginx = start_nginx(web)
    web.kill()
    with nginx.client() as client:
        away, spanish = client.get("/api/"), client.get("/api/", headers={"Accept-Language": "es"})
        static = client.get("/static/docs/redoc.css")
        web.start()
        back = client.get("/healthz")

    assert (away.status_code, away.headers["Retry-After"]) == (503, str(problems.RETRY_AFTER))
    assert problem(away)["code"] == problem(spanish)["code"] == "unavailable"
    assert (static.status_code, back.status_code) == (200, 200)


def test_a_service_that_hangs_is_given_up_on(start_nginx, web):
    nginx = start_nginx(web, {"proxy_read_timeout 60s": "proxy_read_timeout 1s"})
    web.freeze()
    with nginx.client() as client:
        answer = client.get("/api/")
    web.thaw()

    assert (answer.status_code, problem(answer)["code"]) == (503, "unavailable")
    assert line_of(nginx, "/api/")["upstream"] == "504"


@pytest.mark.parametrize("language", ["en", "es"])
def test_nginx_says_what_the_service_would_say(nginx_image, language):
    template = nginx_image.path("/etc/nginx/helpdesk.conf.template").read_text()
    with translation.override(language):
        wanted = {
            status: say().detail for status, say in problems.STANDARD.items() if status in {400, 404, 405, 413, 503}
        }
        other = problems.standard(431).detail
    said = {int(status): detail for status, detail in re.findall(rf'"{language} (\d+)" "(.*)";', template)}

    assert {status: said[status] for status in wanted} == wanted
    assert (
        re.search(
            {"en": r'default "(.*)";', "es": r'"~\^es" "(.*)";'}[language] + r"\n", template.partition("$detail {")[2]
        )[1]
        == other
    )
    codes = dict(re.findall(r"^        (\d+) (\w+);", template.partition("$code {")[2].partition("}")[0], re.MULTILINE))
    assert {int(s): c for s, c in codes.items() if int(s) in wanted} == {s: problems.STANDARD[s]().code for s in wanted}
