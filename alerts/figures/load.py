"""Figures of the room: how often the people there are asked to act, measured as ISA-18.2 and EEMUA 191 measure it.

What an annunciation is stands in `signs.py`. Pure: the same signs in the same order give the same figures,
whether they come from the journal or from a replay.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from alerts.alert import Raised, Reactivated, Returned
from alerts.figures.signs import Annunciation, Bell, Deed, Entry, Sign
from alerts.language.kinds import family
from config.community import Level
from hub.events import time_to_text

TEN_MINUTES = timedelta(minutes=10)
FLOOD_BEGINS = 10
"""A flood begins with more annunciations than this in ten minutes,"""
FLOOD_ENDS = 5
"""and ends when there are fewer than this (ISA-18.2)."""
CHATTER = 3
"""So often on within a minute is chatter."""
CHATTER_WITHIN = timedelta(seconds=60)
FLEETING = timedelta(seconds=10)
"""What is over sooner nobody could act on."""
STALE = timedelta(hours=24)
"""What stands longer is no alarm any more but a condition."""
MOST_FREQUENT = 10
MIX = MappingProxyType({"low": 0.80, "medium": 0.15, "high": 0.05})
"""How annunciations should be spread over priorities (EEMUA 191): yellow and blue are low, orange medium, red high."""
_PRIORITY = {
    Level.NOTICE: "low",
    Level.WARNING: "low",
    Level.SERIOUS: "medium",
    Level.CRITICAL: "high",
}


@dataclass(frozen=True, slots=True)
class Flood:
    """A time in which there was more than one person can follow.

    Attributes:
        began: With the annunciation that was too many.
        ended: When it was calm again; None when it was not.
        annunciations: In all of it, the ten minutes before included.
        first: Kind and key of what came first: often the cause.
    """

    began: datetime
    ended: datetime | None
    annunciations: int
    first: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Load:
    """What a room had to bear between two times.

    Attributes:
        since, until: The times.
        annunciations: All of them.
        times: When each was, in order.
        most_in_ten_minutes: In any ten minutes.
        busiest: When these ten minutes ended; None when there was none.
        busy_share: Share of the ten-minute periods in which there were more than ten.
        flood_share: Share of the time spent in floods.
        floods: Each of them.
        levels: Annunciations by level.
        families: By family of kinds.
        rules: By rule, the most frequent first.
        chattering: Subjects (kind, key) that came three times within a minute.
        fleeting: How many were over within ten seconds.
        stale: How many stood for more than a day.
    """

    since: datetime
    until: datetime
    annunciations: int
    most_in_ten_minutes: int
    busy_share: float
    flood_share: float
    times: tuple[datetime, ...] = ()
    busiest: datetime | None = None
    floods: tuple[Flood, ...] = ()
    levels: Mapping[Level, int] = field(default_factory=lambda: MappingProxyType({}))
    families: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    rules: tuple[tuple[str, int], ...] = ()
    chattering: tuple[tuple[str, str], ...] = ()
    fleeting: int = 0
    stale: int = 0

    def mean_per(self, span: timedelta) -> float:
        """Annunciations in a time of this length, on average."""
        return self.annunciations * (span / (self.until - self.since))

    def per(self, span: timedelta) -> tuple[tuple[datetime, int], ...]:
        """Annunciations in each stretch of this length from the beginning on, those without any included."""
        counts = Counter((at - self.since) // span for at in self.times)
        stretches = -(-(self.until - self.since) // span)
        return tuple((self.since + number * span, counts[number]) for number in range(stretches))

    @property
    def mix(self) -> Mapping[str, float]:
        """Share of each priority, to be held against `MIX`; all 0 when there was nothing."""
        total = max(1, self.annunciations)
        counts = Counter[str]()
        for level, count in self.levels.items():
            counts[_PRIORITY.get(level, "low")] += count
        return {priority: counts[priority] / total for priority in MIX}

    @property
    def most_frequent_share(self) -> float:
        """Share of the ten most frequent rules in all annunciations."""
        return sum(count for _, count in self.rules[:MOST_FREQUENT]) / max(1, self.annunciations)

    def to_json(self) -> dict[str, Any]:
        """As JSON types."""
        return {
            "since": time_to_text(self.since),
            "until": time_to_text(self.until),
            "annunciations": self.annunciations,
            "per_day": round(self.mean_per(timedelta(days=1)), 2),
            "per_hour": round(self.mean_per(timedelta(hours=1)), 3),
            "per_ten_minutes": round(self.mean_per(TEN_MINUTES), 3),
            "most_in_ten_minutes": self.most_in_ten_minutes,
            "busiest": None if self.busiest is None else time_to_text(self.busiest),
            "hours": _counts(self.per(timedelta(hours=1))),
            "days": _counts(self.per(timedelta(days=1))),
            "mix": {priority: round(share, 4) for priority, share in self.mix.items()},
            "most_frequent_share": round(self.most_frequent_share, 4),
            "busy_share": round(self.busy_share, 5),
            "flood_share": round(self.flood_share, 5),
            "floods": [
                {
                    "began": time_to_text(each.began),
                    "ended": None if each.ended is None else time_to_text(each.ended),
                    "annunciations": each.annunciations,
                    "first": {"kind": each.first[0], "key": each.first[1]},
                }
                for each in self.floods
            ],
            "levels": {level.value: self.levels.get(level, 0) for level in Level},
            "families": dict(self.families),
            "rules": [
                {"rule": rule, "annunciations": count, "share": round(count / self.annunciations, 4)}
                for rule, count in self.rules[:MOST_FREQUENT]
            ],
            "chattering": [{"kind": kind, "key": key} for kind, key in self.chattering],
            "fleeting": self.fleeting,
            "stale": self.stale,
        }


def measure(entries: Iterable[Entry], *, since: datetime, until: datetime) -> Load:
    """The figures between two times.

    Args:
        entries: In the order in which they were recorded; those from before `since` only tell what stood then.
        since: First moment counted.
        until: First moment not counted any more.

    Raises:
        ValueError: `until` is not after `since`.
    """
    if until <= since:
        raise ValueError("until must be after since")
    meter = _Meter(since)
    for entry in entries:
        if entry.at < until:
            meter.take(entry)
    return meter.load(until)


class _Meter:
    def __init__(self, since: datetime) -> None:
        self._since = since
        self._bell = Bell()
        self._rung: list[Annunciation] = []
        self._active: dict[str, datetime] = {}
        self._recent: dict[tuple[str, str], deque[datetime]] = defaultdict(lambda: deque(maxlen=CHATTER))
        self._chattering: dict[tuple[str, str], None] = {}
        self._fleeting = 0
        self._stale = 0

    def take(self, entry: Entry) -> None:
        self._rung += [each for each in self._bell.take(entry) if each.at >= self._since]
        if isinstance(entry, Deed):
            return
        if entry.move == Returned.move:
            began = self._active.pop(entry.alert, None)
            if entry.at >= self._since and began is not None:
                self._fleeting += entry.at - began < FLEETING
                self._stale += entry.at - began > STALE
        elif entry.move in (Raised.move, Reactivated.move):
            self._active[entry.alert] = entry.at
            if entry.at >= self._since:
                self._heed_chatter(entry)

    def load(self, until: datetime) -> Load:
        self._rung += [each for each in self._bell.flush() if each.at >= self._since]
        self._rung.sort(key=lambda each: each.at)
        times = tuple(each.at for each in self._rung)
        span = until - self._since
        floods, most, busiest = _floods(self._rung, until)
        in_flood = sum(((each.ended or until) - each.began for each in floods), timedelta())
        periods = Counter((at - self._since) // TEN_MINUTES for at in times)
        busy = sum(count > FLOOD_BEGINS for count in periods.values())
        families = Counter(family(each.kind) for each in self._rung)
        rules = Counter(each.rule for each in self._rung)
        return Load(
            since=self._since,
            until=until,
            annunciations=len(times),
            most_in_ten_minutes=most,
            busy_share=busy / max(1, -(-span // TEN_MINUTES)),
            flood_share=in_flood / span,
            times=times,
            busiest=busiest,
            floods=floods,
            levels=MappingProxyType(Counter(each.level for each in self._rung)),
            families=MappingProxyType(dict(sorted(families.items()))),
            rules=tuple(sorted(rules.items(), key=lambda each: (-each[1], each[0]))),
            chattering=tuple(self._chattering),
            fleeting=self._fleeting,
            stale=self._stale + sum(until - began > STALE for began in self._active.values()),
        )

    def _heed_chatter(self, sign: Sign) -> None:
        subject = (sign.kind, sign.key)
        recent = self._recent[subject]
        recent.append(sign.at)
        if len(recent) == CHATTER and recent[-1] - recent[0] <= CHATTER_WITHIN:
            self._chattering[subject] = None


def _counts(periods: Iterable[tuple[datetime, int]]) -> list[dict[str, Any]]:
    return [{"since": time_to_text(began), "annunciations": count} for began, count in periods]


def _floods(rung: Sequence[Annunciation], until: datetime) -> tuple[tuple[Flood, ...], int, datetime | None]:
    """The floods among annunciations in order of time, the most of them in any ten minutes, and when these ended."""
    floods: list[Flood] = []
    window: deque[Annunciation] = deque()
    began: datetime | None = None
    busiest: datetime | None = None
    first, count, most = ("", ""), 0, 0

    def leave(now: datetime) -> None:
        """Let go of what is ten minutes old; a flood ends the moment few enough are left."""
        nonlocal began
        while window and window[0].at + TEN_MINUTES <= now:
            gone = window.popleft().at + TEN_MINUTES
            if began is not None and len(window) < FLOOD_ENDS:
                floods.append(Flood(began, gone, count, first))
                began = None

    for sign in rung:
        leave(sign.at)
        window.append(sign)
        if len(window) > most:
            most, busiest = len(window), sign.at
        if began is not None:
            count += 1
        elif len(window) > FLOOD_BEGINS:
            began, count = sign.at, len(window)
            first = (window[0].kind, window[0].key)
    leave(until)
    if began is not None:
        floods.append(Flood(began, None, count, first))
    return tuple(floods), most, busiest
