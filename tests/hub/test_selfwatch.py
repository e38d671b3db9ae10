"""The hub looks at itself: what it tells and when, on simulated time; and what the kernel and the disk really say."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hub.bus import Bus
from hub.clock import SetClock
from hub.events import FieldValue
from hub.selfwatch.blindness import Blindness, RuleInput
from hub.selfwatch.disk import look_at_disks
from hub.selfwatch.kernel_clock import KernelTime, ask_kernel, look_at_clock
from hub.selfwatch.watch import Check, Finding, NotKnownError, SelfWatch
from hub.store.database import Database
from hub.store.engines import sqlite_url
from hub.store.event_log import EventLog

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOON)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    database = Database(sqlite_url(tmp_path))
    database.start()
    yield EventLog(database, Bus())
    database.stop()


class Room:
    """A thing to look at."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.trouble: Exception | None = None

    def look(self, _now: datetime) -> list[Finding]:
        if self.trouble is not None:
            raise self.trouble
        return self.findings

    def check(self, **over: FieldValue) -> Check:
        return Check("hub.disk", self.look, over=(lambda _source: over) if over else None)


def told(log: EventLog, kind: str = "hub.disk") -> list[tuple[str, dict[str, FieldValue]]]:
    log.append([]).result()
    return [(found.event.source, dict(found.event.fields)) for found in reversed(log.events(kind=kind))]


def free(pct: float, *, failing: bool = False) -> Finding:
    return Finding("data", {"free_pct": pct, "failing": failing}, steps={"free_pct": 5.0})


def test_only_what_changed_is_told_also_after_a_restart(log: EventLog, clock: SetClock) -> None:
    room = Room()
    watch = SelfWatch(log, clock, [room.check()])
    watch.restore()
    for pct in (50.0, 49.0, 46.0, 44.0):
        room.findings = [free(pct)]
        watch.look()
    assert [fields["free_pct"] for _, fields in told(log)] == [50.0, 44.0]
    again = SelfWatch(log, clock, [room.check()])
    again.restore()
    again.look()
    assert len(told(log)) == 2
    room.findings = [free(44.0, failing=True)]
    again.look()
    assert told(log)[-1] == ("data", {"free_pct": 44.0, "failing": True})


def test_what_is_no_news_is_told_only_as_a_change(log: EventLog, clock: SetClock) -> None:
    room = Room()
    watch = SelfWatch(log, clock, [room.check(blind=False)])
    for blind in (False, True, True, False, False):
        room.findings = [Finding("rule", {"blind": blind}, is_news=blind)]
        watch.look()
    assert [fields["blind"] for _, fields in told(log)] == [True, False]


def test_what_is_gone_is_told_to_be_over(log: EventLog, clock: SetClock) -> None:
    room = Room()
    watch = SelfWatch(log, clock, [room.check(blind=False)])
    room.findings = [Finding("rule", {"blind": True})]
    watch.look()
    room.findings = []
    for _ in range(3):
        watch.look()
    assert told(log) == [("rule", {"blind": True}), ("rule", {"blind": False})]


def test_what_nobody_knows_is_shown_so_and_told_to_nobody(log: EventLog, clock: SetClock) -> None:
    room = Room()
    room.trouble = NotKnownError("nobody says")
    watch = SelfWatch(log, clock, [room.check()])
    watch.look()
    (shown,) = watch.status()
    assert (shown.known, dict(shown.fields)) == (False, {"reason": "nobody says"})
    assert told(log) == []


def test_a_check_that_fails_does_not_stop_the_others(
    log: EventLog, clock: SetClock, caplog: pytest.LogCaptureFixture
) -> None:
    broken, sound = Room(), Room()
    broken.trouble = RuntimeError("broken")
    sound.findings = [free(50.0)]
    watch = SelfWatch(log, clock, [Check("hub.clock", broken.look), sound.check()])
    for _ in range(3):
        watch.look()
    assert len(told(log)) == 1
    assert len(caplog.records) == 1


def test_a_disk_is_measured_and_written_to(tmp_path: Path) -> None:
    (found,) = look_at_disks({"data": tmp_path})
    assert found.source == "data"
    assert 0 <= float(found.fields["free_pct"]) <= 100
    assert found.fields["failing"] is False
    assert list(tmp_path.iterdir()) == [], "nothing is left behind"


