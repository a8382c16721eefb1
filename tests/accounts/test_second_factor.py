"""Codes, and what is kept of them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from django.core.management import call_command
from django.db import connection, transaction

from helpdesk.accounts import totp
from helpdesk.accounts.devices import NOWHERE, Device
from helpdesk.accounts.models import TotpDevice, User
from helpdesk.accounts.operations import second_factor
from helpdesk.accounts.sealing import Unreadable, seal, unseal
from helpdesk.events.models import EventRecord
from tests.people import NOON, AdminFactory
from tests.servers import eventually

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def code(moment: Any = NOON, secret: str = SECRET) -> str:
    return pyotp.TOTP(secret).at(moment)


def turned_on(user: Any, moment: Any = NOON) -> list[str]:
    _, codes = second_factor.enable(by=user, secret=SECRET, code=code(moment), now=moment)
    return codes


def answered(user: Any, typed: str, moment: Any) -> bool:
    return second_factor.answer(user=user, typed=typed, device=NOWHERE, now=moment) is not None


def types() -> list[str]:
    return list(EventRecord.objects.order_by("id").values_list("type", flat=True))


# --- codes ---------------------------------------------------------------------------------------


def test_the_code_is_that_of_the_rfc() -> None:
    """RFC 6238, appendix B, for SHA-1; of its eight digits the last six."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    for seconds, typed in {59: "287082", 1111111109: "081804", 20000000000: "353130"}.items():
        moment = NOON.fromtimestamp(seconds, NOON.tzinfo)
        assert totp.matching_step(secret, typed, now=moment) == seconds // 30


@pytest.mark.parametrize(
    ("seconds", "good"), [(0, True), (-30, True), (30, True), (-60, False), (60, False), (3600, False)]
)
def test_a_code_is_good_a_step_before_and_after(seconds: int, good: Any) -> None:
    typed = code(NOON + timedelta(seconds=seconds))
    assert (totp.matching_step(SECRET, typed, now=NOON) is not None) is good


@pytest.mark.parametrize(
    "typed", ["", " ", "12345", "1234567", "abcdef", "\u0661\u0662\u0663\u0664\u0665\u0666", "-12345", "1e5", "\0"]
)
def test_what_is_no_code_is_wrong(typed: str) -> None:
    assert totp.matching_step(SECRET, typed, now=NOON) is None


def test_blanks_in_a_code_do_not_matter() -> None:
    typed = code()
    assert totp.matching_step(SECRET, f" {typed[:3]} {typed[3:]} ", now=NOON) is not None


def test_a_code_is_good_once_and_no_earlier_one_after_it(admin: Any) -> None:
    turned_on(admin)
    later = NOON + timedelta(minutes=5)
    before, now_, after = (code(later + timedelta(seconds=step * 30)) for step in (-1, 0, 1))

    assert not answered(admin, code(), NOON)  # the one that turned it on
    assert answered(admin, now_, later)
    assert not answered(admin, now_, later)
    assert not answered(admin, before, later)
    assert answered(admin, after, later)


def waiting() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted")
        return int(cursor.fetchone()[0])


def test_of_five_at_once_with_one_code_one_gets_in(transactional_db: None) -> None:
    """They meet for certain: somebody holds the row until all of them wait for it."""
    admin = AdminFactory()
    turned_on(admin)
    later = NOON + timedelta(minutes=5)

    def one(_n: int) -> bool:
        try:
            return answered(admin, code(later), later)
        finally:
            connection.close()

    with ThreadPoolExecutor(5) as threads:
        with transaction.atomic():
            TotpDevice.objects.select_for_update().get()
            tries = [threads.submit(one, n) for n in range(5)]
            eventually(lambda: waiting() == 5, seconds=30)
        assert sum(one.result() for one in tries) == 1


# --- recovery codes ------------------------------------------------------------------------------


def test_each_recovery_code_is_good_once_however_it_is_typed(admin: Any) -> None:
    codes = turned_on(admin)
    assert len(set(codes)) == 10
    ways = [str, str.upper, lambda text: text.replace("-", ""), lambda text: f" {text.replace('-', ' ')} "]

    for text, way in zip(codes, ways * 3, strict=False):
        assert answered(admin, way(text), NOON), way(text)
        assert not answered(admin, text, NOON)

    used = EventRecord.objects.filter(type="recovery_code_used").order_by("id")
    assert [record.data["left"] for record in used] == list(range(9, -1, -1))
    assert TotpDevice.objects.get().recovery_digests == []


