"""What rings falsely in a real village: the false-alarm sources of the catalogue, each at a rate of its own.

Rates are for the whole village and a day. Nothing here is worth calling anybody; what an alert costs the room is what
the week measures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from benchmarks.simulated_week.village import Village
from config.community import Ring, ZoneUse
from hub.events import Event, Phase, Quality

SUNDAY = 6


def day(village: Village, midnight: datetime) -> Iterator[Event]:
    """All of them, on one day."""
    for nuisance, rate in _RATES:
        whole, rest = divmod(rate, 1)
        for _ in range(int(whole) + (village.dice.random() < rest)):
            yield from nuisance(village, midnight)
    if midnight.weekday() == SUNDAY:
        yield from _market_morning(village, midnight)


def _cooking(village: Village, midnight: datetime) -> Iterator[Event]:
    """Chilli in hot oil: the kitchen detector rings for two minutes."""
    sensor = village.dice.choice([each for each in village.sensors_of("smoke") if each.id.endswith("kitchen")])
    at = midnight + timedelta(hours=village.dice.choice((7, 12, 18.5)) + village.dice.uniform(-0.5, 0.5))
    yield village.say(sensor.id, "smoke", at, alarm=True)
    yield village.say(sensor.id, "smoke", at + timedelta(seconds=120), alarm=False)


def _self_test(village: Village, midnight: datetime) -> Iterator[Event]:
    """Somebody presses the test button of a detector."""
    sensor = village.dice.choice(village.sensors_of("smoke"))
    at = midnight + timedelta(hours=village.dice.uniform(8, 18))
    yield village.say(sensor.id, "smoke", at, quality=[Quality.TEST], alarm=True, test=True)
    yield village.say(sensor.id, "smoke", at + timedelta(seconds=8), quality=[Quality.TEST], alarm=False, test=True)


def _spirits(village: Village, midnight: datetime) -> Iterator[Event]:
    """Alcohol or cleaning fluid before a gas detector."""
    sensor = village.dice.choice(village.sensors_of("gas"))
    at = midnight + timedelta(hours=village.dice.uniform(9, 21))
    yield village.say(sensor.id, "gas", at, alarm=True, lel_pct=6.0)
    yield village.say(sensor.id, "gas", at + timedelta(seconds=90), alarm=False, lel_pct=1.0)


def _hot_stove(village: Village, midnight: datetime) -> Iterator[Event]:
    """A pot left on: the thermometer by the stove reads 60 degrees for some minutes, rising slowly."""
    sensor = village.dice.choice([each for each in village.sensors_of("temperature") if "stove" in each.id])
    at = midnight + timedelta(hours=village.dice.uniform(11, 19))
    for minute, value in ((0, 45.0), (10, 55.0), (20, 60.0), (30, 50.0), (40, 40.0)):
        yield village.say(sensor.id, "temperature", at + timedelta(minutes=minute), temperature_c=value)


def _welding(village: Village, midnight: datetime) -> Iterator[Event]:
    """Welding or a low sun in the window looks like a flame for a few seconds."""
    site = village.dice.choice([*village.ring(Ring.ENTERPRISE), *village.ring(Ring.HOUSEHOLD)])
    camera = village.dice.choice(village.cameras_at(site))
    at = midnight + timedelta(hours=village.dice.uniform(8, 19))
    for seconds, phase in ((0, Phase.BEGAN), (6, Phase.ENDED)):
        yield village.see(
            camera.id, "camera.fire", at + timedelta(seconds=seconds), subject="fire", phase=phase, confidence=0.55
        )


def _washing(village: Village, midnight: datetime) -> Iterator[Event]:
    """Water splashed on a leak sensor, wiped off."""
    sensor = village.dice.choice(village.sensors_of("water_leak"))
    at = midnight + timedelta(hours=village.dice.uniform(7, 21))
    yield village.say(sensor.id, "water_leak", at, leak=True)
    yield village.say(
        sensor.id, "water_leak", at + timedelta(seconds=village.dice.choice((8, 15, 20, 300))), leak=False
    )


def _queue(village: Village, midnight: datetime) -> Iterator[Event]:
    """School is out: eight vehicles stand in the lane for a minute or two."""
    camera = village.dice.choice([each for each in village.community.cameras if each.site == "junction-3"])
    lane = village.zone_of(camera.id, ZoneUse.LANE)
    at = midnight + timedelta(hours=village.dice.choice((7.6, 16.4)))
    for number in range(8):
        begins = at + timedelta(seconds=6 * number)
        stands_s = 110 - 8 * number
        yield from village.track(camera.id, "camera.vehicle", begins, 6.0, zone=lane, stands_s=stands_s, label="car")


def _crossing(village: Village, midnight: datetime) -> Iterator[Event]:
    """Somebody crosses the road where it is quiet."""
    camera = village.dice.choice(village.cameras_at(village.dice.choice(village.ring(Ring.ROAD))))
    lane = village.zone_of(camera.id, ZoneUse.LANE)
    at = midnight + timedelta(hours=village.dice.uniform(6, 21))
    yield from village.track(camera.id, "camera.person", at, village.dice.uniform(4, 7), zone=lane)


def _stray(village: Village, midnight: datetime) -> Iterator[Event]:
    """A dog trots over the road."""
    camera = village.dice.choice(village.cameras_at(village.dice.choice(village.ring(Ring.ROAD))))
    lane = village.zone_of(camera.id, ZoneUse.LANE)
    at = midnight + timedelta(hours=village.dice.uniform(0, 24))
    yield from village.track(camera.id, "camera.animal", at, 4.0, zone=lane, label="dog")


def _late_worker(village: Village, midnight: datetime) -> Iterator[Event]:
    """Somebody fetches what he forgot after the store was armed, and opens its door."""
    site = village.dice.choice(village.ring(Ring.ENTERPRISE))
    at = midnight + timedelta(hours=20.4)
    yield village.say(f"{site}-door-store", "door", at, open=True)
    yield village.say(f"{site}-door-store", "door", at + timedelta(seconds=20), open=False)
    for camera in village.cameras_at(site):
        guarded = village.zone_of(camera.id, ZoneUse.GUARDED)
        if guarded is not None:
            yield from village.track(camera.id, "camera.person", at, 30.0, zone=guarded)
            return


def _spider(village: Village, midnight: datetime) -> Iterator[Event]:
    """A moth or a web before the lamp is taken for a person for two seconds."""
    camera = village.dice.choice([each for each in village.community.cameras if each.site.startswith("enterprise")])
    guarded = village.zone_of(camera.id, ZoneUse.GUARDED)
    at = midnight + timedelta(hours=village.dice.choice((1.0, 3.0, 22.5)))
    yield from village.track(camera.id, "camera.person", at, village.dice.uniform(0.5, 2.5), zone=guarded)


def _camera_flap(village: Village, midnight: datetime) -> Iterator[Event]:
    """A camera is gone for as long as its radio link takes."""
    camera = village.dice.choice(village.community.cameras)
    at = midnight + timedelta(hours=village.dice.uniform(0, 24))
    gone_s = village.dice.choice((10, 15, 20, 90))
    yield village.see(camera.id, "camera.health", at, confidence=None, state="offline", reason="no packets")
    yield village.see(
        camera.id, "camera.health", at + timedelta(seconds=gone_s), confidence=None, state="online", reason=""
    )


def _sensor_flap(village: Village, midnight: datetime) -> Iterator[Event]:
    """A sensor behind two walls misses a few reports."""
    sensor = village.dice.choice(village.community.sensors)
    at = midnight + timedelta(hours=village.dice.uniform(0, 24))
    back = at + timedelta(minutes=village.dice.uniform(10, 90))
    yield village.say(sensor.id, "sensor.health", at, state="offline", reason="silent")
    yield village.say(sensor.id, "sensor.health", back, state="online", reason="heard again")


def _cold_battery(village: Village, midnight: datetime) -> Iterator[Event]:
    """A battery dips on a cold morning and recovers by noon."""
    sensor = village.dice.choice([each for each in village.community.sensors if each.format == "zigbee2mqtt"])
    yield village.say(sensor.id, "battery", midnight + timedelta(hours=6), percent=14)
    yield village.say(sensor.id, "battery", midnight + timedelta(hours=12), percent=26)


def _market_morning(village: Village, midnight: datetime) -> Iterator[Event]:
    """Stalls unload in the lane from six to nine, and people walk on it."""
    dice = village.dice
    for camera in village.cameras_at("junction-5"):
        lane = village.zone_of(camera.id, ZoneUse.LANE)
        for _ in range(25):
            at = midnight + timedelta(hours=dice.uniform(6, 8.6))
            yield from village.track(
                camera.id, "camera.vehicle", at, 10.0, zone=lane, stands_s=dice.uniform(60, 600), label="truck"
            )
        for _ in range(150):
            at = midnight + timedelta(hours=dice.uniform(6, 9))
            yield from village.track(camera.id, "camera.person", at, 12.0, zone=lane)


_RATES: tuple[tuple[Callable[[Village, datetime], Iterator[Event]], float], ...] = (
    (_cooking, 1.5),
    (_self_test, 0.5),
    (_spirits, 0.5),
    (_hot_stove, 0.3),
    (_welding, 1.5),
    (_washing, 1.5),
    (_queue, 4.0),
    (_crossing, 40.0),
    (_stray, 6.0),
    (_late_worker, 0.5),
    (_spider, 2.0),
    (_camera_flap, 8.0),
    (_sensor_flap, 8.0),
    (_cold_battery, 2.0),
)
"""So often a day in the whole village."""
