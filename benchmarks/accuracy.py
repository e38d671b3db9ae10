"""Accuracy: the labelled clips of a folder, through the same path as live video.

    python -m benchmarks.accuracy FOLDER [--models DIR] [--only TEXT] [--lanes]

Reads FOLDER/labels.csv (file, start_s, end_s, label) and prints per kind of Event: clips found, seconds from onset to
alert, false alerts over all time without that label, and the processor time. An alert here is what the shipped rules
would make: flames at 0.5 for 3 of 5 s, a collision at once, a person at once. Numbers that only hold on clips that were
tuned on are worth nothing: keep others.
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from cameras.vision.analysis import build_analysis, build_shared
from cameras.vision.offline import Summary, analyse_file
from config.community import Camera, Zone, ZoneUse
from config.machine import Machine
from hub.clock import SetClock
from hub.events import Event, Phase

START = datetime(2026, 1, 1, tzinfo=UTC)
LABELS = {"camera.fire": {"fire"}, "camera.collision": {"accident"}, "camera.person": {"person"}}
AFTER_S = {"camera.fire": 2.0, "camera.collision": 12.0, "camera.person": 2.0}
"""How long after the end of a label an alert still belongs to it: a crash is told when it stands."""
MIXED = {"camera.person": "a person in nearly every clip, not all of them labelled: false alerts are not counted"}


@dataclass
class Clip:
    """One file with its labelled spans."""

    path: Path
    spans: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))


@dataclass
class Result:
    """What the analysis said of one clip: seconds of alerts by kind."""

    alerts: dict[str, list[float]]
    video_s: float
    cpu_s: float


def read_clips(folder: Path, only: str) -> list[Clip]:
    """The clips that labels.csv names."""
    clips: dict[str, Clip] = {}
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if not row["start_s"] or only not in row["file"]:
                continue
            clip = clips.setdefault(row["file"], Clip(folder / row["file"]))
            clip.spans[row["label"]].append((float(row["start_s"]), float(row["end_s"])))
    return [clip for _, clip in sorted(clips.items()) if clip.path.is_file()]


def analyse(clip: Clip, models: Path, *, lanes: bool) -> Result:
    """One clip through the whole path."""
    clock = SetClock(START)
    everywhere = Zone(id="road", use=ZoneUse.LANE, points=((0, 0), (1, 0), (1, 1), (0, 1)))
    camera = Camera.model_validate(
        {"id": "clip", "site": "bench", "url": clip.path.absolute().as_uri(), "zones": (everywhere,) if lanes else ()}
    )
    analysis = build_analysis(camera, area=None, shared=build_shared(Machine(), models), clock=clock)
    events: list[Event] = []
    video_s = cpu_s = 0.0
    for item in analyse_file(clip.path, analysis, clock=clock):
        if isinstance(item, Summary):
            video_s, cpu_s = item.video_s, item.cpu_s
        else:
            events.append(item)
    return Result(alerts_of(events, video_s), video_s, cpu_s)


def alerts_of(events: Iterable[Event], video_s: float) -> dict[str, list[float]]:
    """When the shipped rules would alert, seconds from the beginning."""
    alerts: dict[str, list[float]] = defaultdict(list)
    sure: list[tuple[float, float]] = []
    since: float | None = None
    for event in events:
        at_s = (event.at - START).total_seconds()
        if event.kind == "camera.fire":
            holds = event.phase is not Phase.ENDED and (event.confidence or 0.0) >= 0.5  # noqa: PLR2004
            if holds and since is None:
                since = at_s
            elif not holds and since is not None:
                sure.append((since, at_s))
                since = None
        elif event.phase is Phase.BEGAN:
            alerts[event.kind].append(at_s)
    if since is not None:
        sure.append((since, video_s))
    alerts["camera.fire"] = voted(sure)
    return alerts


def voted(spans: list[tuple[float, float]], need_s: float = 3.0, of_s: float = 5.0) -> list[float]:
    """First moment of each run in which the spans fill `need_s` of the last `of_s` seconds."""
    found: list[float] = []
    end = max((span[1] for span in spans), default=0.0)
    for step in range(int(end * 10) + 2):
        at_s = step / 10
        filled = sum(max(0.0, min(b, at_s) - max(a, at_s - of_s)) for a, b in spans)
        if filled >= need_s and (not found or at_s - found[-1] > 60):  # noqa: PLR2004 -- an open alert does not repeat
            found.append(at_s)
    return found


def report(clips: list[Clip], results: list[Result]) -> None:
    """Print the table."""
    for kind, labels in LABELS.items():
        expected, found, delays, false, clear_s = [], [], [], [], 0.0
        for clip, result in zip(clips, results, strict=True):
            spans = [span for label in labels for span in clip.spans[label]]
            clear_s += result.video_s - sum(end - start for start, end in spans)
            for start, end in spans:
                expected.append(clip.path.name)
                inside = [one for one in result.alerts[kind] if start - 1 <= one <= end + AFTER_S[kind]]
                if inside:
                    found.append(clip.path.name)
                    delays.append(max(0.0, inside[0] - start))
            false += [
                f"{clip.path.name}@{one:.1f}"
                for one in result.alerts[kind]
                if not any(start - 1 <= one <= end + AFTER_S[kind] for start, end in spans)
            ]
        delay = f"{median(delays):.1f} s" if delays else "-"
        print(f"{kind}: found {len(found)} of {len(expected)}, median onset to alert {delay}")
        print(f"    missed: {', '.join(sorted(set(expected) - set(found))) or 'none'}")
        if kind in MIXED:
            print(f"    {MIXED[kind]}")
        else:
            print(f"    false: {len(false)} in {clear_s / 60:.1f} min without it {' '.join(false)}")
    video_s = sum(result.video_s for result in results)
    cpu_s = sum(result.cpu_s for result in results)
    print(
        f"{len(clips)} clips, {video_s / 60:.1f} min; {cpu_s / max(video_s, 1e-9) * 3600:.0f} CPU s per hour of video"
    )


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--models", type=Path, default=Machine().models_folder)
    parser.add_argument("--only", default="", help="clips whose name holds this text")
    parser.add_argument("--lanes", action="store_true", help="the whole picture of every clip is a lane")
    arguments = parser.parse_args()
    clips = read_clips(arguments.folder, arguments.only)
    results = []
    for clip in clips:
        results.append(analyse(clip, arguments.models, lanes=arguments.lanes))
        alerts = {kind: [round(one, 1) for one in times[:6]] for kind, times in results[-1].alerts.items() if times}
        print(f"{clip.path.name}: {alerts}", flush=True)
    report(clips, results)


if __name__ == "__main__":
    main()
