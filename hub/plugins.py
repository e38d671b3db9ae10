"""Plugin folders: a new part is one new file, found by its being there.

Each file of a plugin folder ends with `PLUGIN = Plugin(...)`. A folder is read once at start; a file that does not
import, has no PLUGIN, or claims a kind that another file has, stops the start with the reason.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from hub.errors import PluginError

Built = TypeVar("Built")


class Options(BaseModel):
    """What a plugin lets people set; unknown keys are errors. Each plugin file derives its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class Plugin(Generic[Built]):
    """One part that can be chosen by its kind.

    Attributes:
        kind: The word by which settings choose it; unique in its folder.
        options: The model of its settings.
        build: Makes the part from an instance of `options`, and what else the folder's docstring says.
        summary: One sentence for the reference page.
    """

    kind: str
    options: type[Options]
    build: Callable[..., Built]
    summary: str


@cache
def load_plugins(package: str) -> Mapping[str, Plugin[Any]]:
    """The plugins in a folder, by kind; the folder is looked through once, for each rule that is built asks for it.

    Args:
        package: Dotted name of the folder, for example `hub.sensors.payloads`.

    Raises:
        PluginError: A file does not import, has no PLUGIN, or a kind stands twice.
    """
    folder = importlib.import_module(package)
    found: dict[str, Plugin[Any]] = {}
    origin: dict[str, str] = {}
    for entry in sorted(pkgutil.iter_modules(folder.__path__), key=lambda module: module.name):
        name = f"{package}.{entry.name}"
        try:
            module = importlib.import_module(name)
        except Exception as error:  # whatever a plugin file raises, the start must name that file
            raise PluginError(f"plugin {name} does not import: {error!r}") from error
        plugin = getattr(module, "PLUGIN", None)
        if not isinstance(plugin, Plugin):
            raise PluginError(f"plugin {name} has no PLUGIN = Plugin(...)")
        if plugin.kind in found:
            raise PluginError(f"plugin kind {plugin.kind!r} stands twice: {origin[plugin.kind]} and {name}")
        found[plugin.kind] = plugin
        origin[plugin.kind] = name
    return MappingProxyType(found)
