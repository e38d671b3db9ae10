"""What a Community must fulfil beyond its shape, checked before it is accepted.

Everything here needs two settings side by side, or the plugins, and may grow stricter from version to
version: a stored Revision stays readable, for reading checks only the shape. Plugins lie in packages that `config` may
not import, so what they allow comes in as maps of kind to options model. Every function gives all that it finds.
"""

from __future__ import annotations

import itertools
import zoneinfo
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from pydantic import BaseModel, ValidationError

from config.address_check import onvif_problems, stream_problems
from config.community import Area, Camera, Community
from config.messages import MAX_GUESSES, Problem, nearest, problems, unknown
from config.network_check import network_problems
from config.networks import Networks
from config.paths import Location, shown
from config.phrases import another, twice
from config.plate_check import plate_problems
from config.polygon import fault, ground_fault
from config.recording_check import recording_problems
from config.says import Says, says
from config.zones import CLASSLESS, TIMELESS, Zone, ZoneUse

MAX_AREA_LEVELS = 4
"""The grid: community, section, block, group of households."""

Kinds = Mapping[str, type[BaseModel]]

RESERVED_SITES = frozenset({"events", "import", "incidents", "status"})
"""What stands after `hub/v1/` in MQTT topics of the hub's own, and of those that maps read."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the plugins allow; None leaves it unchecked.

    Attributes:
        formats: Payload formats of sensors, each with the model of its options.
        detectors: Detectors, each with the model of its options.
        observations: What a sensor can observe (`smoke`, `water_level`).
        notifiers: Channels of notifiers, each with the model of its options.
        behaviours: What looks at how things behave, each with the model of its options.
        networks: Where cameras and notifiers may be.
    """

    formats: Kinds | None = None
    detectors: Kinds | None = None
    observations: Collection[str] | None = None
    notifiers: Kinds | None = None
    behaviours: Kinds | None = None
    networks: Networks | None = None


class _HasId(Protocol):
    @property
    def id(self) -> str: ...


_NOUNS = {"area": "区域", "site": "场所"}


def community_problems(community: Community, known: Known, *, look_at_files: bool) -> Iterator[Problem]:
    """What is not acceptable in a Community.

    Args:
        community: All of it.
        known: What the plugins allow.
        look_at_files: Whether the file of a `file:` address must be there now.
    """
    yield from _timezone(community.timezone)
    nouns: tuple[tuple[str, Sequence[_HasId]], ...] = (
        ("areas", community.areas),
        ("sites", community.sites),
        ("cameras", community.cameras),
        ("sensors", community.sensors),
        ("plate_lists", community.plate_lists),
        ("notifiers", community.notifiers),
    )
    for noun, things in nouns:
        yield from _ids((noun,), things)
    yield from _grid(community.areas)
    areas = {area.id for area in community.areas}
    sites = {site.id for site in community.sites}
    for number, site in enumerate(community.sites):
        if site.id in RESERVED_SITES:
            where = f"hub/v1/{site.id}/..."
            yield Problem(
                ("sites", number, "id"),
                says(
                    "`{id}` is taken: the hub itself speaks on {where}; write another",
                    "`{id}` 已被占用：系统自己用 {where}；请换一个",
                    id=site.id,
                    where=where,
                ),
            )
        if site.area is not None:
            yield from _reference(("sites", number, "area"), site.area, areas, noun="area")
    for number, camera in enumerate(community.cameras):
        yield from _reference(("cameras", number, "site"), camera.site, sites, noun="site")
        yield from _camera(("cameras", number), camera, known, look_at_files=look_at_files)
    yield from recording_problems(community)
    yield from plate_problems(community.plate_lists)
    for number, sensor in enumerate(community.sensors):
        yield from _reference(("sensors", number, "site"), sensor.site, sites, noun="site")
    yield from _sensors(community, known)
    for number, duty in enumerate(community.duties):
        yield from _reference(("duties", number, "area"), duty.area, areas, noun="area")
    yield from _telling(community, known, areas=areas, sites=sites)
    if known.networks is not None:
        yield from network_problems(community, known.networks)


def _telling(
    community: Community, known: Known, *, areas: Collection[str], sites: Collection[str]
) -> Iterator[Problem]:
    """Notifiers, and the people who are told over them."""
    for number, notifier in enumerate(community.notifiers):
        if known.notifiers is not None:
            yield from _plugin(("notifiers", number), notifier.kind, notifier.options, known.notifiers)
        for index, area in enumerate(notifier.areas):
            yield from _reference(("notifiers", number, "areas", index), area, areas, noun="area")
    ways = {notifier.id for notifier in community.notifiers if notifier.people}
    first: dict[str, int] = {}
    for number, contact in enumerate(community.contacts):
        if first.setdefault(contact.account, number) != number:
            before = f"contacts[{first[contact.account]}]"
            yield Problem(("contacts", number, "account"), twice(contact.account, before))
        for index, site in enumerate(contact.sites):
            yield from _reference(("contacts", number, "sites", index), site, sites, noun="site")
        for index, channel in enumerate(contact.channels):
            if channel.via not in ways:
                place: Location = ("contacts", number, "channels", index, "via")
                advice = says(
                    "write {ways}", "请写 {ways}", ways=Says(" or ".join(sorted(ways)), " 或 ".join(sorted(ways)))
                )
                if not ways:
                    advice = says("add one to notifiers", "请在 notifiers 里添加一个")
                yield Problem(
                    place,
                    says(
                        "`{via}` is no notifier with `people: true`; {advice}",
                        "`{via}` 不是带 `people: true` 的通知渠道；{advice}",
                        via=channel.via,
                        advice=advice,
                    ),
                )


