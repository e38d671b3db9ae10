"""A map as it is written: topics, where the device and the time stand, and what each place in a message says.

    format: tuya_fire
    about: Tuya fire detectors, from the message queue by a bridge
    topics: ["hub/v1/import/tuya/{device}"]
    each: status
    time: t
    read:
      - {from: value, only: {code: smoke_sensor_state}, kind: smoke, field: alarm, words: {alarm: true, normal: false}}
      - {from: value, only: {code: cur_current}, kind: power, field: current_a, unit: mA}
    samples:
      - topic: hub/v1/import/tuya/6ca
        payload: {devId: 6ca, status: [{code: smoke_sensor_state, value: alarm, t: 1772366400000}]}
        address: 6ca
        says: [{kind: smoke, fields: {alarm: true}}]

What is checked here is one file by itself; `hub.sensors.maps.folder` checks all of them together and runs the samples.
"""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from config.messages import unknown
from config.says import write
from hub.plugins import Options
from hub.sensors.kinds import KINDS, FieldType, Number
from hub.sensors.maps.places import Condition, PlaceText, place_of
from hub.sensors.maps.samples import Sample

UNITS: Mapping[tuple[str, str], tuple[float, float]] = MappingProxyType(
    {
        ("°F", "°C"): (5 / 9, -160 / 9),
        ("K", "°C"): (1.0, -273.15),
        ("mm", "m"): (0.001, 0.0),
        ("cm", "m"): (0.01, 0.0),
        ("m", "mm"): (1000.0, 0.0),
        ("mA", "A"): (0.001, 0.0),
        ("A", "mA"): (1000.0, 0.0),
        ("mV", "V"): (0.001, 0.0),
        ("kW", "W"): (1000.0, 0.0),
        ("Wh", "kWh"): (0.001, 0.0),
        ("Pa", "hPa"): (0.01, 0.0),
        ("kPa", "hPa"): (10.0, 0.0),
        ("kPa", "MPa"): (0.001, 0.0),
        ("bar", "MPa"): (0.1, 0.0),
        ("m/s", "km/h"): (3.6, 0.0),
        ("km/h", "m/s"): (1 / 3.6, 0.0),
        ("mph", "km/h"): (1.609344, 0.0),
        ("l/s", "l/min"): (60.0, 0.0),
        ("m³/h", "l/min"): (1000 / 60, 0.0),
    }
)
"""A device's unit and ours -> what to multiply with and what to add then."""

_CAPTURE = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_IN_BRACES = re.compile(r"\{([^{}]*)\}")

Scalar = bool | float | str


def _topic(text: str) -> str:
    levels = text.split("/")
    for number, level in enumerate(levels):
        if level == "+" or _CAPTURE.fullmatch(level) or (level == "#" and number == len(levels) - 1):
            continue
        if not level or set(level) & set("+#{} \x00"):
            raise ValueError(
                "is no topic; between slashes write a word, `{name}` to take it down, `+`, or `#` at the end"
            )
    names = _CAPTURE.findall(text)
    if len(set(names)) != len(names):
        raise ValueError("takes two levels down under one name; give each its own")
    return text


def _text_or_place(value: Any) -> Any:
    return {"from": value} if isinstance(value, str) else value


Topic = Annotated[str, Field(min_length=1, max_length=256), AfterValidator(_topic)]


class TimeSpec(Options):
    """Where the time stands."""

    place: PlaceText = Field(alias="from")
    zone: str | None = None
    """Of a time that is written without one."""

    @field_validator("zone")
    @classmethod
    def _known(cls, name: str | None) -> str | None:
        try:
            if name is not None:
                zoneinfo.ZoneInfo(name)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("is no time zone of the IANA list; write one as `Asia/Shanghai`") from None
        return name


