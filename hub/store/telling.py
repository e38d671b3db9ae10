"""Telling: which stored Events could matter to some rules, found in the database before any of them is read.

Nearly every Event says of its stream (source, kind and subject) that nothing is the matter. Of a stream that never says
anything else, none has to be read. So the log is gone through twice: first for the streams that have something to tell,
then for all Events of these streams. Whoever asks says by Signs what that is. What is found may be too much, never too
little; only SQLite is asked like this, any other database gives all Events.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

MOST_STREAMS = 100_000
"""With more that have something to tell, all is read."""
_PARTS = frozenset({"area", "camera", "driver", "site", "source", "subject", "zone"})
"""Names that are parts of the Event itself; one that is not there is known to be none."""


@dataclass(frozen=True, slots=True)
class Sign:
    """What an Event must have in it to tell something.

    Attributes:
        words: By name, values of which it has one; where the name is missing or its value of another type, it tells
            something as well.
        quiet: A field, and two numbers: a number between them tells nothing.
    """

    words: Mapping[str, frozenset[str | bool]]
    quiet: tuple[str, float, float] | None = None


@dataclass(frozen=True, slots=True)
class Listening:
    """What one rule wants to hear.

    Attributes:
        signs: By kind, the Signs of which an Event must have one.
        ending: Kinds of which it wants to hear everything, but only where something was told.
        same: What is meant by that: `source`, `camera`, `site` or `area`.
    """

    signs: Mapping[str, tuple[Sign, ...]]
    ending: frozenset[str] = frozenset()
    same: str = "source"


@dataclass(frozen=True, slots=True)
class Bounds:
    """Events with a greater number, that arrived since and before."""

    after: int
    since: str | None
    until: str | None

    def where(self) -> tuple[str, list[object]]:
        """As a condition with its parameters."""
        parts: list[tuple[str, object]] = [("seq > ?", self.after)]
        parts += [(text, value) for text, value in (("arrived >= ?", self.since), ("arrived < ?", self.until)) if value]
        return " AND ".join(text for text, _ in parts), [value for _, value in parts]


@dataclass(frozen=True, slots=True)
class Heard:
    """A condition on the Events of one kind, with its parameters."""

    where: str
    values: tuple[object, ...]


def heard_of(connection: Connection, listening: Sequence[Listening], bounds: Bounds) -> dict[str, Heard | None]:
    """By kind, which Events have to be read: None for all of them, no entry for none."""
    kinds = {kind for rule in listening for kind in (*rule.signs, *rule.ending)}
    if connection.dialect.name != "sqlite":
        return dict.fromkeys(kinds)
    streams: dict[str, set[str]] = {kind: set() for kind in kinds}
    places: list[set[str]] = []
    for rule in listening:
        there: set[str] = set()
        for kind, signs in rule.signs.items():
            for stream, place in _that_tell(connection, kind, signs, same=rule.same, bounds=bounds):
                streams[kind].add(stream)
                there.add(place)
        places.append(there - {""})
    found: dict[str, Heard | None] = {}
    for kind in kinds:
        sets = [(_STREAM, streams[kind])]
        sets += [
            (_expression(rule.same), there)
            for rule, there in zip(listening, places, strict=True)
            if kind in rule.ending
        ]
        some = [(expression, wanted) for expression, wanted in sets if wanted]
        if sum(len(wanted) for _, wanted in some) > MOST_STREAMS:
            found[kind] = None
        elif some:
            where = " OR ".join(expression + " IN (SELECT value FROM json_each(?))" for expression, _ in some)  # noqa: S608
            found[kind] = Heard(where, tuple(json.dumps(sorted(wanted)) for _, wanted in some))
    return found


def read(connection: Connection, kind: str, heard: Heard, *, bounds: Bounds, limit: int) -> list[tuple[int, str]]:
    """The next numbers and bodies of a kind."""
    within, values = bounds.where()
    query = f"SELECT seq, body FROM events WHERE kind = ? AND {within} AND ({heard.where}) ORDER BY seq LIMIT ?"  # noqa: S608
    rows = connection.exec_driver_sql(query, (kind, *values, *heard.values, limit))
    return [(seq, body) for seq, body in rows]


def _that_tell(
    connection: Connection, kind: str, signs: Sequence[Sign], *, same: str, bounds: Bounds
) -> list[tuple[str, str]]:
    """The streams of a kind that have something to tell, each with where."""
    within, values = bounds.where()
    nothing = [_nothing(sign) for sign in signs]
    silent = " AND ".join(f"({text})" for text, _ in nothing)
    query = (
        f"SELECT DISTINCT {_STREAM}, coalesce({_expression(same)}, '') FROM events"  # noqa: S608 - parts of ours alone
        f" WHERE kind = ? AND {within} AND NOT coalesce({silent}, 0)"
    )
    parameters = (kind, *values, *(value for _, some in nothing for value in some))
    return [(stream, place) for stream, place in connection.exec_driver_sql(query, parameters)]


_STREAM = "source || '|' || coalesce(json_extract(body, '$.subject'), '')"


def _expression(same: str) -> str:
    return "source" if same == "source" else f"json_extract(body, '$.{same}')"


def _nothing(sign: Sign) -> tuple[str, list[object]]:
    """The condition that an Event says nothing of this, with its parameters; what is not known makes it NULL."""
    parts: list[tuple[str, list[object]]] = [("0", [])]
    for name, values in sign.words.items():
        if '"' in name:
            continue
        path = f'$."{name}"' if name in _PARTS else f'$.fields."{name}"'
        if name in _PARTS:
            parts.append(("json_type(body, ?) IS NULL", [path]))
        if name == "zone_use":
            parts.append(("json_type(body, '$.zone') IS NULL", []))
        words = [each for each in values if isinstance(each, str)]
        if words:
            marks = ", ".join("?" * len(words))
            text = f"json_type(body, ?) = 'text' AND json_extract(body, ?) NOT IN ({marks})"
            parts.append((text, [path, path, *words]))
        elif len(values) == 1:
            parts.append(("json_type(body, ?) = ?", [path, "false" if True in values else "true"]))
    if sign.quiet is not None and '"' not in sign.quiet[0]:
        name, low, high = sign.quiet
        path = f'$.fields."{name}"'
        text = "json_type(body, ?) IN ('integer', 'real')"
        some: list[object] = [path]
        for compare, bound in ((">", low), ("<", high)):
            if math.isfinite(bound):
                text += f" AND json_extract(body, ?) {compare} ?"
                some += [path, bound]
        parts.append((text, some))
    return " OR ".join(f"({text})" for text, _ in parts), [value for _, some in parts for value in some]
