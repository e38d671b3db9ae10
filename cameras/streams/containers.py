"""FFmpeg's side of a source: opening, reading and closing a container, with its errors in our words.

The protocol plugins differ in options and in time; this is what they share. All calls come from one thread: closing a
container while another thread reads it crashes the process. Every wait inside FFmpeg is bounded by the time-outs. An
error of FFmpeg may hold the URL with its password, so it is never the cause of ours: a traceback would print it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import av
from av.error import FFmpegError

from cameras.confining.connections import refused_connection
from cameras.errors import SourceError, SourceProblem
from cameras.recordings.mp4.codecs import ParameterSets
from cameras.streams.limits import Pace, too_large
from cameras.streams.packets import Packet, SoundInfo, SoundPacket, Stamper, StreamInfo
from hub.clock import Clock

_DAMAGES_IN_A_ROW = 50
"""A source that gives that many errors without one packet between them has nothing more to give."""

FILE_FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,gif,apng,mpegts,mpeg,mpegvideo,m4v,h264,hevc,mjpeg,flv,asf,ogg,mxf,dhav"
)
"""Demuxers for files (dhav is what Dahua recorders write). FFmpeg has many more: among them one that draws any text
file as a picture, and play-lists that open other files."""

_MOST_FPS = 240
"""FFmpeg says 90,000, RTP's own clock, where it has no idea."""

_ATTACHED_PICTURE = 0x0400
"""AV_DISPOSITION_ATTACHED_PIC: a cover picture, not the film."""

_OPENING: Mapping[type[FFmpegError], SourceProblem] = {
    av.error.HTTPUnauthorizedError: SourceProblem.LOGIN_REFUSED,
    av.error.HTTPForbiddenError: SourceProblem.LOGIN_REFUSED,
    av.error.HTTPNotFoundError: SourceProblem.NOT_FOUND,
    av.error.HTTPClientError: SourceProblem.REFUSED,
    av.error.HTTPServerError: SourceProblem.REFUSED,
    av.error.FileNotFoundError: SourceProblem.NOT_FOUND,
    av.error.NotADirectoryError: SourceProblem.NOT_FOUND,
    av.error.IsADirectoryError: SourceProblem.NOT_VIDEO,
    av.error.InvalidDataError: SourceProblem.NOT_VIDEO,
    av.error.EOFError: SourceProblem.NOT_VIDEO,
    av.error.DemuxerNotFoundError: SourceProblem.NOT_VIDEO,
    av.error.PermissionError: SourceProblem.REFUSED,
    av.error.DecoderNotFoundError: SourceProblem.UNSUPPORTED,
    av.error.ProtocolNotFoundError: SourceProblem.UNSUPPORTED,
    av.error.OptionNotFoundError: SourceProblem.UNSUPPORTED,
    av.error.PatchWelcomeError: SourceProblem.UNSUPPORTED,
    av.error.ArgumentError: SourceProblem.NOT_VIDEO,  # something that FFmpeg could read, and that we do not let it
    av.error.ExitError: SourceProblem.TIMED_OUT,
    av.error.TimeoutError: SourceProblem.TIMED_OUT,
    av.error.BlockingIOError: SourceProblem.TIMED_OUT,
    av.error.ConnectionRefusedError: SourceProblem.UNREACHABLE,
    av.error.OSError: SourceProblem.UNREACHABLE,
}
"""What an error at opening means; the nearest class in the error's ancestry counts, anything else is BROKE."""

_READING: Mapping[type[FFmpegError], SourceProblem] = {
    av.error.ExitError: SourceProblem.TIMED_OUT,
    av.error.TimeoutError: SourceProblem.TIMED_OUT,
    av.error.BlockingIOError: SourceProblem.TIMED_OUT,
}
"""What an error while reading means; anything else is BROKE."""


def problem_of(error: FFmpegError, *, opening: bool) -> SourceProblem:
    """What FFmpeg's error means for a source."""
    table = _OPENING if opening else _READING
    return next((table[kind] for kind in type(error).__mro__ if kind in table), SourceProblem.BROKE)


@dataclass(frozen=True, slots=True)
class Opening:
    """How to open a container.

    Attributes:
        target: URL or path as FFmpeg takes it; may hold credentials.
        options: FFmpeg's options.
        open_timeout_s: Longest wait for connecting, and again for looking into the stream.
        read_timeout_s: Longest wait for one packet.
        scrub: Takes the credentials out of a text.
        sound: Whether its sound is read too.
        is_live: Whether somebody else sets the pace, and is held to what a camera can send.
    """

    target: str
    options: Mapping[str, str]
    open_timeout_s: float
    read_timeout_s: float
    scrub: Callable[[str], str] = field(default=str)
    sound: bool = False
    is_live: bool = False


