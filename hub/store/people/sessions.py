"""Sessions: sign-ins that last, as refresh tokens that work once.

Each use exchanges the token for the next of its family, so a stolen token shows itself: when it is used a second time,
by the thief or by the owner, the family ends and both must sign in again. Only digests are kept. Access tokens name
their family and how often everything of the account was ended before, so that ending either ends them too. All
functions are parts of a work: the one writer makes two uses at the same moment into two uses in a row.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from hub.events import time_to_text
from hub.store.facts import storable
from hub.store.people_tables import sign_ins, sign_outs
from hub.store.schema import accounts, refresh_tokens

logger = logging.getLogger(__name__)

LIFETIME = timedelta(days=30)
"""A sign-in that was not used for so long is over."""
MOST_AT_ONCE = 50
"""Sign-ins of one account; one more ends the one that was not used for longest. Scripts forget to sign out."""

PASSWORD = "password"  # noqa: S105 - a word for how somebody signed in
"""`Origin.through` of who typed a password; else it is the issuer that vouched for the person."""

_TOKEN_BYTES = 32
_LONGEST_AGENT = 200


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a sign-in comes from.

    Attributes:
        address: Network address, empty when unknown.
        agent: What the program calls itself.
        through: `PASSWORD`, or the issuer that vouched for the person.
    """

    address: str = ""
    agent: str = ""
    through: str = PASSWORD


@dataclass(frozen=True, slots=True)
class Session:
    """A sign-in as its client holds it.

    Attributes:
        account: Id of the account.
        family: Id of the sign-in.
        generation: How often everything of the account was ended before; access tokens carry it.
        refresh_token: Works once, for the next.
    """

    account: str
    family: str
    generation: int
    refresh_token: str


def digest_of(token: str) -> bytes:
    """SHA-256: the token is random and long, so a slow hash would guard nothing more."""
    return hashlib.sha256(token.encode(errors="replace")).digest()


def new_token() -> str:
    """A token nobody can guess."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def begin(connection: Connection, account: str, now: datetime, origin: Origin) -> Session:
    """Begin a family for an account and give its first token."""
    at = time_to_text(now)
    connection.execute(
        delete(refresh_tokens).where(refresh_tokens.c.account == account, refresh_tokens.c.expires <= at)
    )
    living = select(refresh_tokens.c.family).where(refresh_tokens.c.account == account)
    connection.execute(delete(sign_ins).where(sign_ins.c.account == account, sign_ins.c.family.not_in(living)))
    newest_first = select(sign_ins.c.family).where(sign_ins.c.account == account).order_by(sign_ins.c.used.desc())
    for family in connection.scalars(newest_first.offset(MOST_AT_ONCE - 1)).all():
        end_family(connection, account, family)
    family = uuid.uuid4().hex
    row = {"family": family, "account": account, "began": at, "used": at, "through": origin.through}
    agent = storable(origin.agent)[:_LONGEST_AGENT]
    connection.execute(insert(sign_ins).values(**row, address=storable(origin.address), agent=agent))
    return _add(connection, account, family, now)


def exchange(connection: Connection, token: str, now: datetime) -> Session | None:
    """Exchange a token for the next.

    Returns:
        None when the token is unknown, over, or was used before, which ends its family.
    """
    row = connection.execute(
        select(refresh_tokens, accounts.c.disabled)
        .join(accounts, accounts.c.id == refresh_tokens.c.account)
        .where(refresh_tokens.c.digest == digest_of(token))
    ).one_or_none()
    if row is None:
        return None
    if row.used or row.disabled or row.expires <= time_to_text(now):
        end_family(connection, row.account, row.family)
        if row.used:
            logger.warning("refresh token used twice, sign-in ended", extra={"account": row.account})
        return None
    connection.execute(update(refresh_tokens).where(refresh_tokens.c.digest == row.digest).values(used=True))
    connection.execute(
        delete(refresh_tokens).where(
            refresh_tokens.c.family == row.family, refresh_tokens.c.expires <= time_to_text(now)
        )
    )
    connection.execute(update(sign_ins).where(sign_ins.c.family == row.family).values(used=time_to_text(now)))
    return _add(connection, row.account, row.family, now)


def end(connection: Connection, token: str) -> None:
    """End the family of a token; an unknown one changes nothing."""
    kept = select(refresh_tokens.c.account, refresh_tokens.c.family)
    row = connection.execute(kept.where(refresh_tokens.c.digest == digest_of(token))).one_or_none()
    if row is not None:
        end_family(connection, row.account, row.family)


def end_family(connection: Connection, account: str, family: str) -> bool:
    """End one sign-in of an account; False when it has none such."""
    of_it = (refresh_tokens.c.account == account, refresh_tokens.c.family == family)
    connection.execute(delete(refresh_tokens).where(*of_it))
    gone = connection.execute(delete(sign_ins).where(sign_ins.c.account == account, sign_ins.c.family == family))
    return bool(gone.rowcount)


def end_all(connection: Connection, account: str) -> None:
    """End every sign-in of an account, and what its access tokens and links are good for."""
    connection.execute(delete(refresh_tokens).where(refresh_tokens.c.account == account))
    connection.execute(delete(sign_ins).where(sign_ins.c.account == account))
    counted = update(sign_outs).where(sign_outs.c.account == account).values(times=sign_outs.c.times + 1)
    if not connection.execute(counted).rowcount:
        connection.execute(insert(sign_outs).values(account=account, times=1))


def generation_of(connection: Connection, account: str) -> int:
    """How often everything of an account was ended."""
    times = select(sign_outs.c.times).where(sign_outs.c.account == account)
    return connection.execute(times).scalar_one_or_none() or 0


def _add(connection: Connection, account: str, family: str, now: datetime) -> Session:
    token = new_token()
    row = {
        "digest": digest_of(token),
        "family": family,
        "account": account,
        "expires": time_to_text(now + LIFETIME),
        "used": False,
    }
    connection.execute(insert(refresh_tokens).values(row))
    return Session(account, family, generation_of(connection, account), token)
