"""Shares: with whom households share their cameras, for a time.

A resident names an account. Whether there is one is told to nobody: the same row is kept and the same answer given, and
only if there is one comes a grant of it, in the same transaction. An account that is made later under that name gets
nothing: it may be anybody's. What counts is the grant; this is what the household reads and ends.
"""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, or_, select, update

from hub.access import Permission
from hub.clock import Clock
from hub.errors import ConflictError, NotFoundError
from hub.events import time_from_text, time_to_text
from hub.reach import Grant, GrantKind
from hub.store.database import Database
from hub.store.people.accounts import folded
from hub.store.people.grants import Grants, write_grant
from hub.store.people_tables import grants as grants_table
from hub.store.people_tables import shares
from hub.store.schema import accounts

MOST = 20
"""Of one camera at once: a household's neighbours and family."""
REASON = "shared by who lives there"


@dataclass(frozen=True, slots=True)
class Share:
    """A camera shared with somebody.

    Attributes:
        id: Random.
        camera: Which.
        site: Of the household.
        name: With whom, as it was typed.
        by: Id of the account that shared it.
        author: Its name then.
        at: From when, UTC.
        until: Up to when, not included.
        recordings: Also what is recorded from then on.
        ended: When a resident ended it; None when nobody did.
    """

    id: str
    camera: str
    site: str
    name: str
    by: str
    author: str
    at: datetime
    until: datetime
    recordings: bool
    ended: datetime | None = None


class Shares:
    """The shares of all households. Safe from any thread."""

    def __init__(self, database: Database, clock: Clock, grants: Grants) -> None:
        """Keep them in `database`; what comes of them in `grants`."""
        self._database = database
        self._clock = clock
        self._grants = grants

    def share(self, wanted: Share) -> Share:
        """Share a camera; its id and beginning are made here.

        Raises:
            ConflictError: It is shared with that name already, or with too many.
        """
        now = self._clock.now()
        made = replace(wanted, id=secrets.token_urlsafe(12), name=folded(wanted.name), at=now)
        allowed = Permission.VIEW_OWN_PICTURES if made.recordings else Permission.VIEW_SHARED_LIVE

        def work(connection: Connection) -> str | None:
            standing = [_share(row) for row in connection.execute(_standing(made.camera, made.site, now))]
            if any(each.name == made.name for each in standing):
                raise ConflictError("it is shared with this name already; end that first")
            if len(standing) >= MOST:
                raise ConflictError(f"it is shared with {MOST} already; end one of these first")
            by_name = select(accounts.c.id).where(accounts.c.username == made.name)
            account = connection.execute(by_name).scalar_one_or_none()
            grant = None
            if account is not None:
                grant = Grant(
                    id=uuid.uuid4().hex,
                    account=account,
                    kind=GrantKind.CAMERA,
                    place=made.camera,
                    permissions=frozenset({allowed}),
                    starts=now,
                    ends=made.until,
                    given_by=made.author,
                    reason=REASON,
                    site=made.site,
                    given=now,
                )
                try:
                    write_grant(connection, grant, now=now)
                except ConflictError:
                    grant = None  # he has too many; the answer is the same
            connection.execute(insert(shares).values(**_row(made, account, grant)))
            return None if grant is None else account

        self._database.write(work, after_commit=self._changed)
        return made

    def end(self, share_id: str, camera: str, site: str, *, by: str) -> Share:
        """End a share at once.

        Raises:
            NotFoundError: The household has none with this id.
        """
        now = self._clock.now()

        def work(connection: Connection) -> tuple[Share, str | None]:
            found = select(shares).where(shares.c.id == share_id, shares.c.camera == camera, shares.c.site == site)
            row = connection.execute(found).one_or_none()
            if row is None:
                raise NotFoundError(f"no share {share_id}")
            _end(connection, row, now, by)
            return replace(_share(row), ended=_share(row).ended or now), row.account

        share, _ = self._database.write(work, after_commit=lambda done: self._changed(done[1]))
        return share

    def end_all_of(self, account: str, *, by: str) -> int:
        """End what an account shared, and what was shared with it; gives how many."""
        now = self._clock.now()

        def work(connection: Connection) -> set[str]:
            mine = or_(shares.c.by == account, shares.c.account == account)
            rows = connection.execute(select(shares).where(mine, shares.c.ended.is_(None))).all()
            for row in rows:
                _end(connection, row, now, by)
            return {row.account for row in rows if row.account is not None} | ({account} if rows else set())

        touched = self._database.write(work)
        for each in touched:
            self._grants.forget(each)
        return len(touched)

    def of(self, camera: str, site: str) -> list[Share]:
        """What a household shares of a camera now, the oldest first."""
        with self._database.read() as connection:
            return [_share(row) for row in connection.execute(_standing(camera, site, self._clock.now()))]

    def by(self, account: str) -> list[Share]:
        """All that somebody ever shared, the oldest first."""
        query = select(shares).where(shares.c.by == account).order_by(shares.c.at)
        with self._database.read() as connection:
            return [_share(row) for row in connection.execute(query)]

    def _changed(self, account: str | None) -> None:
        if account is not None:
            self._grants.forget(account)


def _end(connection: Connection, row: Row[Any], now: datetime, by: str) -> None:
    at = time_to_text(now)
    if row.ended is None:
        connection.execute(update(shares).where(shares.c.id == row.id).values(ended=at))
    if row.grant is not None:
        standing = grants_table.c.id == row.grant, grants_table.c.taken_back.is_(None)
        connection.execute(update(grants_table).where(*standing).values(taken_back=at, taken_back_by=by))


def _standing(camera: str, site: str, now: datetime) -> Any:
    return (
        select(shares)
        .where(
            shares.c.camera == camera,
            shares.c.site == site,
            shares.c.ended.is_(None),
            shares.c.until > time_to_text(now),
        )
        .order_by(shares.c.at)
    )


def _row(share: Share, account: str | None, grant: Grant | None) -> dict[str, object]:
    return {
        "id": share.id,
        "camera": share.camera,
        "site": share.site,
        "name": share.name,
        "account": account,
        "grant": None if grant is None else grant.id,
        "by": share.by,
        "author": share.author,
        "at": time_to_text(share.at),
        "until": time_to_text(share.until),
        "recordings": share.recordings,
    }


def _share(row: Row[Any]) -> Share:
    return Share(
        id=row.id,
        camera=row.camera,
        site=row.site,
        name=row.name,
        by=row.by,
        author=row.author,
        at=time_from_text(row.at),
        until=time_from_text(row.until),
        recordings=row.recordings,
        ended=None if row.ended is None else time_from_text(row.ended),
    )
