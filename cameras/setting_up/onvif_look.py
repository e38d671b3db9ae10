"""Looking over ONVIF: what a device says of itself and of its streams, for the set-up process."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from cameras.onvif.device import DEVICE, EVENTS, INFORMATION, PTZ, Information, parse_information
from cameras.onvif.exchange import Exchange
from cameras.onvif.media import Profile, ask_profiles, ask_still, ask_stream, lenses
from cameras.onvif.session import Access, Question, Session
from cameras.reaching import AskingError, Problem
from hub.clock import Clock
from hub.networks import Allowed

PORTS = (80, 8080, 8000, 8899, 2020, 5000)
"""Where cameras keep ONVIF, the usual one first."""

PATH = "/onvif/device_service"
MOST_LENSES = 64
_ANSWER_S = 6.0
_FIND_S = 4.0
_WORSE = (Problem.PORT_CLOSED, Problem.NO_ROUTE, Problem.TIMED_OUT, Problem.BROKE)


@dataclass(frozen=True, slots=True)
class Lens:
    """One lens, as the device announces it.

    Attributes:
        main: Profile of the large stream, with its address.
        sub: Of the small one.
        ptz_profile: By which profile it is turned; None when it is not.
    """

    main: Profile
    sub: Profile | None
    ptz_profile: str | None


@dataclass(frozen=True, slots=True)
class Looked:
    """What a device says.

    Attributes:
        url: Of its device service.
        information: Who it is.
        offset_s: How far its clock is ahead, None when it does not say.
        lenses: Those it has.
        more_lenses: How many beyond those that are listed.
        events: Whether it tells what it notices.
        elsewhere: Addresses of its services at another host, which were not followed.
    """

    url: str
    information: Information
    offset_s: float | None
    lenses: tuple[Lens, ...]
    more_lenses: int
    events: bool
    elsewhere: tuple[str, ...]


def look(access: Access, allowed: Allowed, clock: Clock) -> Looked:
    """Ask a device for all of it.

    Raises:
        AskingError: It does not say.
    """
    return asyncio.run(_look(access, allowed, clock))


def clock_of(url: str, allowed: Allowed, clock: Clock) -> float | None:
    """How far the clock of a device is ahead; it needs no user. None when there is no ONVIF, or it does not say."""

    async def ask() -> float | None:
        session = Session(Access(url), Exchange(allowed), clock, timeout_s=_FIND_S)
        await session.synchronise()
        return session.offset_s

    try:
        return asyncio.run(ask())
    except AskingError:
        return None


def find_service(host: str, port: int | None, allowed: Allowed, clock: Clock) -> str:
    """The address of the device service of a host.

    Raises:
        AskingError: There is none; what the most talkative port said.
    """
    return asyncio.run(_find(host, (port,) if port else PORTS, allowed, clock))


async def _find(host: str, ports: tuple[int, ...], allowed: Allowed, clock: Clock) -> str:
    written = f"[{host}]" if ":" in host else host
    exchange = Exchange(allowed)

    async def one(port: int) -> str:
        url = f"http://{written}{'' if port == 80 else f':{port}'}{PATH}"  # noqa: PLR2004 - that of HTTP
        await Session(Access(url), exchange, clock, timeout_s=_FIND_S).synchronise()
        return url

    answers = await asyncio.gather(*(one(port) for port in ports), return_exceptions=True)
    errors = []
    for answer in answers:
        if isinstance(answer, str):
            return answer
        if not isinstance(answer, AskingError):
            raise answer
        errors.append(answer)
    raise max(errors, key=lambda error: (error.problem not in _WORSE, error.problem is Problem.PORT_CLOSED))


async def _look(access: Access, allowed: Allowed, clock: Clock) -> Looked:
    session = Session(access, Exchange(allowed), clock, timeout_s=_ANSWER_S)
    question = Question(INFORMATION, f"{DEVICE}/GetDeviceInformation")
    information = parse_information(await session.ask(access.url, question))
    chosen = lenses(await ask_profiles(session))
    has_motors = await session.service(PTZ) is not None
    found = []
    for main, sub in chosen[:MOST_LENSES]:
        turning = next((each.token for each in (main, sub) if each is not None and each.turns), None)
        full = await ask_still(session, await _with_stream(session, main))
        small = None if sub is None else await _with_stream(session, sub)
        found.append(Lens(full, small, turning if has_motors else None))
    return Looked(
        url=access.url,
        information=information,
        offset_s=None if session.offset_s is None else round(session.offset_s, 1),
        lenses=tuple(found),
        more_lenses=len(chosen) - len(found),
        events=await session.service(EVENTS) is not None,
        elsewhere=session.elsewhere,
    )


async def _with_stream(session: Session, profile: Profile) -> Profile:
    try:
        return await ask_stream(session, profile)
    except AskingError as error:
        if error.problem is Problem.WRONG_PASSWORD:
            raise
        return replace(profile, url="")
