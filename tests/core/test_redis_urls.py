"""Three databases of one Redis."""

import ssl

import pytest
from kombu import Connection

from helpdesk.core.redis_urls import beside, celery_url, channels_url, for_redis, verified


@pytest.mark.parametrize(
    ("url", "channels", "celery"),
    [
        ("unix:///tmp/v.sock?db=0", "unix:///tmp/v.sock?db=1", "redis+socket:///tmp/v.sock?virtual_host=2"),
        ("unix:///tmp/v.sock", "unix:///tmp/v.sock?db=1", "redis+socket:///tmp/v.sock?virtual_host=2"),
        ("unix:///tmp/v.sock?db=3", "unix:///tmp/v.sock?db=4", "redis+socket:///tmp/v.sock?virtual_host=5"),
        ("redis://redis:6379/0", "redis://redis:6379/1", "redis://redis:6379/2"),
        ("redis://localhost", "redis://localhost/1", "redis://localhost/2"),
        ("redis://localhost/cache", "redis://localhost/1", "redis://localhost/2"),
        ("rediss://u:p%40ss@redis:6380?db=5", "rediss://u:p%40ss@redis:6380/6", "rediss://u:p%40ss@redis:6380/7"),
    ],
)
def test_channels_and_celery_get_the_next_databases(url, channels, celery):
    assert (channels_url(url), celery_url(url)) == (channels, celery)


def test_those_who_share_a_server_share_no_database():
    urls = [beside("unix:///tmp/v.sock?db=0", number) for number in range(3)]
    assert len({place for url in urls for place in (url, channels_url(url), for_redis(celery_url(url)))}) == 9


def test_celery_finds_the_password_of_a_socket_where_it_looks_for_it():
    assert (
        celery_url("unix:///tmp/v.sock?password=p%40s%2Fs&db=0")
        == "redis+socket://:p%40s%2Fs@/tmp/v.sock?virtual_host=2"
    )


@pytest.mark.parametrize("url", ["rediss://redis/2", "rediss://redis/2?ssl_ca_certs=/etc/ca.pem"])
def test_celery_looks_at_the_certificate_of_its_broker(url):
    assert Connection(verified(url)).ssl["ssl_cert_reqs"] == ssl.CERT_REQUIRED


@pytest.mark.parametrize(
    "url", ["rediss://redis/2?ssl_cert_reqs=none", "redis://redis/2", "redis+socket:///tmp/v.sock"]
)
def test_what_was_said_of_the_certificate_stands(url):
    assert verified(url) == url
