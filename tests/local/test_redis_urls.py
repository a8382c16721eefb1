"""Three databases of one Redis."""

import pytest

from helpdesk.local.redis_urls import databases_of


@pytest.mark.parametrize(
    ("url", "channels", "celery"),
    [
        ("unix:///tmp/v.sock?db=0", "unix:///tmp/v.sock?db=1", "redis+socket:///tmp/v.sock?virtual_host=2"),
        ("unix:///tmp/v.sock", "unix:///tmp/v.sock?db=1", "redis+socket:///tmp/v.sock?virtual_host=2"),
        ("redis://redis:6379/0", "redis://redis:6379/1", "redis://redis:6379/2"),
        ("redis://localhost", "redis://localhost/1", "redis://localhost/2"),
        ("rediss://u:p%40ss@redis:6380/5?db=5", "rediss://u:p%40ss@redis:6380/1", "rediss://u:p%40ss@redis:6380/2"),
    ],
)
def test_channels_and_celery_get_databases_of_their_own(url, channels, celery):
    assert databases_of(url) == {"CHANNELS_REDIS_URL": channels, "CELERY_BROKER_URL": celery}
