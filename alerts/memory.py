"""Memory: the most that rules can ever remember in a community, known before anything happens.

Every shape bounds what it keeps of one key, and the community says how many keys and devices there are; so the sum is
known when rules are loaded. It is a bound and no forecast: it is reached when every device of every key sends as much
as is ever kept of it, and what is really remembered is a small part of it. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from alerts.places import places_of
from alerts.rule import Rule
from alerts.scope import Reach
from config.community import Camera, Community, Sensor

CELL_BYTES = 4096
"""What stands around a shape's memory of a key: the open alert, a claim that is held back, timers."""
MOST_SUBJECTS = 64
"""Tracks of one camera that matter at a time."""
MOST_PARTS = 8
"""Of whatever else speaks: probes of a sensor, disks of a hub."""

_FINER = ("community", "area", "site", "household", "camera", "device", "sensor", "zone", "subject")


@dataclass(frozen=True, slots=True)
class RuleMemory:
    """The most that one rule remembers.

    Attributes:
        rule: Its id.
        keys: For how many keys at most.
        key_bytes: Of one key, as it is stored.
    """

    rule: str
    keys: int
    key_bytes: int

    @property
    def all_bytes(self) -> int:
        """Of all keys."""
        return self.keys * self.key_bytes


def memory_of(rules: Iterable[Rule], community: Community) -> tuple[RuleMemory, ...]:
    """The most that each of the rules remembers in a community, the largest first."""
    places = places_of(community)
    found = [_of_rule(rule.on(places), community) for rule in rules]
    return tuple(sorted(found, key=lambda each: (-each.all_bytes, each.rule)))


def memory_mistake(found: Iterable[RuleMemory], most_mib: int) -> str:
    """Why the rules may remember too much; empty when they do not."""
    ordered = list(found)
    size_bytes = sum(each.all_bytes for each in ordered)
    if size_bytes <= most_mib * 2**20:
        return ""
    most = ", ".join(f"{each.rule} {in_words(each.all_bytes)}" for each in ordered[:3])
    return (
        f"the rules could remember {in_words(size_bytes)} in this community, more than `rules_memory_mib` ({most_mib}) "
        f"of machine.yaml; most of it {most}: narrow their scope, shorten their windows, or allow more"
    )


def in_words(size_bytes: int) -> str:
    """As people read it."""
    return f"{size_bytes / 2**20:.1f} MiB" if size_bytes >= 2**20 else f"{size_bytes / 2**10:.1f} KiB"


def _of_rule(rule: Rule, community: Community) -> RuleMemory:
    reach = rule.around.reach
    sites = {site.id: site.area for site in community.sites if _holds_site(reach, site.id)}
    everything: tuple[Camera | Sensor, ...] = (*community.cameras, *community.sensors)
    devices = [
        each
        for each in everything
        if each.site in sites and (reach is None or reach.devices is None or each.id in reach.devices)
    ]
    cameras = [each for each in devices if isinstance(each, Camera)]
    finest = max(rule.for_each, key=_FINER.index)
    keys = {
        "community": 1,
        "area": len(community.areas),
        "site": len(sites),
        "household": len(sites),
        "camera": len(cameras),
        "device": len(devices),
        "sensor": len(devices),
        "zone": sum(len(camera.zones) for camera in cameras),
        "subject": len(devices) * MOST_SUBJECTS,
    }[finest]
    sources = _sources_of_a_key(finest, devices, sites)
    subjects = [MOST_SUBJECTS if kind.startswith("camera.") else MOST_PARTS for kind in rule.shape.kinds]
    streams = sources * (len(subjects) if finest == "subject" else sum(subjects))
    return RuleMemory(rule.id, keys, CELL_BYTES + rule.shape.most_bytes(streams))


def _holds_site(reach: Reach | None, site: str) -> bool:
    return reach is None or ((reach.sites is None or site in reach.sites) and site not in reach.without)


def _sources_of_a_key(finest: str, devices: Iterable[Camera | Sensor], sites: Mapping[str, str | None]) -> int:
    """How many cameras and sensors speak of one key, at most."""
    group: Mapping[str, Callable[[Camera | Sensor], str | None]] = {
        "community": lambda _each: "",
        "area": lambda each: sites[each.site],
        "site": lambda each: each.site,
        "household": lambda each: each.site,
    }
    if finest not in group:
        return 1
    return max(Counter(group[finest](each) for each in devices).values(), default=1)
