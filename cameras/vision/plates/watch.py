"""PlateWatch: what was read of a vehicle's plate, compared with the lists, and told when it matters.

Every vehicle that is followed has its votes. A plate on a watch list is told with the list, its owner and its ground;
one that differs in a single character is told as possible, at half the confidence. Who belongs here is never told. A
plate on no list is told only where there is a list of who belongs here, and then shortened: which vehicle it was is
known to nobody afterwards. What was read goes when the vehicle goes. A list whose days are over is not compared.
The subject of an Event about a listed plate is the entry of the list, the same in every camera, so that a vehicle that
is lost and found again, or seen by the next camera, is no second one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from cameras.vision.detection import Detection
from cameras.vision.following.zones import VEHICLE, Watched
from cameras.vision.plates.grammar import PROVINCES, shortened
from cameras.vision.plates.reading import Read
from cameras.vision.plates.votes import Votes
from cameras.vision.reporting import REPEAT_S, Reporter
from config.plates import HeldPlates
from hub.events import Event, FieldValue, Phase
from hub.geometry import Box

KIND: Final = "camera.plate"
_POSSIBLE: Final = 0.5
"""What a plate that differs in one character is worth of one that does not."""
_AROUND: Final = 0.1
"""Of a vehicle's box: a plate that hangs out so far still belongs to it."""
_LOST_S: Final = 5.0
"""A vehicle that is not followed any more for so long is gone."""


@dataclass(frozen=True, slots=True)
class PlateSeen(Detection):
    """One plate in one Frame.

    Attributes:
        reads: What the readers said.
        width_px: How wide it is in the picture.
    """

    reads: tuple[Read, ...] = ()
    width_px: float = 0.0


@dataclass(frozen=True, slots=True)
class Match:
    """What the lists say of a plate.

    Attributes:
        match: `exact`, `possible` when one character differs, `none`.
        found: The list; None for one that is on none.
        listed: The plate as the list has it.
    """

    match: str
    found: HeldPlates | None = None
    listed: str = ""

    @property
    def kind(self) -> str:
        """What sort of list it is: `watch`, `resident`, `visitor` or `none`."""
        return "none" if self.found is None else self.found.kind

    @property
    def entry(self) -> str | None:
        """The entry of the list, by a name that does not show the plate; None for one that is on none."""
        if self.found is None:
            return None
        return "listed-" + hashlib.sha256(f"{self.found.id} {self.listed}".encode()).hexdigest()[:12]


@dataclass(slots=True)
class _Vehicle:
    subject: str
    seen_s: float
    votes: Votes = field(default_factory=Votes)
    width_px: float = 0.0
    box: Box | None = None
    told: Match | None = None
    told_s: float = 0.0


