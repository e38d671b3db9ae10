"""When time moves an incident, and how."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from alerts.incidents.deadlines import TOP, may_close, stamped, time_move
from alerts.incidents.incident import Display, Handling, Verdict
from alerts.incidents.views import IncidentView
from config.community import Level
from config.handling import Deadlines

NOW = datetime(2026, 3, 3, 8, 0, tzinfo=UTC)
TIMES = Deadlines()
OPENED = IncidentView(
    id="i",
    number=1,
    kind="fire.smoke",
    level=Level.SERIOUS,
    handling=Handling.NEW,
    verdict=Verdict.NONE,
    active=True,
    muted=False,
    site="hh-017",
    area="group-1",
    camera=None,
    opened=NOW,
    changed=NOW,
    version=1,
    text_zh="",
    text_en="",
    alerts=(),
)
NEW = stamped(OPENED, None, NOW, TIMES)


def after(view: IncidentView, seconds: float, **changes: object) -> IncidentView:
    """The incident with changes made so long after the start."""
    return stamped(replace(view, **changes), view, NOW + timedelta(seconds=seconds), TIMES)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("level", "seconds"), [(Level.CRITICAL, 60), (Level.SERIOUS, 180), (Level.WARNING, 900), (Level.NOTICE, 28_800)]
)
def test_what_nobody_sees_goes_up_in_the_time_of_its_level(level: Level, seconds: int) -> None:
    view = stamped(replace(OPENED, level=level), None, NOW, TIMES)
    assert view.due == NOW + timedelta(seconds=seconds)
    assert time_move(view, view.due - timedelta(seconds=1), TIMES) is None
    assert time_move(view, view.due, TIMES) == "escalate"


def test_information_is_never_asked_for() -> None:
    assert stamped(replace(OPENED, level=Level.INFO), None, NOW, TIMES).due is None


def test_every_level_of_the_grid_has_the_whole_time_and_the_town_is_the_last() -> None:
    view = NEW
    for level in range(1, TOP + 1):
        assert view.due is not None
        view = stamped(replace(view, escalated=level), view, view.due, TIMES)
        assert view.since == NOW + timedelta(seconds=180 * level)
    assert view.due is None


def test_who_has_seen_it_and_does_nothing_loses_it() -> None:
    seen = after(NEW, 30, handling=Handling.SEEN)
    assert seen.due == NOW + timedelta(seconds=630)
    assert time_move(seen, seen.due, TIMES) == "lapse"


def test_a_comment_gives_no_more_time() -> None:
    seen = after(NEW, 30, handling=Handling.SEEN)
    assert after(seen, 300, version=7).due == seen.due


@pytest.mark.parametrize("hidden", [{"muted": True}, {"display": Display.SHELVED}])
def test_what_is_hidden_is_not_asked_for(hidden: dict[str, object]) -> None:
    assert after(NEW, 10, **hidden).due is None


def test_what_is_hidden_until_a_time_is_shown_again_then() -> None:
    until = NOW + timedelta(minutes=20)
    shelved = after(NEW, 10, display=Display.SHELVED, hidden_until=until)
    assert shelved.due == until
    assert time_move(shelved, until, TIMES) == "unshelve"


def test_what_a_device_reported_is_over_when_it_is_resolved_and_normal() -> None:
    resolved = after(NEW, 60, handling=Handling.RESOLVED, active=False)
    assert resolved.resolved == NOW + timedelta(seconds=60)
    assert may_close(resolved, resolved.resolved, TIMES)
    assert not may_close(replace(resolved, active=True), resolved.resolved, TIMES)


def test_who_reported_it_has_three_days_to_say_that_it_was_not_solved() -> None:
    resolved = after(NEW, 60, handling=Handling.RESOLVED, active=False, reporter="li")
    assert resolved.due == NOW + timedelta(hours=72, seconds=60)
    assert not may_close(resolved, resolved.due - timedelta(seconds=1), TIMES)
    assert time_move(resolved, resolved.due, TIMES) == "close"
    assert may_close(replace(resolved, rating=5), NOW + timedelta(seconds=61), TIMES)


def test_what_is_reopened_is_resolved_no_more() -> None:
    resolved = after(NEW, 60, handling=Handling.RESOLVED, active=False)
    assert after(resolved, 90, handling=Handling.SEEN).resolved is None
