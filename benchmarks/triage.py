"""What triage saves and what it misses: quiet streams, and events between long times in which nothing happens.

    python -m benchmarks.triage [--minutes M] [--only TEXT] [--detectors movers fire] [--json FILE]

Drawn scenes of 640x360 at 10 pictures a second, in which something happens for seconds at times drawn by lot, under
several sensors' noise, go through the whole path of a worker three times: with every picture decoded, with triage as it
is in a worker, and with triage that audits a fifth of what it would leave out. Told of each film: the share of pictures
that were not decoded, the events longer than a second that full decoding found, those of them that triage lost, and
what the audits say was lost. Ends with 1 when quiet streams save less than 75 % or more than 1 % of events are lost.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from cameras.running.task import Tuning
from cameras.scenes.encoding import SCENES, encode
from cameras.scenes.imaging import Sensor
from cameras.scenes.view import FPS, Image
from cameras.streams.packet_queue import Opened
from cameras.streams.packets import Packet
from cameras.streams.sources import Sources
from cameras.vision.analysis import build_analysis, build_shared
from cameras.vision.pipeline import Counts, Pipeline
from cameras.vision.stills import Stills
from cameras.vision.triage import Audits, Triage
from config.community import Camera, Stream
from config.machine import Machine
from hub.clock import SetClock
from hub.events import Event, Phase

START = datetime(2026, 1, 1, tzinfo=UTC)
NOISES = (1.0, 2.2, 4.0)
"""Grey levels: a bright day, an ordinary one, dusk."""
AUDITED = 0.2
QUIET = "quiet"
LEAST_SAVED = 0.75
MOST_LOST = 0.01
LEAST_S = 1.0
"""Events that are shorter do not count."""
_HAPPENS_S = {"road": (0, 8), "yard": (4, 26)}
"""Of a scene: cars pass; something begins to smoke and burns."""
_FIRST_S = 30
_APART_S = (35, 75)
_NEAR = timedelta(seconds=2)
_VIEW = "camera.view_"
_EVERYWHERE = {"id": "all", "use": "guarded", "points": [[0, 0], [1, 0], [1, 1], [0, 1]]}
"""So that whatever moves is told of."""


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one film.

    Attributes:
        film: Its name.
        seconds: Its length.
        saved: Share of pictures that were not decoded.
        events: Longer than a second, found with every picture decoded.
        lost: Of these, not found with triage.
        audited: Groups that were looked at in full, in the run that looks at many.
        moved: Those in which something moved that their key picture did not show.
        missed: Those of them of which no packet's size told.
    """

    film: str
    seconds: float
    saved: float
    events: int
    lost: int
    audited: int
    moved: int
    missed: int


@dataclass(frozen=True, slots=True)
class Episode:
    """One state that was told."""

    kind: str
    begun: datetime
    ended: datetime

    def is_found_in(self, others: list[Episode]) -> bool:
        """Whether one of its kind overlaps it, or nearly."""
        return any(
            one.kind == self.kind and one.begun <= self.ended + _NEAR and one.ended >= self.begun - _NEAR
            for one in others
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What triage saves and misses.")
    parser.add_argument("--minutes", type=float, default=4.0, help="length of each film")
    parser.add_argument("--only", default="", help="films whose name holds this")
    parser.add_argument("--detectors", nargs="+", default=["movers", "fire"], help="what looks at the pictures")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    print("film                      saved   events  lost   audited  moved  missed by the audits")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, pictures in films(arguments.minutes):
            if arguments.only not in name:
                continue
            path = Path(folder) / "film.mp4"
            encode(path, pictures)
            rows.append(measure(name, path, arguments.detectors))
            print(line(rows[-1]), flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(row) for row in rows], indent=2), encoding="utf-8")
    sys.exit(verdict(rows))


def verdict(rows: list[Row]) -> int:
    """Print what all films together say; 1 when that is too little."""
    quiet = [row.saved for row in rows if row.film.startswith(QUIET)]
    events, lost = sum(row.events for row in rows), sum(row.lost for row in rows)
    moved, missed = sum(row.moved for row in rows), sum(row.missed for row in rows)
    said = f"{missed} of {moved} by the audits" if moved else "nothing moved in an audit"
    print(f"quiet films save {min(quiet, default=1.0):.0%} at least; {lost} of {events} events lost; {said}")
    return int(min(quiet, default=1.0) < LEAST_SAVED or lost > MOST_LOST * events)


