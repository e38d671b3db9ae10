"""Chunks: some seconds of what was followed on one camera, packed: where each thing was, twice a second at most.

No picture, no name, no plate: a label, a box and a time. Packed as JSON in whole numbers, deflated: some ten bytes for
a thing at a moment. A chunk may come from a worker that is in the hands of a camera, so whatever it holds is checked.
Must not load PyAV or OpenCV: the hub imports this.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from hub.geometry import Box

MOST_PACKED_BYTES: Final = 256 * 1024
_MOST_BYTES: Final = 4 * 1024 * 1024
_VERSION: Final = 1
_SHARES: Final = 10_000
_HUNDREDTHS: Final = 100

Driver = Literal["objects", "movers", "cut"]
"""What followed it; at a cut all of them lost what they followed."""
_DRIVERS: Final[tuple[Driver, ...]] = ("objects", "movers", "cut")


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that is followed.

    Attributes:
        id: Of its track.
        begun_ms: When it was first seen, since 1970.
        first: Where that was.
    """

    id: str
    begun_ms: int
    first: Box


@dataclass(frozen=True, slots=True)
class Seen:
    """A thing at a moment.

    Attributes:
        thing: Which.
        label: What it is called.
        score: How sure that is, 0..1.
        box: Where it is.
        travelled: How far it came, in its own sizes.
    """

    thing: Thing
    label: str
    score: float
    box: Box
    travelled: float


@dataclass(frozen=True, slots=True)
class Row:
    """One look.

    Attributes:
        at_ms: When, since 1970.
        driver: What followed.
        disarmed: The camera looked elsewhere, so its zones were nowhere.
        seen: What was seen.
        ended: Ids of what was given up since the row before.
    """

    at_ms: int
    driver: Driver
    disarmed: bool = False
    seen: tuple[Seen, ...] = ()
    ended: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some seconds.

    Attributes:
        from_ms: The camera was watched from here, since 1970.
        to_ms: To here.
        aspect: Height of its picture over the width.
        rows: In order.
    """

    from_ms: int
    to_ms: int
    aspect: float
    rows: tuple[Row, ...] = ()


def pack(chunk: Chunk) -> bytes:
    """The chunk in few bytes."""
    things: dict[str, int] = {}
    table: list[list[Any]] = []
    labels: dict[str, int] = {}
    last: dict[int, list[int]] = {}
    rows = []
    for row in chunk.rows:
        seen = []
        for one in row.seen:
            if one.thing.id not in things:
                things[one.thing.id] = len(table)
                table.append([one.thing.id, one.thing.begun_ms - chunk.from_ms, *_whole(one.thing.first)])
            number = things[one.thing.id]
            label = labels.setdefault(one.label, len(labels))
            said = [label, round(one.score * _HUNDREDTHS), *_whole(one.box), min(round(one.travelled * 10), 9999)]
            seen.append([number] if last.get(number) == said else [number, *said])
            last[number] = said
        rows.append([row.at_ms - chunk.from_ms, _DRIVERS.index(row.driver), int(row.disarmed), seen, list(row.ended)])
    body = {
        "v": _VERSION,
        "from": chunk.from_ms,
        "to": chunk.to_ms,
        "aspect": round(chunk.aspect, 4),
        "labels": list(labels),
        "things": table,
        "rows": rows,
    }
    return zlib.compress(json.dumps(body, separators=(",", ":")).encode(), 6)


def unpack(data: bytes) -> Chunk:
    """The chunk that `pack` wrote.

    Raises:
        ValueError: It is none.
    """
    try:
        opening = zlib.decompressobj()
        text = opening.decompress(data, _MOST_BYTES)
        if opening.unconsumed_tail:
            raise ValueError("a chunk of a trace is too large")
        return _read(json.loads(text))
    except (zlib.error, KeyError, IndexError, TypeError, OverflowError) as error:
        raise ValueError(f"no chunk of a trace: {error!r}") from error


def _read(body: Mapping[str, Any]) -> Chunk:
    if body["v"] != _VERSION:
        raise ValueError("a trace of another version")
    begin, end = int(body["from"]), int(body["to"])
    labels = [str(each)[:32] for each in body["labels"]]
    things = [
        Thing(str(id_)[:64], begin + int(begun), _box(first))
        for id_, begun, *first in body["things"]
    ]  # fmt: skip
    last: dict[int, Seen] = {}
    rows = []
    for offset, driver, disarmed, seen, ended in body["rows"]:
        looked = []
        for number, *said in seen:
            if said:
                label, score, *box, travelled = said
                last[number] = Seen(
                    things[number], labels[label], score / _HUNDREDTHS, _box(box), max(0.0, travelled / 10)
                )
            looked.append(last[number])
        gone = tuple(str(each)[:64] for each in ended)
        rows.append(Row(begin + int(offset), _DRIVERS[driver], bool(disarmed), tuple(looked), gone))
    aspect = float(body["aspect"])
    if not 0.05 < aspect < 20 or end < begin:  # noqa: PLR2004 - no picture is so narrow
        raise ValueError("a trace of no picture")
    return Chunk(begin, end, aspect, tuple(rows))


def _whole(box: Box) -> list[int]:
    return [round(each * _SHARES) for each in (box.x, box.y, box.w, box.h)]


def _box(whole: list[int]) -> Box:
    x, y, w, h = (min(max(int(each) / _SHARES, -1.0), 2.0) for each in whole)
    return Box(x, y, w, h)
