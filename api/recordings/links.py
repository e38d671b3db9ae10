"""Links: short signed tokens for addresses that cannot carry an access token, such as those a player or a phone opens.

A link says who it was made for, what of which camera it shows and until when; it opens nothing else, and no session
can be made of it. It is not kept anywhere: whether its account may still sign in and still see that camera is asked at
every use (`link_holder`, `api/access/camera_sight.py`), so that disabling an account, signing it out everywhere, and
ending the API key that a link was made with, end its links at once. Pure but for the Clock.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, get_args

from api.access.auth import holder_of_key, standing_of
from api.errors import NotSignedInError
from api.parts import Parts
from hub.access import Principal
from hub.clock import Clock

What = Literal["playback", "clip", "still", "live", "evidence"]
"""What a link may open."""

MOST_LIVES_S: Final = 12 * 3600
"""The longest that any link is good for: a night's recording watched in one go."""

_WHATS: Final[tuple[str, ...]] = get_args(What)
_STREAMS: Final = ("", "main", "sub")
_VERSION: Final = 1
_HEAD = struct.Struct(">BBBQQQB")  # version, what, stream, start ms, end ms, expires ms, length of the account
_MAC_BYTES: Final = 16
"""128 bits of HMAC-SHA256; nobody guesses that over the network, and it keeps addresses short."""
_PURPOSE: Final = b"media links 1"
_MOST_CHARACTERS: Final = 512
_BETWEEN: Final = "~"
"""Between the parts of whom a link is made for; ids of accounts and keys have none."""


@dataclass(frozen=True, slots=True)
class Link:
    """What a link opens.

    Attributes:
        account: Whom it was made for (`holder_of`).
        what: What it shows.
        camera: Id of the camera; of evidence the id of the incident.
        stream: `main` or `sub`; None where that is no question.
        start: From when, UTC in whole milliseconds; None for what has no beginning, as live.
        end: Up to when, not included; None for what has no end.
        expires: When the link itself ends.
    """

    account: str
    what: What
    camera: str
    stream: str | None
    start: datetime | None
    end: datetime | None
    expires: datetime

    def covers(self, start: datetime, end: datetime) -> bool:
        """Whether all of a span may be shown."""
        return (self.start is None or start >= self.start) and (self.end is None or end <= self.end)


class Links:
    """Makes and reads links. Any number with the same key understand each other."""

    def __init__(self, key: bytes, clock: Clock) -> None:
        """Sign with a key derived from `key` (32 bytes or more), so that no access token passes for a link."""
        self._key = hmac.digest(key, _PURPOSE, hashlib.sha256)
        self._clock = clock

    def issue(
        self,
        account_id: str,
        what: What,
        camera: str,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        stream: str | None = None,
        lives_s: float = 3600,
    ) -> str:
        """A link, 100 to 300 characters that stand in an address as they are.

        Args:
            account_id: Who will use it (`holder_of`).
            what: What it shows.
            camera: Of which camera.
            start: From when; None for what has no beginning.
            end: Up to when; None for what has no end.
            stream: `main` or `sub`, None for either.
            lives_s: Seconds until it ends, at most `MOST_LIVES_S`.
        """
        expires = self._clock.now() + timedelta(seconds=min(lives_s, MOST_LIVES_S))
        account = account_id.encode()
        head = _HEAD.pack(
            _VERSION,
            _WHATS.index(what),
            _STREAMS.index(stream or ""),
            _ms(start),
            _ms(end),
            _ms(expires),
            len(account),
        )
        body = head + account + camera.encode()
        return _text(body + self._mac(body))

    def read(self, token: str) -> Link:
        """What a link of ours opens.

        Raises:
            NotSignedInError: It is not ours, was changed, or its time is over.
        """
        body = self._signed(token)
        try:
            version, what, stream, start_ms, end_ms, expires_ms, account_bytes = _HEAD.unpack_from(body)
            rest = body[_HEAD.size :]
            link = Link(
                account=rest[:account_bytes].decode(),
                what=_WHATS[what],
                camera=rest[account_bytes:].decode(),
                stream=_STREAMS[stream] or None,
                start=_moment(start_ms),
                end=_moment(end_ms),
                expires=datetime.fromtimestamp(expires_ms / 1000, tz=UTC),
            )
        except (struct.error, IndexError, UnicodeDecodeError, OverflowError, ValueError, OSError) as error:
            raise NotSignedInError("this link is not good") from error
        if version != _VERSION:
            raise NotSignedInError("this link is of another version; ask for a new one")
        if link.expires <= self._clock.now():
            raise NotSignedInError("this link has run out; ask for a new one")
        return link

    def _signed(self, token: str) -> bytes:
        """What was signed, if it was, compared in constant time."""
        if len(token) > _MOST_CHARACTERS:
            raise NotSignedInError("this link is not good")
        try:
            whole = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError) as error:
            raise NotSignedInError("this link is not good") from error
        body, mac = whole[:-_MAC_BYTES], whole[-_MAC_BYTES:]
        # Spare bits of the last character change no byte, and still are a change.
        if not hmac.compare_digest(self._mac(body), mac) or _text(whole) != token:
            raise NotSignedInError("this link is not good")
        return body

    def _mac(self, body: bytes) -> bytes:
        return hmac.digest(self._key, body, hashlib.sha256)[:_MAC_BYTES]


def links_of(here: Parts) -> Links:
    """The links of a hub."""
    return Links(here.desk.key, here.clock)


def holder_of(here: Parts, who: Principal) -> str:
    """Whom a link is made for: the account as its sign-ins stand now, and the API key or the sign-in that asks."""
    standing = standing_of(here, who.id, generation=None)
    return _BETWEEN.join((who.id, str(standing.generation), who.key or "", who.sign_in))


def link_holder(here: Parts, link: Link) -> Principal:
    """Who uses a link, as his account is now.

    Raises:
        NotSignedInError: The account is gone or disabled, or the sign-in or the key is over.
    """
    account_id, generation, key, sign_in = (*link.account.split(_BETWEEN), "", "", "")[:4]
    standing = standing_of(here, account_id, generation=int(generation or 0), family=sign_in)
    if key:
        return holder_of_key(here, here.people.keys.get(key))
    account = standing.account
    return Principal(account.id, account.username, account.role, sign_in=sign_in)


def _text(whole: bytes) -> str:
    return base64.urlsafe_b64encode(whole).decode().rstrip("=")


def _ms(moment: datetime | None) -> int:
    return 0 if moment is None else round(moment.timestamp() * 1000)


def _moment(value_ms: int) -> datetime | None:
    return None if value_ms == 0 else datetime.fromtimestamp(value_ms / 1000, tz=UTC)
