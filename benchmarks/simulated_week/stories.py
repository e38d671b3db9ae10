"""What truly happens in the week, and what the room has to be told of it.

Each story tells its events and names the alerts one of which has to be raised, where, and how soon.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from benchmarks.simulated_week.village import Village
from config.community import ZoneUse
from hub.events import Event, Phase


@dataclass(frozen=True, slots=True)
class Expected:
    """What has to come of a story.

    Attributes:
        story: In a few words.
        kinds: Alert kinds, one of which has to be raised.
        at: When it began.
        within: How soon after that.
        site: Where; None when it has no site.
        lasts: For so long an alert there is the story's doing and not a false one.
    """

    story: str
    kinds: tuple[str, ...]
    at: datetime
    within: timedelta
    site: str | None
    lasts: timedelta = timedelta(hours=2)


Story = tuple[list[Event], list[Expected]]


def week(village: Village, monday: datetime) -> Iterator[Story]:
    """All stories of the week."""
    yield kitchen_fire(village, "hh-017", monday + timedelta(days=1, hours=12, minutes=10))
    yield kitchen_fire(village, "hh-042", monday + timedelta(days=5, hours=2, minutes=40))
    yield crash(village, "junction-1", monday + timedelta(days=0, hours=17, minutes=31))
    yield crash(village, "junction-4", monday + timedelta(days=3, hours=23, minutes=12))
    yield breakdown(village, "junction-7", monday + timedelta(days=2, hours=9, minutes=5))
    yield call_for_help(village, "hh-014", monday + timedelta(days=0, hours=4, minutes=2))
    yield call_for_help(village, "hh-063", monday + timedelta(days=4, hours=19, minutes=45))
    yield gas_leak(village, "enterprise-08", monday + timedelta(days=2, hours=15, minutes=20))
    yield gas_leak(village, "hh-088", monday + timedelta(days=6, hours=20, minutes=1))
    yield burst_pipe(village, "hh-071", monday + timedelta(days=3, hours=10))
    yield nobody_stirs(village, "hh-049", monday + timedelta(days=4))
    yield burglar(village, "enterprise-04", monday + timedelta(days=1, hours=1, minutes=50))
    yield flood(village, "junction-2-level", monday + timedelta(days=5, hours=14))
    yield overheated_store(village, "enterprise-11", monday + timedelta(days=6, hours=3, minutes=15))
    yield camera_lost(village, monday + timedelta(days=2, hours=21))
    yield gateway_lost(village, monday + timedelta(days=4, hours=3, minutes=10))
    yield worn_battery(village, "hh-033-motion", monday + timedelta(days=1, hours=8))
    yield blocked_fire_lane(village, "enterprise-01", monday + timedelta(days=3, hours=16))


def kitchen_fire(village: Village, site: str, at: datetime) -> Story:
    """The detector first, half a minute later the camera in the yard; out after a quarter of an hour."""
    camera = village.cameras_at(site)[0].id
    told = [village.say(f"{site}-smoke-kitchen", "smoke", at, alarm=True)]
    for seconds, phase in ((35, Phase.BEGAN), (45, Phase.GOES_ON), (300, Phase.GOES_ON), (600, Phase.ENDED)):
        seen = at + timedelta(seconds=seconds)
        told.append(village.see(camera, "camera.fire", seen, subject="fire", phase=phase, confidence=0.75))
    told.append(village.say(f"{site}-smoke-kitchen", "smoke", at + timedelta(seconds=900), alarm=False))
    return told, [
        Expected("kitchen fire: first word", ("fire.smoke", "fire.confirmed"), at, timedelta(seconds=5), site),
        Expected("kitchen fire: confirmed", ("fire.confirmed",), at, timedelta(seconds=45), site),
    ]


def crash(village: Village, site: str, at: datetime) -> Story:
    """Two vehicles meet and stand."""
    camera = village.cameras_at(site)[0].id
    lane = village.zone_of(camera, ZoneUse.LANE)
    told = [village.see(camera, "camera.collision", at, zone=lane, subject="meeting", confidence=0.8)]
    told += village.track(camera, "camera.vehicle", at - timedelta(seconds=5), 6.0, zone=lane, stands_s=1_500)
    return told, [Expected("crash", ("road.crash",), at, timedelta(seconds=5), site)]


def breakdown(village: Village, site: str, at: datetime) -> Story:
    """A lorry stands in the lane."""
    camera = village.cameras_at(site)[0].id
    lane = village.zone_of(camera, ZoneUse.LANE)
    told = village.track(camera, "camera.vehicle", at, 10.0, zone=lane, stands_s=1_800, label="truck")
    return told, [Expected("breakdown", ("road.stopped_vehicle",), at, timedelta(seconds=90), site)]


def call_for_help(village: Village, site: str, at: datetime) -> Story:
    """Somebody presses the button by the bed."""
    told = [village.say(f"{site}-sos", "sos", at, pressed=True)]
    return told, [Expected("call for help", ("sos.button",), at, timedelta(seconds=2), site)]


def gas_leak(village: Village, site: str, at: datetime) -> Story:
    """The concentration climbs past the detector's threshold and on."""
    told = []
    for minute, share in enumerate((3.0, 8.0, 13.0, 18.0, 24.0, 26.0, 9.0, 2.0)):
        moment = at + timedelta(minutes=minute)
        told.append(village.say(f"{site}-gas", "gas", moment, alarm=share > 10, lel_pct=share))  # noqa: PLR2004
    return told, [
        Expected("gas leak: first word", ("gas.combustible",), at, timedelta(minutes=2, seconds=5), site),
    ]


