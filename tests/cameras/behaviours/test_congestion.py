"""Claims about congestion: several that stand or crawl in the lane for a while, and nobody who drives past."""

from __future__ import annotations

import pytest

from cameras.behaviours.congestion import CONGESTION
from config.community import Zone, ZoneUse
from hub.events import Event, Phase
from tests.fakes.footage import EVERYWHERE, ScriptedDetector, Watcher, film, nothing, zone
from tests.fakes.traffic import Way, cars, drives, parked

ROAD = Zone(id="road", use=ZoneUse.LANE, points=EVERYWHERE)
STOPS = (0.8, 0.65, 0.5, 0.35)


def queue(*, until_s: float = 1e9) -> tuple[Way, ...]:
    """Four cars that come one after the other and stand behind each other."""

    def way(number: int, place: float) -> Way:
        def at(at_s: float) -> tuple[float, float] | None:
            stood = drives(place - 0.1 * (3 + number), 0.5, 0.1, stop_s=3 + number, brakes_s=1)(min(at_s, until_s))
            if stood is None or at_s < until_s:
                return stood
            gone = stood[0] + 0.15 * (at_s - until_s)
            return (gone, 0.5) if gone < 1.05 else None

        return at

    return tuple(way(number, place) for number, place in enumerate(STOPS))


def told(*ways: Way, seconds: float, zones: tuple[Zone, ...] = (ROAD,)) -> list[Event]:
    watcher = Watcher(*zones, detectors={"objects": ScriptedDetector(cars(*ways))})
    return watcher.show(film(nothing, seconds, fps=4)).of(CONGESTION)


def test_a_queue_is_told_after_a_while_and_ends_when_it_dissolves() -> None:
    events = told(*queue(until_s=40), seconds=60)
    assert events[0].phase is Phase.BEGAN
    assert events[-1].phase is Phase.ENDED
    assert len({event.subject for event in events}) == 1
    assert int(events[0].fields["vehicles"]) >= 3
    assert float(events[0].fields["median_sizes_s"]) < 0.6
    assert float(events[0].fields["queued_s"]) >= 20


@pytest.mark.parametrize(
    ("ways", "why"),
    [
        (queue()[:2], "two are no queue"),
        ((*queue(), *(drives(-0.5 * n, 0.3, 0.12) for n in range(9))), "others drive past"),
        (tuple(drives(-0.2 * n, 0.5, 0.1) for n in range(8)), "all of them drive"),
    ],
    ids=lambda value: value.replace(" ", "-") if isinstance(value, str) else "",
)
def test_what_is_no_congestion(ways: tuple[Way, ...], why: str) -> None:
    assert told(*ways, seconds=36) == [], why


def test_a_queue_where_vehicles_may_stand_is_none() -> None:
    before_the_light = zone(ZoneUse.STOPPING, ((0.2, 0.3), (1.0, 0.3), (1.0, 0.8), (0.2, 0.8)))
    assert told(*queue(), seconds=36, zones=(ROAD, before_the_light)) == []


def test_parked_cars_are_a_queue_only_while_nobody_knows_better() -> None:
    """Whoever stood there when the camera came up may be a queue, for as long as a light is red."""
    row = [parked(place, 0.5) for place in STOPS]
    watcher = Watcher(ROAD, detectors={"objects": ScriptedDetector(cars(*row))})
    events = watcher.show(film(nothing, 200, fps=1)).of(CONGESTION)
    assert events[-1].phase is Phase.ENDED
    assert (events[-1].at - events[0].at).total_seconds() < 180
