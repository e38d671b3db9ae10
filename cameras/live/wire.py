"""Live wire: the words between a worker that holds a live stream and the hub that passes it on to watchers.

The hub connects to the worker's socket, asks for one stream in one line of JSON, and from then on only listens: frames
of a kind (1 byte), a length (4 bytes, big endian) and a body. Must not load PyAV or OpenCV: the hub imports this.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cameras.recordings.media import StreamName
from hub.errors import LinkError

HEAD: Final = struct.Struct(">cI")
"""Kind and length of a frame."""

MOST_LINE_BYTES: Final = 1024
MOST_FRAME_BYTES: Final = 32 * 1024 * 1024
"""A key picture of a large camera is 2 MB: more than this is no frame of ours."""

_PART: Final = struct.Struct(">?QQ")  # is key, at in ms since 1970, decoding time in ticks


@dataclass(frozen=True, slots=True)
class Ask:
    """Hub to worker, first and only: one stream, please.

    Attributes:
        camera: Its id.
        stream: Which of its two.
        sound: Whether its sound is wanted too.
    """

    camera: str
    stream: StreamName
    sound: bool


@dataclass(frozen=True, slots=True)
class Begins:
    """What comes now has this form, and follows on nothing before it.

    Attributes:
        codecs: Of all tracks, as `avc1.64001f,mp4a.40.2`.
        width: Pixels.
        height: Pixels.
        sound: Whether there is a sound track.
        left_out: Codec of a sound track that browsers cannot play in this form, and which is not sent.
        cached: How many of the parts that follow are from before now.
        init: What a player needs before the first part (`ftyp` and `moov`).
    """

    codecs: str
    width: int
    height: int
    sound: bool
    left_out: str | None
    cached: int
    init: bytes


@dataclass(frozen=True, slots=True)
class Part:
    """One picture and the sound until it, as one fragment (`moof` and `mdat`).

    Attributes:
        is_key: Whether playing can begin here.
        at_ms: When it was received, milliseconds since 1970, UTC.
        dts: When it is decoded, in ticks of `VIDEO_TICKS` since the stream was opened.
        data: The fragment.
    """

    is_key: bool
    at_ms: int
    dts: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Dropped:
    """So many pictures were left out here, because they were not taken in time; a key picture follows."""

    pictures: int


@dataclass(frozen=True, slots=True)
class Pauses:
    """Nothing comes for now.

    Attributes:
        because: One word: a `Because`, or `connecting`, `unknown`, `worker_lost`.
        is_final: It will not come back on this connection.
    """

    because: str
    is_final: bool = False


Item = Begins | Part | Dropped | Pauses


def ask_line(ask: Ask) -> bytes:
    """The line that asks."""
    return json.dumps({"camera": ask.camera, "stream": ask.stream.value, "sound": ask.sound}).encode() + b"\n"


def read_ask(line: bytes) -> Ask:
    """What `ask_line` wrote.

    Raises:
        LinkError: It is none of ours.
    """
    try:
        body = json.loads(line)
        return Ask(str(body["camera"]), StreamName(body["stream"]), bool(body.get("sound", False)))
    except (ValueError, KeyError, TypeError) as error:
        raise LinkError("not a question for a live stream") from error


def frame_of(item: Item) -> bytes:
    """An item as it crosses, head and body."""
    match item:
        case Begins():
            told = {
                "codecs": item.codecs,
                "width": item.width,
                "height": item.height,
                "sound": item.sound,
                "left_out": item.left_out,
                "cached": item.cached,
            }
            return _framed(b"I", json.dumps(told).encode(), b"\n", item.init)
        case Part():
            return _framed(b"P", _PART.pack(item.is_key, item.at_ms, item.dts), item.data)
        case Dropped():
            return _framed(b"D", json.dumps({"pictures": item.pictures}).encode())
        case Pauses():
            return _framed(b"E", json.dumps({"because": item.because, "final": item.is_final}).encode())


def read_head(head: bytes) -> tuple[bytes, int]:
    """Kind and body length of the frame that begins with these `HEAD.size` bytes.

    Raises:
        LinkError: It is none of ours.
    """
    kind, length = HEAD.unpack(head)
    if kind not in _READERS or length > MOST_FRAME_BYTES:
        raise LinkError(f"not a frame of a live stream: {kind!r} of {length} bytes")
    return kind, length


def read_body(kind: bytes, body: bytes) -> Item:
    """The item of a frame.

    Raises:
        LinkError: It is none of ours.
    """
    try:
        return _READERS[kind](body)
    except (ValueError, KeyError, TypeError, struct.error) as error:
        raise LinkError(f"not the body of a frame {kind!r}") from error


def socket_of(folder: Path, worker: str) -> Path:
    """Where a worker listens for watchers, in the data folder of its hub."""
    return folder / "run" / f"{worker}-live.sock"


def _framed(kind: bytes, *pieces: bytes) -> bytes:
    return b"".join((HEAD.pack(kind, sum(len(piece) for piece in pieces)), *pieces))


def _begins(body: bytes) -> Begins:
    line, _, init = body.partition(b"\n")
    told: dict[str, Any] = json.loads(line)
    return Begins(
        codecs=str(told["codecs"]),
        width=int(told["width"]),
        height=int(told["height"]),
        sound=bool(told["sound"]),
        left_out=told["left_out"],
        cached=int(told["cached"]),
        init=init,
    )


def _part(body: bytes) -> Part:
    is_key, at_ms, dts = _PART.unpack_from(body)
    return Part(is_key, at_ms, dts, body[_PART.size :])


def _dropped(body: bytes) -> Dropped:
    return Dropped(int(json.loads(body)["pictures"]))


def _pauses(body: bytes) -> Pauses:
    told = json.loads(body)
    return Pauses(str(told["because"]), bool(told["final"]))


_READERS: Final[Mapping[bytes, Callable[[bytes], Item]]] = {b"I": _begins, b"P": _part, b"D": _dropped, b"E": _pauses}
