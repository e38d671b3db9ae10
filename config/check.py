"""What a Community or Machine must fulfil beyond its shape, checked before it is accepted.

Everything here needs two settings side by side, the machine, or the plugins, and may grow stricter from version to
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
from urllib.parse import urlsplit

from pydantic import BaseModel, ValidationError

from config.community import VIDEO_SCHEMES, Area, Camera, Community, Stream
from config.local_paths import can_be
from config.machine import ExternalBroker, Keep, Machine
from config.messages import MAX_GUESSES, Problem, nearest, problems, unknown
from config.network_check import network_problems
from config.networks import Networks
from config.onvif import ONVIF_SCHEMES
from config.paths import Location, shown
from config.plate_check import plate_problems
from config.polygon import fault, ground_fault
from config.recording_check import disk_problems, recording_problems
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
                ("sites", number, "id"), f"`{site.id}` is taken: the hub itself speaks on {where}; write another"
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
            yield Problem(("contacts", number, "account"), f"`{contact.account}` stands twice, first in {before}")
        for index, site in enumerate(contact.sites):
            yield from _reference(("contacts", number, "sites", index), site, sites, noun="site")
        for index, channel in enumerate(contact.channels):
            if channel.via not in ways:
                place: Location = ("contacts", number, "channels", index, "via")
                advice = f"write {' or '.join(sorted(ways))}" if ways else "add one to notifiers"
                yield Problem(place, f"`{channel.via}` is no notifier with `people: true`; {advice}")


def machine_problems(machine: Machine) -> Iterator[Problem]:
    """What is not acceptable in a Machine: paths that lead nowhere, settings that contradict each other."""
    if machine.data.exists() and not machine.data.is_dir():
        yield Problem(("data",), "is a file; write a folder")
    if machine.rules is not None and not machine.rules.is_dir():
        yield Problem(("rules",), f"no such folder: {machine.rules}")
    if machine.payloads is not None and not machine.payloads.is_dir():
        yield Problem(("payloads",), f"no such folder: {machine.payloads}")
    if isinstance(machine.broker, ExternalBroker):
        yield from _external_broker(machine.broker)
    elif machine.broker.program is not None and not machine.broker.program.is_file():
        yield Problem(("broker", "program"), f"no such file: {machine.broker.program}")
    yield from _keep(machine.keep)
    yield from disk_problems(machine)
    if machine.database.url is None:
        return
    url = machine.database.url.reveal()
    if not url.startswith(("postgresql+psycopg://", "sqlite://")):
        yield Problem(("database", "url"), "is no address we know; write postgresql+psycopg://user:password@host/name")
    elif "durability" in machine.database.model_fields_set and url.startswith("postgresql"):
        yield Problem(("database", "durability"), "is for SQLite and has no use beside this url; leave it out")


def _keep(keep: Keep) -> Iterator[Problem]:
    """The coarser must outlive the finer it is made of, or there would be a hole between them."""
    for coarser, finer in (("minutes_days", "readings_days"), ("hours_days", "minutes_days")):
        least = getattr(keep, finer)
        if getattr(keep, coarser) < least:
            yield Problem(("keep", coarser), f"is less than keep.{finer}; write {least} or more")


def _external_broker(broker: ExternalBroker) -> Iterator[Problem]:
    if not _address_holds(broker.url):
        yield Problem(("broker", "url"), "host or port cannot be read; write mqtt://host:port")
    if broker.ca_file is not None and broker.url.startswith("mqtt:"):
        yield Problem(("broker", "ca_file"), "has no use without TLS; write mqtts:// in url, or leave it out")
    elif broker.ca_file is not None and not broker.ca_file.is_file():
        yield Problem(("broker", "ca_file"), f"no such file: {broker.ca_file}")
    if broker.password is not None and broker.username is None:
        yield Problem(("broker", "username"), "missing; a password needs one", absent=True)


def _timezone(name: str) -> Iterator[Problem]:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        near = _near_timezone(name)
        yield Problem(("timezone",), f"{shown(name)} is unknown; write {f'`{near}`' if near else 'a name as `UTC`'}")


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
            yield Problem((*noun, number, "id"), f"`{thing.id}` stands twice, first in {before}; write another")


def _reference(location: Location, target: str, known: Collection[str], *, noun: str) -> Iterator[Problem]:
    if target in known:
        return
    near = nearest(target, tuple(known)) if len(known) <= MAX_GUESSES else None
    advice = f"write `{near}`, or add it to {noun}s" if near else f"add it to {noun}s"
    yield Problem(location, f"there is no {noun} `{target}`; {advice}")


def _grid(areas: Sequence[Area]) -> Iterator[Problem]:
    parents = {area.id: area.parent for area in areas}
    top = next((area.id for area in areas if area.parent is None), None)
    circles: set[str] = set()
    for number, area in enumerate(areas):
        if area.plan is not None and not area.plan.lies:
            words = "its `south_west` corner must lie south and west of its `north_east` corner"
            yield Problem(("areas", number, "plan"), words)
        if 0 < len(area.outline) < 3:  # noqa: PLR2004 - a triangle
            yield Problem(("areas", number, "outline"), "has no inside; write three corners or more")
        location: Location = ("areas", number, "parent")
        if area.parent is None:
            if area.id != top:
                yield Problem(location, f"missing; `{top}` is the one area without a parent", absent=True)
            continue
        yield from _reference(location, area.parent, parents, noun="area")
        way = _way_up(area.id, parents)
        if way[-1] in way[:-1]:
            circle = way[way.index(way[-1]) :]
            if area.id in circle and not circles.intersection(circle):
                circles.update(circle)
                yield Problem(location, f"goes in a circle: {' -> '.join(circle)}")
        elif len(way) == MAX_AREA_LEVELS + 1:  # what hangs deeper yet is not told again
            yield Problem(
                location, f"`{area.id}` is on level {len(way)}; there are {MAX_AREA_LEVELS}: {' > '.join(way[::-1])}"
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
    yield from _stream((*location, "main"), camera.main, look_at_files=look_at_files)
    if camera.sub is not None:
        yield from _stream((*location, "sub"), camera.sub, look_at_files=look_at_files)
    if camera.onvif is not None:
        yield from _onvif((*location, "onvif", "url"), camera.onvif.url)
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
            yield Problem((*location, "zones", number, "way"), "leads nowhere; write two different points, from and to")
    yield from _ids((*location, "lines"), camera.lines)
    for number, line in enumerate(camera.lines):
        if any(one == other for one, other in itertools.pairwise(line.points)):
            yield Problem((*location, "lines", number, "points"), "has the same point twice in a row; leave one out")
    if camera.ground is not None and (wrong := ground_fault(camera.ground)):
        yield Problem((*location, "ground", "points"), wrong)


def _limits(place: Location, zone: Zone) -> Iterator[Problem]:
    """When and for what a zone counts, where its use knows neither."""
    if zone.hours and zone.use is ZoneUse.PRIVATE:
        yield Problem((*place, "hours"), "windows are private at any hour; leave it out")
    elif zone.hours and zone.use in TIMELESS:
        yield Problem((*place, "hours"), "whether a post is manned is for a rule; write the hours there, as `only`")
    if zone.classes and zone.use in CLASSLESS:
        yield Problem((*place, "classes"), f"`{zone.use}` goes by the pixels, not by what is followed; leave it out")
    if len(set(zone.classes)) < len(zone.classes):
        yield Problem((*place, "classes"), "names one twice; leave one out")


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


def _stream(location: Location, stream: Stream, *, look_at_files: bool) -> Iterator[Problem]:
    place = (*location, "url")
    scheme, colon, _ = stream.url.partition(":")
    if not colon or scheme.lower() not in VIDEO_SCHEMES or any(sign.isspace() for sign in stream.url):
        schemes = ", ".join(f"{name}:" for name in VIDEO_SCHEMES)
        yield Problem(place, f"is no address of a stream; write one that begins with {schemes} and holds no space")
        return
    if stream.file is not None:
        if stream.url.startswith("file://") and not stream.url.startswith("file:///"):
            yield Problem(place, "write file:///folder/video.mp4, or file:video.mp4 for one beside this file")
        elif look_at_files and not (can_be(stream.file) and stream.file.is_file()):
            yield Problem(place, f"no such file: {stream.file}")
        return
    if not _address_holds(stream.url):
        yield Problem(place, f"host or port cannot be read; write {scheme.lower()}://host:port/path")


def _onvif(place: Location, url: str) -> Iterator[Problem]:
    scheme, _, _ = url.partition("://")
    if scheme.lower() not in ONVIF_SCHEMES or any(sign.isspace() for sign in url) or not _address_holds(url):
        yield Problem(place, "is no address of an ONVIF service; write http://host/onvif/device_service")


def _address_holds(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _sensors(community: Community, known: Known) -> Iterator[Problem]:
    first: dict[tuple[str, str], int] = {}
    words: dict[str, list[Location]] = defaultdict(list)
    for number, sensor in enumerate(community.sensors):
        place: Location = ("sensors", number)
        address = sensor.address or sensor.id
        if first.setdefault((sensor.format, address), number) != number:
            before = first[sensor.format, address]
            message = f"sensors[{before}] has the same format and address, {shown(address)}; every device stands once"
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
