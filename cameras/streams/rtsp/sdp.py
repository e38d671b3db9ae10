"""SDP: what a camera says about its streams before it sends them (RFC 8866, and the payload formats' own parameters).

Reads what the loop can take on: H.264 and H.265, and beside them AAC and G.711. What it cannot is an UnfitError, so
that FFmpeg gets it; sound of a kind that nothing here keeps is passed over.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field

from cameras.errors import SourceError, SourceProblem, UnfitError
from cameras.streams.packets import SoundInfo

_CODE = b"\0\0\0\1"
_MOST_LINES = 1000
_MOST_SETS = 16
_VIDEO = {"H264": "h264", "H265": "hevc"}
_LAWS = {"PCMA": "pcm_alaw", "PCMU": "pcm_mulaw"}
_STATIC = {0: ("PCMU", 8000, 1), 8: ("PCMA", 8000, 1), 26: ("JPEG", 90_000, 1), 32: ("MPV", 90_000, 1)}
"""Payload types that need no rtpmap (RFC 3551); others have one."""
_MOST_HZ = 1_000_000
_MOST_CHANNELS = 8
_LAST_TYPE = 127
_WORDS_OF_MEDIA = 4


@dataclass(frozen=True, slots=True)
class AacFraming:
    """How AAC lies in its packets (RFC 3640, 4.1): bits of each field of a unit's header."""

    size_bits: int
    index_bits: int
    delta_bits: int


@dataclass(frozen=True, slots=True)
class VideoTrack:
    """The video.

    Attributes:
        codec: `h264` or `hevc`.
        payload_type: Of its RTP packets.
        hz: Of their clock.
        control: Where it is set up, as written.
        extradata: Its parameter sets behind start codes; empty when they come among the pictures.
        fps: As said, None without.
    """

    codec: str
    payload_type: int
    hz: int
    control: str
    extradata: bytes
    fps: float | None


@dataclass(frozen=True, slots=True)
class SoundTrack:
    """The sound beside it.

    Attributes:
        info: What it is.
        payload_type: Of its RTP packets.
        hz: Of their clock.
        control: Where it is set up, as written.
        framing: Of AAC, None for others.
    """

    info: SoundInfo
    payload_type: int
    hz: int
    control: str
    framing: AacFraming | None = None


@dataclass(frozen=True, slots=True)
class Described:
    """What there is.

    Attributes:
        control: Of the whole, as written; empty without.
        video: Always there.
        sound: None without sound that is kept.
    """

    control: str
    video: VideoTrack
    sound: SoundTrack | None


@dataclass(slots=True)
class _Media:
    """One `m=` and what stands below it."""

    kind: str
    transport: str
    types: list[int]
    maps: dict[int, tuple[str, int, int]] = field(default_factory=dict)
    formats: dict[int, dict[str, str]] = field(default_factory=dict)
    control: str = ""
    fps: float | None = None


def read_sdp(body: bytes) -> Described:
    """What a camera describes.

    Raises:
        UnfitError: There is video of a kind that is not read here.
        SourceError: There is none, or this is no description.
    """
    lines = body.decode("utf-8", errors="replace").replace("\r", "\n").split("\n", _MOST_LINES)
    control, media = "", []
    for line in lines[:_MOST_LINES]:
        kind, _, value = line.strip().partition("=")
        if kind == "m":
            media.append(_media(value))
        elif kind == "a" and not media:
            name, _, said = value.partition(":")
            control = said.strip() if name == "control" else control
        elif kind == "a":
            _attribute(media[-1], value)
    films = [each for each in media if each.kind == "video"]
    if not films:
        raise SourceError(SourceProblem.NOT_VIDEO, "there is no video in it")
    sounds = [found for each in media if each.kind == "audio" and (found := _sound(each)) is not None]
    return Described(control, _video(films[0]), next(iter(sounds), None))


def _media(value: str) -> _Media:
    words = value.split()
    if len(words) < _WORDS_OF_MEDIA:
        return _Media("", "", [])
    return _Media(words[0], words[2], [kind for word in words[3:] if (kind := _number(word, _LAST_TYPE)) is not None])


