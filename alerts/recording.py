"""Recording: what the engine made of a batch of Events becomes rows, incidents and journal entries, in one transaction.

Runs as one work of the store's writer, together with the engine's memory and its cursor: after a crash either all of a
batch is there or none of it. Every row depends on the Events and people's moves alone: its times are those of the
engine, and incidents follow Event by Event, not batch by batch. So however a crash cuts the log into batches, and
whenever it is replayed, the tables come out the same, byte for byte.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from alerts.alert import (
    Alert,
    Change,
    Condition,
    Contradicted,
    Muted,
    Raised,
    Reactivated,
    Returned,
    Shown,
    Withheld,
    as_json,
)
from alerts.cells import Unsaved
from alerts.engine import REOPENED_KIND
from alerts.incidents.covering import Cover
from alerts.incidents.deadlines import may_close, shown_again, stamped
from alerts.incidents.grouping import announces_again, in_line
from alerts.incidents.incident import (
    ENGINE,
    OPEN,
    REALARM_AFTER_S,
    Display,
    Handling,
    Verdict,
    done,
    incident_id,
    moved,
)
from alerts.incidents.suppressions import entry_of, hiding_move, showing_move
from alerts.incidents.views import AlertView, IncidentView
from alerts.store.connection import Connection
from alerts.store.incidents import (
    incident_of,
    incident_to_join,
    next_number,
    read_incident,
    write_alert,
    write_incident,
)
from alerts.store.journal import append_events, write_cursor, write_journal
from alerts.store.states import write_states
from alerts.store.suppressions import hidden_under
from config.handling import STARTING, Deadlines
from hub.events import Event, Phase, event_to_json, time_to_text


@dataclass(frozen=True, slots=True)
class Moment:
    """What one Event, or the timers of one time, came to.

    Attributes:
        at: Time of the engine: the Event's arrival, or when the timers ran out.
        changes: What happened to alerts, in order.
        health: The Event, if it is a HealthChange.
    """

    at: datetime
    changes: Sequence[Change]
    health: Event | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """What belongs into one transaction.

    Attributes:
        cursor: The number of the last event dealt with.
        moments: What came of the events and timers, in order; those that came to nothing left out.
        unsaved: The engine's memory that changed.
        deadlines: Of the site, from which follows when time moves an incident.
    """

    cursor: int
    moments: Sequence[Moment]
    unsaved: Unsaved
    deadlines: Deadlines = STARTING


@dataclass(frozen=True, slots=True)
class Recorded:
    """Newest numbers after the transaction; `events_seq` is 0 when no event was added."""

    journal_seq: int
    events_seq: int


def record(connection: Connection, batch: Batch) -> Recorded:
    """Store a batch."""
    recorder = _Recorder(connection, batch.deadlines)
    for moment in batch.moments:
        recorder.moment(moment)
    write_states(connection, batch.unsaved)
    write_cursor(connection, ENGINE, batch.cursor)
    events_seq = append_events(connection, recorder.reopened) if recorder.reopened else 0
    return Recorded(write_journal(connection, recorder.entries), events_seq)


def timed(changes: Sequence[Change]) -> list[Moment]:
    """What timers changed, by the time at which they ran out."""
    return [Moment(at, tuple(some)) for at, some in groupby(changes, key=attrgetter("at"))]


@dataclass(slots=True)
class _Touched:
    """An incident of this moment: as it was, which move made the difference, how long an alert had been normal.

    `before` is None when it was opened now; `shown` is whether an alert came out of hiding, `rose` whether the level of
    one rose; `entries` are those of its alerts in the journal.
    """

    before: IncidentView | None
    moves: list[str] = field(default_factory=list)
    returned_s: float | None = None
    shown: bool = False
    rose: bool = False
    entries: list[dict[str, Any]] = field(default_factory=list)


class _Recorder:
    """Keeps the incidents and alerts of its batch at hand, as they are in the transaction."""

    _now: datetime  # of the moment that is being stored

    def __init__(self, connection: Connection, deadlines: Deadlines) -> None:
        self.entries: list[dict[str, Any]] = []
        self.reopened: list[Event] = []
        self._connection = connection
        self._deadlines = deadlines
        self._touched: dict[str, _Touched] = {}
        self._incidents: dict[str, IncidentView] = {}
        self._incident_of: dict[str, str] = {}
        self._number: int | None = None
        self._muters: dict[str, str | None] = {}
        self._cover = Cover(connection)

    def moment(self, moment: Moment) -> None:
        """Store what happened at once, and bring every incident of it in line with its alerts."""
        self._now = moment.at
        self._touched.clear()
        if moment.health is not None:
            self._health(moment.health)
        self._muters = {each.alert.id: each.alert.muted_by for each in moment.changes if isinstance(each, Muted)}
        for change in moment.changes:
            self._change(change)
        self._use_up([each.alert.id for each in moment.changes if isinstance(each, Returned) and not each.alert.shadow])
        for incident, touched in self._touched.items():
            self._follow(incident, touched)

    def _health(self, event: Event) -> None:
        self._enter(
            topic="health",
            subject=event.source,
            move=str(event.fields.get("state", "")),
            note=str(event.fields.get("reason", "")),
            body=event_to_json(event),
        )

    def _change(self, change: Change) -> None:
        """Store one change of an alert; its incident follows when the moment is complete."""
        alert = change.alert
        if isinstance(change, Withheld):
            if change.again:
                return
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
        before = self._stored(alert.id)
        incident = self._open_or_join(alert) if before is None else before.incident
        if incident not in self._touched:
            self._touched[incident] = _Touched(self._incident(incident))
        view = write_alert(self._connection, alert, incident, new=before is None)
        self._keep(view)
        self._note(change, view, before=before)

    def _stored(self, alert: str) -> AlertView | None:
        """The alert as it was stored last."""
        incident = self._incident_of.get(alert)
        if incident is None:
            stored = incident_of(self._connection, alert)
            if stored is None:
                return None
            incident = stored[0]
        return next(each for each in self._incident(incident).alerts if each.id == alert)

    def _incident(self, incident: str) -> IncidentView:
        if incident not in self._incidents:
            view = self._incidents[incident] = read_incident(self._connection, incident)
            self._incident_of |= dict.fromkeys((each.id for each in view.alerts), incident)
        return self._incidents[incident]

    def _keep(self, alert: AlertView) -> None:
        incident = self._incidents[alert.incident]
        others = [each for each in incident.alerts if each.id != alert.id]
        members = sorted((*others, alert), key=lambda each: (each.raised, each.id))
        self._incidents[alert.incident] = replace(incident, alerts=tuple(members))
        self._incident_of[alert.id] = alert.incident

    def _open_or_join(self, alert: Alert) -> str:
        incident = self._of_muter(alert) or incident_to_join(self._connection, alert)
        if incident is not None:
            if incident not in self._touched:
                self._touched[incident] = _Touched(self._incident(incident))
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
        self._incidents[incident] = view
        self._touched[incident] = _Touched(None, ["opened"])
        return incident

    def _of_muter(self, alert: Alert) -> str | None:
        """The open incident of what mutes an alert as it is raised: what follows from a cause belongs to it."""
        muter = alert.muted_by or self._muters.get(alert.id)
        stored = None if muter is None else self._stored(muter)
        return stored.incident if stored is not None and self._incident(stored.incident).handling in OPEN else None

    def _use_up(self, returned: Sequence[str]) -> None:
        """What was to be hidden until it returns has returned; all that was hidden with it is shown."""
        alerts = [stored for each in returned if (stored := self._stored(each)) is not None]
        for ended in self._cover.used_up(alerts, self._now) if alerts else ():
            self.entries.append(entry_of(ended, "returned", ENGINE, note="", now=self._now))
            for view in hidden_under(self._connection, ended.id):
                self._touched.setdefault(view.id, _Touched(self._incident(view.id)))

    def _displayed(self, view: IncidentView, touched: _Touched, *, graver: bool) -> IncidentView:
        """The incident as it is shown after this moment."""
        if touched.before is None:
            after = self._cover.opened(view, self._now)
            if after is not None:
                touched.moves.append(done(hiding_move(after.display)))
            return after or view
        if view.display is Display.SHOWN:
            return view
        stays = self._cover.stays(view, self._now, joined="joined" in touched.moves, graver=graver, rose=touched.rose)
        if stays is None or stays.hidden_under != view.hidden_under:
            after_display = Display.SHOWN if stays is None else stays.display
            touched.moves.append(done(showing_move(view.display, after_display)))
        return shown_again(view) if stays is None else stays

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
        touched.rose = touched.rose or (before is not None and view.level.rank > before.level.rank)
        if not change.move:
            return
        if not isinstance(change, Raised):
            touched.moves.append(change.move)
        self._enter(
            topic="alert",
            subject=view.id,
            incident=view.incident,
            move=change.move,
            note=_against(change) if isinstance(change, Contradicted) else "",
            body=view.to_json(),
        )
        touched.entries.append(self.entries[-1])

    def _follow(self, incident: str, touched: _Touched) -> None:
        now = self._incidents[incident]
        view = in_line(now)
        before = touched.before
        # What is closed makes nothing graver: once all of it is, the level is that of the gravest there was.
        level = view.level if any(each.condition != Condition.CLOSED for each in view.alerts) else now.level
        if before is not None and announces_again(
            before.handling,
            before=before.level,
            after=level,
            returned_s=touched.returned_s,
            realarm_after_s=REALARM_AFTER_S,
            shown=touched.shown,
        ):
            touched.moves.append(done("realarm"))
            view = replace(view, handling=moved(view.handling, "realarm"), verdict=Verdict.NONE)
            if before.handling is Handling.RESOLVED:
                self.reopened += [person_event(REOPENED_KIND, each, ENGINE, self._now) for each in view.alerts]
        view = self._displayed(view, touched, graver=level.rank > now.level.rank)
        if view.display is not Display.SHOWN:
            for entry in touched.entries:
                entry["body"]["hidden"] = view.display.value
        view = stamped(view, before, self._now, self._deadlines)
        if view.handling is Handling.RESOLVED and may_close(view, self._now, self._deadlines):
            touched.moves.append(done("close"))
            view = stamped(replace(view, handling=moved(view.handling, "close")), view, self._now, self._deadlines)
        if not touched.moves and view == now:
            return
        if before is not None:
            view = replace(view, version=view.version + 1, changed=self._now)
        if view != now:
            write_incident(self._connection, view, new=False)
            self._incidents[incident] = view
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


def _against(change: Contradicted) -> str:
    at = "" if change.happened is None else time_to_text(change.happened)
    return f"{change.event}, observed at {at} and known only now, speaks against it"


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
