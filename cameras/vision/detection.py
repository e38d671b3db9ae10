"""Detection and Detector: what a detector is given, and what it answers.

A detector looks at one camera's pictures in their order, from one thread. It may keep what it learned of that camera
between looks, and never makes Events: what lasts, stands or enters is decided by whoever follows its detections.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

from cameras.vision.decoding import Frame
from cameras.vision.motion import Motion
from hub.clock import Clock
from hub.geometry import Box

FIRE = "fire"
"""The label of flames."""
SMOKE = "smoke"
"""The label of smoke."""

COVERED = "covered"
BLURRED = "blurred"
MOVED = "moved"
FROZEN = "frozen"
DARK = "dark"
GLARE = "glare"
"""The labels of a view in which the camera does not see what it should; they are of the whole picture."""

PLATE = "plate"
"""The label of number plates."""

MOVER = "mover"
"""The label of something that moves and that nobody has named."""

_NO_REASONS: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Detection:
    """One thing seen in one Frame.

    Attributes:
        label: What it is: a COCO name (`person`, `car`), FIRE or MOVER.
        score: How sure the detector is, 0..1.
        box: Where.
        reasons: What spoke for it, as numbers with the unit in the name; empty when the detector cannot say.
        key: The detector's own name for the thing, when it follows things itself; None when it does not.
    """

    label: str
    score: float
    box: Box
    reasons: Mapping[str, float] = field(default_factory=lambda: _NO_REASONS)
    key: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """What a detector looks at.

    Attributes:
        frame: The picture.
        motion: What moves in it.
        clock: For measuring how long a look takes.
        followed: Boxes of what is followed already, the one that was longest unseen first.
        urgent: Whether an alert may be in the making, so that a look is worth more than elsewhere.
        vehicles: Boxes of the followed vehicles.
        standing: Whether all that is followed has stood in its place for seconds, and was there at the last look.
    """

    frame: Frame
    motion: Motion
    clock: Clock
    followed: tuple[Box, ...] = ()
    urgent: bool = False
    vehicles: tuple[Box, ...] = ()
    standing: bool = False


class Detector(Protocol):
    """One way of looking at one camera's pictures."""

    @property
    def trouble(self) -> str | None:
        """Why it sees nothing, in words for an operator; None while it works."""

    def detect(self, scene: Scene) -> Sequence[Detection] | None:
        """What is in the picture; None when it did not look this time (which is no sign that nothing is there)."""

    def reset(self) -> None:
        """Forget the past: the stream broke, or the camera shows another scene."""
