"""Incident: one happening that people work on, and the moves that may be made with it.

Its axes are independent: whether it is active is the engine's to say, how far people are with it is theirs, and what it
was in the end is the verdict. `MOVES` is the whole table of transitions: code, documentation and the answers to people
who ask for what cannot be are made from it.
"""

from __future__ import annotations

import enum
import uuid
from dataclasses import dataclass

from config.community import Level
from hub.errors import NotAllowedError


class Handling(enum.StrEnum):
    """How far people are."""

    NEW = "new"
    SEEN = "seen"
    DISPATCHED = "dispatched"
    ON_SCENE = "on_scene"
    RESOLVED = "resolved"
    CLOSED = "closed"


class Verdict(enum.StrEnum):
    """What it was."""

    NONE = "none"
    TRUE = "true"
    FALSE = "false"
    TEST = "test"
    NUISANCE = "nuisance"
    """The device was right, but there was no danger: cooking, steam."""
    DUPLICATE = "duplicate"


class Cause(enum.StrEnum):
    """Why it was false or a nuisance; counted by rule and device, so that both can be made better."""

    COOKING = "cooking"
    STEAM_OR_DUST = "steam_or_dust"
    SMOKING_OR_INCENSE = "smoking_or_incense"
    LIGHT_OR_REFLECTION = "light_or_reflection"
    WEATHER = "weather"
    ANIMAL = "animal"
    WORKS = "works"
    AUTHORISED_PERSON = "authorised_person"
    LOW_BATTERY = "low_battery"
    DEVICE_FAULT = "device_fault"
    WRONG_SETTING = "wrong_setting"
    OTHER = "other"


_UNFINISHED = frozenset({Handling.NEW, Handling.SEEN, Handling.DISPATCHED, Handling.ON_SCENE})
_FINISHED = frozenset({Handling.RESOLVED, Handling.CLOSED})


@dataclass(frozen=True, slots=True)
class Move:
    """One row of the table.

    Attributes:
        name: What is asked for; in the journal stands `done`.
        done: The word in the journal.
        before: From which handling.
        after: To which; None leaves it.
        by_people: Whether people may ask for it; else only the engine makes it.
        means: One sentence.
    """

    name: str
    done: str
    before: frozenset[Handling]
    after: Handling | None
    by_people: bool
    means: str


MOVES = (
    Move(
        "acknowledge",
        "acknowledged",
        frozenset({Handling.NEW}),
        Handling.SEEN,
        by_people=True,
        means="Somebody has seen it and takes care; the condition is not touched.",
    ),
    Move("comment", "commented", frozenset(Handling), None, by_people=True, means="A note for the record."),
    Move(
        "resolve",
        "resolved",
        _UNFINISHED,
        Handling.RESOLVED,
        by_people=True,
        means="It is dealt with, with a verdict; red needs a note, false and nuisance a cause.",
    ),
    Move(
        "reopen",
        "reopened",
        _FINISHED,
        Handling.SEEN,
        by_people=True,
        means="It was not solved; it keeps its number.",
    ),
    Move(
        "realarm",
        "realarmed",
        frozenset({Handling.SEEN, Handling.RESOLVED}),
        Handling.NEW,
        by_people=False,
        means="The level rose, or it came again after it had returned: it has to be seen again.",
    ),
    Move(
        "close",
        "closed",
        frozenset({Handling.RESOLVED}),
        Handling.CLOSED,
        by_people=False,
        means="It is resolved and the condition has returned.",
    ),
)
"""All moves there are."""

_BY_NAME = {move.name: move for move in MOVES}

REALARM_AFTER_S = 60.0
"""What comes again sooner after its return is chatter, and is not announced anew (three times in a minute, PAS)."""


def allowed(handling: Handling) -> tuple[str, ...]:
    """What people may ask for in this state."""
    return tuple(move.name for move in MOVES if move.by_people and handling in move.before)


def moved(handling: Handling, name: str) -> Handling:
    """The handling after a move.

    Raises:
        NotAllowedError: The table does not have it; holds what people may do instead.
    """
    move = _BY_NAME[name]
    if handling not in move.before:
        choices = allowed(handling)
        raise NotAllowedError(f"cannot {name} what is {handling}; possible: {', '.join(choices)}", allowed=choices)
    return handling if move.after is None else move.after


def done(name: str) -> str:
    """The word for a move in the journal."""
    return _BY_NAME[name].done


def check_resolution(level: Level, verdict: Verdict, note: str, cause: Cause | None) -> None:
    """Hold a resolution to what must be said with it.

    Raises:
        NotAllowedError: Something is missing; says what.
    """
    if verdict is Verdict.NONE:
        verdicts = tuple(each.value for each in Verdict if each is not Verdict.NONE)
        raise NotAllowedError(f"say what it was: {', '.join(verdicts)}", allowed=("resolve",))
    if level is Level.CRITICAL and not note.strip():
        raise NotAllowedError("a red incident needs a note on what was done", allowed=("resolve",))
    if verdict in (Verdict.FALSE, Verdict.NUISANCE) and cause is None:
        causes = ", ".join(each.value for each in Cause)
        raise NotAllowedError(f"say what caused it: {causes}", allowed=("resolve",))


def incident_id(first_alert: str) -> str:
    """The id of the incident that an alert opens."""
    return uuid.uuid5(uuid.UUID("6f0e7a52-0d8e-5c1b-9c57-6a5f5b2d9e11"), first_alert).hex
