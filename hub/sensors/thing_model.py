"""Thing models: the properties and events that devices for the Chinese clouds report, whichever cloud it is.

A property is `identifier: {"value", "time"}` or `identifier: value`; an event is an identifier with outputs. What they
mean is found by name (`hub.sensors.models.names`): the standard identifiers, and our own words for whoever designs a
model. Each property has its own time.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hub.events import Quality
from hub.sensors.kinds import KINDS, Flag
from hub.sensors.mapping import observations, plain, read_fields
from hub.sensors.models.names import COMMON
from hub.sensors.parsing import Observation, as_object, read_time

_NO_DOUBT: frozenset[Quality] = frozenset()
_SUSPECT = frozenset({Quality.CLOCK_SUSPECT})


def read_properties(
    params: Mapping[str, Any], *, sent: object = None, quality: frozenset[Quality] = _NO_DOUBT
) -> tuple[Observation, ...]:
    """What the properties of one report say.

    Args:
        params: By identifier.
        sent: The time of the report, for properties without one of their own.
        quality: What holds for all of it.
    """
    moments: dict[tuple[datetime | None, frozenset[Quality]], dict[str, object]] = {}
    for identifier, held in params.items():
        value, time = held, sent
        if isinstance(held, dict) and "value" in held:
            value, time = held["value"], held.get("time", sent)
        moments.setdefault(_moment(time), {})[_bare(identifier)] = value
    return tuple(
        observation
        for (at, doubt), body in moments.items()
        for observation in observations(read_fields(body, COMMON), at=at, quality=quality | doubt)
    )


def read_event(
    identifier: str, outputs: object, *, sent: object = None, quality: frozenset[Quality] = _NO_DOUBT
) -> tuple[Observation, ...]:
    """What one event says: its outputs, and that what it is called after happened unless they say otherwise.

    Args:
        identifier: Of the event.
        outputs: Its outputs by identifier, or None.
        sent: The time of the event.
        quality: What holds for it.
    """
    found = read_fields({} if outputs is None else as_object(outputs), COMMON)
    meaning = COMMON.get(plain(_bare(identifier)))
    if meaning is not None and isinstance(KINDS[meaning.kind].fields[meaning.field], Flag):
        meaning.put(True, found)
    at, doubt = _moment(sent)
    return observations(found, at=at, quality=quality | doubt)


def _bare(identifier: str) -> str:
    """Without the name of the module that it stands in."""
    return identifier.rpartition(":")[2]


def _moment(sent: object) -> tuple[datetime | None, frozenset[Quality]]:
    at = read_time(sent)
    return at, _SUSPECT if at is None and sent is not None else _NO_DOUBT
