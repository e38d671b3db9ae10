"""A quiet day for the benchmarks of the rules: 1,050 sensors and 159 cameras, of which nearly all say nothing new.

Made up, seeded, and the same each time. Two of three events are of sensors: readings that wobble a little, well within
their limits, doors, motion, and heartbeats of detectors that see nothing; one flag in 3,000 is raised. One of three is
of a camera: tracks of people and vehicles that begin, change their zone and end; one vehicle in 40 stops for a while.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from typing import Any

from alerts.language.rulebook import SHIPPED, RuleBook, make_book, rule_of
from alerts.language.written import read_rules
from config.community import Community
from hub.events import Event, FieldValue, Phase

START = datetime(2026, 3, 3, tzinfo=UTC)
SENSORS = 1_050
CAMERAS = 159
SITES = 152
_ONE_IN = 3_000
"""Flags that are raised."""
_MEASURE, _WATCH = 13, 17
"""Of 20 sensors so many measure, those up to the second are detectors, and the others tell changes."""
_READINGS: tuple[tuple[str, str, float, float], ...] = (
    ("temperature", "temperature_c", 12, 30),
    ("water_level", "level_m", 1.0, 1.9),
    ("water_pressure", "pressure_mpa", 0.3, 0.5),
    ("battery", "percent", 40, 100),
    ("co", "co_ppm", 0, 9),
    ("residual_current", "current_ma", 5, 60),
    ("noise", "level_db", 35, 60),
)
_FLAGS = (("smoke", "alarm"), ("gas", "alarm"), ("water_leak", "leak"), ("tamper", "tamper"))
_CHANGES = (("door", "open"), ("motion", "motion"))


def community() -> Community:
    """The village that the scopes of the rules are about."""
    areas = [{"id": "town", "name": "Town"}]
    areas += [{"id": f"group-{number}", "name": f"Group {number}", "parent": "town"} for number in range(10)]
    sites = [
        {
            "id": f"site-{number}",
            "name": f"House {number}",
            "area": f"group-{number % 10}",
            "ring": ("household", "household", "road", "enterprise")[number % 4],
        }
        for number in range(SITES)
    ]
    cameras = [{"id": f"cam-{n}", "site": f"site-{n % SITES}", "url": "rtsp://127.0.0.1/1"} for n in range(CAMERAS)]
    sensors = [{"id": f"sensor-{n}", "site": f"site-{n % SITES}"} for n in range(SENSORS)]
    return Community.model_validate({"areas": areas, "sites": sites, "cameras": cameras, "sensors": sensors})


def rule_book(count: int) -> RuleBook:
    """The shipped rules, and copies of them in turn until there are `count`, each for one site, sensor or camera.

    Fewer than there are shipped: the first of them.
    """
    shipped = [each for each in read_rules(SHIPPED).values() if each.state != "off"]
    rules = [each.rule for each in shipped[:count]]
    for number, each in enumerate(islice(cycle(shipped), max(0, count - len(shipped)))):
        body = {name: value for name, value in each.body.items() if name != "mutes"}
        rules.append(rule_of({**body, "rule": f"copy-{number}", "scope": _scope(number, each.rule.kinds)}))
    return make_book(rules)


def _scope(number: int, kinds: frozenset[str]) -> dict[str, Any]:
    if any(kind.startswith("camera.") for kind in kinds):
        return {"cameras": [f"cam-{number % CAMERAS}"]}
    return {"sites": [f"site-{number % SITES}"]} if number % 2 else {"sensors": [f"sensor-{number % SENSORS}"]}


def events(count: int, *, seed: int = 7, apart: timedelta = timedelta(milliseconds=100)) -> Iterator[Event]:
    """What happens, `apart` from each other."""
    dice = random.Random(seed)  # noqa: S311 - a repeatable story, no secret
    tracks: dict[int, tuple[int, int, bool]] = {}
    for number in range(count):
        at = START + number * apart
        yield _seen(dice, number, at, tracks) if number % 3 == 0 else _measured(dice, number, at)


def _measured(dice: random.Random, number: int, at: datetime) -> Event:
    sensor = dice.randrange(SENSORS)
    what = sensor % 20
    if what < _MEASURE:
        kind, name, low, high = _READINGS[sensor % len(_READINGS)]
        usual, wobble = low + (high - low) * (sensor * 37 % 100) / 100, (high - low) / 50
        fields: dict[str, FieldValue] = {name: round(dice.uniform(usual - wobble, usual + wobble), 2)}
    elif what < _WATCH:
        kind, name = _FLAGS[sensor % len(_FLAGS)]
        fields = {name: dice.randrange(_ONE_IN) == 0}
    else:
        kind, name = _CHANGES[sensor % len(_CHANGES)]
        fields = {name: dice.randrange(2) == 0}
    return Event(
        id=f"e{number}",
        kind=kind,
        at=at,
        arrived=at,
        source=f"sensor-{sensor}",
        driver="plain",
        site=f"site-{sensor % SITES}",
        area=f"group-{sensor % SITES % 10}",
        fields=fields,
    )


def _seen(dice: random.Random, number: int, at: datetime, tracks: dict[int, tuple[int, int, bool]]) -> Event:
    """The next step of the track that a camera follows: it begins, goes on some times and ends."""
    camera = dice.randrange(CAMERAS)
    track, step, stops = tracks.get(camera, (0, 0, False))
    if step == 0:
        track, stops = track + 1, dice.randrange(40) == 0
    last = step >= (8 if stops else 4)
    tracks[camera] = (track, 0 if last else step + 1, stops)
    vehicle = track % 3 != 0
    fields: dict[str, FieldValue] = {"label": "car" if vehicle else "person"}
    if vehicle:
        fields |= {"stopped": stops and step > 1 and not last, "speed_w_s": 0.0 if stops and step > 1 else 0.1}
    zone = "lane-1" if vehicle and step in (1, 2, 3) else None
    if zone is not None:
        fields["zone_use"] = "lane"
    return Event(
        id=f"e{number}",
        kind="camera.vehicle" if vehicle else "camera.person",
        at=at,
        arrived=at,
        source=f"cam-{camera}",
        driver="objects",
        site=f"site-{camera % SITES}",
        area=f"group-{camera % SITES % 10}",
        camera=f"cam-{camera}",
        zone=zone,
        subject=str(track),
        phase=Phase.BEGAN if step == 0 else Phase.ENDED if last else Phase.GOES_ON,
        confidence=0.8,
        fields=fields,
    )
