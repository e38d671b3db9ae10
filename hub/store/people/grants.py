"""Grants: who may do what where, kept in the store and held in memory, so that asking costs no look into a database.

A change is one work of the writer and counts in memory as soon as it is committed, before whoever made it has his
answer. What was taken back stays in the store for the record. Safe from any thread; one Grants object per hub.
"""

from __future__ import annotations

import threading
import uuid
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Row, false, func, insert, or_, select, update

from hub.access import Permission, Role
from hub.clock import Clock
from hub.errors import ConflictError, NotAllowedError, NotFoundError
from hub.events import time_from_text, time_to_text
from hub.reach import Grant, GrantKind
from hub.store.database import Database
from hub.store.facts import storable
from hub.store.people_tables import grants
from hub.store.schema import accounts

MOST_OF_ONE = 10_000
"""Grants that count or will count, of one account: every camera of a large community one by one."""

_NEVER = "9999"
_KNOWN = {permission.value for permission in Permission}


class Grants:
    """All grants."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """Read those that count, or will, from a started `database`."""
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        self._changes = 0
        """Goes up with every change: what was read before one is not taken for what is after it."""
        self._followers: tuple[Callable[[str], None], ...] = ()
        standing = select(grants).where(grants.c.taken_back.is_(None), _not_over(clock.now()))
        with database.read() as connection:
            self._held: dict[str, tuple[Grant, ...]] = _by_account(connection.execute(standing))

    def of(self, account: str) -> tuple[Grant, ...]:
        """The grants of an account that count, will count, or are over only by their time."""
        while (found := self._held.get(account)) is None:
            changes = self._changes
            standing = grants.c.taken_back.is_(None), _not_over(self._clock.now())
            query = select(grants).where(grants.c.account == account, *standing)
            with self._database.read() as connection:
                read = tuple(_grant(row) for row in connection.execute(query))
            with self._lock:
                if changes == self._changes:
                    self._held[account] = read
        return found

    def by_account(self) -> Mapping[str, tuple[Grant, ...]]:
        """The grants of all accounts of which any are held; for who looks for a place."""
        return MappingProxyType(dict(self._held))

    def give(self, grant: Grant) -> Grant:
        """Give one; its id and when it was given are made here.

        Raises:
            NotFoundError: There is no such account.
            ConflictError: It stands already, or the account has too many.
        """
        now = self._clock.now()
        made = replace(grant, id=uuid.uuid4().hex, given=now, reason=storable(grant.reason))

        def work(connection: Connection) -> Grant:
            write_grant(connection, made, now=now)
            return made

        return self._database.write(work, after_commit=lambda given: self.forget(given.account))

    def take_back(self, grant_id: str, by: str) -> Grant:
        """Let one count no more; it is kept for the record. One that was taken back before stays as it is.

        Raises:
            NotFoundError: There is none with this id.
            NotAllowedError: Nobody would be left who may give grants everywhere.
        """
        now = self._clock.now()

        def work(connection: Connection) -> Grant:
            row = connection.execute(select(grants).where(grants.c.id == grant_id)).one_or_none()
            if row is None:
                raise NotFoundError(f"no grant {grant_id}")
            if row.taken_back is not None:
                return _grant(row)
            could_give = has_giver(connection, now)
            told = {"taken_back": time_to_text(now), "taken_back_by": storable(by)}
            connection.execute(update(grants).where(grants.c.id == grant_id).values(told))
            if row.kind == GrantKind.COMMUNITY and could_give:
                keep_a_giver(connection, now)
            return replace(_grant(row), taken_back=now, taken_back_by=by)

        return self._database.write(work, after_commit=lambda taken: self.forget(taken.account))

    def confirm(self, grant_id: str, since: datetime | None) -> Grant:
        """Let a grant for a household count that waits; recordings are his from `since` on, None for from now.

        Raises:
            NotFoundError: None waits with this id.
        """
        now = self._clock.now()

        def work(connection: Connection) -> Grant:
            found = grants.c.id == grant_id, grants.c.taken_back.is_(None), grants.c.waits.is_(True)
            told = {"waits": False, "since": time_to_text(since or now)}
            row = connection.execute(update(grants).where(*found).values(told).returning(*grants.c)).one_or_none()
            if row is None:
                raise NotFoundError(f"nobody waits as {grant_id}")
            return _grant(row)

        return self._database.write(work, after_commit=lambda made: self.forget(made.account))

    def waiting(self, sites: Collection[str]) -> tuple[Grant, ...]:
        """Grants for households that somebody who lives there has to confirm."""
        asked = grants.c.taken_back.is_(None), grants.c.waits.is_(True), grants.c.place.in_(sorted(sites))
        query = select(grants).where(*asked, _not_over(self._clock.now())).order_by(grants.c.given)
        with self._database.read() as connection:
            return tuple(_grant(row) for row in connection.execute(query))

    def get(self, grant_id: str) -> Grant:
        """One grant, also one that was taken back.

        Raises:
            NotFoundError: There is none with this id.
        """
        with self._database.read() as connection:
            row = connection.execute(select(grants).where(grants.c.id == grant_id)).one_or_none()
        if row is None:
            raise NotFoundError(f"no grant {grant_id}")
        return _grant(row)

    def list(
        self,
        *,
        account: str | None = None,
        place: str | None = None,
        kind: GrantKind | None = None,
        in_force: bool | None = None,
        before: tuple[str, str] | None = None,
        limit: int = 100,
    ) -> list[Grant]:
        """Grants, the one given last first, also those that are over.

        Args:
            account: Only of this account, by id.
            place: Only for the area, site or camera with this id.
            kind: Only of this kind.
            in_force: Only those that count now, or only those that do not.
            before: Only what comes after this one in the list: when it was given, and its id.
            limit: At most so many.
        """
        query = select(grants).order_by(grants.c.given.desc(), grants.c.id.desc()).limit(limit)
        for column, value in ((grants.c.account, account), (grants.c.place, place), (grants.c.kind, kind)):
            if value is not None:
                query = query.where(column == value)
        if in_force is not None:
            now = self._clock.now()
            started = or_(grants.c.starts.is_(None), grants.c.starts <= time_to_text(now))
            counts = grants.c.taken_back.is_(None) & _not_over(now) & started & ~func.coalesce(grants.c.waits, false())
            query = query.where(counts if in_force else ~counts)
        if before is not None:
            given, last = before
            query = query.where(or_(grants.c.given < given, (grants.c.given == given) & (grants.c.id < last)))
        with self._database.read() as connection:
            return [_grant(row) for row in connection.execute(query)]

    def forget(self, account: str) -> None:
        """Read the grants of an account anew when they are asked for: they were changed in somebody's work."""
        with self._lock:
            self._changes += 1
            self._held.pop(account, None)
        for follower in self._followers:
            follower(account)

    def follow(self, follower: Callable[[str], None]) -> Callable[[], None]:
        """Call `follower(account id)` after each change, in the writer's thread; it must return at once.

        Returns:
            A function that ends the following.
        """
        with self._lock:
            self._followers = (*self._followers, follower)

        def end() -> None:
            with self._lock:
                self._followers = tuple(each for each in self._followers if each is not follower)

        return end


