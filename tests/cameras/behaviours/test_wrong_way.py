"""Claims about the wrong way: who drives on against his lane is told, who manoeuvres, crosses or stands is not."""

from __future__ import annotations

import cv2
import pytest

from cameras.behaviours.wrong_way import WRONG_WAY
from config.community import Zone, ZoneUse
from hub.events import Event, Phase
from tests.fakes.footage import EVERYWHERE, Image, ScriptedDetector, Watcher, film, nothing, zone
from tests.fakes.traffic import Way, cars, drives, parked

TO_THE_RIGHT = Zone(id="lane", use=ZoneUse.LANE, points=EVERYWHERE, way=((0.1, 0.5), (0.9, 0.5)))


def told(*ways: Way, seconds: float = 12, lane: Zone = TO_THE_RIGHT, **script: object) -> list[Event]:
    detector = ScriptedDetector(cars(*ways, **script))  # type: ignore[arg-type]
    watcher = Watcher(lane, detectors={"objects": detector}).show(film(nothing, seconds))
    watcher.events += watcher.analysis.reset(watcher.clock.now())
    return watcher.of(WRONG_WAY)


def test_who_drives_against_the_lane_is_told_once_with_what_he_drove() -> None:
    began, ended = told(drives(1.0, 0.5, -0.12))
    assert (began.phase, ended.phase) == (Phase.BEGAN, Phase.ENDED)
    assert began.zone == "lane"
    assert float(began.fields["against_sizes"]) >= 2
    assert float(began.fields["against_s"]) >= 1
    assert float(began.fields["straight_share"]) > 0.75
    assert began.subject == ended.subject


@pytest.mark.parametrize("fps", [2.0, 8.0])
def test_it_is_told_at_any_rate(fps: float) -> None:
    detector = ScriptedDetector(cars(drives(1.0, 0.5, -0.1)))
    watcher = Watcher(TO_THE_RIGHT, detectors={"objects": detector}).show(film(nothing, 12, fps=fps))
    assert watcher.of(WRONG_WAY, Phase.BEGAN)


def reverses(at_s: float) -> tuple[float, float]:
    """Stands, reverses one of its lengths, and drives off."""
    if at_s < 4:
        return (0.5, 0.5)
    return (0.5 - min(at_s - 4, 2) * 0.05 + max(at_s - 8, 0) * 0.1, 0.5)


def manoeuvres(at_s: float) -> tuple[float, float]:
    """To and fro, half a length each time."""
    return (0.5 + 0.04 * (1 if int(at_s) % 2 else -1), 0.5)


@pytest.mark.parametrize(
    ("ways", "why"),
    [
        ((drives(0.0, 0.5, 0.12),), "it drives as it may"),
        ((reverses,), "it reverses a length"),
        ((manoeuvres,), "it manoeuvres"),
        ((parked(0.5, 0.5),), "it stands"),
        ((lambda at_s: (0.5, 0.1 + 0.1 * at_s) if at_s < 8 else None,), "it crosses the lane"),
        ((drives(0.0, 0.3, 0.12), drives(0.0, 0.42, 0.12)), "two abreast drive as they may"),
    ],
    ids=lambda value: value.replace(" ", "-") if isinstance(value, str) else "",
)
def test_what_is_no_wrong_way(ways: tuple[Way, ...], why: str) -> None:
    assert told(*ways) == [], why


def test_who_turns_round_in_the_lane_and_drives_back_is_told() -> None:
    (began, *_) = told(lambda at_s: (0.8 - abs(0.7 - 0.15 * at_s), 0.5))
    assert began.phase is Phase.BEGAN


def test_a_car_that_jumps_to_another_is_no_wrong_way() -> None:
    """A track that slips onto the next car has made one long step."""
    assert told(lambda at_s: (0.6 if at_s < 5 else 0.52, 0.5)) == []


def test_a_lane_without_a_way_has_no_wrong_way() -> None:
    assert told(drives(1.0, 0.5, -0.12), lane=zone(ZoneUse.LANE)) == []


def test_a_camera_that_was_turned_tells_nothing() -> None:
    detector = ScriptedDetector(cars(drives(1.0, 0.5, -0.12)))
    watcher = Watcher(TO_THE_RIGHT, detectors={"objects": detector})
    watcher.analysis._zones.disarmed = True
    assert watcher.show(film(nothing, 8)).of(WRONG_WAY) == []


def test_a_car_from_above_that_nobody_names_is_told() -> None:
    """As long as two thirds of the picture: it is never whole in it before it drove its length."""

    def car(image: Image, at_s: float) -> None:
        bottom = round(270 * (0.4 * at_s - 0.2))
        cv2.rectangle(image, (150, bottom - 180), (240, bottom), (230, 230, 230), -1)

    up = Zone(id="lane", use=ZoneUse.LANE, points=EVERYWHERE, way=((0.5, 0.9), (0.5, 0.1)))
    (began, *_) = Watcher(up).show(film(car, 6)).of(WRONG_WAY)
    assert began.driver == "movers"
    down = up.model_copy(update={"way": ((0.5, 0.1), (0.5, 0.9))})
    assert Watcher(down).show(film(car, 6)).of(WRONG_WAY) == []


LOWER = Zone(
    id="lower",
    use=ZoneUse.LANE,
    points=((0.0, 0.5), (1.0, 0.5), (1.0, 0.95), (0.0, 0.95)),
    way=((0.1, 0.7), (0.9, 0.7)),
)


def test_a_shadow_alone_is_no_vehicle() -> None:
    def shadow(image: Image, at_s: float) -> None:
        left = round(480 * (1.1 - 0.15 * at_s))
        left, right = max(left, 0), max(left + 70, 0)
        image[150:220, left:right] = (image[150:220, left:right] * 0.55).astype(image.dtype)

    watcher = Watcher(LOWER).show(film(shadow, 8))
    assert [event for event in watcher.events if event.kind in {WRONG_WAY, "camera.vehicle"}] == []


def test_an_unnamed_car_that_keeps_to_its_lane_is_told() -> None:
    def car(image: Image, at_s: float) -> None:
        left = round(480 * (1.1 - 0.15 * at_s))
        cv2.rectangle(image, (left, 160), (left + 70, 210), (230, 230, 230), -1)

    assert Watcher(LOWER).show(film(car, 8)).of(WRONG_WAY)
