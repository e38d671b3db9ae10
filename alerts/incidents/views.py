"""Views: alerts, incidents and journal entries as the API, the journal and MQTT show them.

Made from stored rows by `repository.py`; what is shown in one place is shown in all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from alerts.alert import Alert
from alerts.incidents.incident import Display, Handling, Situation, Verdict, allowed
from alerts.language.kinds import ALERT_KINDS
from config.community import Level
from hub.events import time_from_text, time_to_text


@dataclass(frozen=True, slots=True)
class AlertView:
    """An alert as it is stored; the names are those of the table's columns."""

    id: str
    incident: str
    rule: str
    rule_version: int
    kind: str
    key: str
    level: Level
    condition: str
    site: str | None
    area: str | None
    camera: str | None
    zone: str | None
    sensor: str | None
    started: datetime
    raised: datetime
    last_seen: datetime
    returned: datetime | None
    times: int
    text_zh: str
    text_en: str
    do_zh: str
    do_en: str
    muted_by: str | None
    to_reset: bool
    why: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """As JSON types."""
        return {
            "id": self.id,
            "incident": self.incident,
            "rule": self.rule,
            "rule_version": self.rule_version,
            "kind": self.kind,
            "name": _name(self.kind),
            "key": self.key,
            "level": self.level.value,
            "condition": self.condition,
            "site": self.site,
            "area": self.area,
            "camera": self.camera,
            "zone": self.zone,
            "sensor": self.sensor,
            "started": time_to_text(self.started),
            "raised": time_to_text(self.raised),
            "last_seen": time_to_text(self.last_seen),
            "returned": None if self.returned is None else time_to_text(self.returned),
            "times": self.times,
            "text": {"zh": self.text_zh, "en": self.text_en},
            "do": {"zh": self.do_zh, "en": self.do_en},
            "muted": self.muted_by is not None,
            "muted_by": self.muted_by,
            "to_reset": self.to_reset,
            "why": dict(self.why),
        }


