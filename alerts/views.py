"""Views: alerts, incidents and journal entries as the API, the journal and MQTT show them.

Made from stored rows by `repository.py`; what is shown in one place is shown in all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alerts.alert import Alert
from alerts.incident import Handling, Verdict, allowed
from alerts.kinds import ALERT_KINDS
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
            "why": dict(self.why),
        }


@dataclass(frozen=True, slots=True)
class IncidentView:
    """An incident with its alerts, the first one first."""

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

    @property
    def allowed(self) -> tuple[str, ...]:
        """What people may do with it now."""
        return allowed(self.handling)

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
            have raised, or `withheld` for what a rule would have raised if nothing had spoken against it.
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
        "why": alert.why,
    }


def alert_view(row: Mapping[str, Any]) -> AlertView:
    """The alert in a row."""
    parts = dict(row)
    for name in ("started", "raised", "last_seen", "returned"):
        parts[name] = None if parts[name] is None else time_from_text(parts[name])
    parts["level"] = Level(parts["level"])
    return AlertView(**parts)


def incident_view(row: Mapping[str, Any], alerts: tuple[AlertView, ...]) -> IncidentView:
    """The incident in a row, with its alerts."""
    parts = dict(row)
    parts["opened"], parts["changed"] = time_from_text(parts["opened"]), time_from_text(parts["changed"])
    parts["level"] = Level(parts["level"])
    parts["handling"], parts["verdict"] = Handling(parts["handling"]), Verdict(parts["verdict"])
    return IncidentView(**parts, alerts=alerts)


def journal_entry(row: Mapping[str, Any]) -> JournalEntry:
    """The move in a row."""
    return JournalEntry(**{**row, "at": time_from_text(row["at"])})


def _name(kind: str) -> dict[str, str]:
    known = ALERT_KINDS.get(kind)
    return {"zh": known.zh, "en": known.en} if known else {"zh": kind, "en": kind}
