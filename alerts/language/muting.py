"""Muting: which alert hides which, so that people see the cause and not what follows from it.

A muted alert exists, is recorded and moves as any other; it is shown again when none that mutes it is active any more.
Red is never hidden by a rule. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from alerts.alert import Alert, Condition
from alerts.language.around import alert_place, place_of
from alerts.language.kinds import ALERT_KINDS
from alerts.language.places import Places
from alerts.language.rule import Rule
from config.community import Level
from config.messages import unknown
from config.says import Says, says


def muter_of(alert: Alert, parents: Iterable[tuple[Alert, Rule]], places: Places) -> str | None:
    """The id of the active alert that hides another, the earliest if there are several; None when it is shown.

    Args:
        alert: Which.
        parents: Active alerts, each with a rule that holds it and mutes.
        places: Where areas are.
    """
    if alert.level is Level.CRITICAL or (alert.condition is not Condition.ACTIVE and alert.muted_by is None):
        return None
    found = [parent for parent, rule in parents if parent.id != alert.id and _hides(parent, rule, alert, places)]
    return min(found, key=lambda parent: (parent.raised, parent.id)).id if found else None


def muting_problems(rules: Sequence[Rule], known: Iterable[str]) -> dict[str, Says]:
    """What is wrong in what rules mute, by rule id.

    Args:
        rules: All that may run together.
        known: Ids of all rules there are.
    """
    ids = set(known)
    found: dict[str, Says] = {}
    hides = {rule.id: {each.id for each in rules if _names(rule, each)} for rule in rules if rule.around.muted}
    for rule in rules:
        strange = sorted(rule.around.muted - ids - ALERT_KINDS.keys())
        if strange:
            found[rule.id] = says(
                "rule or alert kind {what}",
                "规则或告警种类 {what}",
                what=unknown(strange[0], (*sorted(ids), *ALERT_KINDS)),
            )
        elif rule.id in hides.get(rule.id, ()):
            found[rule.id] = says(
                "mutes itself; name other rules or alert kinds", "把自己也隐藏了；请写别的规则或告警种类"
            )
        elif (way := _circle(rule.id, hides)) is not None and not set(way) & found.keys():
            found[rule.id] = says(
                "goes in a circle, so that all would be hidden: {way}",
                "绕成了圈，全都会被隐藏：{way}",
                way=" -> ".join(way),
            )
    return found


def _names(rule: Rule, other: Rule) -> bool:
    return other.id in rule.around.muted or other.kind in rule.around.muted


def _circle(start: str, hides: Mapping[str, set[str]]) -> list[str] | None:
    ways = [[start]]
    seen = {start}
    while ways:
        way = ways.pop()
        for each in sorted(hides.get(way[-1], ())):
            if each == start:
                return [*way, start]
            if each not in seen:
                seen.add(each)
                ways.append([*way, each])
    return None


def _hides(parent: Alert, rule: Rule, alert: Alert, places: Places) -> bool:
    muted = rule.around.muted
    if alert.kind not in muted and not muted.issuperset(alert.holders or (alert.rule,)):
        return False
    return all(_alike(part, parent, alert, places) for part in rule.around.same)


def _alike(part: str, parent: Alert, alert: Alert, places: Places) -> bool:
    if part == "subject":
        return parent.key == alert.key
    if part in ("device", "sensor"):
        ours, theirs = parent.sensor or parent.camera, alert.sensor or alert.camera
        return ours is not None and ours == theirs
    if part == "gateway":
        return parent.key == places.gateway_of_sensor.get(alert.sensor or "")
    ours = place_of(part, alert_place(parent), places)
    if part == "area":
        return ours is not None and ours in set(places.way_up(place_of(part, alert_place(alert), places)))
    return ours is not None and ours == place_of(part, alert_place(alert), places)
