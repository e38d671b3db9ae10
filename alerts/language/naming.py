"""Naming: the names of places and devices in rules, held to a community.

A site, area, camera, sensor or zone that is not there is a mistake: the rule would never see what it was written for.
A calendar or tag that is not there is one only when it looks like one that is: shipped rules name calendars and tags
that a community need not have. Pure; `hub check` asks with both files at hand, a running hub only warns, because its
community changes beside its rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from alerts.language.around import AroundSpec
from alerts.language.places import Places, places_of
from config.community import Community
from config.messages import Problem, nearest, unknown
from config.paths import Location
from config.says import Says, says
from hub.calendar import WORKDAY

_SCOPE = {"areas": "area", "sites": "site", "cameras": "camera", "sensors": "sensor"}
_TAGS = ("tags", "without_tags")
_WHERE = ("site", "area", "camera", "zone")
"""Names in `where` that stand for something in the community."""


@dataclass(frozen=True, slots=True)
class Named:
    """A name in a rule.

    Attributes:
        location: Where it stands in the rule.
        noun: `area`, `site`, `camera`, `sensor`, `zone`, `tag` or `calendar`.
        name: What is written.
    """

    location: Location
    noun: str
    name: str


@dataclass(frozen=True, slots=True)
class Absent:
    """What rules name that a community does not have.

    Attributes:
        problems: Mistakes.
        aside: What may well be absent, as `calendar festival`.
    """

    problems: tuple[Problem, ...]
    aside: frozenset[str]


def absent_names(rules: Sequence[Any], community: Community) -> Absent:
    """What the rules of one file, as they are written, name that is not in a community."""
    zones = {zone.id for camera in community.cameras for zone in camera.zones}
    known = {**_known(places_of(community)), "zone": tuple(sorted(zones))}
    found: list[Problem] = []
    aside: set[str] = set()
    for index, body in enumerate(rules):
        for named in _names(body):
            if named.name in known[named.noun]:
                continue
            if _may_lack(named, known):
                aside.add(f"{named.noun} {named.name}")
            elif known[named.noun]:
                words = unknown(named.name, known[named.noun])
                message = says("{noun} {words}", "{noun} {words}", noun=_called(named.noun), words=words)
                found.append(Problem((index, *named.location), message))
            else:
                message = says(
                    "{noun} `{name}` is unknown; the community has no {noun}",
                    "{noun} `{name}` 无效；这个社区还没有{noun}",
                    noun=_called(named.noun),
                    name=named.name,
                )
                found.append(Problem((index, *named.location), message))
    return Absent(tuple(found), frozenset(aside))


_CHINESE = {
    "area": "区域",
    "site": "场所",
    "camera": "摄像头",
    "sensor": "传感器",
    "tag": "标签",
    "calendar": "日历",
    "zone": "画面区域",
}


def _called(noun: str) -> Says:
    return Says(noun, _CHINESE[noun])


def strangers(around: AroundSpec, places: Places) -> list[str]:
    """What stands around a rule and is not in the community, as `area group-9`; what may well be absent is left out."""
    known = _known(places)
    body = around.model_dump(by_alias=True, exclude_none=True)
    return [
        f"{each.noun} {each.name}"
        for each in (*_scope_names(body.get("scope")), *_hours_names(body))
        if each.name not in known[each.noun] and not _may_lack(each, known)
    ]


def _may_lack(named: Named, known: Mapping[str, tuple[str, ...]]) -> bool:
    return named.noun in ("tag", "calendar") and nearest(named.name, known[named.noun]) is None


def _known(places: Places) -> Mapping[str, tuple[str, ...]]:
    tags = {tag for each in places.tags_of_site.values() for tag in each}
    return {
        "area": tuple(places.areas),
        "site": tuple(places.sites),
        "camera": tuple(places.cameras),
        "sensor": tuple(places.sensors),
        "tag": tuple(sorted(tags)),
        "calendar": (*places.almanac.calendars, WORKDAY),
    }


def _names(body: Mapping[str, Any]) -> Iterator[Named]:
    yield from _scope_names(body.get("scope"))
    yield from _hours_names(body)
    for location, pattern in patterns_in(body):
        where = pattern.get("where")
        if isinstance(where, Mapping):
            for key in _WHERE:
                for place, name in _texts(where.get(key)):
                    plain = name.removeprefix("not ").strip()
                    yield Named((*location, "where", key, *place), key, plain)


def _scope_names(scope: Any) -> Iterator[Named]:
    if isinstance(scope, Mapping):
        for key in (*_SCOPE, *_TAGS):
            for place, name in _texts(scope.get(key)):
                yield Named(("scope", key, *place), _SCOPE.get(key, "tag"), name)


def _hours_names(body: Mapping[str, Any]) -> Iterator[Named]:
    for part in ("only", "except"):
        written = body.get(part)
        several = isinstance(written, list | tuple)
        for number, hours in enumerate(written if isinstance(written, list | tuple) else (written,)):
            if isinstance(hours, Mapping):
                above: Location = (part, number) if several else (part,)
                for place, name in _texts(hours.get("calendar")):
                    yield Named((*above, "calendar", *place), "calendar", name)


def patterns_in(body: Mapping[str, Any]) -> Iterator[tuple[Location, Mapping[str, Any]]]:
    """Every pattern in a rule, with its place."""
    [(shape, options)] = body["when"].items()
    for key in ("of", "all_of", "steps"):
        written = options.get(key)
        if isinstance(written, Mapping):
            yield ("when", shape, key), written
        elif isinstance(written, list):
            yield from (
                (("when", shape, key, number), each) for number, each in enumerate(written) if isinstance(each, Mapping)
            )
    yield ("when", shape), options
    for location in (("unless",), ("clear", "when")):
        node: Any = body
        for part in location:
            node = node.get(part) if isinstance(node, Mapping) else None
        if isinstance(node, Mapping):
            yield location, node


def _texts(written: Any) -> Iterator[tuple[Location, str]]:
    if isinstance(written, str):
        yield (), written
    elif isinstance(written, list | tuple):
        yield from (((number,), each) for number, each in enumerate(written) if isinstance(each, str))
