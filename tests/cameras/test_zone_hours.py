"""Claims about zones that count at some hours, and for some things only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from cameras.traces.chunks import unpack
from cameras.traces.replaying import Places, Replay
from cameras.vision.analysis import view_of
from cameras.vision.detection import MOVER, Detection
from cameras.vision.following.zones import ZoneMap
from config.calendars import Dates
from config.community import Community, Zone, ZoneClass, ZoneUse
from config.hours import HoursSpec
from hub.events import Event, Phase
from hub.geometry import Box
from tests.fakes.footage import EVERYWHERE, START, Image, ScriptedDetector, Watcher, camera, film, nothing
from tests.fakes.traffic import cars, drives

SPOT = Box(0.45, 0.4, 0.1, 0.3)
BERLIN = "Europe/Berlin"


def yard(*hours: str, use: ZoneUse = ZoneUse.GUARDED, **more: object) -> Zone:
    written = [{"between": each} for each in hours]
    return Zone.model_validate({"id": "yard", "use": use, "points": EVERYWHERE, "hours": written, **more})


def someone(label: str = "person") -> ScriptedDetector:
    return ScriptedDetector(lambda _at_s: [Detection(label, 0.9, SPOT)])


def seconds(event: Event) -> float:
    return (event.at - START).total_seconds()


def placed(events: Sequence[Event]) -> list[tuple[int, str | None]]:
    """The seconds at which something came into another zone, and which."""
    found: list[tuple[int, str | None]] = []
    for event in events:
        if not found or found[-1][1] != event.zone:
            found.append((round(seconds(event)), event.zone))
    return found


def test_who_stands_in_a_zone_is_in_it_within_its_hours_and_no_longer() -> None:
    """The film begins at 11:00 in Shanghai."""
    watcher = Watcher(yard("11:01-11:02"), detectors={"objects": someone()}).show(film(nothing, 150, fps=4))
    people = watcher.of("camera.person")
    assert placed(people) == [(0, None), (60, "yard"), (120, None)]
    assert Phase.ENDED not in {event.phase for event in people}, "the person is still there"
    assert people[-1].fields.get("zone_use") is None


def resting(zone: Zone, dates: Dates, *times: datetime) -> list[bool]:
    there = ZoneMap((zone,), dates)
    found = []
    for at in times:
        there.go_to(at)
        found.append(there.at(SPOT) is None)
    return found


def test_a_night_over_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    night = Zone(
        id="n", use=ZoneUse.GUARDED, points=EVERYWHERE, hours=(HoursSpec(between="22:00-06:00", days=("fri",)),)
    )
    shanghai = ZoneInfo("Asia/Shanghai")
    times = [
        datetime(2026, 3, day, hour, minute, tzinfo=shanghai).astimezone(UTC)
        for day, hour, minute in ((6, 5, 0), (6, 21, 59), (6, 22, 0), (7, 0, 30), (7, 5, 59), (7, 6, 0), (7, 23, 0))
    ]
    expected = [True, True, False, False, False, True, True]
    dates = Dates(timezone="Asia/Shanghai")
    assert resting(night, dates, *times) == expected
    assert resting(night, dates, *reversed(times)) == expected[::-1], "an older picture is judged by its own time"


def test_hours_are_those_of_the_wall_when_the_clocks_change() -> None:
    """On 29 March 2026 Berlin goes from 02:00 CET to 03:00 CEST, on 25 October from 03:00 CEST to 02:00 CET."""
    early, dates = yard("02:00-03:00"), Dates(timezone=BERLIN)
    spring = [datetime(2026, 3, 29, 0, minute, tzinfo=UTC) for minute in (30, 59)]
    spring += [datetime(2026, 3, 29, 1, minute, tzinfo=UTC) for minute in (0, 30)]
    assert resting(early, dates, *spring) == [True] * 4, "there is no such hour on that day"
    autumn = [datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (23, 0, 1, 2)]
    assert resting(early, dates, *autumn) == [True, False, False, True], "it is there twice"
    night = yard("22:00-06:00")
    ends = [datetime(2026, 3, 29, *at, tzinfo=UTC) for at in ((3, 59), (4, 0))]
    assert resting(night, dates, *ends) == [False, True], "06:00 is 04:00 UTC from that night on"


def test_a_zone_goes_by_the_calendars_of_the_community() -> None:
    one = yard(hours=[{"calendar": "workday", "between": "08:00-18:00"}])
    village = Community(timezone="Asia/Shanghai", calendars={"holiday": ("2026-10-01/2026-10-07",), "market": ()})
    dates = village.dates_for(camera(one))
    assert dates is not None
    assert set(dates.calendars) == {"holiday"}, "only what is asked for: other days change nothing here"
    noon = [datetime(2026, 10, day, 4, tzinfo=UTC) for day in (1, 8, 10)]
    assert resting(one, dates, *noon) == [True, False, True]
    unknown = yard(hours=[{"calendar": "harvest"}])
    assert resting(unknown, Dates(timezone=BERLIN), noon[0]) == [False], "a calendar nobody wrote withholds nothing"
    assert village.dates_for(camera(yard())) is None


@pytest.mark.parametrize(
    ("classes", "label", "counts"),
    [
        (["person"], "person", True),
        (["person"], "dog", False),
        (["person"], "motorcycle", False),
        (["vehicle"], "motorcycle", True),
        (["bicycle", "animal"], "dog", True),
        (["person"], MOVER, False),
        (["person", "unnamed"], MOVER, True),
    ],
)
def test_a_zone_counts_only_for_its_classes(classes: list[str], label: str, counts: bool) -> None:  # noqa: FBT001
    there = ZoneMap((yard(classes=classes),))
    assert (there.at(SPOT, label) is not None) is counts
    hidden = ZoneMap((yard(use=ZoneUse.IGNORE, classes=classes),))
    assert hidden.ignored(SPOT, label) is counts
    assert there.at(SPOT) is not None, "a fire is no class: it is where it burns"
    assert not hidden.ignored(SPOT, "fire")


def test_on_a_carriageway_what_has_no_name_is_a_vehicle() -> None:
    lane = yard(use=ZoneUse.LANE, classes=[ZoneClass.VEHICLE])
    assert ZoneMap((lane,)).at(SPOT, MOVER) is lane
    assert ZoneMap((yard(classes=[ZoneClass.VEHICLE]),)).at(SPOT, MOVER) is None


def test_a_car_in_a_zone_for_people_is_told_outside_of_it() -> None:
    watcher = Watcher(yard(classes=["person"]), detectors={"objects": someone("car")}).show(film(nothing, 5, fps=4))
    assert {event.zone for event in watcher.of("camera.vehicle")} == {None}


def test_a_queue_ends_with_the_hours_of_its_lane() -> None:
    standing = ScriptedDetector(cars(*(drives(-0.1 * n, 0.5, 0.1, stop_s=9, brakes_s=1) for n in range(4))))
    film_s = 100
    always = Watcher(yard(use=ZoneUse.LANE), detectors={"objects": standing}).show(film(nothing, film_s, fps=4))
    assert always.of("camera.congestion", Phase.ENDED) == []
    assert always.of("camera.congestion", Phase.BEGAN)
    lane = yard("10:00-11:01", use=ZoneUse.LANE)
    limited = Watcher(lane, detectors={"objects": standing}).show(film(nothing, film_s, fps=4))
    (ended,) = limited.of("camera.congestion", Phase.ENDED)
    assert round(seconds(ended)) == 60
    assert seconds(limited.of("camera.congestion")[-1]) == seconds(ended)


def test_wrong_way_and_climbing_are_not_told_outside_the_hours() -> None:
    against = ScriptedDetector(cars(drives(1.0, 0.5, -0.12)))
    way = ((0.1, 0.5), (0.9, 0.5))
    for hours, told in (("10:00-12:00", True), ("13:00-14:00", False)):
        lane = yard(hours, use=ZoneUse.LANE, way=way)
        watcher = Watcher(lane, detectors={"objects": against}).show(film(nothing, 8))
        assert bool(watcher.of("camera.wrong_way")) is told
        wall = yard(hours, use=ZoneUse.WALL)
        rising = ScriptedDetector(
            lambda at_s: [Detection("person", 0.9, Box(0.45, 0.6 - 0.05 * min(at_s, 6.0), 0.08, 0.3))]
        )
        climber = Watcher(wall, detectors={"objects": rising}).show(film(nothing, 12))
        assert bool(climber.of("camera.climbing")) is told


def test_what_is_ignored_at_some_hours_is_seen_at_others() -> None:
    def walks(image: Image, at_s: float) -> None:
        left = 20 + round(40 * (at_s % 10))
        image[100:200, left : left + 40] = 15

    def kinds(hours: str) -> set[str]:
        screen = yard(hours, use=ZoneUse.IGNORE)
        guarded = Zone(id="gate", use=ZoneUse.GUARDED, points=EVERYWHERE)
        return {event.kind for event in Watcher(screen, guarded).show(film(walks, 9)).events}

    assert "camera.mover" not in kinds("10:00-12:00")
    assert "camera.mover" in kinds("12:00-13:00")


def test_a_mask_ends_with_its_hours_in_the_middle_of_the_film() -> None:
    screen = yard("10:00-11:01", use=ZoneUse.IGNORE)
    watcher = Watcher(screen, detectors={"objects": someone()}).show(film(nothing, 90, fps=4))
    assert 60 <= seconds(watcher.of("camera.person")[0]) <= 62


def test_a_replay_goes_by_the_hours_as_the_camera_did() -> None:
    live = Watcher(detectors={"objects": someone()}).show(film(nothing, 150, fps=4))
    chunks = [unpack(each) for each in live.analysis.take_trace()]
    one = camera(yard("11:01-11:02"))
    dates = Community().dates_for(one)
    again = Replay(one, "east", START, dates).run(chunks)
    assert [zone for _, zone in placed([event for event in again if event.kind == "camera.person"])] == [
        None,
        "yard",
        None,
    ]
    places = Places(one, dates)
    anew = [places.placed_anew(event) for event in live.of("camera.person")]
    assert {event.zone for event in anew if event is not None and 60 <= seconds(event) < 120} == {"yard"}
    assert {event.zone for event in anew if event is not None and seconds(event) < 60} == {None}


def test_hours_and_classes_leave_the_usual_view_as_it_was_learned() -> None:
    assert view_of(camera(yard())) == view_of(camera(yard("22:00-06:00", classes=["person"])))
