"""Real workers that record real RTSP: what goes on whatever happens to the analysis, the hub and the settings."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cameras.link import PictureWanted
from cameras.live.wire import HEAD, Ask, Begins, Item, Part, ask_line, read_body, read_head
from cameras.live.wire import socket_of as live_socket_of
from cameras.recordings.media import Because, Segment, StreamName
from cameras.recordings.mp4.index import read_segment
from cameras.streams.serving import VideoServer
from cameras.supervisor import Supervisor
from cameras.unix_sockets import connect
from config.community import Camera, Community, Name, Site, Stream, Zone, ZoneUse
from config.machine import Machine, Workers
from hub.clock import SystemClock
from hub.errors import HubError
from hub.events import Event
from tests.fakes.analysis import HANGS
from tests.fakes.networks import HERE
from tests.fakes.waiting import until
from tests.fakes.worker_program import SEGMENT

COMMAND = (sys.executable, "-m", "tests.fakes.worker_program")
ROOT = Path(__file__).parent.parent.parent

ROUNDED_MS = 2


class Hub:
    """A supervisor, what it was told, and what lies on its disk."""

    def __init__(self, data: Path, *cameras: Camera, linger_s: float = 0.0, segment_s: float | None = None) -> None:
        self.machine = machine(data, linger_s=linger_s)
        self.events: list[Event] = []
        self.segments: list[Segment] = []
        self.can_store = True
        self.supervisor = Supervisor(
            self.machine,
            SystemClock(),
            self._take_events,
            on_segments=self._take_segments,
            command=COMMAND if segment_s is None else (*COMMAND, f"{SEGMENT}{segment_s}"),
        )
        self.apply(*cameras)
        self.supervisor.start()

    def apply(self, *cameras: Camera) -> None:
        self.supervisor.apply(community(*cameras))

    def _take_events(self, events: list[Event]) -> None:
        if not self.can_store:
            raise RuntimeError("the database is locked")
        self.events += events

    def _take_segments(self, segments: list[Segment]) -> None:
        if not self.can_store:
            raise RuntimeError("the database is locked")
        self.segments += segments

    @property
    def pid(self) -> int:
        return until(lambda: self.supervisor.workers()[0].pid or 0, what="a worker")

    def recording(self) -> list[tuple[str, str, str | None]]:
        """What the status says of the recording of the only camera: stream, state and reason."""
        [status] = self.supervisor.status()
        return [(each.stream, each.state, each.reason) for each in status.recording]

    def told(self, kind: str, camera: str = "gate") -> list[str]:
        return [
            f"{event.subject or ''} {event.fields.get('state')} {event.fields.get('reason', '')}".strip()
            for event in list(self.events)
            if event.kind == kind and event.camera == camera
        ]

    def recorded_for(self, duration_ms: int, camera: str = "gate", stream: str = "main") -> list[Segment]:
        """All segments of a stream, once its newest is that long."""

        def check() -> list[Segment]:
            found = on_disk(self.machine, camera, stream)
            return found if found and found[-1].duration_ms >= duration_ms else []

        return until(check, what=f"{duration_ms} ms of {camera}/{stream}")


def machine(data: Path, *, linger_s: float, workers: int = 1) -> Machine:
    return Machine(data=data, workers=Workers(count=workers, analysis_fps=10, linger_s=linger_s), networks=HERE)


def community(*cameras: Camera) -> Community:
    return Community(sites=(Site(id="yard", name=Name(zh="院子")),), cameras=cameras)


def camera(camera_id: str, url: str, **more: Any) -> Camera:
    return Camera(id=camera_id, site="yard", main=Stream(url=url), **more)


def on_disk(machine: Machine, camera: str, stream: str) -> list[Segment]:
    """The segments of a stream, in order."""
    folder = machine.data / "recordings"
    found = []
    for path in sorted(folder.glob(f"yard/{camera}/{stream}/**/*.mp4")):
        with contextlib.suppress(HubError, OSError):  # one that was only just begun
            found.append(read_segment(folder, str(path.relative_to(folder)), disk="data"))
    return sorted(found, key=lambda segment: segment.head.began)


def holes_ms(segment: Segment) -> list[int]:
    """What is missing between fragments."""
    marks = segment.marks
    return [
        later.at_ms - mark.at_ms - mark.duration_ms
        for mark, later in itertools.pairwise(marks)
        if abs(later.at_ms - mark.at_ms - mark.duration_ms) > ROUNDED_MS
    ]


def has_no_gap(segments: list[Segment]) -> bool:
    """Whether each follows on the one before, and nothing is missing within any."""
    return not any(holes_ms(segment) for segment in segments) and all(
        segment.head.because is Because.ROLLED for segment in segments[1:]
    )


MakeHub = Callable[..., Hub]


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[MakeHub]:
    """Starts a hub's supervisor with cameras on the test's data folder, and stops it at the end."""
    running: list[Hub] = []

    def make(*cameras: Camera, **more: Any) -> Hub:
        running.append(Hub(tmp_path, *cameras, **more))
        return running[-1]

    yield make
    for each in running:
        each.supervisor.stop()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, clips: Path) -> Iterator[Hub]:
    """One hub for the tests that only look: of cameras with nothing in common."""
    with VideoServer(clips) as server:
        moving = server.url("moving.mp4")
        made = Hub(
            tmp_path_factory.mktemp("shared"),
            camera("gate", moving),
            camera(HANGS, moving),
            camera("unrecorded", server.url("still.mp4"), sub=Stream(url=moving), record=False),
        )
        yield made
        made.supervisor.stop()


def test_an_analysis_that_hangs_costs_the_recording_nothing(shared: Hub) -> None:
    made = shared
    until(lambda: "offline analysis_hung" in made.told("camera.health", HANGS), what="it hangs")
    pid, before = made.pid, on_disk(made.machine, HANGS, "main")[-1].duration_ms
    segments = made.recorded_for(before + 1500, HANGS)
    assert len(segments) == 1
    assert has_no_gap(segments)
    assert made.pid == pid


def test_segments_follow_on_each_other_and_are_told_once(hub: MakeHub, server: VideoServer) -> None:
    made = hub(camera("gate", server.url("still.mp4")), segment_s=2.0)
    until(lambda: len(made.segments) >= 3, what="a segment opened, closed, and the next opened")
    made.supervisor.stop()
    segments = on_disk(made.machine, "gate", "main")
    assert has_no_gap(segments)
    assert all(not segment.is_open for segment in segments)
    told = [(segment.head.id, segment.is_open) for segment in made.segments]
    assert told == [(segment.head.id, is_open) for segment in segments for is_open in (True, False)]
    assert made.segments[1] == segments[0]
    assert made.told("camera.recording")[0] == "main on"


def test_while_the_hub_can_store_nothing_it_is_recorded_and_told_later(hub: MakeHub, server: VideoServer) -> None:
    made = hub(camera("gate", server.url("moving.mp4")), segment_s=2.0)
    pid = made.pid
    made.recorded_for(500)
    made.can_store = False
    until(lambda: len(on_disk(made.machine, "gate", "main")) == 3, timeout_s=30, what="the third segment")
    made.can_store = True
    segments = on_disk(made.machine, "gate", "main")
    assert has_no_gap(segments)
    wanted = {(segment.head.id, segment.is_open) for segment in segments[:2]}
    until(lambda: {(each.head.id, each.is_open) for each in made.segments} >= wanted, what="they are told")
    assert made.pid == pid


def test_what_does_not_concern_a_stream_leaves_its_recording_alone(hub: MakeHub, server: VideoServer) -> None:
    """Another zone begins the analysis anew, a class another retention; a second stream comes and goes beside it."""
    gate = camera("gate", server.url("moving.mp4"))
    made = hub(gate)
    until(lambda: any(event.kind == "camera.motion" for event in list(made.events)), what="motion")
    made.recorded_for(500)
    zone = Zone(id="door", use=ZoneUse.GUARDED, points=((0, 0), (1, 0), (1, 1)))
    zoned = gate.model_copy(update={"zones": (zone,), "record": "gone"})
    made.apply(zoned)
    until(
        lambda: [event.phase for event in list(made.events) if event.kind == "camera.motion"][1:2] == ["ended"],
        what="what the old analysis saw ends",
    )
    both = zoned.model_copy(update={"sub": Stream(url=server.url("still.mp4"))})
    made.apply(both)
    made.recorded_for(500, stream="sub")
    made.apply(both.model_copy(update={"main": Stream(url=server.url("still.mp4"))}))
    until(lambda: len(on_disk(made.machine, "gate", "main")) == 2, what="another address begins another segment")
    first, second = on_disk(made.machine, "gate", "main")
    assert holes_ms(first) == []
    assert second.head.because is Because.STARTED
    [only] = made.recorded_for(1500, stream="sub")
    assert holes_ms(only) == []
    made.apply(both.model_copy(update={"record": False}))
    until(lambda: sum(not segment.is_open for segment in made.segments) == 3, what="all are closed")
    assert {segment.head.stream for segment in made.segments} == {StreamName.MAIN, StreamName.SUB}


def test_a_stream_that_is_not_written_is_told_and_so_is_its_return(hub: MakeHub, server: VideoServer) -> None:
    made = hub(camera("gate", server.url("still.mp4")))
    made.recorded_for(500)
    server.stop()
    until(lambda: len(made.told("camera.recording")) == 2, what="off")
    # The event and the status come on ways of their own, each in its time.
    off = [("main", "stopped", "unreachable")]
    until(lambda: made.recording() == off, what="the status says so too")
    server.start()
    until(lambda: len(made.told("camera.recording")) == 3, what="on again")
    server.stop()
    until(lambda: len(made.told("camera.recording")) == 4, what="off again")
    made.apply()
    until(lambda: len(made.told("camera.recording")) == 5, what="the camera's end")
    told = made.told("camera.recording")
    assert told[:3] + told[4:] == ["main on", "main off unreachable", "main on", "main unwanted"]
    # Whether it was tried again before it counted as off, 2 s here and 10 s in earnest: up to 2.5 s lie between tries.
    assert told[3] in ("main off unreachable", "main off ended")
    assert [segment.head.because for segment in on_disk(made.machine, "gate", "main")] == [
        Because.STARTED,
        Because.OFFLINE,
    ]


def test_pictures_of_the_past_are_taken_out_of_files_and_of_nothing_else(shared: Hub) -> None:
    made = shared
    [segment] = made.recorded_for(2000)
    key = next(mark for mark in segment.marks if mark.is_key and mark.at_ms >= 900)
    parts = ((0, segment.init_bytes), (key.offset, key.size_bytes))
    wanted = PictureWanted(0, "data", segment.path, parts, (key.at_ms, key.at_ms + 310, key.at_ms + 60_000), 160)
    taken = made.supervisor.picture("gate", wanted)
    assert taken.problem is None
    first, second, far = taken.jpegs
    assert first is not None
    assert first.startswith(b"\xff\xd8")
    assert second is not None
    assert second != first
    assert far is None
    for path in ("../../" + str(made.machine.data / "x.mp4"), "/etc/passwd", segment.path + "/../../../disk.json"):
        refused = made.supervisor.picture("gate", PictureWanted(0, "data", path, parts, (0,)))
        assert (refused.problem, refused.jpegs) == ("refused", (None,))
    gone = made.supervisor.picture("gate", PictureWanted(0, "data", "yard/gate/main/gone.mp4", parts, (0,)))
    assert gone.problem == "gone"


def test_a_stream_that_nobody_records_is_opened_for_who_watches_it(shared: Hub) -> None:
    made = shared
    until(lambda: made.supervisor.status()[-1].packets > 0, what="the analysed stream")
    with connect(live_socket_of(made.machine.data, "worker-0"), timeout_s=15) as watching:
        watching.sendall(ask_line(Ask("unrecorded", StreamName.MAIN, sound=False)))
        items = watched(watching)
        begins = next(item for item in items if isinstance(item, Begins))
        part = next(item for item in items if isinstance(item, Part))
    assert (begins.width, begins.height, part.is_key) == (320, 180, True)
    assert on_disk(made.machine, "unrecorded", "main") == []
    assert made.supervisor.status()[-1].recording == ()


def watched(connection: socket.socket) -> Iterator[Item]:
    with connection.makefile("rb") as stream:
        while True:
            kind, length = read_head(stream.read(HEAD.size))
            yield read_body(kind, stream.read(length))


def test_a_killed_worker_is_followed_by_one_that_goes_on(hub: MakeHub, server: VideoServer) -> None:
    made = hub(camera("gate", server.url("still.mp4")))
    made.recorded_for(1000)
    os.kill(made.pid, signal.SIGKILL)
    until(lambda: len(on_disk(made.machine, "gate", "main")) == 2, what="the next segment")
    torn, following = made.recorded_for(500)
    assert torn.is_open
    assert torn.duration_ms >= 1000
    assert following.head.because is Because.STARTED
    assert not holes_ms(torn)


HUB_PROGRAM = """
import json, sys, threading
from pathlib import Path
from cameras.supervisor import Supervisor
from config.community import Community
from config.machine import Machine
from hub.clock import SystemClock
from tests.fakes.networks import HERE

