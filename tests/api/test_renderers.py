from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.utils.translation import gettext_lazy

from helpdesk.api.renderers import JSONRenderer, dumps


@pytest.mark.parametrize("zone", [UTC, ZoneInfo("UTC")])
def test_a_time_is_in_utc_with_z(zone):
    assert dumps(datetime(2026, 11, 20, 10, 0, tzinfo=zone)) == b'"2026-11-20T10:00:00Z"'


def test_decimals_and_lazy_texts_are_strings():
    assert dumps([Decimal("1.50"), gettext_lazy("Open")]) == b'["1.50","Open"]'


def test_what_is_no_json_is_a_mistake_of_ours():
    with pytest.raises(TypeError, match="not JSON serializable: object"):
        dumps([object()])


def test_no_data_is_no_body():
    assert JSONRenderer().render(None) == b""
