"""Topics: whether an MQTT filter has a topic, or all that another one has."""

from __future__ import annotations

from collections.abc import Iterable


def covers(topic_filter: str, topic: str) -> bool:
    """Whether a subscription to `topic_filter` brings `topic`; a wildcard at the start brings no `$` topics."""
    wanted, levels = topic_filter.split("/"), topic.split("/")
    if wanted[0] in {"+", "#"} and topic.startswith("$"):
        return False
    for number, level in enumerate(wanted):
        if level == "#":
            return True
        if number >= len(levels) or level not in {"+", levels[number]}:
            return False
    return len(wanted) == len(levels)


def reduced(filters: Iterable[str]) -> frozenset[str]:
    """The filters without those of which another brings everything: subscribed to twice, a message may come twice."""
    known = frozenset(filters)
    return frozenset(one for one in known if not any(other != one and _includes(other, one) for other in known))


def _includes(wider: str, other: str) -> bool:
    """Whether every topic of `other` is one of `wider`."""
    open_end = other.endswith("#") and not wider.endswith("#")
    return not open_end and covers(wider, other)
