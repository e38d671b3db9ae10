"""Figures of the room: how often the people there are asked to act, measured as ISA-18.2 and EEMUA 191 measure it.

An annunciation is one demand on the operator: an alert is raised, rises, comes out of hiding, or comes back a minute or
more after it had returned. What is muted, in the shadow or for information only (green) demands nothing. Pure: the
same signs in the same order give the same figures, whether they come from the journal or from a replay.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from alerts.alert import Change, Fell, Muted, Raised, Reactivated, Returned, Rose, Shown
from alerts.incident import REALARM_AFTER_S
from alerts.kinds import family
from alerts.views import JournalEntry
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

_MOVES = {each.move: each for each in (Raised, Rose, Fell, Reactivated, Shown, Muted, Returned)}


@dataclass(frozen=True, slots=True)
class Sign:
    """One move of an alert, as far as the figures need it.

    Attributes:
        at: Hub time.
        move: The word in the journal.
        alert: Alert id.
        kind: Alert kind.
        rule: The rule that raised it.
        key: Its subject.
        level: Its level now.
        hidden: Nobody sees it: it is muted.
    """

    at: datetime
    move: str
    alert: str
    kind: str
    rule: str
    key: str
    level: Level
    hidden: bool


def sign_of(change: Change) -> Sign | None:
    """What a Change of the engine means for the figures; None when it means nothing."""
    alert = change.alert
    if alert.shadow or change.move not in _MOVES:
        return None
    return Sign(
        change.at, change.move, alert.id, alert.kind, alert.rule, alert.key, alert.level, alert.muted_by is not None
    )


def sign_of_entry(entry: JournalEntry) -> Sign | None:
    """What a journal entry means for the figures; None when it means nothing."""
    if entry.topic != "alert" or entry.move not in _MOVES:
        return None
    body = entry.body
    return Sign(
        at=entry.at,
        move=entry.move,
        alert=entry.subject,
        kind=body["kind"],
        rule=body["rule"],
        key=body["key"],
        level=Level(body["level"]),
        hidden=body.get("muted_by") is not None,
    )


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
        most_in_ten_minutes: In any ten minutes.
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


def measure(signs: Iterable[Sign], *, since: datetime, until: datetime) -> Load:
    """The figures between two times.

    Args:
        signs: In the order in which they were recorded; those from before `since` only tell what stood then.
        since: First moment counted.
        until: First moment not counted any more.

    Raises:
        ValueError: `until` is not after `since`.
    """
    if until <= since:
        raise ValueError("until must be after since")
    meter = _Meter(since)
    for sign in signs:
        if sign.at < until:
            meter.take(sign)
    return meter.load(until)


class _Meter:
    def __init__(self, since: datetime) -> None:
        self._since = since
        self._rung: list[Sign] = []
        self._active: dict[str, datetime] = {}
        self._returned: dict[str, datetime] = {}
        self._recent: dict[tuple[str, str], deque[datetime]] = defaultdict(lambda: deque(maxlen=CHATTER))
        self._chattering: dict[tuple[str, str], None] = {}
        self._fleeting = 0
        self._stale = 0

    def take(self, sign: Sign) -> None:
        counted = sign.at >= self._since
        if sign.move == Returned.move:
            began = self._active.pop(sign.alert, None)
            self._returned[sign.alert] = sign.at
            if counted and began is not None:
                self._fleeting += sign.at - began < FLEETING
                self._stale += sign.at - began > STALE
            return
        if sign.move in (Raised.move, Reactivated.move):
            self._active[sign.alert] = sign.at
            if counted:
                self._heed_chatter(sign)
        if counted and self._rings(sign):
            self._rung.append(sign)

    def load(self, until: datetime) -> Load:
        times = [sign.at for sign in self._rung]
        span = until - self._since
        floods, most = _floods(self._rung, until)
        in_flood = sum(((each.ended or until) - each.began for each in floods), timedelta())
        periods = Counter((at - self._since) // TEN_MINUTES for at in times)
        busy = sum(count > FLOOD_BEGINS for count in periods.values())
        families = Counter(family(sign.kind) for sign in self._rung)
        rules = Counter(sign.rule for sign in self._rung)
        return Load(
            since=self._since,
            until=until,
            annunciations=len(times),
            most_in_ten_minutes=most,
            busy_share=busy / max(1, -(-span // TEN_MINUTES)),
            flood_share=in_flood / span,
            floods=floods,
            levels=MappingProxyType(Counter(sign.level for sign in self._rung)),
            families=MappingProxyType(dict(sorted(families.items()))),
            rules=tuple(sorted(rules.items(), key=lambda each: (-each[1], each[0]))),
            chattering=tuple(self._chattering),
            fleeting=self._fleeting,
            stale=self._stale + sum(until - began > STALE for began in self._active.values()),
        )

    def _rings(self, sign: Sign) -> bool:
        if sign.hidden or sign.level is Level.INFO:
            return False
        if sign.move == Reactivated.move:
            returned = self._returned.get(sign.alert)
            return returned is None or sign.at - returned >= timedelta(seconds=REALARM_AFTER_S)
        return sign.move in (Raised.move, Rose.move, Shown.move)

    def _heed_chatter(self, sign: Sign) -> None:
        subject = (sign.kind, sign.key)
        recent = self._recent[subject]
        recent.append(sign.at)
        if len(recent) == CHATTER and recent[-1] - recent[0] <= CHATTER_WITHIN:
            self._chattering[subject] = None


def _floods(rung: Sequence[Sign], until: datetime) -> tuple[tuple[Flood, ...], int]:
    """The floods among annunciations in order of time, and the most annunciations in any ten minutes."""
    floods: list[Flood] = []
    window: deque[Sign] = deque()
    began: datetime | None = None
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
        most = max(most, len(window))
        if began is not None:
            count += 1
        elif len(window) > FLOOD_BEGINS:
            began, count = sign.at, len(window)
            first = (window[0].kind, window[0].key)
    leave(until)
    if began is not None:
        floods.append(Flood(began, None, count, first))
    return tuple(floods), most