def _timezone(name: str) -> Iterator[Problem]:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        near = _near_timezone(name)
        write = Says(f"`{near}`", f"`{near}`") if near else says("a name as `UTC`", "如 `UTC` 的名称")
        yield Problem(
            ("timezone",),
            says("{name} is unknown; write {write}", "{name} 无效；请写 {write}", name=shown(name), write=write),
        )


def _near_timezone(name: str) -> str | None:
    if name.rpartition("/")[2].lower() == "beijing":  # the likeliest mistake: the zone is named for Shanghai
        return "Asia/Shanghai"
    zones = sorted(zoneinfo.available_timezones())
    for part in (lambda zone: zone.rpartition("/")[2].lower(), str.lower):  # the city says more than the continent
        plain = {part(zone): zone for zone in zones}
        if near := nearest(part(name), tuple(plain)):
            return plain[near]
    return None


def _ids(noun: Location, things: Sequence[_HasId]) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for number, thing in enumerate(things):
        if first.setdefault(thing.id, number) != number:
            before = f"{noun[-1]}[{first[thing.id]}]"
            yield Problem((*noun, number, "id"), another(twice(thing.id, before)))


def _reference(location: Location, target: str, known: Collection[str], *, noun: str) -> Iterator[Problem]:
    if target in known:
        return
    near = nearest(target, tuple(known)) if len(known) <= MAX_GUESSES else None
    advice = says("add it to {noun}s", "请在 {noun}s 里添加", noun=noun)
    if near:
        advice = says(
            "write `{near}`, or add it to {noun}s", "请写 `{near}`，或在 {noun}s 里添加", near=near, noun=noun
        )
    words = says(
        "there is no {noun} `{target}`; {advice}",
        "没有{called} `{target}`；{advice}",
        noun=Says(noun, noun),
        called=Says(noun, _NOUNS[noun]),
        target=target,
        advice=advice,
    )
    yield Problem(location, words)


def _grid(areas: Sequence[Area]) -> Iterator[Problem]:
    parents = {area.id: area.parent for area in areas}
    top = next((area.id for area in areas if area.parent is None), None)
    circles: set[str] = set()
    for number, area in enumerate(areas):
        if area.plan is not None and not area.plan.lies:
            words = says(
                "its `south_west` corner must lie south and west of its `north_east` corner",
                "`south_west` 角应在 `north_east` 角的西南方",
            )
            yield Problem(("areas", number, "plan"), words)
        if 0 < len(area.outline) < 3:  # noqa: PLR2004 - a triangle
            yield Problem(
                ("areas", number, "outline"),
                says("has no inside; write three corners or more", "围不成区域；请至少写三个角"),
            )
        location: Location = ("areas", number, "parent")
        if area.parent is None:
            if area.id != top:
                words = says(
                    "missing; `{top}` is the one area without a parent", "缺少；只有 `{top}` 可以没有上级", top=top
                )
                yield Problem(location, words, absent=True)
            continue
        yield from _reference(location, area.parent, parents, noun="area")
        way = _way_up(area.id, parents)
        if way[-1] in way[:-1]:
            circle = way[way.index(way[-1]) :]
            if area.id in circle and not circles.intersection(circle):
                circles.update(circle)
                yield Problem(location, says("goes in a circle: {way}", "绕成了圈：{way}", way=" -> ".join(circle)))
        elif len(way) == MAX_AREA_LEVELS + 1:  # what hangs deeper yet is not told again
            yield Problem(
                location,
                says(
                    "`{id}` is on level {level}; there are {most}: {way}",
                    "`{id}` 在第 {level} 级；最多 {most} 级：{way}",
                    id=area.id,
                    level=len(way),
                    most=MAX_AREA_LEVELS,
                    way=" > ".join(way[::-1]),
                ),
            )


def _way_up(area: str, parents: Mapping[str, str | None]) -> list[str]:
    """The ids from `area` up to the top, or to the first that comes again (it then stands last, a second time)."""
    way = [area]
    while (above := parents.get(way[-1])) is not None:
        way.append(above)
        if above in way[:-1]:
            break
    return way


