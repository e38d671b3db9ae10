"""Conversation: what is said to a camera until it sends, and what is said meanwhile so that it goes on (RFC 2326).

Holds no socket: it is given answers and gives requests, one at a time. What it is told by a camera is believed only as
far as it can be checked; it never says user and password unless it was asked for them.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from cameras.errors import SourceError, SourceProblem, UnfitError
from cameras.streams.rtsp.login import Login
from cameras.streams.rtsp.messages import Message
from cameras.streams.rtsp.sdp import Described, SoundTrack, VideoTrack, read_sdp

_AGENT = "community-hub"
_USUAL_TIMEOUT_S = 60
_LONGEST_TIMEOUT_S = 3600
_LEAST_S, _MOST_S = 2.0, 30.0
"""Between two signs of life, which are due after half of what the camera waits."""
_MOST_SESSION = 256
_MOST_URL = 4096
_OK, _UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _NO_SESSION = 200, 401, 403, 404, 454
_MOST_CHANNEL = 255


class RedirectedError(Exception):
    """The camera is at another address, it says.

    Attributes:
        url: Which.
    """

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url


@dataclass(frozen=True, slots=True)
class SetUp:
    """A track that will be sent.

    Attributes:
        track: Which.
        channel: On which its packets come; its reports on the next.
        starts: Time of its clock at the start of all, as told when it began to play; None where that was not told.
    """

    track: VideoTrack | SoundTrack
    channel: int
    starts: int | None = None


@dataclass(frozen=True, slots=True)
class Playing:
    """What is being sent.

    Attributes:
        described: What the camera said there is.
        video: Always there.
        sound: None without.
    """

    described: Described
    video: SetUp
    sound: SetUp | None


class Conversation:
    """One session's talk.

    Attributes:
        playing: Set as soon as the camera sends.
        rest_s: Seconds between two signs of life.
        asks_for_sound: Whether its sound is being set up, or was: where that ends badly, it may go well without.
    """

    def __init__(self, url: str, login: Login, *, sound: bool) -> None:
        """Prepare.

        Args:
            url: Without user and password.
            login: What is told who asks for it.
            sound: Whether its sound is wanted.
        """
        self.playing: Playing | None = None
        self.rest_s = _USUAL_TIMEOUT_S / 2
        self.asks_for_sound = False
        self._url = url
        self._login = login
        self._sound = sound
        self._number = 0
        self._awaited = 0
        self._session = ""
        self._control = url
        self._alive_by = "GET_PARAMETER"
        self._talk = self._say()

    def begin(self) -> bytes:
        """The first request."""
        return next(self._talk)

    def answer(self, message: Message) -> bytes:
        """What to say to a message; nothing more once it plays, mostly.

        Raises:
            SourceError: The camera will not.
            UnfitError: This stream is for FFmpeg.
            RedirectedError: It is elsewhere.
        """
        if not message.status:
            return self._asked(message)
        said = message.get("cseq")
        if said and said != str(self._awaited):
            return b""  # of a request that was given up
        if self.playing is not None:
            return self._alive(message)
        try:
            return self._talk.send(message)
        except StopIteration:
            return b""

    def sign_of_life(self) -> bytes:
        """Keeps the session open at the camera."""
        return self._request(self._alive_by, self._control)

    def goodbye(self) -> bytes:
        """Ends the session; nothing where there is none."""
        return self._request("TEARDOWN", self._control) if self._session else b""

    def _asked(self, message: Message) -> bytes:
        """The camera itself wants something."""
        if message.reason == "REDIRECT":
            raise RedirectedError(message.get("location"))
        if message.reason == "TEARDOWN":
            raise SourceError(SourceProblem.ENDED, "the camera ended the session")
        number = message.get("cseq")[:16]
        word = "200 OK" if message.reason in {"OPTIONS", "GET_PARAMETER"} else "501 Not Implemented"
        return f"RTSP/1.0 {word}\r\nCSeq: {number}\r\n\r\n".encode()

    def _alive(self, message: Message) -> bytes:
        if message.status == _UNAUTHORIZED and self._login.challenged(message.every("www-authenticate")):
            return self.sign_of_life()
        if message.status == _NO_SESSION:
            raise SourceError(SourceProblem.BROKE, "the camera has forgotten the session")
        if message.status != _OK:
            self._alive_by = "OPTIONS"
        return b""

    def _say(self) -> Generator[bytes, Message, None]:
        answer = yield from self._ask("OPTIONS", self._url)
        if answer.status in {_FORBIDDEN, _NOT_FOUND} or 300 <= answer.status < 400:  # noqa: PLR2004 - redirections
            _check(answer)  # others are told by DESCRIBE: there are cameras that do not know what they are asked
        if (offered := answer.get("public")) and "GET_PARAMETER" not in offered.upper():
            self._alive_by = "OPTIONS"
        answer = yield from self._ask("DESCRIBE", self._url, "Accept: application/sdp")
        _check(answer)
        kind = answer.get("content-type").partition(";")[0].strip().lower()
        if not answer.body or kind not in {"application/sdp", ""}:
            raise SourceError(SourceProblem.NOT_VIDEO, "it describes nothing")
        described = read_sdp(answer.body)
        base = next((found for name in ("content-base", "content-location") if (found := answer.get(name))), self._url)
        self._control = _resolved(base, described.control)
        video = yield from self._set_up(base, described.video, 0)
        sound = None
        if self._sound and described.sound is not None:
            self.asks_for_sound = True
            sound = yield from self._set_up(base, described.sound, 2)
        if video is None:
            raise SourceError(SourceProblem.REFUSED, "it does not send its video over this connection")
        answer = yield from self._ask("PLAY", self._control, "Range: npt=0.000-")
        _check(answer)
        self._take_session(answer)
        self.playing = Playing(described, _started(video, answer, 0), sound and _started(sound, answer, 1))

    def _set_up(
        self, base: str, track: VideoTrack | SoundTrack, channel: int
    ) -> Generator[bytes, Message, SetUp | None]:
        """Set up a track; None where the camera has it and will not send it."""
        wanted = f"Transport: RTP/AVP/TCP;unicast;interleaved={channel}-{channel + 1}"
        answer = yield from self._ask("SETUP", _resolved(base, track.control), wanted)
        if isinstance(track, SoundTrack) and answer.status not in {_OK, _UNAUTHORIZED}:
            return None
        _check(answer)
        self._take_session(answer)
        transport = answer.get("transport").lower()
        if transport and "interleaved" not in transport:
            return None
        return SetUp(track, _channel(transport, channel))

    def _ask(self, method: str, url: str, *more: str) -> Generator[bytes, Message, Message]:
        """Say something, once more with user and password where they are asked for."""
        answer = yield self._request(method, url, more)
        for _ in range(2):
            if answer.status != _UNAUTHORIZED or not self._login.challenged(answer.every("www-authenticate")):
                break
            answer = yield self._request(method, url, more)
        if answer.status == _OK:
            self._login.accepted()
        return answer

    def _request(self, method: str, url: str, more: Sequence[str] = ()) -> bytes:
        self._number += 1
        self._awaited = self._number
        lines = [f"{method} {url} RTSP/1.0", f"CSeq: {self._number}", f"User-Agent: {_AGENT}", *more]
        if self._session:
            lines.append(f"Session: {self._session}")
        if login := self._login.header(method, url):
            lines.append(f"Authorization: {login}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    def _take_session(self, answer: Message) -> None:
        name, *more = answer.get("session").split(";")
        if name.strip():
            self._session = name.strip()[:_MOST_SESSION]
        for part in more:
            key, _, value = part.strip().partition("=")
            if key.lower() == "timeout" and value.isascii() and value.isdigit() and len(value) < len("99999"):
                self.rest_s = min(_MOST_S, max(_LEAST_S, min(int(value), _LONGEST_TIMEOUT_S) / 2))


def _check(answer: Message) -> None:
    """Raise what an answer means that is no yes."""
    status, words = answer.status, f"{answer.status} {answer.reason[:80]}".strip()
    if status == _OK:
        return
    if status in {_UNAUTHORIZED, _FORBIDDEN}:
        raise SourceError(SourceProblem.LOGIN_REFUSED, words)
    if status == _NOT_FOUND:
        raise SourceError(SourceProblem.NOT_FOUND, words)
    if 300 <= status < 400:  # noqa: PLR2004 - redirections
        raise RedirectedError(answer.get("location"))
    raise SourceError(SourceProblem.REFUSED, words)


def _resolved(base: str, control: str) -> str:
    """Where something is, of a session or a track: as cameras mean it, which is not how RFC 3986 has it."""
    if not control or control == "*":
        found = base
    elif urlsplit(control).scheme.lower() in {"rtsp", "rtspu"}:
        found = control
    else:
        found = f"{base.rstrip('/')}/{control.lstrip('/')}"
    if len(found) > _MOST_URL or any(ord(character) <= ord(" ") or character == "\x7f" for character in found):
        raise UnfitError("it names its tracks in an unusual way")
    return found


def _channel(transport: str, asked: int) -> int:
    said = transport.partition("interleaved=")[2].partition(";")[0].partition("-")[0].strip()
    is_number = said.isascii() and said.isdigit() and len(said) <= len(str(_MOST_CHANNEL))
    return int(said) if is_number and int(said) <= _MOST_CHANNEL else asked


def _started(set_up: SetUp, answer: Message, place: int) -> SetUp:
    """With the time at which its track begins (`RTP-Info`): by its address, else by its place."""
    told = [
        {key.strip().lower(): value.strip() for key, _, value in (item.partition("=") for item in part.split(";"))}
        for part in answer.get("rtp-info").split(",")
    ]
    control = set_up.track.control
    named = [part for part in told if control and part.get("url", "").rstrip("/").endswith(control.rstrip("/"))]
    found = named[0] if len(named) == 1 else told[place] if place < len(told) else {}
    said = found.get("rtptime", "")
    starts = int(said) if said.isascii() and said.isdigit() and len(said) <= len(str(1 << 32)) else None
    return SetUp(set_up.track, set_up.channel, starts)
