"""Refusals: what was refused is told one by one, and in a flood from one address as a count.

Nobody may fill the disk by asking for what is not his. The first ten of an address and account in a minute are entries
of their own; the rest are one entry with their number, written when the minute is over. Addresses that are too many
at once are told together. Pure bookkeeping: whoever holds it stores what it gives, and guards it by a lock.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from hub.audit import Action, Detail, Entry
from hub.events import time_to_text

WINDOW_S = 60.0
SINGLY = 10
"""Of one address and account in a window."""
SINGLY_IN_ALL = 120
"""Of all together; a flood from many addresses is one too."""
MOST_KNOWN = 128
"""Addresses and accounts that are told apart in a window."""
_NAMES = 8
_OTHERS = ("", "others")


@dataclass(slots=True)
class _Folded:
    first: datetime
    last: Entry
    began_s: float
    told: int = 0
    folded: int = 0
    names: tuple[str, ...] = ()


class Refusals:
    """What was refused in the last minute."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], _Folded] = {}
        self._told = 0
        self._window_s = 0.0

    def take(self, entry: Entry, now_s: float) -> bool:
        """Whether this one is told by itself; else it is counted."""
        if now_s - self._window_s >= WINDOW_S:
            self._window_s, self._told = now_s, 0
        key = (entry.account, network_of(entry.address))
        found = self._known.get(key)
        if found is None and len(self._known) >= MOST_KNOWN:
            key, found = _OTHERS, self._known.get(_OTHERS)
        if found is None:
            found = self._known[key] = _Folded(entry.at, entry, now_s)
        if key != _OTHERS and found.told < SINGLY and self._told < SINGLY_IN_ALL:
            found.told += 1
            self._told += 1
            return True
        if found.folded == 0:
            found.first = entry.at
        found.folded += 1
        found.last = entry
        if entry.actor and entry.actor not in found.names and len(found.names) < _NAMES:
            found.names = (*found.names, entry.actor)
        return False

    def over(self, now_s: float, *, everything: bool = False) -> Iterator[Entry]:
        """What was counted in windows that are over."""
        for key, found in list(self._known.items()):
            if everything or now_s - found.began_s >= WINDOW_S:
                del self._known[key]
                if found.folded:
                    yield _told_together(found, others=key == _OTHERS)


def network_of(address: str) -> str:
    """What one attacker has of addresses: of IPv6 the /64."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(known, ipaddress.IPv4Address):
        return address
    if known.ipv4_mapped is not None:
        return str(known.ipv4_mapped)
    return str(ipaddress.ip_network((known, 64), strict=False))


def _told_together(found: _Folded, *, others: bool) -> Entry:
    more: dict[str, Detail] = {"count": found.folded, "first": time_to_text(found.first), "names": found.names}
    last = found.last
    if others:
        last = replace(last, account="", actor="", role="", address="others")
    return replace(last, action=Action.REFUSED, kind="", id="", camera=None, site=None, more={**last.more, **more})
