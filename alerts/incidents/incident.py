"""Incident: one happening that people work on, and every move that it or an alert of it can make.

Its axes are independent: whether what it claims is so (condition) is the engine's to say, how far people are with it
(handling) is theirs, what it was in the end is the verdict, whether it is shown (display) follows from who hid it, and
a latched device has to be reset by a person. `MOVES` is the whole table of transitions: code, documentation, tests and
the answers to people who ask for what cannot be are made from it.
"""

from __future__ import annotations

import enum
import uuid
from dataclasses import dataclass
from datetime import datetime

from config.community import Level
from hub.access import Role
from hub.errors import NotAllowedError

ENGINE = "engine"
"""Who makes the moves that no person makes."""


class Handling(enum.StrEnum):
    """How far people are."""

    NEW = "new"
    SEEN = "seen"
    DISPATCHED = "dispatched"
    ON_SCENE = "on_scene"
    RESOLVED = "resolved"
    CLOSED = "closed"


class Display(enum.StrEnum):
    """Whether it is shown, and who hid it."""

    SHOWN = "shown"
    MUTED = "muted"
    """A graver alert that is active speaks for it."""
    SHELVED = "shelved"
    """A person put it aside, until a time or until it returns."""
    MAINTENANCE = "maintenance"
    """Its device is being worked on."""
    OUT_OF_SERVICE = "out_of_service"
    """Its device is switched off on purpose."""


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


class Axis(enum.StrEnum):
    """What a move changes."""

    CONDITION = "condition"
    HANDLING = "handling"
    DISPLAY = "display"
    RECORD = "record"
    """Nothing of the above: it is written down."""


OPEN = (Handling.NEW, Handling.SEEN, Handling.DISPATCHED, Handling.ON_SCENE)
"""Somebody still has something to do."""
FINISHED = (Handling.RESOLVED, Handling.CLOSED)

_ENGINE = frozenset({ENGINE})
SUPERVISORS = frozenset({Role.SUPERVISOR.value, Role.ADMINISTRATOR.value})
_OPERATORS = SUPERVISORS | {Role.OPERATOR.value}
_RESPONDERS = frozenset({Role.RESPONDER.value})
_RESIDENTS = frozenset({Role.RESIDENT.value})
_INTEGRATORS = frozenset({Role.INTEGRATOR.value})
_ANYBODY = frozenset(role.value for role in Role)


@dataclass(frozen=True, slots=True)
class Move:
    """One row of the table.

    Attributes:
        name: What is asked for; in the journal stands `done`.
        done: The word in the journal.
        axis: What it changes.
        before: From which values of the axis.
        after: To which; None leaves it.
        by: Roles that may ask for it, or `engine`.
        means: One sentence.
        guard: What must be so besides, in words; checked by `GUARDS`.
        number: Of the transition in the table of the alarm state machine, 0 for a move beside it.
        of_order: It is asked for of an order or a device, not of the incident itself.
    """

    name: str
    done: str
    axis: Axis
    before: tuple[str, ...]
    after: str | None
    by: frozenset[str]
    means: str
    guard: str = ""
    number: int = 0
    of_order: bool = False

    @property
    def by_people(self) -> bool:
        """Whether people may ask for it; else only the engine makes it."""
        return self.by != _ENGINE


_ALL = tuple(each.value for each in Handling)

