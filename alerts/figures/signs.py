"""Signs: the moves of alerts and incidents, as far as figures are counted from them, and which of them ring.

An annunciation is one demand on the operator: an alert is raised, rises, comes out of hiding, or comes back a minute or
more after it had returned; an incident that was seen and left lies there unseen again, or one that was put aside is
back (transitions 3, 4, 6, 17, 8 and 16 of the table). What is hidden, in the shadow or for information only (green)
demands nothing. Pure: the same moves in the same order ring the same, from the journal or from a replay.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from alerts.alert import Change, Fell, Muted, Raised, Reactivated, Returned, Rose, Shown
from alerts.incidents.incident import REALARM_AFTER_S, Display, Handling, Verdict, done
from alerts.incidents.views import JournalEntry
from config.community import Level

ALERT_MOVES = frozenset(each.move for each in (Raised, Rose, Fell, Reactivated, Shown, Muted, Returned))
"""Moves of alerts that mean something here."""
LAPSED, _RESOLVED = done("lapse"), done("resolve")
_BACK = (done("unshelve"), done("restore"))
_PUT_ASIDE = frozenset({Display.SHELVED, Display.MAINTENANCE, Display.OUT_OF_SERVICE})
_REALARM_AFTER = timedelta(seconds=REALARM_AFTER_S)


@dataclass(frozen=True, slots=True)
class Sign:
    """One move of an alert.

    Attributes:
        at: Hub time.
        move: The word in the journal.
        alert: Alert id.
        kind: Alert kind.
        rule: The rule that raised it.
        key: Its subject.
        level: Its level now.
        hidden: A graver alert hides it.
        incident: Incident id; empty when it is not known.
        device: Sensor or camera that spoke, empty when none did.
    """

    at: datetime
    move: str
    alert: str
    kind: str
    rule: str
    key: str
    level: Level
    hidden: bool
    incident: str = ""
    device: str = ""


@dataclass(frozen=True, slots=True)
class Member:
    """What had a part in an incident: a rule, and the device that spoke."""

    rule: str
    device: str


@dataclass(frozen=True, slots=True)
class Deed:
    """One move of an incident, by a person or by time.

    Attributes:
        at: Hub time.
        move: The word in the journal.
        incident: Incident id.
        who: Account name, or `engine`.
        level, handling, display, active, verdict: Of the incident after it.
        cause: Why it was false; with `resolved` alone.
        unit: Who is meant by an order.
        number, kind: Of the incident.
        members: Whose alerts it has; with `resolved` alone.
    """

    at: datetime
    move: str
    incident: str
    who: str
    level: Level
    handling: Handling
    display: Display = Display.SHOWN
    active: bool = True
    verdict: Verdict = Verdict.NONE
    cause: str = ""
    unit: str = ""
    number: int = 0
    kind: str = ""
    members: tuple[Member, ...] = ()


Entry = Sign | Deed


def sign_of(change: Change, incident: str = "") -> Sign | None:
    """What a Change of the engine means for the figures; None when it means nothing."""
    alert = change.alert
    if alert.shadow or change.move not in ALERT_MOVES:
        return None
    return Sign(
        at=change.at,
        move=change.move,
        alert=alert.id,
        kind=alert.kind,
        rule=alert.rule,
        key=alert.key,
        level=alert.level,
        hidden=alert.muted_by is not None,
        incident=incident,
        device=alert.sensor or alert.camera or "",
    )


def entry_of(entry: JournalEntry) -> Entry | None:
    """What a journal entry means for the figures; None when it means nothing."""
    if entry.topic == "incident":
        return _deed(entry, entry.body)
    if entry.topic != "alert" or entry.move not in ALERT_MOVES:
        return None
    body = entry.body
    return Sign(
        at=entry.at,
        move=entry.move,
        alert=entry.subject,
        kind=body["kind"],
        rule=body["rule"],
        key=body["key"],
        level=Level(body["level"]),
        hidden=body.get("muted_by") is not None,
        incident=entry.incident or "",
        device=body.get("sensor") or body.get("camera") or "",
    )


def _deed(entry: JournalEntry, body: Mapping[str, Any]) -> Deed:
    members = (Member(each["rule"], each.get("sensor") or each.get("camera") or "") for each in body["alerts"])
    return Deed(
        at=entry.at,
        move=entry.move,
        incident=entry.subject,
        who=entry.who,
        level=Level(body["level"]),
        handling=Handling(body["handling"]),
        display=Display(body.get("display", Display.SHOWN)),
        active=body["active"],
        verdict=Verdict(body["verdict"]),
        cause=body.get("cause") or "",
        unit=body.get("unit") or "",
        number=body["number"],
        kind=body["kind"],
        members=tuple(dict.fromkeys(members)) if entry.move == _RESOLVED else (),
    )


@dataclass(frozen=True, slots=True)
class Annunciation:
    """The room is asked to act.

    Attributes:
        at: Hub time.
        move: By which it rang.
        kind, key, rule: Of the alert; of the first alert of an incident that lies there again.
        level: Its level then.
        incident: Incident id; empty when it is not known.
    """

    at: datetime
    move: str
    kind: str
    key: str
    rule: str
    level: Level
    incident: str


class Bell:
    """Says, entry by entry and in their order, what rings."""

    def __init__(self) -> None:
        self._display: dict[str, Display] = {}
        self._first: dict[str, Sign] = {}
        self._returned: dict[str, datetime] = {}
        self._held: dict[str, list[Sign]] = {}

    def take(self, entry: Entry) -> tuple[Annunciation, ...]:
        """What rings with this entry.

        The first alert of an incident is told before the incident is, and rings when that is told: it may have been put
        aside before it began.
        """
        if isinstance(entry, Deed):
            return self._deed(entry)
        if entry.incident:
            self._first.setdefault(entry.incident, entry)
        if entry.move == Returned.move:
            self._returned[entry.alert] = entry.at
            return ()
        if not self._asks(entry):
            return ()
        if entry.move == Raised.move and entry.incident and entry.incident not in self._display:
            self._held.setdefault(entry.incident, []).append(entry)
            return ()
        return (_of_sign(entry),) if self._is_shown(entry.incident) else ()

    def flush(self) -> tuple[Annunciation, ...]:
        """What was raised for incidents of which nothing was told after all."""
        held, self._held = self._held, {}
        return tuple(_of_sign(sign) for signs in held.values() for sign in signs)

    def _asks(self, sign: Sign) -> bool:
        if sign.hidden or sign.level is Level.INFO:
            return False
        if sign.move == Reactivated.move:
            returned = self._returned.get(sign.alert)
            return returned is None or sign.at - returned >= _REALARM_AFTER
        return sign.move in (Raised.move, Rose.move, Shown.move)

    def _is_shown(self, incident: str) -> bool:
        return self._display.get(incident, Display.SHOWN) not in _PUT_ASIDE

    def _deed(self, deed: Deed) -> tuple[Annunciation, ...]:
        self._display[deed.incident] = deed.display
        held = self._held.pop(deed.incident, ())
        rung = [_of_sign(sign) for sign in held] if self._is_shown(deed.incident) else []
        if deed.level is not Level.INFO and deed.display is Display.SHOWN:
            back = deed.move in _BACK and deed.active and deed.handling is Handling.NEW
            if back or deed.move == LAPSED:
                first = self._first.get(deed.incident)
                kind, key, rule = (first.kind, first.key, first.rule) if first else (deed.kind, "", "")
                rung.append(Annunciation(deed.at, deed.move, kind, key, rule, deed.level, deed.incident))
        return tuple(rung)


def _of_sign(sign: Sign) -> Annunciation:
    return Annunciation(sign.at, sign.move, sign.kind, sign.key, sign.rule, sign.level, sign.incident)