@dataclass(frozen=True, slots=True)
class IncidentView:
    """An incident with its alerts, the first one first.

    Attributes besides those of the first day:
        since: When its handling last changed, or it was escalated.
        resolved: When it was resolved, None when it is not.
        due: When time moves it next (`alerts/incidents/deadlines.py`).
        escalated: How far up the grid it has gone: 0 household group to 3 town.
        reporter: Account name of the person who reported it, None when a device did.
        rating: What that person gave it, 1 to 5.
        merged_into: Id of the incident in which it goes on.
        display: Whether a person hid it; what alerts hide stands in `muted`.
        hidden_until, hidden_by, hidden_why: The end of that, None until it returns; who; and why.
        hidden_under: Id of the suppression that hides it, None when a person put this one aside.
    """

    id: str
    number: int
    kind: str
    level: Level
    handling: Handling
    verdict: Verdict
    active: bool
    muted: bool
    site: str | None
    area: str | None
    camera: str | None
    opened: datetime
    changed: datetime
    version: int
    text_zh: str
    text_en: str
    alerts: tuple[AlertView, ...]
    since: datetime | None = None
    resolved: datetime | None = None
    due: datetime | None = None
    escalated: int = 0
    reporter: str | None = None
    rating: int | None = None
    merged_into: str | None = None
    display: Display = Display.SHOWN
    hidden_until: datetime | None = None
    hidden_by: str | None = None
    hidden_why: str = ""
    hidden_under: str | None = None

    @property
    def shown_as(self) -> Display:
        """Whether it is shown, and who hid it; a person's hiding is named before an alert's."""
        return Display.MUTED if self.display is Display.SHOWN and self.muted else self.display

    def situation(self, *, own: bool = False, reported: bool = False, to_reset: bool = False) -> Situation:
        """What the guards of the table look at.

        Args:
            own: The person who asks lives there, reported it, or was sent.
            reported: The person who asks reported it.
            to_reset: A device that has to be reset still reports it.
        """
        return Situation(
            handling=self.handling,
            level=self.level,
            active=self.active and bool(self.alerts),
            display=self.shown_as,
            to_reset=to_reset,
            resolved=self.resolved,
            own=own,
            reported=reported,
        )

    @property
    def allowed(self) -> tuple[str, ...]:
        """What people may do with it now."""
        return allowed(self.situation())

    def to_json(self) -> dict[str, Any]:
        """As JSON types."""
        return {
            "id": self.id,
            "number": self.number,
            "kind": self.kind,
            "name": _name(self.kind),
            "level": self.level.value,
            "handling": self.handling.value,
            "verdict": self.verdict.value,
            "active": self.active,
            "muted": self.muted,
            "site": self.site,
            "area": self.area,
            "camera": self.camera,
            "opened": time_to_text(self.opened),
            "changed": time_to_text(self.changed),
            "version": self.version,
            "text": {"zh": self.text_zh, "en": self.text_en},
            "since": _text(self.since),
            "resolved": _text(self.resolved),
            "due": _text(self.due),
            "escalated": self.escalated,
            "reporter": self.reporter,
            "rating": self.rating,
            "merged_into": self.merged_into,
            "display": self.shown_as.value,
            "hidden_until": _text(self.hidden_until),
            "hidden_by": self.hidden_by,
            "hidden_why": self.hidden_why,
            "hidden_under": self.hidden_under,
            "alerts": [alert.to_json() for alert in self.alerts],
            "allowed": list(self.allowed),
        }


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One move.

    Attributes:
        seq: Its number, which only grows.
        at: When.
        topic: `alert`, `incident`, `health`, `rule` for a change of a rule, `shadow` for what a rule on trial would
            have raised, `withheld` for what a rule would have raised if nothing had spoken against it, `suppression`
            for what people hide, or `household` for what the people of a site must know.
        subject: Id of the alert, incident or rule, or source of the health change.
        incident: Id of the incident, if any.
        move: What was done.
        who: Account name, or `engine`.
        note: What the person wrote, or why.
        body: The subject as it was after this move, as JSON.
    """

    seq: int
    at: datetime
    topic: str
    subject: str
    incident: str | None
    move: str
    who: str
    note: str
    body: Mapping[str, Any]


def alert_row(alert: Alert, incident: str) -> dict[str, Any]:
    """The row of an alert."""
    return {
        "id": alert.id,
        "incident": incident,
        "rule": alert.rule,
        "rule_version": alert.rule_version,
        "kind": alert.kind,
        "key": alert.key,
        "level": alert.level.value,
        "condition": alert.condition.value,
        "site": alert.site,
        "area": alert.area,
        "camera": alert.camera,
        "zone": alert.zone,
        "sensor": alert.sensor,
        "started": time_to_text(alert.started),
        "raised": time_to_text(alert.raised),
        "last_seen": time_to_text(alert.last_seen),
        "returned": None if alert.returned is None else time_to_text(alert.returned),
        "times": alert.times,
        "text_zh": alert.text.zh,
        "text_en": alert.text.en,
        "do_zh": alert.do.zh,
        "do_en": alert.do.en,
        "muted_by": alert.muted_by,
        "to_reset": alert.to_reset,
        "why": alert.why,
    }


def alert_view(row: Mapping[str, Any]) -> AlertView:
    """The alert in a row."""
    parts = dict(row)
    for name in ("started", "raised", "last_seen", "returned"):
        parts[name] = None if parts[name] is None else time_from_text(parts[name])
    parts["level"] = Level(parts["level"])
    return AlertView(**parts)


_INCIDENT_TIMES = ("opened", "changed", "since", "resolved", "due", "hidden_until")


def incident_row(view: IncidentView) -> dict[str, Any]:
    """The row of an incident; its alerts have rows of their own."""
    row: dict[str, Any] = {each.name: getattr(view, each.name) for each in fields(view) if each.name != "alerts"}
    for name in _INCIDENT_TIMES:
        row[name] = _text(row[name])
    for name in ("level", "handling", "verdict", "display"):
        row[name] = row[name].value
    return row


def incident_view(row: Mapping[str, Any], alerts: tuple[AlertView, ...]) -> IncidentView:
    """The incident in a row, with its alerts."""
    parts = dict(row)
    for name in _INCIDENT_TIMES:
        parts[name] = None if parts[name] is None else time_from_text(parts[name])
    parts["level"], parts["display"] = Level(parts["level"]), Display(parts["display"])
    parts["handling"], parts["verdict"] = Handling(parts["handling"]), Verdict(parts["verdict"])
    return IncidentView(**parts, alerts=alerts)


def journal_entry(row: Mapping[str, Any]) -> JournalEntry:
    """The move in a row."""
    return JournalEntry(**{**row, "at": time_from_text(row["at"])})


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else time_to_text(moment)


def _name(kind: str) -> dict[str, str]:
    known = ALERT_KINDS.get(kind)
    return {"zh": known.zh, "en": known.en} if known else {"zh": kind, "en": kind}
