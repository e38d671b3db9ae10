"""Overview: what is open, so that one person can follow it in a flood of alarms.

Red incidents stand individually on top. The rest is collapsed by area and by the family of what causes it: what a
graver alert hides counts to that alert's family. Each group names what came first, often the cause. Nothing is hidden
or moved by it. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from alerts.incidents.incident import Display, Handling
from alerts.incidents.views import IncidentView
from alerts.language.kinds import family
from config.community import Level


@dataclass(frozen=True, slots=True)
class Group:
    """Incidents of one area and family of kinds.

    Attributes:
        area: Area id, None when they are of none.
        family: Of the kind that causes them.
        first: The one that was opened first.
        newest: When the last one was opened.
        levels, handlings: How many of each.
        incidents: Their ids, the first one first.
    """

    area: str | None
    family: str
    first: IncidentView
    newest: datetime
    levels: Mapping[Level, int]
    handlings: Mapping[Handling, int]
    incidents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """What is open.

    Attributes:
        single: What stands individually, the gravest first, of these the oldest first.
        groups: The rest, the gravest and largest first; empty when nothing is collapsed.
        hidden: How many a person put aside, or took out with their device.
    """

    single: tuple[IncidentView, ...]
    groups: tuple[Group, ...]
    hidden: int


def overview(incidents: Iterable[IncidentView], *, collapse: bool) -> Overview:
    """What is open of these incidents, which are all open.

    Args:
        incidents: In any order.
        collapse: Whether there is a flood; else every one that is shown stands individually.
    """
    every = sorted(incidents, key=lambda each: (each.opened, each.number))
    shown = [each for each in every if each.shown_as in (Display.SHOWN, Display.MUTED)]
    red = [each for each in shown if each.level is Level.CRITICAL]
    rest = [each for each in shown if each.level is not Level.CRITICAL]
    hidden = len(every) - len(shown)
    if not collapse:
        visible = [each for each in (*red, *rest) if each.shown_as is Display.SHOWN]
        return Overview(tuple(sorted(visible, key=lambda each: -each.level.rank)), (), hidden)
    cause = _causes(every)
    groups: dict[tuple[str | None, str], list[IncidentView]] = {}
    for each in rest:
        groups.setdefault((each.area, cause(each)), []).append(each)
    made = (_group(area, name, some) for (area, name), some in groups.items())
    ordered = sorted(
        made, key=lambda each: (-max(level.rank for level in each.levels), -len(each.incidents), each.first.number)
    )
    return Overview(tuple(red), tuple(ordered), hidden)


def _causes(incidents: list[IncidentView]) -> Callable[[IncidentView], str]:
    """The family of what causes an incident: its own, or that of the alert which hides it."""
    kinds = {alert.id: alert.kind for each in incidents for alert in each.alerts}

    def cause(incident: IncidentView) -> str:
        if incident.shown_as is Display.MUTED:
            for alert in incident.alerts:
                if alert.muted_by in kinds:
                    return family(kinds[alert.muted_by])
        return family(incident.kind)

    return cause


def _group(area: str | None, name: str, incidents: list[IncidentView]) -> Group:
    return Group(
        area=area,
        family=name,
        first=incidents[0],
        newest=incidents[-1].opened,
        levels=Counter(each.level for each in incidents),
        handlings=Counter(each.handling for each in incidents),
        incidents=tuple(each.id for each in incidents),
    )
