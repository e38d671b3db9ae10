"""Claims about what one camera tells: tracks, zones, standing, and what it does without a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import cv2
import pytest

from cameras.detectors.movers import MoverDetector, MoverOptions
from cameras.vision.analysis import build_analysis, build_shared
from cameras.vision.behaving import Look
from cameras.vision.detection import FIRE, Detection
from config.community import Detector, Zone, ZoneUse
from config.machine import Machine
from hub.clock import SetClock
from hub.errors import ConfigurationError
from hub.events import Event, Phase
from hub.geometry import Box
from tests.fakes.footage import NO_MODELS, START, Image, ScriptedDetector, Watcher, camera, film, nothing, zone
from tests.fakes.traffic import cars, drives, parked

LANE = zone(ZoneUse.LANE, ((0.0, 0.4), (1.0, 0.4), (1.0, 1.0), (0.0, 1.0)))


def seen(script: Callable[[float], Sequence[Detection] | None], *zones: Zone, seconds: float = 10) -> Watcher:
    return Watcher(*zones, detectors={"objects": ScriptedDetector(script)}).show(film(nothing, seconds))


def walking(label: str = "person", score: float = 0.8, y: float = 0.3) -> Callable[[float], list[Detection]]:
    return lambda at_s: [Detection(label, score, Box(0.1 + 0.05 * at_s, y, 0.05, 0.25))]


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("person", "camera.person"),
        ("truck", "camera.vehicle"),
        ("motorcycle", "camera.vehicle"),
        ("bicycle", "camera.bicycle"),
        ("cow", "camera.animal"),
    ],
)
def test_each_label_makes_its_kind_of_event_without_any_zones(label: str, kind: str) -> None:
    began = seen(walking(label)).of(kind, Phase.BEGAN)
    assert len(began) == 1
    assert began[0].fields["label"] == label
    assert (began[0].source, began[0].camera, began[0].site, began[0].area) == ("gate", "gate", "yard", "east")
    assert began[0].zone is None


def test_one_unsure_look_is_nobody() -> None:
    script = walking(score=0.8)
    assert seen(lambda at_s: script(at_s) if at_s == 2.0 else []).events == []


def test_a_short_occlusion_keeps_the_track_and_a_long_one_ends_it() -> None:
    script = walking()
    short = seen(lambda at_s: [] if 3 < at_s < 4.4 else script(at_s))
    assert len(short.of("camera.person", Phase.BEGAN)) == 1
    gone = seen(lambda at_s: [] if at_s > 3 else script(at_s))
    assert [one.phase for one in gone.of("camera.person")] == [Phase.BEGAN, Phase.ENDED]


def test_a_detector_that_did_not_look_ends_nothing() -> None:
    script = walking()
    watcher = seen(lambda at_s: script(at_s) if at_s < 3 else None, seconds=20)
    assert watcher.of("camera.person", Phase.ENDED) == []


def test_entering_and_leaving_a_zone_is_told() -> None:
    yard = zone(ZoneUse.GUARDED, ((0.3, 0.0), (0.4, 0.0), (0.4, 1.0), (0.3, 1.0)))
    zones = [one.zone for one in seen(walking(), yard, seconds=12).of("camera.person")]
    assert zones[:3] == [None, "guarded", None]


def test_the_smaller_of_two_zones_is_the_place() -> None:
    bay = zone(ZoneUse.NO_PARKING, ((0.4, 0.5), (0.6, 0.5), (0.6, 0.9), (0.4, 0.9)), "bay")
    assert {one.zone for one in seen(cars(parked(0.5, 0.6)), LANE, bay).of("camera.vehicle")} == {"bay"}


def test_a_vehicle_that_stops_is_told_with_its_zone_and_again_every_10_s() -> None:
    events = seen(cars(drives(0.1, 0.6, 0.1, stop_s=4)), LANE, seconds=30).of("camera.vehicle")
    stopped = [one for one in events if one.fields["stopped"]]
    assert [one.phase for one in events[:2]] == [Phase.BEGAN, Phase.GOES_ON]
    assert 6.5 <= (stopped[0].at - START).total_seconds() <= 8
    assert {(one.zone, one.fields["zone_use"]) for one in stopped} == {("lane", "lane")}
    assert len(stopped) == 3
    assert float(stopped[-1].fields["stood_s"]) > 20


def test_jitter_of_the_box_is_no_driving() -> None:
    events = seen(cars(parked(0.5, 0.6), jitter=0.12), LANE, seconds=40).of("camera.vehicle")
    assert [one.fields["stopped"] for one in events][1:] == [True] * (len(events) - 1)


def test_a_vehicle_that_drives_on_is_told() -> None:
    def pauses(at_s: float) -> tuple[float, float] | None:
        return (0.2 + 0.1 * (min(at_s, 2) + max(at_s - 9, 0)), 0.6)

    events = seen(cars(pauses), LANE, seconds=14).of("camera.vehicle")
    assert [bool(one.fields["stopped"]) for one in events] == [False, True, False]


def test_nothing_in_an_ignore_zone_is_told() -> None:
    screen = zone(ZoneUse.IGNORE, ((0.0, 0.0), (1.0, 0.0), (1.0, 0.7), (0.0, 0.7)))
    assert seen(walking(), screen).events == []


def test_a_broken_stream_ends_every_state() -> None:
    watcher = seen(walking())
    ended = watcher.analysis.reset(START)
    assert {(one.kind, one.phase) for one in ended} == {
        ("camera.person", Phase.ENDED),
        ("camera.people", Phase.ENDED),
    }
    assert watcher.analysis.reset(START) == []


def test_a_detector_that_raises_stops_no_other() -> None:
    def breaks(_at_s: float) -> list[Detection]:
        raise RuntimeError("broken")

    detectors = {"broken": ScriptedDetector(breaks), "objects": ScriptedDetector(walking())}
    watcher = Watcher(detectors=detectors).show(film(nothing, 5))
    assert watcher.of("camera.person")
    assert watcher.analysis.failures == 40


def test_what_raises_when_the_stream_breaks_takes_no_other_end_with_it() -> None:
    class Breaks(ScriptedDetector):
        def reset(self) -> None:
            raise RuntimeError("broken")

    class Behaves:
        pending = False

        def update(self, _look: Look) -> list[Event]:
            return []

        def end(self, _at: datetime) -> list[Event]:
            raise RuntimeError("broken")

    detectors = {"broken": Breaks(lambda _: None), "objects": ScriptedDetector(walking())}
    watcher = Watcher(detectors=detectors).show(film(nothing, 5))
    watcher.analysis._behaviours = {"broken": Behaves(), **watcher.analysis._behaviours}
    ended = {one.kind for one in watcher.analysis.reset(START) if one.phase is Phase.ENDED}
    assert ended == {"camera.person", "camera.people"}
    assert watcher.analysis.failures == 2


def driving(image: Image, at_s: float) -> None:
    x = round(20 + 70 * at_s)
    cv2.rectangle(image, (x, 150), (x + 70, 190), (30, 30, 30), -1)


def test_without_the_model_a_vehicle_in_a_lane_is_seen_as_a_mover_and_the_trouble_is_said() -> None:
    watcher = Watcher(LANE).show(film(driving, 5))
    assert {one.fields["label"] for one in watcher.of("camera.vehicle")} == {"mover"}
    assert "hub models fetch" in watcher.analysis.troubles["objects"]


def test_without_a_lane_a_mover_is_nothing() -> None:
    assert Watcher().show(film(driving, 5)).events == []


def test_leaves_in_the_wind_are_no_vehicle() -> None:
    def waves(image: Image, at_s: float) -> None:
        x = 200 + (8 if int(at_s * 4) % 2 else 0)
        cv2.rectangle(image, (x, 150), (x + 40, 180), (30, 60, 30), -1)

    assert Watcher(LANE).show(film(waves, 10)).of("camera.vehicle") == []


def test_a_named_thing_explains_the_motion_around_it() -> None:
    def person(at_s: float) -> list[Detection]:
        return [Detection("person", 0.9, Box((20 + 70 * at_s) / 480, 150 / 270, 70 / 480, 40 / 270))]

    detectors = {"objects": ScriptedDetector(person), "movers": _movers()}
    watcher = Watcher(LANE, detectors=detectors).show(film(driving, 5))
    assert watcher.of("camera.vehicle") == []
    assert watcher.of("camera.person")


def _movers() -> MoverDetector:
    return MoverDetector(MoverOptions())


@pytest.mark.parametrize(
    ("detector", "message"),
    [
        (Detector(kind="flames"), "there is no detector 'flames'; there are fire, movers, objects"),
        (Detector(kind="flame", options={"leest": 1}), "fire: leest: extra inputs are not permitted"),
    ],
)
def test_a_wrong_detector_is_refused_by_name(detector: Detector, message: str) -> None:
    wrong = camera().model_copy(update={"detectors": (detector,)})
    with pytest.raises(ConfigurationError, match=r"cameras\[gate\]\.detectors\[0\]: ") as raised:
        build_analysis(wrong, area=None, shared=build_shared(Machine(), NO_MODELS), clock=SetClock(START))
    assert message in str(raised.value)


def test_every_event_is_of_its_frame_s_time() -> None:
    events: list[Event] = seen(walking()).events
    assert all(one.at <= one.arrived for one in events)


def test_what_is_half_seen_in_a_fire_is_nobody_and_who_is_plainly_seen_there_is() -> None:
    """The network takes flames for people now and then."""
    fire = Detection(FIRE, 0.9, Box(0.4, 0.4, 0.3, 0.4), {}, "fire1")

    def seen(sure: float) -> list[Event]:
        person = Detection("person", sure, Box(0.5, 0.45, 0.08, 0.3))
        detectors = {
            "fire": ScriptedDetector(lambda _: [fire]),
            "objects": ScriptedDetector(lambda at_s: [person] if at_s > 1 else []),
        }
        return Watcher(detectors=detectors).show(film(nothing, 5)).of("camera.person")

    assert not seen(0.6)
    assert seen(0.85)
