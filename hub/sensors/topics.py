"""Topics: whether an MQTT filter has a topic."""

from __future__ import annotations


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
