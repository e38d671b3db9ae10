"""Deadlines: when an incident that nobody moves is moved by time, and how.

Pure: what is due follows from the incident and the times of the site alone, so that it is stored with the incident
(`due`), survives a restart, and is found by one look at an index. `alerts/incidents/timekeeper.py` does what is due.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from alerts.incidents.incident import Display, Handling
from alerts.incidents.views import IncidentView
from config.community import Level
from config.handling import Deadlines

TOP = 3
"""The highest of the four levels of the grid: household group 0, village group 1, community 2, town 3."""


def stamped(view: IncidentView, before: IncidentView | None, now: datetime, deadlines: Deadlines) -> IncidentView:
    """The incident with the times that follow from a move.

    Args:
        view: As it is after the move.
        before: As it was, None when it is new.
        now: When it was moved.
        deadlines: Of the site.
    """
    changed = before is None or before.handling is not view.handling or before.escalated != view.escalated
    appeared = before is not None and before.shown_as is not Display.SHOWN and view.shown_as is Display.SHOWN
    since = now if changed or appeared or before is None else before.since
    resolved = view.resolved
    if view.handling not in (Handling.RESOLVED, Handling.CLOSED):
        resolved = None
    elif resolved is None:
        resolved = now
    view = replace(view, since=since, resolved=resolved)
    return replace(view, due=next_due(view, deadlines))


def next_due(view: IncidentView, deadlines: Deadlines) -> datetime | None:
    """When time moves this incident next; None when it never does."""
    moments = (_handling_due(view, deadlines), view.hidden_until if view.display is not Display.SHOWN else None)
    return min((moment for moment in moments if moment is not None), default=None)


def time_move(view: IncidentView, now: datetime, deadlines: Deadlines) -> str | None:
    """The move that time makes at `now`; None when none is due.

    What hides it comes first: an incident that is shown again is asked for anew.
    """
    if view.display is not Display.SHOWN and view.hidden_until is not None and view.hidden_until <= now:
        return "unshelve" if view.display is Display.SHELVED else "restore"
    due = _handling_due(view, deadlines)
    if due is None or due > now:
        return None
    return {Handling.NEW: "escalate", Handling.SEEN: "lapse", Handling.RESOLVED: "close"}.get(view.handling)


def may_close(view: IncidentView, now: datetime, deadlines: Deadlines) -> bool:
    """Whether what is resolved is over for good: normal again, and who reported it has rated it or had his time."""
    if view.active:
        return False
    if view.reporter is None or view.rating is not None:
        return True
    return view.resolved is not None and now >= view.resolved + timedelta(seconds=deadlines.reopened_within_s)


def shown_again(view: IncidentView) -> IncidentView:
    """What is shown again has to be seen again if it still holds."""
    handling = Handling.NEW if view.active and view.handling in (Handling.NEW, Handling.SEEN) else view.handling
    return unhidden(replace(view, handling=handling))


def unhidden(view: IncidentView) -> IncidentView:
    """The incident with nobody hiding it."""
    return replace(view, display=Display.SHOWN, hidden_until=None, hidden_by=None, hidden_why="", hidden_under=None)


def is_request(view: IncidentView) -> bool:
    """Whether it is what people ask for without danger, and has days: nobody but people speak of it, at a low level."""
    return view.reporter is not None and not view.alerts and view.level.rank <= Level.NOTICE.rank


def accepted_until(view: IncidentView, now: datetime, deadlines: Deadlines) -> datetime | None:
    """Until when an order has to be accepted, by the level of its incident; None for one that asks for nothing."""
    if is_request(view):
        return now + timedelta(seconds=deadlines.requests.accepted_within_s)
    within = deadlines.accepted_within_s.of(view.level.value)
    return None if within is None else now + within


def done_until(view: IncidentView, ordered: datetime, deadlines: Deadlines) -> datetime | None:
    """Until when what was accepted has to be done; an alarm has no time for that."""
    return ordered + timedelta(seconds=deadlines.requests.done_within_s) if is_request(view) else None


def reminded_at(view: IncidentView, due: datetime | None, deadlines: Deadlines) -> datetime | None:
    """When who was sent is reminded of a deadline; minutes need no reminder."""
    if due is None or not is_request(view):
        return None
    return due - timedelta(seconds=deadlines.requests.reminded_before_s)


def _handling_due(view: IncidentView, deadlines: Deadlines) -> datetime | None:
    if view.handling is Handling.RESOLVED:
        if view.active or view.resolved is None:
            return None
        patience = (
            timedelta(seconds=deadlines.reopened_within_s) if view.reporter and view.rating is None else timedelta()
        )
        return view.resolved + patience
    if view.since is None or view.muted or view.display is not Display.SHOWN:
        return None
    times, days = deadlines.requests, is_request(view)
    if view.handling is Handling.NEW and view.escalated < TOP:
        within = timedelta(seconds=times.accepted_within_s) if days else deadlines.seen_within_s.of(view.level.value)
    elif view.handling is Handling.SEEN:
        within = timedelta(seconds=times.done_within_s) if days else deadlines.acted_within_s.of(view.level.value)
    else:
        return None
    return None if within is None else view.since + within