def _camera(location: Location, camera: Camera, known: Known, *, look_at_files: bool) -> Iterator[Problem]:
    yield from stream_problems((*location, "main"), camera.main, look_at_files=look_at_files)
    if camera.sub is not None:
        yield from stream_problems((*location, "sub"), camera.sub, look_at_files=look_at_files)
    if camera.onvif is not None:
        yield from onvif_problems((*location, "onvif", "url"), camera.onvif.url)
    yield from _picture(location, camera)
    if known.behaviours is not None:
        for kind, options in camera.behaviours.items():
            yield from _options((*location, "behaviours"), kind, options, known.behaviours)
    if known.detectors is None:
        return
    for number, detector in enumerate(camera.detectors):
        yield from _plugin((*location, "detectors", number), detector.kind, detector.options, known.detectors)


def _picture(location: Location, camera: Camera) -> Iterator[Problem]:
    yield from _ids((*location, "zones"), camera.zones)
    for number, zone in enumerate(camera.zones):
        if wrong := fault(zone.points):
            yield Problem((*location, "zones", number, "points"), wrong)
        yield from _limits((*location, "zones", number), zone)
        if zone.way is not None and zone.way[0] == zone.way[1]:
            yield Problem(
                (*location, "zones", number, "way"),
                says("leads nowhere; write two different points, from and to", "没有方向；请写不同的起点和终点"),
            )
    yield from _ids((*location, "lines"), camera.lines)
    for number, line in enumerate(camera.lines):
        if any(one == other for one, other in itertools.pairwise(line.points)):
            yield Problem(
                (*location, "lines", number, "points"),
                says("has the same point twice in a row; leave one out", "相邻两点相同；请删去一个"),
            )
    if camera.ground is not None and (wrong := ground_fault(camera.ground)):
        yield Problem((*location, "ground", "points"), wrong)


def _limits(place: Location, zone: Zone) -> Iterator[Problem]:
    """When and for what a zone counts, where its use knows neither."""
    if zone.hours and zone.use is ZoneUse.PRIVATE:
        yield Problem(
            (*place, "hours"), says("windows are private at any hour; leave it out", "窗户任何时候都是隐私；请删去")
        )
    elif zone.hours and zone.use in TIMELESS:
        yield Problem(
            (*place, "hours"),
            says(
                "whether a post is manned is for a rule; write the hours there, as `only`",
                "岗位有没有人由规则判断；请把时段写在规则的 `only` 里",
            ),
        )
    if zone.classes and zone.use in CLASSLESS:
        yield Problem(
            (*place, "classes"),
            says(
                "`{use}` goes by the pixels, not by what is followed; leave it out",
                "`{use}` 看的是画面像素，不是跟踪的目标；请删去",
                use=zone.use,
            ),
        )
    if len(set(zone.classes)) < len(zone.classes):
        yield Problem((*place, "classes"), says("names one twice; leave one out", "有一个写了两次；请删去一个"))


def _plugin(
    place: Location, kind: str, options: Mapping[str, object], known: Kinds, *, noun: str = "kind"
) -> Iterator[Problem]:
    """Whether there is a plugin of this kind, and whether it takes these options."""
    model = known.get(kind)
    if model is None:
        yield Problem((*place, noun), unknown(kind, tuple(known)))
        return
    yield from _taken((*place, "options"), options, model)


def _options(place: Location, kind: str, options: Mapping[str, object], known: Kinds) -> Iterator[Problem]:
    """Whether there is a plugin of the kind that stands as a key, and whether it takes these options."""
    model = known.get(kind)
    if model is None:
        yield Problem((*place, kind), unknown(kind, tuple(known)))
        return
    yield from _taken((*place, kind), options, model)


def _taken(place: Location, options: Mapping[str, object], model: type[BaseModel]) -> Iterator[Problem]:
    try:
        model.model_validate(options)
    except ValidationError as error:
        yield from problems(error, model, options, below=place)


def _sensors(community: Community, known: Known) -> Iterator[Problem]:
    first: dict[tuple[str, str], int] = {}
    words: dict[str, list[Location]] = defaultdict(list)
    for number, sensor in enumerate(community.sensors):
        place: Location = ("sensors", number)
        address = sensor.address or sensor.id
        if first.setdefault((sensor.format, address), number) != number:
            before = first[sensor.format, address]
            message = says(
                "sensors[{before}] has the same format and address, {address}; every device stands once",
                "sensors[{before}] 的格式和地址与此相同：{address}；每台设备只写一次",
                before=before,
                address=shown(address),
            )
            yield Problem((*place, "address"), message, absent=True)
        if known.formats is not None:
            yield from _plugin(place, sensor.format, sensor.options, known.formats, noun="format")
        for index, word in enumerate(sensor.kinds):
            words[word].append((*place, "kinds", index))
    if known.observations is None:
        return
    observations = tuple(sorted(known.observations))
    for word, places in words.items():
        if word not in known.observations:
            yield from (Problem(place, unknown(word, observations)) for place in places)
