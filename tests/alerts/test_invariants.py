"""What must be true of alarms whatever happens: any events, any moves of any role, any time and any restarts.

The letters are those of the invariants in `docs/reference/incidents.md`. All of it goes through the real store.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete

from alerts.incidents.hiding import Plan, Suppressing, keep_suppressions
from alerts.incidents.incident import MOVES, Display, Handling
from alerts.incidents.joining import merge
from alerts.incidents.suppressions import Mode, Scope
from alerts.incidents.timekeeper import Timekeeper
from alerts.incidents.views import IncidentView
from alerts.language.places import places_of
from alerts.language.rulebook import RuleBook, make_book
from alerts.store.lists import Filter
from config.community import Level
from config.handling import Deadlines
from hub.access import Principal
from hub.errors import HubError
from hub.events import time_to_text
from hub.store.database import Database, sqlite_url
from hub.store.schema import alerts, cursors, events, incidents, journal, rule_states, suppressions
from tests.alerts.conftest import Room, room_on
from tests.fakes.examples import examples
from tests.fakes.people import ADMIN, CHEN, LI, LIN, SUN, WANG, ZHAO
from tests.fakes.stories import COMMUNITY, event

PEOPLE = (LIN, LIN, WANG, CHEN, CHEN, CHEN, ADMIN, ZHAO, LI, SUN)
RULES = ("fire.smoke_sensor", "fire.two_detectors", "sos.button", "flood.river_level", "sensor.battery_flag")
SCOPES = (
    Scope(kind="fire"),
    Scope(kind="sos.button"),
    Scope(site="hh-017"),
    Scope(area="town", kind="flood"),
    Scope(rule="fire.smoke_sensor", site="junction-3"),
    Scope(area="group-1"),
    Scope(),
)
DEVICES = (Scope(device="smoke-17"), Scope(device="river-1"))
PLACES = places_of(COMMUNITY)

Step = tuple[Any, ...]
times = st.sampled_from([60, 600, 600, 1800, 1800, 7200, 86_400, 8 * 86_400])
which = st.integers(0, 5)
someone = st.sampled_from(PEOPLE)
says = st.one_of(
    st.tuples(
        st.just("says"), st.sampled_from(["smoke", "heat"]), st.sampled_from(["hh-017", "junction-3"]), st.booleans()
    ),
    st.tuples(st.just("says"), st.just("sos"), st.just("hh-017"), st.just(True)),
    st.tuples(st.just("river"), st.sampled_from([1.0, 2.1, 2.6, 3.1, 3.6])),
    st.tuples(st.just("says"), st.just("battery_low"), st.sampled_from(["hh-017", "junction-3"]), st.booleans()),
)
moves = st.one_of(
    st.tuples(st.just("move"), st.sampled_from(["acknowledge", "comment", "unshelve"]), someone, which),
    st.tuples(st.just("resolve"), st.sampled_from(["true", "false", "nuisance", "test"]), someone, which),
    st.tuples(st.just("move"), st.sampled_from(["reopen", "rate", "merge"]), someone, which),
)
hides = st.one_of(
    st.tuples(st.just("shelve"), st.one_of(st.none(), times), someone, which),
    st.tuples(
        st.just("silence"), someone, st.sampled_from(SCOPES), times, st.sampled_from([0, 0, 300]),
        st.sampled_from(Level), st.booleans(),
    ),
    st.tuples(st.just("device"), st.sampled_from(DEVICES), someone, times, st.sampled_from(list(Mode)[1:])),
    st.tuples(st.just("end"), someone, which),
    st.tuples(st.just("extend"), someone, which, times),
)  # fmt: skip
waits = st.tuples(st.just("wait"), st.sampled_from([1, 30, 61, 200, 700, 4000, 90_000]))
restarts = st.just(("restart",))
stories = st.lists(st.one_of(says, says, hides, hides, moves, waits, restarts), min_size=12, max_size=30)
HIDING = ("shelve", "silence", "device", "end", "extend")


@dataclass
class Life:
    """One hub on an emptied store, and what is done to it step by step."""

    database: Database
    book: RuleBook
    at_s: float = 0.0
    room: Room = field(init=False)

    def __post_init__(self) -> None:
        self.database.write(_empty)
        self.restart()

    def restart(self) -> None:
        """Another hub goes on with what is stored."""
        self.room = room_on(self.database, self.book, starts_at_s=self.at_s)
        room = self.room
        self.hiding = Suppressing(room.database, room.handling, room.clock, places=lambda: PLACES)
        self.timekeeper = Timekeeper(
            room.database, room.bus, room.clock, deadlines=Deadlines, tasks=(keep_suppressions,)
        )
        room.runs()

    def does(self, step: Step) -> None:
        """Do one step; what the hub refuses does not happen."""
        self.at_s += 1
        self.room.passes(self.at_s)
        with suppress(HubError):
            getattr(self, f"_{step[0]}")(*step[1:])
        self.room.runs()
        self.timekeeper.step()
        self.room.runs()

    @property
    def incidents(self) -> list[IncidentView]:
        """All, the oldest first."""
        return self.room.incidents[::-1]

    def _says(self, kind: str, site: str, on: bool) -> None:  # noqa: FBT001 - a step is a tuple
        name = {"sos": "pressed", "battery_low": "low"}.get(kind, "alarm")
        source = "smoke-17" if (kind, site) == ("smoke", "hh-017") else f"{kind}-{site}"
        self.room.happens(event(kind, self.at_s, source=source, site=site, area="group-1", fields={name: on}))

    def _river(self, level_m: float) -> None:
        for _ in range(2):
            place = {"site": "junction-3", "area": "group-1"}
            self.room.happens(event("water_level", self.at_s, source="river-1", fields={"level_m": level_m}, **place))
            self.at_s += 60

    def _move(self, name: str, who: Principal, number: int) -> None:
        handling, incident = self.room.handling, self._of(number)
        match name:
            case "comment":
                handling.comment(incident, who, "noted")
            case "rate":
                handling.rate(incident, who, 4)
            case "merge":
                merge(handling, incident, who, into=self._of(number + 1))
            case _:
                getattr(handling, name)(incident, who)

    def _resolve(self, verdict: str, who: Principal, number: int) -> None:
        self.room.handling.resolve(self._of(number), who, verdict, note="done", cause="cooking", second="second")

    def _shelve(self, until_s: float | None, who: Principal, number: int) -> None:
        self.room.handling.shelve(self._of(number), who, "known", None if until_s is None else self._in(until_s))

    def _silence(self, who: Principal, scope: Scope, *rest: Any) -> None:
        until_s, since_s, level, once = rest
        plan = Plan(Mode.SILENCE, scope, "drill", self._in(until_s + since_s), self._in(since_s), level, once)
        self.hiding.make(plan, who)

    def _device(self, scope: Scope, who: Principal, until_s: float, mode: Mode) -> None:
        self.hiding.make(Plan(mode, scope, "works", self._in(until_s)), who)

    def _end(self, who: Principal, number: int) -> None:
        found = self.hiding.listed()
        if found:
            self.hiding.end(found[number % len(found)].id, who)

    def _extend(self, who: Principal, number: int, until_s: float) -> None:
        found = self.hiding.listed()
        if found:
            self.hiding.extend(found[number % len(found)].id, who, self._in(until_s))

    def _wait(self, seconds: float) -> None:
        self.at_s += seconds
        self.room.passes(self.at_s)

    def _restart(self) -> None:
        self.restart()

    def _in(self, seconds: float) -> Any:
        return self.room.clock.now() + timedelta(seconds=seconds)

    def _of(self, number: int) -> str:
        found = self.incidents
        return found[number % len(found)].id if found else "none"


def _empty(connection: Connection) -> None:
    for table in (suppressions, alerts, incidents, journal, events, rule_states, cursors):
        connection.execute(delete(table))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    database = Database(sqlite_url(tmp_path_factory.mktemp("lives")), durability="normal")
    database.start()
    yield database
    database.stop()


@pytest.fixture(scope="module")
def book(request: pytest.FixtureRequest) -> RuleBook:
    shipped: RuleBook = request.getfixturevalue("shipped")
    return make_book([rule for rule in shipped.rules if rule.id in RULES])


QUICK = settings(deadline=None, max_examples=examples(8, 15))


@QUICK
@given(story=stories)
def test_whatever_happens_nothing_is_lost_hidden_or_made_up(story: list[Step], store: Database, book: RuleBook) -> None:
    """(a), (b), (d), (e) and (g), after every step."""
    life = Life(store, book)
    for step in story:
        before = {each.id: each.condition for view in life.incidents for each in view.alerts}
        life.does(step)
        views = life.incidents
        _one_alert_for_each_kind_and_key(views)
        _what_is_hidden_is_hidden_by_somebody(views)
        if step[0] == "move":
            after = {each.id: each.condition for view in views for each in view.alerts}
            assert {name: after[name] for name in before} == before, "(b) people do not change conditions"
    _state_is_the_fold_of_the_journal(life)
    _nobody_but_people_takes_it_off_the_list_of_the_unseen(life)


@QUICK
@given(story=stories)
def test_what_is_hidden_is_recorded_as_if_nobody_had_hidden_it(
    story: list[Step], store: Database, book: RuleBook
) -> None:
    """(c)."""
    story = [step for step in story if step[0] not in ("move", "resolve")]  # who sees other things does other things
    hidden = Life(store, book)
    for step in story:
        hidden.does(step)
    with_hiding = _recorded(hidden)
    shown = Life(store, book)
    for step in story:
        shown.does(("wait", 0) if step[0] in HIDING else step)
    assert with_hiding == _recorded(shown)


@QUICK
@given(story=stories)
def test_a_restart_between_any_two_steps_changes_nothing(story: list[Step], store: Database, book: RuleBook) -> None:
    """(e)."""
    whole = Life(store, book)
    for step in story:
        whole.does(("wait", 0) if step[0] == "restart" else step)
    expected = _journal(whole)
    restarted = Life(store, book)
    for step in story:
        restarted.restart()
        restarted.does(step)
    assert _journal(restarted) == expected


def _one_alert_for_each_kind_and_key(views: Sequence[IncidentView]) -> None:
    """(a)."""
    standing = Counter((each.kind, each.key) for view in views for each in view.alerts if each.condition != "closed")
    assert not standing or max(standing.values()) == 1


def _what_is_hidden_is_hidden_by_somebody(views: Sequence[IncidentView]) -> None:
    """(d), and that nothing red is muted."""
    graver = {CHEN.name, ADMIN.name}
    for view in views:
        assert not any(each.level is Level.CRITICAL and each.muted_by for each in view.alerts)
        if view.display is Display.SHOWN:
            assert (view.hidden_by, view.hidden_until, view.hidden_under, view.hidden_why) == (None, None, None, "")
            continue
        assert view.hidden_by
        assert view.hidden_why
        assert view.hidden_until is not None or (view.active and view.hidden_under is None)
        if view.level is Level.CRITICAL:
            assert view.hidden_by in graver
            assert view.hidden_until is not None


AXES = ("handling", "display", "verdict", "active", "muted", "level", "escalated", "hidden_by", "hidden_until")


def _state_is_the_fold_of_the_journal(life: Life) -> None:
    """(e): the axes of every incident, from the journal alone."""
    folded: dict[str, dict[str, Any]] = {}
    conditions: dict[str, str] = {}
    for entry in life.room.journal:
        if entry.topic == "incident":
            folded[entry.subject] = {name: entry.body[name] for name in AXES}
        elif entry.topic == "alert":
            conditions[entry.subject] = entry.body["condition"]
    assert folded == {view.id: {name: view.to_json()[name] for name in AXES} for view in life.incidents}
    assert conditions == {each.id: each.condition for view in life.incidents for each in view.alerts}


def _nobody_but_people_takes_it_off_the_list_of_the_unseen(life: Life) -> None:
    """(g), and that what returns is not acknowledged by that (b)."""
    handling: dict[str, str] = {}
    by_people = {move.done for move in MOVES if move.by_people}
    for entry in life.room.journal:
        if entry.topic != "incident":
            continue
        now = entry.body["handling"]
        if handling.get(entry.subject) == Handling.NEW and now != Handling.NEW:
            assert entry.who != "engine"
            assert entry.move in by_people
        handling[entry.subject] = now
    unseen = life.room.repository.incidents(Filter(handling=(Handling.NEW,))).items
    assert {view.id for view in unseen} == {name for name, value in handling.items() if value == Handling.NEW}


def _recorded(life: Life) -> dict[str, Any]:
    """What the rules made of it: every alert, whoever hides it."""
    return {
        each.id: (each.kind, each.key, each.condition, each.level, each.times, each.returned, each.muted_by)
        for view in life.incidents
        for each in view.alerts
    }


def _journal(life: Life) -> list[Any]:
    """All that was done, with suppressions numbered in the order in which they were made."""
    names: dict[str, str] = {}
    for entry in life.room.journal:
        if entry.topic == "suppression":
            names.setdefault(entry.subject, f"suppression {len(names)}")
    text = json.dumps(
        [
            (time_to_text(entry.at), entry.topic, entry.subject, entry.move, entry.who, entry.note, dict(entry.body))
            for entry in life.room.journal
        ]
    )
    for name, number in names.items():
        text = text.replace(name, number)
    return list(json.loads(text))
