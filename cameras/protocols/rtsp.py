"""RTSP over TCP: network cameras and recorders.

TCP, because a lost UDP packet costs a whole group of pictures. FFmpeg's usual probing waits for 1 to 5 s of video; here
it looks at nothing but the session description, and only when that does not say the picture's size is the camera asked
again with probing. Where sound is wanted, a camera that will not serve it is asked again for its video alone. An
address cannot make FFmpeg open anything but RTSP.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from cameras.errors import SourceError, SourceProblem
from cameras.streams.addresses import opened_url, without_credentials
from cameras.streams.certificates import is_untrusted, tls_options
from cameras.streams.containers import Container, Opening
from cameras.streams.packets import Packet, PacketSource, SoundPacket, Stamper, StreamInfo
from config.community import Stream
from hub.clock import Clock
from hub.networks import Allowed
from hub.plugins import Options, Plugin

_PROBING_S = 2.0
"""How much video FFmpeg may look at when the description was not enough: two usual groups of pictures."""

_MAY_BE_SOUND = frozenset(
    {SourceProblem.REFUSED, SourceProblem.NOT_VIDEO, SourceProblem.UNSUPPORTED, SourceProblem.BROKE}
)
"""How it ends when a camera announces sound and does not serve it, or in words that FFmpeg does not understand."""


class RtspOptions(Options):
    """What can be set for RTSP."""

    open_timeout_s: Annotated[float, Field(gt=0, le=60)] = 3.0
    read_timeout_s: Annotated[float, Field(gt=0, le=60)] = 5.0
    """A camera that sends nothing for so long is asked again."""
    sound: bool = False
    """Whether SoundPackets come too, where there is sound."""


class RtspSource:
    """One RTSP session. All calls from one thread."""

    def __init__(self, options: RtspOptions, stream: Stream, clock: Clock, allowed: Allowed | None) -> None:
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
        if self._options.sound:
            try:
                return self._open(sound=True)
            except SourceError as error:
                if error.reason not in _MAY_BE_SOUND:
                    raise
        return self._open(sound=False)

    def _open(self, *, sound: bool) -> StreamInfo:
        info = self._connect({"analyzeduration": "0", "fpsprobesize": "0", "probesize": "32"}, extra_s=0.0, sound=sound)
        if not (info.width and info.height):
            self.close()
            probing = {"analyzeduration": str(int(_PROBING_S * 1_000_000))}
            info = self._connect(probing, extra_s=_PROBING_S, sound=sound)
        self._info = info
        return info

    def packets(self) -> Iterator[Packet | SoundPacket]:
        """The packets as they arrive.

        Raises:
            SourceError: The session broke, fell silent or was ended by the camera.
        """
        assert self._container is not None
        assert self._info is not None
        stamper = Stamper(fps=self._info.fps, at=lambda _: self._clock.now())
        yield from self._container.packets(stamper)
        raise SourceError(SourceProblem.ENDED, "the camera closed the connection")

    def close(self) -> None:
        """End the session."""
        if self._container is not None:
            self._container.close()

    @property
    def corrupt(self) -> int:
        """Damaged packets that were left out."""
        return 0 if self._container is None else self._container.corrupt

    def _connect(self, probing: dict[str, str], *, extra_s: float, sound: bool) -> StreamInfo:
        target = opened_url(self._stream, self._allowed).url
        try:
            return self._connect_to(target, probing, extra_s=extra_s, sound=sound)
        except SourceError as error:
            if error.reason is not SourceProblem.LOGIN_REFUSED and is_untrusted(self._stream, self._allowed):
                raise SourceError(SourceProblem.UNTRUSTED, error.detail) from None
            raise

    def _connect_to(self, target: str, probing: dict[str, str], *, extra_s: float, sound: bool) -> StreamInfo:
        self._container = Container(
            Opening(
                target=target,
                options={
                    "rtsp_transport": "tcp",
                    "allowed_media_types": "video+audio" if sound else "video",
                    "protocol_whitelist": "rtsp,rtsps,rtp,tcp,tls,crypto",
                    "format_whitelist": "rtsp",
                    **tls_options(self._stream),
                    **probing,
                },
                open_timeout_s=self._options.open_timeout_s + extra_s,
                read_timeout_s=self._options.read_timeout_s,
                scrub=lambda text: without_credentials(text, self._stream),
                is_live=True,
                sound=sound,
            ),
            self._clock,
        )
        return self._container.open()


def _build(
    options: RtspOptions, stream: Stream, *, clock: Clock, stopping: threading.Event, allowed: Allowed | None = None
) -> PacketSource:
    del stopping  # every wait here is inside FFmpeg and bounded by the time-outs
    return RtspSource(options, stream, clock, allowed)


PLUGIN = Plugin(kind="rtsp", options=RtspOptions, build=_build, summary="RTSP over TCP (rtsp, rtsps).")
