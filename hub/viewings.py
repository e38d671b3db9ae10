"""Viewings: many requests of one look are one entry of the audit log with a beginning, and one with its end.

A player asks for a part every second and a tile for a picture every few; what counts is who saw which camera from when
to when. The beginning is told at once, so that nothing that was seen is untold, however the hub ends; the end is told
when nobody asked for two minutes, or the socket closed. Without an end it was one request, or the hub died. Pure
bookkeeping: whoever holds it stores what it gives, and guards it by a lock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from hub.audit import Action, Detail, Entry
from hub.errors import StoreBusyError
from hub.events import time_to_text

IDLE_S = 120.0
"""Nobody asked for so long: it ended with the last request. A player that stands still asks for nothing."""
GOES_ON_S = 3600.0
"""A wall of pictures is on for days: its end is told every hour, and a beginning."""
MOST_OPEN = 10_000
"""At once; 200 cameras on 50 screens."""
MOST_OF_ONE = 1_000
"""At once of one account: five screens of all cameras, and downloads beside. Nobody shuts the others out."""

_LOOKED, _EXPORTED = ("key",), ("key", "since", "until", "file")
"""Details that make another look of it: other spans that are watched are one look, other files are not one download."""

Key = tuple[str, str, str, str, str, str, str]


@dataclass(slots=True)
class _Viewing:
    entry: Entry
    began_s: float
    last_s: float
    last: datetime
    requests: int = 1
    held: int = 0
    since: str | None = None
    until: str | None = None


class Viewings:
    """Who looks at what now."""

    def __init__(self) -> None:
        self._open: dict[Key, _Viewing] = {}
        self._of_one: Counter[str] = Counter()

    def __len__(self) -> int:
        """How many looks are open."""
        return len(self._open)

    def seen(self, entry: Entry, now_s: float, *, held: bool = False) -> Entry | None:
        """Somebody looks; gives the entry that is to be stored, None when it stands already.

        Args:
            entry: Of this request. Details `since` and `until` say which span of recordings.
            now_s: On a clock that never jumps.
            held: He looks until `let_go`; else until he asks no more.

        Raises:
            StoreBusyError: There are too many.
        """
        key = _key(entry)
        found = self._open.get(key)
        if found is None:
            if len(self._open) >= MOST_OPEN:
                raise StoreBusyError(f"{MOST_OPEN} are looking at pictures already")
            if self._of_one[key[0]] >= MOST_OF_ONE:
                raise StoreBusyError(f"this account looks at {MOST_OF_ONE} things already; wait some minutes")
            self._of_one[key[0]] += 1
            found = self._open[key] = _Viewing(entry, now_s, now_s, entry.at, requests=0)
        first = found.requests == 0
        found.requests += 1
        found.held += held
        found.last_s, found.last = now_s, max(found.last, entry.at)
        found.since = _outer(found.since, entry.more.get("since"), least=True)
        found.until = _outer(found.until, entry.more.get("until"), least=False)
        return replace(entry, more={**entry.more, "phase": "began"}) if first else None

    def let_go(self, entry: Entry, now_s: float) -> Entry | None:
        """A socket closed; gives the ending if nobody of the same look is left."""
        found = self._open.get(_key(entry))
        if found is None or found.held == 0:
            return None
        found.held -= 1
        found.last_s, found.last = now_s, max(found.last, entry.at)
        if found.held:
            return None
        self._close(_key(entry))
        return _ending(found, always=True)

    def forget(self, entry: Entry) -> None:
        """Its beginning could not be stored: the next request begins anew."""
        if _key(entry) in self._open:
            self._close(_key(entry))

    def over(self, now_s: float, now: datetime) -> Iterator[Entry]:
        """The endings of looks that are over, and of long ones an ending with a new beginning."""
        for key, found in list(self._open.items()):
            if found.held == 0 and now_s - found.last_s >= IDLE_S:
                self._close(key)
                yield from _ended(found)
            elif now_s - found.began_s >= GOES_ON_S:
                if found.held:
                    found.last = max(found.last, now)
                yield from _ended(found, always=True)
                found.entry = replace(found.entry, at=now)
                found.began_s, found.requests = now_s, 1
                yield replace(found.entry, more={**found.entry.more, "phase": "began"})

    def end_all(self, now: datetime) -> Iterator[Entry]:
        """The endings of all, for the hub stops."""
        for found in self._open.values():
            if found.held:
                found.last = max(found.last, now)
            yield from _ended(found, always=found.held > 0)
        self._open.clear()
        self._of_one.clear()

    def _close(self, key: Key) -> None:
        del self._open[key]
        self._of_one[key[0]] -= 1
        if not self._of_one[key[0]]:
            del self._of_one[key[0]]


def _key(entry: Entry) -> Key:
    """What makes two requests one look: who, from where, how, and at what."""
    more = entry.more
    return (
        entry.account or entry.actor,
        entry.address,
        entry.action.value,
        entry.kind,
        entry.id,
        entry.camera or "",
        " ".join(str(more.get(name, "")) for name in (_EXPORTED if entry.action is Action.EXPORT else _LOOKED)),
    )


def _outer(known: str | None, said: Detail, *, least: bool) -> str | None:
    if not isinstance(said, str):
        return known
    if known is None:
        return said
    return min(known, said) if least else max(known, said)


def _ended(found: _Viewing, *, always: bool = False) -> Iterator[Entry]:
    ending = _ending(found, always=always)
    if ending is not None:
        yield ending


def _ending(found: _Viewing, *, always: bool) -> Entry | None:
    """None for a single request: its beginning says all."""
    if found.requests == 1 and not always:
        return None
    span = {"since": found.since, "until": found.until}
    told: dict[str, Detail] = {"phase": "ended", "began": time_to_text(found.entry.at), "requests": found.requests}
    return replace(found.entry, at=found.last, more={**found.entry.more, **span, **told})
