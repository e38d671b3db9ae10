"""What a payload format gives and may use: Observation, Parsed, and a JSON reader that fears nothing.

Formats (`payloads/`, one file each) only read: no clock, no state, no address table; the one that must remember what it
read says so (`Discovering`). Whatever bytes come in, a format returns a Parsed or raises PayloadError; a test throws
random bytes and random JSON at each.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, NoReturn, Protocol, runtime_checkable

from hub.events import Phase, Quality
from hub.sensors.errors import PayloadError
from hub.sensors.kinds import Kind

NUMBER_CHARACTERS = 40
"""A number in JSON may be this long; one million digits are an attack on the parser, not a measurement."""

_FIRST_MS = 100_000_000_000
"""Epoch numbers from here on are milliseconds: as seconds it is the year 5138, as milliseconds March 1973."""

_LAST_S = 253_402_300_799
"""The last second that a date can hold, 9999-12-31."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One kind of thing that one message says.

    Attributes:
        kind: A kind of `hub.sensors.kinds`; for a health message `sensor.health` or `gateway.health`.
        fields: As the device sent them, renamed; the door holds them to the kind's table.
        at: The device's own time, UTC, None when it sent none.
        quality: What the message itself says: TEST, SIMULATED, HISTORY, or CLOCK_SUSPECT for a time nobody can read.
        phase: Moment, unless the device speaks of a state's beginning or end.
        subject: What within the device it is about (a probe, a tracked object); one state is (sensor, kind, subject).
        once: What its sender calls the message: told again under the same name, by another way, it is the same fact.
        probe: The name on the wire of the part of the device that says it; Sensor.probes may call it otherwise.
        camera: Id of the camera that sees it, of a format of cameras; the sensor itself when None.
        zone: Where in its picture.
        confidence: 0..1, None when the device does not say.
        box: Where in the picture: x, y, width, height as shares of it.
    """

    kind: str
    fields: Mapping[str, object]
    at: datetime | None = None
    quality: frozenset[Quality] = frozenset()
    phase: Phase = Phase.MOMENT
    subject: str | None = None
    confidence: float | None = None
    box: tuple[float, float, float, float] | None = None
    probe: str | None = None
    once: str | None = None
    camera: str | None = None
    zone: str | None = None


@dataclass(frozen=True, slots=True)
class Parsed:
    """One message, read.

    Attributes:
        address: How the format knows the device (Sensor.address), or the name of the gateway.
        observations: What it says; may be empty (a heartbeat).
        site: The Site that the sender claims to be at, None when the format does not say.
        gateway: It is about the gateway, not a device.
        follow: MQTT topics that the format wants from now on, beside `topics()`: the message told it of them.
        more: What the same message says of further devices.
        problems: Parts of the message that could not be read; the others stand.
        alive: The device itself spoke, so it is there.
        silent_after_s: Seconds of silence after which the device itself says that it counts as gone.
        remember: The format must know this message again after a restart, before any other (`Discovering`).
    """

    address: str
    observations: tuple[Observation, ...] = ()
    site: str | None = None
    gateway: bool = False
    follow: tuple[str, ...] = ()
    more: tuple[Parsed, ...] = ()
    problems: tuple[PayloadError, ...] = ()
    alive: bool = True
    silent_after_s: float | None = None
    remember: bool = False


@dataclass(frozen=True, slots=True)
class Discovered:
    """A device that announced itself.

    Attributes:
        address: The first of its addresses.
        addresses: By which it may be configured.
        entities: By which one of its parts alone may be configured.
        name: As it calls itself.
        manufacturer: Who made it.
        model: What it is.
        kinds: What it observes.
        values: Its last values, `<kind>.<field>`.
        heard: When it said something last, None before that.
    """

    address: str
    addresses: tuple[str, ...]
    entities: tuple[str, ...]
    name: str | None
    manufacturer: str | None
    model: str | None
    kinds: tuple[str, ...]
    values: Mapping[str, object]
    heard: datetime | None


class PayloadFormat(Protocol):
    """What the intake uses of a format."""

    def topics(self) -> Sequence[str]:
        """MQTT filters under which its messages come."""

    def concerns(self, topic: str) -> bool:
        """Whether a topic under those filters is one to read; others (commands, big lists) are passed over."""

    def parse(self, topic: str, payload: bytes, *, retained: bool, arrived: datetime) -> Parsed:
        """Read a message; raises PayloadError."""


@runtime_checkable
class Discovering(PayloadFormat, Protocol):
    """A format that learns from messages which devices there are and on which topics they speak.

    It is listened to even when no sensor uses it. What it knows is its own, bounded by itself, and lost with the
    process: the hub stores the messages that it wants remembered, and gives them to `parse` again before any other. The
    broker's thread calls `parse` and `concerns`, any other may call the rest meanwhile; none of them waits.
    """

    def followed(self) -> frozenset[str]:
        """All topics that it wants now beside `topics()`, without wildcards."""

    def topics_of(self, address: str) -> frozenset[str]:
        """Those of one device."""

    def discovered(self) -> tuple[Discovered, ...]:
        """The devices it knows, configured or not."""


@runtime_checkable
class Seeing(Protocol):
    """A format of cameras: it alone may say what cameras see."""

    def camera_kinds(self) -> Mapping[str, Kind]:
        """The kinds of what it sees, each `camera.` something."""


def health(kind: str, *, online: bool, reason: str) -> Observation:
    """What a gateway says about itself or one of its devices."""
    fields: dict[str, object] = {"state": "online" if online else "offline", "reason": reason}
    return Observation(kind=kind, fields=MappingProxyType(fields))


def read_text(payload: bytes) -> str:
    """The payload as text without white space around it; malformed when it is not UTF-8."""
    try:
        return payload.decode("utf-8").strip()
    except UnicodeDecodeError as error:
        raise PayloadError("malformed", f"not UTF-8 at byte {error.start}") from error


def read_json(payload: bytes) -> object:
    """The payload as JSON.

    Raises:
        PayloadError: Not UTF-8, not JSON, NaN or Infinity, a number too long or too great for a float, a key that
            stands twice, or nested too deeply.
    """
    text = read_text(payload)
    try:
        return json.loads(
            text, parse_int=_integer, parse_float=_float, parse_constant=_constant, object_pairs_hook=_object
        )
    except ValueError as error:
        raise PayloadError("malformed", f"not JSON: {error}") from error
    except RecursionError as error:
        raise PayloadError("malformed", "nested too deeply") from error


def read_time(value: object) -> datetime | None:
    """A device's time: RFC 3339 with zone, or epoch seconds or milliseconds; None for anything else.

    None does not cost the message: a fire alarm with a broken clock is a fire alarm. The caller marks it CLOCK_SUSPECT.
    """
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
            return None if moment.tzinfo is None else moment.astimezone(UTC)
        except (ValueError, OverflowError):
            return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    seconds = value / 1000 if abs(value) >= _FIRST_MS else value
    if not 0 <= seconds <= _LAST_S:
        return None
    return datetime.fromtimestamp(seconds, UTC)


def _integer(digits: str) -> int:
    if len(digits) > NUMBER_CHARACTERS:
        raise PayloadError("malformed", f"a number of {len(digits)} digits")
    return int(digits)


def _float(digits: str) -> float:
    if len(digits) > NUMBER_CHARACTERS:
        raise PayloadError("malformed", f"a number of {len(digits)} characters")
    number = float(digits)
    if not math.isfinite(number):
        raise PayloadError("malformed", f"{digits} is too great a number")
    return number


def _constant(word: str) -> NoReturn:
    raise PayloadError("malformed", f"{word} is not a number")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise PayloadError("malformed", f"the key {twice[:64]!r} stands twice, so it is not known which one is meant")
    return result


def as_object(value: object) -> dict[str, Any]:
    """The JSON value as an object; malformed otherwise."""
    if not isinstance(value, dict):
        raise PayloadError("malformed", "must be a JSON object")
    return value
