"""Whether a hub that runs for hours grows: memory, open files, threads and lag over time, drawn.

    python -m benchmarks.soak [--hours 4] [--cameras 20] [--sensors 300] [--json FILE] [--svg FILE] [--gate]

A whole hub with cameras and sensors of the farm, undisturbed but for alarms that come and go. Every ten seconds each
process is looked at. Growth is the mean of the last tenth of the time against that of the ten minutes after the first
ten, in which caches fill; with `--gate` the exit status is 1 when memory, open files or threads of hub or workers grew
by 5 % or more. Lag is how long after a device said something its event was stored at the latest (95th percentile),
how far the rules are behind the log, and how far the analysis is behind its cameras.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from benchmarks.capacity import clips
from benchmarks.drawing import lines, under_each_other
from benchmarks.farm.cameras import CameraFarm
from benchmarks.farm.formats import FORMATS, devices
from benchmarks.farm.running import CLOCK, NEVER, HubProgram, Plan, Sample, core_count, machine_name
from benchmarks.farm.sensors import SensorFarm

MAY_GROW_PCT = 5.0
WARM_S = 600.0
LOOK_EVERY_S = 10.0
ALARM_EVERY_S = 45.0
UP_S = 240.0
_ROLES = ("hub", "worker")
_WHAT = {"resident_mb": "Memory, MB", "handles": "Open files", "threads": "Threads"}


@dataclass(frozen=True, slots=True)
class Lag:
    """How far behind it was.

    Attributes:
        at_s: Seconds since the beginning.
        stored_s: From a device's word to its event, 95th percentile.
        rules: Events that the rules had not looked at.
        analysis_s: Of the camera that was furthest behind.
    """

    at_s: float
    stored_s: float
    rules: float
    analysis_s: float


def main() -> int:
    """Run, print, draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=4.0)
    parser.add_argument("--cameras", type=int, default=20)
    parser.add_argument("--sensors", type=int, default=300)
    parser.add_argument("--gate", action="store_true")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--svg", type=Path)
    asked = parser.parse_args()
    print(f"{machine_name()}, load {os.getloadavg()[0]:.1f} before")
    with tempfile.TemporaryDirectory() as name:
        samples, lags = run(asked, Path(name))
    grown = growth(samples)
    print(f"{asked.hours:g} hours, {asked.cameras} cameras, {asked.sensors} sensors")
    print("process   what            after the first 10 minutes      at the end     growth")
    for (role, what), (early, late) in grown.items():
        print(f"{role:9} {_WHAT[what]:15} {early:26.1f} {late:15.1f} {_pct(early, late):9.1f} %")
    for each in ("stored_s", "rules", "analysis_s"):
        values = sorted(getattr(lag, each) for lag in lags)
        print(f"lag {each:12} median {values[len(values) // 2]:.3f}, largest {values[-1]:.3f}")
    if asked.json:
        found = {"machine": machine_name(), "samples": [asdict(s) for s in samples], "lags": [asdict(g) for g in lags]}
        asked.json.write_text(json.dumps(found, indent=1), encoding="utf-8")
    if asked.svg:
        asked.svg.write_text(draw(samples, lags), encoding="utf-8")
    bad = [f"{role} {_WHAT[what]}" for (role, what), pair in grown.items() if _pct(*pair) >= MAY_GROW_PCT]
    print(f"grew by {MAY_GROW_PCT:g} % or more: {', '.join(bad) or 'nothing'}")
    return 1 if bad and asked.gate else 0


