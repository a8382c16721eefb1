"""Each part by itself, in this process."""

import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from helpdesk.system.findings import Finding, State, fail, ok, warn
from helpdesk.system.probes import clock, keys, storage, translations
from helpdesk.system.probing import Probe, Result, run
from helpdesk.system.report import as_text, without_secrets, worst
from tests.people import AdminFactory

LOCALE = Path(__file__).resolve().parents[2] / "locale"


def states(findings: Any) -> list[str]:
    return [finding.state.lower() for finding in findings]


# --- how they are run ----------------------------------------------------------------------------


def test_one_that_raises_and_one_that_hangs_keep_what_they_said_and_hide_no_other() -> None:
    forever = threading.Event()

    def raises() -> Any:
        yield ok("it was there")
        raise RuntimeError("and broke")

    def hangs() -> Any:
        yield ok("it was there")
        forever.wait()

    probes = [Probe("raises", raises), Probe("hangs", hangs, patience=0.2), Probe("well", lambda: iter([ok("fine")]))]
    began = time.monotonic()

    results = run(probes)

    forever.set()
    assert time.monotonic() - began < 5
    assert [result.part for result in results] == ["raises", "hangs", "well"]
    assert [states(result.findings) for result in results] == [["ok", "fail"], ["ok", "fail"], ["ok"]]
    assert results[0].findings[1].said == "RuntimeError: and broke"
    assert results[1].findings[1].said == "no answer within 0.2 s"


def test_they_wait_beside_each_other() -> None:
    def hangs() -> Any:
        time.sleep(2)
        yield ok("late")

    began = time.monotonic()
    run([Probe(str(n), hangs, patience=1) for n in range(8)])
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("findings", "state"),
    [
        ([], State.OK),
        ([ok("a")], State.OK),
        ([warn("a", "b"), ok("a")], State.WARN),
        ([fail("a", "b"), warn("a", "b")], State.FAIL),
    ],
)
def test_the_worst_decides(findings: list[Finding], state: State) -> None:
    assert worst([Result("part", findings)]) is state


# --- the report ----------------------------------------------------------------------------------


def test_no_secret_is_in_it_whoever_said_it(settings: Any) -> None:
    settings.EMAIL_HOST_PASSWORD = "c0rrect-horse"
    settings.SECRET_KEY_FALLBACKS = ["f0rmer-key"]
    settings.REDIS_URL = "redis://:b4ttery@here/0"
    settings.CELERY_BROKER_URL = "redis+socket:///here?virtual_host=2&password=st4ple"
    secrets = ["c0rrect-horse", "f0rmer-key", "b4ttery", "st4ple", settings.SECRET_KEY]
    told = " ".join(f"it said {secret}," for secret in secrets) + " postgresql://ana:0ther-one@host/db"

    report = as_text([Result("part", [fail(told, told)])])

    assert [secret for secret in [*secrets, "0ther-one"] if secret in report] == []
    assert report.count("[redacted]") >= 12


def test_a_password_that_is_the_name_of_the_database_is_no_secret(settings: Any) -> None:
    settings.DATABASES["default"] |= {"PASSWORD": "helpdesk", "NAME": "helpdesk"}
    assert without_secrets("the database helpdesk") == "the database helpdesk"


# --- parts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("theirs", "ahead"),
    [(100, 0), (100.5, 0), (101, 0), (98, -2), (105, 4)],
    ids=["as we", "between", "after", "behind", "ahead"],
)
def test_a_clock_that_was_read_between_two_looks_is_right(theirs: float, ahead: float) -> None:
    assert clock.skew(100, theirs, 101) == ahead


@pytest.mark.parametrize(("off", "state"), [(0, "ok"), (10, "warn"), (-10, "warn"), (300, "fail"), (-300, "fail")])
def test_a_clock_that_differs_is_said(db: None, off: int, state: str) -> None:
    with time_machine.travel(timezone.now() + timedelta(seconds=off), tick=True):
        found = list(clock.look())

    assert states(found) == ["ok", state, state]
    if off:
        assert ("behind" if off > 0 else "ahead of") in found[1].said


def test_keys_that_open_nothing_any_more_are_said(transactional_db: None, settings: Any) -> None:
    from helpdesk.accounts.models import TotpDevice
    from helpdesk.accounts.sealing import seal

    admin = AdminFactory(username="boss")
    TotpDevice.objects.create(
        user=admin,
        secret=seal("x", user_id=admin.pk),
        confirmed_at=timezone.now(),
        last_used_step=0,
        recovery_digests=[],
    )
    settings.SECRET_KEY, former = "another-key-that-is-long-enough-for-what-it-is-0123456789", settings.SECRET_KEY

    assert "no key opens the second factor of boss" in [finding.said for finding in keys.look()]
    settings.SECRET_KEY_FALLBACKS = [former]
    assert "warn" not in states(keys.look())[1:]
    assert "fail" not in states(keys.look())


def test_translations_that_are_missing_broken_or_behind_are_said(settings: Any, tmp_path: Path) -> None:
    assert states(translations.look()) == ["ok"]
    settings.LOCALE_PATHS = [tmp_path]
    assert states(translations.look()) == ["fail"]
    directory = tmp_path / "es" / "LC_MESSAGES"
    directory.mkdir(parents=True)
    (directory / "django.mo").write_bytes(b"nonsense")
    assert states(translations.look()) == ["fail"]
    ours = LOCALE / "es" / "LC_MESSAGES"
    (directory / "django.mo").write_bytes((ours / "django.mo").read_bytes())
    (directory / "django.po").write_text((ours / "django.po").read_text() + '\nmsgid "New"\nmsgstr "Nuevo"\n')
    (found,) = translations.look()
    assert (found.state, found.said[:13]) == (State.WARN, "Español: 1 of")


def test_a_directory_that_cannot_be_written_is_said(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path / "nowhere")
    found = [finding for finding in storage.look() if finding.state is State.FAIL]
    assert len(found) == 1
    assert found[0].said.startswith("MEDIA_ROOT cannot be written: ")


def test_static_files_that_were_not_collected_are_said(settings: Any, tmp_path: Path) -> None:
    settings.STATIC_ROOT = str(tmp_path)
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
    }
    *_, found = storage.look()
    assert (found.state, found.cure.partition(",")[0]) == (State.FAIL, "python manage.py collectstatic")
    (tmp_path / "staticfiles.json").write_text('{"paths": {"a.css": "a.1.css"}, "version": "1.1", "hash": ""}')
    settings.STORAGES = {**settings.STORAGES}  # read anew
    *_, found = storage.look()
    assert found.said.startswith("1 collected static files are not in")
    (tmp_path / "a.1.css").touch()
    *_, found = storage.look()
    assert (found.state, found.said.partition(" ")[0]) == (State.OK, "1")
