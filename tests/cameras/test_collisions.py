"""Claims about collisions: a crash is told once nothing drives on from it; queues, parked and passing cars are none."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from cameras.vision.following.tracking import Track
from cameras.vision.impacts.flow import Field, Flow
from cameras.vision.impacts.momentum import Momentum
from config.community import ZoneUse
from hub.events import Event, Phase
from hub.geometry import Box
from tests.fakes.footage import (
    FPS,
    HEIGHT_PX,
    START,
    WIDTH_PX,
    Image,
    ScriptedDetector,
    Watcher,
    film,
    zone,
)
from tests.fakes.traffic import CAR_W, Way, cars, drives, painted, parked


def collisions(*ways: Way, seconds: float = 11, fps: float = FPS, seen: tuple[Way, ...] | None = None) -> list[Event]:
    """What is told of vehicles that are drawn and that the network sees (all of them, unless told otherwise)."""
    watcher = Watcher(detectors={"objects": ScriptedDetector(cars(*(ways if seen is None else seen)))})
    return watcher.show(film(painted(*ways), seconds, fps=fps)).of("camera.collision")


def told_s(event: Event) -> float:
    return (event.at - START).total_seconds()


def head_on(at_s: float = 5.0, speed: float = 0.2) -> tuple[Way, Way]:
    """Two that meet in the middle of the picture and stop at once."""
    return (
        drives(0.5 - CAR_W / 2 - at_s * speed, 0.5, speed, stop_s=at_s),
        drives(0.5 + CAR_W / 2 + at_s * speed, 0.5, -speed, stop_s=at_s),
    )


def rear_end(at_s: float = 5.0, speed: float = 0.2) -> tuple[Way, Way]:
    """One that drives into another, which stands and is pushed on a little."""

    def pushed(now_s: float) -> tuple[float, float]:
        since = min(max(now_s - at_s, 0.0), 0.6)
        return (0.6 + 0.08 * since * (1 - since / 1.2), 0.5)

    return pushed, drives(0.6 - CAR_W - at_s * speed, 0.5, speed, stop_s=at_s)


def test_two_cars_that_meet_at_speed_and_stand_are_a_collision() -> None:
    """At second 5 two cars meet head-on and stop at once; it is told within three seconds, and once."""
    events = collisions(*head_on())
    assert [event.phase for event in events if event.phase is Phase.BEGAN] == [Phase.BEGAN]
    assert 6 <= told_s(events[0]) <= 8
    assert float(events[0].fields["before_sizes_s"]) > float(events[0].fields["after_sizes_s"])
    assert float(events[0].fields["closing_sizes_s"]) > float(events[0].fields["before_sizes_s"])
    assert float(events[0].fields["braked_sizes_s2"]) > 4
    assert events[0].confidence is not None
    assert events[0].confidence >= 0.5


@pytest.mark.parametrize("fps", [3, 4, 5, 12])
def test_a_collision_is_seen_at_few_looks_a_second_and_at_many(fps: float) -> None:
    assert [told_s(one) < 9 for one in collisions(*head_on(), fps=fps) if one.phase is Phase.BEGAN] == [True]


def test_a_collision_is_seen_when_the_network_looks_twice_a_second() -> None:
    script = cars(*head_on())
    looked = ScriptedDetector(lambda at_s: script(at_s) if round(at_s * FPS) % 4 == 0 else None)
    watcher = Watcher(detectors={"objects": looked}).show(film(painted(*head_on()), 12))
    assert len(watcher.of("camera.collision", Phase.BEGAN)) == 1


def test_a_car_that_hits_a_parked_one_is_a_collision() -> None:
    assert collisions(parked(0.7, 0.5), drives(0.7 - CAR_W - 5 * 0.2, 0.5, 0.2, stop_s=5))


def test_who_is_pushed_on_speaks_for_a_collision() -> None:
    events = collisions(*rear_end())
    assert float(events[0].fields["pushed_sizes_s"]) > 0.2
    assert float(events[0].fields["going_share"]) < 0.25


def test_a_wreck_that_the_network_no_longer_knows_is_a_collision_all_the_same() -> None:
    """From the impact on it names nothing: the flow tells that nothing drives on."""

    def until_then(way: Way) -> Way:
        return lambda at_s: way(at_s) if at_s < 5.2 else None

    ways = head_on()
    assert collisions(*ways, seen=tuple(until_then(way) for way in ways))


def test_a_car_that_drives_into_the_picture_and_into_another_is_a_collision() -> None:
    """It is hit within a second of being seen for the first time."""
    assert collisions(parked(0.28, 0.5), drives(0.28 - CAR_W - 5 * 0.25, 0.5, 0.25, stop_s=5))


def test_a_collision_grows_surer_as_it_stands_and_ends_when_they_drive_off() -> None:
    def leaves(at_s: float) -> tuple[float, float] | None:
        way, _ = head_on()
        return way(at_s) if at_s < 22 else (0.44 - 0.05 * (at_s - 22), 0.5)

    def follows(at_s: float) -> tuple[float, float] | None:
        _, way = head_on()
        return way(at_s) if at_s < 22 else (0.56 + 0.05 * (at_s - 22), 0.5)

    events = collisions(leaves, follows, seconds=30)
    phases = [event.phase for event in events]
    assert (phases[0], phases[-1]) == (Phase.BEGAN, Phase.ENDED)
    assert set(phases[1:-1]) == {Phase.GOES_ON}
    assert len({event.subject for event in events}) == 1
    assert (events[-1].confidence or 0) > (events[0].confidence or 0)


def test_a_pile_of_three_is_told_once() -> None:
    first = drives(0.5 - CAR_W - 5 * 0.2, 0.5, 0.2, stop_s=5)
    second = drives(0.5 + 5 * 0.2, 0.5, -0.2, stop_s=5)
    third = drives(0.5 + CAR_W + 5 * 0.2, 0.5, -0.2, stop_s=5)
    assert len([one for one in collisions(first, second, third) if one.phase is Phase.BEGAN]) == 1


@pytest.mark.parametrize("fps", [3, FPS])
@pytest.mark.parametrize(
    ("ways", "why"),
    [
        ((drives(-0.02, 0.5, 0.09), drives(1.02, 0.52, -0.09)), "they pass one behind the other and drive on"),
        ((drives(-0.4, 0.48, 0.2), drives(1.4, 0.5, -0.2)), "they pass at speed and drive on"),
        ((parked(0.4, 0.5), parked(0.5, 0.5), parked(0.6, 0.5)), "they are parked side by side"),
        (
            (
                parked(0.8, 0.5),
                drives(0.1, 0.5, 0.09, stop_s=8, brakes_s=4),
                drives(-0.0, 0.5, 0.08, stop_s=10, brakes_s=4),
            ),
            "they queue up, braking as one does",
        ),
        ((parked(0.75, 0.5), drives(-0.4, 0.5, 0.2, stop_s=6, brakes_s=1.4)), "one brakes for another that stands"),
        ((drives(0.0, 0.53, 0.12), parked(0.5, 0.5)), "one drives past behind a parked one"),
        ((parked(0.5, 0.5), drives(0.0, 0.53, 0.12)), "one drives past in front of a parked one"),
        ((parked(0.3, 0.4), drives(0.0, 0.7, 0.1, stop_s=5)), "one brakes hard, far from the other"),
        ((drives(-0.4, 0.5, 0.2), drives(-0.4 - CAR_W, 0.5, 0.2)), "they drive one close behind the other"),
    ],
    ids=lambda value: value.replace(" ", "-") if isinstance(value, str) else "",
)
def test_what_is_no_collision(ways: tuple[Way, ...], why: str, fps: float) -> None:
    assert collisions(*ways, fps=fps) == [], why


def test_two_cars_that_drive_out_of_the_picture_together_are_no_collision() -> None:
    assert collisions(drives(-0.1, 0.5, 0.2), drives(1.1, 0.46, -0.2), parked(0.94, 0.42), seconds=8) == []


def test_a_track_that_slips_onto_a_parked_car_is_no_collision() -> None:
    """The network names the passing car up to the parked one, and from there on the parked one alone."""
    passing = drives(-0.4, 0.55, 0.2)

    def lost(at_s: float) -> tuple[float, float] | None:
        return passing(at_s) if at_s < 5 else None

    assert collisions(parked(0.62, 0.5), passing, seen=(parked(0.62, 0.5), lost)) == []


def test_another_scene_ends_what_was_in_the_making() -> None:
    """The camera shows something else half a second after they met."""
    ways = head_on()

    def draw(image: Image, at_s: float) -> None:
        if at_s < 5.6:
            painted(*ways)(image, at_s)
        else:
            image[:] = np.random.default_rng(5).integers(0, 255, (*image.shape[:2], 1), dtype=np.uint8)

    watcher = Watcher(detectors={"objects": ScriptedDetector(cars(*ways))}).show(film(draw, 12))
    assert watcher.of("camera.collision") == []


def test_a_shaking_camera_makes_no_collision_of_traffic() -> None:
    """Every look is off by some pixels: speeds are measured against the picture as a whole."""
    random = np.random.default_rng(2)
    ways = (parked(0.5, 0.5), drives(0.0, 0.53, 0.12))

    def draw(image: Image, at_s: float) -> None:
        painted(*ways)(image, at_s)
        image[:] = np.roll(image, random.integers(-6, 7, 2), axis=(0, 1))

    watcher = Watcher(detectors={"objects": ScriptedDetector(cars(*ways))}).show(film(draw, 10))
    assert watcher.of("camera.collision") == []


def test_pictures_that_are_sent_twice_are_no_sudden_stop() -> None:
    """A sender that repeats a picture for half a second: all stand, and then all have jumped on."""
    ways = (drives(-0.02, 0.5, 0.15), parked(0.56, 0.42), drives(1.02, 0.6, -0.15))
    frames = list(film(painted(*ways), 8, noise=0))
    for first in (24, 28, 32):
        for number in range(first + 1, first + 4):
            frames[number].image[:] = frames[first].image
    watcher = Watcher(detectors={"objects": ScriptedDetector(cars(*ways))}).show(iter(frames))
    assert watcher.of("camera.collision") == []


def test_a_car_that_drives_behind_a_cabinet_beside_a_parked_one_is_no_collision() -> None:
    """The network still sees it come on for two looks; the flow in its box is that of the cabinet."""
    ways = (parked(0.62, 0.42), drives(-0.1, 0.5, 0.2))
    draw = painted(*ways)

    def street(image: Image, at_s: float) -> None:
        cabinet = image[90:200, 225:].copy()
        draw(image, at_s)
        image[90:200, 225:] = cabinet
        painted(ways[0])(image, at_s)

    hidden = (ways[0], lambda at_s: ways[1](at_s) if at_s < 3.3 else None)
    watcher = Watcher(detectors={"objects": ScriptedDetector(cars(*hidden))}).show(film(street, 8))
    assert watcher.of("camera.collision") == []


def test_a_car_whose_speed_shrinks_with_its_size_lost_none() -> None:
    """It drives away from the camera: half as many pixels a second, and half as large."""

    def lost(shrinks: float) -> bool:
        vehicle: Momentum | None = None
        for number in range(9):
            at_s, size, speed = number / 8, 0.2, 0.6
            if number >= 5:
                size, speed = size * shrinks, speed * 0.35
            track = Track("t", "car", 0.8, Box(0.4, 0.4, size, size), 0.0, Box(0.4, 0.4, 0.2, 0.2), at_s, 1.0, True)
            moved = np.full((320, 320, 2), (speed * 320 / 8, 0), np.float32)
            plain = np.zeros((320, 320), np.uint8)
            if vehicle is None:
                vehicle = Momentum(track, aspect=1.0, past=())
            vehicle.update(track, Field(at_s, 1 / 8, moved, plain, plain), at_s, aspect=1.0, looked=True)
            if vehicle.lost(at_s) is not None:
                return True
        return False

    assert lost(shrinks=1.0)
    assert not lost(shrinks=0.5)


def test_flow_is_measured_only_where_something_on_wheels_drives_near_another(monkeypatch: pytest.MonkeyPatch) -> None:
    measured: list[float] = []
    update = Flow.update

    def counted(self: Flow, image: Image, at_s: float) -> Field | None:
        measured.append(at_s)
        return update(self, image, at_s)

    monkeypatch.setattr(Flow, "update", counted)

    def looks(*ways: Way, label: str = "car") -> int:
        measured.clear()
        watcher = Watcher(detectors={"objects": ScriptedDetector(cars(*ways, label=label))})
        watcher.show(film(painted(*ways), 4))
        return len(measured)

    walks = (drives(0.1, 0.5, 0.15), drives(0.9, 0.5, -0.15))
    assert looks(*walks, label="person") == 0
    assert looks(*walks, label="bicycle") == 0
    assert looks(drives(0.1, 0.5, 0.15)) == 0
    assert looks(parked(0.3, 0.5), parked(0.5, 0.5)) < 8  # until they are known to stand
    assert looks(*walks) > 16


def test_two_drawn_cars_that_crash_are_seen_without_the_object_model() -> None:
    """Foreground alone: the two become one piece when they touch, and still it is two vehicles that met."""

    def crash(image: Image, at_s: float) -> None:
        away = max(5 - at_s, 0.0) * 120
        for x, colour in ((240 - 33 - away, (20, 20, 190)), (240 + 33 + away, (235, 235, 235))):
            cv2.rectangle(image, (round(x - 32), 120), (round(x + 32), 160), colour, -1)
            cv2.rectangle(image, (round(x - 18), 106), (round(x + 18), 120), (30, 30, 30), -1)

    lane = zone(ZoneUse.LANE, ((0.0, 0.3), (1.0, 0.3), (1.0, 0.9), (0.0, 0.9)))
    watcher = Watcher(lane).show(film(crash, 14))
    told = watcher.of("camera.collision", Phase.BEGAN)
    assert len(told) == 1
    assert told[0].zone == "lane"
    assert told[0].box is not None
    assert told[0].box.centre == pytest.approx((240 / WIDTH_PX, 133 / HEIGHT_PX), abs=0.06)
