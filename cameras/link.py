"""The link: how the words between the hub and a worker cross.

Messages are JSON behind a length, over a stream socket. The order is kept and nothing is lost while the link holds;
when it breaks, what was under way is gone. Frames never cross. Neither side shares memory or clock with the other. Must
not load PyAV or OpenCV: the hub imports this.
"""

from __future__ import annotations

import base64
import json
import socket
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from cameras.errors import DiskProblem
from cameras.health import CameraState
from cameras.link_words import (
    Assign,
    CameraStatus,
    EventsKept,
    Message,
    Observed,
    PictureTaken,
    PictureWanted,
    Ready,
    Roster,
    SegmentClosed,
    SegmentOpened,
    SegmentsKept,
    SegmentsRemoved,
    Setup,
    Still,
    StillTaken,
    StillWanted,
    Stop,
    StreamRecording,
    Traced,
    Unassign,
    WorkerHealth,
)
from cameras.moves import Moved, MoveWanted
from cameras.recordings.media import (
    Because,
    Format,
    Mark,
    Segment,
    SegmentHead,
    SoundFormat,
    StreamName,
    VideoFormat,
)
from cameras.recordings.mp4.naming import is_path_of, is_recording
from cameras.recordings.writing.disk_status import DiskStatus
from hub.errors import LinkError
from hub.events import Event, event_from_json, event_to_json, time_from_text, time_to_text

__all__ = [
    "VERSION",
    "Assign",
    "CameraStatus",
    "EventsKept",
    "Link",
    "Message",
    "MoveWanted",
    "Moved",
    "Observed",
    "PictureTaken",
    "PictureWanted",
    "Ready",
    "Roster",
    "SegmentClosed",
    "SegmentOpened",
    "SegmentsKept",
    "SegmentsRemoved",
    "Setup",
    "Still",
    "StillTaken",
    "StillWanted",
    "Stop",
    "StreamRecording",
    "Traced",
    "Unassign",
    "WorkerHealth",
    "from_json",
    "to_json",
]

VERSION = 8
"""Of the words; a worker that outlived a hub of another version is replaced."""

_LENGTH_BYTES = 4
_MOST_BYTES = 1 << 48
_MAX_MESSAGE_BYTES = 32 * 1024 * 1024
"""A still of a large camera is 1 MB, a worker's whole state 100 KB: more than this is no message."""


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


def _plain(value: Any) -> Any:  # noqa: PLR0911 - one for each sort
    match value:
        case Event():
            return event_to_json(value)
        case datetime():
            return time_to_text(value)
        case bytes():
            return base64.b64encode(value).decode()
        case Mark():
            return [value.at_ms, value.duration_ms, value.offset, value.size_bytes, value.is_key]
        case (
            CameraStatus()
            | StreamRecording()
            | DiskStatus()
            | Still()
            | Segment()
            | SegmentHead()
            | Format()
            | VideoFormat()
            | SoundFormat()
        ):
            return {name: _plain(getattr(value, name)) for name in type(value).__dataclass_fields__}
        case tuple():
            return [_plain(part) for part in value]
        case _:
            return dict(value) if isinstance(value, Mapping) else value


def _status(parts: dict[str, Any]) -> CameraStatus:
    recording = tuple(
        StreamRecording(**each | {"since": time_from_text(each["since"])}) for each in parts.get("recording", ())
    )
    known = {"state": CameraState(parts["state"]), "since": time_from_text(parts["since"]), "recording": recording}
    return CameraStatus(**parts | known)


def _disk(parts: dict[str, Any]) -> DiskStatus:
    problem = parts["problem"]
    known = {"problem": None if problem is None else DiskProblem(problem), "since": time_from_text(parts["since"])}
    return DiskStatus(**parts | known)


