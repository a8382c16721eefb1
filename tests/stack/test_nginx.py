"""nginx with its very configuration, in front of a deployment's web server."""

import gzip
import json
import re
import socket
import ssl
import time

import httpx
import pytest
from django.contrib.auth.hashers import make_password
from django.utils import translation
from websockets.exceptions import ConnectionClosedError

from helpdesk.accounts.models import User
from helpdesk.api import problems
from tests.people import PASSWORD, AdminFactory, AgentFactory, UserFactory
from tests.servers import HOST, eventually
from tests.stack.image import NAME
from tests.stack.nginx import MISSING, missing

pytestmark = [pytest.mark.nginx, pytest.mark.slow, pytest.mark.skipif(missing(), reason=MISSING)]


def problem(answer: httpx.Response) -> dict:
    body = answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["X-Request-ID"] == body["request_id"]
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert (body["type"], body["status"]) == ("about:blank", answer.status_code)
    return body


def log_lines(nginx) -> list[dict]:
    return [json.loads(line) for line in nginx.output().splitlines() if line.startswith("{")]


def with_password(factory) -> User:
    """The deployment knows no cheap passwords."""
    user = factory()
    user.password = make_password(PASSWORD, hasher="argon2")
    user.save()
    return user


def access(nginx, factory) -> str:
    """Signed in through nginx: the deployment has a key of its own."""
    user = with_password(factory)
    with nginx.client() as client:
        answer = client.post("/api/auth/token/", json={"username": user.username, "password": PASSWORD})
    return answer.raise_for_status().json()["access"]


def rest_of(connection: ssl.SSLSocket) -> bytes:
    """What still comes, until the other side hangs up."""
    received = b""
    try:
        while part := connection.recv(65536):
            received += part
    except (ConnectionResetError, ssl.SSLError):
        pass
    return received


# --- starting --------------------------------------------------------------------------------------


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


# --- through to the service ------------------------------------------------------------------------


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


def test_a_request_without_a_name_has_one_in_both_logs(start_nginx, web):
    nginx = start_nginx(web)
    with nginx.client() as client:
        name = client.get("/healthz", headers={"X-Request-ID": "not good {}"}).headers["X-Request-ID"]

    assert re.fullmatch("[0-9a-f]{32}", name)
    assert f'"request_id": "{name}"' in web.output()
    assert eventually(lambda: [line["request_id"] for line in log_lines(nginx)]) == [name]


def test_an_admin_signs_in_and_sees_pages_with_their_files(start_nginx, web):
    nginx = start_nginx(web)
    admin = with_password(AdminFactory)
    with nginx.client(follow_redirects=True) as client:
        form = client.get("/admin/login/")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form.text)[1]
        fields = {"csrfmiddlewaretoken": token, "username": admin.username, "password": PASSWORD, "next": "/admin/"}
        # As a browser does; Django compares it with the scheme and the host of the request.
        page = client.post("/admin/login/", data=fields, headers={"Origin": f"https://{NAME}"})
        files = re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text)
        missing_files = [file for file in files if client.get(file).status_code != 200]

    assert (page.status_code, page.url.path) == (200, "/admin/")
    assert "logout" in page.text
    assert files
    assert missing_files == []


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


# --- whom a request comes from ---------------------------------------------------------------------


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


# --- static files ----------------------------------------------------------------------------------


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


# --- bounds ----------------------------------------------------------------------------------------


def test_a_body_of_20_mb_is_refused_before_the_service_sees_it(start_nginx, web):
    nginx = start_nginx(web)
    with nginx.client() as client:
        answer = client.post("/api/tickets/", content=b"x" * 20_000_000, headers={"Content-Type": "application/json"})

    assert (answer.status_code, problem(answer)["code"]) == (413, "too_large")
    # Written when the rest of the body was thrown away.
    assert eventually(lambda: log_lines(nginx))[-1]["upstream"] == ""


def test_a_body_of_20_mb_without_a_length_is_refused_too(start_nginx, web):
    nginx = start_nginx(web)
    # More than the buffers of a connection, so that the answer is read while the rest is still being written.
    chunks = (b"x" * 100_000 for _ in range(200))
    with nginx.client() as client:
        try:
            answer = client.post("/api/tickets/", content=chunks)
        except httpx.WriteError:
            answer = None

    assert eventually(lambda: log_lines(nginx))[-1]["status"] == 413
    assert answer is None or problem(answer)["code"] == "too_large"


def test_a_large_body_that_is_allowed_reaches_the_service(start_nginx, web):
    nginx = start_nginx(web)
    with nginx.client(headers={"Authorization": f"Bearer {access(nginx, UserFactory)}"}) as client:
        answer = client.post("/api/tickets/", json={"title": "x" * 5_000_000, "description": "-"})

    assert (answer.status_code, problem(answer)["code"]) == (413, "too_large")
    # Django's own limit.
    assert eventually(lambda: log_lines(nginx))[-1]["upstream"] == "413"


