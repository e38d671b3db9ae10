"""Shape: the frame that every rule shape in `alerts/rules/` fills, one file each.

A shape looks at the Events of one key (one site, one camera and zone, ...) and says what it makes of them. It is pure:
the state goes in and the new state comes out, as JSON types, never changed in place; time is what it is given. So a
restart, a replay, a backtest and a rule test run the same code. What stands around a shape in a rule (key, clearing,
level, words) is the engine's affair; a shape knows nothing of alerts.

`PLUGIN.build(options)` makes a Shape from the plugin's options.
"""

from __future__ import annotations

import enum
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

from alerts.language.pattern import Pattern
from alerts.language.places import Places
from config.community import Level
from hub.calendar import Window
from hub.events import Event
from hub.store.telling import Sign

State = Mapping[str, Any]
"""JSON types only. Empty means that nothing has to be remembered."""

NO_STATE: State = MappingProxyType({})


def moment_us(event: Event) -> int:
    """When the Event counts as having happened: a device clock that runs ahead must not delay an alarm."""
    return event.moment_us


def stream_of(event: Event) -> str:
    """The name of the state an Event speaks about: one source, kind and subject."""
    return event.stream


def source_of(stream: str) -> str:
    """The source within a stream's name."""
    return stream.partition("|")[0]


ID_BYTES = 72
"""An id as it is stored, with what stands around it: 64 characters at most."""
TIME_BYTES = 24
"""A time or a number, with its name."""
STREAM_BYTES = 3 * ID_BYTES
WITNESS_BYTES = 7 * ID_BYTES + TIME_BYTES
"""As `Witness.to_json`: an event, a source, and a place of up to four names."""


class Verdict(enum.Enum):
    """What a shape claims about its key."""

    HOLDS = "holds"
    """The condition is true and stays so until contradicted."""
    HAPPENED = "happened"
    """It was true at that moment; nothing says how long."""
    OVER = "over"
    """The condition is no longer true."""


