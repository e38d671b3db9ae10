"""What must be true of any rules and any events: the store says the same live, after restarts, and in a replay.

Rules of all shapes are drawn with everything that may stand around them; what is drawn never has to make sense.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete

from alerts.engine import RESOLVED_KIND, Engine
from alerts.language.places import places_of
from alerts.language.rulebook import RuleBook, make_book, rule_of
from alerts.loop import EngineLoop
from hub.bus import Bus
from hub.clock import SetClock
from hub.events import Event, Phase
from hub.store.database import Database, sqlite_url
from hub.store.event_log import EventLog, Fact
from hub.store.schema import alerts, cursors, events, incidents, journal, rule_states
from tests.alerts.test_engine_properties import happenings, in_order
from tests.fakes.crashes import differences, dumped
from tests.fakes.examples import examples
from tests.fakes.stories import COMMUNITY, START, event, moment, seen

PLACES = places_of(COMMUNITY)
WORDS = {"zh": "例", "en": "Example"}
KINDS = ("fire.smoke", "water.leak", "flood.level", "area.intrusion", "gas.combustible")

seconds = st.sampled_from(["2s", "20s", "90s", "3m"])
smoke = st.just({"kind": "smoke", "where": {"alarm": True}})
leak = st.just({"kind": "water_leak", "where": {"leak": True}})
stopped = st.just({"kind": "camera.vehicle", "where": {"stopped": True}})
patterns = st.one_of(smoke, leak, stopped, st.just({"kind": ["gas", "sos"]}))

SHAPES: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "event": patterns,
    "lasts": st.builds(lambda of, time: {"of": of, "for": time}, patterns, seconds),
    "value": st.builds(
        lambda above, time: {
            "of": {"kind": "water_level"},
            "field": "level_m",
            "above": above,
            "back_by": 0.1,
            "for": time,
        },
        st.sampled_from([2.0, {"yellow": 1.6, "red": 3.0}]),
        seconds,
    ),
    "change": st.builds(
        lambda field, time, samples: {**field, "within": time, "samples": samples},
        st.sampled_from(
            [
                {"of": {"kind": "temperature"}, "field": "temperature_c", "rises": 5},
                {"of": {"kind": "water_level"}, "field": "level_m", "falls": 0.3},
            ]
        ),
        seconds,
        st.sampled_from([2, 3]),
    ),
    "count": st.builds(
        lambda of, time, number: {"of": of, "at_least": number, "within": time}, patterns, seconds, st.integers(2, 3)
    ),
    "sequence": st.builds(lambda one, two, time: {"within": time, "steps": [one, two]}, patterns, patterns, seconds),
    "silence": st.builds(lambda of, time: {"of": of, "longer_than": time}, patterns, seconds),
    "together": st.builds(lambda one, two, time: {"within": time, "all_of": [one, two]}, patterns, patterns, seconds),
}

clears = st.sampled_from(
    [None, None, {"after": "15s"}, {"latch": True}, {"when": {"kind": "smoke", "where": {"alarm": False}}}]
)
arounds = st.sampled_from(
    [
        {},
        {},
        {"only": {"between": "16:01-16:04"}},
        {"except": [{"between": "16:02-16:03"}]},
        {"unless": {"kind": "camera.fire", "within": "40s", "same": "site"}},
        {"unless": {"kind": list(KINDS[:2]), "within": "30s", "same": "area"}},
        {"mutes": list(KINDS[1:3])},
        {"state": "shadow"},
    ]
)


@st.composite
def rules(draw: st.DrawFn) -> dict[str, Any]:
    shape = draw(st.sampled_from(sorted(SHAPES)))
    severity = draw(st.sampled_from(["blue", "orange", "red"]))
    when = {shape: draw(SHAPES[shape])}
    if isinstance(when[shape].get("above"), dict):
        severity = "by_level"
    clear = draw(clears)
    return {
        "raises": {"kind": draw(st.sampled_from(KINDS)), "severity": severity},
        "for_each": draw(st.sampled_from(["site", "area"] if shape == "together" else ["device", "site", "area"])),
        "when": when,
        **({} if clear is None else {"clear": clear}),
        **draw(arounds),
    }


def made(bodies: Sequence[dict[str, Any]]) -> RuleBook:
    """The book of these rules; a rule that mutes its own kind mutes nothing."""
    given = []
    for number, body in enumerate(bodies):
        muted = [kind for kind in body.get("mutes", ()) if kind != body["raises"]["kind"]]
        around = {"mutes": muted} if muted else {}
        rest = {name: part for name, part in body.items() if name != "mutes"}
        given.append(rule_of({"rule": f"drawn.{number}", "name": WORDS, "say": WORDS, "do": WORDS, **rest, **around}))
    return make_book(given)


books = st.lists(rules(), min_size=1, max_size=6).map(made)
PEOPLE = "a person resolves"
resolutions = st.builds(
    lambda at_s, number: event(PEOPLE, at_s, source="lin", subject=f"{number}"), st.integers(0, 400), st.integers(0, 9)
)


@st.composite
def telling(draw: st.DrawFn) -> Event:
    """What rules wait for, more often than not."""
    at_s = draw(st.integers(0, 400))
    times = {"arrives_s": at_s + draw(st.sampled_from([0, 0, 0, 3, 60])), "source": draw(st.sampled_from(["s1", "s2"]))}
    on = draw(st.sampled_from([True, True, True, False]))
    match draw(st.sampled_from(["smoke", "water_leak", "gas", "temperature", "water_level", "vehicle"])):
        case "temperature":
            return event("temperature", at_s, fields={"temperature_c": draw(st.sampled_from([20, 30, 40]))}, **times)
        case "water_level":
            return event("water_level", at_s, fields={"level_m": draw(st.sampled_from([1.0, 1.7, 2.4, 3.6]))}, **times)
        case "vehicle":
            return seen("camera.vehicle", at_s, zone="lane-1", fields={"stopped": on})
        case kind:
            return event(kind, at_s, fields={"leak" if kind == "water_leak" else "alarm": on}, **times)


stories = st.lists(st.one_of(telling(), telling(), telling(), happenings(), resolutions), min_size=5, max_size=40).map(
    in_order
)


def with_people(book: RuleBook, story: Sequence[Event]) -> list[Event]:
    """The story with each resolution about an alert that is open when it comes; the others are left out."""
    engine, told = Engine(book, PLACES), []
    for each in story:
        subject = each
        if each.kind == PEOPLE:
            engine.advance(each.arrived)
            found = engine.open_alerts()
            if not found:
                continue
            alert = found[int(each.subject or 0) % len(found)]
            subject = replace(each, kind=RESOLVED_KIND, subject=alert.id, phase=Phase.MOMENT)
        engine.handle(subject)
        told.append(subject)
    return told


@settings(deadline=None, max_examples=examples(30, 60))
@given(books, stories, st.integers(0, 30))
def test_any_rules_keep_to_one_alert_for_each_kind_and_key_over_a_restart(
    book: RuleBook, story: list[Event], at: int
) -> None:
    story = with_people(book, story)
    engine, whole = Engine(book, PLACES), Engine(book, PLACES)
    opened: Counter[tuple[str, str, bool]] = Counter()
    for number, each in enumerate(story):
        if number == at:
            states, engine = engine.snapshot(), Engine(book, PLACES)
            assert engine.restore(states, START) == []
        changes = engine.handle(each)
        assert changes == whole.handle(each)
        for change in changes:
            slot = (change.alert.kind, change.alert.key, change.alert.shadow)
            opened[slot] += {"raised": 1, "closed": -1}.get(change.move, 0)
            assert opened[slot] in (0, 1)
    assert engine.snapshot() == whole.snapshot()
    assert engine.counts.failed == Counter()


class Log:
    """A log, alerts, incidents and journal that are emptied for each story."""

    def __init__(self, folder: Path) -> None:
        self.database = Database(sqlite_url(folder), durability="normal")
        self.database.start()

    def lived(self, book: RuleBook, story: Sequence[Event], *, at_once: int, restarts: frozenset[int]) -> bytes:
        """What is stored after a story of which so many events come together; at some of them another hub goes on."""
        self.database.write(_empty)
        clock, bus = SetClock(START), Bus()
        log = EventLog(self.database, bus)

        def hub() -> EngineLoop:
            parts = {"rulebook": book, "places": PLACES, "settle_s": 0, "settle_after_start_s": 0}
            loop = EngineLoop(self.database, log, bus, clock, **parts)  # type: ignore[arg-type]
            loop.restore()
            return loop

        loop = hub()
        for begin in range(0, len(story), at_once):
            some = story[begin : begin + at_once]
            log.append([Fact(each) for each in some]).result(10)
            clock.set(some[-1].arrived)
            if begin in restarts:
                loop = hub()
            while loop.step():
                pass
        clock.set(moment(2000))
        loop.step()
        return dumped(self.database)


def _empty(connection: Connection) -> None:
    for table in (journal, alerts, incidents, rule_states, cursors, events):
        connection.execute(delete(table))
    connection.exec_driver_sql("DELETE FROM sqlite_sequence")


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Log]:
    found = Log(tmp_path_factory.mktemp("log"))
    yield found
    found.database.stop()


@settings(deadline=None, max_examples=examples(12, 25))
@given(book=books, story=stories, restarts=st.frozensets(st.integers(0, 30), max_size=5))
def test_a_replay_of_the_log_gives_the_same_tables_byte_for_byte(
    log: Log, book: RuleBook, story: list[Event], restarts: frozenset[int]
) -> None:
    """Live, one by one, with restarts, against all of it at once from scratch."""
    story = with_people(book, story) or [event("door", 0, fields={"open": True})]
    live = log.lived(book, story, at_once=1, restarts=restarts)
    replayed = log.lived(book, story, at_once=500, restarts=frozenset())
    assert differences(live, replayed) == []


SMOKE, LEAK = {"kind": "smoke", "where": {"alarm": True}}, {"kind": "water_leak", "where": {"leak": True}}
ORDERLESS: dict[str, dict[str, Any]] = {
    "count": {"of": SMOKE, "at_least": 2, "within": "20s"},
    "together": {"within": "6s", "all_of": [SMOKE, LEAK]},
    "sequence": {"within": "6s", "steps": [SMOKE, LEAK]},
    "change": {"of": {"kind": "water_level"}, "field": "level_m", "rises": 0.5, "within": "30s", "samples": 2},
    "lasts": {"of": LEAK, "for": "11m"},
    "value": {"of": {"kind": "water_level"}, "field": "level_m", "above": 2.0, "back_by": 0.5, "for": "11m"},
}


@st.composite
def told_late(draw: st.DrawFn) -> list[Event]:
    """What two of each kind of device saw within a minute, all of which arrives five minutes after it began."""
    fields: dict[str, tuple[str, list[Any]]] = {
        "smoke": ("alarm", [True, True, False]),
        "water_leak": ("leak", [True, True, False]),
        "water_level": ("level_m", [1.0, 1.7, 2.4, 3.5]),
    }
    found = []
    for at_s in draw(st.lists(st.integers(0, 60), unique=True, min_size=3, max_size=14)):
        kind = draw(st.sampled_from(sorted(fields)))
        name, values = fields[kind]
        source = f"{kind}-{draw(st.sampled_from('ab'))}"
        found.append(
            event(kind, at_s, arrives_s=300, source=source, fields={name: draw(st.sampled_from(values))})
        )  # fmt: skip
    return found


@pytest.mark.parametrize("shape", ORDERLESS)
@settings(deadline=None, max_examples=examples(15, 30))
@given(data=st.data())
def test_what_comes_in_another_order_within_the_horizon_raises_the_same(shape: str, data: st.DataObject) -> None:
    """As from a gateway that was away. Shapes with a timer promise it while that has not run out, as here."""
    body = {"raises": {"kind": "fire.smoke", "severity": "red"}, "for_each": "site", "when": {shape: ORDERLESS[shape]}}
    book = made([{**body, "clear": {"latch": True}}])
    events = data.draw(told_late())
    results = []
    for order in (sorted(events, key=lambda each: each.at), events):
        engine = Engine(book, PLACES)
        changes = [change for each in order for change in engine.handle(each)] + engine.advance(moment(4000))
        results.append(sorted((each.alert.kind, each.alert.key) for each in changes if each.move == "raised"))
    assert results[0] == results[1]
