"""Moves: what the hub asks of a camera that can be turned, and what comes of it. Crosses the link; pure."""

from __future__ import annotations

from dataclasses import dataclass

TURNS = frozenset({"go", "move", "stop"})
"""Moves after which a camera looks elsewhere."""


@dataclass(frozen=True, slots=True)
class MoveWanted:
    """Hub to worker: turn a camera, or say where it looks.

    Attributes:
        request: Comes back with the answer.
        camera: Which.
        move: `presets`, `position`, `go`, `store`, `remove`, `move` or `stop`.
        preset: Token of the stored position that is meant; of `store` the one that is replaced.
        name: Of the position that is stored.
        pan: Speed from -1 to 1, to the right.
        tilt: Likewise, upwards.
        zoom: Likewise, nearer.
        for_s: After so long the camera stops by itself; 10 s at most.
    """

    request: int
    camera: str
    move: str
    preset: str | None = None
    name: str | None = None
    pan: float = 0.0
    tilt: float = 0.0
    zoom: float = 0.0
    for_s: float = 1.0


@dataclass(frozen=True, slots=True)
class Moved:
    """Worker to hub: the answer to MoveWanted.

    Attributes:
        request: Of MoveWanted.
        problem: Why it was not done, as in `cameras/reaching.py`; None when it was.
        detail: More of that.
        presets: Token and name of each stored position, of `presets`.
        preset: Token of the position that was stored.
        pan: Where it looks, of `position`, in the camera's own measure; None where it does not say.
        tilt: Likewise.
        zoom: Likewise.
        moving: Whether it turns now.
    """

    request: int
    problem: str | None = None
    detail: str = ""
    presets: tuple[tuple[str, str], ...] = ()
    preset: str | None = None
    pan: float | None = None
    tilt: float | None = None
    zoom: float | None = None
    moving: bool | None = None
