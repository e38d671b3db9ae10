"""Running: a clip through the path of live video, and its Events through the shipped rules.

Packets -> triage -> decoding -> analysis -> Events, as in a worker, on the clip's own time; then all live rules over
the Events, so that an alert is what the room would get. Each clip is a camera that has just been switched on.
"""

from __future__ import annotations

import functools
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from alerts.alert import Alert
from alerts.arming import ARMING_KIND
from alerts.language.places import places_of
from alerts.language.rulebook import SHIPPED, RuleBook, load_rules
from alerts.trials.backtest import backtest
from benchmarks.accuracy.judging import Told, Watched
from benchmarks.accuracy.labels import Clip
from benchmarks.accuracy.settings import Settings
from cameras.running.task import Tuning
from cameras.vision.analysis import Analysis, build_analysis, build_shared
from cameras.vision.offline import Summary, analyse_file
from cameras.vision.pipeline import Analysis as Analysed
from config.community import Community
from config.machine import Machine
from hub.clock import SetClock
from hub.events import Event, Phase, event_from_json, event_to_json

START: Final = datetime(2026, 1, 1, 4, tzinfo=UTC)
"""Noon where the rules are."""

Wrap = Callable[[Analysis, Clip, Community], Analysed]
"""Puts something around the analysis of a clip that sees every picture of it."""


@dataclass(frozen=True, slots=True)
class Result:
    """One clip, seen.

    Attributes:
        clip: Which.
        video_s: Its length.
        cpu_s: Processor time of everything but reading the labels.
        analysed: Pictures analysed.
        decoded: Pictures decoded.
        events: Everything that the cameras said.
        alerts: Everything that the room would have got.
        fault: Why it could not be seen; empty when it could.
    """

    clip: Clip
    video_s: float
    cpu_s: float
    analysed: int
    decoded: int
    events: tuple[Event, ...]
    alerts: tuple[Told, ...]
    fault: str = ""

    def states(self, prefix: str = "camera.") -> tuple[Told, ...]:
        """The states that Events told of, each from its beginning to its end."""
        return states_of([event for event in self.events if event.kind.startswith(prefix)])

    @property
    def by_events(self) -> Watched:
        """As it would be judged by Events."""
        return Watched(self.clip, self.video_s, self.states())

    @property
    def by_alerts(self) -> Watched:
        """As it would be judged by alerts."""
        return Watched(self.clip, self.video_s, self.alerts)

    def to_json(self) -> dict[str, Any]:
        """For keeping."""
        return {
            "file": self.clip.name,
            "video_s": self.video_s,
            "cpu_s": self.cpu_s,
            "analysed": self.analysed,
            "decoded": self.decoded,
            "fault": self.fault,
            "events": [event_to_json(event) for event in self.events],
            "alerts": [{name: getattr(one, name) for name in Told.__slots__} for one in self.alerts],
        }


def result_from_json(body: dict[str, Any], clip: Clip) -> Result:
    """What `to_json` kept of a clip."""
    return Result(
        clip, body["video_s"], body["cpu_s"], body["analysed"], body["decoded"],
        tuple(event_from_json(event) for event in body["events"]),
        tuple(Told(**one) for one in body["alerts"]), body["fault"],
    )  # fmt: skip


def states_of(events: Sequence[Event]) -> tuple[Told, ...]:
    """The states that Events tell of, in the order in which they began; a moment is over at once."""
    found: list[Told] = []
    open_at: dict[str, int] = {}
    for event in events:
        at_s = seconds(event.at)
        if event.phase in (Phase.BEGAN, Phase.MOMENT):
            open_at[event.stream] = len(found)
            until_s = at_s if event.phase is Phase.MOMENT else None
            found.append(Told(event.kind, at_s, until_s, text=_figures(event)))
        elif event.phase is Phase.ENDED and event.stream in open_at:
            number = open_at.pop(event.stream)
            began = found[number]
            found[number] = Told(began.kind, began.at_s, at_s, text=began.text)
    return tuple(found)


def _figures(event: Event) -> str:
    sure = "" if event.confidence is None else f"{event.confidence:.2f} "
    return sure + " ".join(f"{name}={value}" for name, value in event.fields.items())


def seconds(moment: datetime) -> float:
    """From the beginning of the clip."""
    return round((moment - START).total_seconds(), 3)


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be run.

    Attributes:
        settings: Of the cameras.
        models: Folder of the models.
        wrap: Put around each analysis; None puts nothing around it.
    """

    settings: Settings
    models: Path
    wrap: Wrap | None = None


@functools.cache
def _rules() -> RuleBook:
    return load_rules(SHIPPED)


def run(job: Job, clip: Clip) -> Result:
    """One clip through everything.

    Raises:
        ConfigurationError: The settings cannot be used.
        SourceError: It is no video.
    """
    clock = SetClock(START)
    community = job.settings.community(clip)
    camera = community.cameras[0]
    machine = Machine()
    built = build_analysis(camera, area=None, shared=build_shared(machine, job.models), clock=clock)
    analysis: Analysed = built if job.wrap is None else job.wrap(built, clip, community)
    events: list[Event] = []
    summary: Summary | None = None
    for item in analyse_file(clip.path, analysis, clock=clock, tuning=Tuning(machine.workers.analysis_fps)):
        if isinstance(item, Summary):
            summary = item
        else:
            events.append(item)
    assert summary is not None
    alerts = alerts_of(events, community, armed=job.settings.armed(clip), until_s=summary.video_s)
    return Result(
        clip, summary.video_s, summary.cpu_s, summary.analysed, summary.decoded, tuple(events), alerts
    )  # fmt: skip


def alerts_of(events: Sequence[Event], community: Community, *, armed: bool, until_s: float) -> tuple[Told, ...]:
    """What the shipped rules raise, without what only runs in the shadow and what is hidden by another alert."""
    until = START + timedelta(seconds=until_s)
    found = backtest(
        _rules().rules, [arming(community, armed=armed), *events], places=places_of(community), until=until
    )
    return tuple(
        Told(each.alert.kind, seconds(each.began), None if each.ended is None else seconds(each.ended),
             each.alert.level.value, _why(each.alert))
        for each in found.episodes
        if not each.alert.shadow and each.alert.muted_by is None
    )  # fmt: skip


def _why(alert: Alert) -> str:
    facts = " ".join(f"{name}={value}" for name, value in alert.facts.items())
    return f"{alert.text.en} [{alert.rule}] {facts}".rstrip()


def arming(community: Community, *, armed: bool) -> Event:
    """That the site is armed, or not."""
    site = community.sites[0].id
    return Event("arming", ARMING_KIND, START, START, "bench", "bench", site=site, fields={"armed": armed})


def run_all(job: Job, clips: Sequence[Clip], *, jobs: int = 1) -> Iterator[Result]:
    """All clips in their order, in one process or in several."""
    if jobs <= 1:
        yield from (run(job, clip) for clip in clips)
        return
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(functools.partial(run, job), clips)
