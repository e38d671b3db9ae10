"""Frigate: what its cameras see (`frigate/events`), what it finds worth a look (`frigate/reviews`), whether it runs.

Each camera of Frigate is a sensor here, by its name in Frigate. A tracked object becomes `camera.person`,
`camera.vehicle` and so on, as if a camera of ours had seen it: it begins, goes on and ends under Frigate's id,
stationary is stopped, and its zones are what the sensor's options say. What Frigate itself takes for a mistake is
passed over. Reads only; keeps nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import Field

from config.community import Id, ZoneUse
from hub.events import Phase
from hub.plugins import Plugin
from hub.sensors.errors import PayloadError
from hub.sensors.kinds import FieldType, Flag, Kind, Number, Text
from hub.sensors.options import SensorOptions, read_all
from hub.sensors.parsing import Observation, Parsed, as_object, health, read_json, read_text, read_time

_LABELS: Mapping[str, str] = MappingProxyType(
    {
        "person": "camera.person",
        **dict.fromkeys(("car", "truck", "bus", "motorcycle", "motorbike", "train", "boat"), "camera.vehicle"),
        "bicycle": "camera.bicycle",
        **dict.fromkeys(
            ("bear", "bird", "cat", "cow", "deer", "dog", "elephant", "fox", "goat", "horse", "rabbit", "sheep"),
            "camera.animal",
        ),
        "fire": "camera.fire",
    }
)
"""Label of Frigate -> kind; others (a face, a number plate, a parcel) are none of ours."""

_PHASES = MappingProxyType({"new": Phase.BEGAN, "update": Phase.GOES_ON, "end": Phase.ENDED})
_REVIEW = "camera.review"
_TOPICS = ("events", "reviews", "available")
_PIXELS = 4

_FIELDS: Mapping[str, FieldType] = MappingProxyType(
    {"label": Text(), "score": Number("", 0, 1), "stopped": Flag(), "zone_use": Text(), "objects": Text()}
)
_KINDS = MappingProxyType(
    {
        **{kind: Kind(kind, "label", _FIELDS) for kind in sorted({*_LABELS.values()})},
        _REVIEW: Kind(_REVIEW, "severity", MappingProxyType({"severity": Text(), **_FIELDS})),
    }
)

Size = Annotated[int, Field(ge=1, le=20_000)]


class FrigateOptions(SensorOptions):
    """One camera of Frigate."""

    topic_prefix: str = Field(default="frigate", pattern=r"^[^\s/#+][^\s#+]*$")
    """Frigate's `mqtt.topic_prefix`."""
    camera: Id | None = None
    """The camera of ours that is the same; then its pictures go with the alerts. None: the sensor stands for it."""
    zones: dict[Annotated[str, Field(min_length=1, max_length=64)], ZoneUse] = Field(default_factory=dict)
    """What Frigate's zones are for, as `driveway: guarded`."""
    width: Size | None = None
    """Width of the pictures in which Frigate detects (`detect.width`); without it and `height` there are no boxes."""
    height: Size | None = None
    """Height of them."""


class FrigateFormat:
    """Reads any number of Frigates, each by its topic prefix."""

    def __init__(self, prefix: str, cameras: Mapping[str, FrigateOptions] | None = None) -> None:
        """Read what is published under `prefix` and under those of `cameras`, which are by Frigate's names."""
        self._prefix = prefix
        self._cameras = dict(cameras or {})
        self._prefixes = tuple(sorted({prefix, *(options.topic_prefix for options in self._cameras.values())}))
        self._unset = FrigateOptions(topic_prefix=prefix)

    def configured(self, sensors: Mapping[str, Mapping[str, Any]]) -> FrigateFormat:
        """The same format, knowing the zones and sizes of these cameras."""
        return FrigateFormat(self._prefix, read_all(FrigateOptions, sensors))

    def camera_kinds(self) -> Mapping[str, Kind]:
        """What its cameras see."""
        return _KINDS

    def topics(self) -> Sequence[str]:
        """Objects, reviews, and whether it runs; not its pictures and counts."""
        return tuple(f"{prefix}/{name}" for prefix in self._prefixes for name in _TOPICS)

    def concerns(self, topic: str) -> bool:
        """Whether it is one of them."""
        prefix, _, name = topic.rpartition("/")
        return name in _TOPICS and prefix in self._prefixes

    def parse(self, topic: str, payload: bytes, *, retained: bool, arrived: datetime) -> Parsed:
        """Read one message; the address is the camera's name in Frigate, for `available` the topic prefix.

        Raises:
            PayloadError: `malformed`.
        """
        del retained, arrived  # what they mean is the same for every format, so the door sees to it
        prefix, _, name = topic.rpartition("/")
        if name == "available":
            word = read_text(payload)
            said = (health("gateway.health", online=word == "online", reason=word[:32] or "gone"),)
            return Parsed(prefix, said if word in {"online", "offline", "stopped"} else (), gateway=True)
        body = as_object(read_json(payload))
        phase = _PHASES.get(str(body.get("type")))
        if phase is None:
            raise PayloadError("malformed", "its `type` must be new, update or end")
        after = as_object(body.get("after"))
        camera = after.get("camera")
        if not isinstance(camera, str) or not camera:
            raise PayloadError("malformed", "it names no camera")
        options = self._cameras.get(camera, self._unset)
        read = _review if name == "reviews" else _seen
        observation = read(after, phase, options)
        if observation is None:
            return Parsed(camera, alive=False)  # of what is passed over no rhythm is to be learned
        return Parsed(camera, (observation,))


