"""Points and volunteers' tasks in the database. The only file that reads and writes them.

Entries are only ever added. Each is journaled in the transaction that adds it, under the topic `points`.
"""

from __future__ import annotations

import enum
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, or_, select, update

from alerts.store.incidents import fetched
from alerts.store.journal import write_journal
from alerts.store.sighted import lies_in
from hub.errors import NotFoundError
from hub.events import time_from_text, time_to_text
from hub.reach import NOWHERE, Within
from hub.store.schema import accounts, points, volunteer_tasks


class Reason(enum.StrEnum):
    """Why points came or went."""

    REPORT = "report"
    """A report was true and dealt with."""
    TASK = "task"
    """A volunteer's task was confirmed."""
    TAKEN_BACK = "taken_back"
    """It was opened again, or was not so."""
    REDEEMED = "redeemed"
    """Something was given for them."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Points that came or went.

    Attributes:
        key: What it is for, made by who asks; never entered twice.
        account: Whose.
        delta: How many; below 0 when they went.
        reason, ref, note: Why: the id of the report or task, or what was given; and in words.
        by, at: Who entered it, and when.
        seq: Order, 0 until it is stored.
    """

    key: str
    account: str
    delta: int
    reason: Reason
    ref: str
    by: str
    at: datetime
    note: str = ""
    seq: int = 0

    def to_json(self) -> dict[str, Any]:
        """As JSON types."""
        return {**asdict(self), "reason": self.reason.value, "at": time_to_text(self.at)}


class Progress(enum.StrEnum):
    """How far a volunteer's task is."""

    OFFERED = "offered"
    TAKEN = "taken"
    DONE = "done"
    """Who took it says so."""
    CONFIRMED = "confirmed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class VolunteerTask:
    """A small task that the room offers; the names are those of the table's columns."""

    id: str
    text: str
    points: int
    site: str | None
    area: str | None
    until: datetime | None
    state: Progress
    offered: datetime
    offered_by: str
    taken: datetime | None = None
    taken_by: str | None = None
    done: datetime | None = None
    judged: datetime | None = None
    judged_by: str | None = None
    note: str = ""
    seq: int = 0


def add_entry(connection: Connection, entry: Entry) -> int:
    """Store an entry and journal it; gives the number of the journal entry."""
    row = entry.to_json()
    del row["seq"]
    connection.execute(insert(points), row)
    journaled = {
        "at": row["at"],
        "topic": "points",
        "subject": entry.account,
        "incident": None,
        "move": entry.reason.value,
        "who": entry.by,
        "note": entry.note,
        "body": row,
    }
    return write_journal(connection, [journaled])


def entered(connection: Connection, key: str) -> Entry | None:
    """The entry with this key."""
    found = fetched(connection, select(points).where(points.c.key == key))
    return _entry(found[0]) if found else None


def balance(connection: Connection, account: str, *, ref: str | None = None) -> int:
    """The sum of somebody's points, or of those that one report or task gave."""
    query = select(func.coalesce(func.sum(points.c.delta), 0)).where(points.c.account == account)
    if ref is not None:
        query = query.where(points.c.ref == ref, points.c.reason != Reason.REDEEMED.value)
    return int(connection.execute(query).scalar_one())


def balances(connection: Connection) -> list[tuple[str, int]]:
    """Everybody who has points, the most first."""
    total = func.sum(points.c.delta)
    query = select(points.c.account, total).group_by(points.c.account).order_by(total.desc(), points.c.account)
    return [(row[0], int(row[1])) for row in connection.execute(query)]


def entries_of(connection: Connection, account: str, *, before: int | None, limit: int) -> list[Entry]:
    """Somebody's entries below a number, the newest first."""
    query = select(points).where(points.c.account == account).order_by(points.c.seq.desc()).limit(limit)
    if before is not None:
        query = query.where(points.c.seq < before)
    return [_entry(row) for row in fetched(connection, query)]


def has_account(connection: Connection, name: str) -> bool:
    """Whether there is an account of this name."""
    return connection.execute(select(accounts.c.id).where(accounts.c.username == name)).first() is not None


def write_task(connection: Connection, task: VolunteerTask, *, new: bool, who: str, move: str) -> int:
    """Store a task and journal what became of it; gives the number of the journal entry."""
    row = {name: time_to_text(each) if isinstance(each, datetime) else each for name, each in asdict(task).items()}
    row["state"] = task.state.value
    del row["seq"]
    if new:
        connection.execute(insert(volunteer_tasks), row)
    else:
        connection.execute(update(volunteer_tasks).where(volunteer_tasks.c.id == task.id).values(row))
    at = max(each for each in (task.offered, task.taken, task.done, task.judged) if each is not None)
    journaled = {
        "at": time_to_text(at),
        "topic": "task",
        "subject": task.id,
        "incident": None,
        "move": move,
        "who": who,
        "note": task.note,
        "body": row,
    }
    return write_journal(connection, [journaled])


def read_task(connection: Connection, task: str) -> VolunteerTask:
    """One task.

    Raises:
        NotFoundError: There is none with this id.
    """
    found = fetched(connection, select(volunteer_tasks).where(volunteer_tasks.c.id == task))
    if not found:
        raise NotFoundError(f"no task {task}")
    return _task(found[0])


def list_tasks(
    connection: Connection,
    *,
    state: Progress | None,
    account: str | None,
    within: Within = NOWHERE,
    before: int | None,
    limit: int,
) -> list[VolunteerTask]:
    """Tasks below a number, the newest first; for an account those that are offered, its own, and those in a place."""
    query = select(volunteer_tasks).order_by(volunteer_tasks.c.seq.desc()).limit(limit)
    if state is not None:
        query = query.where(volunteer_tasks.c.state == state.value)
    if account is not None:
        offered = volunteer_tasks.c.state == Progress.OFFERED.value
        query = query.where(or_(offered, volunteer_tasks.c.taken_by == account, lies_in(volunteer_tasks, within)))
    if before is not None:
        query = query.where(volunteer_tasks.c.seq < before)
    return [_task(row) for row in fetched(connection, query)]


def _entry(row: dict[str, Any]) -> Entry:
    return Entry(**{**row, "at": time_from_text(row["at"]), "reason": Reason(row["reason"])})


def _task(row: dict[str, Any]) -> VolunteerTask:
    times = ("until", "offered", "taken", "done", "judged")
    read = {name: None if row[name] is None else time_from_text(row[name]) for name in times}
    return replace(VolunteerTask(**{**row, **read}), state=Progress(row["state"]))
