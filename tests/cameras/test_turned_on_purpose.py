"""Who turns a camera by its motors raises no alarm, and its zones count again when it is back."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from cameras.moves import MoveWanted
from cameras.running.desk import Desk
from cameras.vision.analysis import Analysis
from cameras.vision.detection import COVERED, MOVED, Detection
from cameras.vision.following.zones import ZoneMap
from cameras.vision.pipeline import Turnable
from cameras.vision.reporting import Reporter
from cameras.vision.views.watching import ZONES_OUT_OF_PLACE, ViewWatch
from config.community import Camera, Stream, Zone, ZoneUse
from hub.clock import SetClock
from hub.geometry import Box

ZONES = (Zone(id="yard", use=ZoneUse.GUARDED, points=((0, 0), (1, 0), (1, 1))),)


class Watched:
    """A view that is looked at every two seconds."""

    def __init__(self, clock: SetClock) -> None:
        camera = Camera(id="cam", site="yard", main=Stream(url="rtsp://h/x"), zones=ZONES)
        self.zones = ZoneMap(camera.zones)
        self.watch = ViewWatch(self.zones, Reporter(camera, area=None, clock=clock))
        self.clock = clock
        self.at_s = 0.0
        self.kinds: list[str] = []

    def look(self, seconds: float, *labels: str) -> None:
        for _ in range(int(seconds / 2)):
            self.clock.advance(2)
            self.at_s += 2
            found = [Detection(label, 0.9, Box(0, 0, 1, 1)) for label in labels]
            self.kinds += [event.kind for event in self.watch.update(found, self.at_s, at=self.clock.now())]

    def turn(self) -> None:
        self.watch.turned(self.clock.now() + timedelta(seconds=40))


@pytest.fixture
def view(clock: SetClock) -> Watched:
    return Watched(clock)


def test_a_camera_that_nobody_turned_and_looks_elsewhere_is_told(view: Watched) -> None:
    view.look(4, MOVED)
    assert "camera.view_moved" in view.kinds
    assert view.zones.disarmed


def test_who_turns_it_raises_no_alarm_and_its_zones_count_for_nothing(view: Watched) -> None:
    view.turn()
    view.look(20, COVERED)
    view.look(30, MOVED)
    view.turn()
    view.look(300, MOVED)
    assert set(view.kinds) == {ZONES_OUT_OF_PLACE}
    assert view.zones.disarmed


def test_its_zones_count_again_when_it_is_back_and_later_moves_are_told(view: Watched) -> None:
    view.turn()
    view.look(60, MOVED)
    view.look(4)
    assert not view.zones.disarmed
    view.look(60)
    view.look(4, MOVED)
    assert "camera.view_moved" in view.kinds


def test_a_view_that_is_called_another_one_late_is_no_alarm_either(view: Watched) -> None:
    view.turn()
    view.look(60)
    assert not view.zones.disarmed
    view.look(120, MOVED)
    assert "camera.view_moved" not in view.kinds
    assert view.zones.disarmed


def test_the_analysis_minds_when_its_camera_is_turned() -> None:
    assert issubclass(Analysis, Turnable)


@pytest.mark.parametrize(("move", "turns"), [("move", True), ("go", True), ("stop", True), ("presets", False)])
def test_a_move_that_crosses_the_link_reaches_the_camera_before_its_motors(move: str, turns: bool) -> None:  # noqa: FBT001
    order: list[str] = []
    running: Any = SimpleNamespace(turned=lambda: order.append("view"))
    rota: Any = SimpleNamespace(find=lambda _camera: running)
    ears: Any = SimpleNamespace(move=lambda _wanted: order.append("motors"))
    nothing: Any = None
    desk = Desk(rota=rota, outbox=nothing, means=nothing, pictures=nothing, ears=ears)
    desk.handle(MoveWanted(1, "cam", move))
    assert order == (["view", "motors"] if turns else ["motors"])
