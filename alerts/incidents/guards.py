"""Guards: what must be so, besides the table, before a person's move is made.

Everything a guard looks at is given: the incident's situation, what the person says with the move, and the times of the
site. A refusal says what is missing and what this person may do instead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.incidents.incident import OPEN, SUPERVISORS, Axis, Cause, Situation, Verdict, allowed, move_named, refusal
from config.community import Level
from config.handling import Deadlines
from hub.access import Role
from hub.errors import NotAllowedError


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody says with a move that he asks for.

    Attributes:
        now: When.
        role: His.
        note, verdict, cause: As said.
        evidence: Id of a picture or clip that shows it.
        second: Account name of a second person who agrees.
        until: The end of hiding it; None until it returns.
    """

    now: datetime
    role: str
    note: str = ""
    verdict: Verdict = Verdict.NONE
    cause: Cause | None = None
    evidence: str = ""
    second: str = ""
    until: datetime | None = None


def check(name: str, situation: Situation, wish: Wish, deadlines: Deadlines) -> None:
    """Hold a move that a person asks for to the table and its guard.

    Raises:
        NotAllowedError: It cannot be; says why, and what this person may do instead.
    """
    move, may = move_named(name), allowed(situation, wish.role)
    value = situation.on(move.axis)
    if value not in move.before or (move.axis is Axis.DISPLAY and situation.handling not in OPEN):
        raise refusal(f"cannot {name} what is {value}", may)
    if wish.role not in move.by:
        raise refusal(f"as {wish.role} you may not {name} this", may)
    guard = GUARDS.get(name)
    reason = guard(situation, wish, deadlines) if guard else None
    if reason is not None:
        raise NotAllowedError(reason, allowed=may)


def _acknowledging(here: Situation, wish: Wish, _: Deadlines) -> str | None:
    if wish.role != Role.RESIDENT or (here.own and here.level.rank <= Level.NOTICE.rank):
        return None
    return "a resident can only acknowledge what is blue or green at his own site"


def _resolving(here: Situation, wish: Wish, _: Deadlines) -> str | None:
    red, verdict = here.level is Level.CRITICAL, wish.verdict
    verdicts = ", ".join(each.value for each in Verdict if each is not Verdict.NONE)
    reasons = (
        (wish.role == Role.RESPONDER and not here.own, "you were not sent there"),
        (verdict is Verdict.NONE, f"say what it was: {verdicts}"),
        (red and not wish.note.strip(), "a red incident needs a note on what was done"),
        (
            verdict in (Verdict.FALSE, Verdict.NUISANCE) and wish.cause is None,
            f"say what caused it: {', '.join(each.value for each in Cause)}",
        ),
        (
            verdict is Verdict.TRUE and here.to_reset,
            "the device still reports it; it is dealt with when that has ended and the device is reset",
        ),
        (
            red and verdict is Verdict.FALSE and not (wish.evidence or wish.second),
            "to call a red incident false takes a picture that shows it (evidence) or a second person (second)",
        ),
    )
    return next((reason for holds, reason in reasons if holds), None)


def _reopening(here: Situation, wish: Wish, deadlines: Deadlines) -> str | None:
    if not _may_judge(here, wish):
        return "only who reported it can say that it was not solved"
    within = timedelta(seconds=deadlines.reopened_within_s)
    if here.resolved is not None and wish.now - here.resolved > within:
        return f"it was resolved more than {within.total_seconds() / 3600:g} hours ago; report it anew"
    return None


def _shelving(here: Situation, wish: Wish, deadlines: Deadlines) -> str | None:
    if not wish.note.strip():
        return "say why it is put aside"
    if here.level is Level.CRITICAL and wish.role not in SUPERVISORS:
        return "only a supervisor can put a red incident aside"
    if here.level is Level.CRITICAL and wish.until is None:
        return "red is put aside until a time, not until it returns; give `until`"
    if wish.until is None and not here.active:
        return "nothing of it is active that could return; give `until`"
    return _ends_in_time(wish, deadlines.shelved_at_most_s.of(here.level.value), f"a {here.level.value} one")


def _maintaining(here: Situation, wish: Wish, deadlines: Deadlines) -> str | None:
    if not wish.note.strip():
        return "say what is done to the device"
    if here.life_safety and wish.role not in SUPERVISORS:
        return "a device on which lives depend is taken out of service by a supervisor"
    if wish.until is None:
        return "say until when; give `until`"
    return _ends_in_time(wish, timedelta(seconds=deadlines.maintenance_at_most_s), "a device")


def _ends_in_time(wish: Wish, longest: timedelta | None, what: str) -> str | None:
    if wish.until is None:
        return None
    if wish.until <= wish.now:
        return "the end is past; give a later `until`"
    if longest is not None and wish.until - wish.now > longest:
        return f"{what} can be hidden for {longest.total_seconds() / 60:g} minutes at a time, not longer"
    return None


def _rating(here: Situation, wish: Wish, _: Deadlines) -> str | None:
    return None if _may_judge(here, wish) else "only who reported it can rate it"


def _may_judge(here: Situation, wish: Wish) -> bool:
    """Whether somebody may say how it went: who reported it, and the room; not who was sent there."""
    if wish.role == Role.RESPONDER:
        return here.reported
    return wish.role != Role.RESIDENT or here.own or here.reported


GUARDS: Mapping[str, Callable[[Situation, Wish, Deadlines], str | None]] = {
    "acknowledge": _acknowledging,
    "resolve": _resolving,
    "reopen": _reopening,
    "shelve": _shelving,
    "maintain": _maintaining,
    "take_out": _maintaining,
    "rate": _rating,
}
"""By move, why it cannot be; None when it can."""