MOVES = (
    Move("pend", "", Axis.CONDITION, ("none",), "pending", _ENGINE,
         "What a rule watches for began, and has to last; when it will be due is stored.", number=1),
    Move("drop", "", Axis.CONDITION, ("pending",), "none", _ENGINE,
         "It did not last.", number=2),
    Move("raise", "raised", Axis.CONDITION, ("none", "pending"), "active", _ENGINE,
         "It is so, and no alert of its kind and subject was open.", number=3),
    Move("recur", "recurred", Axis.CONDITION, ("active",), "active", _ENGINE,
         "It happened again, or its level rose (`rose`) or fell (`fell`).", number=4),
    Move("return", "returned", Axis.CONDITION, ("active",), "returned", _ENGINE,
         "It is normal again.", number=5),
    Move("reactivate", "reactivated", Axis.CONDITION, ("returned",), "active", _ENGINE,
         "It came again before it was closed: the same alert.", number=6),
    Move("acknowledge", "acknowledged", Axis.HANDLING, ("new",), "seen", _OPERATORS | _RESIDENTS,
         "Somebody has seen it and takes care; the condition is not touched.",
         "a resident only what is blue or green at his own site", 7),
    Move("lapse", "lapsed", Axis.HANDLING, ("seen",), "new", _ENGINE,
         "Who had seen it sent nobody and gave no verdict in time; the next level is told.", number=8),
    Move("dispatch", "dispatched", Axis.HANDLING, ("new", "seen"), "dispatched", _OPERATORS | _ENGINE,
         "Somebody is sent.", number=9),
    Move("decline", "declined", Axis.HANDLING, ("dispatched",), "seen", _RESPONDERS | _OPERATORS | _ENGINE,
         "The last who was sent cannot come, or did not answer in time; the next level is sent.",
         number=10, of_order=True),
    Move("arrive", "arrived", Axis.HANDLING, ("seen", "dispatched"), "on_scene", _RESPONDERS | _OPERATORS,
         "Somebody is there: by position, code or photo.", number=11, of_order=True),
    Move("resolve", "resolved", Axis.HANDLING, tuple(OPEN), "resolved", _OPERATORS | _RESPONDERS,
         "It is dealt with, with a verdict; red needs a note, false and nuisance a cause.",
         "not `true` while a device that has to be reset reports it; red and `false` needs a picture or a second name",
         12),
    Move("close", "closed", Axis.HANDLING, ("resolved",), "closed", _ENGINE,
         "It is resolved, the condition has returned, and who reported it has rated it or had his time.", number=13),
    Move("reopen", "reopened", Axis.HANDLING, tuple(FINISHED), "seen", _OPERATORS | _RESPONDERS | _RESIDENTS,
         "It was not solved; it keeps its number.",
         "within the time for it; a resident or responder only what he reported", 14),
    Move("shelve", "shelved", Axis.DISPLAY, ("shown",), "shelved", _OPERATORS | _ENGINE,
         "It is put aside, with a reason and an end, or until it returns; or a silence covers it.",
         "no longer than its level allows; red by a supervisor", 15),
    Move("unshelve", "unshelved", Axis.DISPLAY, ("shelved",), "shown", _OPERATORS | _ENGINE,
         "The end has come, its level rose, or somebody wants it back; what still holds has to be seen again.",
         number=16),
    Move("mute", "muted", Axis.DISPLAY, ("shown",), "muted", _ENGINE,
         "A graver alert that is active speaks for it; shown again (`shown`) when that is over.",
         "red is never muted", 17),
    Move("maintain", "maintained", Axis.DISPLAY, ("shown",), "maintenance", SUPERVISORS | _INTEGRATORS | _ENGINE,
         "Its device is worked on, with a reason and an end.",
         "a week at most; a life-safety device by a supervisor", 18, of_order=True),
    Move("take_out", "taken_out", Axis.DISPLAY, ("shown",), "out_of_service", SUPERVISORS | _INTEGRATORS | _ENGINE,
         "Its device is switched off on purpose, with a reason and an end.",
         "a week at most; a life-safety device by a supervisor", of_order=True),
    Move("restore", "restored", Axis.DISPLAY, ("maintenance", "out_of_service"), "shown",
         _OPERATORS | _INTEGRATORS | _ENGINE,
         "Its device is in service again; what still holds has to be seen again.", of_order=True),
    Move("merge", "merged", Axis.HANDLING, tuple(OPEN), "closed", _OPERATORS,
         "It is the same happening as another incident, and goes on there.", "the other is open", 19),
    Move("split", "split", Axis.RECORD, tuple(OPEN), None, _OPERATORS,
         "Some of its alerts are another happening, and become an incident of their own.", "one alert has to stay"),
    Move("join", "joined", Axis.RECORD, tuple(OPEN), None, _ENGINE,
         "An alert of the same happening came to it, or another incident was merged into it."),
    Move("realarm", "realarmed", Axis.HANDLING, ("seen", "resolved"), "new", _ENGINE,
         "The level rose, or it came again after it had returned: it has to be seen again."),
    Move("escalate", "escalated", Axis.RECORD, ("new",), None, _ENGINE,
         "Nobody has seen it in time; the next level is told."),
    Move("order", "ordered", Axis.RECORD, tuple(OPEN), None, _ENGINE,
         "Somebody was sent at once, as its kind demands; the room still has to see it."),
    Move("reinforce", "reinforced", Axis.RECORD, ("dispatched", "on_scene"), None, _OPERATORS,
         "Somebody is sent besides who was sent before."),
    Move("fall_out", "fell_out", Axis.RECORD, tuple(OPEN), None, _RESPONDERS | _OPERATORS | _ENGINE,
         "One who was sent cannot come, and others can, or the room has not looked yet.", of_order=True),
    Move("attend", "attended", Axis.RECORD, ("new", "on_scene"), None, _RESPONDERS | _OPERATORS,
         "One who was sent is there, before the room has looked or after another.", of_order=True),
    Move("accept", "accepted", Axis.RECORD, tuple(OPEN), None, _RESPONDERS | _OPERATORS,
         "Who was sent is on the way.", of_order=True),
    Move("comment", "commented", Axis.RECORD, _ALL, None, _ANYBODY, "A note for the record."),
    Move("report", "reported", Axis.RECORD, tuple(OPEN), None, _ENGINE,
         "Somebody reported the same happening, and follows it from now on."),
    Move("remind", "reminded", Axis.RECORD, tuple(OPEN), None, _ENGINE,
         "Who was sent is reminded of what is soon due."),
    Move("miss", "missed", Axis.RECORD, tuple(OPEN), None, _ENGINE,
         "Who was sent has not done it in time; the next level is told."),
    Move("rate", "rated", Axis.RECORD, ("resolved",), None, _OPERATORS | _RESPONDERS | _RESIDENTS,
         "Who reported it says how it went.", "only who reported it, or for him by telephone"),
)  # fmt: skip
"""All moves there are."""

