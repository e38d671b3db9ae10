"""What passes through the door: a Message comes in, an Admission goes out; and the Places of configured sensors."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from datetime import datetime

from config.community import Sensor
from hub.sensors.options import SensorOptions
from hub.sensors.parsing import Observation
from hub.store.facts import Fact, Refusal

_NO_OPTIONS = SensorOptions()
_STRANGE = frozenset({"unknown_sensor", "malformed"})


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it came from the broker.

    Attributes:
        topic: Its topic.
        payload: All of it.
        retained: The broker kept it and sends it because we subscribed.
        arrived: When, UTC.
        kept: What it is called when it was kept raw and is read again: then it is history, and told by that name.
    """

    topic: str
    payload: bytes
    retained: bool
    arrived: datetime
    kept: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A configured sensor, the Area of its Site, and its options that every format has."""

    sensor: Sensor
    area: str | None
    options: SensorOptions = _NO_OPTIONS

    def meant(self, observation: Observation) -> Observation:
        """What the sensor said as its options say that it is meant, its parts as they are called here."""
        observation = self.options.adjusted(observation)
        wire = observation.probe or observation.subject
        if wire is None or wire not in self.sensor.probes:
            return observation
        return dataclasses.replace(observation, subject=self.sensor.probes[wire])


@dataclass(frozen=True, slots=True)
class PresenceNote:
    """What a gateway says about itself or a device."""

    kind: str
    source: str
    online: bool
    reason: str
    place: Place | None = None


@dataclass(slots=True)
class Admission:
    """What one message came to; all empty when it was none of the hub's business.

    Attributes:
        driver: The format that read it, None when none of them is concerned.
        facts: To be stored.
        refusals: To be kept for inspection.
        notes: Changes of presence.
        heard: The sensor that gave a sign of life.
        others: Further sensors that did, where a message speaks of several.
        said_at: The time that the device told.
        implausible: Kind and field, and the impossible number that was refused.
        one_shot: It holds an observation of a one-shot kind.
        follow: Topics to subscribe to, because a format learned of them.
        remember: It must be read again after a restart, before any other message.
        keep: Nobody can place it yet, so it is kept raw.
        expects: Id of a sensor, and after how many seconds of silence it says of itself that it counts as gone.
    """

    driver: str | None = None
    facts: list[Fact] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    notes: list[PresenceNote] = field(default_factory=list)
    heard: Sensor | None = None
    others: list[Sensor] = field(default_factory=list)
    said_at: datetime | None = None
    implausible: list[tuple[str, float]] = field(default_factory=list)
    one_shot: bool = False
    follow: tuple[str, ...] = ()
    remember: bool = False
    keep: bool = False
    expects: list[tuple[str, float]] = field(default_factory=list)

    @property
    def concerned(self) -> bool:
        """Whether it said something of a configured sensor or a gateway."""
        return bool(self.facts or self.notes or self.heard is not None or self.remember)

    def hear(self, sensor: Sensor) -> None:
        """A sensor gave a sign of life."""
        if self.heard is None:
            self.heard = sensor
        elif sensor is not self.heard:
            self.others.append(sensor)

    def add(self, other: Admission) -> None:
        """Take what another format read in the same message.

        Where one of the two knew the device, the other's not knowing it is no refusal; where neither did, it is one.
        """
        ours, theirs = self.concerned, other.concerned
        if ours != theirs:
            stranger = other if ours else self
            stranger.refusals = [each for each in stranger.refusals if each.reason not in _STRANGE]
        refusals = [] if self.refusals and not theirs else other.refusals
        self.driver = self.driver or other.driver
        self.facts += other.facts
        self.refusals += refusals
        self.notes += other.notes
        self.others += other.others
        if other.heard is not None:
            self.hear(other.heard)
        self.said_at = self.said_at or other.said_at
        self.implausible += other.implausible
        self.one_shot = self.one_shot or other.one_shot
        self.follow += other.follow
        self.remember = self.remember or other.remember
        self.expects += other.expects
