"""The shape `silence`: nothing heard for too long, from somebody who can be heard."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.language.places import places_of
from alerts.language.shape import NO_STATE, State, Step
from alerts.rules.silence import PLUGIN, SilenceShape, WindowHours
from config.community import Community
from config.hours import HoursSpec
from hub.calendar import Almanac, Window
from hub.events import Event, Quality
from hub.store.facts import to_us
from tests.fakes.shapes import book_with, check_restart, stands_after
from tests.fakes.stories import COMMUNITY, Story, event, health, moment

SILENCE = "silence: {of: {kind: [motion, door], where: {motion: 'not false'}}, longer_than: 8h}"
HOUR = 3600


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rules")


def motion(at_s: float, **parts: object) -> Event:
    return event("motion", at_s, **{"fields": {"motion": True}, "source": "m", **parts})  # type: ignore[arg-type]


def test_it_rings_when_nothing_was_heard_for_so_long_and_returns_with_the_next(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, SILENCE, say="{hours}"))
    story.happens(motion(0), motion(HOUR), event("door", 2 * HOUR, source="d", fields={"open": False}))
    assert story.passes(10 * HOUR - 1) == []
    assert story.passes(10 * HOUR) == ["raised gas.repeated"]
    assert (story.alerts[0].started, story.alerts[0].text.en) == (moment(2 * HOUR), "8")
    assert story.happens(motion(11 * HOUR, fields={"motion": False})) == []
    assert story.happens(motion(12 * HOUR)) == ["returned gas.repeated"]
    assert story.passes(20 * HOUR) == ["reactivated gas.repeated"]


def test_a_site_of_which_nothing_was_ever_heard_is_not_watched(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, SILENCE))
    story.happens(motion(0, fields={"motion": False}), motion(1, quality=(Quality.RETAINED,)))
    assert story.engine.snapshot() == ()


def test_what_arrives_late_counts_from_when_it_happened(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, SILENCE))
    story.happens(motion(300), motion(200, arrives_s=400))
    assert story.passes(8 * HOUR + 299) == []
    assert story.passes(8 * HOUR + 300) == ["raised gas.repeated"]
    late = story.happens(motion(301, arrives_s=8 * HOUR + 302))
    assert late == ["contradicted gas.repeated"], "on record, but silent for 8 h since then as well"
    assert story.happens(motion(400, arrives_s=8 * HOUR + 350)) == [
        "contradicted gas.repeated",
        "returned gas.repeated",
    ]
    assert story.passes(8 * HOUR + 400) == ["reactivated gas.repeated"]


def test_what_is_first_heard_with_a_history_of_hours_is_not_silent(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, SILENCE))
    assert story.happens(*(motion(at_s, arrives_s=10 * HOUR) for at_s in (0, HOUR, 9 * HOUR))) == []
    assert story.passes(18 * HOUR - 301) == []
    assert story.passes(18 * HOUR - 300) == ["raised gas.repeated"], "counted from the horizon before it was heard"


def test_who_cannot_be_heard_is_not_silent(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, SILENCE))
    story.happens(motion(0), motion(10, source="other"), health("sensor.health", HOUR, "m", "offline"))
    assert story.passes(8 * HOUR + 9) == []
    assert story.passes(8 * HOUR + 10) == ["raised gas.repeated"], "the other one can be heard"
    story = Story(book_with(tmp_path, SILENCE))
    story.happens(motion(0), health("sensor.health", HOUR, "m", "offline"))
    assert story.passes(20 * HOUR) == []
    story.happens(health("sensor.health", 20 * HOUR, "m", "online"))
    assert story.passes(28 * HOUR - 1) == []
    assert story.passes(28 * HOUR) == ["raised gas.repeated"]


def test_one_that_is_lost_and_speaks_is_back(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, SILENCE))
    story.happens(motion(0), health("sensor.health", HOUR, "m", "offline"), motion(2 * HOUR))
    assert story.passes(10 * HOUR) == ["raised gas.repeated"]


def test_a_site_whose_last_sensor_was_removed_is_watched_no_more(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, SILENCE))
    story.happens(motion(0, source="smoke-17"))
    without = COMMUNITY.model_dump(mode="json") | {"sensors": []}
    story.engine.call_places(places_of(Community.model_validate(without)), moment(HOUR))
    assert story.passes(20 * HOUR) == []
    assert story.engine.snapshot() == ()


def test_a_field_of_the_wrong_type_is_no_sign_of_life(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, SILENCE))
    story.happens(motion(0), motion(HOUR, fields={"motion": "yes"}))
    assert story.engine.counts.unknown == {"example": 1}
    assert story.passes(8 * HOUR) == ["raised gas.repeated"]


def test_timers_do_not_pile_up(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, SILENCE))
    dues = set()
    for at_s in range(0, 8 * HOUR, 60):
        story.happens(motion(at_s))
        dues.add(story.engine.next_due())
    assert dues == {moment(8 * HOUR)}


def runs(shape: SilenceShape, begun: datetime, until: datetime) -> datetime | None:
    """When it rings if nothing happens but one motion at `begun`; None when it does not by `until`."""
    at_s = (begun - moment(0)).total_seconds()
    step: Step = shape.on_event(NO_STATE, motion(at_s), to_us(begun))
    state: State = step.state
    for _ in range(100):
        if step.due_us is None or step.due_us > to_us(until):
            return None
        due_us = step.due_us
        step = shape.on_due(state, due_us)
        state = step.state
        if step.claims:
            return datetime.fromtimestamp(due_us / 1_000_000, UTC)
    raise AssertionError("it asks again and again")


@pytest.mark.parametrize(
    ("begun", "longer_than", "rings"),
    [
        ("2026-03-03T20:00+08:00", "8h", "2026-03-04T14:00+08:00"),
        ("2026-03-03T23:00+08:00", "8h", "2026-03-04T15:00+08:00"),
        ("2026-03-03T08:00+08:00", "8h", "2026-03-03T16:00+08:00"),
        ("2026-03-03T20:59:59.999+08:00", "1s", "2026-03-04T07:00:00.999+08:00"),
        ("2026-03-03T07:00+08:00", "1d", "2026-03-04T17:00+08:00"),
    ],
)
def test_only_the_hours_that_it_is_built_for_are_counted(begun: str, longer_than: str, rings: str) -> None:
    window = Window((HoursSpec(between="07:00-21:00"),), Almanac(zone=ZoneInfo("Asia/Shanghai")))
    options = PLUGIN.options.model_validate({"of": {"kind": "motion"}, "longer_than": longer_than})
    shape = PLUGIN.build(options).in_hours(WindowHours(window))
    begins = datetime.fromisoformat(begun).astimezone(UTC)
    assert runs(shape, begins, begins + timedelta(days=3)) == datetime.fromisoformat(rings)


stories = st.lists(
    st.builds(
        lambda at_s, late_s, source, what: (
            health("sensor.health", at_s, source, what)
            if isinstance(what, str)
            else motion(at_s, arrives_s=at_s + late_s, source=source, fields={"motion": what})
        ),
        st.integers(0, 100_000),
        st.sampled_from([0, 0, 5, 290]),
        st.sampled_from(["m", "n"]),
        st.sampled_from([True, True, True, False, "offline", "online"]),
    ),
    max_size=20,
    unique_by=lambda each: each.id,
).map(lambda events: sorted(events, key=lambda each: each.arrived))


@settings(deadline=None, max_examples=80)
@given(events=stories, at=st.integers(0, 20))
def test_a_restart_makes_no_difference(folder: Path, events: list[Event], at: int) -> None:
    check_restart(book_with(folder, SILENCE), events, at)


@settings(deadline=None, max_examples=80)
@given(data=st.data())
def test_the_order_of_arrival_makes_no_difference(folder: Path, data: st.DataObject) -> None:
    """What arrives before the time is up leads to the same alerts at the same time in whatever order it comes."""
    book = book_with(folder, SILENCE)
    times = data.draw(st.lists(st.integers(0, 299), unique=True, min_size=1, max_size=8))
    events = [motion(at_s, arrives_s=300) for at_s in sorted(times)]
    shuffled = data.draw(st.permutations(events))
    last = max(times) + 8 * HOUR
    for order in (events, shuffled):
        story = Story(book)
        story.happens(*order)
        assert story.passes(last - 0.001) == []
        assert story.passes(last) == ["raised gas.repeated"]
    assert stands_after(book, shuffled) == stands_after(book, events)