def _seen(after: Mapping[str, Any], phase: Phase, options: FrigateOptions) -> Observation | None:
    """A tracked object; None for one that is a mistake or none of ours."""
    label = after.get("label")
    kind = _LABELS.get(label) if isinstance(label, str) else None
    if kind is None or after.get("false_positive") is True:
        return None
    zone, use = _zone(after.get("current_zones"), options)
    score = _share(after.get("score"))
    ended = read_time(after.get("end_time")) if phase is Phase.ENDED else None
    fields = {"label": label, "score": score, "stopped": after.get("stationary") is True, "zone_use": use}
    return Observation(
        kind,
        {name: value for name, value in fields.items() if value is not None},
        ended or read_time(after.get("frame_time")),
        phase=phase,
        subject=_subject(after),
        confidence=score,
        box=_box(after.get("box"), options),
        camera=options.camera,
        zone=zone,
    )


def _review(after: Mapping[str, Any], phase: Phase, options: FrigateOptions) -> Observation:
    """What Frigate says is worth a look: several objects of one camera within a while."""
    data = after.get("data")
    data = data if isinstance(data, dict) else {}
    objects = [word for word in _texts(data.get("objects")) + _texts(data.get("audio")) if word.isprintable()]
    zone, use = _zone(data.get("zones"), options)
    fields = {
        "severity": after.get("severity"),
        "label": objects[0][:64] if objects else None,
        "objects": ", ".join(objects)[:256] or None,
        "zone_use": use,
    }
    return Observation(
        _REVIEW,
        {name: value for name, value in fields.items() if value is not None},
        read_time(after.get("end_time")) if phase is Phase.ENDED else None,
        phase=phase,
        subject=_subject(after),
        camera=options.camera,
        zone=zone,
    )


def _subject(after: Mapping[str, Any]) -> str:
    subject = after.get("id")
    if not isinstance(subject, str) or not subject:
        raise PayloadError("malformed", "it has no id")
    return subject


def _zone(value: object, options: FrigateOptions) -> tuple[str | None, str | None]:
    """The zone and what it is for: of several the first that is for something."""
    names = _texts(value)
    for name in names:
        if name in options.zones:
            return name, options.zones[name].value
    return (names[0] if names else None), None


def _texts(value: object) -> list[str]:
    return [word for word in value if isinstance(word, str) and word] if isinstance(value, list) else []


def _share(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        return None
    return float(value)


def _box(value: object, options: FrigateOptions) -> tuple[float, float, float, float] | None:
    """Frigate's left, top, right, bottom in pixels as shares of the picture; None where its size is not known."""
    width, height = options.width, options.height
    if width is None or height is None or not isinstance(value, list) or len(value) != _PIXELS:
        return None
    if any(isinstance(side, bool) or not isinstance(side, int | float) or not math.isfinite(side) for side in value):
        return None
    if max(abs(side) for side in value) > 100_000:  # noqa: PLR2004 - no picture is as wide
        return None
    left, top, right, bottom = value
    return left / width, top / height, (right - left) / width, (bottom - top) / height


def build(options: FrigateOptions) -> FrigateFormat:
    """The format for one topic prefix."""
    return FrigateFormat(options.topic_prefix)


PLUGIN = Plugin(
    kind="frigate",
    options=FrigateOptions,
    build=build,
    summary="Frigate: people, vehicles and animals that its cameras track, its reviews, and whether it runs.",
)
