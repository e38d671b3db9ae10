"""Traces as a camera leaves them: people who walk across the picture, and a car that stands."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from cameras.traces.chunks import Chunk, Row, Seen, Thing, pack
from hub.geometry import Box

ASPECT = 9 / 16
_STEP_MS = 500


def ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def walk(start: datetime, name: str, *, y: float = 0.5, seconds: float = 16.0, label: str = "person") -> bytes:
    """Somebody crosses from the left edge to the right; feet at `y` + 0.3."""
    begin = ms(start)
    thing = Thing(name, begin, Box(0.05, y, 0.05, 0.3))
    rows = [
        Row(
            begin + at_ms,
            "objects",
            seen=(Seen(thing, label, 0.83, Box(0.05 + 0.85 * at_ms / (seconds * 1000), y, 0.05, 0.3), at_ms / 1000),),
        )
        for at_ms in range(0, round(seconds * 1000), _STEP_MS)
    ]
    end = begin + round(seconds * 1000)
    return pack(Chunk(begin, end, ASPECT, (*rows, Row(end, "objects", ended=(name,)))))


def stand(start: datetime, name: str, box: Box, *, minutes: float = 8.0, label: str = "car") -> Iterator[bytes]:
    """Something that stands, looked at every five seconds; a chunk a minute."""
    begin = ms(start)
    thing = Thing(name, begin, box)
    seen = (Seen(thing, label, 0.9, box, 0.0),)
    for minute in range(round(minutes)):
        since = begin + minute * 60_000
        rows = [Row(since + at_ms, "objects", seen=seen) for at_ms in range(0, 60_000, 5_000)]
        if minute == round(minutes) - 1:
            rows.append(Row(since + 60_000, "objects", ended=(name,)))
        yield pack(Chunk(since, since + 60_000, ASPECT, tuple(rows)))


def watched(start: datetime, end: datetime) -> Iterator[bytes]:
    """Nothing happened, and somebody looked."""
    at = start
    while at < end:
        until = min(at + timedelta(minutes=1), end)
        yield pack(Chunk(ms(at), ms(until), ASPECT))
        at = until
