"""Topics: what a camera tells over ONVIF, in the words that rules know. Pure; one Translator per camera.

States are told once and then on change alone: a camera says all of them again whenever it is subscribed to, and many
say them every few seconds. What is not known here becomes a `camera.onvif_event`, so that a rule may listen to it, and
not more of them than somebody could read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from cameras.onvif.events import Notification
from hub.events import FieldValue, Quality

MOTION = "camera.motion"
OTHER = "camera.onvif_event"

_MOST_OFF_S = 120.0
"""A camera's time counts when it is no further from the arrival; as for sensors."""

_MOST_STATES = 256
_MOST_OTHER_PER_MIN = 20
_MOST_CHANGES_PER_MIN = 120
_MOST_FIELDS = 12
_MOST_TEXT = 128
_TRUE, _FALSE = frozenset({"true", "1", "on", "active"}), frozenset({"false", "0", "off", "inactive"})


@dataclass(frozen=True, slots=True)
class _Known:
    kind: str
    field: str
    items: tuple[str, ...]
    code: str = ""


def _known(kind: str, field: str, *items: str, code: str = "") -> _Known:
    return _Known(kind, field, items, code)


_TOPICS: Mapping[str, _Known] = MappingProxyType(
    {
        "VideoSource/MotionAlarm": _known(MOTION, "motion", "State"),
        "RuleEngine/CellMotionDetector/Motion": _known(MOTION, "motion", "IsMotion", "State"),
        "RuleEngine/MotionRegionDetector/Motion": _known(MOTION, "motion", "State", "IsMotion"),
        "RuleEngine/FieldDetector/ObjectsInside": _known(MOTION, "motion", "IsInside", "State"),
        "RuleEngine/TamperDetector/Tamper": _known("tamper", "tamper", "IsTamper", "State"),
        "VideoSource/GlobalSceneChange": _known("tamper", "tamper", "State"),
        "VideoSource/ImageTooDark": _known("tamper", "tamper", "State"),
        "VideoSource/ImageTooBlurry": _known("tamper", "tamper", "State"),
        "VideoSource/ImageTooBright": _known("tamper", "tamper", "State"),
        "VideoSource/SignalLoss": _known("fault", "fault", "State", code="signal loss"),
        "Device/HardwareFailure/StorageFailure": _known("fault", "fault", "Failed", code="storage failure"),
        "Device/HardwareFailure/FanFailure": _known("fault", "fault", "Failed", code="fan failure"),
        "Device/HardwareFailure/PowerSupplyFailure": _known("fault", "fault", "Failed", code="power supply failure"),
        "Device/HardwareFailure/TemperatureCritical": _known("fault", "fault", "Critical", code="too hot"),
        "Device/Trigger/DigitalInput": _known("switch", "on", "LogicalState", "State"),
    }
)
"""ONVIF topic, or where it begins -> the kind of observation, its field, and the items that may hold it."""

KINDS = (MOTION, OTHER, "tamper", "fault", "switch")
"""Kinds of events that come out of here."""


@dataclass(frozen=True, slots=True)
class Told:
    """Something to be told.

    Attributes:
        kind: Of the event.
        subject: Which part of the camera it is about.
        at: When.
        fields: What.
        quality: Reasons for doubt.
    """

    kind: str
    subject: str | None
    at: datetime
    fields: Mapping[str, FieldValue]
    quality: frozenset[Quality] = frozenset()


