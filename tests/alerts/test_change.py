"""The shape `change`: how fast a number rises or falls."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.language.rulebook import RuleBook
from hub.events import Event, FieldValue, Quality
from tests.fakes.shapes import book_with, check_it_forgets, check_restart, stands_after
from tests.fakes.stories import Story, event, moment

RISES = "change: {of: {kind: water_level}, field: level_m, rises: 0.3, within: 15m}"
FALLS = "change: {of: {kind: water_level}, field: level_m, falls: 0.3, within: 15m}"
MINUTE = 60


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rules")


def level(at_s: float, level_m: FieldValue, **parts: object) -> Event:
    parts.setdefault("source", "river-1")
    return event("water_level", at_s, **{"fields": {"level_m": level_m}, **parts})  # type: ignore[arg-type]


def levels(*values: float, every_s: float = 5 * MINUTE) -> list[Event]:
    return [level(number * every_s, value) for number, value in enumerate(values)]


def test_a_steady_rise_rings_when_it_reaches_the_amount(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, RISES, say="{value} {change} {seconds}"))
    assert story.happens(*levels(2.0, 2.15)) == []
    assert story.happens(level(600, 2.3)) == ["raised gas.repeated"]
    assert (story.alerts[0].started, story.alerts[0].text.en) == (moment(0), "2.3 0.3 600")
    story.happens(level(900, 2.3), level(1200, 2.3), level(1500, 2.3))
    assert story.passes(900 + 899) == []
    assert story.passes(900 + 900) == ["returned gas.repeated"]


@pytest.mark.parametrize(
    "values",
    [
        (1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6),
        (1.0, 1.0, 1.0, 5.0, 1.0, 1.0),
        (1.0, 1.0, 0.2, 1.0, 1.0, 1.0),
        (3.0, 2.0, 1.0),
        (1.0, 1.4),
        (2.0, 2.29, 2.29, 2.29),
    ],
    ids=["too slowly", "one too high", "one too low", "falling", "two readings", "too little"],
)
def test_what_is_no_fast_rise(tmp_path: Path, values: tuple[float, ...]) -> None:
    every_s = 6 * MINUTE if values[-1] == 1.6 else MINUTE
    story = Story(book_with(tmp_path, RISES.replace("0.3, ", "0.3, " if every_s == MINUTE else "0.301, ")))
    story.happens(*levels(*values, every_s=every_s))
    assert story.active == []


def test_a_jump_rings_when_a_second_reading_confirms_it(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, RISES))
    assert story.happens(*levels(1.0, 1.0, 1.5, every_s=60)) == []
    assert story.happens(level(180, 1.5)) == ["raised gas.repeated"]


def test_two_samples_are_believed_when_the_rule_says_so(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, RISES.replace("15m", "15m, samples: 2")))
    assert story.happens(*levels(1.0, 1.5)) == ["raised gas.repeated"]


def test_it_falls(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, FALLS, say="{change}"))
    assert story.happens(*levels(2.3, 2.15, 2.0)) == ["raised gas.repeated"]
    assert story.alerts[0].text.en == "0.3"


def test_each_sensor_is_judged_alone(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, RISES))
    story.happens(*(level(at_s, at_s % 2 * 5.0, source=f"river-{at_s % 2}") for at_s in range(20)))
    assert story.active == []


def test_a_late_reading_completes_a_rise(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, RISES))
    assert story.happens(level(0, 2.0), level(600, 2.3), level(300, 2.15, arrives_s=610)) == ["raised gas.repeated"]


def test_a_reading_that_is_missing_no_number_or_of_unknown_age_is_none(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, RISES))
    story.happens(level(0, 2.0), level(1, "high"), event("water_level", 2, source="river-1"))
    story.happens(level(3, 2.2, quality=(Quality.RETAINED,)), level(4, 2.5))
    assert story.active == []
    assert story.engine.counts.unknown == {"example": 2}


def test_a_sensor_that_speaks_every_second_is_followed_over_the_whole_window(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, RISES))
    story.happens(*(level(at_s, 1 + at_s * 0.31 / 900) for at_s in range(860)))
    assert story.active == []
    story.happens(*(level(at_s, 1 + at_s * 0.31 / 900) for at_s in range(860, 900)))
    assert story.active == ["gas.repeated yellow"]


def test_shipped_a_river_that_rises_fast(shipped: RuleBook) -> None:
    story = Story(shipped)
    assert story.happens(*levels(0.8, 0.95, 1.1)) == ["raised flood.rising"]


stories = st.lists(
    st.builds(
        lambda at_s, late_s, source, value: level(at_s, value, arrives_s=at_s + late_s, source=source),
        st.integers(0, 1200),
        st.sampled_from([0, 0, 5, 290]),
        st.sampled_from(["s1", "s2"]),
        st.sampled_from([1.0, 1.0, 1.2, 1.4, 2.0, "high"]),
    ),
    max_size=20,
    unique_by=lambda each: each.id,
).map(lambda events: sorted(events, key=lambda each: each.arrived))


@settings(deadline=None, max_examples=60)
@given(events=stories, at=st.integers(0, 20))
def test_a_restart_makes_no_difference(folder: Path, events: list[Event], at: int) -> None:
    book = book_with(folder, RISES)
    check_restart(book, events, at)
    check_it_forgets(book, events)


@settings(deadline=None, max_examples=100)
@given(data=st.data(), samples=st.integers(2, 5))
def test_the_order_of_arrival_makes_no_difference(folder: Path, data: st.DataObject, samples: int) -> None:
    """Events that all arrive within the horizon lead to the same alerts in whatever order they come."""
    book = book_with(folder, RISES.replace("15m", f"100s, samples: {samples}"))
    drawn = data.draw(
        st.lists(
            st.tuples(st.integers(0, 299), st.sampled_from([1.0, 1.1, 1.2, 1.3, 1.6])),
            unique_by=lambda pair: pair[0],
            max_size=12,
        )
    )
    events = [level(at_s, value, arrives_s=300) for at_s, value in sorted(drawn)]
    shuffled = data.draw(st.permutations(events))
    assert stands_after(book, shuffled) == stands_after(book, events)
