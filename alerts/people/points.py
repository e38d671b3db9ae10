"""Points: what residents are thanked with, an account book that is only ever added to.

A balance is the sum of entries and never below zero: what was spent already cannot be taken back, and is made up for
when the same thing gives points again. Every entry names what it is for and stands in the journal. What a report gives
follows from its incident as it is, so that doing it twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from alerts.incidents.handling import Done
from alerts.incidents.incident import ENGINE, FINISHED, Verdict
from alerts.incidents.timekeeper import Task
from alerts.store.connection import Connection
from alerts.store.incidents import read_incident
from alerts.store.journal import moves_after, read_cursor, write_cursor, write_journal
from alerts.store.points import Entry, Reason, add_entry, balance, balances, entered, entries_of, has_account
from alerts.store.reports import reports_of
from config.handling import Deadlines
from config.reporting import Thanks
from hub.access import Principal, Role
from hub.bus import Bus, Topic
from hub.clock import Clock
from hub.errors import ConflictError, NotAllowedError, NotFoundError
from hub.store.database import Database

READER = "points"
"""The place in the journal up to which reports were thanked for."""
_DECIDES = ("resolved", "reopened", "realarmed")
"""Moves after which a report may be worth something else."""
_SKIPPED_AT_ONCE = 1000
"""Journal entries of others after which the place is moved on all the same."""


@dataclass(frozen=True, slots=True)
class Settled:
    """An incident whose reports were looked at."""

    journal_seq: int
    events_seq: int = 0


class Rewarding:
    """The account book. Safe from any thread; every call waits for its commit."""

    def __init__(self, database: Database, bus: Bus, clock: Clock) -> None:
        """Keep the points.

        Args:
            database: Where they are.
            bus: Is told of new journal entries.
            clock: For the times of entries.
        """
        self._database = database
        self._bus = bus
        self._clock = clock

    def statement(self, account: str, *, before: int | None = None, limit: int = 50) -> tuple[int, list[Entry]]:
        """Somebody's balance and entries, the newest first."""
        with self._database.read() as connection:
            return balance(connection, account), entries_of(connection, account, before=before, limit=limit)

    def balances(self) -> list[tuple[str, int]]:
        """Everybody who ever had points, the most first."""
        with self._database.read() as connection:
            return balances(connection)

    def redeem(self, account: str, who: Principal, *, item: str, amount: int, key: str) -> Entry:
        """Give something for points.

        Args:
            account: Whose points.
            who: Who gives it.
            item: What is given.
            amount: What it costs.
            key: Made by who asks: the same again is the same entry, and costs once.

        Raises:
            NotFoundError: No such account.
            ConflictError: This key stands for something else.
            NotAllowedError: Not enough points, or his own.
        """
        if account == who.name:
            raise NotAllowedError("somebody else has to redeem your points", allowed=())
        key = f"redeem:{account}:{key}"
        result: list[Entry] = []

        def work(connection: Connection) -> int:
            if not has_account(connection, account):
                raise NotFoundError(f"no account {account}")
            known = entered(connection, key)
            if known is not None:
                if (known.delta, known.ref) != (-amount, item):
                    raise ConflictError(f"this key was used for {known.ref}, {-known.delta} points")
                result.append(known)
                return 0
            has = balance(connection, account)
            if has < amount:
                raise NotAllowedError(f"{account} has {has} points, not {amount}", allowed=())
            entry = Entry(key, account, -amount, Reason.REDEEMED, ref=item, by=who.name, at=self._clock.now())
            seq = add_entry(connection, entry)
            result.append(entered(connection, key) or entry)
            return seq

        self._database.write(work, after_commit=lambda seq: self._bus.announce(Topic.JOURNAL, seq))
        return result[-1]


def enter(connection: Connection, entry: Entry) -> int:
    """Add an entry that takes no more than there is; gives the number of the journal entry, 0 when nothing is left."""
    delta = max(entry.delta, -balance(connection, entry.account))
    if delta == 0:
        return 0
    return add_entry(
        connection,
        Entry(entry.key, entry.account, delta, entry.reason, ref=entry.ref, by=entry.by, at=entry.at, note=entry.note),
    )


def thank_for_reports(thanks: Callable[[], Thanks]) -> Task:
    """Give points for reports that were true and dealt with, and take them back when that turns out otherwise."""

    def task(connection: Connection, now: datetime, _: Deadlines, most: int) -> list[Done]:
        place = read_cursor(connection, READER) or 0
        found = moves_after(connection, place, _DECIDES, most)
        settled: list[Done] = [
            Settled(_settle(connection, incident, seq, thanks().report, now)) for seq, incident in found
        ]
        newest = found[-1][0] if len(found) == most else write_journal(connection, ())
        if found or newest - place > _SKIPPED_AT_ONCE:
            write_cursor(connection, READER, newest)
        return settled

    return task


def _settle(connection: Connection, incident: str, seq: int, worth: int, now: datetime) -> int:  # noqa: PLR0917 - one caller
    view = read_incident(connection, incident)
    was_true = view.handling in FINISHED and view.verdict is Verdict.TRUE
    newest, thanked = seq, set[str]()
    for report in reports_of(connection, [incident]):
        counts = report.role == Role.RESIDENT and not report.on_behalf and report.account not in thanked
        thanked.add(report.account)
        delta = (worth if counts and was_true else 0) - balance(connection, report.account, ref=report.id)
        reason = Reason.REPORT if delta > 0 else Reason.TAKEN_BACK
        entry = Entry(
            f"report:{report.id}:{seq}", report.account, delta, reason, ref=report.id, by=ENGINE, at=now,
            note=f"no. {view.number}",
        )  # fmt: skip
        newest = max(newest, enter(connection, entry))
    return newest