class Container:
    """One opened container, its video stream, and its sound where that is wanted and there is some.

    Attributes:
        corrupt: Packets that were damaged and left out, and places where reading failed and went on.
    """

    def __init__(self, opening: Opening, clock: Clock) -> None:
        self._opening = opening
        self._clock = clock
        self._container: av.container.InputContainer | None = None
        self._stream: av.VideoStream | None = None
        self._sound: av.AudioStream | None = None
        self._lost = False
        self._pace = Pace(clock.monotonic_s())
        self.corrupt = 0

    def open(self) -> StreamInfo:
        """Open it and find the video in it.

        Raises:
            SourceError: Not possible; nothing stays open.
        """
        opening = self._opening
        begun_s = self._clock.monotonic_s()
        try:
            self._container = av.open(
                opening.target,
                mode="r",
                options=dict(opening.options),
                metadata_errors="ignore",  # cameras and phones write other things than UTF-8 into titles
                timeout=(opening.open_timeout_s, opening.read_timeout_s),
            )
        except (FFmpegError, OSError, ValueError) as error:
            if self._clock.monotonic_s() - begun_s >= opening.open_timeout_s:
                # FFmpeg's RTSP reports the interrupted wait as invalid data.
                raise SourceError(SourceProblem.TIMED_OUT, f"no answer in {opening.open_timeout_s:g} s") from None
            raise self._in_our_words(error, opening=True) from None
        films = [stream for stream in self._container.streams.video if not stream.disposition & _ATTACHED_PICTURE]
        if not films:
            self.close()
            raise SourceError(SourceProblem.NOT_VIDEO, "there is no video in it")
        context: av.VideoCodecContext | None = films[0].codec_context  # the stubs do not know that there may be none
        if context is None:
            self.close()
            raise SourceError(SourceProblem.UNSUPPORTED, "its video is of a codec that is not known here")
        self._stream = films[0]
        self._sound = next(iter(self._container.streams.audio), None) if opening.sound else None
        info = _info(self._stream, None if self._sound is None else _sound_info(self._sound))
        if wrong := too_large(info.width, info.height):
            self.close()
            raise SourceError(SourceProblem.UNSUPPORTED, wrong)
        return info

    def packets(self, stamper: Stamper) -> Iterator[Packet | SoundPacket]:
        """The packets that hold data, to the end of the source, stamped.

        Raises:
            SourceError: The source broke or stopped sending.
        """
        for data in self._read():
            if isinstance(data.stream, av.VideoStream):
                lost, self._lost = self._lost, False
                yield stamper.stamp(data, after_loss=lost)
            elif (sound := stamper.stamp_sound(data)) is not None:
                yield sound

    def _read(self) -> Iterator[av.Packet[Any]]:
        assert self._container is not None
        assert self._stream is not None
        streams = [self._stream] if self._sound is None else [self._stream, self._sound]
        damages = 0
        silent_s = 0.0
        while True:
            asked_s = self._clock.monotonic_s()
            try:
                for packet in self._container.demux(*streams):
                    silent_s += self._clock.monotonic_s() - asked_s
                    if silent_s >= self._opening.read_timeout_s:
                        # FFmpeg's parser gives its last packet when the wait is cut short: that is no sign of life.
                        raise SourceError(SourceProblem.TIMED_OUT, "nothing came")
                    damages = 0
                    if isinstance(packet.stream, av.VideoStream):
                        silent_s = 0.0  # sound alone is no sign of life either
                    if self._is_usable(packet):
                        yield packet
                    asked_s = self._clock.monotonic_s()
            except av.error.InvalidDataError as error:
                # A damaged place: what comes after it may be whole.
                self.corrupt += 1
                self._lost = True
                damages += 1
                if damages >= _DAMAGES_IN_A_ROW:
                    raise self._in_our_words(error, opening=False) from None
            except FFmpegError as error:
                raise self._in_our_words(error, opening=False) from None
            else:
                return

    def _is_usable(self, packet: av.Packet[Any]) -> bool:
        if self._opening.is_live and (wrong := self._pace.take(packet.size, self._clock.monotonic_s())):
            raise SourceError(SourceProblem.REFUSED, wrong)
        if packet.is_corrupt:
            self.corrupt += 1
            self._lost = self._lost or isinstance(packet.stream, av.VideoStream)
            return False
        return packet.size > 0

    def rewind(self) -> None:
        """Go back to the beginning.

        Raises:
            SourceError: This source cannot go back.
        """
        assert self._container is not None
        try:
            self._container.seek(0)
        except FFmpegError as error:
            raise self._in_our_words(error, opening=False) from None

    def close(self) -> None:
        """Give it back; may be called more than once."""
        container, self._container, self._stream, self._sound = self._container, None, None, None
        if container is not None:
            with contextlib.suppress(FFmpegError):
                container.close()

    def _in_our_words(self, error: Exception, *, opening: bool) -> SourceError:
        if isinstance(error, FFmpegError):
            if (refused := refused_connection()) is not None:  # a redirect, or a play-list that names another host
                return SourceError(SourceProblem.NOT_ALLOWED, refused)
            return SourceError(problem_of(error, opening=opening), self._opening.scrub(error.strerror or ""))
        return SourceError(SourceProblem.UNSUPPORTED, self._opening.scrub(str(error)))


def _info(stream: av.VideoStream, sound: SoundInfo | None) -> StreamInfo:
    context = stream.codec_context
    rate = stream.average_rate or stream.guessed_rate
    width, height = context.width, context.height
    extradata = bytes(context.extradata or b"")
    if not (width and height) and (announced := ParameterSets.of(context.codec.name, extradata).form()) is not None:
        # FFmpeg reads what is announced only with the first picture, and may have looked at a piece of sound instead.
        width, height = announced.width, announced.height
    return StreamInfo(
        codec=context.codec.name,
        width=width,
        height=height,
        fps=float(rate) if rate and rate <= _MOST_FPS else None,
        extradata=extradata,
        codec_tag=context.codec_tag,
        bits_per_sample=context.bits_per_coded_sample,
        reorders=bool(context.has_b_frames),
        sound=sound,
    )


def _sound_info(stream: av.AudioStream) -> SoundInfo | None:
    """What the sound is; None where FFmpeg knows no decoder for it, or none at all."""
    context: av.AudioCodecContext | None = stream.codec_context  # the stubs do not know that there may be none
    if context is None:
        return None
    return SoundInfo(
        codec=context.codec.name,
        rate_hz=context.sample_rate or 0,
        channels=context.layout.nb_channels,
        extradata=bytes(context.extradata or b""),
    )
