"""Probing: what a camera really gives, by its host, its ONVIF address or the address of one stream."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from urllib.parse import SplitResult, urlsplit

from cameras.onvif.media import Profile
from cameras.onvif.session import Access
from cameras.reaching import AskingError, Problem
from cameras.setting_up.advice import channel_advice, clock_advice
from cameras.setting_up.asking import said
from cameras.setting_up.onvif_look import PATH, Lens, Looked, clock_of, find_service, look
from cameras.setting_up.watching import Means, strange_stream, watch
from cameras.setting_up.words import Addresses, Channel, Device, Probe, Probed, ProbedStream, Progress, Said
from config.community import Stream
from config.url_credentials import shown, taken_apart

_STREAMS_AT_ONCE = 4
_MOST_WATCHED = 16
"""Lenses whose streams are opened; a recorder of more is watched in part, which is said."""

_RTSP = ("rtsp", "rtsps")
_WEB = ("http", "https")
_RTSP_PORT = 554

Tell = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is to be probed, taken apart.

    Attributes:
        parts: Of the address, None of a host alone.
        host: Which.
        port: As written, None without.
        shown: For people.
        username: User.
        password: Its password.
        insecure: Whether any certificate of its streams is taken.
    """

    parts: SplitResult | None
    host: str
    port: int | None
    shown: str
    username: str | None
    password: str | None
    insecure: bool

    @property
    def is_onvif(self) -> bool:
        """Whether it is the address of an ONVIF service, or of a host of which more has to be found out."""
        if self.parts is None:
            return True
        path = self.parts.path.lower()
        return self.parts.scheme in _WEB and (path in ("", "/") or "onvif" in path or path.endswith("device_service"))

    @property
    def url(self) -> str:
        """The address, without user and password."""
        return "" if self.parts is None else self.parts.geturl()

    def stream(self, url: str) -> Stream:
        """A stream at this camera, with its user; one at another host is nobody's business but its own."""
        return strange_stream(url, self.username, self.password, insecure=self.insecure)


def probe(asked: Probe, means: Means, tell: Tell) -> Probed:
    """What a camera really gives.

    Raises:
        AskingError: Nothing of it can be said.
    """
    taken = _taken(asked)
    if taken.is_onvif:
        return _by_onvif(taken, asked, means, tell)
    tell(_step("watching", "正在打开视频流", "Opening the stream", 0, 2))
    main = watch(taken.stream(taken.url), means, seconds=asked.seconds)
    if main.problem is not None:
        raise AskingError(Problem(main.problem.word), main.problem.detail)
    tell(_step("asking", "正在询问时钟", "Asking for its clock", 1, 2))
    return _with_clock(taken, main, means)


def _with_clock(taken: _Asked, main: ProbedStream, means: Means) -> Probed:
    """A stream by its address; ONVIF at the usual place tells of the clock besides."""
    fits, advice = channel_advice(main, None)
    written = f"[{taken.host}]" if ":" in taken.host else taken.host
    url = f"http://{written}{PATH}"
    offset_s = clock_of(url, means.allowed, means.clock)
    offset_s = None if offset_s is None else round(offset_s, 1)
    return Probed(
        address=taken.shown,
        channels=(Channel("", main, None, fits, advice),),
        onvif_url=None if offset_s is None else url,
        clock_offset_s=offset_s,
        notes=tuple(clock_advice(offset_s)),
        addresses=(Addresses(taken.url),),
    )


def _by_onvif(taken: _Asked, asked: Probe, means: Means, tell: Tell) -> Probed:
    tell(_step("asking", "正在询问设备", "Asking the device", 0, 2))
    url = taken.url
    if taken.parts is None:
        try:
            url = find_service(taken.host, taken.port, means.allowed, means.clock)
        except AskingError as error:
            raise _of_host(taken, error, means) from None
    elif taken.parts.path in ("", "/"):
        url = taken.parts._replace(path=PATH).geturl()
    looked = look(Access(url, taken.username, taken.password), means.allowed, means.clock)
    tell(_step("watching", "正在打开视频流", "Opening its streams", 1, 2))
    found = sorted(
        zip(_channels(looked, taken, asked.seconds, means), map(_addresses, looked.lenses), strict=False),
        key=lambda each: -each[0].main.width * each[0].main.height,
    )
    notes = [*clock_advice(looked.offset_s), *_elsewhere(looked.elsewhere)]
    left = looked.more_lenses + max(0, len(looked.lenses) - _MOST_WATCHED)
    if left:
        notes.append(
            Said("not_watched", f"还有 {left} 个通道没有打开检查", f"{left} more channels were not opened to look at")
        )
    information = looked.information
    return Probed(
        address=taken.shown,
        channels=tuple(channel for channel, _ in found),
        onvif_url=shown(url),
        device=Device(information.manufacturer, information.model, information.firmware, information.serial),
        clock_offset_s=looked.offset_s,
        events=looked.events,
        notes=tuple(notes),
        addresses=tuple(addresses for _, addresses in found),
    )


