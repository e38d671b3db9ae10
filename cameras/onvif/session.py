"""Sessions: a device and its user, asked one question after another.

A device proves nothing and is asked to prove nothing; the user proves to know the password in the way the device wants
(WS-UsernameToken or HTTP digest) and never says it. The token is stamped with the device's own time, so that a camera
whose clock is wrong locks nobody out. A wrong password is tried twice at most, for cameras lock their door after a few.
Whatever address a device gives, its services are asked where the device itself is.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from cameras.onvif.answers import Node
from cameras.onvif.device import DEVICE, SYSTEM_TIME, parse_services, parse_system_time
from cameras.onvif.digest import Challenge, authorization, strongest
from cameras.onvif.envelope import Token, envelope, parse_answer
from cameras.onvif.exchange import Exchange, Line, Reply, split_address
from cameras.reaching import AskingError, Problem
from hub.clock import Clock

_UNAUTHORIZED = 401
_FORBIDDEN = 403
_NOT_FOUND = frozenset({404, 405, 410, 501})
_REDIRECTS = range(300, 400)
_BUSY = frozenset({429, 503})
_OK = 200
_ASKED_LATELY_S = 30.0
_OTHER_TIME_S = 2.0
_MAY_BE_FAULTS = frozenset({_OK, 400, _UNAUTHORIZED, _FORBIDDEN, 500})


@dataclass(frozen=True, slots=True)
class Access:
    """Where a device is, and as whom it is asked.

    Attributes:
        url: Of its device service.
        username: None asks as nobody.
        password: Of that user.
    """

    url: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Question:
    """A question.

    Attributes:
        body: XML, texts escaped.
        action: What it asks for, with its namespace.
        to: Where a subscription is; adds addressing.
        echoed: What that one wants back.
        timeout_s: Longest wait; None as the session has it.
    """

    body: str
    action: str
    to: str | None = None
    echoed: Sequence[Node] = ()
    timeout_s: float | None = None


class Session:
    """One device. Questions may be asked side by side, in one loop.

    Attributes:
        offset_s: How far the device's clock is ahead of ours; None until it was asked, and when it does not say.
        elsewhere: Addresses of its services that it gave and that lead to another host; never followed.
    """

    def __init__(
        self, access: Access, exchange: Exchange, clock: Clock, *, timeout_s: float = 5.0, keeps: bool = False
    ) -> None:
        """Prepare; one that `keeps` its connection between two questions is to be closed.

        Raises:
            AskingError: The URL is none.
        """
        split_address(access.url)
        self.access = access
        self._exchange = exchange
        self._clock = clock
        self._timeout_s = timeout_s
        self._line = Line() if keeps else None
        self._challenge: Challenge | None = None
        self._count = 0
        self._services: dict[str, str] | None = None
        self._is_synchronised = False
        self._synchronised_s = 0.0
        self.offset_s: float | None = None
        self.elsewhere: tuple[str, ...] = ()

    def close(self) -> None:
        """Keep no connection, now and later."""
        if self._line is not None:
            self._line.close()

    async def ask(self, url: str, question: Question) -> Node:
        """The answer to a question, as the user.

        Raises:
            AskingError: There is none.
        """
        if self.access.username is None:
            return _read(await self._post(url, question))
        await self.synchronise()
        if self._challenge is not None:
            return await self._with_digest(url, question, self._challenge, is_fresh=False)
        reply = await self._post(url, question, token=self._token())
        challenge = strongest(reply.header("www-authenticate")) if reply.status == _UNAUTHORIZED else None
        if challenge is not None:
            return await self._with_digest(url, question, challenge, is_fresh=True)
        try:
            return _read(reply)
        except AskingError as error:
            if error.problem is not Problem.WRONG_PASSWORD or not await self._has_another_time():
                raise
        return _read(await self._post(url, question, token=self._token()))

    async def ask_openly(self, url: str, question: Question) -> Node:
        """The answer to a question that needs no user.

        Raises:
            AskingError: There is none.
        """
        return _read(await self._post(url, question))

    async def synchronise(self) -> None:
        """Learn the device's time, once; one that does not say it is taken to be right.

        Raises:
            AskingError: Nobody is there.
        """
        if self._is_synchronised:
            return
        question = Question(SYSTEM_TIME, f"{DEVICE}/GetSystemDateAndTime")
        reply = await self._post(self.access.url, question)
        told: datetime | None = None
        try:
            told = parse_system_time(_read(reply))
        except AskingError as error:
            if error.problem in (Problem.NOT_A_CAMERA, Problem.WRONG_PATH, Problem.REDIRECTED):
                raise
        if told is None:
            told = _date_of(reply)
        self.offset_s = None if told is None else (told - self._clock.now()).total_seconds()
        self._is_synchronised = True
        self._synchronised_s = self._clock.monotonic_s()

    async def _has_another_time(self) -> bool:
        """Whether its clock was set since it was asked: then a token that it refused may have been too old alone."""
        if self._clock.monotonic_s() - self._synchronised_s < _ASKED_LATELY_S:
            return False
        before, self._is_synchronised = self.offset_s or 0.0, False
        await self.synchronise()
        return abs((self.offset_s or 0.0) - before) > _OTHER_TIME_S

    async def service(self, space: str) -> str | None:
        """Address of the service with a namespace, at the device's own host; None when it has no such.

        Raises:
            AskingError: The device does not say which it has.
        """
        if self._services is None:
            found = await self._ask_services()
            # The services lie where the device is, whatever it says: behind a router it does not know its address.
            self.elsewhere = tuple(dict.fromkeys(url for url in found.values() if not self.is_here(url)))[:8]
            self._services = {name: self.here(url) for name, url in found.items()}
        return self._services.get(space)

    async def _ask_services(self) -> dict[str, str]:
        url = self.access.url
        try:
            body = f'<d:GetServices xmlns:d="{DEVICE}"><d:IncludeCapability>false</d:IncludeCapability></d:GetServices>'
            return parse_services(await self.ask(url, Question(body, f"{DEVICE}/GetServices")))
        except AskingError as error:
            if error.problem not in (Problem.UNSUPPORTED, Problem.REFUSED, Problem.WRONG_PATH):
                raise
        body = f'<d:GetCapabilities xmlns:d="{DEVICE}"><d:Category>All</d:Category></d:GetCapabilities>'
        return parse_services(await self.ask(url, Question(body, f"{DEVICE}/GetCapabilities")))

    def is_here(self, url: str) -> bool:
        """Whether an address leads to the device's own host."""
        try:
            return split_address(url).hostname == urlsplit(self.access.url).hostname
        except AskingError:
            return False

    def here(self, url: str) -> str:
        """An address that a device gave, at the device's own host: its path, and its port where the host is its own.

        A device that is asked over https is asked nothing over http, whatever it says.
        """
        device = urlsplit(self.access.url)
        try:
            parts = split_address(url)
        except AskingError:
            return self.access.url
        own = parts.hostname == device.hostname and (parts.scheme == "https" or device.scheme == "http")
        scheme, netloc = (parts.scheme, parts.netloc.rpartition("@")[2]) if own else (device.scheme, device.netloc)
        return parts._replace(scheme=scheme, netloc=netloc, fragment="").geturl()

    async def _with_digest(self, url: str, question: Question, challenge: Challenge, *, is_fresh: bool) -> Node:
        reply = await self._post(url, question, challenge=challenge)
        if reply.status == _UNAUTHORIZED:
            following = strongest(reply.header("www-authenticate"))
            if following is not None and (following.stale or not is_fresh):
                # The nonce was used up; the password may be as good as before.
                reply = await self._post(url, question, challenge=following)
                challenge = following
        if reply.status == _UNAUTHORIZED:
            self._challenge = None
        elif challenge is not self._challenge:
            self._challenge = replace(challenge, stale=False)
        return _read(reply)

    async def _post(
        self, url: str, question: Question, *, token: Token | None = None, challenge: Challenge | None = None
    ) -> Reply:
        data = envelope(question.body, token=token, to=question.to, action=question.action, echoed=question.echoed)
        headers = {"content-type": f'application/soap+xml; charset=utf-8; action="{question.action}"'}
        if challenge is not None:
            self._count = self._count + 1 if challenge is self._challenge else 1
            headers["authorization"] = authorization(
                challenge,
                username=self.access.username or "",
                password=self.access.password or "",
                url=url,
                count=self._count,
                client_nonce=secrets.token_hex(8),
            )
        timeout_s = self._timeout_s if question.timeout_s is None else question.timeout_s
        return await self._exchange.post(url, data, headers=headers, timeout_s=timeout_s, line=self._line)

    def _token(self) -> Token:
        created = self._clock.now() + timedelta(seconds=self.offset_s or 0.0)
        return Token.of(
            self.access.username or "", self.access.password or "", nonce=secrets.token_bytes(16), created=created
        )


