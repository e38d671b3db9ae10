"""Memory: the most that rules can ever remember in a community, known before anything happens.

Every shape bounds what it keeps of one key, and the community says how many keys and devices there are; so the sum is
known when rules are loaded. It is a bound and no forecast: it is reached when every device of every key sends as much
as is ever kept of it, and what is really remembered is a small part of it. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from alerts.language.places import places_of
from alerts.language.rule import Rule
from alerts.language.scope import Reach
from config.community import Camera, Community, Sensor
from config.says import Says, listed, says
from hub.sensors.kinds import KINDS

CELL_BYTES = 4096
"""What stands around a shape's memory of a key: the open alert, a claim that is held back, timers."""
MOST_SUBJECTS = 64
"""Tracks of one camera that matter at a time."""
MOST_PARTS = 8
"""Of whatever else speaks: probes of a sensor, disks of a hub."""
MOST_OWN = 256
"""Of whom the hub itself speaks: disks, notifiers, rules."""
_OWN = ("alarm.", "broker.", "hub.", "notices.", "notifier.", "worker.")
"""How kinds begin that come from the hub itself and from no device."""
_SENSORS_OWN = ("sensor.", "gateway.")

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


def memory_mistake(found: Iterable[RuleMemory], most_mib: int) -> Says | None:
    """Why the rules may remember too much; None when they do not."""
    ordered = list(found)
    size_bytes = sum(each.all_bytes for each in ordered)
    if size_bytes <= most_mib * 2**20:
        return None
    most = listed(f"{each.rule} {in_words(each.all_bytes)}" for each in ordered[:3])
    return says(
        "the rules could remember {size} in this community, more than `rules_memory_mib` ({allowed}) of machine.yaml; "
        "most of it {most}: narrow their scope, shorten their windows, or allow more",
        "规则在这个社区最多会记住 {size}，超过 machine.yaml 的 `rules_memory_mib`（{allowed}）；"
        "其中最多的是 {most}：请缩小范围、缩短时间窗口，或调大上限",
        size=in_words(size_bytes),
        allowed=most_mib,
        most=most,
    )


def in_words(size_bytes: int) -> str:
    """As people read it."""
    return f"{size_bytes / 2**20:.1f} MiB" if size_bytes >= 2**20 else f"{size_bytes / 2**10:.1f} KiB"


def _of_rule(rule: Rule, community: Community) -> RuleMemory:
    reach, kinds = rule.around.reach, rule.shape.kinds
    sites = {site.id: site.area for site in community.sites if _holds_site(reach, site.id)}
    everything: tuple[Camera | Sensor, ...] = (*community.cameras, *community.sensors)
    devices = [
        each
        for each in everything
        if each.site in sites and (reach is None or reach.devices is None or each.id in reach.devices)
    ]
    said = {each.id: found for each in devices if (found := _may_say(each, kinds))}
    speaking = [each for each in devices if each.id in said]
    finest = max(rule.for_each, key=_FINER.index)
    there = len(sites) if rule.near_m is not None else len({each.site for each in speaking})
    keys = {
        "community": 1,
        "area": len({sites[each.site] for each in speaking}),
        "site": there,
        "household": there,
        "camera": sum(isinstance(each, Camera) for each in speaking),
        "device": len(speaking),
        "sensor": len(speaking),
        "zone": sum(len(each.zones) for each in speaking if isinstance(each, Camera)),
        "subject": sum(_streams(said[each.id]) for each in speaking),
    }[finest]
    if finest == "subject":
        streams = len(kinds)
    else:
        group = _GROUPS.get(finest, _itself)
        by_key: Counter[str | None] = Counter()
        for each in speaking:
            by_key["" if rule.near_m is not None else group(each, sites)] += _streams(said[each.id])
        streams = max(by_key.values(), default=0)
    if own := [kind for kind in kinds if kind.startswith(_OWN)]:
        keys, streams = max(keys, MOST_OWN), max(streams, _streams(own))
    return RuleMemory(rule.id, keys, CELL_BYTES + rule.shape.most_bytes(streams))


def _itself(device: Camera | Sensor, _sites: Mapping[str, str | None]) -> str:
    return device.id


_GROUPS: Mapping[str, Callable[[Camera | Sensor, Mapping[str, str | None]], str | None]] = {
    "community": lambda _each, _sites: "",
    "area": lambda each, sites: sites[each.site],
    "site": lambda each, _sites: each.site,
    "household": lambda each, _sites: each.site,
}
"""Which devices speak of one key; of every finer key a single one does."""


def _may_say(device: Camera | Sensor, kinds: Iterable[str]) -> tuple[str, ...]:
    """Those of the kinds that may come from a device: what a sensor's `kinds` leave out is never taken from it."""
    kinds = (kind for kind in kinds if not kind.startswith(_OWN))
    if isinstance(device, Camera):
        return tuple(kind for kind in kinds if not kind.startswith(_SENSORS_OWN))
    return tuple(
        kind
        for kind in kinds
        if not kind.startswith("camera.") and (not device.kinds or kind in device.kinds or kind not in KINDS)
    )


def _streams(kinds: Iterable[str]) -> int:
    """Of how many subjects a device may speak at a time, in these kinds together."""
    return sum(MOST_SUBJECTS if kind.startswith("camera.") else MOST_PARTS for kind in kinds)


def _holds_site(reach: Reach | None, site: str) -> bool:
    return reach is None or ((reach.sites is None or site in reach.sites) and site not in reach.without)
