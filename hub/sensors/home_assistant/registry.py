"""Registry: what was discovered, and who listens to which topic; bounded, and rebuilt by the retained configs.

Not safe by itself: `payloads/home_assistant.py` holds its lock around every call. What must hold: at most `CONFIGS`
configs, `FOLLOWED` topics, and `TOPICS` of one device; a config that would go beyond is refused and the ones before
stand; what a removed config asked for is forgotten with it.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from hub.sensors.errors import PayloadError
from hub.sensors.home_assistant.configs import ENTITIES, TOPICS, Announced, Available, Device, Entity
from hub.sensors.home_assistant.templates import Values, render

CONFIGS = 5_000
FOLLOWED = 4_000

Key = tuple[str, str]
"""Config topic, and the entity's key within it."""


@dataclass(slots=True, eq=False)
class Known:
    """An entity that was announced.

    Attributes:
        key: Where it was announced.
        entity: What it is.
        subject: What it is called where its device says the same of several parts.
        muted: Another entity of its device tells the same presses.
        there: What each availability topic said last.
        latest: The last of these words.
    """

    key: Key
    entity: Entity
    subject: str | None = None
    muted: bool = False
    there: dict[str, bool] = field(default_factory=dict)
    latest: bool | None = None

    @property
    def available(self) -> bool | None:
        """Whether it is there; None while too little is known."""
        said = [self.there.get(place.topic) for place in self.entity.availability]
        match self.entity.mode:
            case "all":
                return False if False in said else None if None in said else True
            case "any":
                return True if True in said else None if None in said else False
            case _:
                return self.latest


@dataclass(slots=True, eq=False)
class Found:
    """A device with what it announced and said.

    Attributes:
        device: As its newest config tells.
        known: Its entities.
        values: Kind and field -> last value.
        heard: When it said something last.
    """

    device: Device
    known: dict[Key, Known] = field(default_factory=dict)
    values: dict[str, object] = field(default_factory=dict)
    heard: datetime | None = None

    @property
    def silent_after_s(self) -> float | None:
        """The shortest silence after which one of its entities counts as gone."""
        spans = [known.entity.expires_s for known in self.known.values() if known.entity.expires_s is not None]
        return min(spans, default=None)

    @property
    def available(self) -> bool | None:
        """There when any of its entities is, gone when all are that can tell."""
        said = {known.available for known in self.known.values() if known.entity.availability}
        return True if True in said else False if said == {False} else None


