"""What every shape in alerts/rules/ must fulfil, without being listed here: only its example stands below."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from alerts.language.shape import NO_STATE, Shape, Step, stream_of
from config.community import Level
from hub.events import Event, Phase, to_us
from hub.plugins import load_plugins
from tests.fakes.examples import examples
from tests.fakes.stories import event, moment

SHAPES = load_plugins("alerts.rules")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "rules.md"

EXAMPLES = {
    "change": {"of": {"kind": "thing"}, "field": "x", "rises": 2, "within": "10s"},
    "count": {"of": {"kind": "thing", "where": {"on": True}}, "at_least": 2, "within": "1m", "apart": "3s"},
    "event": {"kind": "thing", "where": {"on": True}},
    "lasts": {"of": {"kind": "thing", "where": {"on": True}}, "for": "10s"},
    "sequence": {
        "within": "10s",
        "steps": [{"kind": "thing", "where": {"on": True}}, {"kind": "thing", "where": {"x": ">= 2"}}],
    },
    "silence": {"of": {"kind": "thing", "where": {"on": True}}, "longer_than": "10s"},
    "together": {
        "within": "10s",
        "all_of": [{"kind": "thing", "where": {"on": True}}, {"kind": "thing", "where": {"x": ">= 2"}}],
    },
    "value": {"of": {"kind": "thing"}, "field": "x", "above": {"blue": 1, "red": 5}, "back_by": 0.5, "for": "10s"},
}
"""Options of each shape that listen to the kind `thing` with the fields `on` and `x`."""


def build(kind: str) -> Shape:
    plugin = SHAPES[kind]
    shape: Shape = plugin.build(plugin.options.model_validate(EXAMPLES[kind]))
    return shape


@st.composite
def things(draw: st.DrawFn) -> Event:
    fields = {"on": draw(st.sampled_from([True, False, "on"])), "x": draw(st.sampled_from([0, 2, 0.7, 9, "high"]))}
    return event(
        "thing",
        draw(st.integers(0, 60)),
        source=draw(st.sampled_from(["a", "b"])),
        subject=draw(st.sampled_from([None, "1", "2"])),
        phase=draw(st.sampled_from(list(Phase))),
        fields={name: value for name, value in fields.items() if draw(st.booleans())},
    )


def check(shape: Shape, step: Step) -> None:
    assert json.loads(json.dumps(dict(step.state))) == step.state, "the state must survive the store"
    assert step.due_us is None or isinstance(step.due_us, int)
    for claim in step.claims:
        assert (claim.level is not None) <= bool(shape.levels)
        assert set(claim.facts) <= set(shape.facts)
    assert all(isinstance(stream, str) for stream in shape.streams(step.state))


@pytest.mark.parametrize("kind", SHAPES)
def test_it_says_in_one_sentence_what_it_is_and_stands_in_the_reference(kind: str) -> None:
    assert SHAPES[kind].summary.endswith(".")
    assert f"\n### `{kind}`\n" in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", SHAPES)
def test_an_unknown_option_is_refused(kind: str) -> None:
    with pytest.raises(ValidationError, match="no_such_option"):
        SHAPES[kind].options.model_validate({**EXAMPLES[kind], "no_such_option": 1})


@pytest.mark.parametrize("kind", SHAPES)
@settings(deadline=None, max_examples=examples(25, 60))
@given(events=st.lists(things(), max_size=12))
def test_it_is_pure_and_its_state_survives_the_store(kind: str, events: list[Event]) -> None:
    shape, again = build(kind), build(kind)
    state = NO_STATE
    for each in sorted(events, key=lambda one: one.arrived):
        now_us = to_us(each.arrived)
        kept = copy.deepcopy(dict(state))
        step = shape.on_event(state, each, now_us)
        assert dict(state) == kept, "a state is never changed in place"
        assert step == again.on_event(json.loads(json.dumps(kept)), each, now_us)
        check(shape, step)
        state = step.state
        for other in (
            shape.on_due(state, now_us),
            shape.on_lost(state, each.source, now_us),
            shape.on_back(state, each.source, now_us),
            shape.on_left(state, each, now_us),
        ):
            check(shape, other)
        assert dict(state) == dict(step.state)


@pytest.mark.parametrize("kind", SHAPES)
def test_a_field_of_the_wrong_type_is_unknown_and_claims_nothing(kind: str) -> None:
    step = build(kind).on_event(NO_STATE, event("thing", 0, fields={"on": "?", "x": "?"}), to_us(moment(0)))
    assert step.unknown
    assert step.claims == ()
    assert not step.state


@pytest.mark.parametrize("kind", SHAPES)
@settings(deadline=None, max_examples=examples(15, 30))
@given(events=st.lists(things(), min_size=1, max_size=30))
def test_what_it_remembers_is_bounded(kind: str, events: list[Event]) -> None:
    shape, state = build(kind), NO_STATE
    for round_ in range(40):
        for each in events:
            state = shape.on_event(state, each, to_us(each.arrived) + round_).state
    assert len(json.dumps(dict(state))) < 20_000


@pytest.mark.parametrize("kind", SHAPES)
def test_its_due_time_follows_from_its_state(kind: str) -> None:
    shape = build(kind)
    step = shape.on_event(NO_STATE, event("thing", 0, fields={"on": True, "x": 9}), to_us(moment(0)))
    assert step.due_us == shape.due_us(step.state)
    assert set(shape.streams(step.state)) <= {stream_of(event("thing", 0))}
    assert set(shape.levels) <= set(Level)