def _segment(parts: dict[str, Any]) -> Segment:
    head, form = parts["head"], parts["form"]
    sound = form["sound"]
    told = Segment(
        **parts
        | {
            "head": SegmentHead(
                **head
                | {
                    "stream": StreamName(head["stream"]),
                    "began": time_from_text(head["began"]),
                    "because": Because(head["because"]),
                }
            ),
            "form": Format(
                VideoFormat(**form["video"] | {"configuration": _bytes(form["video"]["configuration"])}),
                None if sound is None else SoundFormat(**sound | {"configuration": _bytes(sound["configuration"])}),
            ),
            "marks": tuple(Mark(*mark) for mark in parts["marks"]),
        }
    )
    # A worker may be in the hands of a camera, and the hub will open, move and remove what it is told of here.
    if not is_path_of(told.path, told.head):
        raise ValueError(f"a segment does not lie at {told.path!r}")
    sizes = [told.init_bytes, told.size_bytes]
    for mark in told.marks:
        sizes += (mark.at_ms, mark.duration_ms, mark.offset, mark.size_bytes)
    if any(type(size) is not int or not 0 <= size <= _MOST_BYTES for size in sizes):
        raise ValueError(f"{told.path}: a size is none")
    return told


def _removed(parts: dict[str, Any]) -> SegmentsRemoved:
    paths = tuple(parts["paths"])
    for path in paths:
        if not is_recording(path):
            raise ValueError(f"no recording lies at {path!r}")
    return SegmentsRemoved(parts["disk"], paths)


def _bytes(text: str) -> bytes:
    return base64.b64decode(text)


def _picture_wanted(parts: dict[str, Any]) -> PictureWanted:
    pieces = tuple((int(offset), int(size)) for offset, size in parts["parts"])
    private = tuple(tuple((float(x), float(y)) for x, y in place) for place in parts.get("private", ()))
    return PictureWanted(**parts | {"parts": pieces, "at_ms": tuple(parts["at_ms"]), "private": private})


def _picture_taken(parts: dict[str, Any]) -> PictureTaken:
    return PictureTaken(**parts | {"jpegs": tuple(None if jpeg is None else _bytes(jpeg) for jpeg in parts["jpegs"])})


def _still(parts: dict[str, Any]) -> StillTaken:
    still = parts["still"]
    if still is None:
        return StillTaken(parts["request"], None)
    return StillTaken(parts["request"], Still(_bytes(still["jpeg"]), time_from_text(still["at"])))


_READERS: Mapping[str, Callable[[dict[str, Any]], Message]] = {
    "Setup": lambda parts: Setup(**parts | {"reads": tuple(parts.get("reads", ()))}),
    "Assign": lambda parts: Assign(**parts | {"record": tuple(parts["record"]), "plates": tuple(parts["plates"])}),
    "Unassign": lambda parts: Unassign(**parts),
    "Roster": lambda parts: Roster(tuple(parts["cameras"])),
    "EventsKept": lambda parts: EventsKept(int(parts["count"])),
    "SegmentsKept": lambda parts: SegmentsKept(tuple(parts["opened"]), tuple(parts["closed"])),
    "PictureWanted": _picture_wanted,
    "MoveWanted": lambda parts: MoveWanted(**parts),
    "Moved": lambda parts: Moved(**parts | {"presets": tuple((str(key), str(name)) for key, name in parts["presets"])}),
    "StillWanted": lambda parts: StillWanted(**parts),
    "Stop": lambda parts: Stop(**parts),
    "Ready": lambda parts: Ready(**parts | {"cameras": tuple(parts["cameras"])}),
    "SegmentOpened": lambda parts: SegmentOpened(_segment(parts["segment"])),
    "SegmentClosed": lambda parts: SegmentClosed(_segment(parts["segment"])),
    "Observed": lambda parts: Observed(tuple(event_from_json(event) for event in parts["events"])),
    "SegmentsRemoved": _removed,
    "Traced": lambda parts: Traced(str(parts["camera"]), _bytes(parts["chunk"])),
    "WorkerHealth": lambda parts: WorkerHealth(
        **parts
        | {
            "cameras": tuple(_status(status) for status in parts["cameras"]),
            "disks": tuple(_disk(status) for status in parts.get("disks", ())),
            "confined": tuple(parts.get("confined", ())),
            "unconfined": tuple(parts.get("unconfined", ())),
        }
    ),
    "StillTaken": _still,
    "PictureTaken": _picture_taken,
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
