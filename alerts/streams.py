"""Streams: what each (source, kind, subject) last said for or against a pattern, in event time.

Shapes keep this in their state. Messages may come in any order: an affirmation that is older than the newest
contradiction changes nothing, and a late contradiction moves the beginning of the state behind itself. Of two words
with the same time the one that arrived last counts. A stream whose source fell silent is `lost`: not contradicted,
but nothing new is concluded from it. Every function returns a new value and leaves its arguments alone.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Mapping, Sequence
from typing import Any

from alerts.language.shape import STREAM_BYTES, TIME_BYTES, WITNESS_BYTES, Calm, source_of, witness_json
from hub.events import Event, Phase

Entry = Mapping[str, Any]
"""JSON: `no` newest contradiction, `yes` affirmations since (sorted), `first` and `last` witness, `lost`; times in
microseconds."""
Streams = Mapping[str, Entry]

MOST_STREAMS = 256
"""Per key. More sources than this in one site are beyond any we know; the one heard of longest ago gives way."""
MOST_TIMES = 32
"""Affirmations kept per stream: the first, which dates the state, and the newest ones, for late contradictions."""
FORGET_US = 300_000_000
"""5 minutes, the horizon within which order of arrival does not matter: then a finished track may be forgotten."""


ENTRY_BYTES = STREAM_BYTES + 2 * WITNESS_BYTES + (MOST_TIMES + 2) * TIME_BYTES
"""An Entry with its name, as it is stored."""


def with_yes(denied_us: int | None, times: Sequence[int], at_us: int) -> list[int] | None:
    """The affirmations since the newest contradiction, with one more; None when it is older than the contradiction."""
    if denied_us is not None and at_us < denied_us:
        return None
    result = list(times)
    insort(result, at_us)
    if len(result) > MOST_TIMES:
        del result[1]
    return result


def with_no(denied_us: int | None, times: Sequence[int], at_us: int) -> tuple[int, list[int]]:
    """The newest contradiction and the affirmations after it, with one more contradiction."""
    newest_us = at_us if denied_us is None else max(denied_us, at_us)
    return newest_us, [moment for moment in times if moment > newest_us]


def affirm(streams: Streams, event: Event) -> tuple[Streams, Entry | None]:
    """Note that `event` matches.

    Returns:
        The streams, and the entry now; None when a newer Event of this stream had contradicted it already.
    """
    name, at_us = event.stream, event.moment_us
    entry = streams.get(name, {})
    denied_us = entry.get("no")
    times = with_yes(denied_us, entry.get("yes", ()), at_us)
    if times is None:
        return streams, None
    witness = witness_json(event)
    earliest, newest = times[0] == at_us, times[-1] == at_us
    entry = {
        "no": denied_us,
        "yes": times,
        "first": witness if earliest and (len(times) == 1 or times[1] > at_us) else entry["first"],
        "last": witness if newest else entry["last"],
    }
    return _with(streams, name, entry), entry


def deny(streams: Streams, event: Event) -> tuple[Streams, bool]:
    """Note that `event`, of a stream that may have matched, does not match.

    A subject (a track) is spoken of over one link that keeps order, so for one that never matched nothing is noted.

    Returns:
        The streams, the same object when nothing is noted; and whether nothing stands any more that did before.
    """
    name, at_us = event.stream, event.moment_us
    entry = streams.get(name)
    if entry is None:
        if event.subject is not None:
            return streams, False
        return _with(streams, name, Calm(no=at_us, yes=[])), False
    if entry["no"] is not None and at_us < entry["no"]:
        return streams, False
    if not entry["yes"]:  # nearly always
        return {**streams, name: Calm(no=at_us, yes=[])}, False
    denied_us, times = with_no(entry["no"], entry["yes"], at_us)
    changed: dict[str, Any] = Calm(no=denied_us, yes=times)
    if times:
        changed = {"no": denied_us, "yes": times, "first": entry["last"], "last": entry["last"]}
        if entry.get("lost"):
            changed["lost"] = True
    elif event.phase is Phase.ENDED and event.subject is not None:
        after = {other: kept for other, kept in streams.items() if other != name}
        return after, not names_standing(after)
    after = {**streams, name: changed}
    return after, not names_standing(after)


def names_standing(streams: Streams) -> list[str]:
    """The names of the streams that matched and were not contradicted since, in no order."""
    return [name for name, entry in streams.items() if entry["yes"]]


def standing(streams: Streams) -> list[tuple[str, Entry]]:
    """The streams that matched and were not contradicted since, the longest-standing first."""
    found = [(name, entry) for name, entry in streams.items() if entry["yes"]]
    return sorted(found, key=lambda pair: (pair[1]["yes"][0], pair[0]))


def lose(streams: Streams, source: str) -> Streams:
    """Mark what stands by the word of `source` as lost."""
    return {
        name: {**entry, "lost": True} if entry["yes"] and source_of(name) == source else entry
        for name, entry in streams.items()
    }


def drop_lost(streams: Streams, source: str) -> Streams:
    """Forget what `source` had said before it was lost."""
    return {
        name: entry
        for name, entry in streams.items()
        if not (entry.get("lost") and entry["yes"] and source_of(name) == source)
    }


def _with(streams: Streams, name: str, entry: Entry) -> Streams:
    """The streams with this entry.

    One more makes room: finished subjects beyond the horizon are forgotten, and when there are too many all the same
    the oldest gives way, of those that do not stand if there are any.
    """
    result = {**streams, name: entry}
    if name in streams:
        return result
    newest_us = _age(entry)
    old = [
        other
        for other, kept in streams.items()
        if not kept["yes"] and not other.endswith("|") and newest_us - _age(kept) > FORGET_US
    ]
    for other in old:
        del result[other]
    if len(result) > MOST_STREAMS:
        del result[min((each for each in result if each != name), key=lambda each: _precedence(each, result[each]))]
    return result


def _precedence(name: str, entry: Entry) -> tuple[bool, int, str]:
    return bool(entry["yes"]), _age(entry), name


def _age(entry: Entry) -> int:
    newest: int = max(entry["yes"][-1] if entry["yes"] else 0, entry["no"] or 0)
    return newest