_BY_NAME = {move.name: move for move in MOVES}

REALARM_AFTER_S = 60.0
"""What comes again sooner after its return is chatter, and is not announced anew (three times in a minute, PAS)."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What a guard looks at.

    Attributes:
        handling, display, level: Of the incident.
        active: Whether an alert of it still holds.
        to_reset: An alert of it is still active at a device that a person has to reset.
        resolved: When it was resolved, None when it is not.
        own: The person lives there, reported it, or was sent.
        reported: The person reported it.
        life_safety: It is about a device on which lives depend.
    """

    handling: Handling
    level: Level
    active: bool
    display: Display = Display.SHOWN
    to_reset: bool = False
    resolved: datetime | None = None
    own: bool = False
    reported: bool = False
    life_safety: bool = False

    def on(self, axis: Axis) -> str:
        """Its value on an axis; what is only written down depends on the handling."""
        return self.display.value if axis is Axis.DISPLAY else self.handling.value


def move_named(name: str) -> Move:
    """The row of the table.

    Raises:
        KeyError: There is none.
    """
    return _BY_NAME[name]


def allowed(situation: Handling | Situation, role: str | None = None) -> tuple[str, ...]:
    """What people may ask for in this situation; only what this role may, when it is given."""
    here = situation if isinstance(situation, Situation) else Situation(situation, Level.NOTICE, active=False)
    return tuple(
        move.name
        for move in MOVES
        if move.by_people
        and not move.of_order
        and move.axis is not Axis.CONDITION
        and here.on(move.axis) in move.before
        and (move.axis is not Axis.DISPLAY or here.handling in OPEN)
        and (role is None or role in move.by)
    )


def refusal(reason: str, may: tuple[str, ...]) -> NotAllowedError:
    """What says why not, and what may be done instead."""
    return NotAllowedError(f"{reason}; possible: {', '.join(may) or 'nothing'}", allowed=may)


def moved(handling: Handling, name: str) -> Handling:
    """The handling after a move, whoever makes it.

    Raises:
        NotAllowedError: The table does not have it; holds what people may do instead.
    """
    move = _BY_NAME[name]
    if handling not in move.before:
        raise refusal(f"cannot {name} what is {handling}", allowed(handling))
    return handling if move.after is None or move.axis is not Axis.HANDLING else Handling(move.after)


def done(name: str) -> str:
    """The word for a move in the journal."""
    return _BY_NAME[name].done


def incident_id(first_alert: str) -> str:
    """The id of the incident that an alert opens."""
    return uuid.uuid5(uuid.UUID("6f0e7a52-0d8e-5c1b-9c57-6a5f5b2d9e11"), first_alert).hex