machine, community, *command = sys.argv[1:]
supervisor = Supervisor(Machine.model_validate_json(machine), SystemClock(), lambda events: None, command=command)
supervisor.apply(Community.model_validate_json(community))
supervisor.start()
threading.Event().wait()
"""


@pytest.fixture
def killed_hub(tmp_path: Path) -> Iterator[Callable[..., list[int]]]:
    """Lets a hub record with cameras for a moment and kills it; gives the workers it leaves, which go in the end."""
    left: list[int] = []

    def run(*cameras: Camera, linger_s: float, workers: int = 1) -> list[int]:
        settings = machine(tmp_path, linger_s=linger_s, workers=workers)
        arguments = [settings.model_dump_json(), community(*cameras).model_dump_json()]
        command = [sys.executable, "-c", HUB_PROGRAM, *arguments, *COMMAND]
        with subprocess.Popen(command, cwd=ROOT) as process:
            try:
                for each in cameras:
                    until(lambda each=each: lasts(settings, each, 500), what="a recording")  # type: ignore[misc]
                left.extend(children_of(process.pid))
            finally:
                process.kill()
        return left

    yield run
    for pid in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def lasts(settings: Machine, camera: Camera, duration_ms: int) -> bool:
    return any(segment.duration_ms >= duration_ms for segment in on_disk(settings, camera.id, "main"))


def children_of(pid: int) -> list[int]:
    """Of whichever thread they are children."""
    return [
        int(word) for task in Path(f"/proc/{pid}/task").iterdir() for word in (task / "children").read_text().split()
    ]


def alive(pid: int) -> bool:
    """Whether the process runs; one that only waits to be reaped does not."""
    with contextlib.suppress(FileNotFoundError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def test_a_worker_outlives_its_hub_and_the_next_one_takes_it_over_without_a_gap(
    hub: MakeHub, killed_hub: Callable[..., list[int]], server: VideoServer, tmp_path: Path
) -> None:
    """What the next hub does not want is dropped; the segments that nobody kept are told again."""
    gate, road = camera("gate", server.url("still.mp4")), camera("road", server.url("moving.mp4"))
    [pid] = killed_hub(gate, road, linger_s=30)
    before = machine(tmp_path, linger_s=30)
    alone_ms = on_disk(before, "gate", "main")[-1].duration_ms
    until(lambda: on_disk(before, "gate", "main")[-1].duration_ms > alone_ms + 1500, what="it records without a hub")
    made = hub(gate, linger_s=30)
    assert made.pid == pid
    until(lambda: [each.camera for each in made.supervisor.status() if each.packets > 0] == ["gate"], what="it goes on")
    until(lambda: not on_disk(made.machine, "road", "main")[-1].is_open, what="the other one's end")
    now_ms = on_disk(made.machine, "gate", "main")[-1].duration_ms
    segments = made.recorded_for(now_ms + 500)
    assert len(segments) == 1
    assert has_no_gap(segments)
    assert {segment.head.camera for segment in made.segments} >= {"road"}
    assert made.supervisor.status()[0].sessions == 1
    made.supervisor.stop()
    assert not alive(pid)
    assert not on_disk(made.machine, "gate", "main")[-1].is_open


def test_workers_by_other_settings_are_replaced_and_lose_nothing_they_had(
    hub: MakeHub, killed_hub: Callable[..., list[int]], server: VideoServer
) -> None:
    """Those of which there are to be fewer now go as well."""
    gate, road = camera("gate", server.url("still.mp4")), camera("road", server.url("moving.mp4"))
    pids = killed_hub(gate, road, linger_s=30, workers=2)
    assert len(pids) == 2
    made = hub(gate, road, linger_s=30)
    assert made.pid not in pids
    assert not any(alive(pid) for pid in pids)
    for each in ("gate", "road"):
        first, second = until(
            lambda each=each: found if len(found := on_disk(made.machine, each, "main")) == 2 else [],  # type: ignore[misc]
            what="the next segment",
        )
        assert not first.is_open
        assert second.head.because is Because.STARTED


def test_a_worker_that_no_hub_comes_for_ends_tidily(killed_hub: Callable[..., list[int]], server: VideoServer) -> None:
    [pid] = killed_hub(camera("gate", server.url("still.mp4")), linger_s=1)
    until(lambda: not alive(pid), what="the worker's end")
