"""Options of a sensor: what its device cannot say of itself, in words that every payload format shares.

A format derives a model with options of its own from `SensorOptions`. What is written is checked with that model before
a Community is accepted; what an older Revision holds and is no longer understood is logged and left out, because a
sensor whose options are wrong is still heard.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal, Protocol, TypeVar, runtime_checkable

from pydantic import Field, ValidationError, field_validator

from config.community import Sensor
from config.messages import unknown
from config.says import Says, says
from hub.plugins import Options
from hub.sensors.kinds import KINDS, FieldType, Flag, Number
from hub.sensors.parsing import Observation, PayloadFormat

logger = logging.getLogger(__name__)

M = TypeVar("M", bound=Options)

_DECIMALS = 6

Height = Annotated[float, Field(gt=0, le=1000)]
"""Metres."""

Factor = Annotated[float, Field(allow_inf_nan=False)]


class SensorOptions(Options):
    """What may be set for a sensor of any format."""

    mount_height_m: Height | None = None
    """How high a level sensor hangs above the zero of the level: then its distance is a level."""
    button: Literal["sos"] | None = None
    """`sos`: each press of the button calls for help."""
    invert: tuple[str, ...] = ()
    """Flags that mean the opposite, as `door.open`."""
    scale: dict[str, Factor] = Field(default_factory=dict)
    """What a number is multiplied with, as `water_level.distance_m: 0.01`."""
    offset: dict[str, Factor] = Field(default_factory=dict)
    """What is added after that."""

    @field_validator("invert")
    @classmethod
    def _flags(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            _known(name, Flag, says("a flag", "真假字段"))
        return names

    @field_validator("scale", "offset")
    @classmethod
    def _numbers(cls, numbers: dict[str, float]) -> dict[str, float]:
        for name in numbers:
            _known(name, Number, says("a number", "数值字段"))
        return numbers

    def adjusted(self, observation: Observation) -> Observation:
        """What the device said, as these options say that it is meant."""
        if not self.model_fields_set:
            return observation
        fields = dict(observation.fields)
        kind = observation.kind
        for name, value in fields.items():
            path = f"{kind}.{name}"
            if path in self.invert:
                fields[name] = _opposite(kind, name, value)
            if path in self.scale or path in self.offset:
                fields[name] = _scaled(value, self.scale.get(path, 1.0), self.offset.get(path, 0.0))
        if kind == "water_level" and self.mount_height_m is not None:
            distance = _scaled(fields.get("distance_m"), -1.0, self.mount_height_m)
            if isinstance(distance, float):
                fields["level_m"] = distance
        if kind == "button" and self.button == "sos":
            kind, fields = "sos", {"pressed": True, **fields}
        return dataclasses.replace(observation, kind=kind, fields=fields)


@runtime_checkable
class Configurable(Protocol):
    """A format that has options of its own."""

    def configured(self, sensors: Mapping[str, Mapping[str, Any]]) -> PayloadFormat:
        """The same format, knowing the options that are written for its sensors, by address."""


def configured(fmt: PayloadFormat, sensors: Iterable[Sensor]) -> PayloadFormat:
    """A format that knows the options of its sensors."""
    if not isinstance(fmt, Configurable):
        return fmt
    return fmt.configured({sensor.address or sensor.id: sensor.options for sensor in sensors})


def shared_options(sensor: Sensor) -> SensorOptions:
    """The options of a sensor that every format has."""
    written = {name: value for name, value in sensor.options.items() if name in SensorOptions.model_fields}
    return read_options(SensorOptions, written)


def read_options(model: type[M], written: Mapping[str, Any]) -> M:
    """What is written as the options it was checked to be; none of them when they are no longer understood."""
    try:
        return model.model_validate(dict(written))
    except ValidationError:
        logger.warning("options of a sensor are not understood and left out", extra={"options": sorted(written)})
        return model()


def read_all(model: type[M], sensors: Mapping[str, Mapping[str, Any]]) -> Mapping[str, M]:
    """The options of those sensors that have any, by address."""
    return MappingProxyType({address: read_options(model, written) for address, written in sensors.items() if written})


def _known(path: str, sort: type[FieldType], words: Says) -> None:
    kind, dot, field = path.partition(".")
    if not dot:
        raise ValueError(
            says(
                "{path} names no field; write kind.field, as `door.open`",
                "{path} 不是字段；请写 种类.字段，如 `door.open`",
                path=repr(path[:64]),
            )
        )
    if kind not in KINDS:
        raise ValueError(says("kind {what}", "种类 {what}", what=unknown(kind, tuple(sorted(KINDS)))))
    fields = KINDS[kind].fields
    if field not in fields:
        raise ValueError(
            says("{kind}: field {what}", "{kind}：字段 {what}", kind=kind, what=unknown(field, tuple(fields)))
        )
    if not isinstance(fields[field], sort):
        words = says("`{path}` is not {words}", "`{path}` 不是{words}", path=path, words=words)
        raise ValueError(words)  # noqa: TRY004 - pydantic makes a mistake of ValueErrors only


def _opposite(kind: str, field: str, value: object) -> object:
    """The opposite of a flag; what is no flag stays, for the table of kinds to refuse."""
    good, _ = KINDS[kind].read({field: value})
    return not good[field] if field in good else value


def _scaled(value: object, scale: float, offset: float) -> object:
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    try:
        return round(value * scale + offset, _DECIMALS)
    except OverflowError:
        return value