def run(asked: argparse.Namespace, folder: Path) -> tuple[list[Sample], list[Lag]]:
    """Let it run; what it took up, summed over the processes of a role, and how far it was behind."""
    farm = devices(asked.sensors)
    cameras = CameraFarm(
        clips(folder), cameras=asked.cameras, busy=max(1, asked.cameras // 10), folder=folder, login="farm:secret-1"
    )
    plan = Plan(folder, folder / "data", folder / "films", farm, silent_after_s=600.0, workers=core_count())
    with cameras:
        hub = HubProgram(plan, cameras)
        hub.start()
        try:
            if not hub.wait_ready(UP_S):
                raise SystemExit("the hub did not start")
            sensors = SensorFarm(farm, port=hub.mqtt_port, login=hub.devices_login, folder=folder)
            with sensors:
                return _watched(
                    hub, sensors, [one.id for one in farm if FORMATS[one.format].alarms], asked.hours * 3600
                )
        finally:
            hub.stop()


def _watched(
    hub: HubProgram, sensors: SensorFarm, ringing: Sequence[str], seconds: float
) -> tuple[list[Sample], list[Lag]]:
    samples: list[Sample] = []
    lags: list[Lag] = []
    began_s, newest, rang_s, rings = CLOCK.monotonic_s(), 0, 0.0, 0
    while (at_s := CLOCK.monotonic_s() - began_s) < seconds:
        CLOCK.wait(NEVER, LOOK_EVERY_S)
        samples += _by_role(hub.sample(), at_s)
        stored_s, newest = _stored_lag(hub.database, newest)
        found = hub.metrics()
        analysis = [value for name, value in found.items() if name.startswith("hub_analysis_lag_seconds")]
        lags.append(Lag(at_s, stored_s, found.get("hub_engine_behind", 0.0), max(analysis, default=0.0)))
        if at_s - rang_s > ALARM_EVERY_S:
            rang_s = at_s
            sensors.ring(ringing[rings % len(ringing)])
            rings += 1
    return samples, lags


def _by_role(samples: Sequence[Sample], at_s: float) -> list[Sample]:
    made = []
    for role in {each.role for each in samples}:
        mine = [each for each in samples if each.role == role]
        made.append(
            Sample(
                at_s,
                role,
                0,
                sum(each.resident_mb for each in mine),
                sum(each.handles for each in mine),
                sum(each.threads for each in mine),
                sum(each.cpu_s for each in mine),
            )
        )
    return made


def _stored_lag(database: Path, newest: int) -> tuple[float, int]:
    """The 95th percentile of the newest events with a time of their own, and the newest number."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10)) as connection:
        query = "SELECT seq, at, arrived FROM events WHERE seq > ? AND kind = 'temperature' ORDER BY seq LIMIT 5000"
        rows = connection.execute(query, (newest,)).fetchall()
    waits = sorted(
        (datetime.fromisoformat(arrived) - datetime.fromisoformat(at)).total_seconds() for _, at, arrived in rows
    )
    return (waits[int(0.95 * (len(waits) - 1))] if waits else 0.0), max((row[0] for row in rows), default=newest)


def growth(samples: Sequence[Sample]) -> dict[tuple[str, str], tuple[float, float]]:
    """By role and what: the mean after the beginning, and at the end."""
    lasts_s = samples[-1].at_s
    warm_s = min(WARM_S, lasts_s / 4)
    found = {}
    for role in _ROLES:
        mine = [each for each in samples if each.role == role]
        early = [each for each in mine if warm_s <= each.at_s <= 2 * warm_s]
        late = [each for each in mine if each.at_s >= lasts_s * 0.9]
        for what in _WHAT:
            if early and late:
                means = [statistics.mean(getattr(each, what) for each in some) for some in (early, late)]
                found[role, what] = means[0], means[1]
    return found


def draw(samples: Sequence[Sample], lags: Sequence[Lag]) -> str:
    """All of it over time."""
    charts = []
    for what, title in _WHAT.items():
        series: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for each in samples:
            series[each.role].append((each.at_s / 60, getattr(each, what)))
        charts.append(lines(title, series, across="minutes"))
    behind = {
        "stored": [(g.at_s / 60, g.stored_s) for g in lags],
        "analysis": [(g.at_s / 60, g.analysis_s) for g in lags],
    }
    charts.append(lines("Lag, s", behind, across="minutes"))
    return under_each_other(charts)


def _pct(early: float, late: float) -> float:
    return (late / early - 1) * 100 if early else 0.0


if __name__ == "__main__":
    sys.exit(main())
