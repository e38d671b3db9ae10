"""Invitations: links by which residents make their accounts, once.

What the link carries is shown once and kept as a digest; it is good for days, until it is used, or taken back. Using it
makes the account, and a grant for each home, in one work: two who use one link at the same moment make one account.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from hub.access import Role
from hub.clock import Clock
from hub.errors import ConflictError, NotAllowedError, NotFoundError
from hub.events import time_from_text, time_to_text
from hub.reach import Grant, GrantKind
from hub.store.database import Database
from hub.store.facts import storable
from hub.store.people.accounts import Account, Accounts, insert_account
from hub.store.people.grants import write_grant
from hub.store.people.outside import Identity, write_link
from hub.store.people.sessions import digest_of, new_token
from hub.store.people_tables import invitations

USUAL = timedelta(days=7)
LONGEST = timedelta(days=30)
MOST_OPEN = 10_000
"""Invitations that can still be used; a large community at once."""
ROLES = frozenset({Role.RESIDENT, Role.RESPONDER})
"""What one may be invited as; who works in the room is entered by an administrator."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """A link by which somebody makes an account.

    Attributes:
        id: Random.
        role: Of the account that comes of it.
        sites: Where that person lives.
        note: For whom, in words.
        made_by: Account name.
        made: When, UTC.
        expires: Up to when it is good, not included.
        used: When it was used.
        account: Id of the account that came of it.
        ended: When it was taken back.
    """

    id: str
    role: str
    sites: tuple[str, ...]
    note: str
    made_by: str
    made: datetime
    expires: datetime
    used: datetime | None = None
    account: str | None = None
    ended: datetime | None = None

    def is_open(self, now: datetime) -> bool:
        """Whether it can be used now."""
        return self.used is None and self.ended is None and now < self.expires


class Invitations:
    """The invitations in the store. Safe from any thread."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        accounts: Accounts,
        *,
        made: Callable[[str], None] = lambda _: None,
        spoken_for: Callable[[str, Collection[str]], bool] = lambda _name, _sites: False,
        must_wait: Callable[[str, str], bool] = lambda _site, _host: False,
    ) -> None:
        """Keep invitations in `database`.

        Args:
            database: Where they are kept.
            clock: The time.
            accounts: Where accounts are made.
            made: Told the id of each account that comes of one, once it counts.
            spoken_for: Whether settings mean somebody else by a name than who is invited to some sites.
            must_wait: Whether who lives at a site has to confirm somebody that an account invited.
        """
        self._spoken_for = spoken_for
        self._must_wait = must_wait
        self._database = database
        self._clock = clock
        self._accounts = accounts
        self._made = made

    def invite(
        self, role: Role, sites: tuple[str, ...], *, note: str, made_by: str, expires: datetime
    ) -> tuple[Invitation, str]:
        """Make an invitation; the caller has checked the role, the sites and the time.

        Returns:
            It, and what its link carries, which is not kept.

        Raises:
            NotAllowedError: There are too many that can still be used.
        """
        token = new_token()
        now = self._clock.now()
        row = {
            "id": uuid.uuid4().hex,
            "digest": digest_of(token),
            "role": role.value,
            "sites": list(sites),
            "note": storable(note),
            "made_by": storable(made_by),
            "made": time_to_text(now),
            "expires": time_to_text(expires),
        }

        def work(connection: Connection) -> Invitation:
            count = select(func.count()).select_from(invitations).where(*_open(now))
            if connection.execute(count).scalar_one() >= MOST_OPEN:
                raise NotAllowedError(f"at most {MOST_OPEN} invitations are open; take some back first")
            return _invitation(connection.execute(insert(invitations).values(row).returning(*invitations.c)).one())

        return self._database.write(work), token

    def get(self, invitation_id: str) -> Invitation:
        """One of them, also one that is over.

        Raises:
            NotFoundError: There is none such.
        """
        with self._database.read() as connection:
            row = connection.execute(select(invitations).where(invitations.c.id == invitation_id)).one_or_none()
        if row is None:
            raise NotFoundError("no such invitation")
        return _invitation(row)

    def list(self) -> tuple[Invitation, ...]:
        """Those that can still be used, the newest first."""
        asked = select(invitations).where(*_open(self._clock.now())).order_by(invitations.c.made.desc())
        with self._database.read() as connection:
            return tuple(_invitation(row) for row in connection.execute(asked))

    def take_back(self, invitation_id: str) -> None:
        """Let one open nothing more; one that was used or taken back before stays as it is."""
        now = self._clock.now()
        ended = (
            update(invitations).where(invitations.c.id == invitation_id, *_open(now)).values(ended=time_to_text(now))
        )
        self._database.write(lambda connection: connection.execute(ended))

    def look(self, token: str) -> Invitation:
        """The invitation that a link carries.

        Raises:
            NotFoundError: It is none, or was used, taken back, or has run out: the same answer for all of them.
        """
        with self._database.read() as connection:
            return _require(connection, token, self._clock.now())

    def use(self, token: str, username: str, password: str, *, identity: Identity | None = None) -> Account:
        """Make the account that an invitation is for, once.

        Args:
            token: What the link carries.
            username: Of the new account.
            password: Of the new account.
            identity: Who that is at a provider, if he will sign in there.

        Raises:
            NotFoundError: As `look`.
            ConfigurationError: The name or the password cannot be used; the link stays good.
            ConflictError: The name or the identity is taken, or settings mean another by the name; the link stays good.
        """
        invited = self.look(token)  # before the hashing, which anybody could otherwise keep busy
        if self._spoken_for(username, invited.sites):
            raise ConflictError("this name is kept for somebody else; choose another")
        waiting = {site for site in invited.sites if self._must_wait(site, invited.made_by)}
        row = self._accounts.new_row(username, password, Role(invited.role))
        now = self._clock.now()

        def work(connection: Connection) -> Account:
            invitation = _require(connection, token, now)
            account = insert_account(connection, row)
            if identity is not None:
                write_link(connection, account.id, identity, now)
            used = {"used": time_to_text(now), "account": account.id}
            connection.execute(update(invitations).where(invitations.c.id == invitation.id).values(used))
            for site in invitation.sites:
                home = Grant(
                    id=uuid.uuid4().hex,
                    account=account.id,
                    kind=GrantKind.HOUSEHOLD,
                    place=site,
                    given_by=invitation.made_by,
                    reason="invited",
                    given=now,
                    waits=site in waiting,
                )
                write_grant(connection, home, now=now)
            return account

        return self._database.write(work, after_commit=lambda account: self._made(account.id))


def _open(now: datetime) -> tuple[Any, ...]:
    kept = invitations.c
    return kept.used.is_(None), kept.ended.is_(None), kept.expires > time_to_text(now)


def _require(connection: Connection, token: str, now: datetime) -> Invitation:
    asked = select(invitations).where(invitations.c.digest == digest_of(token), *_open(now))
    row = connection.execute(asked).one_or_none()
    if row is None:
        raise NotFoundError("this invitation is not good, or not any more")
    return _invitation(row)


def _invitation(row: Row[Any]) -> Invitation:
    return Invitation(
        id=row.id,
        role=row.role,
        sites=tuple(row.sites),
        note=row.note,
        made_by=row.made_by,
        made=time_from_text(row.made),
        expires=time_from_text(row.expires),
        used=None if row.used is None else time_from_text(row.used),
        account=row.account,
        ended=None if row.ended is None else time_from_text(row.ended),
    )
