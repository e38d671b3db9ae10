"""Video over HTTP: MJPEG cameras, HLS play-lists and files on a web server.

Small boards (ESP32-CAM) and phones offer nothing else. An address cannot make FFmpeg open anything but HTTP: a
play-list that names a local file is refused.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from cameras.errors import SourceError, SourceProblem
from cameras.streams.addresses import opened_url, without_credentials
from cameras.streams.certificates import is_untrusted, tls_options
from cameras.streams.containers import FILE_FORMATS, Container, Opening
from cameras.streams.packets import Packet, PacketSource, SoundPacket, Stamper, StreamInfo
from config.community import Stream
from hub.clock import Clock
from hub.networks import Allowed
from hub.plugins import Options, Plugin


class HttpOptions(Options):
    """What can be set for HTTP."""

    open_timeout_s: Annotated[float, Field(gt=0, le=60)] = 5.0
    """More than RTSP gets: the kind of video is found by looking into it."""
    read_timeout_s: Annotated[float, Field(gt=0, le=60)] = 5.0
    sound: bool = False
    """Whether SoundPackets come too, where there is sound."""


class HttpSource:
    """One HTTP stream. All calls from one thread."""

    def __init__(self, options: HttpOptions, stream: Stream, clock: Clock, allowed: Allowed | None) -> None:
        self._options = options
        self._stream = stream
        self._clock = clock
        self._allowed = allowed
        self._container: Container | None = None
        self._info: StreamInfo | None = None

    def open(self) -> StreamInfo:
        """Connect.

        Raises:
            SourceError: Not possible.
        """
        opened = opened_url(self._stream, self._allowed)
        self._container = Container(
            Opening(
                target=opened.url,
                options={
                    "protocol_whitelist": "http,https,tcp,tls,crypto",
                    # A play-list may name any host, so it is read only where each connection is looked at.
                    "format_whitelist": f"mpjpeg,hls,{FILE_FORMATS}" if opened.is_watched else f"mpjpeg,{FILE_FORMATS}",
                    **opened.options,
                    **tls_options(self._stream),
                    "analyzeduration": "1000000",
                },
                open_timeout_s=self._options.open_timeout_s,
                read_timeout_s=self._options.read_timeout_s,
                scrub=lambda text: without_credentials(text, self._stream),
                is_live=True,
                sound=self._options.sound,
            ),
            self._clock,
        )
        try:
            self._info = self._container.open()
        except SourceError as error:
            if error.reason is not SourceProblem.LOGIN_REFUSED and is_untrusted(self._stream, self._allowed):
                raise SourceError(SourceProblem.UNTRUSTED, error.detail) from None
            raise
        return self._info

    def packets(self) -> Iterator[Packet | SoundPacket]:
        """The packets as they arrive.

        Raises:
            SourceError: The stream broke, fell silent or ended.
        """
        assert self._container is not None
        assert self._info is not None
        stamper = Stamper(fps=self._info.fps, at=lambda _: self._clock.now())
        yield from self._container.packets(stamper)
        raise SourceError(SourceProblem.ENDED, "the server closed the connection")

    def close(self) -> None:
        """End the connection."""
        if self._container is not None:
            self._container.close()

    @property
    def corrupt(self) -> int:
        """Damaged packets that were left out."""
        return 0 if self._container is None else self._container.corrupt


def _build(
    options: HttpOptions, stream: Stream, *, clock: Clock, stopping: threading.Event, allowed: Allowed | None = None
) -> PacketSource:
    del stopping  # every wait here is inside FFmpeg and bounded by the time-outs
    return HttpSource(options, stream, clock, allowed)


PLUGIN = Plugin(kind="http", options=HttpOptions, build=_build, summary="MJPEG or HLS over HTTP (http, https).")
