"""Volunteering: small tasks that the room offers, residents take, and a warden confirms.

Nobody confirms what he did himself. The points come in the transaction that confirms it, and go when it is sent back.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from alerts.people.points import enter
from alerts.store.connection import Connection
from alerts.store.journal import write_journal
from alerts.store.points import Entry, Progress, Reason, VolunteerTask, balance, list_tasks, read_task, write_task
from config.reporting import Thanks
from hub.access import Permission, Principal, allows
from hub.bus import Bus, Topic
from hub.clock import Clock
from hub.errors import NotAllowedError, NotFoundError
from hub.reach import NOWHERE, Within
from hub.store.database import Database

Step = Callable[[Connection, VolunteerTask, datetime], VolunteerTask]


class Volunteering:
    """Tasks for volunteers. Safe from any thread; every call waits for its commit."""

    def __init__(self, database: Database, bus: Bus, clock: Clock, *, thanks: Callable[[], Thanks]) -> None:
        """Keep the tasks.

        Args:
            database: Where they are.
            bus: Is told of new journal entries.
            clock: For the times.
            thanks: What a task may give at most.
        """
        self._database = database
        self._bus = bus
        self._clock = clock
        self._thanks = thanks

    def offer(
        self,
        who: Principal,
        text: str,
        *,
        points: int,
        site: str | None = None,
        area: str | None = None,
        until: datetime | None = None,
    ) -> VolunteerTask:
        """Offer a task.

        Raises:
            NotAllowedError: It gives more than a task may, or its end is past.
        """
        now, most = self._clock.now(), self._thanks().task_at_most
        if points > most:
            raise NotAllowedError(f"a task gives {most} points at most", allowed=())
        if until is not None and until <= now:
            raise NotAllowedError("the end is past; give a later `until`", allowed=())
        task = VolunteerTask(
            id=uuid.uuid4().hex,
            text=text,
            points=points,
            site=site,
            area=area,
            until=until,
            state=Progress.OFFERED,
            offered=now,
            offered_by=who.name,
        )
        self._write(lambda connection: write_task(connection, task, new=True, who=who.name, move="offered"))
        return self.one(task.id, who)

    def listed(
        self,
        who: Principal,
        *,
        state: Progress | None = None,
        within: Within | None = None,
        before: int | None = None,
        limit: int = 50,
    ) -> list[VolunteerTask]:
        """Tasks, the newest first: all for who confirms them, for others what is offered and their own.

        Args:
            who: He.
            state: Only those that have come so far.
            within: Where he confirms them, if he does; None for everywhere.
            before: Number of the last one of the page before.
            limit: At most so many.
        """
        rewards = allows(who, Permission.REWARD)
        account = None if rewards and within is None else who.name
        part = within if rewards and within is not None else NOWHERE
        with self._database.read() as connection:
            return list_tasks(connection, state=state, account=account, within=part, before=before, limit=limit)

    def one(self, task_id: str, who: Principal, *, within: Within | None = None) -> VolunteerTask:
        """One task; `within` as in `listed`.

        Raises:
            NotFoundError: There is none, or not for this person.
        """
        with self._database.read() as connection:
            return _seen(read_task(connection, task_id), who, within)

    def take(self, task_id: str, who: Principal) -> VolunteerTask:
        """Take it on; raises NotFoundError, and NotAllowedError when it is not offered any more."""

        def step(_: Connection, task: VolunteerTask, now: datetime) -> VolunteerTask:
            if task.until is not None and now > task.until:
                raise NotAllowedError("it was to be taken earlier", allowed=())
            return replace(task, state=Progress.TAKEN, taken=now, taken_by=who.name)

        return self._moved(task_id, who, "taken", step, before=(Progress.OFFERED,))

    def give_back(self, task_id: str, who: Principal, note: str = "") -> VolunteerTask:
        """Leave it to others; see `finish`."""

        def step(_: Connection, task: VolunteerTask, now: datetime) -> VolunteerTask:
            _his(task, who)
            return replace(task, state=Progress.OFFERED, taken=None, taken_by=None, done=None, judged=now, note=note)

        return self._moved(task_id, who, "given_back", step, before=(Progress.TAKEN,))

    def finish(self, task_id: str, who: Principal, note: str = "") -> VolunteerTask:
        """Say that it is done; raises NotFoundError, and NotAllowedError when it is not his to say that now."""

        def step(_: Connection, task: VolunteerTask, now: datetime) -> VolunteerTask:
            _his(task, who)
            return replace(task, state=Progress.DONE, done=now, note=note)

        return self._moved(task_id, who, "done", step, before=(Progress.TAKEN,))

    def confirm(self, task_id: str, who: Principal, note: str = "") -> VolunteerTask:
        """Say that it was done, which gives the points; not what one did oneself."""

        def step(connection: Connection, task: VolunteerTask, now: datetime) -> VolunteerTask:
            if task.taken_by is None or task.taken_by == who.name:
                raise NotAllowedError("somebody else has to confirm what you did", allowed=())
            _pay(connection, task, task.points, who.name, now=now)
            return replace(task, state=Progress.CONFIRMED, judged=now, judged_by=who.name, note=note)

        return self._moved(task_id, who, "confirmed", step, before=(Progress.DONE,))

    def send_back(self, task_id: str, who: Principal, note: str) -> VolunteerTask:
        """Say that it was not done after all: what it gave is taken back, and it is to be done again."""

        def step(connection: Connection, task: VolunteerTask, now: datetime) -> VolunteerTask:
            if task.taken_by == who.name:
                raise NotAllowedError("somebody else has to judge what you did", allowed=())
            _pay(connection, task, 0, who.name, now=now)
            return replace(task, state=Progress.TAKEN, done=None, judged=now, judged_by=who.name, note=note)

        return self._moved(task_id, who, "sent_back", step, before=(Progress.DONE, Progress.CONFIRMED))

    def withdraw(self, task_id: str, who: Principal, note: str = "") -> VolunteerTask:
        """Offer it no longer."""

        def step(_: Connection, task: VolunteerTask, now: datetime) -> VolunteerTask:
            return replace(task, state=Progress.WITHDRAWN, judged=now, judged_by=who.name, note=note)

        return self._moved(task_id, who, "withdrawn", step, before=(Progress.OFFERED, Progress.TAKEN))

    def _moved(
        self, task_id: str, who: Principal, move: str, step: Step, *, before: tuple[Progress, ...]
    ) -> VolunteerTask:
        now = self._clock.now()

        def work(connection: Connection) -> int:
            task = _seen(read_task(connection, task_id), who, None)
            if task.state not in before:
                raise NotAllowedError(f"the task is {task.state}", allowed=())
            return write_task(connection, step(connection, task, now), new=False, who=who.name, move=move)

        self._write(work)
        with self._database.read() as connection:
            return read_task(connection, task_id)

    def _write(self, work: Callable[[Connection], int]) -> None:
        self._database.write(work, after_commit=lambda seq: self._bus.announce(Topic.JOURNAL, seq))


def _seen(task: VolunteerTask, who: Principal, within: Within | None) -> VolunteerTask:
    if task.state is Progress.OFFERED or task.taken_by == who.name:
        return task
    if allows(who, Permission.REWARD) and (within is None or within.held(site=task.site, area=task.area)):
        return task
    raise NotFoundError(f"no task {task.id}")


def _his(task: VolunteerTask, who: Principal) -> None:
    if task.taken_by != who.name:
        raise NotAllowedError("somebody else took this task", allowed=())


def _pay(connection: Connection, task: VolunteerTask, worth: int, by: str, *, now: datetime) -> None:
    """Bring what a task gave to what it is worth."""
    account = task.taken_by or ""
    delta = worth - balance(connection, account, ref=task.id)
    reason = Reason.TASK if delta > 0 else Reason.TAKEN_BACK
    key = f"task:{task.id}:{write_journal(connection, ())}"
    enter(connection, Entry(key, account, delta, reason, ref=task.id, by=by, at=now, note=task.text[:200]))
