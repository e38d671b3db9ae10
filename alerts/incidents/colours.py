"""Colours: the five levels as a site shows them.

Stored, compared and written in rules is always the level; the colour is made where something is shown. Two profiles:
`national` has the four colours of national warnings and green for information, `four_colour_village` has three colours
that ask for something and green for all is well. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

from config.community import Level

Profile = Literal["national", "four_colour_village"]
Colour = Literal["red", "orange", "yellow", "blue", "green"]

PROFILES: Mapping[Profile, Mapping[Level, Colour]] = MappingProxyType(
    {
        "national": MappingProxyType(
            {
                Level.CRITICAL: "red",
                Level.SERIOUS: "orange",
                Level.WARNING: "yellow",
                Level.NOTICE: "blue",
                Level.INFO: "green",
            }
        ),
        "four_colour_village": MappingProxyType(
            {
                Level.CRITICAL: "red",
                Level.SERIOUS: "yellow",
                Level.WARNING: "yellow",
                Level.NOTICE: "blue",
                Level.INFO: "green",
            }
        ),
    }
)
"""Colour by level; every level has one, and a graver one is never a calmer colour."""


def colour_of(level: Level | str, profile: Profile) -> Colour:
    """How a level is shown."""
    return PROFILES[profile][Level(level)]


def coloured(body: Mapping[str, Any], profile: Profile) -> dict[str, Any]:
    """JSON of an incident or alert with its colour beside its level; its alerts too."""
    shown = dict(body)
    if isinstance(body.get("level"), str):
        shown["colour"] = colour_of(body["level"], profile)
    if isinstance(body.get("alerts"), list):
        shown["alerts"] = [coloured(each, profile) for each in body["alerts"]]
    return shown
