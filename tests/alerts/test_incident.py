"""The table of moves, walked through: every situation, every move, every role."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from alerts.incidents.guards import GUARDS, Wish, check
from alerts.incidents.incident import MOVES, OPEN, Axis, Cause, Display, Handling, Situation, Verdict, allowed
from alerts.incidents.incident import Move as Row
from config.community import Level
from config.handling import Deadlines
from hub.access import Role
from hub.errors import NotAllowedError

NOW = datetime(2026, 3, 3, 8, 0, tzinfo=UTC)
DEADLINES = Deadlines()
PEOPLES = [move for move in MOVES if move.by_people and move.axis is not Axis.CONDITION]
SITUATIONS = [
    Situation(handling, level, active=active, display=display, own=True)
    for handling, level, active, display in itertools.product(Handling, Level, (True, False), Display)
]
ENOUGH = Wish(
    NOW, "", note="seen to it", verdict=Verdict.NUISANCE, cause=Cause.COOKING, until=NOW + timedelta(minutes=20)
)
"""What satisfies every guard that can be satisfied by saying something."""


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("move", PEOPLES, ids=lambda move: move.name)
def test_a_role_may_make_a_move_exactly_where_the_table_has_it(move: Row, role: Role) -> None:
    for situation in SITUATIONS:
        wish = replace(ENOUGH, role=role.value)
        in_table = (
            situation.on(move.axis) in move.before
            and role.value in move.by
            and (move.axis is not Axis.DISPLAY or situation.handling in OPEN)
        )
        guard = GUARDS.get(move.name)
        fits = in_table and (guard is None or guard(situation, wish, DEADLINES) is None)
        if fits:
            check(move.name, situation, wish, DEADLINES)
            continue
        with pytest.raises(NotAllowedError) as caught:
            check(move.name, situation, wish, DEADLINES)
        assert caught.value.allowed == allowed(situation, role.value)
        assert (move.name in caught.value.allowed) is (in_table and not move.of_order)


def test_every_transition_of_the_state_machine_stands_in_the_table_once() -> None:
    assert sorted(move.number for move in MOVES if move.number) == list(range(1, 20))
    assert len({move.name for move in MOVES}) == len(MOVES)


def test_no_move_of_a_person_touches_the_condition() -> None:
    assert all(not move.by_people for move in MOVES if move.axis is Axis.CONDITION)


def test_wherever_something_is_to_be_done_somebody_in_the_room_can_do_it() -> None:
    for handling in OPEN:
        for level in Level:
            assert "resolve" in allowed(Situation(handling, level, active=True), Role.OPERATOR)


RED = Situation(Handling.SEEN, Level.CRITICAL, active=False)
BLUE = Situation(Handling.NEW, Level.NOTICE, active=True)


@pytest.mark.parametrize(
    ("name", "situation", "wish", "reason"),
    [
        ("acknowledge", replace(BLUE, own=False), Wish(NOW, "resident"), "at his own site"),
        ("acknowledge", replace(BLUE, own=True, level=Level.WARNING), Wish(NOW, "resident"), "blue or green"),
        ("resolve", BLUE, Wish(NOW, "responder", verdict=Verdict.TRUE), "you were not sent there"),
        ("resolve", RED, Wish(NOW, "operator", verdict=Verdict.TRUE), "needs a note"),
        ("resolve", RED, Wish(NOW, "operator", "no fire", Verdict.FALSE, Cause.WEATHER), "picture"),
        ("resolve", BLUE, Wish(NOW, "operator", verdict=Verdict.FALSE), "what caused it"),
        ("resolve", replace(BLUE, to_reset=True), Wish(NOW, "operator", verdict=Verdict.TRUE), "still reports it"),
        ("reopen", replace(RED, handling=Handling.CLOSED), Wish(NOW, "resident"), "who reported it"),
        (
            "reopen",
            replace(RED, handling=Handling.CLOSED, resolved=NOW - timedelta(hours=72, seconds=1)),
            Wish(NOW, "supervisor"),
            "more than 72 hours ago",
        ),
        ("shelve", BLUE, Wish(NOW, "operator"), "say why"),
        ("shelve", RED, Wish(NOW, "operator", "welding", until=NOW + timedelta(minutes=5)), "only a supervisor"),
        ("shelve", RED, Wish(NOW, "supervisor", "welding"), "until a time"),
        ("shelve", RED, Wish(NOW, "supervisor", "welding", until=NOW + timedelta(minutes=31)), "for 30 minutes"),
        ("shelve", BLUE, Wish(NOW, "operator", "welding", until=NOW), "the end is past"),
        ("maintain", replace(BLUE, life_safety=True), Wish(NOW, "integrator", "battery"), "by a supervisor"),
        ("maintain", BLUE, Wish(NOW, "integrator", "battery"), "until when"),
        ("maintain", BLUE, Wish(NOW, "integrator", "battery", until=NOW + timedelta(days=8)), "10080 minutes"),
        ("rate", replace(BLUE, handling=Handling.RESOLVED), Wish(NOW, "resident"), "who reported it"),
    ],
)
def test_a_guard_says_what_is_missing(name: str, situation: Situation, wish: Wish, reason: str) -> None:
    with pytest.raises(NotAllowedError, match=reason):
        check(name, situation, wish, DEADLINES)


@pytest.mark.parametrize(
    ("name", "situation", "wish"),
    [
        ("resolve", RED, Wish(NOW, "operator", "no fire", Verdict.FALSE, Cause.WEATHER, evidence="still-1")),
        ("resolve", RED, Wish(NOW, "operator", "no fire", Verdict.FALSE, Cause.WEATHER, second="wang")),
        ("resolve", replace(BLUE, own=True), Wish(NOW, "responder", verdict=Verdict.TRUE)),
        ("shelve", RED, Wish(NOW, "supervisor", "welding", until=NOW + timedelta(minutes=30))),
        ("shelve", BLUE, Wish(NOW, "operator", "welding")),
        (
            "reopen",
            replace(RED, handling=Handling.CLOSED, resolved=NOW - timedelta(hours=72), own=True),
            Wish(NOW, "resident"),
        ),
    ],
)
def test_what_satisfies_a_guard_is_allowed(name: str, situation: Situation, wish: Wish) -> None:
    check(name, situation, wish, DEADLINES)