def _read(reply: Reply) -> Node:
    """What a reply says.

    Raises:
        AskingError: A refusal, or no answer of an ONVIF service.
    """
    if reply.status in _REDIRECTS:
        target = next(iter(reply.header("location")), "")
        raise AskingError(Problem.REDIRECTED, target[:200])
    if reply.status in _NOT_FOUND:
        raise AskingError(Problem.WRONG_PATH, f"HTTP {reply.status}")
    if reply.status in _BUSY:
        raise AskingError(Problem.TOO_MANY_SESSIONS, f"HTTP {reply.status}")
    refused = reply.status in (_UNAUTHORIZED, _FORBIDDEN)
    if refused or reply.status not in _MAY_BE_FAULTS:
        if refused:
            raise AskingError(Problem.WRONG_PASSWORD, f"HTTP {reply.status}")
        raise AskingError(Problem.REFUSED, f"HTTP {reply.status}")
    if any(value.lower() not in ("", "identity") for value in reply.header("content-encoding")):
        raise AskingError(Problem.BROKE, "a packed answer, which was not asked for")
    return parse_answer(reply.body)


def _date_of(reply: Reply) -> datetime | None:
    for value in reply.header("date"):
        try:
            told = parsedate_to_datetime(value[:64])
        except ValueError:
            continue
        return told if told.tzinfo is not None else told.replace(tzinfo=UTC)
    return None
