"""LoRaWAN: what a device's decoded uplink says, whichever network server it came through.

The network server decodes the bytes (with the maker's codec); here the decoded fields are read by the maps of
`hub.sensors.models`. A device that kept measurements while nobody heard it sends them as `history`, hours late: each
has its own time and is marked HISTORY.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from hub.events import Quality
from hub.sensors.mapping import Fields, Meaning, observations, read_fields
from hub.sensors.models.milesight import MILESIGHT, MILESIGHT_CHANNEL, MILESIGHT_MODELS
from hub.sensors.models.names import COMMON
from hub.sensors.parsing import Observation, read_time

HEIGHT_TAG = "mount_height_m"
"""Tag of a level sensor: how high above the zero of the level it hangs, in metres. Then its distance is a level."""

BUTTON_TAG = "button"
"""Tag of a button: `sos` makes each press a call for help."""


def _before(first: Mapping[str, Meaning], second: Mapping[str, Meaning]) -> Mapping[str, Meaning]:
    """Both tables, the first before the second in what it means and in order."""
    return MappingProxyType({**first, **{name: meaning for name, meaning in second.items() if name not in first}})


_EVERYWHERE: Mapping[str, Meaning] = MappingProxyType(
    {**MILESIGHT, **{k: v for k, v in COMMON.items() if k not in MILESIGHT}}
)
_FALLS = ("fall", 0)


def read_uplink(
    decoded: Mapping[str, Any],
    *,
    at: datetime | None,
    quality: frozenset[Quality] = frozenset(),
    model: str = "",
    tags: Mapping[str, object] = MappingProxyType({}),
    once: str | None = None,
) -> tuple[Observation, ...]:
    """What one uplink says.

    Args:
        decoded: The fields that the codec gave.
        at: When the network server received it.
        quality: What holds for all of it.
        model: What is known of the device's model, any text.
        tags: What people wrote to the device in the network server; see `HEIGHT_TAG` and `BUTTON_TAG`.
        once: The network's own name of this uplink.
    """
    table = _table(f"{model} {decoded.get('type', '')}".lower())
    said = list(_spoken(decoded, table, tags, at=at, quality=quality))
    history = decoded.get("history")
    for entry in history if isinstance(history, list) else ():
        if isinstance(entry, dict):
            said += _past(entry, table, tags, quality)
    return tuple(said if once is None else (dataclasses.replace(one, once=once) for one in said))


def uplink_name(session: object, counter: object, at: datetime | None) -> str | None:
    """One name for an uplink however many gateways heard it and however often it is passed on; None without a counter.

    The session and its frame counter name it. A device whose counter begins again within a session (ABP, after a change
    of batteries) must not lose a call for help, so the minute is part of the name: in doubt an uplink counts twice.
    """
    if not session or not isinstance(session, str) or isinstance(counter, bool) or not isinstance(counter, int):
        return None
    return None if at is None else f"{session}/{counter}/{at:%Y-%m-%dT%H:%M}"


def _past(
    entry: Mapping[str, Any], table: Mapping[str, Meaning], tags: Mapping[str, object], quality: frozenset[Quality]
) -> tuple[Observation, ...]:
    at = read_time(entry.get("timestamp"))
    doubt = {Quality.HISTORY} if at is not None else {Quality.HISTORY, Quality.CLOCK_SUSPECT}
    return _spoken(entry, table, tags, at=at, quality=quality | doubt)


def _spoken(
    body: Mapping[str, Any],
    table: Mapping[str, Meaning],
    tags: Mapping[str, object],
    *,
    at: datetime | None,
    quality: frozenset[Quality],
) -> tuple[Observation, ...]:
    """What the device says, and what each of its channels does."""
    whole: dict[str, Any] = {}
    channels: dict[str, dict[str, Any]] = {}
    for name, value in body.items():
        if channel := MILESIGHT_CHANNEL.fullmatch(name):
            channels.setdefault(channel[1], {})[f"current{channel[2]}"] = value
        else:
            whole[name] = value
    said = observations(_read(whole, table, tags), at=at, quality=quality)
    for channel_name, part in channels.items():
        said += observations(read_fields(part, table), at=at, quality=quality, probe=channel_name)
    return said


def _table(model: str) -> Mapping[str, Meaning]:
    for part, own in MILESIGHT_MODELS.items():
        if part in model:
            return _before(own, _EVERYWHERE)
    return _EVERYWHERE


def _read(body: Mapping[str, Any], table: Mapping[str, Meaning], tags: Mapping[str, object]) -> Fields:
    found = read_fields({**body, **_fall_alarm(body)}, table)
    if set(found.get("power", ())) == {"voltage_v"}:
        del found["power"]  # of a device without a meter this is its battery
    level = found.get("water_level")
    if level is not None and HEIGHT_TAG in tags and "level_m" not in level:
        level["level_m"] = _level(level.get("distance_m"), tags[HEIGHT_TAG])
    if str(tags.get(BUTTON_TAG, "")).lower() == "sos" and "button" in found:
        found["sos"] = {"pressed": True, **found.pop("button")}
    return found


def _fall_alarm(body: Mapping[str, Any]) -> dict[str, object]:
    """The status of the newest fall alarm among a radar's alarms, as a field of its own."""
    alarms = body.get("events")
    told = [alarm for alarm in alarms if isinstance(alarm, dict)] if isinstance(alarms, list) else []
    status: object = None
    for alarm in (*told, body):
        kind = alarm.get("alarm_type", alarm.get("event_type"))
        if not isinstance(kind, bool) and kind in _FALLS:
            status = alarm.get("alarm_status", alarm.get("event_status", status))
    return {} if status is None else {"fall_alarm": status}


def _level(distance_m: object, height: object) -> object:
    """The level; a tag that is no number goes on as it is, to be refused where people see it."""
    try:
        height_m = float(height) if isinstance(height, str | int | float) else None
    except (ValueError, OverflowError):
        height_m = None
    if height_m is None:
        return height
    if isinstance(distance_m, bool) or not isinstance(distance_m, int | float):
        return None  # what is wrong with it is told of the distance itself
    return round(height_m - distance_m, 6)
