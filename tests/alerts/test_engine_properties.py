"""What must be true of the engine whatever happens, in whatever order."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.alert import Change, as_json
from alerts.engine import RESOLVED_KIND, Engine
from alerts.language.places import places_of
from alerts.language.rule import Rule
from alerts.language.rulebook import SHIPPED, load_rules, make_book, rule_of
from config.reading import read_text
from hub.events import Event, Phase, Quality
from tests.fakes.examples import examples
from tests.fakes.stories import COMMUNITY, START, event, health, moment, seen

AROUND = """
- rule: around.hours
  raises: {kind: area.intrusion, severity: orange}
  for_each: device
  only: {between: "16:01-16:04"}
  except: [{between: "16:02-16:03"}, {calendar: nowhere}]
  when: {event: {kind: [smoke, camera.vehicle]}}
- rule: around.observed
  raises: {kind: road.debris, severity: yellow}
  for_each: [camera, zone]
  scope: {areas: town, rings: road}
  when: {lasts: {of: {kind: camera.vehicle}, for: 2s}}
  unless: {kind: camera.fire, where: {stopped: true}, within: 40s, same: zone, until: camera.collision}
  clear: {after: 20s}
- rule: around.alerted
  raises: {kind: road.crash, severity: yellow}
  for_each: site
  when: {event: {kind: [water_leak, sos]}}
  unless: {kind: [fire.smoke, water.leak], within: 30s, same: area, until: gas}
  clear: {after: 10s}
- rule: around.parent
  raises: {kind: power.outage, severity: yellow}
  for_each: site
  mutes: {of: [water.leak, around.alerted, gas.combustible], same: area}
  when: {event: {kind: [smoke, temperature]}}
  clear: {after: 25s}
