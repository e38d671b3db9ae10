"""Topics: whether an MQTT filter has a topic, or all that another one has; and few filters for many topics."""

from __future__ import annotations

from collections import defaultdict
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


def gathered(topics: Iterable[str], *, beside: Iterable[str] = (), together: int = 5) -> frozenset[str]:
    """Filters that bring all of `topics`: where `together` of them differ in one level alone, one with a `+` there.

    The embedded broker takes 255 subscriptions of a client and needs a tenth of a second for each; 1,000 devices have
    thousands of topics. What else such a filter brings is nobody's and passed over. No two of the filters, and none of
    them and one `beside`, have a topic in common: what two subscriptions bring may come twice.

    Args:
        topics: Without wildcards; none of them under a filter `beside`.
        beside: Filters that are subscribed to as well.
        together: So many topics make a wildcard.
    """
    found = set(topics)
    others = list(beside)
    while True:
        groups: dict[str, set[str]] = defaultdict(set)
        for one in found:
            levels = one.split("/")
            for number, level in enumerate(levels):
                parts = [*levels[:number], "+", *levels[number + 1 :]]
                if level != "+" and set(parts) != {"+"}:
                    groups["/".join(parts)].add(one)
        before = len(found)
        for wide, members in sorted(groups.items(), key=lambda item: (-len(item[1]), item[0])):
            if len(members & found) < together:
                continue
            rest = [one for one in found if "+" in one and not _includes(wide, one)]
            if any(_meet(wide, one) for one in (*rest, *others)):
                continue
            found = {one for one in found if not _includes(wide, one)} | {wide}
        if len(found) == before:
            return frozenset(found)


def _meet(one: str, other: str) -> bool:
    """Whether some topic is under both filters."""
    left, right = one.split("/"), other.split("/")
    for first, second in zip(left, right, strict=False):
        if "#" in {first, second}:
            return True
        if first != second and "+" not in {first, second}:
            return False
    return len(left) == len(right) or "#" in {*left[len(right) :], *right[len(left) :]}


def _includes(wider: str, other: str) -> bool:
    """Whether every topic of `other` is one of `wider`."""
    open_end = other.endswith("#") and not wider.endswith("#")
    return not open_end and covers(wider, other)