class Translator:
    """What of a camera's notifications is new, in our words. For one thread.

    Attributes:
        suppressed: Notifications that were not told because there were too many.
    """

    def __init__(self) -> None:
        self._changes = _PerMinute(_MOST_CHANGES_PER_MIN)
        self._told_others = _PerMinute(_MOST_OTHER_PER_MIN)
        self._states: dict[tuple[str, str | None], bool] = {}
        self._others: dict[tuple[str, str], tuple[tuple[str, FieldValue], ...]] = {}
        self.suppressed = 0

    def take(self, notifications: Sequence[Notification], *, arrived: datetime, offset_s: float = 0.0) -> list[Told]:
        """What is new.

        Args:
            notifications: In their order.
            arrived: When they came.
            offset_s: How far the camera's clock is ahead.
        """
        told = (self._one(each, arrived, offset_s) for each in notifications)
        return [each for each in told if each is not None]

    def end(self, at: datetime) -> list[Told]:
        """Nobody listens any more: states that hold are over, as far as anybody can know."""
        open_states = [key for key, value in self._states.items() if value]
        self._states.clear()
        return [Told(kind, subject, at, {_FIELDS[kind]: False}) for kind, subject in open_states]

    def _one(self, note: Notification, arrived: datetime, offset_s: float) -> Told | None:
        known = next((_TOPICS[topic] for topic in _TOPICS if f"{note.topic}/".startswith(f"{topic}/")), None)
        at, quality = _time(note, arrived, offset_s)
        if known is None:
            return self._other(note, at, quality, arrived)
        value = next((_flag(note.data[item]) for item in known.items if item in note.data), None)
        if note.operation == "Deleted":
            value = False
        subject = _subject(note, known)
        if value is None or self._states.get((known.kind, subject)) is value:
            return None
        is_new = (known.kind, subject) not in self._states
        if (is_new and len(self._states) >= _MOST_STATES) or not self._changes.may(arrived):
            self.suppressed += 1  # it is not taken for told: the camera says it again, or the next change is one
            return None
        self._states[known.kind, subject] = value
        fields: dict[str, FieldValue] = {known.field: value}
        return Told(known.kind, subject, at, fields | ({"code": known.code} if known.code else {}), quality)

    def _other(self, note: Notification, at: datetime, quality: frozenset[Quality], arrived: datetime) -> Told | None:
        if note.operation in ("Initialized", "Deleted"):
            return None  # what is so at the beginning did not happen now
        data = _fields(note.data)
        source = ",".join(note.source.values())[:_MOST_TEXT]
        if note.operation:
            key, said = (note.topic, source), tuple(data.items())
            if self._others.get(key) == said:
                return None
            if len(self._others) >= _MOST_STATES:
                self._others.clear()
            self._others[key] = said
        if not self._told_others.may(arrived):
            self.suppressed += 1
            return None
        return Told(OTHER, source or None, at, {**data, "topic": note.topic[:_MOST_TEXT]}, quality)


class _PerMinute:
    """So many a minute, and no more."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._began: datetime | None = None
        self._count = 0

    def may(self, now: datetime) -> bool:
        if self._began is None or abs((now - self._began).total_seconds()) >= 60:  # noqa: PLR2004 - a minute
            self._began, self._count = now, 0
        self._count += 1
        return self._count <= self._most


_FIELDS = {known.kind: known.field for known in _TOPICS.values()}


def _subject(note: Notification, known: _Known) -> str | None:
    """Rules and inputs of one camera are told apart; faults by what failed."""
    parts = [value for value in note.source.values() if value]
    whole = ",".join(([known.code] if known.code else []) + parts)[:_MOST_TEXT]
    return whole or None


def _time(note: Notification, arrived: datetime, offset_s: float) -> tuple[datetime, frozenset[Quality]]:
    """When it happened, by the camera's time put right; the arrival when that cannot be."""
    if note.at is None:
        return arrived, frozenset()
    try:
        at = note.at - timedelta(seconds=offset_s)
    except OverflowError:
        return arrived, frozenset({Quality.CLOCK_SUSPECT})
    if abs((arrived - at).total_seconds()) > _MOST_OFF_S:
        return arrived, frozenset({Quality.CLOCK_SUSPECT})
    return min(at, arrived), frozenset()


def _flag(text: str) -> bool | None:
    word = text.strip().lower()
    return True if word in _TRUE else False if word in _FALSE else None


def _fields(data: Mapping[str, str]) -> dict[str, FieldValue]:
    """Simple data under names that rules can write; numbers stay texts unless they are plain."""
    found: dict[str, FieldValue] = {}
    for name, value in list(data.items())[:_MOST_FIELDS]:
        written = re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()).strip("_")[:40]
        if not written or written == "topic":
            continue
        flag = _flag(value) if not value.isdigit() else None
        number = float(value) if re.fullmatch(r"-?\d{1,12}(\.\d{1,9})?", value) else None
        found[written] = flag if flag is not None else number if number is not None else value[:_MOST_TEXT]
    return found