def write_grant(connection: Connection, grant: Grant, *, now: datetime) -> None:
    """Add a grant, as a part of somebody's work, who calls `Grants.forget` after its commit.

    Raises:
        NotFoundError: There is no such account.
        ConflictError: It stands already, or the account has too many.
    """
    if connection.execute(select(accounts.c.id).where(accounts.c.id == grant.account)).first() is None:
        raise NotFoundError(f"no account {grant.account}")
    standing = grants.c.account == grant.account, grants.c.taken_back.is_(None), _not_over(now)
    if connection.execute(select(func.count()).where(*standing)).scalar_one() >= MOST_OF_ONE:
        raise ConflictError(f"this account has {MOST_OF_ONE} grants already; take some back, or give one for an area")
    same = select(grants).where(*standing, grants.c.kind == grant.kind.value, grants.c.place == grant.place)
    if any(_is_same(_grant(row), grant) for row in connection.execute(same)):
        raise ConflictError("this account has this grant already")
    add_grants(connection, (grant,))


def add_grants(connection: Connection, given: Iterable[Grant]) -> None:
    """Add grants as they are, as a part of somebody's work; what is asked of one is asked in `write_grant`."""
    connection.execute(insert(grants), [_row(grant) for grant in given])


def keep_a_giver(connection: Connection, now: datetime) -> None:
    """Refuse, within somebody's work, what leaves nobody who may give grants everywhere and without end.

    Raises:
        NotAllowedError: There is none.
    """
    if not has_giver(connection, now):
        raise NotAllowedError("this is the last administrator with a grant for the whole community")


def has_giver(connection: Connection, now: datetime) -> bool:
    """Whether somebody may give grants everywhere and without end."""
    query = (
        select(grants)
        .join(accounts, accounts.c.id == grants.c.account)
        .where(
            accounts.c.role == Role.ADMINISTRATOR.value,
            accounts.c.disabled.is_(False),
            grants.c.kind == GrantKind.COMMUNITY.value,
            grants.c.taken_back.is_(None),
            grants.c.ends.is_(None),
        )
    )
    left = (_grant(row) for row in connection.execute(query))
    return any(
        grant.is_in_force(now) and (grant.permissions is None or Permission.MANAGE_ACCOUNTS in grant.permissions)
        for grant in left
    )


def _is_same(stored: Grant, grant: Grant) -> bool:
    return (stored.permissions, stored.starts, stored.ends) == (grant.permissions, grant.starts, grant.ends)


def _not_over(now: datetime) -> Any:
    return func.coalesce(grants.c.ends, _NEVER) > time_to_text(now)


def _by_account(rows: Iterable[Row[Any]]) -> dict[str, tuple[Grant, ...]]:
    found: dict[str, list[Grant]] = defaultdict(list)
    for row in rows:
        found[row.account].append(_grant(row))
    return {account: tuple(held) for account, held in found.items()}


def _row(grant: Grant) -> dict[str, Any]:
    named = None if grant.permissions is None else sorted(permission.value for permission in grant.permissions)
    return {
        "id": grant.id,
        "account": grant.account,
        "kind": grant.kind.value,
        "place": grant.place,
        "site": grant.site,
        "permissions": named,
        "starts": _text(grant.starts),
        "ends": _text(grant.ends),
        "given_by": grant.given_by,
        "given": _text(grant.given),
        "reason": grant.reason,
        "since": _text(grant.since),
        "waits": grant.waits,
    }


def _grant(row: Row[Any]) -> Grant:
    return Grant(
        id=row.id,
        account=row.account,
        kind=GrantKind(row.kind),
        place=row.place,
        site=row.site,
        # A permission of another version allows nothing here.
        permissions=None
        if row.permissions is None
        else frozenset(Permission(name) for name in row.permissions if name in _KNOWN),
        starts=_moment(row.starts),
        ends=_moment(row.ends),
        given_by=row.given_by,
        given=_moment(row.given),
        reason=row.reason,
        taken_back=_moment(row.taken_back),
        taken_back_by=row.taken_back_by,
        since=_moment(row.since),
        waits=bool(row.waits),
    )


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else time_to_text(moment)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else time_from_text(text)
