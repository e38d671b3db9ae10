"""Recording: what the engine made of a batch of Events becomes rows, incidents and journal entries, in one transaction.

Runs as one work of the store's writer, together with the engine's memory and its cursor: after a crash either all of a
batch is there or none of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from alerts.alert import Alert, Change, Condition, Raised, Reactivated, Shown, Withheld, as_json
from alerts.cells import Unsaved
from alerts.engine import REOPENED_KIND
from alerts.grouping import Member, announces_again, summed_up
from alerts.incident import REALARM_AFTER_S, Handling, Verdict, done, incident_id, moved
from alerts.repository import (
    Connection,
    append_events,
    incident_of,
    incident_to_join,
    next_number,
    read_incident,
    write_alert,
    write_cursor,
    write_incident,
    write_journal,
    write_states,
)
from alerts.views import AlertView, IncidentView
from hub.events import Event, Phase, event_to_json, time_to_text

ENGINE = "engine"
"""Who makes these moves, and the name of the cursor."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What belongs into one transaction.

    Attributes:
        cursor: The number of the last event dealt with.
        now: Hub time, for the journal.
        health: The HealthChanges among the events.
        changes: What happened to alerts, in order.
        unsaved: The engine's memory that changed.
    """

    cursor: int
    now: datetime
    health: Sequence[Event]
    changes: Sequence[Change]
    unsaved: Unsaved


@dataclass(frozen=True, slots=True)
class Recorded:
    """Newest numbers after the transaction; `events_seq` is 0 when no event was added."""

    journal_seq: int
    events_seq: int


def record(connection: Connection, batch: Batch) -> Recorded:
    """Store a batch."""
    recorder = _Recorder(connection, batch.now)
    recorder.health(batch.health)
    for change in batch.changes:
        recorder.change(change)
    recorder.finish()
    write_states(connection, batch.unsaved)
    write_cursor(connection, ENGINE, batch.cursor)
    events_seq = append_events(connection, recorder.reopened) if recorder.reopened else 0
    return Recorded(write_journal(connection, recorder.entries), events_seq)


@dataclass(slots=True)
class _Touched:
    """An incident of this batch: as it was, which move made the difference, how long an alert had been normal.

    `shown` is whether one came out of hiding; `opened` is the incident as it was opened in this batch, with the alerts
    that have come to it.
    """

    before: IncidentView | None
    moves: list[str]
    returned_s: float | None = None
    shown: bool = False
    opened: IncidentView | None = None

    def take(self, alert: AlertView) -> None:
        """Keep the alerts of an incident opened in this batch at hand, so that it need not be read again."""
        if self.opened is not None:
            others = [each for each in self.opened.alerts if each.id != alert.id]
            members = sorted((*others, alert), key=lambda each: (each.raised, each.id))
            self.opened = replace(self.opened, alerts=tuple(members))


class _Recorder:
    def __init__(self, connection: Connection, now: datetime) -> None:
        self.entries: list[dict[str, Any]] = []
        self.reopened: list[Event] = []
        self._connection = connection
        self._now = now
        self._touched: dict[str, _Touched] = {}
        self._number: int | None = None

    def health(self, events: Iterable[Event]) -> None:
        for event in events:
            self._enter(
                topic="health",
                subject=event.source,
                move=str(event.fields.get("state", "")),
                note=str(event.fields.get("reason", "")),
                body=event_to_json(event),
            )

    def change(self, change: Change) -> None:
        """Store one change of an alert; its incident follows in `finish`."""
        alert = change.alert
        if isinstance(change, Withheld):
            self._enter(
                topic="withheld",
                subject=alert.id,
                move=change.move,
                note=f"would have fired, withheld because {change.en}",
                body={**as_json(alert), "because": {"zh": change.zh, "en": change.en}},
            )
            return
        if alert.shadow:
            if change.move:
                self._enter(topic="shadow", subject=alert.id, move=change.move, body=as_json(alert))
            return
        stored = incident_of(self._connection, alert.id)
        if stored is None:
            incident = self._open_or_join(alert)
            view = write_alert(self._connection, alert, incident, new=True)
            self._note(change, view, before=None)
        else:
            incident = stored[0]
            if incident not in self._touched:
                self._touched[incident] = _Touched(read_incident(self._connection, incident), [])
            view = write_alert(self._connection, alert, incident, new=False)
            self._note(change, view, before=stored[1])
        self._touched[incident].take(view)

    def finish(self) -> None:
        """Bring every incident of the batch in line with its alerts."""
        for incident, touched in self._touched.items():
            self._follow(incident, touched)

    def _open_or_join(self, alert: Alert) -> str:
        incident = incident_to_join(self._connection, alert)
        if incident is not None:
            if incident not in self._touched:
                self._touched[incident] = _Touched(read_incident(self._connection, incident), [])
            self._touched[incident].moves.append("joined")
            return incident
        incident = incident_id(alert.id)
        view = IncidentView(
            id=incident,
            number=self._next_number(),
            kind=alert.kind,
            level=alert.level,
            handling=Handling.NEW,
            verdict=Verdict.NONE,
            active=True,
            muted=alert.muted_by is not None,
            site=alert.site,
            area=alert.area,
            camera=alert.camera,
            opened=alert.raised,
            changed=self._now,
            version=1,
            text_zh=alert.text.zh,
            text_en=alert.text.en,
            alerts=(),
        )
        write_incident(self._connection, view, new=True)
        self._touched[incident] = _Touched(None, ["opened"], opened=view)
        return incident

    def _next_number(self) -> int:
        """The number after the newest in the store, asked for once: nobody else opens incidents meanwhile."""
        self._number = (self._number or next_number(self._connection) - 1) + 1
        return self._number

    def _note(self, change: Change, view: AlertView, *, before: AlertView | None) -> None:
        touched = self._touched[view.incident]
        if isinstance(change, Reactivated) and before is not None and before.returned is not None:
            returned_s = (change.at - before.returned).total_seconds()
            touched.returned_s = max(returned_s, touched.returned_s or 0.0)
        touched.shown = touched.shown or isinstance(change, Shown)
        if not change.move:
            return
        if not isinstance(change, Raised):
            touched.moves.append(change.move)
        self._enter(
            topic="alert",
            subject=view.id,
            incident=view.incident,
            move=change.move,
            body=view.to_json(),
        )

    def _follow(self, incident: str, touched: _Touched) -> None:
        now = touched.opened or read_incident(self._connection, incident)
        summary = summed_up(
            Member(
                id=each.id,
                level=each.level,
                condition=Condition(each.condition),
                raised=each.raised,
                camera=each.camera,
                text_zh=each.text_zh,
                text_en=each.text_en,
                muted=each.muted_by is not None,
            )
            for each in now.alerts
        )
        view = replace(
            now,
            level=summary.level,
            active=summary.active,
            muted=summary.muted,
            camera=summary.camera,
            text_zh=summary.text_zh,
            text_en=summary.text_en,
        )
        before = touched.before
        if before is not None and announces_again(
            before.handling,
            before=before.level,
            after=view.level,
            returned_s=touched.returned_s,
            realarm_after_s=REALARM_AFTER_S,
            shown=touched.shown,
        ):
            touched.moves.append(done("realarm"))
            view = replace(view, handling=moved(view.handling, "realarm"), verdict=Verdict.NONE)
            if before.handling is Handling.RESOLVED:
                self.reopened += [person_event(REOPENED_KIND, each, ENGINE, self._now) for each in view.alerts]
        if view.handling is Handling.RESOLVED and not view.active:
            touched.moves.append(done("close"))
            view = replace(view, handling=moved(view.handling, "close"))
        if not touched.moves and view == now:
            return
        if touched.opened is None:
            view = replace(view, version=view.version + 1, changed=self._now)
        if view != touched.opened:
            write_incident(self._connection, view, new=False)
        for move in dict.fromkeys(touched.moves):
            self._enter(topic="incident", subject=incident, incident=incident, move=move, body=view.to_json())

    def _enter(
        self,
        *,
        topic: str,
        subject: str,
        move: str,
        body: dict[str, Any],
        incident: str | None = None,
        note: str = "",
    ) -> None:
        self.entries.append(
            {
                "at": time_to_text(self._now),
                "topic": topic,
                "subject": subject,
                "incident": incident,
                "move": move,
                "who": ENGINE,
                "note": note,
                "body": body,
            }
        )


def person_event(kind: str, alert: AlertView, who: str, now: datetime) -> Event:
    """What tells the engine that the incident of an alert was resolved, or was not after all."""
    return Event(
        id=f"{kind}:{alert.id}:{time_to_text(now)}",
        kind=kind,
        at=now,
        arrived=now,
        source=who,
        driver="handling",
        site=alert.site,
        area=alert.area,
        subject=alert.id,
        phase=Phase.MOMENT,
    )
