"""Formats: every payload format there is, programs and maps, with the model of its options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub.plugins import Options, Plugin, load_plugins
from hub.sensors.maps.folder import Map, load_maps
from hub.sensors.options import SensorOptions
from hub.sensors.parsing import PayloadFormat

PACKAGE = "hub.sensors.payloads"


@dataclass(frozen=True, slots=True)
class Formats:
    """What sensors may name as their `format`.

    Attributes:
        plugins: The programs.
        maps: What is written as data.
    """

    plugins: Mapping[str, Plugin[Any]]
    maps: Mapping[str, Map]

    @property
    def options(self) -> Mapping[str, type[Options]]:
        """The model of each one's options."""
        programs = {kind: plugin.options for kind, plugin in self.plugins.items()}
        return {**programs, **dict.fromkeys(self.maps, SensorOptions)}

    def build(self) -> dict[str, PayloadFormat]:
        """Each of them, ready to read; maps first, so that a map may take a topic out of a program's."""
        made: dict[str, PayloadFormat] = {kind: one.format for kind, one in self.maps.items()}
        return made | {kind: plugin.build(plugin.options()) for kind, plugin in self.plugins.items()}


def load_formats(folder: Path | None) -> Formats:
    """All formats, the maps of `folder` among them.

    Raises:
        ConfigurationError: All that is wrong in any map.
        PluginError: A program cannot be loaded.
    """
    plugins = load_plugins(PACKAGE)
    return Formats(plugins, load_maps(folder, taken=plugins))
