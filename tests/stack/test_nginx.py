"""nginx with its very configuration, in front of a deployment's web server: what passes, and as whose."""

import gzip
import json
import re
import socket
import ssl

import httpx
import pytest

from tests.api.test_headers import DATA, EVERYWHERE
from tests.people import PASSWORD, AdminFactory, UserFactory
from tests.servers import HOST, eventually
from tests.stack.image import NAME
from tests.stack.through import NEEDS_NGINX, access, log_lines, problem, with_password

pytestmark = NEEDS_NGINX


# --- starting ----------------------------------------------------------------------------------------


def test_without_certificates_it_says_so_in_one_line_and_ends(start_nginx):
    nginx = start_nginx(None)
    nginx.stop()
    (nginx.certificates / "privkey.pem").unlink()
    nginx.log.unlink()

    nginx.launch()
    code = nginx.wait()

    assert code == 1
    (line,) = nginx.output().splitlines()
    assert line.startswith(f"nginx does not start: {nginx.certificates}/privkey.pem is missing")


def test_it_warns_of_nothing_when_it_starts_and_ends_when_it_is_asked_to(start_nginx):
    nginx = start_nginx(None)

    assert nginx.healthcheck() == 0
    assert nginx.stop() == 0
    assert nginx.output() == ""
    assert nginx.healthcheck() == 1


# --- through to the service --------------------------------------------------------------------------


def test_a_request_arrives_by_https_with_its_name_and_comes_back_with_headers_once(start_nginx, web):
    nginx = start_nginx(web)
    token = access(nginx, UserFactory)
    with nginx.client(headers={"Authorization": f"Bearer {token}", "X-Request-ID": "mine-1"}) as client:
        opened = client.post("/api/tickets/", json={"title": "Mi ticket", "description": "No imprime."})
        index = client.get("/api/")

    assert (opened.status_code, opened.json()["title"]) == (201, "Mi ticket")
    assert opened.headers["X-Request-ID"] == "mine-1"
    assert {re.match(r"[a-z]+://[^/]+", link)[0] for link in index.json().values()} == {f"https://{NAME}"}
    wanted = (
        "Strict-Transport-Security",
        "X-Content-Type-Options",
        "X-Frame-Options",
        "Referrer-Policy",
        "Cache-Control",
    )
    assert {name: len(index.headers.get_list(name)) for name in wanted} == dict.fromkeys(wanted, 1)
    assert index.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    # The service's own line has the name that nginx gave a request that had none.
    assert '"request_id": "mine-1"' in web.output()


# By the same names in helpdesk/api/headers.py.
WANTED = EVERYWHERE | {"Content-Security-Policy": DATA, "Referrer-Policy": "no-referrer"}


def test_its_own_answers_tell_browsers_what_the_services_do(start_nginx, nginx_image):
    nginx = start_nginx(None)
    with nginx.client() as client:
        answers = {
            503: client.get("/api/"),
            200: client.get("/static/docs/redoc.css"),
            404: client.get("/static/nothing.css"),
            413: client.post("/api/", content=b" " * 13_000_000),
            400: httpx.get(f"http://{HOST}:{nginx.port}/"),
            308: httpx.get(f"{nginx.plain_url}/api/"),
        }

    assert {status: answer.status_code for status, answer in answers.items()} == {s: s for s in answers}
    for answer in answers.values():
        assert {name: answer.headers.get_list(name) for name in WANTED} == {n: [v] for n, v in WANTED.items()}
        assert "Server" not in answer.headers
    assert answers[503].headers["Retry-After"] == "5"


def test_no_answer_that_passes_says_what_serves_it_or_says_anything_twice(start_nginx, web):
    nginx = start_nginx(web)
    with nginx.client() as client:
        answers = [client.get(path) for path in ("/api/", "/api/tickets/", "/nothing", "/admin/login/", "/")]

    for answer in answers:
        names = [name.lower() for name, _value in answer.headers.multi_items() if name.lower() != "set-cookie"]
        assert len(names) == len(set(names))
        assert "server" not in names
        assert {name: answer.headers[name] for name in EVERYWHERE} == EVERYWHERE
    assert "unsafe-eval" in answers[3].headers["Content-Security-Policy"]
    assert answers[3].headers["Referrer-Policy"] == "same-origin"


def test_a_request_without_a_name_has_one_in_both_logs(start_nginx, web):
    nginx = start_nginx(web)
    with nginx.client() as client:
        name = client.get("/healthz", headers={"X-Request-ID": "not good {}"}).headers["X-Request-ID"]

    assert re.fullmatch("[0-9a-f]{32}", name)
    assert f'"request_id": "{name}"' in web.output()
    assert eventually(lambda: [line["request_id"] for line in log_lines(nginx)]) == [name]


def enter_admin(client):
    admin = with_password(AdminFactory)
    form = client.get("/admin/login/")
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form.text)[1]
    fields = {"csrfmiddlewaretoken": token, "username": admin.username, "password": PASSWORD, "next": "/admin/"}
    # As a browser does; Django compares it with the scheme and the host of the request.
    return client.post("/admin/login/", data=fields, headers={"Origin": f"https://{NAME}"})


