"""Setting cameras up: looking for them, trying them, and a picture of one that is not saved yet.

For who may add devices, in the networks that the settings allow, and so often: who guesses passwords of cameras or
looks through networks is slowed down. Passwords go in and never come out; what was tried is audited by its host alone.
One request runs as long as it takes, at most some minutes, and ends when whoever asked leaves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import SecretStr

from api.access.auditing import note
from api.access.auth import needs
from api.access.limits import Kind
from api.access.reaching import reach_of, reached_camera
from api.errors import ForbiddenError, TrialFailedError
from api.onboarding.attending import attended
from api.onboarding.foreign import hosts_of, refuse_foreign
from api.onboarding.judging import host_of, judged
from api.parts import Here, Parts
from api.schemas.setting_up import (
    DiscoverBody,
    DiscoverView,
    FoundCameraView,
    ProbeBody,
    ProbeView,
    SaidView,
    TrialStillBody,
)
from cameras.setting_up.words import Answer, Channel, Discover, Discovered, Failed, Pictured, Probe, Probed, TakeStill
from config.community import Camera, Stream
from config.errors import ConfigurationError
from config.load import parse
from hub.access import Permission, Principal
from hub.audit import Action, Outcome

router = APIRouter(prefix="/api/v1", tags=["setting up"])
Integrator = Annotated[Principal, Depends(needs(Permission.ADD_DEVICES))]


@router.post("/cameras/discover", summary="Look for cameras")
async def discover(here: Here, who: Integrator, request: Request, body: DiscoverBody) -> DiscoverView:
    """Ask for ONVIF cameras, on the networks of the hub and where else you say; answers when the search is over."""
    _somewhere(here, who)
    here.people.limits.take(Kind.PROBE, who.id)
    asked = Discover(tuple(body.networks), body.multicast, body.timeout_s, here.onboarding.allowed)
    note(request, Action.SETTING_UP, kind="camera", id="", did="discover", networks=body.networks[:16])
    answer = await attended(request, lambda is_gone: here.onboarding.setting_up.ask(asked, is_gone=is_gone))
    if not isinstance(answer, Discovered):
        problem, _ = judged(answer)
        return DiscoverView(items=[], problem=None if problem is None else SaidView.of(problem))
    known = _known_hosts(here, who)
    items = [
        FoundCameraView(
            endpoint=each.endpoint,
            host=each.host,
            onvif_url=each.onvif_url,
            name=each.name,
            model=each.model,
            location=each.location,
            cameras=known.get(each.host, []),
        )
        for each in answer.cameras
    ]
    return DiscoverView(items=items, notes=[SaidView.of(each) for each in answer.notes])


@router.post("/cameras/probe", summary="Try a camera")
async def probe(here: Here, who: Integrator, request: Request, body: ProbeBody) -> ProbeView:
    """What a camera really sends, whether it fits, what to set otherwise, and ready bodies for `POST /cameras`.

    That a camera does not answer is an answer like any other: `problem` says why.
    """
    _somewhere(here, who)
    here.people.limits.take(Kind.PROBE, who.id)
    address = body.url or body.host or ""
    asked = Probe(address, body.username, _plain(body.password), body.seconds, here.onboarding.allowed)
    note(request, Action.SETTING_UP, kind="camera", id="", did="probe", host=host_of(address))
    answer = await attended(request, lambda is_gone: here.onboarding.setting_up.ask(asked, is_gone=is_gone))
    if isinstance(answer, Probed):
        here.onboarding.named.note(who.id, answer)
    return _probed(answer, body)


@router.post("/cameras/{camera_id}/probe", summary="Try a camera as it is saved")
async def probe_saved(here: Here, who: Integrator, request: Request, camera_id: str) -> ProbeView:
    """As `POST /cameras/probe`, with the address and the password that the camera has."""
    camera = reached_camera(here, who, Permission.ADD_DEVICES, camera_id)
    here.people.limits.take(Kind.PROBE, who.id)
    asked = _saved_probe(camera, here.onboarding.allowed)
    note(request, Action.SETTING_UP, kind="camera", id=camera_id, did="probe")
    answer = await attended(request, lambda is_gone: here.onboarding.setting_up.ask(asked, is_gone=is_gone))
    return _probed(answer, None)


@router.post(
    "/cameras/try-still",
    summary="A picture of a camera that is not saved yet",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {}}}},
)
async def try_still(here: Here, who: Integrator, request: Request, body: TrialStillBody) -> Response:
    """One picture as JPEG, kept nowhere. Of an address that a camera has whose pictures are not for you: 404."""
    _somewhere(here, who)
    here.people.limits.take(Kind.PROBE, who.id)
    host = host_of(body.url)

    def work(is_gone: Callable[[], bool]) -> Answer:
        barred = refuse_foreign(here, who, body.url)
        password = _plain(body.password)
        asked = TakeStill(body.url, body.username, password, body.width_px, here.onboarding.allowed, barred)
        return here.onboarding.setting_up.ask(asked, is_gone=is_gone)

    note(request, Action.SETTING_UP, kind="camera", id="", did="still", host=host)
    answer = await attended(request, work)
    if isinstance(answer, Pictured):
        return Response(answer.jpeg, media_type="image/jpeg", headers={"Cache-Control": "no-store"})
    note(request, Action.SETTING_UP, kind="camera", id="", outcome=Outcome.FAILED, did="still", host=host)
    problem, _ = judged(answer)
    word, zh, en = ("failed", "", "") if problem is None else (problem.word, problem.zh, problem.en)
    raise TrialFailedError(word, zh=zh, en=en)


def _somewhere(here: Parts, who: Principal) -> None:
    """Refuse who may set up devices, and nowhere.

    Raises:
        ForbiddenError: His grants hold no place.
    """
    within = reach_of(here, who).within(Permission.ADD_DEVICES)
    if within is not None and not within.areas and not within.sites:
        raise ForbiddenError("you have no place where you may add devices")


def _known_hosts(here: Parts, who: Principal) -> dict[str, list[str]]:
    """The cameras that somebody knows of, by their hosts."""
    reach = reach_of(here, who)
    known: dict[str, list[str]] = defaultdict(list)
    for camera in here.revisions.current().cameras:
        if reach.allows(Permission.VIEW_CAMERAS, camera=camera.id, site=camera.site):
            for host in hosts_of(camera):
                known[host].append(camera.id)
    return known


def _plain(password: SecretStr | None) -> str | None:
    return None if password is None else password.get_secret_value()


def _saved_probe(camera: Camera, allowed: tuple[str, ...]) -> Probe:
    about = camera.onvif or camera.main
    password = None if about.password is None else about.password.reveal()
    return Probe(about.url, about.username, password, allowed=allowed, insecure=camera.main.insecure)


def _probed(answer: Answer, body: ProbeBody | None) -> ProbeView:
    problem, _ = judged(answer)
    said = None if problem is None else SaidView.of(problem)
    if isinstance(answer, Failed) or not isinstance(answer, Probed):
        return ProbeView(answers=False, problem=said)
    return ProbeView(
        answers=problem is None,
        problem=said,
        address=answer.address,
        device=answer.device,
        clock_offset_s=answer.clock_offset_s,
        events=answer.events,
        onvif_url=answer.onvif_url,
        onvif_problem=None if answer.onvif_problem is None else SaidView.of(answer.onvif_problem),
        channels=list(answer.channels),
        notes=[SaidView.of(each) for each in answer.notes],
        elsewhere=_elsewhere(answer),
        cameras=[]
        if body is None
        else [
            _body_of(number, channel, answer, body)
            for number, channel in enumerate(answer.channels, 1)
            if channel.main.problem is None
        ],
    )


def _body_of(number: int, channel: Channel, answer: Probed, body: ProbeBody) -> dict[str, Any]:
    """What to send to `POST /cameras`, without the password."""
    many = len(answer.channels) > 1
    host = host_of(answer.address).replace(".", "-").replace(":", "-") or "camera"
    own = body.id or f"cam-{host}"
    made: dict[str, Any] = {"id": f"{own}-{number}" if many else own, "site": body.site or ""}
    if channel.name:
        made["name"] = {"zh": channel.name, "en": channel.name}
    made["main"] = _stream_of(channel.main.url, answer, body)
    if channel.sub is not None and channel.sub.problem is None:
        made["sub"] = _stream_of(channel.sub.url, answer, body)
    if answer.onvif_url is not None:
        made["onvif"] = _stream_of(answer.onvif_url, answer, body)
        if channel.ptz_profile is not None:
            made["onvif"]["profile"] = channel.ptz_profile
    return made


def _elsewhere(answer: Probed) -> list[str]:
    """Addresses that a camera gave and that lead to another host than the one that was asked."""
    asked = host_of(answer.address)
    streams = [stream for channel in answer.channels for stream in (channel.main, channel.sub) if stream is not None]
    urls = [*(stream.url for stream in streams if stream.url), *([answer.onvif_url] if answer.onvif_url else [])]
    return list(dict.fromkeys(url for url in urls if host_of(url) != asked))


def _stream_of(url: str, answer: Probed, body: ProbeBody) -> dict[str, Any]:
    """An address with its user, also where that stood in the address that was tried; at another host it has none.

    What a camera names elsewhere may be anybody's: a user and a password beside it would be shown there.
    """
    if host_of(url) != host_of(answer.address):
        return {"url": url}
    username = body.username
    if username is None and body.url is not None and "@" in body.url:
        try:
            username = parse(Stream, {"url": body.url}, file=None).username
        except ConfigurationError:
            username = None
    return {"url": url} | ({} if username is None else {"username": username})
