"""Link words: what hub and worker say to each other.

Messages are frozen dataclasses; how they cross is in `cameras/link.py`. Must not load PyAV or OpenCV: the hub imports
this.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cameras.health import CameraState
from cameras.moves import Moved, MoveWanted
from cameras.recordings.media import Segment
from cameras.recordings.writing.disk_status import DiskStatus
from hub.events import Event


@dataclass(frozen=True, slots=True)
class Setup:
    """Hub to worker, first of all: who you are, and the parts of machine.yaml that you need (see `worker_settings`).

    A worker that outlived its hub gets it from the next one, and says in Ready whether it is what that one wants.

    Attributes:
        version: Of the link.
        worker: Its id.
        machine: As `worker_settings` makes it.
        program: Version of the program; another one is to be run by another process.
        reads: What cameras are read from beside the network: `file:PATH` and `env:NAME`; nothing else may be opened.
    """

    version: int
    worker: str
    machine: Mapping[str, Any]
    program: str = ""
    reads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Assign:
    """Hub to worker: run this camera, in place of what runs under its id; the same again changes nothing.

    Attributes:
        camera: The camera's settings, with secrets.
        area: The Area of its Site.
        record: Its streams that are recorded, `main` and `sub`.
        plates: The lists that the plates it reads are compared with, as JSON types.
        dates: What the hours of its zones go by, as JSON types; None when they have none.
    """

    camera: Mapping[str, Any]
    area: str | None
    record: tuple[str, ...] = ()
    plates: tuple[Mapping[str, Any], ...] = ()
    dates: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Unassign:
    """Hub to worker: stop this camera."""

    camera: str


@dataclass(frozen=True, slots=True)
class Roster:
    """Hub to worker, after the first Assigns of a connection: these cameras and no others."""

    cameras: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SegmentsKept:
    """Hub to worker: these are in the catalogue, by the id of the segment; they need not be told again."""

    opened: tuple[str, ...]
    closed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EventsKept:
    """Hub to worker: so many of the events that it was told are stored, the oldest first."""

    count: int


@dataclass(frozen=True, slots=True)
class PictureWanted:
    """Hub to worker: pictures out of a recorded file.

    Attributes:
        request: Comes back with the answer.
        disk: Id of the disk.
        path: As in Segment.
        parts: First byte and length of what is to be read, in order: what stands before the first fragment, and then
            the fragments from a key picture on.
        at_ms: Which pictures: those shown at these times from the beginning of the segment.
        width_px: Of the pictures that come back, their height in proportion; None leaves them as they are.
        private: Polygons that are filled in them, in shares of width and height.
    """

    request: int
    disk: str
    path: str
    parts: tuple[tuple[int, int], ...]
    at_ms: tuple[int, ...]
    width_px: int | None = None
    private: tuple[tuple[tuple[float, float], ...], ...] = ()


@dataclass(frozen=True, slots=True)
class PictureTaken:
    """Worker to hub: the answer to PictureWanted.

    Attributes:
        request: Of PictureWanted.
        jpegs: One for each of `at_ms`, None where there is none.
        problem: Why there is none, one word.
    """

    request: int
    jpegs: tuple[bytes | None, ...]
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class StillWanted:
    """Hub to worker: the still of an event, or the newest picture when `event_id` is None, no wider than `width_px`."""

    request: int
    camera: str
    event_id: str | None
    width_px: int | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """Hub to worker: end every open state, tell it, and go."""


@dataclass(frozen=True, slots=True)
class Ready:
    """Worker to hub: set up, cameras can come.

    Attributes:
        version: Of the link.
        pid: Of its process.
        cameras: Those that it runs already.
        is_as_wanted: Whether it runs by the settings of Setup; a worker that does not is to be replaced.
    """

    version: int
    pid: int
    cameras: tuple[str, ...] = ()
    is_as_wanted: bool = True


@dataclass(frozen=True, slots=True)
class Observed:
    """Worker to hub: what was seen. Told again to the next hub, when this one dies before it said EventsKept."""

    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class SegmentOpened:
    """Worker to hub: a segment began, and holds its first fragment. Told again until it is kept."""

    segment: Segment


@dataclass(frozen=True, slots=True)
class SegmentClosed:
    """Worker to hub: a segment is as it will stay. Told again until it is kept."""

    segment: Segment


@dataclass(frozen=True, slots=True)
class SegmentsRemoved:
    """Worker to hub: these files had to go, because a disk was full and nothing else made room.

    Attributes:
        disk: Id of the disk.
        paths: As in Segment.
    """

    disk: str
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Traced:
    """Worker to hub: where what a camera followed was, for some seconds. Told once; a hub that is away misses it.

    Attributes:
        camera: Its id.
        chunk: As `cameras/traces/chunks.py` packs it.
    """

    camera: str
    chunk: bytes


@dataclass(frozen=True, slots=True)
class StreamRecording:
    """How the recording of one stream does.

    Attributes:
        stream: `main` or `sub`.
        state: `recording`, or `stopped` while it should and does not.
        since: From when on, UTC.
        reason: Why it is stopped.
        written_bytes: Since the camera was assigned.
        dropped: Fragments thrown away because the disk did not take them.
    """

    stream: str
    state: str
    since: datetime
    reason: str | None = None
    written_bytes: int = 0
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class CameraStatus:
    """How one camera does, counted since it was assigned.

    Attributes:
        camera: Its id.
        worker: Which worker runs it; None within the worker itself, and where nobody does.
        state: How it stands.
        since: From when on, UTC.
        reason: Why it is not live, or not analysed.
        troubles: What of its analysis does not work and why, by detector, in words for an operator.
        codec: Of the stream, None before it was opened.
        width: Pixels.
        height: Pixels.
        fps: As the stream announces.
        sessions: Times that the stream was opened.
        packets: Packets taken from the queue.
        queued: Packets waiting.
        dropped: Packets thrown away because the analysis was behind.
        corrupt: Packets that came damaged, or are known to be missing.
        by_ffmpeg: Why its stream is left to FFmpeg with a thread of its own; empty when the reading loop reads it.
        broken: Packets that could not be decoded.
        decoded: Pictures decoded.
        analysed: Pictures analysed.
        failures: Times that the analysis failed on a picture.
        wakes: Times that triage woke the camera.
        awake: Whether everything is decoded.
        audits: Groups of pictures that were decoded in full while it slept, to see what sleeping misses.
        audits_moved: Those in which something moved that their key frame did not show.
        audits_missed: Those of them of which no packet's size told.
        cpu_s: Processor time spent on it.
        analysis_cpu_s: Of that, on decoding and looking at its pictures.
        recording: One for each stream that is to be recorded.
    """

    camera: str
    state: CameraState
    since: datetime
    worker: str | None = None
    reason: str | None = None
    troubles: Mapping[str, str] = field(default_factory=dict)
    codec: str | None = None
    width: int = 0
    height: int = 0
    fps: float | None = None
    sessions: int = 0
    packets: int = 0
    queued: int = 0
    dropped: int = 0
    corrupt: int = 0
    by_ffmpeg: str = ""
    broken: int = 0
    decoded: int = 0
    analysed: int = 0
    failures: int = 0
    wakes: int = 0
    awake: bool = True
    audits: int = 0
    audits_moved: int = 0
    audits_missed: int = 0
    cpu_s: float = 0.0
    analysis_cpu_s: float = 0.0
    recording: tuple[StreamRecording, ...] = ()


@dataclass(frozen=True, slots=True)
class WorkerHealth:
    """Worker to hub, once a second: it lives, and how its cameras do.

    Attributes:
        cameras: One each.
        stalled_s: Seconds since its analysis last came round.
        left_behind: Threads of the analysis that hang, each in a camera of its own that rests.
        cpu_s: Processor time of the process.
        rss_bytes: Memory of the process.
        lost_events: Events dropped because the hub did not take them.
        lost_segments: News of segments dropped because the hub did not take them; the files are found at its start.
        disks: How each disk for recordings does.
        confined: What the process gave up, in words.
        unconfined: What this kernel does not let it give up.
    """

    cameras: tuple[CameraStatus, ...]
    stalled_s: float
    cpu_s: float
    rss_bytes: int
    lost_events: int
    left_behind: int = 0
    lost_segments: int = 0
    disks: tuple[DiskStatus, ...] = ()
    confined: tuple[str, ...] = ()
    unconfined: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Still:
    """One image.

    Attributes:
        jpeg: The encoded picture.
        at: When it was taken, UTC.
    """

    jpeg: bytes
    at: datetime


@dataclass(frozen=True, slots=True)
class StillTaken:
    """Worker to hub: the answer to StillWanted; None when there is none."""

    request: int
    still: Still | None


Message = (
    Setup
    | Assign
    | Unassign
    | Roster
    | EventsKept
    | SegmentsKept
    | PictureWanted
    | MoveWanted
    | StillWanted
    | Stop
    | Ready
    | Observed
    | SegmentOpened
    | SegmentClosed
    | SegmentsRemoved
    | Traced
    | WorkerHealth
    | StillTaken
    | PictureTaken
    | Moved
)

Question = StillWanted | PictureWanted | MoveWanted
"""What a worker answers."""

Answer = StillTaken | PictureTaken | Moved
"""With what; `request` is that of the question."""