def test_slow_headers_are_cut(start_nginx, web):
    nginx = start_nginx(web, {"client_header_timeout 15s": "client_header_timeout 1s"})
    began = time.monotonic()
    with nginx.raw() as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: ")
        for letter in b"desk.example.org":
            time.sleep(0.25)
            try:
                connection.sendall(bytes([letter]))
            except OSError:
                break
        rest = rest_of(connection)

    assert b"200 OK" not in rest
    assert time.monotonic() - began < 10
    assert "healthz" not in web.output()


def test_a_slow_body_is_cut_and_never_reaches_the_service(start_nginx, web):
    nginx = start_nginx(web, {"client_body_timeout 15s": "client_body_timeout 1s"})
    head = f"POST /api/auth/token/ HTTP/1.1\r\nHost: {NAME}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{{"
    with nginx.raw() as connection:
        connection.sendall(head.encode())
        rest = rest_of(connection)

    assert rest == b""
    assert eventually(lambda: log_lines(nginx))[-1]["status"] == 408
    assert "/api/auth/token/" not in web.output()


def test_one_address_has_no_more_than_its_connections(start_nginx):
    nginx = start_nginx(None, {"limit_conn clients 256": "limit_conn clients 2"})
    head = f"POST /api/ HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: 10\r\n\r\n".encode()
    with nginx.raw() as one, nginx.raw() as two, nginx.client() as client:
        for waiting in (one, two):
            waiting.sendall(head)
        answer = eventually(lambda: (found := client.get("/api/")).status_code == 429 and found)

    assert problem(answer)["code"] == "throttled"
    assert answer.headers["Retry-After"] == "5"


def test_what_is_not_http_is_answered_with_a_problem(start_nginx):
    nginx = start_nginx(None)
    with nginx.raw() as connection:
        connection.sendall(b"NONSENSE\r\n\r\n")
        rest = rest_of(connection)

    with nginx.client() as client:
        long_header = client.get("/api/", headers={"X-Long": "x" * 20_000})
        long_address = client.get("/api/?" + "x" * 20_000)
        trace = client.request("TRACE", "/api/")
    by_plain = httpx.get(f"http://{HOST}:{nginx.port}/api/")

    assert b"<html" not in rest.lower()
    assert [problem(answer)["status"] for answer in (long_header, long_address, trace)] == [431, 414, 405]
    assert problem(by_plain)["status"] == 400


# --- sockets ---------------------------------------------------------------------------------------


def test_a_socket_comes_through_and_hears_events(start_nginx, web):
    nginx = start_nginx(web)
    agent, customer = access(nginx, AgentFactory), access(nginx, UserFactory)
    with nginx.socket("/ws/notifications/", subprotocols=["helpdesk.v1", f"bearer.{agent}"]) as connection:
        welcome = json.loads(connection.recv(timeout=10))
        with nginx.client(headers={"Authorization": f"Bearer {customer}"}) as client:
            client.post("/api/tickets/", json={"title": "Papel", "description": "-"}).raise_for_status()
        event = json.loads(connection.recv(timeout=10))

    assert (welcome["type"], connection.subprotocol) == ("welcome", "helpdesk.v1")
    assert (event["type"], event["ticket"]["title"]) == ("ticket_created", "Papel")


def test_a_page_of_the_same_host_may_open_a_socket(start_nginx, web):
    nginx = start_nginx(web)
    with nginx.socket(
        f"/ws/notifications/?token={access(nginx, AgentFactory)}", origin=f"https://{NAME}"
    ) as connection:
        connection.send('{"type": "ping"}')

        assert json.loads(connection.recv(timeout=10)) == {"type": "pong"}


def test_a_quiet_socket_stays_because_daphne_pings(start_nginx, deployed):
    nginx = start_nginx(deployed("/start", "--ping-interval", "1"), {"75s": "2s"})
    # A plain connection, which gets no heartbeats of the service; and of this client none either.
    with nginx.socket(f"/ws/notifications/?token={access(nginx, AgentFactory)}", ping_interval=None) as connection:
        time.sleep(5)
        connection.send('{"type": "ping"}')

        assert json.loads(connection.recv(timeout=10)) == {"type": "pong"}


def test_a_socket_that_nobody_speaks_on_is_cut(start_nginx, deployed):
    nginx = start_nginx(deployed("/start", "--ping-interval", "1000"), {"75s": "1s"})
    with nginx.socket(f"/ws/notifications/?token={access(nginx, AgentFactory)}", ping_interval=None) as connection:
        connection.send('{"type": "ping"}')
        assert json.loads(connection.recv(timeout=10)) == {"type": "pong"}

        with pytest.raises(ConnectionClosedError):
            connection.recv(timeout=20)


def test_the_times_of_sockets_leave_room_for_pings(nginx_image, image):
    template = nginx_image.path("/etc/nginx/helpdesk.conf.template").read_text()
    seconds = {
        int(n)
        for n in re.findall(r"location /ws/ \{.*?\}", template, re.DOTALL)
        for n in re.findall(r"timeout (\d+)s", n)
    }
    ping = int(re.search(r"--ping-interval (\d+)", image.path("/start").read_text())[1])

    assert seconds == {75}
    assert ping * 3 <= 75


# --- the log ---------------------------------------------------------------------------------------


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


# --- outages ---------------------------------------------------------------------------------------


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
    assert eventually(lambda: log_lines(nginx))[-1]["upstream"] == "504"


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
