"""Video files as cameras: at their own speed and in a loop for a demo, or as fast as it goes for `hub analyse`.

Whatever FFmpeg reads as video will do (MP4, AVI, MKV, GIF...). A damaged place is counted and passed over.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated
from urllib.parse import unquote, urlsplit

from pydantic import AwareDatetime, Field

from cameras.errors import SourceError, SourceProblem
from cameras.streams.containers import FILE_FORMATS, Container, Opening
from cameras.streams.packets import Packet, PacketSource, SoundPacket, Stamper, StreamInfo
from config.community import Stream
from hub.clock import Clock
from hub.networks import Allowed
from hub.plugins import Options, Plugin


class FileOptions(Options):
    """What can be set for a file."""

    loop: bool = True
    """Begin again at the end; time goes on."""
    realtime: bool = True
    """At the file's own speed; otherwise as fast as it can be read."""
    start: AwareDatetime | None = None
    """The time of the file's beginning; None takes each packet's time when it is read."""
    open_timeout_s: Annotated[float, Field(gt=0, le=60)] = 5.0
    read_timeout_s: Annotated[float, Field(gt=0, le=60)] = 5.0
    """For files on a network share."""
    sound: bool = False
    """Whether SoundPackets come too, where there is sound."""


class FileSource:
    """One file. All calls from one thread."""

    def __init__(self, options: FileOptions, stream: Stream, *, clock: Clock, stopping: threading.Event) -> None:
        self._options = options
        self._clock = clock
        self._stopping = stopping
        self._info: StreamInfo | None = None
        self._stream = stream
        self._container: Container | None = None

    def open(self) -> StreamInfo:
        """Open the file.

        Raises:
            SourceError: There is none, or it is no video.
        """
        self._container = Container(
            Opening(
                target=f"file:{_path(self._stream.url)}",
                options={"protocol_whitelist": "file", "format_whitelist": FILE_FORMATS},
                open_timeout_s=self._options.open_timeout_s,
                read_timeout_s=self._options.read_timeout_s,
                sound=self._options.sound,
            ),
            self._clock,
        )
        self._info = self._container.open()
        return self._info

    def packets(self) -> Iterator[Packet | SoundPacket]:
        """The packets, to the end of the file or until `stopping` is set.

        Raises:
            SourceError: The file ends without one packet, or cannot be read on.
        """
        assert self._container is not None
        assert self._info is not None
        stamper = Stamper(fps=self._info.fps, at=self._time)
        begun_s = self._clock.monotonic_s()
        while True:
            some = False
            for packet in self._container.packets(stamper):
                some = True
                if self._options.realtime and isinstance(packet, Packet):
                    self._clock.wait(self._stopping, begun_s + packet.stream_s - self._clock.monotonic_s())
                if self._stopping.is_set():
                    return
                yield packet
            if not some:
                raise SourceError(SourceProblem.NOT_VIDEO, "the file holds no packets")
            if not self._options.loop:
                return
            self._container.rewind()
            stamper.restart()

    def close(self) -> None:
        """Close the file."""
        if self._container is not None:
            self._container.close()

    @property
    def corrupt(self) -> int:
        """Damaged places that were passed over."""
        return 0 if self._container is None else self._container.corrupt

    def _time(self, stream_s: float) -> datetime:
        if self._options.start is None:
            return self._clock.now()
        return self._options.start + timedelta(seconds=stream_s)


def _path(url: str) -> str:
    parts = urlsplit(url)
    if parts.netloc not in {"", "localhost"}:
        raise SourceError(SourceProblem.UNSUPPORTED, f"file://{parts.netloc}/... names a host; write file:///...")
    return unquote(parts.path)


def _build(
    options: FileOptions, stream: Stream, *, clock: Clock, stopping: threading.Event, allowed: Allowed | None = None
) -> PacketSource:
    del allowed  # a file is at no address
    return FileSource(options, stream, clock=clock, stopping=stopping)


PLUGIN = Plugin(kind="file", options=FileOptions, build=_build, summary="A video file, looped at its own speed.")
