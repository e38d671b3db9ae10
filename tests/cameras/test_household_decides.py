"""What a household decided holds in the worker: within a second, for that camera, and for nothing else."""

from __future__ import annotations

import queue
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import av
import cv2
import numpy as np
import pytest

from cameras.errors import SourceProblem
from cameras.link import CameraStatus
from cameras.streams.packet_queue import Broke, Opened
from cameras.streams.packets import Packet, StreamInfo
from cameras.streams.serving import VideoServer
from cameras.supervisor import Supervisor
from cameras.vision.decoding import Frame, Picture
from cameras.vision.pipeline import Pipeline
from cameras.vision.stills import Stills
from config.analysing import Analyse
from config.community import Camera, Community, Name, Site, Stream
from config.machine import Machine, Workers
from hub.clock import SystemClock
from hub.consent import Consent, Watch, effective, is_told
from hub.events import Event, Phase, new_event_id
from hub.geometry import Box
from tests.fakes.networks import HERE
from tests.fakes.waiting import until

COMMAND = (sys.executable, "-m", "tests.fakes.worker_program")
AT = datetime(2026, 3, 1, 3, tzinfo=UTC)
HOMES = tuple(Site(id=f"home-{n}", name=Name(zh=f"{n}", en=f"{n}"), area="village") for n in (1, 2))


class Village:
    """Two homes with a camera each, in one worker."""

    def __init__(self, folder: Path, url: str) -> None:
        self.events: queue.Queue[Event] = queue.Queue()
        self.there = Community(
            sites=HOMES,
            cameras=tuple(Camera(id=f"cam-{n}", site=f"home-{n}", main=Stream(url=url)) for n in (1, 2)),
        )
        machine = Machine(data=folder, workers=Workers(count=1, analysis_fps=10, linger_s=0), networks=HERE)
        self.supervisor = Supervisor(machine, SystemClock(), self.take, command=COMMAND)
        self.decide(analyse=Analyse.ALL)
        self.supervisor.start()

    def take(self, events: list[Event]) -> None:
        for event in events:
            self.events.put(event)

    def decide(self, **more: Any) -> None:
        decided = {
            ("cam-1", "home-1"): Consent("cam-1", "home-1", watch=Watch.ALWAYS, version=1, **more),
            # Both are read from one file; what another home decided counts where nobody decides.
            ("cam-2", "home-2"): Consent("cam-2", "home-2", Analyse.ALL, Watch.ALWAYS, version=1),
        }
        self.supervisor.apply(effective(self.there, decided, {"home-1", "home-2"}))

    def status(self, camera: str) -> CameraStatus:
        return next(each for each in self.supervisor.status() if each.camera == camera)

    def told(self) -> list[Event]:
        """What was told since it was asked last."""
        found = []
        while not self.events.empty():
            found.append(self.events.get())
        return found


@pytest.fixture
def village(tmp_path: Path, server: VideoServer) -> Iterator[Village]:
    made = Village(tmp_path, server.url("moving.mp4"))
    yield made
    made.supervisor.stop()


def test_a_decision_counts_within_a_second_and_touches_no_other_camera(village: Village) -> None:
    """Nothing is decoded for analysis any more, while its stream stays open and is recorded on."""
    clock = SystemClock()
    for camera in ("cam-1", "cam-2"):
        until(lambda camera=camera: village.status(camera).analysed > 5, what=f"{camera} is analysed")  # type: ignore[misc]
        until(lambda camera=camera: village.supervisor.still(camera), what="a picture")  # type: ignore[misc]
    other = village.status("cam-2")
    begun_s = clock.monotonic_s()
    village.decide(analyse=Analyse.NOTHING)
    until(lambda: village.supervisor.still("cam-1") is None, timeout_s=1.0, what="no picture of it is left")
    took_s = clock.monotonic_s() - begun_s
    assert took_s < 1.0
    village.told()
    until(lambda: village.status("cam-2").packets > other.packets + 30, what="three more seconds of the other")
    after = village.status("cam-1")
    assert (after.decoded, after.analysed, after.packets) == (0, 0, 0)
    assert after.sessions == village.status("cam-2").sessions == 1, "no stream was opened anew"
    assert all(each.state == "recording" for each in after.recording)
    told = [event for event in village.told() if event.camera == "cam-1"]
    assert [event.kind for event in told if event.phase is not Phase.ENDED] == [], "what was open may end late"
    village.decide(analyse=Analyse.ALL)
    until(lambda: village.status("cam-1").analysed > 5, what="it is looked at again")
    assert village.status("cam-1").sessions == 1