class Registry:
    """All discovered devices, by the first of their addresses."""

    def __init__(self) -> None:
        """Know nothing."""
        self.devices: dict[str, Found] = {}
        self._configs: dict[str, tuple[bytes, Announced]] = {}
        self._values: dict[str, dict[Key, Known]] = defaultdict(dict)
        self._presence: dict[str, dict[Key, tuple[Known, Available]]] = defaultdict(dict)
        self._said: dict[str, Values] = {}  # the last word of each presence topic, for entities that come later

    def same(self, topic: str, payload: bytes) -> bool:
        """Whether this config is the one that is known."""
        known = self._configs.get(topic)
        return known is not None and known[0] == _digest(payload)

    def put(self, topic: str, payload: bytes, announced: Announced) -> frozenset[str]:
        """Take a config, in place of the one before on its topic.

        Returns:
            The topics that nobody asked for before.

        Raises:
            PayloadError: `config`: a bound is reached.
        """
        new = frozenset(name for entity in announced.entities for name in entity.topics if not self.follows(name))
        had = self._configs.get(topic)
        self.drop(topic)
        try:
            self._put(topic, payload, announced)
        except PayloadError:
            self.drop(topic)
            if had is not None:
                self._put(topic, payload, had[1])
            raise
        return new

    def drop(self, topic: str) -> bool:
        """Forget what a config announced; whether there was one."""
        had = self._configs.pop(topic, None)
        if had is None:
            return False
        for entity in had[1].entities:
            key = (topic, entity.key)
            _forget(self._values, entity.topic, key)
            for place in entity.availability:
                _forget(self._presence, place.topic, key)
            found = self.devices.get(_identity(entity.device))
            if found is not None:
                found.known.pop(key, None)
                if not found.known:
                    del self.devices[_identity(entity.device)]
                else:
                    _name(found)
        return True

    def followed(self) -> Iterable[str]:
        """Every topic that some entity needs."""
        return self._values.keys() | self._presence.keys()

    def values_at(self, topic: str) -> list[Known]:
        """The entities whose values come there."""
        return list(self._values.get(topic, {}).values())

    def tell(self, topic: str, message: Values) -> list[Known]:
        """Take what a presence topic says; returns the entities it is about."""
        entries = list(self._presence.get(topic, {}).values())
        if entries:
            self._said[topic] = message
        for known, place in entries:
            _hear(known, place, message)
        return [known for known, _ in entries]

    def device_of(self, known: Known) -> Found:
        """The device that an entity belongs to."""
        return self.devices[_identity(known.entity.device)]

    def follows(self, topic: str) -> bool:
        """Whether some entity needs this topic."""
        return topic in self._values or topic in self._presence

    def _put(self, topic: str, payload: bytes, announced: Announced) -> None:
        if len(self._configs) >= CONFIGS:
            raise PayloadError("config", f"{CONFIGS} configs are known, no more are taken")
        self._configs[topic] = (_digest(payload), announced)
        for entity in announced.entities:
            key = (topic, entity.key)
            found = self.devices.setdefault(_identity(entity.device), Found(entity.device))
            found.device = entity.device
            known = Known(key, entity)
            found.known[key] = known
            self._values[entity.topic][key] = known
            for place in entity.availability:
                self._presence[place.topic][key] = (known, place)
                if place.topic in self._said:
                    _hear(known, place, self._said[place.topic])
        for identity in {_identity(entity.device) for entity in announced.entities}:
            found = self.devices[identity]
            topics = {name for known in found.known.values() for name in known.entity.topics}
            if len(found.known) > ENTITIES or len(topics) > TOPICS:
                raise PayloadError("config", f"a device may announce {ENTITIES} entities and {TOPICS} topics")
            _name(found)
        for gone in self._said.keys() - self._presence.keys():
            del self._said[gone]
        if len(self._values) + len(self._presence) > FOLLOWED:
            raise PayloadError("config", f"{FOLLOWED} topics are followed, no more are taken")


def _hear(known: Known, place: Available, message: Values) -> None:
    """Take a word about presence; one that is neither of the two says nothing."""
    try:
        word = message.text if place.template is None else render(place.template, message)
    except PayloadError:
        return
    if word in {place.there, place.gone}:
        known.there[place.topic] = known.latest = word == place.there


def _name(found: Found) -> None:
    """Give parts that say the same a name each, and let one entity alone tell of presses."""
    said = Counter((known.entity.says.kind, known.entity.says.field) for known in found.known.values())
    has_triggers = any(known.entity.sort == "trigger" for known in found.known.values())
    for known in found.known.values():
        entity = known.entity
        pressed = entity.sort in {"event", "action", "trigger"}
        known.muted = has_triggers and entity.sort in {"event", "action"}
        several = said[entity.says.kind, entity.says.field] > 1 and not pressed
        known.subject = _subject(entity.key) if several else None


def _subject(key: str) -> str:
    return "".join("_" if character.isspace() or character in "@|" else character for character in key)[:64]


def _identity(device: Device) -> str:
    return device.addresses[0]


def _digest(payload: bytes) -> bytes:
    return hashlib.sha256(payload).digest()


def _forget(
    table: dict[str, dict[Key, Known]] | dict[str, dict[Key, tuple[Known, Available]]], at: str, key: Key
) -> None:
    entries = table.get(at)
    if entries is not None:
        entries.pop(key, None)
        if not entries:
            del table[at]
