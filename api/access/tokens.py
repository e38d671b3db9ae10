"""Access tokens: short-lived, signed, and read without asking the database (JWT, HS256).

A token says who signed in, which sign-in it belongs to, and how often everything of the account was ended before. It is
good for 15 minutes; what happens to the account meanwhile is checked at every request by `api/access/auth.py`, which
knows the accounts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import jwt

from api.errors import NotSignedInError
from hub.clock import Clock

LIFETIME = timedelta(minutes=15)
_ISSUER = "hub"
_ALGORITHM = "HS256"


@dataclass(frozen=True, slots=True)
class Claims:
    """What an access token says.

    Attributes:
        account: Id of the account.
        expires: When it ends.
        generation: How often everything of the account had been ended; with another number it is good no more.
        family: The sign-in that it belongs to; empty for none that is kept.
    """

    account: str
    expires: datetime
    generation: int = 0
    family: str = ""


class Tokens:
    """Makes and reads access tokens."""

    def __init__(self, key: bytes, clock: Clock) -> None:
        """Sign with `key` (32 bytes or more)."""
        self._key = key
        self._clock = clock

    def issue(self, account: str, *, generation: int = 0, family: str = "") -> str:
        """A token for an account id, good for `LIFETIME` from now, as long as its sign-in lasts."""
        now = self._clock.now()
        claims = {"iss": _ISSUER, "sub": account, "iat": now, "exp": now + LIFETIME, "gen": generation, "sid": family}
        return jwt.encode(claims, self._key, algorithm=_ALGORITHM)

    def read(self, token: str) -> Claims:
        """What a token of ours says.

        Raises:
            NotSignedInError: It is not ours, or its time is over.
        """
        try:
            claims = jwt.decode(
                token,
                self._key,
                algorithms=[_ALGORITHM],
                issuer=_ISSUER,
                # Time is checked below, by our clock.
                options={"require": ["iss", "sub", "exp"], "verify_exp": False, "verify_iat": False},
            )
            expires = datetime.fromtimestamp(int(claims["exp"]), tz=UTC)
            account = str(claims["sub"])
            generation, family = int(claims.get("gen", 0)), str(claims.get("sid", ""))
        except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError, OSError) as error:
            raise NotSignedInError("the access token is not good") from error
        if expires <= self._clock.now():
            raise NotSignedInError("the access token has run out")
        return Claims(account, expires, generation, family)
