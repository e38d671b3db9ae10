"""Second factors: codes from a telephone beside the password (TOTP, RFC 6238), and recovery codes for a lost one.

A code of 30 seconds is taken in its own time, the one before and the one after, and only once: the newest step whose
code was used is kept, and none up to it is taken again, also after a restart. Recovery codes are shown once, kept as
digests, and each works once. The secret has to be kept as it is, or no code could be worked out: a copy of the database
is as good as all telephones, which is why it is only one of two factors.
"""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import pyotp
from sqlalchemy import Connection, Row, delete, insert, select, update

from hub.clock import Clock
from hub.errors import ConflictError, NotAllowedError, NotFoundError
from hub.store.database import Database
from hub.store.people.sessions import digest_of
from hub.store.people_tables import second_factors

STEP_S: Final = 30
_AROUND: Final = 1
"""Steps before and after that are taken too: clocks of telephones are off by seconds, and people type slowly."""
RECOVERY_CODES: Final = 10
_RECOVERY_BYTES: Final = 10
"""80 bits, so that a fast hash guards them."""
_LONGEST_TYPED: Final = 64


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """The second factor of an account.

    Attributes:
        confirmed: A code of it was shown, so that it is asked for.
        recovery_left: How many recovery codes are left.
    """

    confirmed: bool
    recovery_left: int


class SecondFactors:
    """The second factors in the store. Safe from any thread."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def of(self, account_id: str) -> SecondFactor | None:
        """The second factor of an account."""
        with self._database.read() as connection:
            row = _row(connection, account_id)
        return None if row is None else SecondFactor(row.confirmed, len(row.recovery))

    def begin(self, account_id: str) -> str:
        """A new secret for an account, which counts once a code of it was shown; replaces one that never was.

        Raises:
            ConflictError: The account has a second factor.
        """
        secret = pyotp.random_base32()

        def work(connection: Connection) -> str:
            row = _row(connection, account_id)
            if row is not None and row.confirmed:
                raise ConflictError("this account has a second factor; remove it first")
            connection.execute(delete(second_factors).where(second_factors.c.account == account_id))
            fresh = {"account": account_id, "secret": secret, "confirmed": False, "step": 0, "recovery": []}
            connection.execute(insert(second_factors).values(fresh))
            return secret

        return self._database.write(work)

    def confirm(self, account_id: str, code: str) -> tuple[str, ...]:
        """Take a code as proof that the telephone has the secret; from then on it is asked for.

        Returns:
            The recovery codes, which are not shown again.

        Raises:
            NotFoundError: None was begun.
            ConflictError: It was confirmed before.
            NotAllowedError: The code is wrong.
        """
        now = self._clock.now()
        codes = tuple(_recovery_code() for _ in range(RECOVERY_CODES))

        def work(connection: Connection) -> tuple[str, ...]:
            row = _row(connection, account_id)
            if row is None:
                raise NotFoundError("no second factor was begun")
            if row.confirmed:
                raise ConflictError("this account has a second factor already")
            step = _step_of(row.secret, _plain(code), now)
            if step is None or step <= row.step:
                raise NotAllowedError("the code is wrong")
            kept = [_digest(each) for each in codes]
            _update(connection, account_id, confirmed=True, step=step, recovery=kept)
            return codes

        return self._database.write(work)

    def remove(self, account_id: str) -> None:
        """Ask for a second factor no more.

        Raises:
            NotFoundError: The account has none.
        """

        def work(connection: Connection) -> None:
            if not connection.execute(delete(second_factors).where(second_factors.c.account == account_id)).rowcount:
                raise NotFoundError("this account has no second factor")

        self._database.write(work)

    def address(self, secret: str, username: str) -> str:
        """What a telephone reads (`otpauth://...`)."""
        return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name="Community hub")


def is_asked_for(connection: Connection, account_id: str) -> bool:
    """Whether an account has a second factor; part of a work."""
    row = _row(connection, account_id)
    return row is not None and row.confirmed


def takes(connection: Connection, account_id: str, code: str, now: datetime) -> bool:
    """Whether a code of the telephone or for its loss is right, and use it up; part of a work."""
    row = _row(connection, account_id)
    if row is None or not row.confirmed:
        return False
    typed = _plain(code)
    step = _step_of(row.secret, typed, now)
    if step is not None:
        if step <= row.step:
            return False
        _update(connection, account_id, step=step)
        return True
    left = [each for each in row.recovery if not secrets.compare_digest(each, _digest(typed))]
    if len(left) == len(row.recovery):
        return False
    _update(connection, account_id, recovery=left)
    return True


def _row(connection: Connection, account_id: str) -> Row[Any] | None:
    return connection.execute(select(second_factors).where(second_factors.c.account == account_id)).one_or_none()


def _update(connection: Connection, account_id: str, **values: object) -> None:
    connection.execute(update(second_factors).where(second_factors.c.account == account_id).values(values))


def _step_of(secret: str, code: str, now: datetime) -> int | None:
    """The time step that a code is of; None when it is of none that is taken now."""
    totp = pyotp.TOTP(secret, interval=STEP_S)
    current = int(now.timestamp()) // STEP_S
    found = None
    for step in range(current - _AROUND, current + _AROUND + 1):
        if secrets.compare_digest(totp.generate_otp(step).encode(), code.encode()):
            found = step
    return found


def _plain(code: str) -> str:
    """A code as it is compared: people type spaces, dashes and capitals."""
    kept = "".join(each for each in code[:_LONGEST_TYPED] if each not in " -\t")
    return kept.lower() if kept.isascii() else ""


def _recovery_code() -> str:
    letters = base64.b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode().lower()
    return "-".join(letters[at : at + 4] for at in range(0, len(letters), 4))


def _digest(code: str) -> str:
    return digest_of(_plain(code)).hex()
