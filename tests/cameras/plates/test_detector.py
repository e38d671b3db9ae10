"""Claims about where and how often plates are looked for, with networks that a test commands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import numpy as np
import pytest

from cameras.detectors.plates import PLUGIN, PlateDetector, PlateOptions
from cameras.vision.budget import InferenceBudget
from cameras.vision.decoding import Frame, Picture
from cameras.vision.detection import Detection, Scene
from cameras.vision.motion import Motion
from cameras.vision.plates.finding import Found
from cameras.vision.plates.loaded import LoadedPlates
from cameras.vision.plates.reading import Read
from cameras.vision.plates.watch import PlateSeen
from cameras.vision.shared import LoadedObjects, Shared
from hub.clock import SetClock
from hub.geometry import Box

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
SMALL = np.zeros((90, 160, 3), np.uint8)
MOTION = Motion(SMALL, SMALL[:, :, 0], None, (), moving=True, cut=False)
LEFT = Box(0.05, 0.2, 0.35, 0.5)
RIGHT = Box(0.55, 0.2, 0.35, 0.5)


class Commanded:
    """Finds one plate in the middle of whatever it is shown."""

    def __init__(self, width_px: float = 80) -> None:
        self.shown: list[tuple[int, ...]] = []
        self.margins: list[float] = []
        self._width_px = width_px

    def find(self, picture: np.ndarray, *, least: float, side_px: int) -> list[Found]:
        assert (least, side_px) == (0.5, 480)
        self.shown.append(picture.shape)
        y, x = picture.shape[0] / 2, picture.shape[1] / 2
        wide, high = self._width_px / 2, self._width_px / 6
        corners = [(x - wide, y - high), (x + wide, y - high), (x + wide, y + high), (x - wide, y + high)]
        return [Found(0.8, np.array(corners, np.float32))]

    def read(self, picture: np.ndarray, found: Found, *, margins: Sequence[float]) -> list[Read]:
        del picture, found
        self.margins += margins
        return [Read("plates", "豫ERU586", (0.9,) * 7, 1)]


class Loaded(LoadedPlates):
    """The commanded networks in place of the fetched ones."""

    def __init__(self, networks: Commanded | None) -> None:
        super().__init__(Path("/nowhere"))
        self._given = networks

    @property
    def networks(self) -> Commanded | None:  # type: ignore[override]
        return self._given


class Look:
    """A detector, and a picture every tenth of a second."""

    def __init__(self, networks: Commanded | None, **options: float) -> None:
        self.clock = SetClock(START)
        shared = Shared(LoadedObjects(Path("/nowhere")), InferenceBudget(0.6), "gate", plates=Loaded(networks))
        self.detector = PlateDetector(PlateOptions(**options), shared)  # type: ignore[arg-type]
        self.number = 0

    def __call__(self, *vehicles: Box, after_s: float = 0.1) -> list[Detection] | None:
        self.clock.advance(after_s)
        self.number += 1
        at_s = (self.clock.now() - START).total_seconds()
        frame = Frame(np.zeros((360, 640, 3), np.uint8), START + timedelta(seconds=at_s), at_s, False, self.number)
        return self.detector.detect(Scene(frame, MOTION, self.clock, urgent=True, vehicles=vehicles))


def test_it_looks_at_vehicles_alone_and_places_the_plate_in_the_picture() -> None:
    networks = Commanded()
    look = Look(networks)
    assert look() is None
    found = look(LEFT)
    assert found is not None
    (plate,) = found
    assert isinstance(plate, PlateSeen)
    assert (plate.label, plate.reads[0].text, plate.width_px) == ("plate", "豫ERU586", 80)
    assert plate.box.centre == pytest.approx(LEFT.centre, abs=0.01)
    assert plate.box.w == pytest.approx(80 / 640, abs=0.01)
    (shape,) = networks.shown
    assert shape[1] == pytest.approx(0.35 * 640 * 1.24, abs=2)


def test_a_vehicle_too_small_for_a_plate_costs_nothing() -> None:
    networks = Commanded()
    assert Look(networks)(Box(0.1, 0.1, 0.1, 0.1)) is None
    assert networks.shown == []


def test_a_plate_too_small_to_be_read_is_not_read() -> None:
    networks = Commanded(width_px=30)
    assert Look(networks)(LEFT) == []
    assert networks.margins == []


def test_vehicles_are_looked_at_in_turn_each_at_another_margin() -> None:
    networks = Commanded()
    look = Look(networks)
    middles = [round(found[0].box.centre[0], 1) for _ in range(4) if (found := look(LEFT, RIGHT, after_s=0.5))]
    assert middles == [0.2, 0.7, 0.2, 0.7]
    assert len(set(networks.margins[:3])) == 3


def test_a_vehicle_that_stands_is_left_alone_after_a_few_looks() -> None:
    networks = Commanded()
    look = Look(networks)
    for _ in range(100):
        look(LEFT)
    assert len(networks.shown) == 8
    assert look(LEFT, after_s=30) is not None
    assert look(LEFT) is None


def test_without_models_it_says_so_and_does_not_look() -> None:
    look = Look(None)
    assert look(LEFT) is None
    assert "hub models fetch" in (look.detector.trouble or "")


def test_it_waits_for_its_share_of_the_time() -> None:
    networks = Commanded()
    look = Look(networks)
    look.detector._shared.budget.spend(10)
    assert look(LEFT) is None
    assert networks.shown == []


def test_a_camera_s_own_looks_at_objects_take_nothing_from_its_plates() -> None:
    """Both ask at every picture of a loaded worker; the object model asks first."""

    class Slow(Commanded):
        def find(self, picture: np.ndarray, *, least: float, side_px: int) -> list[Found]:
            look.clock.advance(0.015)
            return super().find(picture, least=least, side_px=side_px)

    networks = Slow()
    look = Look(networks)
    budget, objects = look.detector._shared.budget, 0
    for picture in range(120 * 10):
        for camera in ("gate", *map(str, range(79))):
            if budget.grant(camera, look.clock.monotonic_s(), urgent=True):
                objects += camera == "gate"
                budget.spend(0.03)
        if picture % 20 == 0:
            look.detector.reset()  # another vehicle
        look(LEFT)
    assert min(objects, len(networks.shown)) > 38  # either of 80 cameras' looks; half of it if they shared one turn


def test_its_settings_have_their_limits() -> None:
    assert PLUGIN.kind == "plates"
    with pytest.raises(ValueError, match="least_vehicle_px"):
        PlateOptions(least_vehicle_px=1)


def test_a_plate_is_read_with_every_pixel_that_the_stream_has() -> None:
    """A frame as it is analysed is at most 960 px wide."""
    raw = av.VideoFrame.from_ndarray(np.full((1080, 1920, 3), 90, np.uint8), format="bgr24")
    frame = Picture(START, 0.0, is_key=True, number=0, raw=raw).frame()
    assert frame.image.shape == (540, 960, 3)
    assert (frame.full().shape, frame.full_width_px) == ((1080, 1920, 3), 1920)
    small = Picture(START, 0.0, is_key=True, number=0, raw=raw.reformat(640, 360)).frame()
    assert small.full() is small.image
    assert small.full_width_px == 640
