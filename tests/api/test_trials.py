"""Trials: a backtest that takes too long, dies or outlives its hub harms nothing."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from api import trials as trials_module
from api.errors import TooManyError
from api.trials import Trial, Trials
from hub.bus import Bus
from hub.clock import SystemClock
from hub.store.database import Database, sqlite_url
from hub.store.event_log import EventLog, Fact
from tests.fakes.stories import event, moment

RULE = """\
- rule: door.open
  name: {zh: 门, en: Door}
  raises: {kind: door.left_open, severity: blue}
  for_each: device
  when:
    event: {kind: door, where: {open: true}}
  say: {zh: 门, en: Door}
  do: {zh: 看, en: Look}
"""
WITHIN_S = 60.0


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """The database of a hub that runs, with one door that opened."""
    (tmp_path / "data").mkdir(mode=0o700)
    where = sqlite_url(tmp_path / "data")
    database = Database(where)
    database.start()
    EventLog(database, Bus()).append([Fact(event("door", 0, fields={"open": True}))]).result(5)
    yield where
    database.stop()


def begin(trials: Trials, text: str = RULE) -> Trial:
    return trials.begin("door.open", text, since=moment(-60), until=moment(60), who="lin")


def over(trials: Trials, trial: Trial) -> Trial:
    """The trial when its process is gone."""
    thread = trials._thread
    assert thread is not None
    thread.join(WITHIN_S)
    assert not thread.is_alive()
    return trials.get(trial.id)


def test_a_trial_finds_what_is_stored_and_makes_room_for_the_next(url: str) -> None:
    trials = Trials(url, SystemClock())
    first = begin(trials)
    with pytest.raises(TooManyError):
        begin(trials)
    done = over(trials, first)
    assert (done.state, done.error, done.found["count"]) == ("done", "", 1)
    assert over(trials, begin(trials)).state == "done"
    assert [each.id for each in trials.all()] == ["t2", "t1"]
    trials.stop()


def test_one_that_takes_too_long_is_ended_and_says_so(url: str) -> None:
    trials = Trials(url, SystemClock(), longest_s=0.01)
    done = over(trials, begin(trials))
    assert (done.state, done.error) == ("failed", "not done within 0.01 s")


def test_one_that_dies_is_failed(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials_module, "_BACKTEST", (sys.executable, "-c", "print('{}')"))
    trials = Trials(url, SystemClock())
    assert over(trials, begin(trials)).state == "failed"


def test_a_rule_that_is_not_understood_is_failed_in_words(url: str) -> None:
    trials = Trials(url, SystemClock())
    done = over(trials, begin(trials, "- rule: x\n"))
    assert done.state == "failed"
    assert "missing" in done.error or "write" in done.error


def test_a_hub_that_stops_ends_its_trial_and_begins_no_more(url: str) -> None:
    trials = Trials(url, SystemClock())
    trial = begin(trials)
    trials.stop()
    assert trials.get(trial.id).state == "cancelled"
    assert "trial" not in {thread.name for thread in threading.enumerate()}
    with pytest.raises(TooManyError):
        begin(trials)


def test_the_oldest_are_forgotten(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials_module, "KEPT", 1)
    monkeypatch.setattr(trials_module, "_BACKTEST", (sys.executable, "-c", ""))
    trials = Trials(url, SystemClock())
    for _ in range(2):
        over(trials, begin(trials))
    assert len(trials.all()) == 1
