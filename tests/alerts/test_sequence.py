"""The shape `sequence`: one thing after the other, by event time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.language.rulebook import RuleBook
from hub.events import Event, Quality
from tests.fakes.shapes import book_with, check_it_forgets, check_restart, stands_after
from tests.fakes.stories import Story, event, health, moment, seen

STEPS = "sequence: {within: 60s, steps: [{kind: a}, {kind: b, where: {on: true}}, {kind: [c, a]}]}"
PAIR = "sequence: {within: 60s, steps: [{kind: a}, {kind: b, where: {on: true}}]}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rules")


def told(kind: str, at_s: float, **parts: object) -> Event:
    return event(kind, at_s, **{"fields": {"on": True}, **parts})  # type: ignore[arg-type]


def test_all_steps_in_their_order_within_the_time(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, STEPS, say="{seconds}"))
    assert story.happens(told("a", 0), told("b", 20)) == []
    assert story.happens(told("c", 60)) == ["raised gas.repeated"]
    assert (story.alerts[0].started, story.alerts[0].text.en) == (moment(0), "60")
    assert story.passes(119) == []
    assert story.passes(120) == ["returned gas.repeated"]


def test_another_order_is_no_sequence_but_another_begins_with_it(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, PAIR))
    assert story.happens(told("b", 0), told("a", 10)) == []
    assert story.happens(told("b", 69)) == ["raised gas.repeated"]


def test_what_takes_too_long_is_no_sequence(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, PAIR))
    assert story.happens(told("a", 0), told("b", 61)) == []


def test_at_the_same_moment_nothing_is_after_the_other(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, "sequence: {within: 60s, steps: [{kind: [a, b]}, {kind: [a, b]}]}"))
    assert story.happens(told("a", 0), told("b", 0)) == []
    assert story.happens(told("b", 1)) == ["raised gas.repeated"]


def test_a_step_that_becomes_known_late_counts_in_its_place(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, STEPS))
    assert story.happens(told("a", 0), told("c", 40)) == []
    assert story.happens(told("b", 30, arrives_s=50)) == ["raised gas.repeated"]
    story = Story(book_with(tmp_path, STEPS))
    assert story.happens(told("a", 0), told("c", 40), told("b", 41, arrives_s=50)) == []


def test_what_lies_between_the_steps_does_not_matter(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, PAIR))
    story.happens(told("a", 0), *(told("b", 1 + at_s, fields={"on": False}) for at_s in range(20)))
    assert story.happens(told("b", 30)) == ["raised gas.repeated"]


def test_of_a_first_step_that_is_told_again_and_again_the_newest_counts(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, PAIR, say="{seconds}"))
    story.happens(*(told("a", at_s) for at_s in range(900)))
    assert story.happens(told("b", 901)) == ["raised gas.repeated"]
    assert story.alerts[0].text.en == "2"


def test_a_step_of_unknown_age_or_with_a_field_missing_is_none(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, PAIR))
    story.happens(told("a", 0), told("b", 1, fields={}), told("b", 2, quality=(Quality.RETAINED,)))
    assert story.active == []
    assert story.engine.counts.unknown == {"example": 1}


def test_shipped_a_person_and_then_no_picture_is_noted_in_the_shadow(shipped: RuleBook) -> None:
    story = Story(shipped)
    story.happens(health("camera.health", 0, "cam-1", "offline"), health("camera.health", 5, "cam-1", "online"))
    story.happens(seen("camera.person", 10, confidence=0.8))
    assert [alert for alert in story.alerts if alert.shadow] == []
    story.happens(health("camera.health", 30, "cam-1", "offline"))
    assert [(alert.kind, alert.text.en) for alert in story.alerts if alert.shadow] == [
        ("camera.sabotage", "No picture from Junction east 20 s after a person was seen")
    ]


stories = st.lists(
    st.builds(
        lambda kind, at_s, late_s, on: told(kind, at_s, arrives_s=at_s + late_s, fields=on),
        st.sampled_from(["a", "b", "c"]),
        st.integers(0, 300),
        st.sampled_from([0, 0, 5, 290]),
        st.sampled_from([{"on": True}, {"on": True}, {"on": False}, {}]),
    ),
    max_size=20,
    unique_by=lambda each: each.id,
).map(lambda events: sorted(events, key=lambda each: each.arrived))


@settings(deadline=None, max_examples=60)
@given(events=stories, at=st.integers(0, 20))
def test_a_restart_makes_no_difference(folder: Path, events: list[Event], at: int) -> None:
    book = book_with(folder, STEPS)
    check_restart(book, events, at)
    check_it_forgets(book, events)


@settings(deadline=None, max_examples=100)
@given(data=st.data())
def test_the_order_of_arrival_makes_no_difference(folder: Path, data: st.DataObject) -> None:
    """Events that all arrive within the horizon lead to the same alerts in whatever order they come."""
    book = book_with(folder, STEPS)
    drawn = data.draw(st.lists(st.tuples(st.integers(0, 299), st.sampled_from("abc")), unique=True, max_size=12))
    events = [told(kind, at_s, arrives_s=300) for at_s, kind in sorted(drawn)]
    shuffled = data.draw(st.permutations(events))
    assert stands_after(book, shuffled) == stands_after(book, events)


LEFT = """sequence:
      within: 2m
      steps: [{kind: door, where: {open: true}}, {kind: camera.person}]
      then_no: {kind: motion, where: {motion: true}, for: 15m}"""


def leaves(at_s: float, **parts: Any) -> list[Event]:
    person = {"source": "cam-1", "camera": "cam-1", "subject": f"t{at_s}", "site": "hh-017"}
    return [
        event("door", at_s, source="door-1", fields={"open": True}, **parts),
        event("camera.person", at_s + 10, **person, **parts),  # type: ignore[arg-type]
    ]


def moves(at_s: float, **parts: Any) -> Event:
    return event("motion", at_s, source="pir-1", fields={"motion": True}, **parts)


def test_what_has_to_follow_and_does_not_rings_when_its_time_is_up(tmp_path: Path) -> None:
    """And is over when it does follow; a restart in between makes no difference."""
    story = Story(book_with(tmp_path, LEFT, for_each="site"))
    story.happens(*leaves(0))
    story.restarts()
    assert story.passes(909.9) == []
    assert story.passes(910) == ["raised gas.repeated"]
    story.restarts()
    assert story.happens(moves(2000)) == ["returned gas.repeated"]
    story.happens(*leaves(3000))
    assert story.passes(3910) == ["reactivated gas.repeated"]


def test_what_follows_in_time_keeps_it_from_ringing_whatever_came_first(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, LEFT, for_each="site"))
    story.happens(*leaves(0), moves(900))
    assert story.passes(5000) == []
    story = Story(book_with(tmp_path, LEFT, for_each="site"))
    story.happens(moves(60), *leaves(0, arrives_s=120))
    assert story.passes(5000) == []


def test_what_followed_in_time_and_is_known_too_late_speaks_against_the_alert(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, LEFT, for_each="site"))
    story.happens(*leaves(0))
    story.passes(910)
    assert story.happens(moves(880, arrives_s=930)) == ["contradicted gas.repeated", "returned gas.repeated"]


def test_what_came_before_the_last_step_does_not_follow_it(tmp_path: Path) -> None:
    story = Story(book_with(tmp_path, LEFT, for_each="site"))
    story.happens(leaves(0)[0], moves(5), leaves(0)[1])
    assert story.passes(910) == ["raised gas.repeated"]
