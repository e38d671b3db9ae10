"""Watching: a stream opened as a camera's own would be, and looked at for a few seconds."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from cameras.errors import SourceError, SourceProblem
from cameras.reaching import AskingError, Problem
from cameras.setting_up.asking import said
from cameras.setting_up.describing import Describing
from cameras.setting_up.words import Pictured, ProbedStream
from cameras.streams.packets import Packet, SoundPacket, StreamInfo
from cameras.streams.sources import Sources
from cameras.vision.decoding import Decoder, Picture
from config.community import Stream
from config.secrets import Secret
from config.url_credentials import shown
from hub.clock import Clock
from hub.networks import Allowed

_RTSP = ("rtsp", "rtsps")
_LONGEST_S = 12.0
"""For a first picture: a camera may have key frames ten seconds apart."""

_PROBLEMS = {
    SourceProblem.LOGIN_REFUSED: Problem.WRONG_PASSWORD,
    SourceProblem.NOT_FOUND: Problem.WRONG_PATH,
    SourceProblem.TIMED_OUT: Problem.TIMED_OUT,
    SourceProblem.NOT_VIDEO: Problem.NOT_A_CAMERA,
    SourceProblem.UNSUPPORTED: Problem.UNKNOWN_CODEC,
    SourceProblem.UNREACHABLE: Problem.NO_ROUTE,
    SourceProblem.NOT_ALLOWED: Problem.NOT_ALLOWED,
    SourceProblem.UNTRUSTED: Problem.TLS_UNTRUSTED,
    SourceProblem.REFUSED: Problem.REFUSED,
}


@dataclass(frozen=True, slots=True)
class Means:
    """What looking at streams takes."""

    sources: Sources
    allowed: Allowed
    clock: Clock


def strange_stream(url: str, username: str | None, password: str | None, *, insecure: bool = False) -> Stream:
    """A stream that stands in no settings. Its password is what was typed, never a reference to a file of this machine.

    Raises:
        AskingError: It reads like such a reference.
    """
    if password is not None and password.startswith(("env:", "file:")):
        raise AskingError(Problem.WRONG_PASSWORD, "env: and file: are for files on the hub; write the password itself")
    secret = Secret(password) if password else None
    return Stream.model_construct(url=url, username=username, password=secret, insecure=insecure)


@dataclass(frozen=True, slots=True)
class _Seen:
    info: StreamInfo
    packets: Sequence[Packet]
    first_s: float | None
    sounds: int
    decoded: bool


def watch(stream: Stream, means: Means, *, seconds: float) -> ProbedStream:
    """What a stream really sends; its problem where it does not."""
    try:
        _describe(stream, means)
        seen = _see(stream, means, seconds)
    except AskingError as error:
        return ProbedStream(url=shown(stream.url), problem=said(error.problem, error.detail))
    probed = _measured(shown(stream.url), seen)
    if not seen.decoded:
        problem = said(Problem.UNKNOWN_CODEC, f"{seen.info.codec} came and could not be decoded")
        return replace(probed, problem=problem if seen.packets else said(Problem.NO_VIDEO, "no picture came"))
    return probed


def take_still(stream: Stream, means: Means, *, width_px: int) -> Pictured:
    """The first picture of a stream.

    Raises:
        AskingError: There is none.
    """
    _describe(stream, means)
    stopping = threading.Event()
    source = means.sources.make(stream, stopping=stopping)
    until_s = means.clock.monotonic_s() + _LONGEST_S
    try:
        decoder = Decoder(source.open())
        for packet in source.packets():
            if isinstance(packet, Packet):
                for picture in decoder.decode(packet):
                    return _pictured(picture, width_px)
            if means.clock.monotonic_s() > until_s:
                break
    except SourceError as error:
        raise _in_our_words(error, stream) from None
    finally:
        stopping.set()
        source.close()
    raise AskingError(Problem.NO_VIDEO, f"no picture in {_LONGEST_S:g} s")


def _pictured(picture: Picture, width_px: int) -> Pictured:
    width = min(width_px, picture.raw.width)
    return Pictured(picture.jpeg(width_px), width, max(1, round(picture.raw.height * width / picture.raw.width)))


def _describe(stream: Stream, means: Means) -> None:
    """Whether somebody is there and has such a stream, told apart better than FFmpeg does.

    Raises:
        AskingError: What is wrong.
    """
    scheme = urlsplit(stream.url).scheme.lower()
    password = None if stream.password is None else stream.password.reveal()
    asking = Describing(
        stream.url,
        username=stream.username,
        password=password,
        allowed=means.allowed,
        clock=means.clock,
        insecure=stream.insecure,
    )
    if scheme in _RTSP:
        asking.ask()
    elif scheme in ("http", "https"):
        asking.reach(means.clock.monotonic_s() + 4.0).close()
    else:
        raise AskingError(Problem.BAD_ADDRESS, f"{scheme}: is not read here")


def _see(stream: Stream, means: Means, seconds: float) -> _Seen:
    stopping = threading.Event()
    clock = means.clock
    begun_s = clock.monotonic_s()
    packets: list[Packet] = []
    sounds, decoded = 0, False
    first_s: float | None = None
    source = means.sources.make(stream, stopping=stopping, options={"sound": True})
    try:
        info = source.open()
        decoder = Decoder(info)
        for packet in source.packets():
            now_s = clock.monotonic_s()
            if isinstance(packet, SoundPacket):
                sounds += 1
            else:
                first_s = now_s - begun_s if first_s is None else first_s
                packets.append(packet)
                if not decoded and (pictures := decoder.decode(packet)):
                    decoded = True
                    info = replace(info, width=pictures[0].raw.width, height=pictures[0].raw.height)
            if (first_s is not None and now_s - begun_s - first_s >= seconds) or now_s - begun_s > seconds + 8.0:
                break
    except SourceError as error:
        if not packets:
            raise _in_our_words(error, stream) from None
        if error.reason is not SourceProblem.ENDED:
            raise AskingError(Problem.BROKE, error.detail) from None
    finally:
        stopping.set()
        source.close()
    return _Seen(info, packets, first_s, sounds, decoded)


def _in_our_words(error: SourceError, stream: Stream) -> AskingError:
    problem = _PROBLEMS.get(error.reason, Problem.BROKE)
    if problem is Problem.REFUSED and urlsplit(stream.url).scheme.lower() in _RTSP:
        problem = Problem.TOO_MANY_SESSIONS  # it described the stream a moment ago, and will not play it
    return AskingError(problem, error.detail[:200])


def _measured(url: str, seen: _Seen) -> ProbedStream:
    packets, info = seen.packets, seen.info
    span_s = packets[-1].stream_s - packets[0].stream_s if len(packets) > 1 else 0.0
    keys = [packet.stream_s for packet in packets if packet.is_key]
    bits = sum(packet.size_bytes for packet in packets[:-1]) * 8
    return ProbedStream(
        url=url,
        codec=info.codec,
        width=info.width,
        height=info.height,
        announced_fps=None if info.fps is None else round(info.fps, 2),
        measured_fps=round((len(packets) - 1) / span_s, 2) if span_s > 0 else None,
        kbit_s=round(bits / 1000 / span_s, 1) if span_s > 0 else None,
        keyframe_s=round((keys[-1] - keys[0]) / (len(keys) - 1), 2) if len(keys) > 1 else None,
        packets=len(packets),
        first_s=None if seen.first_s is None else round(seen.first_s, 2),
        sound="" if info.sound is None else info.sound.codec,
        sound_came=seen.sounds > 0,
    )
