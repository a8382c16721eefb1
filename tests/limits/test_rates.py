import pytest
from django.apps import apps

from helpdesk.limits.rates import Rate, Verdict


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("5/s", Rate(5, 1)),
        ("100/min", Rate(100, 60)),
        ("1000/h", Rate(1000, 3600)),
        ("10/15min", Rate(10, 900)),
        ("3/2h", Rate(3, 7200)),
    ],
)
def test_a_rate_is_written_per_seconds_minutes_or_hours(text, rate):
    assert Rate.parse(text) == rate


@pytest.mark.parametrize(
    "text",
    ["", "100", "0/min", "-1/min", "100/day", "100/ min", "x/min", "\uff11/min", "1/0min", "1/-5min", "1/99999min"],
)
@pytest.mark.parametrize("name", ["RATE_LIMIT_USER", "SIGN_IN_LIMIT_BOTH"])
def test_what_is_no_rate_stops_the_start(settings, name, text):
    setattr(settings, name, text)

    with pytest.raises(ValueError, match="is no rate"):
        apps.get_app_config("limits").ready()


@pytest.mark.parametrize(("wait", "seconds"), [(0.0, 1), (0.2, 1), (1.0, 1), (1.01, 2), (59.9, 60)])
def test_whoever_waits_as_told_is_let_in(wait, seconds):
    assert Verdict(allowed=False, remaining=0, wait=wait).retry_after == seconds