class ReadSpec(Options):
    """What one place in a message says."""

    kind: str
    field: str | None = None
    """None is the kind's main field."""
    place: PlaceText | None = Field(default=None, alias="from")
    value: Scalar | None = Field(default=None, alias="is")
    """Said by the message itself, whatever is in it: a button that was pressed."""
    only: Condition = Field(default_factory=dict)
    """Only when these places have these values."""
    unit: str | None = None
    """The device's, when it is not ours."""
    scale: Annotated[float, Field(allow_inf_nan=False)] = 1.0
    offset: Annotated[float, Field(allow_inf_nan=False)] = 0.0
    words: Mapping[str, Scalar] = Field(default_factory=dict)
    """What certain values mean; others stay as they are."""

    @field_validator("kind")
    @classmethod
    def _known_kind(cls, kind: str) -> str:
        if kind not in KINDS:
            raise ValueError(unknown(kind, tuple(sorted(KINDS))))
        return kind

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        fields = KINDS[self.kind].fields
        if self.target not in fields:
            raise ValueError(f"{self.kind}: field {unknown(self.target, tuple(fields))}")
        if (self.place is None) == (self.value is None):
            raise ValueError("write either `from`, a place in the message, or `is`, what the message says by itself")
        self._check_unit(fields[self.target])
        said = [(f"words: `{word}` means", meaning) for word, meaning in self.words.items()]
        for words, value in (*said, ("is:", self.value)):
            if wrong := KINDS[self.kind].read({self.target: value})[1]:
                raise ValueError(f"{words} what cannot be, {wrong[0].detail}")
        return self

    def _check_unit(self, field: FieldType) -> None:
        name = f"{self.kind}.{self.target}"
        factors = (self.scale, self.offset) != (1.0, 0.0)
        if not isinstance(field, Number):
            if factors or self.unit is not None:
                raise ValueError(f"{name} is no number; leave unit, scale and offset out")
            return
        if self.unit is None:
            return
        if factors:
            raise ValueError("`unit` says it already; leave scale and offset out")
        known = [theirs for theirs, ours in UNITS if ours == field.unit]
        if self.unit not in (field.unit, *known):
            raise ValueError(f"{name}: unit {unknown(self.unit, (field.unit, *known))}")

    @property
    def target(self) -> str:
        """The field that it goes into."""
        return self.field or KINDS[self.kind].main

    @property
    def conversion(self) -> tuple[float, float]:
        """What a number is multiplied with, and what is added then."""
        field = KINDS[self.kind].fields[self.target]
        if self.unit is None or not isinstance(field, Number) or self.unit == field.unit:
            return self.scale, self.offset
        return UNITS[self.unit, field.unit]


class MapSpec(Options):
    """All of one map file."""

    format: Annotated[
        str,
        Field(
            pattern=r"^[a-z][a-z0-9_]{0,31}$",
            json_schema_extra=write("lower-case letters, digits and _", "小写字母、数字和 _"),
        ),
    ]
    """What sensors name as their `format`."""
    about: Annotated[str, Field(min_length=1, max_length=200)]
    topics: Annotated[tuple[Topic, ...], Field(min_length=1, max_length=16)]
    payload: Literal["json", "xml", "text"] = "json"
    """`text`: all of it is one value, at the place `$`."""
    address: Annotated[str, Field(min_length=1, max_length=256, validate_default=True)] = "{device}"
    """How sensors name the device: `{name}` of a topic, or `{$.place}` of the message."""
    each: PlaceText | None = None
    """A list in the message; then everything is read of each of its items."""
    only: Condition = Field(default_factory=dict)
    """Only messages (or items) where these places have these values; others are a sign of life."""
    time: Annotated[TimeSpec, BeforeValidator(_text_or_place)] | None = None
    subject: PlaceText | None = None
    """Which part of the device it is about."""
    once: PlaceText | None = None
    """The sender's own name of the message: told twice under the same, it is one."""
    test: Condition = Field(default_factory=dict)
    """When these hold it is a self-test."""
    simulated: Condition = Field(default_factory=dict)
    history: Condition = Field(default_factory=dict)
    """When these hold it is delivered late on purpose."""
    read: Annotated[tuple[ReadSpec, ...], Field(min_length=1, max_length=200)]
    samples: Annotated[tuple[Sample, ...], Field(min_length=1, max_length=100)]

    @field_validator("address")
    @classmethod
    def _can_be_told(cls, address: str, info: ValidationInfo) -> str:
        inside = _IN_BRACES.findall(address)
        if not inside:
            raise ValueError("names no device; write {name} of the topic, or {$.place} of the message")
        for name in inside:
            if name.startswith("$"):
                place_of(name)
                continue
            for topic in info.data.get("topics", ()):
                names = _CAPTURE.findall(topic)
                if name not in names:
                    beside = f"; it has {', '.join(names)}" if names else ""
                    raise ValueError(f"topic `{topic}` has no {{{name}}}{beside}; or write {{$.place}}")
        return address
