"""Where in a configuration something stands: `cameras[3].zones[0].points[2][1]`, and in which line.

A Location is what pydantic gives and what our own checks make: keys and numbers from the top down. Names that only the
models know (the branch of a union, `main` where a short form was written) are left out, so that a path is what the
reader can follow in the file.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from config.says import Says, says

Location = tuple[str | int, ...]

_HARMLESS = re.compile(r"[\w .+/-]{1,64}")


def shown(value: object) -> Says:
    """`value` for a message: in backquotes when it is short and cannot hold a secret, else in words."""
    if isinstance(value, str):
        if not value:
            return says("empty text", "空文字")
        harmless = _HARMLESS.fullmatch(value) and "//" not in value
        return _quoted(value) if harmless else says("this text", "这段文字")
    if value is None:
        return says("nothing", "空值")
    if isinstance(value, (bool, int, float)):
        short = abs(value) < 1e18  # noqa: PLR2004 - long digits help nobody
        return _quoted(repr(value).lower()) if short else says("this number", "这个数")
    if isinstance(value, (list, tuple)):
        return _counted(value)
    return says("a mapping", "一组键值") if value else says("an empty mapping", "空的一组键值")


def _quoted(text: str) -> Says:
    return Says(f"`{text}`", f"`{text}`")


def _counted(value: Sequence[object]) -> Says:
    if not value:
        return says("an empty list", "空列表")
    if len(value) == 1:
        return says("a list of one item", "只有一项的列表")
    return says("a list of {n} items", "{n} 项的列表", n=len(value))


def write_path(location: Location) -> str:
    """`location` as text; a key that might hold a secret is shown as `?`."""
    text = ""
    for part in location:
        if isinstance(part, int):
            text += f"[{part}]"
            continue
        name = part if _HARMLESS.fullmatch(part) and "//" not in part else "?"
        text += f".{name}" if text else name
    return text


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was found.

    Attributes:
        location: As it was written.
        line: Line of the last part that was found, from 1; None when not known.
        value: What stands there, or at the last part that was found.
    """

    location: Location
    line: int | None
    value: object


def locate(location: Location, data: object, *, absent: bool = False) -> Place:
    """Follow a location through what was written.

    Args:
        location: Keys and indices, with names among them that were not written.
        data: As read by `read_yaml` (then lines are known) or any plain data; None takes the location as it is.
        absent: The last part names something that is missing; it stays in the path.

    Returns:
        The same as it stands in `data`.
    """
    if data is None:
        return Place(location, None, None)
    node: Any = data
    line: int | None = getattr(node, "line", None)
    found: list[str | int] = []
    for number, part in enumerate(location, start=1):
        if isinstance(node, dict) and part in node:
            line = getattr(node, "lines", {}).get(part, line)
        elif isinstance(node, list) and isinstance(part, int) and 0 <= part < len(node):
            lines = getattr(node, "lines", ())
            line = lines[part] if part < len(lines) else line
        else:
            if absent and number == len(location):
                found.append(part)
            continue
        node = node[part]
        found.append(part)
    return Place(tuple(found), line, node)