def test_a_disk_that_takes_no_writes_is_failing(tmp_path: Path) -> None:
    (tmp_path / ".write-probe").mkdir()
    (found,) = look_at_disks({"data": tmp_path})
    assert found.fields["failing"] is True
    (gone,) = look_at_disks({"recordings": tmp_path / "none"})
    assert dict(gone.fields) == {"free_pct": 0.0, "failing": True}


@pytest.mark.parametrize(
    ("told_by_kernel", "synchronised", "offset_s"),
    [
        (KernelTime(0, 0x2001, 1_500_000_000), True, 1.5),
        (KernelTime(0, 0x0001, -250_000), True, -0.25),
        (KernelTime(5, 0x0040, 0), False, 0.0),
        (KernelTime(0, 0x0040, 0), False, 0.0),
    ],
)
def test_the_kernels_words_are_read(told_by_kernel: KernelTime, synchronised: bool, offset_s: float) -> None:  # noqa: FBT001
    (found,) = look_at_clock(lambda: told_by_kernel)
    assert dict(found.fields) == {"synchronised": synchronised, "offset_s": offset_s}


def test_this_kernel_answers_or_says_that_it_does_not() -> None:
    try:
        told_by_kernel = ask_kernel()
    except NotKnownError as error:
        pytest.skip(str(error))
    assert sys.platform.startswith("linux")
    assert 0 <= told_by_kernel.state <= 5


def blind(blindness: Blindness, given: RuleInput, at: datetime, offline: frozenset[str] = frozenset()) -> bool:
    found = list(blindness.look({"rule": given}, offline, at))
    assert all(each.fields["rule"] == "rule" for each in found)
    return bool(found)


def test_a_rule_that_understood_nothing_for_a_day_is_blind_until_it_understands_something() -> None:
    blindness = Blindness()
    assert not blind(blindness, RuleInput(known=5, unknown=0), NOON)
    assert not blind(blindness, RuleInput(known=5, unknown=1), NOON + timedelta(hours=1))
    assert not blind(blindness, RuleInput(known=5, unknown=9), NOON + timedelta(hours=24))
    assert blind(blindness, RuleInput(known=5, unknown=9), NOON + timedelta(hours=25))
    assert not blind(blindness, RuleInput(known=6, unknown=9), NOON + timedelta(hours=26))


def test_a_single_odd_event_makes_no_rule_blind_and_neither_do_old_ones() -> None:
    blindness = Blindness()
    assert not any(blind(blindness, RuleInput(0, 1), NOON + timedelta(hours=hour)) for hour in range(72))
    each_day = [blind(blindness, RuleInput(0, 2 + hour // 8), NOON + timedelta(hours=80 + hour)) for hour in range(48)]
    assert each_day.index(True) == 24
    assert blind(blindness, RuleInput(0, 7), NOON + timedelta(hours=143))
    assert not blind(blindness, RuleInput(0, 7), NOON + timedelta(hours=145))


def test_a_rule_that_gets_nothing_at_all_is_not_blind_and_neither_is_one_counted_afresh() -> None:
    blindness = Blindness()
    for hour in range(72):
        assert not blind(blindness, RuleInput(known=0, unknown=0), NOON + timedelta(hours=hour))
    assert not blind(blindness, RuleInput(known=50, unknown=0), NOON + timedelta(hours=72))
    assert not blind(blindness, RuleInput(known=1, unknown=0), NOON + timedelta(hours=73))


def test_a_rule_whose_only_cameras_are_offline_for_two_looks_is_blind() -> None:
    blindness = Blindness()
    given = RuleInput(known=0, unknown=0, cameras=frozenset({"gate", "yard"}))
    dark = [
        blind(blindness, given, NOON + timedelta(minutes=minute), frozenset(offline))
        for minute, offline in enumerate(
            [{"gate"}, {"gate", "yard"}, {"gate", "yard", "x"}, {"gate", "yard"}, {"gate"}]
        )
    ]
    assert dark == [False, False, True, True, False]
    everywhere = RuleInput(known=0, unknown=0, cameras=None)
    assert not any(blind(blindness, everywhere, NOON, frozenset({"gate"})) for _ in range(3))
