"""The flood watch: more than ten annunciations in ten minutes are told, until there are fewer than five."""

from __future__ import annotations

from alerts.figures.flood_watch import KIND, FloodWatch
from alerts.incidents.incident import OPEN
from alerts.incidents.overview import overview
from alerts.store.lists import Filter
from config.community import Level
from hub.bus import Topic
from tests.alerts.conftest import Room
from tests.fakes.stories import event


def watch_of(room: Room) -> FloodWatch:
    watch = FloodWatch(room.database, room.event_log, room.bus, room.clock)
    watch.restore()
    return watch


def told(room: Room) -> list[tuple[int, bool]]:
    """What was told, the oldest first."""
    found = [stored.event.fields for stored in room.event_log.events(kind=KIND)]
    return [(int(fields["per_10_min"]), bool(fields["flooding"])) for fields in reversed(found)]


def smoke(room: Room, number: int, at_s: float) -> None:
    room.happens(event("smoke", at_s, source=f"detector-{number}", site=f"home-{number}", fields={"alarm": True}))


def test_the_eleventh_in_ten_minutes_begins_a_flood_and_the_fifth_last_ends_it(room: Room) -> None:
    watch = watch_of(room)
    for number in range(10):
        smoke(room, number, 10 * number)
    watch.look()
    assert (watch.status().per_10_min, watch.status().flooding) == (10, False)
    smoke(room, 10, 100)
    watch.look()
    assert watch.status().flooding
    assert watch.status().annunciations == {Level.SERIOUS: 11}
    assert told(room) == [(11, True)]
    room.runs()
    assert [each.kind for each in room.incidents if each.kind == "alarm.flood"] == ["alarm.flood"]
    room.passes(659)  # of those at 0 to 100 s five are left
    watch.look()
    assert watch.status().flooding
    room.passes(660)
    watch.look()
    assert told(room)[-1] == (4, False)
    assert not watch.status().flooding
    assert watch.status().floods == 1
    room.runs()
    assert not next(each for each in room.incidents if each.kind == "alarm.flood").active


def test_in_a_flood_the_number_is_told_once_a_minute(room: Room) -> None:
    watch = watch_of(room)
    for number in range(30):
        smoke(room, number, 10 * number)
        watch.look()
    assert told(room) == [(11, True), (17, True), (23, True), (29, True)]


def test_a_restart_goes_on_from_the_journal(room: Room) -> None:
    watch = watch_of(room)
    for number in range(11):
        smoke(room, number, 10 * number)
    watch.look()
    again = watch_of(room)
    assert (again.status().per_10_min, again.status().flooding) == (11, True)
    again.look()
    assert told(room) == [(11, True)]
    room.passes(660)
    again.look()
    assert told(room) == [(11, True), (4, False)]


def test_a_watch_that_was_started_hears_of_what_happens(room: Room) -> None:
    watch = FloodWatch(room.database, room.event_log, room.bus, room.clock)
    watch.start()
    try:
        for number in range(11):
            smoke(room, number, number)
        for _ in range(100):
            if watch.status().flooding:
                break
            room.bus.wait(Topic.EVENTS, after=room.bus.newest(Topic.EVENTS), timeout_s=0.1)
        assert watch.status().flooding
    finally:
        watch.stop()


def test_of_three_hundred_alerts_in_ten_minutes_the_reds_stay_on_top_and_the_rest_is_one_group(room: Room) -> None:
    watch = watch_of(room)
    for number in range(300):
        leak = event("water_leak", 2 * number, source=f"leak-{number}", site=f"home-{number}", fields={"leak": True})
        calls = [event("sos", 2 * number, source=f"button-{number}", site=f"yard-{number}", fields={"pressed": True})]
        room.happens(leak, *(calls if number in (100, 200) else []))
        watch.look()
    assert watch.status().flooding
    still_open = room.repository.incidents(Filter(handling=OPEN), limit=500).items
    seen = overview(still_open, collapse=True)
    assert [(each.kind, each.level) for each in seen.single] == [("sos.button", Level.CRITICAL)] * 2
    [water] = [group for group in seen.groups if group.family == "water"]
    assert len(water.incidents) >= 280, "all but the last, which have not lasted yet"
    assert water.first.site == "home-0", "the first-out is named"
    assert seen.hidden == 0, "nothing is hidden by itself"