def burst_pipe(village: Village, site: str, at: datetime) -> Story:
    """Water on the floor until somebody shuts it off."""
    told = [
        village.say(f"{site}-leak", "water_leak", at, leak=True),
        village.say(f"{site}-leak", "water_leak", at + timedelta(hours=1), leak=False),
    ]
    return told, [Expected("burst pipe", ("water.leak",), at, timedelta(seconds=60), site)]


def nobody_stirs(village: Village, site: str, midnight: datetime) -> Story:
    """Somebody who lives alone does not get up; what else moved there that day is taken out by `silenced`."""
    assert "lives-alone" in village.sites[site].tags
    at = midnight + timedelta(hours=6)
    return [], [Expected("nobody stirs", ("care.no_activity",), at, timedelta(hours=11), site, timedelta(hours=18))]


def silenced(event: Event, expected: list[Expected]) -> bool:
    """Whether an event of ordinary life cannot have been, because nobody stirred there or the battery was worn."""
    return any(
        each.story == "worn battery"
        and each.site == event.site
        and event.kind == "battery"
        and each.at <= event.at < each.at + each.lasts
        for each in expected
    ) or any(
        each.story == "nobody stirs"
        and each.site == event.site
        and event.kind in {"motion", "door"}
        and each.at - timedelta(hours=6) <= event.at < each.at + timedelta(hours=18)
        for each in expected
    )


def burglar(village: Village, site: str, at: datetime) -> Story:
    """Through the back door and into the store, at night."""
    told = [
        village.say(f"{site}-door-back", "door", at, open=True),
        village.say(f"{site}-door-back", "door", at + timedelta(minutes=4), open=False),
    ]
    camera = next(each.id for each in village.cameras_at(site) if village.zone_of(each.id, ZoneUse.GUARDED) is not None)
    guarded = village.zone_of(camera, ZoneUse.GUARDED)
    told += village.track(camera, "camera.person", at + timedelta(seconds=30), 120.0, zone=guarded)
    kinds = ("area.intrusion", "door.armed_open")
    return told, [Expected("burglar", kinds, at, timedelta(seconds=60), site)]


def flood(village: Village, sensor: str, at: datetime) -> Story:
    """The river climbs past every mark in two hours, stands, and falls within a day."""
    told = []
    for step in range(96):
        hours = step / 4
        level = min(3.7, 1.2 + 1.25 * hours) if hours < 6 else max(1.2, 3.7 - 0.25 * (hours - 6))  # noqa: PLR2004
        moment = at + timedelta(hours=hours)
        told.append(village.say(sensor, "water_level", moment, level_m=round(level, 2)))
    site = village.sensors[sensor].site
    lasts = timedelta(days=1)
    return told, [
        Expected("river rises: first mark", ("flood.level", "flood.rising"), at, timedelta(hours=1.1), site, lasts),
        Expected("river rises: highest mark", ("flood.level",), at, timedelta(hours=2.6), site, lasts),
    ]


def overheated_store(village: Village, site: str, at: datetime) -> Story:
    """A smouldering heap: the store is 15 degrees warmer every ten minutes."""
    told = [
        village.say(
            f"{site}-temp-store", "temperature", at + timedelta(minutes=10 * step), temperature_c=20.0 + 15 * step
        )
        for step in range(5)
    ]
    told += [
        village.say(f"{site}-temp-store", "temperature", at + timedelta(minutes=60), temperature_c=25.0),
    ]
    return told, [Expected("store overheats", ("fire.heat",), at, timedelta(minutes=41), site)]


def camera_lost(village: Village, at: datetime) -> Story:
    """A cable is cut at a junction; mended the next morning."""
    camera = village.cameras_at("junction-6")[0].id
    told = [
        village.see(camera, "camera.health", at, confidence=None, state="offline", reason="no route"),
        village.see(camera, "camera.health", at + timedelta(hours=12), confidence=None, state="online", reason=""),
    ]
    lasts = timedelta(hours=13)
    return told, [Expected("camera lost", ("camera.video_loss",), at, timedelta(minutes=2), "junction-6", lasts)]


def gateway_lost(village: Village, at: datetime) -> Story:
    """The gateway of all Zigbee devices hangs for two hours, and all of them are silent."""
    told = [village.about_hub("zigbee2mqtt", "gateway.health", at, state="offline", reason="its last will")]
    back = at + timedelta(hours=2)
    told.append(village.about_hub("zigbee2mqtt", "gateway.health", back, state="online", reason=""))
    lasts = timedelta(hours=3)
    return told, [Expected("gateway lost", ("gateway.offline",), at, timedelta(minutes=2), None, lasts)]


def worn_battery(village: Village, sensor: str, at: datetime) -> Story:
    """A battery that has had its time; changed two days later."""
    told = [
        village.say(sensor, "battery", at + timedelta(days=day), percent=percent)
        for day, percent in ((0, 12), (2, 100))
    ]
    site = village.sensors[sensor].site
    return told, [Expected("worn battery", ("sensor.battery_low",), at, timedelta(hours=25), site, timedelta(days=2))]


def blocked_fire_lane(village: Village, site: str, at: datetime) -> Story:
    """A lorry parked in the fire lane."""
    camera = next(
        each.id for each in village.cameras_at(site) if village.zone_of(each.id, ZoneUse.FIRE_LANE) is not None
    )
    lane = village.zone_of(camera, ZoneUse.FIRE_LANE)
    told = village.track(camera, "camera.vehicle", at, 10.0, zone=lane, stands_s=2_400, label="truck")
    kinds = ("fire.lane_blocked", "road.illegal_parking")
    return told, [Expected("fire lane blocked", kinds, at, timedelta(minutes=7), site)]
