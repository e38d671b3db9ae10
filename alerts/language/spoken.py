"""Spoken: what rules ask of observations, held to what anybody speaks.

A rule for a kind that nobody speaks, or for a field that the kind does not have, is a mistake: it would never ring,
and nobody would notice. What sensors say is known field by field (`hub/sensors/kinds.py`); of what cameras and the hub
itself say the kinds alone are known. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from alerts.language.kinds import ALERT_KINDS
from alerts.language.naming import patterns_in
from alerts.language.pattern import OF_EVERY_EVENT
from alerts.trials.observations import WORDED
from config.messages import Problem, unknown
from config.paths import Location
from hub.sensors.kinds import KINDS, FieldType, Flag, Number

SPOKEN = frozenset({*KINDS, *WORDED, "worker.health", "alert.resolved", "alert.reopened"})
"""Every event kind that a hub speaks as it is shipped."""

_MEASURES = ("value", "change")
"""Shapes that look at a number, named by `field`."""


def unspoken(body: Mapping[str, Any], observations: Collection[str]) -> list[Problem]:
    """What a right rule asks for that nobody speaks.

    Args:
        body: The rule as it is written.
        observations: Event kinds that somebody speaks.
    """
    found: list[Problem] = []
    for location, pattern in patterns_in(body):
        alerts_too = location[0] == "unless"
        kinds = list(_listed(pattern.get("kind")))
        for place, kind in kinds:
            if kind not in observations and not (alerts_too and kind in ALERT_KINDS):
                found.append(Problem((*location, "kind", *place), _unknown_kind(kind, observations)))
        fields = _fields_of([kind for _, kind in kinds])
        if fields is None:
            continue
        known = (*sorted(fields), *OF_EVERY_EVENT)
        for name, wanted in (pattern.get("where") or {}).items():
            if name not in known:
                of = ", ".join(kind for _, kind in kinds)
                found.append(Problem((*location, "where", name), f"no field of {of}; {unknown(name, known)}"))
            elif name in fields and (words := _unlike(fields[name], wanted)):
                found.append(Problem((*location, "where", name), words))
    found += [
        Problem(("unless", "until", *place), _unknown_kind(kind, observations))
        for place, kind in _listed((body.get("unless") or {}).get("until"))
        if kind not in observations
    ]
    return found + list(_measured(body))


def _measured(body: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with the `field` of a shape that looks at a number."""
    [(shape, options)] = body["when"].items()
    if shape not in _MEASURES:
        return
    kinds = [kind for _, kind in _listed(options["of"]["kind"])]
    fields = _fields_of(kinds)
    if fields is None:
        return
    numbers = sorted(name for name, field in fields.items() if isinstance(field, Number))
    if options["field"] in numbers:
        return
    words = unknown(options["field"], numbers) if numbers else "they have no field that is a number"
    yield Problem(("when", shape, "field"), f"no number of {', '.join(kinds)}; {words}")


def _unknown_kind(kind: str, observations: Collection[str]) -> str:
    if kind in ALERT_KINDS:
        return f"`{kind}` is a kind of alert; a rule watches what is observed, as smoke or camera.fire"
    return f"kind {unknown(kind, tuple(sorted(observations)))}"


def _fields_of(kinds: Collection[str]) -> Mapping[str, FieldType] | None:
    """All fields that these kinds may carry; None when that is not known of one of them."""
    if not kinds or not all(kind in KINDS for kind in kinds):
        return None
    return {name: field for kind in kinds for name, field in KINDS[kind].fields.items()}


def _unlike(field: FieldType, wanted: object) -> str:
    """Why a field can never be what is wanted; empty when it can."""
    if isinstance(wanted, list):
        return next((words for each in wanted if (words := _unlike(field, each))), "")
    compares = isinstance(wanted, str) and wanted.lstrip().startswith((">", "<"))
    negated = isinstance(wanted, str) and wanted.startswith("not ")
    if negated:
        return ""
    if isinstance(field, Flag):
        return "" if isinstance(wanted, bool) else "this field is true or false; write true, false or 'not true'"
    if isinstance(field, Number):
        number = compares or (isinstance(wanted, int | float) and not isinstance(wanted, bool))
        unit = f" in {field.unit}" if field.unit else ""
        return "" if number else f"this field is a number{unit}; write a number or a comparison, as '>= {field.high:g}'"
    return "" if isinstance(wanted, str) and not compares else "this field is text; write it in quotes"


def _listed(written: Any) -> Iterator[tuple[Location, str]]:
    if isinstance(written, str):
        yield (), written
    elif isinstance(written, list | tuple):
        yield from (((number,), each) for number, each in enumerate(written))
