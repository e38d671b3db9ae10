"""Impact: one vehicle that lost its speed at once against another, and what has spoken for and against a crash since.

Against it: something drives on where it would be by now, or it drove out of the picture, or the two are two names of
one. For it: braking harder than tyres can, the other pushed or shoved aside, a turned body, standing. Knows no Events
and no other impacts; speeds are in picture widths per second, and compared in the first one's own sizes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from cameras.vision.impacts.flow import Field
from cameras.vision.impacts.momentum import Loss, Momentum
from hub.events import FieldValue
from hub.geometry import Box, Point

ALERTS: Final = 0.5
"""Confidence from which the rule that comes along alerts."""

_OUT_S: Final = 0.25
"""Before this what drives on has not left the place yet."""
_HIDDEN_S: Final = 0.6
"""Who is still in the picture so long after would have come out from behind the other, and been seen driving on."""
_LONGEST_S: Final = 2.5
"""From behind a bus."""
_WAYS: Final = (0.6, 1.0, 1.4)
"""Shares of the way that it would have come: it may have braked, or come nearer to the camera."""
_GOES_ON: Final = 0.5
_GOING: Final = 0.25
"""Share of the place further along, and of the speed from which a pixel there is what drives on. A car that was hit
from behind by one of its own weight takes over half its speed at most."""
_AGAIN: Final = 0.7
"""Share of the speed that it has itself again: a wrong measure, and no impact."""
_RESTS_S: Final = 0.4
"""Seconds for which it was seen at rest: then it did not drive out of the picture."""
_DISPLACED: Final = 0.25
"""Sizes that what was shoved is off its place: another that drove past in front of it left it there."""
_EDGE: Final = 0.02

_GRIP: Final = 4.0
"""Sizes/s2: some 8 m/s2, all that tyres give."""
_PUSHED: Final = 0.4
"""Sizes per second by which the other's speed changed along the way of the first: what one loses the other gets."""
_TURNED: Final = 1.3
"""Times by which the ratio of a box's sides changed: a body seen from elsewhere within a second."""
_STOOD_S: Final = 3.0
_CHAIN, _GRIP_ADDS, _PUSHED_ADDS, _TURNED_ADDS, _STOOD_ADDS = 0.45, 0.15, 0.15, 0.1, 0.15
"""What the loss itself is worth as confidence, and what each witness adds: an alert wants any one of them."""


