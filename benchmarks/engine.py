"""How many events a second the rules take: 1,200 sensors and 159 cameras, the shipped rules, one thread.

    python benchmarks/engine.py [--events N] [--store]

Without `--store` the pure engine alone; with it the whole loop on a fresh SQLite database with fsync, from stored
events to journal. What is measured is printed with the time per event and the size of what is remembered.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from alerts.engine import Engine
from alerts.loop import BATCH, EngineLoop
from alerts.places import places_of
from alerts.rulebook import SHIPPED, load_rules
from config.community import Community
from hub.bus import Bus
from hub.clock import SetClock, SystemClock
from hub.events import Event, FieldValue, Phase
from hub.store.database import Database, sqlite_url
from hub.store.event_log import EventLog, Fact

START = datetime(2026, 3, 3, tzinfo=UTC)
SENSORS = 1_200
CAMERAS = 159
KINDS: tuple[tuple[str, str, float, float], ...] = (
    ("temperature", "temperature_c", 5, 35),
    ("water_level", "level_m", 1.0, 1.9),
    ("battery", "percent", 20, 100),
    ("co", "co_ppm", 0, 20),
)
FLAGS = (("smoke", "alarm"), ("gas", "alarm"), ("water_leak", "leak"), ("door", "open"))


def events(count: int, *, seed: int = 7) -> Iterator[Event]:
    """A quiet day, told fast: two sensor messages for every camera event, one flag in 300 is true."""
    dice = random.Random(seed)  # noqa: S311 - a repeatable story, no secret
    for number in range(count):
        at = START + timedelta(milliseconds=100 * number)
        if number % 3 == 0:
            yield _seen(dice, number, at)
        else:
            yield _measured(dice, number, at)


def _measured(dice: random.Random, number: int, at: datetime) -> Event:
    sensor = dice.randrange(SENSORS)
    if sensor % 2:
        kind, name, low, high = KINDS[sensor // 2 % len(KINDS)]
        fields: dict[str, FieldValue] = {name: round(dice.uniform(low, high), 2)}
    else:
        kind, name = FLAGS[sensor // 2 % len(FLAGS)]
        fields = {name: dice.randrange(300) == 0}
    return Event(
        id=f"e{number}",
        kind=kind,
        at=at,
        arrived=at,
        source=f"sensor-{sensor}",
        driver="plain",
        site=f"site-{sensor % 152}",
        area="area-1",
        fields=fields,
    )


def _seen(dice: random.Random, number: int, at: datetime) -> Event:
    camera = dice.randrange(CAMERAS)
    kind = dice.choice(("camera.person", "camera.vehicle", "camera.vehicle"))
    zone = dice.choice((None, "lane-1")) if kind == "camera.vehicle" else None
    fields: dict[str, FieldValue] = {"label": "car", "stopped": dice.randrange(8) == 0, "speed_w_s": 0.1}
    if zone is not None:
        fields["zone_use"] = "lane"
    return Event(
        id=f"e{number}",
        kind=kind,
        at=at,
        arrived=at,
        source=f"cam-{camera}",
        driver="objects",
        site=f"site-{camera % 152}",
        area="area-1",
        camera=f"cam-{camera}",
        zone=zone,
        subject=str(dice.randrange(5)),
        phase=dice.choice((Phase.BEGAN, Phase.GOES_ON, Phase.GOES_ON, Phase.ENDED)),
        confidence=0.8,
        fields=fields,
    )


def _engine(count: int, clock: SystemClock) -> None:
    engine = Engine(load_rules(SHIPPED), places_of(Community()))
    told = list(events(count))
    began_s = clock.monotonic_s()
    changes = sum(len(engine.handle(event)) for event in told)
    took_s = clock.monotonic_s() - began_s
    states = engine.snapshot()
    size = sum(len(json.dumps(dict(state.body))) for state in states)
    print(f"engine: {count / took_s:,.0f} events/s ({took_s / count * 1e6:.1f} µs each), {changes} changes")
    print(
        f"memory: {len(states)} states, {size / 1024:,.0f} KiB as JSON, largest "
        f"{max(len(json.dumps(dict(state.body))) for state in states):,} bytes"
    )


def _loop(count: int, clock: SystemClock) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(sqlite_url(Path(folder)))
        database.start()
        try:
            bus = Bus()
            log = EventLog(database, bus)
            told = [Fact(event) for event in events(count)]
            for start in range(0, count, BATCH):
                log.append(told[start : start + BATCH]).result(60)
            loop = EngineLoop(
                database,
                log,
                bus,
                SetClock(START + timedelta(days=1)),
                rulebook=load_rules(SHIPPED),
                places=places_of(Community()),
                settle_after_start_s=0,
            )
            loop.restore()
            began_s = clock.monotonic_s()
            while loop.step():
                pass
            took_s = clock.monotonic_s() - began_s
            print(
                f"loop with store: {count / took_s:,.0f} events/s in batches of {BATCH}, "
                f"{loop.status().open_alerts} alerts open"
            )
        finally:
            database.stop()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=60_000)
    parser.add_argument("--store", action="store_true")
    chosen = parser.parse_args()
    (_loop if chosen.store else _engine)(chosen.events, SystemClock())


if __name__ == "__main__":
    main()