def test_an_admin_signs_in_and_sees_pages_with_their_files(start_nginx, deployed):
    nginx = start_nginx(deployed("/start", ADMIN_TOTP="off"))
    with nginx.client(follow_redirects=True) as client:
        page = enter_admin(client)
        files = re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text)
        missing_files = [file for file in files if client.get(file).status_code != 200]

    assert (page.status_code, page.url.path) == (200, "/admin/")
    assert "logout" in page.text
    assert files
    assert missing_files == []


def test_an_admin_is_led_to_the_second_factor_unless_it_is_turned_off(start_nginx, web):
    nginx = start_nginx(web)
    with nginx.client(follow_redirects=True) as client:
        page = enter_admin(client)

    assert (page.status_code, page.url.path) == (200, "/admin/second-factor/set-up/")
    assert "<svg" in page.text


def test_http2_is_spoken(start_nginx, web):
    answer = start_nginx(web).http2("/healthz")

    assert answer.startswith("HTTP/2 200")
    assert json.loads(answer.splitlines()[-1]) == {"status": "healthy"}


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1])
def test_old_tls_is_not_spoken(start_nginx, version):
    nginx = start_nginx(None)
    context = nginx.trust
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.minimum_version, context.maximum_version = version, version
    # Debian's OpenSSL offers old versions to nobody who does not insist.
    context.set_ciphers("ALL:@SECLEVEL=0")

    with pytest.raises(ssl.SSLError), socket.create_connection((HOST, nginx.port)) as plain:
        context.wrap_socket(plain, server_hostname=HOST)


def test_plain_http_is_sent_to_https(start_nginx):
    nginx = start_nginx(None)

    answer = httpx.get(f"{nginx.plain_url}/api/tickets/?page=2", headers={"Host": NAME})

    assert (answer.status_code, answer.headers["Location"]) == (308, f"https://{NAME}/api/tickets/?page=2")


def test_the_proofs_of_certbot_are_served_by_plain_http(start_nginx):
    nginx = start_nginx(None)
    proofs = nginx.certificates / "acme/.well-known/acme-challenge"
    proofs.mkdir(parents=True)
    (proofs / "one").write_text("proof")

    there, away = (httpx.get(f"{nginx.plain_url}/.well-known/acme-challenge/{name}") for name in ("one", "two"))

    assert (there.status_code, there.text) == (200, "proof")
    assert away.status_code == 404


# --- whom a request comes from -----------------------------------------------------------------------


def test_each_client_has_its_own_limit_and_cannot_choose_another(start_nginx, deployed):
    web = deployed("/start", RATE_LIMIT_ANON="3/min")
    nginx = start_nginx(web)
    spoofed = [
        {"X-Forwarded-For": f"203.0.113.{n}", "X-Real-IP": f"203.0.113.{n}", "Forwarded": f"for=203.0.113.{n}"}
        for n in range(5)
    ]
    with (
        nginx.client() as here,
        nginx.client(transport=httpx.HTTPTransport(local_address="127.0.0.9", verify=nginx.trust)) as there,
    ):
        first = [here.get("/api/tickets/", headers=headers).status_code for headers in spoofed]
        second = there.get("/api/tickets/").status_code

    assert first == [401, 401, 401, 429, 429]
    assert second == 401


def test_who_reaches_the_service_past_nginx_cannot_spoof_either(start_nginx, deployed):
    web = deployed("/start", RATE_LIMIT_ANON="3/min", TRUSTED_PROXIES="10.203.7.2")
    headers = {"Host": NAME, "X-Forwarded-Proto": "https"}
    answers = [
        httpx.get(f"{web.url}/api/tickets/", headers={**headers, "X-Forwarded-For": f"203.0.113.{n}"}) for n in range(5)
    ]

    # Plain HTTP, whatever it says; and so it is told to come by HTTPS.
    assert {answer.status_code for answer in answers} == {301}
    assert answers[0].headers["Location"] == f"https://{NAME}/api/tickets/"


# --- static files ------------------------------------------------------------------------------------


def test_static_files_come_from_nginx_itself_and_may_be_kept(start_nginx, nginx_image):
    nginx = start_nginx(None)
    manifest = json.loads(nginx_image.path("/srv/static/staticfiles.json").read_text())["paths"]
    name = manifest["docs/redoc.css"]
    with nginx.client() as client:
        hashed, plain = client.get(f"/static/{name}"), client.get("/static/docs/redoc.css")
        away = client.get("/static/docs/none.css", headers={"Accept-Language": "es-EC"})
        listing = client.get("/static/docs/")

    assert (hashed.status_code, hashed.headers["Content-Type"]) == (200, "text/css")
    assert hashed.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert plain.headers["Cache-Control"] == "public, max-age=60"
    assert hashed.headers["X-Content-Type-Options"] == "nosniff"
    assert (away.status_code, problem(away)["detail"]) == (404, "No encontrado.")
    assert (listing.status_code, problem(listing)["code"]) == (404, "not_found")


def test_static_files_are_sent_as_they_were_compressed(start_nginx, nginx_image):
    nginx = start_nginx(None)
    stored = next(path for path in nginx_image.path("/srv/static").rglob("*.js.gz"))
    address = "/static/" + str(stored.relative_to(nginx_image.path("/srv/static"))).removesuffix(".gz")

    with nginx.client() as client, client.stream("GET", address, headers={"Accept-Encoding": "gzip"}) as answer:
        sent = b"".join(answer.iter_raw())

    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(sent) == gzip.decompress(stored.read_bytes())
