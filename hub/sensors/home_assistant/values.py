"""Values: what entities take out of a message, and how the parts of one device make one observation. Pure."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable

from hub.events import Quality
from hub.sensors.errors import PayloadError
from hub.sensors.home_assistant.configs import Entity
from hub.sensors.home_assistant.templates import Values, render
from hub.sensors.home_assistant.words import PRESSED
from hub.sensors.parsing import Observation, as_object, read_json

_DECIMALS = 6
_NOTHING = frozenset({"unknown", "unavailable"})
_ARMED = {"disarmed": False, "armed_home": True, "armed_away": True, "armed_night": True, "armed_vacation": True}
_PRESSES = frozenset({"event", "trigger", "action"})
ONE_SHOT = frozenset({"sos", "button"})


def observed(entity: Entity, message: Values, *, retained: bool) -> Observation | None:
    """What one entity takes out of a message; None when that is nothing, as for the button of a retained one.

    Raises:
        PayloadError: `template` or `malformed`.
    """
    if retained and (entity.sort in _PRESSES or entity.says.kind in ONE_SHOT):
        return None
    text = message.text if entity.template is None else render(entity.template, message)
    if text is None or text in _NOTHING or (text == "" and entity.sort != "trigger"):
        return None
    if entity.sort in _PRESSES:
        return _pressed(entity, text)
    value: object
    match entity.sort:
        case "flag":
            value = _flag(entity, text)
        case "armed":
            value = _ARMED.get(text)
        case _:
            value = _number(entity, text)
    if value is None:
        return None
    if entity.says.kind in ONE_SHOT:
        return press("sos") if value is True else None
    return Observation(entity.says.kind, {entity.says.field: value})


def merged(said: Iterable[tuple[Observation, str | None]]) -> Iterable[Observation]:
    """One observation for each kind and part; presses stay apart."""
    states: dict[tuple[str, str | None], dict[str, object]] = defaultdict(dict)
    for observation, subject in said:
        if observation.kind in ONE_SHOT:
            yield observation
        else:
            states[observation.kind, subject].update(observation.fields)
    for (kind, subject), fields in states.items():
        if kind == "smoke" and set(fields) == {"test"}:
            continue  # a self-test flag alone says nothing about smoke
        tested = frozenset({Quality.TEST}) if fields.get("test") is True else frozenset[Quality]()
        yield Observation(kind, fields, quality=tested, subject=subject, probe=subject)


def press(action: str) -> Observation:
    """A button, or a call for help."""
    if action.lower() in PRESSED:
        return Observation("sos", {"pressed": True, "action": action})
    return Observation("button", {"action": action})


def _pressed(entity: Entity, text: str) -> Observation | None:
    if entity.sort == "trigger":
        return press(entity.action) if entity.on in {"", text} else None
    if entity.sort == "action":
        return press(text)
    said = as_object(read_json(text.encode())).get("event_type")
    return press(said) if isinstance(said, str) and said else None


def _flag(entity: Entity, text: str) -> bool | None:
    return text == entity.on if text in {entity.on, entity.off} else None


def _number(entity: Entity, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise PayloadError("malformed", f"{entity.key[:64]}: {text[:32]!r} is no number")
    factor, offset = entity.unit
    return round(number * factor + offset, _DECIMALS)
