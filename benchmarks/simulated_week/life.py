"""Ordinary life: a day on which nothing happens that anybody should be called for.

Rates are assumptions for a mountain village of some 400 households, written down here so that they can be argued with.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from benchmarks.simulated_week.village import Village
from config.community import Camera, Ring, ZoneUse
from hub.events import Event

VEHICLES_A_DAY = 500
"""Past each camera at a junction."""
PEOPLE_A_DAY = 60
"""In each yard, and on the verge at each junction."""
WORKERS_A_DAY = 80
"""Before each camera of an enterprise, at work."""
LOADING_A_DAY = 4
"""Vehicles that stop to load at each enterprise."""
WAITS = 0.12
"""Share of the vehicles that stop at a junction to give way,"""
WAIT_S = (2.0, 25.0)
"""for so long."""


def day(village: Village, midnight: datetime) -> Iterator[Event]:
    """All events of a day, in no order."""
    yield from _roads(village, midnight)
    yield from _enterprises(village, midnight)
    yield from _yards(village, midnight)
    yield from _sensors(village, midnight)


def _roads(village: Village, midnight: datetime) -> Iterator[Event]:
    dice = village.dice
    for site in village.ring(Ring.ROAD):
        for camera in village.cameras_at(site):
            lane = village.zone_of(camera.id, ZoneUse.LANE)
            for _ in range(VEHICLES_A_DAY):
                at = midnight + _daytime(village)
                stands_s = dice.uniform(*WAIT_S) if dice.random() < WAITS else 0.0
                label = dice.choice(("car", "car", "motorcycle", "truck"))
                yield from village.track(
                    camera.id, "camera.vehicle", at, 6.0, zone=lane, stands_s=stands_s, label=label
                )
            for _ in range(PEOPLE_A_DAY):
                yield from village.track(camera.id, "camera.person", midnight + _daytime(village), 8.0)


def _enterprises(village: Village, midnight: datetime) -> Iterator[Event]:
    dice = village.dice
    for site in village.ring(Ring.ENTERPRISE):
        yield village.about_site(site, "arming", midnight + timedelta(hours=6, minutes=30), armed=False)
        yield village.about_site(site, "arming", midnight + timedelta(hours=20), armed=True)
        for camera in village.cameras_at(site):
            guarded = village.zone_of(camera.id, ZoneUse.GUARDED)
            for _ in range(WORKERS_A_DAY):
                at = midnight + timedelta(hours=dice.uniform(7, 19.5))
                yield from village.track(camera.id, "camera.person", at, 20.0, zone=guarded)
            lane = village.zone_of(camera.id, ZoneUse.FIRE_LANE)
            if lane is not None:
                yield from _loading(village, camera, lane, midnight)


def _loading(village: Village, camera: Camera, lane: str, midnight: datetime) -> Iterator[Event]:
    """Nine of ten are gone within four minutes."""
    dice = village.dice
    for _ in range(LOADING_A_DAY):
        stands_s = dice.uniform(30, 240) if dice.random() < 0.9 else dice.uniform(360, 1_500)  # noqa: PLR2004
        at = midnight + timedelta(hours=dice.uniform(7, 18.5))
        yield from village.track(camera.id, "camera.vehicle", at, 20.0, zone=lane, stands_s=stands_s, label="truck")


def _yards(village: Village, midnight: datetime) -> Iterator[Event]:
    dice = village.dice
    for site in village.ring(Ring.HOUSEHOLD):
        for camera in village.cameras_at(site):
            for _ in range(PEOPLE_A_DAY):
                yield from village.track(camera.id, "camera.person", midnight + _daytime(village), 15.0)
            for _ in range(dice.randrange(10)):
                at = midnight + timedelta(hours=dice.uniform(0, 24))
                yield from village.track(camera.id, "camera.animal", at, 10.0, label="dog")


def _sensors(village: Village, midnight: datetime) -> Iterator[Event]:
    for sensor in village.community.sensors:
        for kind in sensor.kinds:
            tell = _TELLS.get(kind)
            if tell is not None:
                yield from tell(village, sensor.id, midnight)
        if sensor.format == "zigbee2mqtt":
            percent = 30 + sum(sensor.id.encode()) % 70
            at = midnight + timedelta(hours=village.dice.uniform(0, 24))
            yield village.say(sensor.id, "battery", at, percent=percent)


def _temperature(village: Village, sensor: str, midnight: datetime) -> Iterator[Event]:
    """A hall follows the day; a stove is warm at meals, a cabinet under load."""
    dice = village.dice
    for at, hour in _every(village, midnight, minutes=10 if "cabinet" in sensor or "junction" in sensor else 40):
        value = 12 + 6 * math.sin((hour - 9) / 24 * math.tau)
        if "stove" in sensor and min(abs(hour - meal) for meal in (7, 12, 18.5)) < 0.6:  # noqa: PLR2004
            value += dice.uniform(10, 22)
        if "cabinet" in sensor:
            value += 14
        yield village.say(sensor, "temperature", at, temperature_c=round(value + dice.gauss(0, 0.3), 2))


def _power(village: Village, sensor: str, midnight: datetime) -> Iterator[Event]:
    dice = village.dice
    enterprise = sensor.startswith("enterprise")
    for at, hour in _every(village, midnight, minutes=2 if enterprise else 10):
        busy = 7 <= hour < 19 if enterprise else 6 <= hour < 22  # noqa: PLR2004
        base = 4_000 if enterprise else 300
        yield village.say(sensor, "power", at, power_w=round(base * (1 if busy else 0.1) * dice.uniform(0.6, 1.6), 1))


def _door(village: Village, sensor: str, midnight: datetime) -> Iterator[Event]:
    """People leave their doors open while they are about; stores are opened in the morning and shut at night."""
    dice = village.dice
    for _ in range(6):
        at = midnight + timedelta(hours=dice.uniform(6.6, 19))
        yield village.say(sensor, "door", at, open=True)
        open_s = dice.uniform(5, 60) if dice.random() < 0.7 else dice.uniform(600, 5_400)  # noqa: PLR2004
        yield village.say(sensor, "door", at + timedelta(seconds=open_s), open=False)
    yield village.say(sensor, "door", midnight + timedelta(hours=19, minutes=50), open=False)


def _motion(village: Village, sensor: str, midnight: datetime) -> Iterator[Event]:
    dice = village.dice
    first, last = (6.0, 21.5) if sensor.startswith("hh-") else (7.0, 19.0)
    at = midnight + timedelta(hours=first + dice.uniform(0, 0.5))
    while at < midnight + timedelta(hours=last):
        yield village.say(sensor, "motion", at, motion=True)
        yield village.say(sensor, "motion", at + timedelta(seconds=60), motion=False)
        at += timedelta(minutes=dice.uniform(5, 45))


def _level(village: Village, sensor: str, midnight: datetime) -> Iterator[Event]:
    for at, _ in _every(village, midnight, minutes=15):
        yield village.say(sensor, "water_level", at, level_m=round(1.2 + village.dice.gauss(0, 0.02), 3))


def _well(field: str) -> Callable[[Village, str, datetime], Iterator[Event]]:
    """A detector that says every few hours that all is well."""

    def tell(village: Village, sensor: str, midnight: datetime) -> Iterator[Event]:
        kind = village.sensors[sensor].kinds[0]
        for at, _ in _every(village, midnight, minutes=180 if kind != "gas" else 50):
            well: dict[str, Any] = {field: False}
            yield village.say(sensor, kind, at, **well)

    return tell


_TELLS = {
    "temperature": _temperature,
    "power": _power,
    "door": _door,
    "motion": _motion,
    "water_level": _level,
    "smoke": _well("alarm"),
    "gas": _well("alarm"),
    "water_leak": _well("leak"),
}


def _every(village: Village, midnight: datetime, *, minutes: float) -> Iterator[tuple[datetime, float]]:
    """Times so far apart, with the hour of the day; each device has a beat of its own."""
    offset = village.dice.uniform(0, minutes)
    count = int(24 * 60 / minutes)
    for number in range(count):
        passed = timedelta(minutes=offset + number * minutes)
        if passed < timedelta(days=1):
            yield midnight + passed, passed / timedelta(hours=1)


def _daytime(village: Village) -> timedelta:
    """A time of day: most of life is between six and ten, around noon and in the evening; the night is thin."""
    dice = village.dice
    hour = dice.choice((dice.gauss(8, 1.2), dice.gauss(12, 1.5), dice.gauss(18, 1.5), dice.uniform(0, 24)))
    return timedelta(hours=min(23.9, max(0.0, hour)))
