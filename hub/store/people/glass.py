"""Glass: who sees a household's camera against its consent, since when and why; the few in force are in memory.

One row for each time, stored before it opens anything. It ends by itself, or earlier; nothing of it is deleted.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from hub.clock import Clock
from hub.consent import GLASS
from hub.errors import ConflictError, NotFoundError
from hub.events import time_from_text, time_to_text
from hub.store.database import Database
from hub.store.facts import storable
from hub.store.people_tables import glass_breaks

Tell = Callable[[Connection, "GlassBreak"], int]


@dataclass(frozen=True, slots=True)
class GlassBreak:
    """One time that somebody looked.

    Attributes:
        id: Random.
        camera: Which.
        site: Whose household.
        account: Id of who looks.
        author: His name.
        reason: Why, in his words.
        at: Since when, UTC.
        ends: Up to when, not included.
    """

    id: str
    camera: str
    site: str
    account: str
    author: str
    reason: str
    at: datetime
    ends: datetime


class Glass:
    """Who broke which glass. Safe from any thread; asking costs nothing."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """Take up what is still in force, from a started `database`."""
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        query = select(glass_breaks).where(glass_breaks.c.ends > time_to_text(clock.now()))
        with database.read() as connection:
            self._open = {each.id: each for each in map(_made, connection.execute(query))}

    def since(self, account: str, camera: str, site: str) -> datetime | None:
        """Since when somebody looks at a camera of a household with the glass broken; None when he does not."""
        now = self._clock.now()
        return next(
            (
                each.at
                for each in tuple(self._open.values())
                if (each.account, each.camera, each.site) == (account, camera, site) and each.at <= now < each.ends
            ),
            None,
        )

    def break_it(
        self,
        *,
        camera: str,
        site: str,
        account: str,
        author: str,
        reason: str,
        tell: Tell = lambda _connection, _made: 0,
        told: Callable[[int], None] = lambda _number: None,
    ) -> GlassBreak:
        """Open a camera for somebody for a while; it counts when this returns.

        Args:
            camera: Which.
            site: Whose household.
            account: Id of who looks.
            author: His name.
            reason: Why.
            tell: Writes down in the same transaction that the household is to be told.
            told: Called after its commit with what `tell` gave.

        Raises:
            ConflictError: It is open for him already.
        """
        with self._lock:
            now = self._clock.now()
            if self.since(account, camera, site) is not None:
                raise ConflictError("you look at this camera already; say why again when that is over")
            made = GlassBreak(
                id=secrets.token_urlsafe(12),
                camera=camera,
                site=site,
                account=account,
                author=author,
                reason=storable(reason),
                at=now,
                ends=now + GLASS,
            )

            def work(connection: Connection) -> int:
                _insert(connection, made)
                return tell(connection, made)

            self._database.write(work, after_commit=told)
            self._open = {each.id: each for each in self._open.values() if each.ends > now} | {made.id: made}
            return made

    def end(
        self,
        camera: str,
        account: str,
        *,
        tell: Tell = lambda _connection, _made: 0,
        told: Callable[[int], None] = lambda _number: None,
    ) -> GlassBreak:
        """End what somebody has open of a camera, before its time; `tell` and `told` as in `break_it`.

        Raises:
            NotFoundError: He has nothing open.
        """
        with self._lock:
            now = self._clock.now()
            found = next(
                (
                    each
                    for each in self._open.values()
                    if (each.camera, each.account) == (camera, account) and each.ends > now
                ),
                None,
            )
            if found is None:
                raise NotFoundError(f"nothing of camera {camera!r} is open for you")
            ended = replace(found, ends=now)
            change = update(glass_breaks).where(glass_breaks.c.id == found.id).values(ends=time_to_text(now))

            def work(connection: Connection) -> int:
                connection.execute(change)
                return tell(connection, ended)

            self._database.write(work, after_commit=told)
            self._open = {each.id: each for each in self._open.values() if each.id != found.id}
            return ended

    def at(self, site: str, *, camera: str | None = None, limit: int = 100) -> list[GlassBreak]:
        """Who looked into a household, the newest first."""
        query = select(glass_breaks).where(glass_breaks.c.site == site)
        if camera is not None:
            query = query.where(glass_breaks.c.camera == camera)
        query = query.order_by(glass_breaks.c.at.desc()).limit(limit)
        with self._database.read() as connection:
            return [_made(row) for row in connection.execute(query)]


def _insert(connection: Connection, made: GlassBreak) -> None:
    times = {"at": time_to_text(made.at), "ends": time_to_text(made.ends)}
    who = {"account": made.account, "author": made.author, "reason": made.reason}
    connection.execute(insert(glass_breaks).values(id=made.id, camera=made.camera, site=made.site, **who, **times))


def _made(row: Row[Any]) -> GlassBreak:
    return GlassBreak(
        id=row.id,
        camera=row.camera,
        site=row.site,
        account=row.account,
        author=row.author,
        reason=row.reason,
        at=time_from_text(row.at),
        ends=time_from_text(row.ends),
    )