class PlateWatch:
    """The plates of one camera's vehicles."""

    def __init__(self, reporter: Reporter, lists: Sequence[HeldPlates], *, driver: str = "plates") -> None:
        """Compare with `lists`, while they hold."""
        self._reporter = reporter
        self._lists = tuple(lists)
        self._driver = driver
        self._vehicles: dict[str, _Vehicle] = {}
        self._over: tuple[HeldPlates, ...] = ()

    @property
    def trouble(self) -> str | None:
        """Which lists are over, by id alone: who answers for one is not for everybody. None when none is."""
        if not self._over:
            return None
        return "; ".join(f"the plate list {one.id} is over and compared with nothing" for one in self._over)

    def update(
        self, plates: Sequence[Detection], vehicles: Sequence[Watched], at_s: float, *, at: datetime
    ) -> list[Event]:
        """Take what one look at the picture gave; Events on change.

        Args:
            plates: PlateSeen of this frame.
            vehicles: Everything that is followed; those that are no vehicles are left out.
            at_s: The scene's time.
            at: The frame's time: by it lists hold, and Events are.
        """
        self._over = tuple(one for one in self._lists if one.is_over(at))
        followed = [one for one in vehicles if one.kind == VEHICLE]
        for one in followed:
            if one.track.id in self._vehicles:
                self._vehicles[one.track.id].seen_s = at_s
        events: list[Event] = []
        for plate in plates:
            owner = _owner(plate.box, followed)
            if isinstance(plate, PlateSeen) and owner is not None:
                vehicle = self._vehicles.setdefault(owner.track.id, _Vehicle(owner.track.id, at_s))
                vehicle.votes.add(plate.reads)
                vehicle.width_px, vehicle.box = plate.width_px, plate.box
                events += self._judge(vehicle, at_s, at=at)
        for vehicle in tuple(self._vehicles.values()):
            if at_s - vehicle.seen_s > _LOST_S:
                events += self._end(vehicle, at)
            elif vehicle.told is not None and at_s - vehicle.told_s >= REPEAT_S:
                events += self._tell(vehicle, vehicle.told, Phase.GOES_ON, at_s, at=at)
        return events

    def end(self, at: datetime) -> list[Event]:
        """Another scene: end everything that was told, and forget what was read."""
        return [event for vehicle in tuple(self._vehicles.values()) for event in self._end(vehicle, at)]

    def _judge(self, vehicle: _Vehicle, at_s: float, *, at: datetime) -> list[Event]:
        verdict = vehicle.votes.verdict()
        if verdict is None or not verdict.agreed:
            return []
        match = self._compared(verdict.text, at)
        tell = match.kind == "watch" or (match.kind == "none" and self._knows_who_belongs(at))
        before = vehicle.told
        if before is not None and (not tell or (match.match, match.found) != (before.match, before.found)):
            # More reads say something else: what was told is taken back.
            events = self._end(vehicle, at, forget=False)
            return events + (self._tell(vehicle, match, Phase.BEGAN, at_s, at=at) if tell else [])
        return self._tell(vehicle, match, Phase.BEGAN, at_s, at=at) if tell and before is None else []

    def _compared(self, text: str, at: datetime) -> Match:
        """The surest match, watch lists first."""
        holding = sorted((one for one in self._lists if one.holds(at)), key=lambda one: one.kind != "watch")
        for one in holding:
            if text in one.plates:
                return Match("exact", one, text)
        # Who belongs here and was misread is no stranger, and no suspect: these first.
        for one in reversed(holding):
            for plate in sorted(one.plates):
                if _nearly(text, plate):
                    return Match("possible", one, plate)
        return Match("none")

    def _knows_who_belongs(self, at: datetime) -> bool:
        return any(one.kind != "watch" and one.holds(at) for one in self._lists)

    def _tell(self, vehicle: _Vehicle, match: Match, phase: Phase, at_s: float, *, at: datetime) -> list[Event]:
        vehicle.told, vehicle.told_s = match, at_s
        return self._event(vehicle, match, phase, at=at)

    def _end(self, vehicle: _Vehicle, at: datetime, *, forget: bool = True) -> list[Event]:
        if forget:
            self._vehicles.pop(vehicle.subject, None)
        match, vehicle.told = vehicle.told, None
        return [] if match is None else self._event(vehicle, match, Phase.ENDED, at=at)

    def _event(self, vehicle: _Vehicle, match: Match, phase: Phase, *, at: datetime) -> list[Event]:
        verdict = vehicle.votes.verdict()
        if verdict is None:
            return []
        confidence = verdict.score * (_POSSIBLE if match.match == "possible" else 1.0)
        fields: dict[str, FieldValue] = {
            "list_kind": match.kind,
            "match": match.match,
            "plate": shortened(verdict.text),
            "plate_kind": verdict.kind,
            "reads": verdict.reads,
            "plates_reads": verdict.agree.get("plates", 0),
            "print_reads": verdict.agree.get("print", 0),
            "changed": verdict.changed,
            "score": verdict.score,
            "width_px": round(vehicle.width_px),
            "vehicle": vehicle.subject,
        }
        if match.found is not None:
            fields |= {"plate": verdict.text, "listed": match.listed, "list": match.found.id}
            fields |= {"owner": match.found.owner, "reason": match.found.reason}
        told = self._reporter.event(
            KIND,
            phase,
            at=at,
            driver=self._driver,
            subject=match.entry or vehicle.subject,
            confidence=None if phase is Phase.ENDED else round(confidence, 3),
            box=vehicle.box,
            fields=fields,
        )
        return [told]


def _owner(box: Box, vehicles: Sequence[Watched]) -> Watched | None:
    """The smallest vehicle that the plate hangs on."""
    x, y = box.centre
    on = [
        one
        for one in vehicles
        if abs(x - one.track.box.centre[0]) <= one.track.box.w * (0.5 + _AROUND)
        and abs(y - one.track.box.centre[1]) <= one.track.box.h * (0.5 + _AROUND)
    ]
    return min(on, key=lambda one: one.track.box.area, default=None)


def _nearly(one: str, other: str) -> bool:
    """Whether they differ in one character; a letter or digit, or one province for another."""
    if len(one) != len(other):
        return False
    differ = [(mine, theirs) for mine, theirs in zip(one, other, strict=True) if mine != theirs]
    if len(differ) != 1:
        return False
    mine, theirs = differ[0]
    return (mine in PROVINCES) == (theirs in PROVINCES)