def test_neither_the_secret_nor_a_recovery_code_can_be_read_in_the_database(admin: Any) -> None:
    codes = turned_on(admin)
    answered(admin, codes[0], NOON)
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(d)::text FROM accounts_totpdevice d")
        written = str(cursor.fetchall())
        cursor.execute("SELECT row_to_json(e)::text FROM events_eventrecord e")
        written += str(cursor.fetchall())

    assert SECRET not in written
    assert [text for text in codes if text in written or totp.as_made(text) in written] == []


# --- the key -------------------------------------------------------------------------------------


def test_what_is_sealed_opens_for_its_person_alone() -> None:
    sealed = seal(SECRET, user_id=7)
    assert unseal(sealed, user_id=7) == SECRET
    assert seal(SECRET, user_id=7) != sealed
    for user_id in (1, 77, 70):
        with pytest.raises(Unreadable):
            unseal(sealed, user_id=user_id)
    with pytest.raises(Unreadable):
        unseal("nonsense", user_id=7)


def test_a_former_key_still_opens_and_one_sign_in_later_is_needed_no_more(admin: Any, settings: Any) -> None:
    turned_on(admin)
    former, settings.SECRET_KEY = settings.SECRET_KEY, "another-key-" * 6
    first, second = NOON + timedelta(minutes=5), NOON + timedelta(minutes=10)

    assert not answered(admin, code(first), first)
    settings.SECRET_KEY_FALLBACKS = [former]
    assert answered(admin, code(first), first)
    settings.SECRET_KEY_FALLBACKS = []
    assert answered(admin, code(second), second)


def test_without_its_key_the_recovery_codes_still_open(admin: Any, settings: Any) -> None:
    codes = turned_on(admin)
    settings.SECRET_KEY = "another-key-" * 6
    assert answered(admin, codes[3], NOON)


# --- on and off ----------------------------------------------------------------------------------


def test_turning_it_on_and_off_is_history_without_a_secret(admin: Any, agent: Any) -> None:
    other = AdminFactory()
    turned_on(admin)
    later = NOON + timedelta(minutes=5)
    second_factor.disable_own(by=admin, typed=code(later), now=later)
    turned_on(admin, later + timedelta(minutes=5))
    assert second_factor.remove(by=other, user_id=admin.pk, now=NOON)
    assert not second_factor.remove(by=other, user_id=admin.pk, now=NOON)

    told = EventRecord.objects.order_by("id").values_list("type", "subject_type", "subject_id", "actor_id")
    on, off = "second_factor_enabled", "second_factor_disabled"
    assert list(told) == [
        (on, "user", admin.pk, admin.pk),
        (off, "user", admin.pk, admin.pk),
        (on, "user", admin.pk, admin.pk),
        (off, "user", admin.pk, other.pk),
    ]


def test_it_is_turned_on_with_a_right_code_only_and_once(admin: Any) -> None:
    with pytest.raises(second_factor.WrongCode):
        second_factor.enable(by=admin, secret=SECRET, code="000000", now=NOON)
    assert not TotpDevice.objects.exists()
    turned_on(admin)
    with pytest.raises(second_factor.SecondFactorIsOn):
        turned_on(admin)
    assert types() == ["second_factor_enabled"]


def test_the_own_one_is_not_removed_without_a_code(admin: Any) -> None:
    turned_on(admin)
    with pytest.raises(second_factor.OwnSecondFactor):
        second_factor.remove(by=admin, user_id=admin.pk, now=NOON)
    with pytest.raises(second_factor.WrongCode):
        second_factor.disable_own(by=admin, typed="000000", now=NOON)
    assert TotpDevice.objects.count() == 1


def test_a_wrong_code_after_a_right_password_is_history_too(admin: Any) -> None:
    turned_on(admin)
    device = Device(address="192.0.2.7", user_agent="Firefox")
    assert second_factor.answer(user=admin, typed="000000", device=device, now=NOON) is None
    record = EventRecord.objects.filter(type="sign_in_refused").get()
    assert (record.actor_id, record.subject_id, record.data["reason"]) == (None, admin.pk, "wrong_code")
    assert record.data["device"] == {"address": "192.0.2.7", "user_agent": "Firefox"}
    assert "000000" not in str(record.data)


def test_who_is_locked_out_is_let_in_from_the_command_line(admin: Any, capsys: Any) -> None:
    turned_on(admin)

    call_command("reset_password", admin.username)
    assert TotpDevice.objects.exists()
    call_command("reset_password", admin.username, "--remove-second-factor")
    call_command("reset_password", admin.username, "--remove-second-factor")

    assert not TotpDevice.objects.exists()
    said = capsys.readouterr()
    assert said.err.count("The second factor is off now.") == said.err.count("The second factor is not on.") == 1
    assert User.objects.get(pk=admin.pk).check_password(said.out.split()[-1])
    assert types() == ["second_factor_enabled", *["user_updated"] * 2, "second_factor_disabled", "user_updated"]