def _addresses(lens: Lens) -> Addresses:
    return Addresses(lens.main.url, None if lens.sub is None else lens.sub.url)


def _of_host(taken: _Asked, error: AskingError, means: Means) -> AskingError:
    """A host that speaks no ONVIF: whether it is a camera all the same."""
    stream = watch(taken.stream(f"rtsp://{taken.host}:{_RTSP_PORT}/"), means, seconds=0.0)
    if stream.problem is None or stream.problem.word in _IS_RTSP:
        return AskingError(Problem.UNSUPPORTED, "RTSP answers, ONVIF does not: write the address of its stream")
    return error


_IS_RTSP = frozenset({Problem.WRONG_PASSWORD, Problem.WRONG_PATH, Problem.NO_VIDEO, Problem.REFUSED})


def _channels(looked: Looked, taken: _Asked, seconds: float, means: Means) -> list[Channel]:
    wanted: list[tuple[Lens, Profile]] = []
    for lens in looked.lenses[:_MOST_WATCHED]:
        wanted += [(lens, profile) for profile in (lens.main, lens.sub) if profile is not None]

    def one(wish: tuple[Lens, Profile]) -> ProbedStream:
        return _watched(wish[1], taken, seconds, means)

    with ThreadPoolExecutor(_STREAMS_AT_ONCE, thread_name_prefix="watch") as pool:
        seen = {id(profile): stream for (_, profile), stream in zip(wanted, pool.map(one, wanted), strict=True)}
    channels = []
    for lens in looked.lenses[:_MOST_WATCHED]:
        main = seen[id(lens.main)]
        sub = None if lens.sub is None else seen[id(lens.sub)]
        fits, advice = channel_advice(main, sub)
        channels.append(
            Channel(
                name=lens.main.name,
                main=main,
                sub=sub,
                fits=fits,
                advice=advice,
                still_url=lens.main.still_url or None,
                turns=lens.ptz_profile is not None,
                ptz_profile=lens.ptz_profile,
            )
        )
    return channels


def _watched(profile: Profile, taken: _Asked, seconds: float, means: Means) -> ProbedStream:
    """A profile's stream; at another host it is opened without the password, and where that is allowed alone."""
    if not profile.url:
        found = ProbedStream(url="", problem=said(Problem.NO_VIDEO, "the device gives no address for it"))
    else:
        stream = taken.stream(profile.url)
        elsewhere = urlsplit(profile.url).hostname != taken.host
        if elsewhere:
            stream = stream.model_copy(update={"username": None, "password": None})
        found = watch(stream, means, seconds=seconds)
        if elsewhere:
            found = replace(found, notes=(*found.notes, *_elsewhere((profile.url,))))
    return replace(found, name=profile.name, profile=profile.token, announced=profile.announced)


def _elsewhere(urls: Sequence[str]) -> tuple[Said, ...]:
    if not urls:
        return ()
    return (
        Said(
            "another_host",
            "设备给出的地址指向另一台主机，没有用你的密码访问它",
            "The device gives addresses that lead to another host; your password was not taken there",
            ", ".join(shown(url) for url in urls)[:300],
        ),
    )


def _taken(asked: Probe) -> _Asked:
    """The address apart, its credentials out of it.

    Raises:
        AskingError: It is none.
    """
    text = asked.address.strip()
    username, password = asked.username, asked.password
    wrong = AskingError(Problem.BAD_ADDRESS, shown(text.rpartition("@")[2])[:120])
    if any(sign.isspace() or not sign.isprintable() for sign in text) or not 0 < len(text) <= 2048:  # noqa: PLR2004
        raise wrong
    try:
        is_whole = "://" in text
        apart = taken_apart({"url": text if is_whole else f"http://{_bracketed(text)}", "username": None})
        parts = urlsplit(str(apart["url"]))
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise wrong from None
    if not host or port == 0 or parts.scheme not in (*_RTSP, *_WEB) or (not is_whole and parts.path):
        raise wrong
    if apart.get("username") is not None or apart.get("password") is not None:
        username, password = apart.get("username"), apart.get("password")
    left = parts if is_whole else None
    told = shown(parts.geturl() if is_whole else parts.netloc)
    return _Asked(left, host, port, told, username, password, asked.insecure)


def _bracketed(text: str) -> str:
    """A host as it stands in a URL."""
    try:
        return f"[{ipaddress.IPv6Address(text)}]"
    except ValueError:
        return text


def _step(word: str, zh: str, en: str, done: int, of: int) -> Progress:  # noqa: PLR0917 - as a Progress has them
    return Progress(Said(word, zh, en), done, of)
