"""The shape `count`: so many within a time, far enough apart."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.cells import Cell, Cells
from hub.events import Event, Phase, Quality
from tests.fakes.shapes import book_with, check_it_forgets, check_restart, stands_after
from tests.fakes.stories import Story, event, health, moment, seen

COUNT = "count: {of: {kind: gas, where: {alarm: true}}, at_least: 3, within: 1h, apart: 10m}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rules")


def alarm(at_s: float, **parts: object) -> Event:
    return event("gas", at_s, **{"fields": {"alarm": True}, **parts})  # type: ignore[arg-type]


def test_it_rings_at_the_third_and_returns_when_the_window_has_passed(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, COUNT, say="{n}"))
    assert story.happens(alarm(0), alarm(600)) == []
    assert story.happens(alarm(1500)) == ["raised gas.repeated"]
    assert story.alerts[0].text.en == "3"
    assert story.alerts[0].started == moment(0)
    assert story.passes(1500 + 3599) == []
    assert story.passes(1500 + 3600) == ["returned gas.repeated"]


def test_what_is_repeated_every_few_seconds_counts_once(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, COUNT))
    assert story.happens(*(alarm(at_s) for at_s in range(0, 1195, 5))) == []
    assert story.happens(alarm(1200)) == ["raised gas.repeated"]


def test_what_lies_further_back_than_the_window_does_not_count(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, COUNT))
    assert story.happens(alarm(0), alarm(1800), alarm(3601)) == []
    assert story.happens(alarm(4300)) == ["raised gas.repeated"]


def test_a_late_one_completes_the_count(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, COUNT))
    assert story.happens(alarm(0), alarm(1400), alarm(700, arrives_s=1500)) == ["raised gas.repeated"]


def test_one_that_completes_a_window_long_past_rings_and_is_over(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, "count: {of: {kind: gas}, at_least: 2, within: 60s}"))
    story.happens(alarm(0))
    assert story.happens(alarm(30, arrives_s=200)) == ["raised gas.repeated", "returned gas.repeated"]


def test_a_state_counts_once_however_often_it_is_told(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, "count: {of: {kind: camera.fire}, at_least: 2, within: 1h}", for_each="camera"))
    assert story.happens(*(seen("camera.fire", at_s) for at_s in range(0, 100, 10))) == []
    story.happens(seen("camera.fire", 100, phase=Phase.ENDED))
    assert story.happens(seen("camera.fire", 200, phase=Phase.BEGAN)) == ["raised gas.repeated"]


def test_a_camera_that_is_back_counts_anew(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, "count: {of: {kind: camera.fire}, at_least: 2, within: 1h}", for_each="camera"))
    story.happens(seen("camera.fire", 0), health("camera.health", 5, "cam-1", "offline"))
    story.happens(health("camera.health", 60, "cam-1", "online"))
    assert story.happens(seen("camera.fire", 65)) == ["raised gas.repeated"]


def test_what_the_broker_retained_and_what_is_a_test_does_not_count(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, "count: {of: {kind: gas}, at_least: 2, within: 1h}"))
    story.happens(alarm(0), alarm(1, quality=(Quality.RETAINED,)), alarm(2, quality=(Quality.TEST,)))
    assert story.active == []
    story.happens(event("gas", 3, fields={"alarm": 1}))
    assert story.active == ["gas.repeated yellow"]


def test_timers_do_not_pile_up(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, COUNT))
    story.happens(*(alarm(at_s) for at_s in range(3000)))
    [state] = story.engine.snapshot()
    assert state.due == moment(3600 + 300)
    cells = Cells(lambda _cell: ())
    for _ in range(1000):
        cells.keep(Cell("r", "k", "", due_us=5))
    assert cells.pop_due(5) is not None
    assert cells.next_due_us() is None


LOST = "count: {of: {kind: sensor.health, where: {state: offline}}, at_least: 5, within: 60s, different: source}"


def lost(at_s: float, source: str, state: str = "offline") -> Event:
    return event("sensor.health", at_s, source=source, site="hh-017", area="group-1", fields={"state": state})


def test_only_different_sources_count(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, LOST, say="{n}", for_each="area"))
    assert story.happens(*(lost(at_s, f"plug-{at_s % 4}") for at_s in range(40))) == []
    assert story.happens(lost(45, "plug-4")) == ["raised gas.repeated"]
    assert story.alerts[0].text.en == "5"


def test_different_sources_are_counted_within_the_time(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, LOST, for_each="area"))
    story.happens(*(lost(at_s, f"plug-{number}") for number, at_s in enumerate([0, 30, 40, 50, 61])))
    assert story.active == []
    assert story.happens(lost(1, "plug-9", "offline")) == ["raised gas.repeated"]


def test_only_different_subjects_count_and_one_without_is_unknown(tmp_path: Path) -> None:
    shape = "count: {of: {kind: camera.vehicle, where: {stopped: true}}, at_least: 3, within: 2m, different: subject}"
    story = Story(book_with(tmp_path, shape, for_each="[camera, zone]"))

    def stands(at_s: float, track: str | None) -> Event:
        return seen("camera.vehicle", at_s, track=track, zone="lane-1", fields={"stopped": True})  # type: ignore[arg-type]

    story.happens(*(stands(at_s, track) for at_s, track in enumerate(["1", "2", "2", "1", None, None])))
    assert story.active == []
    assert story.engine.counts.unknown == {"example": 2}
    assert story.happens(stands(10, "3")) == ["raised gas.repeated"]


def test_a_chatty_one_pushes_no_different_one_out(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, LOST, for_each="area"))
    story.happens(*(lost(number, f"plug-{number}") for number in range(4)))
    story.happens(*(lost(4 + number / 100, "plug-3") for number in range(5000)))
    assert story.happens(lost(58, "plug-4")) == ["raised gas.repeated"]


stories = st.lists(
    st.builds(
        lambda at_s, late_s, source, on: event(
            "gas", at_s, arrives_s=at_s + late_s, source=source, fields={} if on is None else {"alarm": on}
        ),
        st.integers(0, 4000),
        st.sampled_from([0, 0, 5, 290]),
        st.sampled_from(["s1", "s2"]),
        st.sampled_from([True, True, True, False, None]),
    ),
    max_size=25,
    unique_by=lambda each: each.id,
).map(lambda events: sorted(events, key=lambda each: each.arrived))


@settings(deadline=None, max_examples=60)
@given(events=stories, at=st.integers(0, 25))
def test_a_restart_makes_no_difference(folder: Path, events: list[Event], at: int) -> None:
    check_restart(book_with(folder, COUNT), events, at)


@settings(deadline=None, max_examples=100)
@given(data=st.data())
def test_the_order_of_arrival_makes_no_difference_to_different_ones(folder: Path, data: st.DataObject) -> None:
    """Also against the plain reading: some 60 seconds hold five different sources."""
    book = book_with(folder, LOST, for_each="area")
    times = data.draw(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 6)), unique=True, max_size=16))
    events = [
        event("sensor.health", at_s, arrives_s=300, source=f"plug-{who}", area="group-1", fields={"state": "offline"})
        for at_s, who in sorted(times)
    ]
    stands = stands_after(book, data.draw(st.permutations(events)))
    assert stands == stands_after(book, events)
    full = any(len({who for at_s, who in times if start <= at_s <= start + 60}) >= 5 for start, _ in times)
    assert bool(stands[0]) == full


@settings(deadline=None, max_examples=40)
@given(events=stories)
def test_it_forgets_in_the_end(folder: Path, events: list[Event]) -> None:
    check_it_forgets(book_with(folder, COUNT), events)


@settings(deadline=None, max_examples=100)
@given(data=st.data(), apart=st.sampled_from(["0s", "7s", "30s"]))
def test_the_order_of_arrival_makes_no_difference(folder: Path, data: st.DataObject, apart: str) -> None:
    """Events that all arrive within the horizon lead to the same alerts in whatever order they come."""
    book = book_with(folder, f"count: {{of: {{kind: gas}}, at_least: 3, within: 100s, apart: {apart}}}")
    times = data.draw(st.lists(st.integers(0, 299), unique=True, max_size=12))
    events = [alarm(at_s, arrives_s=300) for at_s in sorted(times)]
    shuffled = data.draw(st.permutations(events))
    assert stands_after(book, shuffled) == stands_after(book, events)
