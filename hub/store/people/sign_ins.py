"""Sign-ins: where somebody is signed in, and what ends it.

What is asked at each request is one look-up of an account with its sign-in, the number of times that all of it was
ended, and its second factor (`standing`). Safe from any thread.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from hub.clock import Clock
from hub.errors import NotAllowedError, NotFoundError
from hub.events import time_from_text
from hub.store.database import Database
from hub.store.people import sessions
from hub.store.people.accounts import Account, account_of
from hub.store.people.sessions import Origin, Session
from hub.store.people_tables import second_factors, sign_ins, sign_outs
from hub.store.schema import accounts


@dataclass(frozen=True, slots=True)
class SignIn:
    """A place where somebody is signed in.

    Attributes:
        family: Its id.
        began: When, UTC.
        used: When it last asked for an access token.
        address: Network address that it was begun from.
        agent: What the program called itself.
        through: `sessions.PASSWORD`, or the issuer that vouched for the person.
    """

    family: str
    began: datetime
    used: datetime
    address: str
    agent: str
    through: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How an account stands at this moment.

    Attributes:
        account: It.
        generation: How often everything of it was ended.
        through: How the sign-in that was asked for was begun; None when there is none such (any more).
        has_second_factor: Whether a second factor is asked for when it signs in with its password.
    """

    account: Account
    generation: int
    through: str | None
    has_second_factor: bool


class SignIns:
    """The sign-ins in the store."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def begin(self, account: Account, origin: Origin | None = None) -> Session:
        """Begin a sign-in of an account whose password, or whoever vouches for it, was found right.

        Raises:
            NotAllowedError: The account was disabled meanwhile.
        """
        now = self._clock.now()

        def work(connection: Connection) -> Session:
            living = select(accounts.c.id).where(accounts.c.id == account.id, accounts.c.disabled.is_(False))
            if connection.execute(living).first() is None:
                raise NotAllowedError("this account may not sign in")
            return sessions.begin(connection, account.id, now, origin or Origin())

        return self._database.write(work)

    def exchange(self, token: str) -> Session:
        """Exchange a refresh token for the next one.

        Raises:
            NotAllowedError: It is unknown, over, or was used before; then the whole sign-in is over.
        """
        now = self._clock.now()
        # Must not raise in the work: that would undo the ending of the sign-in.
        done = self._database.write(lambda connection: sessions.exchange(connection, token, now))
        if done is None:
            raise NotAllowedError("this sign-in is over")
        return done

    def close(self, token: str) -> None:
        """End the sign-in that a refresh token belongs to."""
        self._database.write(lambda connection: sessions.end(connection, token))

    def end(self, account_id: str, family: str) -> None:
        """End one sign-in of an account.

        Raises:
            NotFoundError: It has none such.
        """
        if not self._database.write(lambda connection: sessions.end_family(connection, account_id, family)):
            raise NotFoundError("no such sign-in")

    def end_all(self, account_id: str) -> None:
        """End every sign-in of an account, its access tokens and its links."""
        self._database.write(lambda connection: sessions.end_all(connection, account_id))

    def of(self, account_id: str) -> tuple[SignIn, ...]:
        """Where an account is signed in, the newest use first."""
        asked = select(sign_ins).where(sign_ins.c.account == account_id).order_by(sign_ins.c.used.desc())
        with self._database.read() as connection:
            return tuple(
                SignIn(
                    family=row.family,
                    began=time_from_text(row.began),
                    used=time_from_text(row.used),
                    address=row.address,
                    agent=row.agent,
                    through=row.through,
                )
                for row in connection.execute(asked)
            )

    def standing(self, account_id: str, family: str = "") -> Standing | None:
        """How an account stands, and its sign-in `family`; None when there is no such account."""
        asked = (
            select(
                accounts,
                func.coalesce(sign_outs.c.times, 0).label("times"),
                sign_ins.c.through,
                func.coalesce(second_factors.c.confirmed, False).label("confirmed"),
            )
            .outerjoin(sign_outs, sign_outs.c.account == accounts.c.id)
            .outerjoin(sign_ins, (sign_ins.c.account == accounts.c.id) & (sign_ins.c.family == family))
            .outerjoin(second_factors, second_factors.c.account == accounts.c.id)
            .where(accounts.c.id == account_id)
        )
        with self._database.read() as connection:
            row = connection.execute(asked).one_or_none()
        if row is None:
            return None
        return Standing(account_of(row), row.times, row.through, bool(row.confirmed))
