"""Limits: how often somebody may try something, by account and by network address.

Who guesses passwords or links is slowed down by where he comes from as well as by whom he tries; who is over a limit is
told when to come back, before anything is hashed or looked up. An IPv6 address counts with its /64, which is what one
household gets. All of it is in memory and bounded: where more come than are remembered, those seen longest ago begin
anew. Safe from any thread.
"""

from __future__ import annotations

import enum
import ipaddress
import math
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from starlette.requests import HTTPConnection

from api.errors import TooManyError
from hub.clock import Clock

_MOST_REMEMBERED: Final = 20_000
"""Of each kind: some 3 MB in all."""


class Kind(enum.StrEnum):
    """What is limited, each by an account, a name or an address."""

    SIGN_IN = "sign-in"
    """Sign-ins from an address, right or wrong."""
    SIGN_IN_NAME = "sign-in-name"
    """Sign-ins with a name, whether it exists or not."""
    REFUSED = "refused"
    """Refused sign-ins, keys and links from an address, whatever names they tried."""
    REFRESH = "refresh"
    """Refreshes from an address."""
    SETUP = "setup"
    """Tries of the first setup from an address."""
    INVITATION = "invitation"
    """Looks at, and uses of, invitations from an address."""
    PROOF = "proof"
    """Passwords and codes of an account that is signed in."""
    INVITE = "invite"
    """Invitations that an account makes."""
    PROBE = "probe"
    """Cameras and networks that an account tries."""
    OUTSIDE = "outside"
    """Sign-ins begun at a provider from an address."""


@dataclass(frozen=True, slots=True)
class Rate:
    """How often.

    Attributes:
        times: So many at once, and on average.
        per_s: In so many seconds.
    """

    times: int
    per_s: float


RATES: Mapping[Kind, Rate] = MappingProxyType(
    {
        Kind.SIGN_IN: Rate(120, 60),  # a room and its scripts behind one address, after a power cut
        Kind.SIGN_IN_NAME: Rate(60, 60),
        Kind.REFUSED: Rate(30, 300),  # three accounts' worth of the lock-out of one
        Kind.REFRESH: Rate(600, 60),
        Kind.SETUP: Rate(20, 60),
        Kind.INVITATION: Rate(30, 60),
        Kind.PROOF: Rate(20, 60),
        Kind.INVITE: Rate(300, 60),  # a whole village, by script
        Kind.PROBE: Rate(120, 60),
        Kind.OUTSIDE: Rate(30, 60),
    }
)


class Limits:
    """What was tried of late."""

    def __init__(self, clock: Clock, rates: Mapping[Kind, Rate] = RATES) -> None:
        self._clock = clock
        self._rates = rates
        self._lock = threading.Lock()
        self._until: dict[Kind, OrderedDict[str, float]] = {kind: OrderedDict() for kind in Kind}
        """When all that was tried is forgotten, monotonic seconds (the generic cell rate algorithm, ITU-T I.371)."""

    def take(self, kind: Kind, who: str) -> None:
        """Count one more try.

        Raises:
            TooManyError: It is one too many, and is not counted.
        """
        with self._lock:
            self._check(kind, who)
            self._add(kind, who)

    def check(self, kind: Kind, who: str) -> None:
        """Refuse where one more would be too many, without counting it.

        Raises:
            TooManyError: It would.
        """
        with self._lock:
            self._check(kind, who)

    def count(self, kind: Kind, who: str) -> None:
        """Count one more without refusing it: it has failed already."""
        with self._lock:
            self._add(kind, who)

    def remembered(self, kind: Kind) -> int:
        """How many are remembered."""
        return len(self._until[kind])

    def _check(self, kind: Kind, who: str) -> None:
        rate, now_s = self._rates[kind], self._clock.monotonic_s()
        over_s = max(now_s, self._until[kind].get(who, now_s)) + rate.per_s / rate.times - now_s - rate.per_s
        if over_s > 1e-9:  # noqa: PLR2004 - what sums of floats are off by
            raise TooManyError("too many tries; wait a while", retry_after_s=max(1, math.ceil(over_s)))

    def _add(self, kind: Kind, who: str) -> None:
        rate, now_s, known = self._rates[kind], self._clock.monotonic_s(), self._until[kind]
        until_s = max(now_s, known.get(who, now_s)) + rate.per_s / rate.times
        known[who] = min(until_s, now_s + rate.per_s)
        known.move_to_end(who)
        if len(known) > _MOST_REMEMBERED:
            known.popitem(last=False)


def address_of(connection: HTTPConnection) -> str:
    """The network address that a request comes from; empty when it is unknown.

    Behind a reverse proxy it is what a trusted one says (`http.trusted_proxies`), which the server has put there.
    """
    return connection.client.host if connection.client is not None else ""


def neighbours_of(address: str) -> str:
    """What a limit by address counts together: an IPv4 address, or the /64 of an IPv6 one."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "?"
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return str(ip.ipv4_mapped)
        return str(ipaddress.ip_network((int(ip) >> 64 << 64, 64)))
    return str(ip)
