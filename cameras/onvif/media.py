"""Media services: the profiles of a device, and which of them are the large and the small stream of each lens.

Media 2 is asked where there is one, for the first version knows no H.265. What devices write is taken with doubt: sizes
and rates that cannot be are left out. Parsers are pure.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from xml.sax.saxutils import escape

from cameras.onvif.answers import Node
from cameras.onvif.device import MEDIA, MEDIA_2, SCHEMA, plain
from cameras.onvif.session import Question, Session
from cameras.reaching import AskingError, Problem
from config.url_credentials import taken_apart

_MOST_PROFILES = 256
_MOST_PIXELS = 32_768
_MOST_FPS = 240.0
_MOST_URL = 2048
_CODECS = {"H264": "h264", "H265": "hevc", "JPEG": "mjpeg", "MPEG4": "mpeg4", "MP4V-ES": "mpeg4"}
_SUB_WIDTH = 640
_SUB_WIDTHS = range(300, 1300)
_SCHEMES = ("rtsp", "rtsps", "http", "https")


@dataclass(frozen=True, slots=True)
class Profile:
    """One stream that a device offers.

    Attributes:
        token: Its name for asking.
        name: As set in the device.
        source: Token of the lens.
        codec: `h264`, `hevc`, ..., empty when it does not say.
        width: Pixels, 0 when it does not say.
        height: Pixels.
        fps: At most; None when it does not say.
        kbit_s: At most; None when it does not say.
        sound: Codec of its sound, empty without.
        turns: Whether a motor belongs to it.
        analyses: Whether the device itself looks at it.
        url: Of the stream, without user and password; empty until asked, and when there is none that may be used.
        still_url: Of single pictures, likewise.
    """

    token: str
    name: str
    source: str
    codec: str = ""
    width: int = 0
    height: int = 0
    fps: float | None = None
    kbit_s: float | None = None
    sound: str = ""
    turns: bool = False
    analyses: bool = False
    url: str = ""
    still_url: str = ""

    @property
    def pixels(self) -> int:
        """How large its picture is."""
        return self.width * self.height

    @property
    def announced(self) -> str:
        """What it says of itself, in a few words."""
        parts = [self.codec, f"{self.width}x{self.height}" if self.pixels else ""]
        parts += [f"{self.fps:g} fps" if self.fps else "", f"{self.kbit_s:g} kbit/s" if self.kbit_s else ""]
        return " ".join(filter(None, parts))


def parse_profiles(answer: Node) -> tuple[Profile, ...]:
    """The answer to GetProfiles of either version; profiles without a token are left out."""
    found: dict[str, Profile] = {}
    for node in answer.all("Profiles"):
        token = node.attributes.get("token", "")
        if token and len(token) <= 64 and len(found) < _MOST_PROFILES:  # noqa: PLR2004 - as ONVIF has it
            found.setdefault(token, _profile(token, node))
    return tuple(found.values())


def parse_uri(answer: Node) -> str:
    """The address in the answer to GetStreamUri or GetSnapshotUri of either version, without user and password."""
    uri = answer.text_of("Uri") or answer.text_of("MediaUri", "Uri")
    if len(uri) > _MOST_URL or any(sign.isspace() or not sign.isprintable() for sign in uri):
        return ""
    if uri.partition("://")[0].lower() not in _SCHEMES:
        return ""
    try:
        return str(taken_apart({"url": uri})["url"])
    except ValueError:
        return ""


def lenses(profiles: Sequence[Profile]) -> tuple[tuple[Profile, Profile | None], ...]:
    """Of each lens the profile for its large stream, and the one for its small stream where one fits."""
    by_source: dict[str, list[Profile]] = {}
    for profile in profiles:
        by_source.setdefault(profile.source, []).append(profile)
    chosen = []
    for of_lens in by_source.values():
        main = max(of_lens, key=lambda each: (each.codec in {"h264", "hevc"}, each.pixels, each.fps or 0.0))
        small = [
            each
            for each in of_lens
            if each is not main and each.codec in {"h264", "hevc"} and each.width in _SUB_WIDTHS
            if each.pixels < main.pixels
        ]
        chosen.append((main, min(small, key=lambda each: abs(each.width - _SUB_WIDTH), default=None)))
    return tuple(chosen)


async def ask_profiles(session: Session) -> tuple[Profile, ...]:
    """The profiles of a device.

    Raises:
        AskingError: It does not say.
    """
    second = await session.service(MEDIA_2)
    if second is not None:
        body = f'<m:GetProfiles xmlns:m="{MEDIA_2}"><m:Type>All</m:Type></m:GetProfiles>'
        try:
            found = parse_profiles(await session.ask(second, Question(body, f"{MEDIA_2}/GetProfiles")))
        except AskingError as error:
            if error.problem is Problem.WRONG_PASSWORD:
                raise
            found = ()
        if found:
            return found
    first = await session.service(MEDIA)
    if first is None:
        raise AskingError(Problem.UNSUPPORTED, "it has no media service")
    return parse_profiles(
        await session.ask(first, Question(f'<m:GetProfiles xmlns:m="{MEDIA}"/>', f"{MEDIA}/GetProfiles"))
    )


async def ask_stream(session: Session, profile: Profile) -> Profile:
    """The profile with the address of its stream.

    Raises:
        AskingError: It has none.
    """
    token = escape(profile.token)
    url = ""
    second = await session.service(MEDIA_2)
    if second is not None:
        body = (
            f'<m:GetStreamUri xmlns:m="{MEDIA_2}"><m:Protocol>RTSP</m:Protocol>'
            f"<m:ProfileToken>{token}</m:ProfileToken></m:GetStreamUri>"
        )
        try:
            url = parse_uri(await session.ask(second, Question(body, f"{MEDIA_2}/GetStreamUri")))
        except AskingError as error:
            if error.problem is Problem.WRONG_PASSWORD:
                raise
    first = await session.service(MEDIA)
    if not url and first is not None:
        body = (
            f'<m:GetStreamUri xmlns:m="{MEDIA}" xmlns:t="{SCHEMA}"><m:StreamSetup><t:Stream>RTP-Unicast</t:Stream>'
            "<t:Transport><t:Protocol>RTSP</t:Protocol></t:Transport></m:StreamSetup>"
            f"<m:ProfileToken>{token}</m:ProfileToken></m:GetStreamUri>"
        )
        url = parse_uri(await session.ask(first, Question(body, f"{MEDIA}/GetStreamUri")))
    if not url:
        raise AskingError(Problem.NO_VIDEO, f"no address for profile {profile.token}")
    return replace(profile, url=url)


async def ask_still(session: Session, profile: Profile) -> Profile:
    """The profile with the address of its single pictures, where the device has such."""
    for space in (MEDIA_2, MEDIA):
        url = await session.service(space)
        if url is None:
            continue
        body = (
            f'<m:GetSnapshotUri xmlns:m="{space}"><m:ProfileToken>{escape(profile.token)}</m:ProfileToken>'
            "</m:GetSnapshotUri>"
        )
        try:
            found = parse_uri(await session.ask(url, Question(body, f"{space}/GetSnapshotUri")))
        except AskingError:
            continue
        if found:
            return replace(profile, still_url=found)
    return profile


def _profile(token: str, node: Node) -> Profile:
    """Of either version: the second has its configurations one level further down, under shorter names."""
    inside = node.find("Configurations") or node
    video = inside.find("VideoEncoderConfiguration") or inside.find("VideoEncoder") or Node("")
    source = inside.find("VideoSourceConfiguration") or inside.find("VideoSource") or Node("")
    sound = inside.find("AudioEncoderConfiguration") or inside.find("AudioEncoder") or Node("")
    size, rate = video.find("Resolution") or Node(""), video.find("RateControl") or Node("")
    encoding = video.text_of("Encoding").upper()
    turns = inside.find("PTZConfiguration") or inside.find("PTZ")
    analyses = inside.find("VideoAnalyticsConfiguration") or inside.find("Analytics")
    return Profile(
        token=token,
        name=plain(node.text_of("Name")),
        source=plain(source.text_of("SourceToken")),
        codec=_CODECS.get(encoding, plain(encoding.lower(), most=16)),
        width=_pixels(size.text_of("Width")),
        height=_pixels(size.text_of("Height")),
        fps=_number(rate.text_of("FrameRateLimit"), most=_MOST_FPS),
        kbit_s=_number(rate.text_of("BitrateLimit"), most=1e6),
        sound=plain(sound.text_of("Encoding").lower(), most=16),
        turns=turns is not None,
        analyses=analyses is not None,
    )


def _pixels(text: str) -> int:
    value = _number(text, most=_MOST_PIXELS)
    return 0 if value is None else int(value)


def _number(text: str, *, most: float) -> float | None:
    try:
        value = float(text[:32])
    except ValueError:
        return None
    return value if math.isfinite(value) and 0 < value <= most else None