def _attribute(media: _Media, value: str) -> None:
    name, _, said = value.partition(":")
    said = said.strip()
    if name == "control":
        media.control = said
    elif name == "framerate":
        media.fps = _rate(said)
    elif name == "rtpmap":
        head, _, encoding = said.partition(" ")
        kind = _number(head, _LAST_TYPE)
        words = encoding.strip().split("/")
        hz = _number(words[1], _MOST_HZ) if len(words) > 1 else None
        channels = _number(words[2], _MOST_CHANNELS) if len(words) > 2 else 1  # noqa: PLR2004 - name/rate/channels
        if kind is not None and hz:
            media.maps[kind] = words[0].upper(), hz, channels or 1
    elif name == "fmtp":
        head, _, rest = said.partition(" ")
        kind = _number(head, _LAST_TYPE)
        if kind is not None:
            pairs = (part.strip().partition("=") for part in rest.split(";"))
            media.formats[kind] = {key.strip().lower(): text.strip() for key, _, text in pairs if key.strip()}


def _known(media: _Media, kind: int) -> tuple[str, int, int] | None:
    return media.maps.get(kind, _STATIC.get(kind))


def _video(media: _Media) -> VideoTrack:
    known = [(kind, found) for kind in media.types if (found := _known(media, kind)) is not None]
    kind, (name, hz, _) = next(((kind, found) for kind, found in known if found[0] in _VIDEO), (-1, ("", 0, 0)))
    if kind < 0:
        raise UnfitError(f"its video is {known[0][1][0] if known else 'of a kind that it does not name'}")
    if media.transport.upper() not in {"RTP/AVP", "RTP/AVP/TCP", "RTP/AVPF"}:
        raise UnfitError(f"its video comes as {media.transport}")
    said = media.formats.get(kind, {})
    if said.get("packetization-mode") == "2" or said.get("sprop-max-don-diff", "0") != "0":
        raise UnfitError("its packets come out of order on purpose")
    names = ("sprop-parameter-sets",) if name == "H264" else ("sprop-vps", "sprop-sps", "sprop-pps")
    sets = [one for each in names for one in _decoded(said.get(each, ""))]
    extradata = b"".join(_CODE + one for one in sets[:_MOST_SETS])
    return VideoTrack(_VIDEO[name], kind, hz, media.control, extradata, media.fps)


def _sound(media: _Media) -> SoundTrack | None:
    for kind in media.types:
        name, hz, channels = _known(media, kind) or ("", 0, 0)
        if name in _LAWS:
            return SoundTrack(SoundInfo(_LAWS[name], hz, channels), kind, hz, media.control)
        if name == "MP4A-LATM":
            raise UnfitError("its sound is AAC in LATM")
        if name == "MPEG4-GENERIC":
            return _aac(media, kind, hz, channels)
    return None


def _aac(media: _Media, kind: int, hz: int, channels: int) -> SoundTrack | None:
    said = media.formats.get(kind, {})
    names = ("sizelength", "indexlength", "indexdeltalength")
    framing = AacFraming(*(_number(said.get(name, "0"), 32) or 0 for name in names))
    stamped = any(said.get(name, "0") != "0" for name in ("ctsdeltalength", "dtsdeltalength", "randomaccessindication"))
    if not framing.size_bits or stamped or said.get("auxiliarydatasizelength", "0") != "0":
        raise UnfitError("its AAC is packed in an unusual way")
    try:
        configuration = bytes.fromhex(said.get("config", ""))
    except ValueError:
        configuration = b""
    return SoundTrack(SoundInfo("aac", hz, channels, configuration), kind, hz, media.control, framing)


def _decoded(text: str) -> list[bytes]:
    found = []
    for part in text.split(","):
        try:
            found.append(base64.b64decode(part + "=" * (-len(part) % 4), validate=True))
        except (binascii.Error, ValueError):
            continue  # the same sets come among the pictures
    return [one for one in found if one]


def _number(text: str, most: int) -> int | None:
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(most)) or int(text) > most:
        return None
    return int(text)


def _rate(text: str) -> float | None:
    try:
        fps = float(text)
    except ValueError:
        return None
    return fps if 0 < fps <= 240 else None  # noqa: PLR2004 - faster is no camera
