"""Outside identities: which account a person of an OpenID provider is here.

A person is known by issuer and subject, never by an e-mail address or a name, which providers let people change. One
identity is one account; an account may have several. Safe from any thread.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select

from hub.access import Role
from hub.clock import Clock
from hub.errors import ConflictError, NotAllowedError, NotFoundError
from hub.events import time_from_text, time_to_text
from hub.store.database import Database
from hub.store.facts import storable
from hub.store.people.accounts import Account, Accounts, account_of, insert_account
from hub.store.people.sessions import new_token
from hub.store.people_tables import outside_identities
from hub.store.schema import accounts

_MOST_OF_ONE = 10


@dataclass(frozen=True, slots=True)
class Identity:
    """A person as a provider knows it.

    Attributes:
        issuer: The provider.
        subject: Its name for the person, which it never gives to another.
        linked: When the account was linked to it, UTC; None for one that is not yet.
    """

    issuer: str
    subject: str
    linked: datetime | None = None


class OutsideIdentities:
    """The links in the store."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        accounts: Accounts,
        *,
        spoken_for: Callable[[str, Collection[str]], bool] = lambda _name, _sites: False,
    ) -> None:
        self._spoken_for = spoken_for
        self._database = database
        self._clock = clock
        self._accounts = accounts

    def account_of(self, identity: Identity) -> Account | None:
        """Who that is here; also one that is disabled."""
        asked = select(accounts).join(outside_identities, outside_identities.c.account == accounts.c.id)
        with self._database.read() as connection:
            row = connection.execute(asked.where(*_is(identity))).one_or_none()
        return None if row is None else account_of(row)

    def of(self, account_id: str) -> tuple[Identity, ...]:
        """The identities of an account, the first linked first."""
        asked = select(outside_identities).where(outside_identities.c.account == account_id)
        with self._database.read() as connection:
            return tuple(_identity(row) for row in connection.execute(asked.order_by(outside_identities.c.linked)))

    def link(self, account_id: str, identity: Identity) -> None:
        """Let a person of a provider be this account; once more changes nothing.

        Raises:
            NotFoundError: There is no such account.
            ConflictError: That person is another account.
            NotAllowedError: The account has too many.
        """
        now = self._clock.now()
        self._database.write(lambda connection: write_link(connection, account_id, identity, now))

    def unlink(self, account_id: str, identity: Identity) -> None:
        """Let a person of a provider be this account no more.

        Raises:
            NotFoundError: It is not.
        """
        gone = delete(outside_identities).where(*_is(identity), outside_identities.c.account == account_id)
        if not self._database.write(lambda connection: connection.execute(gone).rowcount):
            raise NotFoundError("this account has no such identity")

    def enter(self, identity: Identity, username: str, role: Role) -> Account:
        """Make the account of somebody who comes for the first time; it has no password that anybody knows.

        Raises:
            ConfigurationError: The name cannot be used.
            ConflictError: The name is taken, or settings name somebody so, or the person came twice at once.
        """
        if self._spoken_for(username, ()):
            raise ConflictError("this name is kept for somebody else")
        row = self._accounts.new_row(username, new_token(), role)
        now = self._clock.now()

        def work(connection: Connection) -> Account:
            made = insert_account(connection, row)
            write_link(connection, made.id, identity, now)
            return made

        return self._database.write(work)


def write_link(connection: Connection, account_id: str, identity: Identity, now: datetime) -> None:
    """Link an identity to an account; part of a work. Raises as `OutsideIdentities.link`."""
    if connection.execute(select(accounts.c.id).where(accounts.c.id == account_id)).first() is None:
        raise NotFoundError("no such account")
    whose = connection.execute(select(outside_identities.c.account).where(*_is(identity))).scalar_one_or_none()
    if whose == account_id:
        return
    if whose is not None:
        raise ConflictError("that person signs in to another account")
    count = select(func.count()).where(outside_identities.c.account == account_id)
    if connection.execute(count).scalar_one() >= _MOST_OF_ONE:
        raise NotAllowedError(f"an account has at most {_MOST_OF_ONE} of them")
    row = {"issuer": identity.issuer, "subject": storable(identity.subject), "account": account_id}
    connection.execute(insert(outside_identities).values(**row, linked=time_to_text(now)))


def _is(identity: Identity) -> tuple[Any, ...]:
    kept = outside_identities.c
    return kept.issuer == identity.issuer, kept.subject == storable(identity.subject)


def _identity(row: Row[Any]) -> Identity:
    return Identity(row.issuer, row.subject, time_from_text(row.linked))
