"""Counts: what a camera counted at a line in a minute becomes readings of the camera.

Other numbers that a camera tells belong to one object and not to the camera; they give none.
"""

from __future__ import annotations

from hub.events import Event
from hub.store.facts import Fact, Reading

COUNT = "camera.count"
"""The kind of Event whose fields are numbers per minute; its subject is the line."""


def seen_fact(event: Event) -> Fact:
    """The Fact of an Event that a camera told; a reading is called `camera.count.<what>@<line>`."""
    if event.kind != COUNT:
        return Fact(event)
    return Fact(
        event,
        tuple(
            Reading(event.source, f"{COUNT}.{name}@{event.subject}", event.at, float(value), event.arrived)
            for name, value in event.fields.items()
            if isinstance(value, int | float) and not isinstance(value, bool)
        ),
    )
