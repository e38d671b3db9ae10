"""Sessions: sign-ins that last, as refresh tokens that work once.

Each use exchanges the token for the next of its family, so a stolen token shows itself: when it is used a second time,
by the thief or by the owner, the family ends and both must sign in again. Only digests are kept. All functions are
parts of a work: the one writer makes two uses at the same moment into two uses in a row.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
import uuid
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from hub.events import time_to_text
from hub.store.schema import accounts, refresh_tokens

logger = logging.getLogger(__name__)

LIFETIME = timedelta(days=30)
"""A sign-in that was not used for so long is over."""

_TOKEN_BYTES = 32


def digest_of(token: str) -> bytes:
    """SHA-256: the token is random and long, so a slow hash would guard nothing more."""
    return hashlib.sha256(token.encode(errors="replace")).digest()


def new_token() -> str:
    """A token nobody can guess."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def begin(connection: Connection, account: str, now: datetime) -> str:
    """Begin a family for an account and give its first token."""
    connection.execute(
        delete(refresh_tokens).where(refresh_tokens.c.account == account, refresh_tokens.c.expires <= time_to_text(now))
    )
    return _add(connection, account, uuid.uuid4().hex, now)


def exchange(connection: Connection, token: str, now: datetime) -> tuple[str, str] | None:
    """Exchange a token for the next.

    Returns:
        Account id and new token; None when the token is unknown, over, or was used before, which ends its family.
    """
    row = connection.execute(
        select(refresh_tokens, accounts.c.disabled)
        .join(accounts, accounts.c.id == refresh_tokens.c.account)
        .where(refresh_tokens.c.digest == digest_of(token))
    ).one_or_none()
    if row is None:
        return None
    if row.used or row.disabled or row.expires <= time_to_text(now):
        connection.execute(delete(refresh_tokens).where(refresh_tokens.c.family == row.family))
        if row.used:
            logger.warning("refresh token used twice, sign-in ended", extra={"account": row.account})
        return None
    connection.execute(update(refresh_tokens).where(refresh_tokens.c.digest == row.digest).values(used=True))
    connection.execute(
        delete(refresh_tokens).where(
            refresh_tokens.c.family == row.family, refresh_tokens.c.expires <= time_to_text(now)
        )
    )
    return row.account, _add(connection, row.account, row.family, now)


def end(connection: Connection, token: str) -> None:
    """End the family of a token; an unknown one changes nothing."""
    family = select(refresh_tokens.c.family).where(refresh_tokens.c.digest == digest_of(token)).scalar_subquery()
    connection.execute(delete(refresh_tokens).where(refresh_tokens.c.family == family))


def end_all(connection: Connection, account: str) -> None:
    """End every sign-in of an account."""
    connection.execute(delete(refresh_tokens).where(refresh_tokens.c.account == account))


def _add(connection: Connection, account: str, family: str, now: datetime) -> str:
    token = new_token()
    row = {
        "digest": digest_of(token),
        "family": family,
        "account": account,
        "expires": time_to_text(now + LIFETIME),
        "used": False,
    }
    connection.execute(insert(refresh_tokens).values(row))
    return token