"""
"""Rules with everything around their shapes, at times in which the stories play."""


def around() -> list[Rule]:
    words = {"zh": "例", "en": "Example"}
    data = read_text(AROUND)
    assert isinstance(data, list)
    return [rule_of({**body, "name": words, "say": words, "do": words}) for body in data]


BOOK = make_book([*load_rules(SHIPPED).rules, *around()])
PLACES = places_of(COMMUNITY)

seconds = st.integers(0, 400)
flags = st.sampled_from([True, True, False, "yes", None])


HAPPENING = ("smoke", "sos", "temperature", "water_level", "gas", "water_leak", "vehicle", "fire", "health")


@st.composite
def happenings(draw: st.DrawFn, kinds: tuple[str, ...] | None = None) -> Event:
    """Anything of some kinds, at any time."""
    at_s = draw(seconds)
    late_s = draw(st.sampled_from([0, 0, 0, 1, 20, 90]))
    source = draw(st.sampled_from(["s1", "s2"]))
    quality = draw(st.sampled_from([(), (), (), (Quality.RETAINED,), (Quality.TEST,)]))
    kind = draw(st.sampled_from(kinds or HAPPENING))
    times = {"arrives_s": at_s + late_s, "source": source, "quality": quality}
    value = draw(flags)
    match kind:
        case "smoke" | "gas":
            fields = {} if value is None else {"alarm": value}
            if kind == "gas":
                fields["lel_pct"] = draw(st.sampled_from([0, 5, 8, 12, 25]))
            return event(kind, at_s, fields=fields, **times)
        case "sos" | "water_leak":
            name = "pressed" if kind == "sos" else "leak"
            return event(kind, at_s, fields={} if value is None else {name: value}, **times)
        case "temperature" | "water_level":
            name, values = (
                ("temperature_c", [20, 54, 58, 70]) if kind == "temperature" else ("level_m", [1.7, 2.1, 3.6])
            )
            return event(kind, at_s, fields={name: draw(st.sampled_from(values))}, **times)
        case "vehicle" | "fire":
            return seen(
                f"camera.{kind}",
                at_s,
                track=draw(st.sampled_from(["1", "2"])),
                phase=draw(st.sampled_from([Phase.BEGAN, Phase.GOES_ON, Phase.GOES_ON, Phase.ENDED])),
                zone=draw(st.sampled_from([None, "lane-1", "yard"])),
                fields={"stopped": draw(st.booleans()), "zone_use": draw(st.sampled_from(["lane", "guarded"]))},
            )
        case _:
            state = draw(st.sampled_from(["online", "offline"]))
            of = draw(st.sampled_from([("camera.health", "cam-1"), ("sensor.health", "s1")]))
            return health(of[0], at_s, of[1], state)


def in_order(events: list[Event]) -> list[Event]:
    """By arrival, each with an id of its own."""
    ordered = sorted(events, key=lambda each: each.arrived)
    return [replace(each, id=f"{number}:{each.id}") for number, each in enumerate(ordered)]


stories = st.lists(happenings(), max_size=40).map(in_order)


def test_the_stories_reach_what_stands_around_a_shape() -> None:
    engine = Engine(BOOK, PLACES)
    changes = engine.handle(event("smoke", 0, fields={"alarm": True}))
    changes += engine.handle(event("water_leak", 1, phase=Phase.BEGAN, fields={"leak": True}))
    moves = [(change.move, change.alert.rule) for change in changes + engine.advance(moment(300))]
    assert ("withheld", "around.hours") in moves
    assert ("withheld", "around.alerted") in moves


def told(changes: list[Change]) -> list[object]:
    return [(change.move, change.at, as_json(change.alert)) for change in changes]


@settings(deadline=None, max_examples=examples(30, 80))
@given(stories, st.integers(0, 40))
def test_a_restart_between_any_two_events_makes_no_difference(events: list[Event], at: int) -> None:
    whole = Engine(BOOK, PLACES)
    expected = told([change for each in events for change in whole.handle(each)] + whole.advance(moment(2000)))
    first = Engine(BOOK, PLACES)
    before = [change for each in events[:at] for change in first.handle(each)]
    second = Engine(BOOK, PLACES)
    assert second.restore(first.snapshot(), START) == []
    after = [change for each in events[at:] for change in second.handle(each)] + second.advance(moment(2000))
    assert told(before + after) == expected
    assert second.snapshot() == whole.snapshot()


@settings(deadline=None, max_examples=examples(30, 80))
@given(stories)
def test_what_was_handed_out_for_storing_is_all_there_is_to_know(events: list[Event]) -> None:
    engine = Engine(BOOK, PLACES)
    stored = {}
    for each in events:
        engine.handle(each)
        unsaved = engine.take_unsaved()
        for gone in unsaved.gone:
            stored.pop(gone, None)
        stored |= {(state.rule, state.key): state for state in unsaved.states}
        assert stored == {(state.rule, state.key): state for state in engine.snapshot()}


@settings(deadline=None, max_examples=examples(30, 80))
@given(stories)
def test_at_most_one_alert_is_open_for_each_kind_and_key(events: list[Event]) -> None:
    engine = Engine(BOOK, PLACES)
    opened: Counter[tuple[str, str]] = Counter()
    for each in events:
        for change in engine.handle(each):
            if change.move in ("withheld", "muted", "shown"):
                continue
            slot = (change.alert.kind, change.alert.key)
            opened[slot] += {"raised": 1, "closed": -1}.get(change.move, 0)
            assert opened[slot] in (0, 1)
    assert engine.counts.failed == Counter()
    assert {slot for slot, count in opened.items() if count} == {(a.kind, a.key) for a in engine.open_alerts()}


@settings(deadline=None, max_examples=examples(20, 50))
@given(stories, st.integers(0, 40))
def test_resolving_moves_no_condition_of_what_is_active(events: list[Event], at: int) -> None:
    engine = Engine(BOOK, PLACES)
    for each in events[:at]:
        engine.handle(each)
    when = events[at - 1].arrived if 0 < at <= len(events) else START
    engine.advance(when)
    for alert in engine.open_alerts():
        resolved = Event(
            id=f"r:{alert.id}",
            kind=RESOLVED_KIND,
            at=when,
            arrived=when,
            source="lin",
            driver="test",
            subject=alert.id,
        )
        moves = [change.move for change in engine.handle(resolved)]
        assert moves == (["closed"] if alert.condition == "returned" or alert.latched else [])


@pytest.mark.parametrize("kind", ["water_leak", "temperature", "water_level"])
@settings(deadline=None, max_examples=examples(20, 50))
@given(st.data())
def test_the_order_of_arrival_within_the_time_of_a_timer_makes_no_difference(kind: str, data: st.DataObject) -> None:
    """What is told before the shortest timer could run out leads to the same alerts in whatever order it comes."""
    name, values = {
        "water_leak": ("leak", [True, False]),
        "temperature": ("temperature_c", [20, 60]),
        "water_level": ("level_m", [1.0, 2.2, 3.2]),
    }[kind]
    times = data.draw(st.lists(st.integers(0, 8), unique=True, min_size=1, max_size=6))
    events = [
        event(kind, at_s, arrives_s=9, fields={name: data.draw(st.sampled_from(values))}) for at_s in sorted(times)
    ]
    shuffled = data.draw(st.permutations(events))
    results = []
    for order in (events, shuffled):
        engine = Engine(BOOK, PLACES)
        changes = [change for each in order for change in engine.handle(each)] + engine.advance(moment(500))
        results.append([(c.move, c.at, c.alert.kind, c.alert.level) for c in changes if c.move])
    assert results[0] == results[1]
