"""Hiding: suppressions at work in the store: they begin, are extended, end, and what stands open comes under them.

Making, ending and extending one is a transaction in which it is stored, journaled and done. What is raised under one is
hidden by `recording.py`, in the transaction in which it is recorded. A device on which lives depend is not switched off
in silence: the journal has an entry of the topic `household` for each site whose people must be told.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import Any

from alerts.incidents.deadlines import shown_again
from alerts.incidents.handling import Handling as Moving
from alerts.incidents.handling import Written, write_move
from alerts.incidents.incident import ENGINE, SUPERVISORS, Display, Handling
from alerts.incidents.suppressions import (
    Mode,
    Scope,
    Spoke,
    Stage,
    Suppression,
    check_suppression,
    entry_of,
    hidden,
    hiding_move,
    showing_move,
)
from alerts.incidents.views import IncidentView
from alerts.language.places import Places
from alerts.store.connection import Connection
from alerts.store.journal import write_journal
from alerts.store.suppressions import (
    count_not_ended,
    hidden_under,
    not_ended,
    raised_since,
    read_suppression,
    shown_near,
    suppressions_in,
    who_spoke,
    write_suppression,
)
from config.community import Level
from config.handling import Deadlines
from hub.access import Principal
from hub.clock import Clock
from hub.errors import NotAllowedError, NotFoundError
from hub.reach import Within
from hub.store.database import Database

MOST = 1000
"""So many may hide or be to come; more nobody has in mind any more."""
LOOKED_BACK = timedelta(days=7)
_LOOKED_AT = 5000
_WORKED_ON = (Handling.DISPATCHED, Handling.ON_SCENE)
"""Somebody is on the way or there: such an incident is not hidden from the room by what begins later."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A suppression that somebody wants to make.

    Attributes:
        mode, scope, reason, until, since, once: See `Suppression`; `since` None is now.
        level: What is graver is shown; of a device it is what the person who makes it may hide.
    """

    mode: Mode
    scope: Scope
    reason: str
    until: datetime
    since: datetime | None = None
    level: Level = Level.SERIOUS
    once: bool = False


@dataclass(frozen=True, slots=True)
class Noted:
    """What stands in the journal by now; see `Written`."""

    journal_seq: int
    events_seq: int = 0


@dataclass(frozen=True, slots=True)
class Preview:
    """What a plan would do.

    Attributes:
        refusal: Why this person may not make it, empty when he may.
        now: Open incidents that it hides at once, or would if it began now.
        alerts: How many alerts of the last seven days it would have hidden,
        kinds: by kind,
        graver: and how many within its scope it would have shown all the same, because they were graver.
    """

    refusal: str
    now: tuple[IncidentView, ...]
    alerts: int
    graver: int
    kinds: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))


class Suppressing:
    """What people do with suppressions. Safe from any thread; every call waits for its commit."""

    def __init__(
        self,
        database: Database,
        handling: Moving,
        clock: Clock,
        *,
        places: Callable[[], Places],
    ) -> None:
        """Work on a store.

        Args:
            database: Where they are.
            handling: Tells of moves of incidents, and knows the deadlines of the site.
            clock: For their times.
            places: Areas, sites and devices, as they are now.
        """
        self._database = database
        self._announce = handling.announce
        self._deadlines = handling.deadlines
        self._clock = clock
        self._places = places

    def make(self, plan: Plan, who: Principal) -> Suppression:
        """Make one; what it covers is hidden at once if it begins now.

        Raises:
            NotFoundError: The area, site or device is not in the Community.
            NotAllowedError: This person may not, or not for so long; or there are too many already.
        """
        now, deadlines, places = self._clock.now(), self._deadlines(), self._places()
        made = _planned(plan, who, now, places)
        check_suppression(made, who.role, now, deadlines, life_safety=bool(made.told))

        def work(connection: Connection) -> tuple[Suppression, int]:
            if count_not_ended(connection) >= MOST:
                raise NotAllowedError(f"there are {MOST} already; end some first", allowed=())
            write_suppression(connection, made, new=True)
            seq = write_journal(
                connection, [entry_of(made, "made", who.name, note=made.reason, now=now), *_told(made, who, now)]
            )
            if made.since > now:
                return made, seq
            _begin(connection, made, who.name, now=now, deadlines=deadlines)
            return read_suppression(connection, made.id), write_journal(connection, ())

        return self._written(work)

    def end(self, suppression_id: str, who: Principal, note: str = "") -> Suppression:
        """End one before its time, or call off what is to come; what it hid is shown.

        Raises:
            NotFoundError: There is none with this id.
            NotAllowedError: It is over already.
        """
        now, deadlines = self._clock.now(), self._deadlines()

        def work(connection: Connection) -> tuple[Suppression, int]:
            found = _live(connection, suppression_id, now)
            _end(connection, found, who.name, "lifted", note=note, now=now, deadlines=deadlines)
            return read_suppression(connection, suppression_id), write_journal(connection, ())

        return self._written(work)

    def extend(self, suppression_id: str, who: Principal, until: datetime, note: str = "") -> Suppression:
        """Give one another end, counted from now as for a new one.

        Raises:
            NotFoundError: There is none with this id.
            NotAllowedError: It is over already, or this person may not, or not for so long.
        """
        now, deadlines = self._clock.now(), self._deadlines()

        def work(connection: Connection) -> tuple[Suppression, int]:
            extended = replace(_live(connection, suppression_id, now), until=until)
            check_suppression(extended, who.role, now, deadlines, life_safety=bool(extended.told))
            write_suppression(connection, extended, new=False)
            write_journal(
                connection, [entry_of(extended, "extended", who.name, note=note, now=now), *_told(extended, who, now)]
            )
            for view in hidden_under(connection, extended.id):
                _cover(connection, view, who.name, extended.reason, now=now, deadlines=deadlines)
            return extended, write_journal(connection, ())

        return self._written(work)

    def get(self, suppression_id: str) -> Suppression:
        """One of them.

        Raises:
            NotFoundError: There is none with this id.
        """
        with self._database.read() as connection:
            return read_suppression(connection, suppression_id)

    def listed(
        self,
        stage: Stage | None = None,
        *,
        within: Within | None = None,
        devices: Collection[str] = (),
        before: tuple[str, str] | None = None,
        limit: int = 100,
    ) -> list[Suppression]:
        """Those in a stage, or all; see `suppressions_in`."""
        with self._database.read() as connection:
            return suppressions_in(
                connection, stage, self._clock.now(), within=within, devices=devices, before=before, limit=limit
            )

    def preview(self, plan: Plan, who: Principal) -> Preview:
        """What a plan would do; changes nothing.

        Raises:
            NotFoundError: The area, site or device is not in the Community.
        """
        now = self._clock.now()
        made = _planned(plan, who, now, self._places())
        refusal = ""
        try:
            check_suppression(made, who.role, now, self._deadlines(), life_safety=bool(made.told))
        except NotAllowedError as error:
            refusal = str(error)
        if made.scope.empty:
            return Preview(refusal, (), 0, 0)
        with self._database.read() as connection:
            others = [each for each in not_ended(connection) if each.hides_at(now)]
            spoke = partial(who_spoke, connection)
            here = [view for view in shown_near(connection, made) if _hides(view, [*others, made], spoke)]
            raised = raised_since(connection, made, now - LOOKED_BACK, _LOOKED_AT)
            within = [alert for alert in raised if made.reaches(alert, spoke)]
        covered = [alert for alert in within if alert.level.rank <= made.level.rank]
        graver = len(within) - len(covered)
        return Preview(refusal, tuple(here), len(covered), graver, Counter(alert.kind for alert in covered))

    def _written(self, work: Callable[[Connection], tuple[Suppression, int]]) -> Suppression:
        def tell(result: tuple[Suppression, int]) -> None:
            self._announce(Noted(result[1]))

        return self._database.write(work, after_commit=tell)[0]


def keep_suppressions(connection: Connection, now: datetime, deadlines: Deadlines, most: int) -> list[Written | Noted]:
    """Begin and end the suppressions whose time has come; a task of the timekeeper."""
    done: list[Written | Noted] = []
    for each in not_ended(connection):
        if len(done) >= most:
            break
        if each.until <= now:
            done += _end(connection, each, ENGINE, "ended", now=now, deadlines=deadlines)
        elif each.begun is None and each.since <= now:
            done += _begin(connection, each, ENGINE, now=now, deadlines=deadlines)
    return done


def no_longer_hidden(connection: Connection, view: IncidentView, now: datetime) -> IncidentView:
    """The incident when what hid it is over: hidden by another suppression that covers it, or shown again."""
    forces = [each for each in not_ended(connection) if each.hides_at(now)]
    return hidden(view, forces, partial(who_spoke, connection)) or shown_again(view)


def with_more(connection: Connection, view: IncidentView, now: datetime) -> IncidentView:
    """An incident to which people added something: shown again, unless what hides it covers that too."""
    if view.display is Display.SHOWN:
        return view
    return shown_again(view) if view.hidden_under is None else no_longer_hidden(connection, view, now)


def _begin(
    connection: Connection, suppression: Suppression, who: str, *, now: datetime, deadlines: Deadlines
) -> list[Written | Noted]:
    begun = replace(suppression, begun=now)
    write_suppression(connection, begun, new=False)
    done: list[Written | Noted] = [
        Noted(write_journal(connection, [entry_of(begun, "began", who, note=begun.reason, now=now)])),
    ]
    forces = [each for each in not_ended(connection) if each.hides_at(now)]
    for view in shown_near(connection, begun):
        after = _hides(view, forces, partial(who_spoke, connection))
        if after is not None:
            name = hiding_move(after.display)
            done.append(
                write_move(connection, view, after, name=name, who=who, note=begun.reason, now=now, deadlines=deadlines)
            )
    return done


def _end(
    connection: Connection,
    suppression: Suppression,
    who: str,
    move: str,
    *,
    note: str = "",
    now: datetime,
    deadlines: Deadlines,
) -> list[Written | Noted]:
    ended = replace(suppression, ended=min(now, suppression.until), ended_by=who)
    write_suppression(connection, ended, new=False)
    rows = [entry_of(ended, move, who, note=note, now=now), *_back(ended, who, now)]
    done: list[Written | Noted] = [Noted(write_journal(connection, rows))]
    done.extend(
        _cover(connection, view, who, note, now=now, deadlines=deadlines) for view in hidden_under(connection, ended.id)
    )
    return done


def _cover(
    connection: Connection, view: IncidentView, who: str, note: str, *, now: datetime, deadlines: Deadlines
) -> Written:
    after = no_longer_hidden(connection, view, now)
    name = showing_move(view.display, after.display)
    return write_move(connection, view, after, name=name, who=who, note=note, now=now, deadlines=deadlines)


def _hides(view: IncidentView, forces: list[Suppression], spoke: Spoke) -> IncidentView | None:
    return None if view.handling in _WORKED_ON else hidden(view, forces, spoke)


def _live(connection: Connection, suppression_id: str, now: datetime) -> Suppression:
    found = read_suppression(connection, suppression_id)
    if found.stage(now) is Stage.PAST:
        raise NotAllowedError("it is over already", allowed=())
    return found


def _planned(plan: Plan, who: Principal, now: datetime, places: Places) -> Suppression:
    scope, level = plan.scope, plan.level
    told: tuple[str, ...] = ()
    if scope.area is not None and scope.area not in places.areas:
        raise NotFoundError(f"no area {scope.area}")
    if scope.site is not None and scope.site not in places.sites:
        raise NotFoundError(f"no site {scope.site}")
    gateways = set(places.gateway_of_sensor.values())
    if scope.device is not None and scope.device not in {*places.cameras, *places.sensors, *gateways}:
        raise NotFoundError(f"no camera, sensor or gateway {scope.device}")
    if plan.mode is not Mode.SILENCE:
        if scope.device is None or replace(scope, device=None) != Scope():
            raise NotAllowedError("name the device, and nothing else", allowed=())
        level = Level.CRITICAL if who.role in SUPERVISORS else Level.SERIOUS
        told = _depending(scope.device, places)
    below = () if scope.area is None else (area for area in places.areas if scope.area in places.way_up(area))
    return Suppression(
        id=uuid.uuid4().hex,
        mode=plan.mode,
        scope=scope,
        areas=tuple(sorted(below)),
        level=level,
        once=plan.once,
        since=max(now, plan.since or now),
        until=plan.until,
        reason=plan.reason.strip(),
        made_by=who.name,
        made=now,
        told=told,
    )


def _depending(device: str, places: Places) -> tuple[str, ...]:
    """The sites whose people's lives may depend on a device, or on what speaks through it."""
    speaking = (each for each in places.life_safety if device in (each, places.gateway_of_sensor.get(each)))
    return tuple(sorted({places.site_of_sensor[each] for each in speaking}))


def _told(suppression: Suppression, who: Principal, now: datetime) -> list[dict[str, Any]]:
    """What the people must know for whom a device does not speak meanwhile."""
    return _household(suppression, suppression.mode.value, who.name, now)


def _back(suppression: Suppression, who: str, now: datetime) -> list[dict[str, Any]]:
    return _household(suppression, "in_service", who, now)


def _household(suppression: Suppression, move: str, who: str, now: datetime) -> list[dict[str, Any]]:
    row = entry_of(suppression, move, who, note=suppression.reason, now=now)
    return [{**row, "topic": "household", "subject": site} for site in suppression.told]
