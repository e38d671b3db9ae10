"""Listeners: who hears what workers say, for a keeper. Must not load PyAV or OpenCV."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cameras.link_words import Assign
from cameras.recordings.media import Segment
from hub.events import Event

if TYPE_CHECKING:
    from cameras.supervision.keeper import Keeper


@dataclass(frozen=True, slots=True)
class Listeners:
    """Who hears what workers say. The first three are tried again until they do not raise.

    Attributes:
        events: Takes events.
        segments: Takes segments that were opened or closed.
        removed: Takes the id of a disk and the paths of recordings that were removed from it to make room.
        traced: Takes where what a camera followed was, packed; must not raise.
        up: Told when a process is ready, in its keeper's thread.
        down: Told when it died, and which cameras that were not offline yet went with it; likewise.
    """

    events: Callable[[list[Event]], None]
    segments: Callable[[list[Segment]], None]
    removed: Callable[[str, tuple[str, ...]], None]
    traced: Callable[[str, bytes], None]
    up: Callable[[Keeper], None]
    down: Callable[[Keeper, list[Assign]], None]
