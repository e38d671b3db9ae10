"""How often the hub calls a sensor silent wrongly, and how soon rightly, with what it learned of their intervals.

Simulates weeks of devices as they behave in a village: steady ones, ones that lose messages on the air, ones that speak
when something happens, with and without heartbeats. After the weeks every device dies. Prints for each sort how many
have a learned interval, how often one that lives was called silent in a month, and how long the dead were not noticed.

    python -m benchmarks.silence --weeks 4 --devices 20
"""

from __future__ import annotations

import argparse
import heapq
import random
import statistics
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from datetime import UTC, datetime

from config.community import Sensor
from hub.clock import SetClock
from hub.events import Event, FieldValue
from hub.sensors.admission import Admission
from hub.sensors.presence import SENSOR_HEALTH, Learned, Presence
from hub.sensors.watching import SensorWatch
from hub.store.facts import Fact, HealthRow, StoredEvent

START = datetime(2026, 3, 2, tzinfo=UTC)
DAY_S, WEEK_S = 86_400.0, 7 * 86_400.0
TICK_S = 60.0

Said = tuple[str, dict[str, FieldValue]]
Device = Callable[[random.Random], Iterator[tuple[float, Said]]]
"""When it speaks, in seconds since the start, and what it says."""


def steady(interval_s: float, *, lost: float = 0.0, jitter: float = 0.02) -> Device:
    """Speaks by the clock; `lost` of its messages do not arrive."""

    def run(chance: random.Random) -> Iterator[tuple[float, Said]]:
        at_s = chance.uniform(0, interval_s)
        while True:
            at_s += interval_s * (1 + chance.uniform(-jitter, jitter))
            if chance.random() >= lost:
                yield at_s, ("temperature", {"temperature_c": round(chance.gauss(20, 2), 2)})

    return run


def on_change(shortest_s: float, longest_s: float) -> Device:
    """A thermometer that speaks when the value moved, at the latest after `longest_s`."""

    def run(chance: random.Random) -> Iterator[tuple[float, Said]]:
        at_s = 0.0
        while True:
            is_day = 7 <= at_s % DAY_S / 3600 < 21  # noqa: PLR2004 - by day it moves more
            wait_s = chance.expovariate(1 / (longest_s / (6 if is_day else 1)))
            at_s += min(longest_s, max(shortest_s, wait_s))
            yield at_s, ("temperature", {"temperature_c": round(chance.gauss(20, 2), 2)})

    return run


def door(heartbeat_s: float | None) -> Device:
    """Opened and closed by people by day, seldom on Sundays, not at all for a week of holidays."""

    def run(chance: random.Random) -> Iterator[tuple[float, Said]]:
        at_s, beat_s = 0.0, chance.uniform(0, heartbeat_s or 1)
        while True:
            day = int(at_s / DAY_S)
            away = 14 <= day < 21  # noqa: PLR2004 - the third week
            at_s += chance.expovariate(1 / (12_000 if day % 7 == 6 else 2_400))  # noqa: PLR2004 - Sunday
            while heartbeat_s is not None and beat_s < at_s:
                yield beat_s, ("door", {"open": False})
                beat_s += heartbeat_s
            if 7 <= at_s % DAY_S / 3600 < 22 and not away:  # noqa: PLR2004
                yield at_s, ("door", {"open": True})
                at_s += chance.uniform(2, 90)
                yield at_s, ("door", {"open": False})

    return run


def motion(chance: random.Random) -> Iterator[tuple[float, Said]]:
    """Somebody moves by day; the device repeats it while he does, and has no heartbeat."""
    at_s = 0.0
    while True:
        at_s += chance.expovariate(1 / 1_800)
        if 6 <= at_s % DAY_S / 3600 < 23:  # noqa: PLR2004
            for _ in range(chance.randint(1, 8)):
                yield at_s, ("motion", {"motion": True})
                at_s += 60
            yield at_s, ("motion", {"motion": False})


def plug(chance: random.Random) -> Iterator[tuple[float, Said]]:
    """A meter that speaks while something draws power, some times a day, and never else; no heartbeat."""
    at_s = 0.0
    while True:
        at_s += chance.expovariate(1 / (4 * 3_600))
        if 6 <= at_s % DAY_S / 3600 < 23 and not 14 <= at_s / DAY_S < 17:  # noqa: PLR2004 - three days away
            for _ in range(chance.randint(5, 200)):
                yield at_s, ("power", {"power_w": round(chance.uniform(10, 2_000), 1)})
                at_s += chance.uniform(10, 60)
            yield at_s, ("power", {"power_w": 0.0})


def smoke_alarm(chance: random.Random) -> Iterator[tuple[float, Said]]:
    """Only its battery once a day, give or take half an hour; a self-test now and then."""
    day = 0
    while True:
        day += 1
        yield day * DAY_S + chance.uniform(-1800, 1800), ("battery", {"percent": 90.0})


