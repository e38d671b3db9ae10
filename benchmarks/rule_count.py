"""What an event costs with 20, 200 and 2,000 rules, most of which it cannot concern: it should be the same.

    python -m benchmarks.rule_count [--events N]

Each book holds rules for the one kind `camera.vehicle`: half of them for one camera each, by scope, and half for one
zone or label each, by their pattern. The events are of all cameras, and each is for as few of the rules in the largest
book as in the smallest. The books take turns, so that what else the machine does disturbs them alike; the best turn of
each is printed, by processor time, with how many rules were asked for an event.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import cycle
from typing import Any

from alerts.cells import Cells
from alerts.engine import Engine
from alerts.language.interests import Interests
from alerts.language.places import places_of
from alerts.language.rulebook import RuleBook, make_book, rule_of
from benchmarks.quiet_day import START
from config.community import Community
from hub.events import Event, Phase

KIND = "camera.vehicle"
COUNTS = (20, 200, 2_000)
CAMERAS = 1_000
TURNS = 5
_WORDS = {"zh": "例", "en": "Example"}


def community() -> Community:
    """As many cameras as rules may want."""
    cameras = [{"id": f"cam-{n}", "site": "road", "url": "rtsp://127.0.0.1/1"} for n in range(CAMERAS)]
    return Community.model_validate({"sites": [{"id": "road", "name": "Road"}], "cameras": cameras})


def book(count: int) -> RuleBook:
    """Rules for one kind, each for another camera, zone or label."""
    return make_book([rule_of(_rule(number)) for number in range(count)])


def _rule(number: int) -> dict[str, Any]:
    pattern: dict[str, Any] = {"kind": KIND, "where": {"stopped": True}}
    rule: dict[str, Any] = {"scope": {"cameras": [f"cam-{number // 2 % CAMERAS}"]}}
    if number % 2:
        name = "zone" if number % 4 == 1 else "label"
        pattern, rule = {"kind": KIND, "where": {"stopped": True, name: f"{name}-{number}"}}, {}
    when = {"lasts": {"of": pattern, "for": "30s"}} if number % 3 else {"event": pattern}
    return {
        "rule": f"r-{number:04}",
        "name": _WORDS,
        "say": _WORDS,
        "do": _WORDS,
        "raises": {"kind": "road.stopped_vehicle", "severity": "yellow"},
        "for_each": ["camera", "zone"],
        "when": when,
        **rule,
    }


def events(count: int) -> Iterator[Event]:
    """Tracks that drive by, and some that stop, seen by cameras and in zones that even the smallest book knows."""
    dice = random.Random(7)  # noqa: S311 - a repeatable story, no secret
    phases = cycle((Phase.BEGAN, Phase.GOES_ON, Phase.GOES_ON, Phase.ENDED))
    for number, phase in zip(range(count), phases, strict=False):
        camera, at = f"cam-{dice.randrange(10)}", START + timedelta(milliseconds=100 * number)
        yield Event(
            id=f"e{number}",
            kind=KIND,
            at=at,
            arrived=at,
            source=camera,
            driver="objects",
            site="road",
            camera=camera,
            zone=f"zone-{dice.choice((1, 5, 9))}",
            subject=str(number // 4),
            phase=phase,
            fields={"label": f"label-{dice.choice((3, 7, 11))}", "stopped": dice.randrange(50) == 0},
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rule_count", description=__doc__)
    parser.add_argument("--events", type=int, default=10_000)
    chosen = parser.parse_args()
    told, places = list(events(chosen.events)), places_of(community())
    books = {count: book(count) for count in COUNTS}
    best_s = dict.fromkeys(COUNTS, float("inf"))
    for _ in range(TURNS):
        for count, rules in books.items():
            engine = Engine(rules, places)
            began_s = time.process_time()
            for event in told:
                engine.handle(event)
            best_s[count] = min(best_s[count], time.process_time() - began_s)
    for count, rules in books.items():
        dispatch, nothing = Interests(rules.on(places).by_kind), Cells(lambda _cell: ())
        asked = sum(len(dispatch.listeners(event, nothing)) for event in told) / len(told)
        print(f"{count:5,} rules: {best_s[count] / len(told) * 1e6:.1f} µs an event, {asked:.2f} rules asked")


if __name__ == "__main__":
    main()
