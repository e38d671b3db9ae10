"""Alert: a rule's claim about one subject, and what can become of it.

The engine alone makes Alerts and moves their condition; people never do (see `incidents/`). An Alert that is closed
is never opened again. The engine says what happened as Changes; `as_json` is how the API, the journal and MQTT show
one.
"""

from __future__ import annotations

import enum
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, ClassVar

from config.community import Level
from hub.events import time_from_text, time_to_text

_IDS = uuid.UUID("6f0e7a52-0d8e-5c1b-9c57-6a5f5b2d9e10")
"""The name space of alert ids; any constant does, it only must never change."""

MOST_EVENTS = 16
"""Ids kept in `why`: the first and the newest ones."""


class Condition(enum.StrEnum):
    """Whether what the alert claims is so."""

    ACTIVE = "active"
    RETURNED = "returned"
    """Normal again."""
    CLOSED = "closed"
    """Normal again and dealt with."""


@dataclass(frozen=True, slots=True)
class Text:
    """What is said or to be done, in both languages."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Alert:
    """One claim.

    Attributes:
        id: Made from rule, key and first event, so that a replay gives the same.
        rule: Id of the rule that raised it.
        rule_version: Its version then.
        kind: Alert kind.
        key: Its subject; one Alert is open for each (kind, key).
        level: The highest that its holders claim.
        condition: Active, returned or closed.
        started: Event time at which what it claims began.
        raised: Hub time when it became active.
        last_seen: Event time of the newest support.
        text: What is said.
        do: What to do.
        site, area, camera, zone, sensor: Where, as far as known.
        returned: Hub time when it became normal again, None while active.
        times: How often it was raised or happened again.
        holders: Level by id of each rule that claims it now.
        shape: Kind of the shape that raised it.
        facts: What was measured when it last spoke.
        events: Ids of events that spoke for it.
        against: Ids of events that speak against it and became known only later.
        resolved: A person resolved it; it closes when it returns.
        latched: Only a person ends it.
        to_reset: Its device has to be reset by a person when what it claims has ended.
        shadow: Nobody is told; it is only recorded.
        muted_by: Id of the active alert that hides it, None when it is shown.
    """

    id: str
    rule: str
    rule_version: int
    kind: str
    key: str
    level: Level
    condition: Condition
    started: datetime
    raised: datetime
    last_seen: datetime
    text: Text
    do: Text
    site: str | None = None
    area: str | None = None
    camera: str | None = None
    zone: str | None = None
    sensor: str | None = None
    returned: datetime | None = None
    times: int = 1
    holders: Mapping[str, Level] = field(default_factory=lambda: MappingProxyType({}))
    shape: str = ""
    facts: Mapping[str, float | str] = field(default_factory=lambda: MappingProxyType({}))
    events: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    resolved: bool = False
    latched: bool = False
    to_reset: bool = False
    shadow: bool = False
    muted_by: str | None = None

    @property
    def why(self) -> dict[str, Any]:
        """What it rests on, for the one who asks."""
        return {
            "rule": self.rule,
            "version": self.rule_version,
            "shape": self.shape,
            "facts": dict(self.facts),
            "events": list(self.events),
            "against": list(self.against),
            "rules": sorted(self.holders),
        }


def alert_id(rule: str, key: str, first_event: str) -> str:
    """The id of the Alert that a rule raises for a key, beginning with an event."""
    return uuid.uuid5(_IDS, f"{rule}\x1f{key}\x1f{first_event}").hex


def seen_again(alert: Alert, events: tuple[str, ...], seen: datetime) -> Alert:
    """The alert with more events that speak for it, the newest of them at `seen`."""
    known = tuple(dict.fromkeys((*alert.events, *events)))
    if len(known) > MOST_EVENTS:
        known = (known[0], *known[-(MOST_EVENTS - 1) :])
    return replace(alert, events=known, last_seen=max(alert.last_seen, seen))


_TIMES = ("started", "raised", "last_seen", "returned")


def as_json(alert: Alert) -> dict[str, Any]:
    """The Alert as JSON types, all of it."""
    body: dict[str, Any] = {}
    for each in fields(alert):
        value = getattr(alert, each.name)
        if isinstance(value, datetime):
            value = time_to_text(value)
        elif isinstance(value, Text):
            value = {"zh": value.zh, "en": value.en}
        elif isinstance(value, enum.StrEnum):
            value = value.value
        elif isinstance(value, tuple):
            value = list(value)
        elif isinstance(value, Mapping):
            value = {name: inner.value if isinstance(inner, enum.StrEnum) else inner for name, inner in value.items()}
        body[each.name] = value
    return body


def from_json(body: Mapping[str, Any]) -> Alert:
    """The Alert that `as_json` wrote."""
    parts = dict(body)
    for name in _TIMES:
        parts[name] = None if parts[name] is None else time_from_text(parts[name])
    parts["level"] = Level(parts["level"])
    parts["condition"] = Condition(parts["condition"])
    parts["text"] = Text(**parts["text"])
    parts["do"] = Text(**parts["do"])
    parts["holders"] = {rule: Level(level) for rule, level in parts["holders"].items()}
    parts["events"] = tuple(parts["events"])
    parts["against"] = tuple(parts.get("against", ()))
    return Alert(**parts)


@dataclass(frozen=True, slots=True)
class Change:
    """Something happened to an Alert.

    Attributes:
        alert: As it is now.
        at: Hub time.
    """

    move: ClassVar[str] = ""
    """The word in the journal; empty for what is stored without an entry."""

    alert: Alert
    at: datetime


class Raised(Change):
    """It is new."""

    __slots__ = ()
    move = "raised"


class Supported(Change):
    """It still holds; only its times moved."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Withheld(Change):
    """It would have been raised, and was not; `alert` is what it would have been.

    Attributes:
        zh, en: Why, in words.
        again: The journal has it already: it was withheld for the same hours before.
    """

    move: ClassVar[str] = "withheld"

    zh: str = ""
    en: str = ""
    again: bool = False


class Muted(Change):
    """Another alert that is active hides it."""

    __slots__ = ()
    move = "muted"


class Shown(Change):
    """It is active, and nothing hides it any more."""

    __slots__ = ()
    move = "shown"


@dataclass(frozen=True, slots=True)
class Contradicted(Change):
    """What was observed before it was raised, and became known only now, speaks against it.

    Attributes:
        event: Id of the Event.
        happened: When that was observed.
    """

    move: ClassVar[str] = "contradicted"

    event: str = ""
    happened: datetime | None = None


class Recurred(Change):
    """It happened again after a while."""

    __slots__ = ()
    move = "recurred"


class Reactivated(Change):
    """It had returned and is active again."""

    __slots__ = ()
    move = "reactivated"


class Rose(Change):
    """Its level rose."""

    __slots__ = ()
    move = "rose"


class Fell(Change):
    """Its level fell."""

    __slots__ = ()
    move = "fell"


class Returned(Change):
    """What it claimed is normal again."""

    __slots__ = ()
    move = "returned"


class Closed(Change):
    """Normal again and dealt with."""

    __slots__ = ()
    move = "closed"