def test_with_safety_no_word_of_who_moves_leaves_the_worker(village: Village) -> None:
    until(lambda: any(e.camera == "cam-1" and e.kind == "camera.motion" for e in village.told()), what="motion is told")
    village.decide(analyse=Analyse.SAFETY)
    until(lambda: village.status("cam-1").analysed and not village.status("cam-1").wakes, what="it is analysed anew")
    village.told()
    before = village.status("cam-1").analysed
    until(lambda: village.status("cam-1").analysed > before + 20, what="it looked for two seconds")
    assert [event.kind for event in village.told() if event.camera == "cam-1"] == []
    assert not village.status("cam-1").audits_moved


def test_days_kept_restart_nothing(village: Village) -> None:
    until(lambda: village.status("cam-1").analysed > 5, what="it is analysed")
    before = village.status("cam-1")
    village.decide(analyse=Analyse.ALL, keep_days=2)
    until(lambda: village.status("cam-1").analysed > before.analysed + 10, what="it goes on")
    assert village.status("cam-1").sessions == 1


class Seer:
    """Sees a person and a fire in every picture, and that both end."""

    moving = True
    troubles: Mapping[str, str] = MappingProxyType({})

    def feed(self, frame: Frame) -> list[Event]:
        return [
            Event(new_event_id(), kind, frame.at, frame.at, "cam-1", "t", camera="cam-1", phase=Phase.BEGAN)
            for kind in ("camera.person", "camera.plate", "camera.fire", "camera.people")
        ]

    def reset(self, at: datetime) -> list[Event]:
        return [
            Event(new_event_id(), kind, at, at, "cam-1", "t", camera="cam-1", phase=Phase.ENDED)
            for kind in ("camera.person", "camera.fire")
        ]


def _pipeline(analyse: Analyse, clips: Path) -> tuple[Pipeline, list[Packet]]:
    pipeline = Pipeline(
        Seer(), analysis_fps=10, triage=None, stills=Stills(), tells=lambda event: is_told(analyse, event)
    )
    with av.open(str(clips / "still.mp4")) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        info = StreamInfo(context.name, context.width, context.height, 10.0, extradata=context.extradata or b"")
        pipeline.take(Opened(info))
        packets = [
            Packet(number, number / 10, number / 10, AT, packet.is_keyframe, packet.size, packet)
            for number, packet in enumerate(container.demux(stream))
            if packet.pts is not None
        ]
    return pipeline, packets


@pytest.mark.parametrize("analyse", [Analyse.SAFETY, Analyse.NOTHING])
def test_events_are_held_back_where_they_are_made_with_their_pictures(analyse: Analyse, clips: Path) -> None:
    """Also when the stream breaks and when it ends; with nothing, not even a fire is told."""
    pipeline, packets = _pipeline(analyse, clips)
    told = [event for packet in packets[:10] for event in pipeline.take(packet)]
    told += [*pipeline.take(Broke(AT, SourceProblem.UNREACHABLE)), *pipeline.finish()]
    assert {event.kind for event in told} == ({"camera.fire"} if analyse is Analyse.SAFETY else set())


def _picture() -> Picture:
    noise = np.random.default_rng(7).integers(0, 255, (240, 320, 3), np.uint8)
    return Picture(AT, 0.0, True, 0, av.VideoFrame.from_ndarray(noise, "bgr24"))


def test_the_picture_of_a_safety_alert_shows_sharply_only_what_it_is_about() -> None:
    """Whoever stands beside the fire, and every plate, is a few coarse spots."""
    stills = Stills(veiled=True)
    stills.show(_picture())
    box = Box(0.5, 0.5, 0.25, 0.25)
    fire = Event("e1", "camera.fire", AT, AT, "cam-1", "fire", phase=Phase.BEGAN, box=box)
    down = Event("e2", "camera.view_dark", AT, AT, "cam-1", "view", phase=Phase.BEGAN)
    stills.keep_for([fire, down])

    def roughness(event_id: str, rows: slice, columns: slice) -> float:
        kept = stills.of_event(event_id)
        assert kept is not None
        image = cv2.imdecode(np.frombuffer(kept.jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
        assert image is not None
        return float(np.abs(np.diff(image[rows, columns].astype(int), axis=1)).mean())

    inside, outside = (slice(125, 175), slice(165, 235)), (slice(0, 90), slice(0, 320))
    assert roughness("e1", *inside) > 10 * roughness("e1", *outside)
    assert roughness("e2", *inside) < 5


def test_pictures_from_before_are_forgotten() -> None:
    stills = Stills()
    stills.show(_picture())
    stills.keep_for([Event("e1", "camera.person", AT, AT + timedelta(0), "cam-1", "t", phase=Phase.BEGAN)])
    stills.forget()
    assert stills.newest() is None
    assert stills.of_event("e1") is None