@dataclass(slots=True)
class Impact:
    """A vehicle that lost its speed against another.

    Attributes:
        at_s: When.
        loss: What it lost.
        names: Ids of the two tracks, its own first.
        labels: What they are.
        struck: Where it was.
        size: Its size, in picture widths.
        around: Both of them.
        other_before: The other's speed before.
        closing: Sizes per second at which they met.
        wait_s: By then it would have come out from behind the other.
        ratios: Width over height of both boxes.
        driver: Which detector saw it.
        zone: Where it is; None when in none.
        seen: When and where a detector first saw it since.
        going: Largest share of a place further along that moved on as it did.
        rests_s: Seconds for which it was seen at rest beside the other.
        leaves: Whether it would have driven out of the picture before it could be seen again.
        two: Whether both were seen in one look.
        other_rests: Whether the other was seen at rest since.
        pushed: Sizes per second that the other was given along the way of this one.
        turned: Times by which the ratio of a box's sides has changed.
        stood_s: Seconds after which something was last seen standing there.
        stood_last_s: When that was.
        told_s: When it was last told; None when it was not.
        told: The confidence then.
    """

    at_s: float
    loss: Loss
    names: tuple[str, str]
    labels: str
    struck: Box
    size: float
    around: Box
    other_before: Point
    closing: float
    wait_s: float
    ratios: tuple[float, float]
    driver: str
    zone: str | None
    seen: tuple[float, Box] | None = None
    going: float = 0.0
    rests_s: float = 0.0
    leaves: bool = False
    two: bool = False
    other_rests: bool = False
    pushed: float = 0.0
    turned: float = 1.0
    stood_s: float = 0.0
    stood_last_s: float = 0.0
    told_s: float | None = None
    told: float = 0.0

    @property
    def before(self) -> float:
        """Sizes per second before."""
        return math.hypot(*self.loss.speed) / self.size

    @property
    def braked(self) -> float:
        """Sizes/s2."""
        return (self.before - self.loss.left_sizes_s) / self.loss.past_s

    @property
    def confidence(self) -> float:
        """How sure it is, 0..1."""
        witnesses = (
            _GRIP_ADDS * (self.braked >= _GRIP)
            + _PUSHED_ADDS * (self.pushed >= _PUSHED or self.loss.shoved_from is not None)
            + _TURNED_ADDS * (self.turned >= _TURNED)
            + _STOOD_ADDS * min(self.stood_s / _STOOD_S, 1.0)
        )
        return round(_CHAIN + witnesses, 2)

    @property
    def passed(self) -> bool:
        """Whether something drives on where it would be: it passed the other and is no wreck."""
        return self.going >= _GOING

    @property
    def surer(self) -> bool:
        """Whether it is worth being told again."""
        return self.confidence >= self.told + 0.1 or self.told < ALERTS <= self.confidence

    @property
    def fields(self) -> dict[str, FieldValue]:
        """What spoke for it, for Events."""
        return {
            "closing_sizes_s": round(self.closing, 2),
            "before_sizes_s": round(self.before, 2),
            "after_sizes_s": round(self.loss.left_sizes_s, 2),
            "braked_sizes_s2": round(self.braked, 1),
            "pushed_sizes_s": round(self.pushed, 2),
            "shoved": self.loss.shoved_from is not None,
            "turned": round(self.turned, 2),
            "going_share": round(self.going, 2),
            "rests_s": round(self.rests_s, 1),
            "stood_s": round(self.stood_s, 1),
            "labels": self.labels,
        }

    def weigh(self, one: Momentum | None, other: Momentum | None, field: Field, *, aspect: float) -> None:
        """Look at what became of it.

        Args:
            one: The vehicle that lost its speed; None when it is no longer followed.
            other: What it met; None when it is no longer followed.
            field: How the picture moved.
            aspect: Height of the picture over its width.
        """
        at_s, past_s = field.at_s, field.at_s - self.at_s
        self.two = self.two or any(
            vehicle is not None and name in vehicle.beside
            for vehicle, name in ((one, self.names[1]), (other, self.names[0]))
        )
        if one is not None and self._drives_on(one, at_s, aspect):
            self.going = 1.0
        if past_s < _OUT_S:
            return
        for way in _WAYS:
            if not self._is_outside(past_s * way, aspect):
                place = self._place(past_s * way, aspect)
                self.going = max(self.going, field.going(place, self.loss.speed, at_least=_GOES_ON))
        hidden = past_s <= max(self.wait_s, _HIDDEN_S)
        self.leaves = self.leaves or (hidden and self._is_outside(past_s, aspect))
        if one is not None and one.rests(at_s):
            self.turned = max(self.turned, _change(_ratio(one.box), self.ratios[0]))
            if other is not None and other.seen_s == at_s:  # both, or it may be the other that it is taken for
                self.rests_s += field.past_s
        if other is not None:
            since, (across, down) = other.speed_since(self.at_s), self.loss.speed
            along = (since[0] - self.other_before[0]) * across + (since[1] - self.other_before[1]) * down
            self.pushed = max(self.pushed, along / math.hypot(across, down) / self.size)
            self.other_rests = self.other_rests or other.rests(at_s)
            if other.seen_s == at_s:
                self.turned = max(self.turned, _change(_ratio(other.box), self.ratios[1]))

    def _drives_on(self, one: Momentum, at_s: float, aspect: float) -> bool:
        """Whether it has its speed again, which it then never lost, or its detector sees it come on.

        The second is of a vehicle that drives behind something: the flow in its box is that of what stands before it.
        """
        (across, down), drove = self.loss.speed, math.hypot(*self.loss.speed)
        now = one.now(at_s)
        if now is not None and at_s > self.at_s and now.sizes_s >= _AGAIN * self.before:
            return now.speed[0] * across + now.speed[1] * down >= _AGAIN * drove**2
        if one.seen_s != at_s or at_s - self.at_s > _HIDDEN_S:
            return False
        if self.seen is None:
            self.seen = (at_s, one.track.box)
        since_s, box = self.seen
        came = _came_on(box, one.track.box, self.loss.speed, aspect)
        return came >= max(_AGAIN * drove * (at_s - since_s), _DISPLACED * self.size)

    def proven(self, one: Momentum | None) -> bool:
        """Whether nothing else can have happened: neither one vehicle with two names, nor driving out or past.

        Args:
            one: The vehicle that lost its speed; None when it is no longer followed.
        """
        if not self.two or (self.leaves and self.rests_s < _RESTS_S):
            return False
        was = self.loss.shoved_from
        if was is None:
            return True
        if one is None or one.seen_s <= self.at_s or not self.other_rests:
            return False
        (x, y), (was_x, was_y) = one.track.box.centre, was.centre
        return math.hypot(x - was_x, y - was_y) >= _DISPLACED * self.size

    def _place(self, past_s: float, aspect: float) -> Box:
        """Where it would be by now."""
        across, down = self.loss.speed
        box = self.struck
        return Box(box.x + across * past_s, box.y + down * past_s / aspect, box.w, box.h)

    def _is_outside(self, past_s: float, aspect: float) -> bool:
        return not all(_EDGE < share < 1 - _EDGE for share in self._place(past_s, aspect).centre)


def impact_of(
    one: Momentum, other: Momentum, loss: Loss, at_s: float, *, closing: float, zone: str | None, driver: str
) -> Impact:
    """The Impact of one vehicle on another, at this look."""
    return Impact(
        at_s=at_s,
        loss=loss,
        names=(one.track.id, other.track.id),
        labels=f"{one.track.label}+{other.track.label}",
        struck=one.box,
        size=one.size,
        around=Box.around((one.box, other.box)),
        other_before=other.speed_before(at_s),
        closing=closing,
        wait_s=min((one.size + other.size) / math.hypot(*loss.speed), _LONGEST_S),
        ratios=(_ratio(one.box), _ratio(other.box)),
        driver=driver,
        zone=zone,
        seen=(at_s, one.box) if one.seen_s == at_s else None,
    )


def _came_on(before: Box, after: Box, way: Point, aspect: float) -> float:
    """How far both ends of a box came along a way, in picture widths: one that swallows another grows at one end."""
    across = [after.x - before.x, after.x + after.w - before.x - before.w]
    down = [(after.y - before.y) * aspect, (after.y + after.h - before.y - before.h) * aspect]
    amount = math.hypot(*way)
    return min(one * way[0] for one in across) / amount + min(one * way[1] for one in down) / amount


def _ratio(box: Box) -> float:
    return box.w / max(box.h, 1e-6)


def _change(one: float, other: float) -> float:
    return max(one, other) / max(min(one, other), 1e-6)
