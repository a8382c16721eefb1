import pytest

from helpdesk.limits.addresses import origin


@pytest.mark.parametrize(
    ("address", "charged"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "unknown"),
        (None, "unknown"),
        ("/tmp/socket", "unknown"),
    ],
)
def test_an_address_is_charged_as_one_household(address, charged):
    assert origin({"REMOTE_ADDR": address}) == charged


def test_a_unix_socket_has_no_address():
    assert origin({}) == "unknown"


def test_a_header_that_the_client_wrote_is_not_read():
    meta = {"REMOTE_ADDR": "203.0.113.7", "HTTP_X_FORWARDED_FOR": "198.51.100.1", "HTTP_FORWARDED": "for=198.51.100.1"}

    assert origin(meta) == "203.0.113.7"
