"""The link: the only words between the hub and a worker, and how they cross.

Messages are frozen dataclasses, as JSON behind a length, over a stream socket. The order is kept and nothing is lost
while the link holds; when it breaks, what was under way is gone, and the hub takes the worker for dead. Frames never
cross. Neither side shares memory, disk or clock with the other. Must not load PyAV or OpenCV: the hub imports this.
"""

from __future__ import annotations

import base64
import json
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cameras.health import CameraState
from hub.errors import LinkError
from hub.events import Event, event_from_json, event_to_json, time_from_text, time_to_text

VERSION = 1

_LENGTH_BYTES = 4
_MAX_MESSAGE_BYTES = 32 * 1024 * 1024
"""A still of a large camera is 1 MB, a worker's whole state 100 KB: more than this is no message."""


@dataclass(frozen=True, slots=True)
class Setup:
    """Hub to worker, first of all: who you are, and the parts of machine.yaml that you need (see `worker_settings`)."""

    version: int
    worker: str
    machine: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Assign:
    """Hub to worker: run this camera, in place of what runs under its id. `camera` is config's, with secrets."""

    camera: Mapping[str, Any]
    area: str | None


@dataclass(frozen=True, slots=True)
class Unassign:
    """Hub to worker: stop this camera."""

    camera: str


@dataclass(frozen=True, slots=True)
class StillWanted:
    """Hub to worker: the still of an event, or the newest picture when `event_id` is None."""

    request: int
    camera: str
    event_id: str | None


@dataclass(frozen=True, slots=True)
class Stop:
    """Hub to worker: end every open state, tell it, and go."""


@dataclass(frozen=True, slots=True)
class Ready:
    """Worker to hub: set up, cameras can come."""

    version: int
    pid: int


@dataclass(frozen=True, slots=True)
class Observed:
    """Worker to hub: what was seen."""

    events: tuple[Event, ...]


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
        corrupt: Packets that came damaged.
        broken: Packets that could not be decoded.
        decoded: Pictures decoded.
        analysed: Pictures analysed.
        failures: Times that the analysis failed on a picture.
        wakes: Times that triage woke the camera.
        awake: Whether everything is decoded.
        cpu_s: Processor time spent on it.
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
    broken: int = 0
    decoded: int = 0
    analysed: int = 0
    failures: int = 0
    wakes: int = 0
    awake: bool = True
    cpu_s: float = 0.0


@dataclass(frozen=True, slots=True)
class WorkerHealth:
    """Worker to hub, once a second: it lives, and how its cameras do.

    Attributes:
        cameras: One each.
        stalled_s: Seconds since its analysis last came round; a worker that hangs there is dead for every purpose.
        cpu_s: Processor time of the process.
        rss_bytes: Memory of the process.
        lost_events: Events dropped because the hub did not take them.
    """

    cameras: tuple[CameraStatus, ...]
    stalled_s: float
    cpu_s: float
    rss_bytes: int
    lost_events: int


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


Message = Setup | Assign | Unassign | StillWanted | Stop | Ready | Observed | WorkerHealth | StillTaken


def to_json(message: Message) -> dict[str, Any]:
    """The message as JSON types."""
    body: dict[str, Any] = {"message": type(message).__name__}
    for name in type(message).__dataclass_fields__:
        body[name] = _plain(getattr(message, name))
    return body


def from_json(body: Mapping[str, Any]) -> Message:
    """The message that `to_json` wrote.

    Raises:
        LinkError: It is none of ours; says what came.
    """
    try:
        parts = dict(body)
        return _READERS[parts.pop("message")](parts)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise LinkError(f"not a message: {error!r}") from error


def _plain(value: Any) -> Any:
    match value:
        case Event():
            return event_to_json(value)
        case datetime():
            return time_to_text(value)
        case bytes():
            return base64.b64encode(value).decode()
        case CameraStatus() | Still():
            return {name: _plain(getattr(value, name)) for name in type(value).__dataclass_fields__}
        case tuple():
            return [_plain(part) for part in value]
        case _:
            return dict(value) if isinstance(value, Mapping) else value


def _status(parts: dict[str, Any]) -> CameraStatus:
    return CameraStatus(**parts | {"state": CameraState(parts["state"]), "since": time_from_text(parts["since"])})


def _still(parts: dict[str, Any]) -> StillTaken:
    still = parts["still"]
    if still is None:
        return StillTaken(parts["request"], None)
    return StillTaken(parts["request"], Still(base64.b64decode(still["jpeg"]), time_from_text(still["at"])))


_READERS: Mapping[str, Callable[[dict[str, Any]], Message]] = {
    "Setup": lambda parts: Setup(**parts),
    "Assign": lambda parts: Assign(**parts),
    "Unassign": lambda parts: Unassign(**parts),
    "StillWanted": lambda parts: StillWanted(**parts),
    "Stop": lambda parts: Stop(**parts),
    "Ready": lambda parts: Ready(**parts),
    "Observed": lambda parts: Observed(tuple(event_from_json(event) for event in parts["events"])),
    "WorkerHealth": lambda parts: WorkerHealth(
        **parts | {"cameras": tuple(_status(status) for status in parts["cameras"])}
    ),
    "StillTaken": _still,
}


class Link:
    """One end of a link over a stream socket. Any thread may send; one thread receives."""

    def __init__(self, connection: socket.socket) -> None:
        """Take over a connected socket in blocking mode."""
        self._connection = connection
        self._sending = threading.Lock()

    def send(self, message: Message) -> None:
        """Send; waits while the other side does not read, as long as the socket's time-out allows.

        Raises:
            LinkError: The link is broken.
        """
        data = json.dumps(to_json(message), ensure_ascii=False, separators=(",", ":")).encode()
        if len(data) > _MAX_MESSAGE_BYTES:
            raise LinkError(f"a {type(message).__name__} of {len(data)} bytes is too long")
        try:
            with self._sending:
                self._connection.sendall(len(data).to_bytes(_LENGTH_BYTES) + data)
        except OSError as error:
            raise LinkError(f"the link broke while sending: {error}") from error

    def receive(self) -> Message | None:
        """Wait for the next message; None when the other side is gone.

        Raises:
            LinkError: What came is no message.
        """
        head = self._exactly(_LENGTH_BYTES)
        if head is None:
            return None
        length = int.from_bytes(head)
        if length > _MAX_MESSAGE_BYTES:
            raise LinkError(f"a message of {length} bytes is too long")
        data = self._exactly(length)
        if data is None:
            return None
        try:
            body = json.loads(data)
        except ValueError as error:
            raise LinkError(f"not JSON: {data[:40]!r}") from error
        return from_json(body)

    def close(self) -> None:
        """Close; a `receive` under way in another thread returns None."""
        try:
            self._connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # the other side was faster
        finally:
            self._connection.close()

    def _exactly(self, length: int) -> bytes | None:
        parts: list[bytes] = []
        while length > 0:
            try:
                part = self._connection.recv(min(length, 1 << 20))
            except OSError:
                return None
            if not part:
                return None
            parts.append(part)
            length -= len(part)
        return b"".join(parts)