SORTS: dict[str, Device] = {
    "every minute": steady(60),
    "LoRaWAN, 10 min, 10 % lost": steady(600, lost=0.1),
    "LoRaWAN, 20 min, 30 % lost": steady(1_200, lost=0.3),
    "thermometer, on change, 1 h": on_change(30, 3_600),
    "door, heartbeat 50 min": door(3_000),
    "door, heartbeat 1 day": door(DAY_S),
    "door, no heartbeat": door(None),
    "motion, no heartbeat": motion,
    "plug, only while it is used": plug,
    "smoke, battery daily": smoke_alarm,
}


class Heard:
    """An event log that remembers who was called what and when."""

    def __init__(self) -> None:
        self.changes: list[tuple[datetime, str, object]] = []

    def append(self, facts: list[Fact]) -> Future[int]:
        """Note the changes."""
        for fact in facts:
            if fact.event.kind == SENSOR_HEALTH:
                self.changes.append((fact.event.at, fact.event.source, fact.event.fields["state"]))
        done: Future[int] = Future()
        done.set_result(0)
        return done

    def health(self) -> list[HealthRow]:
        """Nobody is known yet."""
        return []

    def events(self, *, limit: int) -> list[StoredEvent]:
        """Nothing was stored."""
        del limit
        return []


class Nothing:
    """A memory that keeps nothing."""

    def load(self) -> dict[tuple[str, str], dict[str, object]]:
        """Nothing."""
        return {}

    def keep(self, _changes: object, _at: datetime) -> Future[None]:
        """Forget it."""
        done: Future[None] = Future()
        done.set_result(None)
        return done


def main() -> int:
    """Run it and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weeks", type=float, default=4.0, help="how long the devices live")
    parser.add_argument("--devices", type=int, default=20, help="of each sort")
    parser.add_argument("--seed", type=int, default=1)
    settings = parser.parse_args()
    begun_s = time.perf_counter()
    messages = simulate(settings.weeks * WEEK_S, settings.devices, settings.seed)
    print(f"{messages} messages, {settings.weeks:g} weeks in {time.perf_counter() - begun_s:.0f} s")
    return 0


def simulate(life_s: float, devices: int, seed: int) -> int:
    """Let them live and die, and print how each sort fared; gives the number of messages."""
    clock, heard = SetClock(START), Heard()
    watch = SensorWatch(heard, Nothing(), clock)
    presence = Presence(heard, clock, habits=watch)
    names = [(sort, f"s{number}-{each}") for number, sort in enumerate(SORTS) for each in range(devices)]
    sensors = {name: Sensor(id=name, site="home") for _, name in names}
    watch.apply([(sensor, None) for sensor in sensors.values()])
    presence.watch([(sensor, None) for sensor in sensors.values()])
    lives = {name: SORTS[sort](random.Random(f"{seed} {name}")) for sort, name in names}  # noqa: S311 - a simulation
    queue: list[tuple[float, str, Said]] = []
    for name, life in lives.items():
        at_s, said = next(life)
        queue.append((at_s, name, said))
    heapq.heapify(queue)
    messages, tick_s = 0, 0.0
    while queue:
        at_s, name, (kind, fields) = heapq.heappop(queue)
        while tick_s < min(at_s, life_s):
            tick_s += TICK_S
            clock.advance(TICK_S - (clock.monotonic_s() % TICK_S))
            presence.tick()
        if at_s > life_s:
            continue
        clock.advance(max(0.0, at_s - clock.monotonic_s()))
        now = clock.now()
        event = Event(id="", kind=kind, at=now, arrived=now, source=name, driver="plain", site="home", fields=fields)
        watch.admit(Admission(driver="plain", facts=[Fact(event)], heard=sensors[name]), now)
        presence.heard(name, driver="plain")
        messages += 1
        after_s, said = next(lives[name])
        heapq.heappush(queue, (after_s, name, said))
    died = clock.now()
    wrongly = Counter(source for _, source, state in heard.changes if state == "offline")
    heard.changes.clear()
    learned = {name: watch.learned(name) for _, name in names}
    for _ in range(int(8 * DAY_S / 300)):
        clock.advance(300)
        presence.tick()
    noticed = {source: (at - died).total_seconds() for at, source, _ in heard.changes}
    report(names, learned, wrongly, noticed, months=life_s / (30 * DAY_S))
    return messages


def report(
    names: list[tuple[str, str]],
    learned: Mapping[str, Learned | None],
    wrongly: Counter[str],
    noticed: dict[str, float],
    *,
    months: float,
) -> None:
    """Print a line for each sort."""
    sorts: dict[str, list[str]] = defaultdict(list)
    for sort, name in names:
        sorts[sort].append(name)
    print(f"{'sort':30} {'learned':>8} {'wrong/device/month':>19} {'dead noticed':>13} {'after, median':>14}")
    for sort, members in sorts.items():
        known = sum(learned[name] is not None for name in members)
        wrong = sum(wrongly[name] for name in members) / len(members) / months
        delays = [noticed[name] for name in members if name in noticed]
        after = f"{statistics.median(delays) / 3600:.2f} h" if delays else "-"
        print(f"{sort:30} {known:>4}/{len(members):<3} {wrong:>19.2f} {len(delays):>9}/{len(members):<3} {after:>14}")


if __name__ == "__main__":
    sys.exit(main())
