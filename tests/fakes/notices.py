"""Notices and the channels that carry them, for tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from alerts.notices.notice import Delivered, Notice, Outcome, Services, Traits
from hub.plugins import Options, Plugin
from tests.fakes.stories import START

INCIDENT: Mapping[str, Any] = {
    "id": "0af1",
    "number": 12,
    "kind": "fire.smoke",
    "name": {"zh": "烟感报警", "en": "Smoke detector alarm"},
    "level": "orange",
    "handling": "new",
    "verdict": "none",
    "active": True,
    "muted": False,
    "display": "shown",
    "site": "hh-017",
    "area": "group-1",
    "camera": None,
    "escalated": 0,
    "reporter": None,
    "text": {"zh": "17号 厨房烟感", "en": "Smoke at House 17"},
    "alerts": [
        {
            "sensor": "smoke-17",
            "camera": None,
            "started": "2026-03-03T08:00:00.000000Z",
            "do": {"zh": "电话核实", "en": "Call"},
        }
    ],
}


def notice(number: int = 7, move: str = "opened", **parts: Any) -> Notice:
    """A notice of an orange incident at House 17; `incident` changes parts of that."""
    incident = {**INCIDENT, **parts.pop("incident", {})}
    made = Notice(
        number,
        START,
        move,
        "engine",
        "",
        incident,
        title="【橙色】烟感报警：17号",
        text="16:00 17号 厨房烟感。电话核实",
        place={"zh": "17号", "en": "House 17"},
    )
    return replace(made, **parts)


class Heard:
    """A channel that remembers what it was given."""

    def __init__(self, traits: Traits | None = None, outcome: Outcome | None = None) -> None:
        self.traits = traits or Traits()
        self.outcome = outcome or Delivered()
        self.notices: list[Notice] = []

    def send(self, given: Notice) -> Outcome:
        self.notices.append(given)
        return self.outcome


def plugin_of(channel: Heard, kind: str = "heard") -> Plugin[Any]:
    """A plugin that always gives this channel."""

    def build(_options: Options, _secret: object, _services: Services) -> Heard:
        return channel

    return Plugin(kind=kind, options=Options, build=build, summary="Remembers.")