def line(row: Row) -> str:
    """One line of the table."""
    return (
        f"{row.film:24} {row.saved:6.1%}  {row.events:7}  {row.lost:4}   {row.audited:7}  {row.moved:5}  {row.missed:6}"
    )


def films(minutes: float) -> Iterator[tuple[str, Iterator[Image]]]:
    """The names and pictures of all films."""
    for noise in NOISES:
        for name in _HAPPENS_S:
            yield f"{name}, noise {noise:g}", film(name, minutes, noise=noise, happens=True)
            yield f"{QUIET} {name}, noise {noise:g}", film(name, minutes, noise=noise, happens=False)


def film(name: str, minutes: float, *, noise: float, happens: bool) -> Iterator[Image]:
    """A scene's first picture for long times, and now and then what happens in it."""
    dice = np.random.default_rng(11)
    sensor = Sensor(np.random.default_rng(3), noise=noise, label="TRIAGE")
    still = next(iter(SCENES[name](np.random.default_rng(7)).frames(1)))
    number, end, begins = 0, round(minutes * 60 * FPS), _FIRST_S * FPS
    while number < end:
        if happens and number >= begins:
            first_s, last_s = _HAPPENS_S[name]
            pictures = SCENES[name](np.random.default_rng(7)).frames(last_s)
            for picture in islice(pictures, first_s * FPS, None):
                yield sensor.expose(picture, number)
                number += 1
            begins = number + int(dice.integers(*_APART_S)) * FPS + int(dice.integers(FPS * 2))
        yield sensor.expose(still, number)
        number += 1


def measure(name: str, path: Path, detectors: list[str]) -> Row:
    """One film, three times."""
    tuning = Tuning()
    assert tuning.sleep_after_s is not None
    whole, _, _ = watch(path, detectors, None)
    found, counts, _ = watch(path, detectors, Triage(sleep_after_s=tuning.sleep_after_s, seed=name))
    _, _, audits = watch(path, detectors, Triage(sleep_after_s=tuning.sleep_after_s, audit_share=AUDITED, seed=name))
    lost = [one for one in whole if not one.is_found_in(found)]
    return Row(
        film=name,
        seconds=counts.packets / FPS,
        saved=1 - counts.decoded / counts.packets,
        events=len(whole),
        lost=len(lost),
        audited=audits.looked,
        moved=audits.moved,
        missed=audits.missed,
    )


def watch(path: Path, detectors: list[str], triage: Triage | None) -> tuple[list[Episode], Counts, Audits]:
    """A file through the whole path; what lasted, what was decoded, what the audits say."""
    clock = SetClock(START)
    wanted = [{"kind": kind} for kind in detectors]
    settings = {"id": "c", "site": "s", "url": "file:///c", "detectors": wanted, "zones": [_EVERYWHERE]}
    machine = Machine()
    shared = build_shared(machine, machine.models_folder)
    analysis = build_analysis(Camera.model_validate(settings), area=None, shared=shared, clock=clock)
    pipeline = Pipeline(analysis, analysis_fps=Tuning().analysis_fps, triage=triage, stills=Stills())
    source = Sources(clock).make(
        Stream(url=path.absolute().as_uri()),
        stopping=threading.Event(),
        options={"loop": False, "realtime": False, "start": START},
    )
    events: list[Event] = []
    try:
        pipeline.take(Opened(source.open()))
        for packet in source.packets():
            if isinstance(packet, Packet):
                clock.set(packet.at)
                events += pipeline.take(packet)
        events += pipeline.finish()
    finally:
        source.close()
    return list(episodes(events)), pipeline.counts, pipeline.audits


def episodes(events: list[Event]) -> Iterator[Episode]:
    """What began and ended more than a second later; what is told of the view alone is left out."""
    open_since: dict[tuple[str, str | None], datetime] = {}
    for event in events:
        if event.kind.startswith(_VIEW):
            continue
        key = (event.kind, event.subject)
        if event.phase is Phase.BEGAN:
            open_since[key] = event.at
        elif event.phase is Phase.ENDED and key in open_since:
            begun = open_since.pop(key)
            if (event.at - begun).total_seconds() > LEAST_S:
                yield Episode(event.kind, begun, event.at)


if __name__ == "__main__":
    main()
