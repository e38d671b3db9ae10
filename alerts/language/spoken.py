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
from config.says import Says, listed, says
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
                of = listed(kind for _, kind in kinds)
                found.append(
                    Problem(
                        (*location, "where", name),
                        says("no field of {of}; {what}", "{of} 没有这个字段；{what}", of=of, what=unknown(name, known)),
                    )
                )
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
    words = says("they have no field that is a number", "它们没有数值字段")
    if numbers:
        words = unknown(options["field"], numbers)
    yield Problem(
        ("when", shape, "field"),
        says("no number of {kinds}; {words}", "不是 {kinds} 的数值；{words}", kinds=listed(kinds), words=words),
    )


def _unknown_kind(kind: str, observations: Collection[str]) -> Says:
    if kind in ALERT_KINDS:
        return says(
            "`{kind}` is a kind of alert; a rule watches what is observed, as smoke or camera.fire",
            "`{kind}` 是告警种类；规则看的是观测，如 smoke 或 camera.fire",
            kind=kind,
        )
    return says("kind {what}", "种类 {what}", what=unknown(kind, tuple(sorted(observations))))


def _fields_of(kinds: Collection[str]) -> Mapping[str, FieldType] | None:
    """All fields that these kinds may carry; None when that is not known of one of them."""
    if not kinds or not all(kind in KINDS for kind in kinds):
        return None
    return {name: field for kind in kinds for name, field in KINDS[kind].fields.items()}


_FLAG = says(
    "this field is true or false; write true, false or 'not true'",
    "这个字段是真或假；请写 true、false 或 'not true'",
)
_TEXT = says("this field is text; write it in quotes", "这个字段是文字；请加引号")


def _unlike(field: FieldType, wanted: object) -> Says | None:
    """Why a field can never be what is wanted; None when it can."""
    if isinstance(wanted, list):
        return next((words for each in wanted if (words := _unlike(field, each))), None)
    compares = isinstance(wanted, str) and wanted.lstrip().startswith((">", "<"))
    negated = isinstance(wanted, str) and wanted.startswith("not ")
    if negated:
        return None
    if isinstance(field, Flag):
        return None if isinstance(wanted, bool) else _FLAG
    if isinstance(field, Number):
        number = compares or (isinstance(wanted, int | float) and not isinstance(wanted, bool))
        if number:
            return None
        unit = says(" in {unit}", "（{unit}）", unit=field.unit) if field.unit else ""
        return says(
            "this field is a number{unit}; write a number or a comparison, as '>= {high}'",
            "这个字段是数{unit}；请写数或比较，如 '>= {high}'",
            unit=unit,
            high=f"{field.high:g}",
        )
    return None if isinstance(wanted, str) and not compares else _TEXT


def _listed(written: Any) -> Iterator[tuple[Location, str]]:
    if isinstance(written, str):
        yield (), written
    elif isinstance(written, list | tuple):
        yield from (((number,), each) for number, each in enumerate(written))