@dataclass(frozen=True, slots=True)
class Witness:
    """The Event that speaks for a claim, as much of it as an alert needs.

    Attributes:
        event: Its id.
        at_us: When it happened.
        source: Who said it.
        place: site, area, camera and zone, those that are known.
    """

    event: str
    at_us: int
    source: str
    place: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of(cls, event: Event) -> Witness:
        """The witness that `event` is."""
        places = (("site", event.site), ("area", event.area), ("camera", event.camera), ("zone", event.zone))
        known = {name: value for name, value in places if value is not None}
        return cls(event.id, moment_us(event), event.source, known)

    def to_json(self) -> dict[str, Any]:
        """For a State."""
        return {"event": self.event, "at_us": self.at_us, "source": self.source, "place": dict(self.place)}

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Witness:
        """What `to_json` wrote."""
        return cls(body["event"], body["at_us"], body["source"], body["place"])


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing a shape says.

    Attributes:
        verdict: What.
        witness: The newest Event that speaks for it (or against it, when it is over).
        first: Id of the Event it began with; the alert's id is made from it.
        since_us: Event time of the beginning.
        level: For shapes with levels of their own.
        facts: What may be said in words, by name: the measured value, how long.
    """

    verdict: Verdict
    witness: Witness
    first: str
    since_us: int
    level: Level | None = None
    facts: Mapping[str, float | str] = field(default_factory=lambda: MappingProxyType({}))


def witness_json(event: Event) -> dict[str, Any]:
    """The Witness that `event` is, for a State; made for every Event that matches, so without the way over one."""
    place: dict[str, str] = {}
    if event.site is not None:
        place["site"] = event.site
    if event.area is not None:
        place["area"] = event.area
    if event.camera is not None:
        place["camera"] = event.camera
    if event.zone is not None:
        place["zone"] = event.zone
    return {"event": event.id, "at_us": event.moment_us, "source": event.source, "place": place}


class Calm(dict[str, Any]):
    """What a state keeps of a stream of which all there is to know is `no`: when it last said that all is well.

    Nearly every Event moves such a time on and does nothing else. So this is the one part of a state that the engine,
    whose states they are, moves on in place, without asking the shape (`Shape.calm`). A shape hands out a new one each
    time, under the stream's name in `streams`, and never changes one; what leaves the engine is a copy.
    """

    __slots__ = ()


class Step(NamedTuple):
    """What came of one call; a tuple, because one is made for every Event and rule.

    Attributes:
        state: To be remembered.
        claims: What is claimed now, in order; none when nothing is new.
        due_us: When `on_due` wants to be called, None for never.
        unknown: Whether a field was missing or of the wrong type.
    """

    state: State
    claims: tuple[Claim, ...] = ()
    due_us: int | None = None
    unknown: bool = False


class Shape(ABC):
    """What a rule watches for.

    Attributes:
        kinds: Event kinds it wants to see.
        levels: The levels it decides on itself; empty when the rule gives the one.
        facts: Names that `say` may use besides the place: those in `Claim.facts`.
        several_sources: Whether it can only hold where several sources speak for one key.
        counts_only_hours: Whether it measures time by the hours of the rule's `only`.
        patterns: Where nothing is remembered of a key yet, an Event changes nothing for which each of these says NO or
            ASIDE (NO with the exception that `remembers_no` makes); empty says that any Event may.
        remembers_no: Whether the NO to an Event without a subject is remembered although nothing had matched.
        calm: Whether an Event of a stream that is Calm leaves it so; None when the shape keeps no such thing.
        near_m: So far around a site what happens counts for it too, in metres; None for the site alone.
        looks_back_s: How long before it holds something may have begun to count, in seconds.
    """

    kinds: frozenset[str]
    levels: tuple[Level, ...] = ()
    facts: tuple[str, ...] = ()
    several_sources: bool = False
    counts_only_hours: bool = False
    patterns: tuple[Pattern, ...] = ()
    remembers_no: bool = True
    calm: Callable[[Event], bool] | None = None
    near_m: float | None = None
    looks_back_s: float = 0.0

    @abstractmethod
    def on_event(self, state: State, event: Event, now_us: int) -> Step:
        """An Event of one of `kinds` with this key arrived. `state` is NO_STATE the first time."""

    def counting(self, only: Window | None) -> Shape:
        """The same shape, knowing the hours that its rule counts in: for one that measures only these."""
        del only
        return self

    def tells(self, kind: str) -> tuple[Sign, ...] | None:
        """What an Event of a kind has in it if its stream ever matters, one of these; None when each Event matters.

        A stream of which no pattern ever says YES or UNKNOWN leaves nothing behind that could be seen.
        """
        patterns = [pattern for pattern in self.patterns if kind in pattern.kinds]
        if not patterns or not all(pattern.fixed for pattern in patterns):
            return None
        return tuple(Sign(pattern.fixed) for pattern in patterns)

    def placed(self, places: Places) -> Shape:
        """The same shape, knowing where everything is: for one that asks what is near or at the same place."""
        del places
        return self

    def contradicts(self, state: State, event: Event, *, since_us: int, raised_us: int) -> bool:
        """Whether the alert of this state would not have been raised then, had `event` been known in time.

        Args:
            state: As it is before the Event.
            event: Of one of `kinds`.
            since_us: When what the alert claims had begun.
            raised_us: When it was raised.
        """
        del state, event, since_us, raised_us
        return False

    def on_near(self, state: State, event: Event, now_us: int) -> Step:
        """An Event of one of `kinds` happened at another site, not further away than `near_m`."""
        del event, now_us
        return Step(state, due_us=self.due_us(state))

    def on_due(self, state: State, now_us: int) -> Step:
        """The time in `Step.due_us` came."""
        del now_us
        return Step(state)

    def on_left(self, state: State, event: Event, now_us: int) -> Step:
        """The subject of a stream in `streams(state)` turned up under another key: it is no longer here."""
        del event, now_us
        return Step(state, due_us=self.due_us(state))

    def on_lost(self, state: State, source: str, now_us: int) -> Step:
        """`source` fell silent: what it said last is unknown now, so nothing may be concluded from it any more."""
        del source, now_us
        return Step(state, due_us=self.due_us(state))

    def on_back(self, state: State, source: str, now_us: int) -> Step:
        """`source` is back and begins afresh: what it said before it fell silent will never be contradicted."""
        del source, now_us
        return Step(state, due_us=self.due_us(state))

    @abstractmethod
    def most_bytes(self, streams: int) -> int:
        """The most that the state of one key takes as it is stored, if so many streams speak of it."""

    def due_us(self, state: State) -> int | None:
        """When `on_due` is wanted, going by the state alone."""
        del state
        return None

    def streams(self, state: State) -> Collection[str]:
        """The streams (`stream_of`) whose contradiction, silence or return this state must hear of."""
        del state
        return ()
