"""Home: what residents decide for the cameras of their households, with whom they share them, and who watched.

Only who lives there decides. The room may break the glass: for a quarter of an hour, with a reason that the household
is told at once. What is not for somebody is not found.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from alerts.notices.outbox import GLASS
from alerts.store.connection import Connection
from alerts.store.journal import write_journal
from api import etags
from api.access.auditing import note
from api.access.auth import needs
from api.access.own_home import own_homes, own_household_camera
from api.access.reaching import pictures_of, reach_of, reached_camera
from api.errors import BadRequestError
from api.etags import IfMatch
from api.paging import Cursor, Limit, Page, decode_number, encode
from api.parts import Here, Parts
from api.schemas.home import (
    ConsentBody,
    ConsentHistory,
    ConsentView,
    GlassBody,
    GlassView,
    HomeCameraView,
    HomeView,
    MyHomesView,
    PersonView,
    ShareBody,
    SharedCameraView,
    ShareView,
    WatchedView,
)
from api.schemas.places import Text
from api.watched import LOOKS, folded
from config.community import Camera, Ring, Site
from hub.access import Permission, Principal, allows
from hub.audit import Action
from hub.consent import EVERYTHING, Consent
from hub.errors import ConflictError
from hub.events import time_to_text
from hub.reach import GrantKind
from hub.store.audit import Wanted
from hub.store.people.erasing import is_erased
from hub.store.people.glass import GlassBreak
from hub.store.people.shares import Share, Shares

router = APIRouter(prefix="/api/v1", tags=["home"])
Resident = Annotated[Principal, Depends(needs(Permission.DECIDE_CONSENT))]
Breaker = Annotated[Principal, Depends(needs(Permission.BREAK_GLASS))]
Sharer = Annotated[Principal, Depends(needs(Permission.DECIDE_CONSENT, Permission.VIEW_OWN_PICTURES))]

LONGEST_SHARE = timedelta(days=366)
_LEAST_REASON = 10


@router.get("/me/home", summary="Your home")
def home(here: Here, who: Sharer) -> MyHomesView:
    """Where you live, with its cameras, what was decided for them, who may see them, and what others share with you."""
    return MyHomesView(
        homes=[_home(here, who, site) for site in own_homes(here, who)],
        shared=_shared(here, who),
    )


@router.get("/cameras/{camera_id}/consent", summary="What a camera of your home is for")
def consent(here: Here, who: Resident, camera_id: str, response: Response) -> ConsentHistory:
    """What holds now, and every decision before; the ETag is what a change may name."""
    camera = own_household_camera(here, who, camera_id)
    now = _decision(here, camera)
    response.headers["ETag"] = etags.of_version(now.version)
    past = here.households.consents.history(camera.id, camera.site)
    return ConsentHistory(
        **_his(here, who, now).model_dump(),
        before=[
            ConsentView.of(each)
            for each in past
            if each != now and each.at is not None and is_of_his_time(here, who, camera.site, each.at)
        ],
    )


@router.put("/cameras/{camera_id}/consent", summary="Decide what a camera of your home is for")
def decide(
    *,
    here: Here,
    request: Request,
    who: Resident,
    camera_id: str,
    body: ConsentBody,
    response: Response,
    if_match: IfMatch = None,
) -> ConsentView:
    """It counts at once, for this camera alone. Everybody who lives there may decide; the newest decision holds."""
    camera = own_household_camera(here, who, camera_id)
    expected = etags.version(if_match)
    wanted = Consent(
        camera=camera.id,
        site=camera.site,
        analyse=body.analyse,
        watch=body.watch,
        keep_days=body.keep_days,
        account=who.id,
        author=who.name,
    )
    decided = here.households.decide(wanted, expected=expected)
    note(
        request,
        Action.CONSENT,
        kind="camera",
        id=camera.id,
        analyse=decided.analyse.value,
        watch=decided.watch.value,
        keep_days=decided.keep_days,
        version=decided.version,
    )
    response.headers["ETag"] = etags.of_version(decided.version)
    return ConsentView.of(decided)


@router.get("/cameras/{camera_id}/shares", summary="With whom a camera is shared")
def shares(here: Here, who: Resident, camera_id: str) -> Page[ShareView]:
    """Those that count now, the oldest first."""
    camera = own_household_camera(here, who, camera_id)
    return Page(items=[_share(each) for each in shares_of(here).of(camera.id, camera.site)])


@router.post("/cameras/{camera_id}/shares", summary="Share a camera of your home", status_code=201)
def share(
    *, here: Here, request: Request, who: Resident, camera_id: str, body: ShareBody, response: Response
) -> ShareView:
    """With an account, by its name, from now on.

    The answer is the same whether there is such an account or not: it counts if there is one now, and nothing is said
    to somebody who guesses. It shows pictures to residents; other roles see what their work allows and no more.
    """
    camera = own_household_camera(here, who, camera_id)
    now = here.clock.now()
    if body.until <= now:
        raise BadRequestError("body.until", "lies in the past")
    if body.until - now > LONGEST_SHARE:
        raise BadRequestError("body.until", "share for a year at most; it can be shared again then")
    wanted = Share(
        id="",
        camera=camera.id,
        site=camera.site,
        name=body.username,
        by=who.id,
        author=who.name,
        at=now,
        until=body.until,
        recordings=body.recordings,
    )
    made = shares_of(here).share(wanted)
    note(
        request,
        Action.SHARE,
        kind="camera",
        id=camera.id,
        name=made.name,
        until=time_to_text(made.until),
        recordings=made.recordings,
    )
    response.headers["Location"] = f"/api/v1/cameras/{camera.id}/shares/{made.id}"
    return _share(made)


@router.delete("/cameras/{camera_id}/shares/{share_id}", summary="Share it no more", status_code=204)
def end_share(*, here: Here, request: Request, who: Resident, camera_id: str, share_id: str) -> None:
    """It ends at once, live views within seconds. One that ended before stays as it is."""
    camera = own_household_camera(here, who, camera_id)
    ended = shares_of(here).end(share_id, camera.id, camera.site, by=who.name)
    note(request, Action.SHARE, kind="camera", id=camera.id, name=ended.name, ended=True)


@router.post("/cameras/{camera_id}/break-glass", summary="Look against a household's choice", status_code=201)
def break_glass(*, here: Here, request: Request, who: Breaker, camera_id: str, body: GlassBody) -> GlassView:
    """For a quarter of an hour, you alone: live, and what was recorded from a minute before.

    It is on record, and who lives there is told at once who looks and why, in your words.
    """
    camera = reached_camera(here, who, Permission.BREAK_GLASS, camera_id)
    reason = body.reason.strip()
    if len(reason) < _LEAST_REASON:
        raise BadRequestError("body.reason", f"say why in {_LEAST_REASON} letters or more; the household reads it")
    sight = here.households.sight()
    if sight.room(who, camera.id, camera.site) == EVERYTHING:
        raise ConflictError("the household lets you look already")
    note(request, Action.BREAK_GLASS, kind="camera", id=camera.id, reason=reason)
    people = sorted(sight.residents.get(camera.site, ()))
    made = here.households.glass.break_it(
        camera=camera.id,
        site=camera.site,
        account=who.id,
        author=who.name,
        reason=reason,
        tell=lambda connection, each: _entry(connection, each, "glass_broken", people),
        told=here.households.announce,
    )
    return _glass(made, here)


@router.delete("/cameras/{camera_id}/break-glass", summary="Look no more")
def close_glass(here: Here, request: Request, who: Breaker, camera_id: str) -> GlassView:
    """Before its time is over; the household is told."""
    camera = reached_camera(here, who, Permission.BREAK_GLASS, camera_id)
    note(request, Action.BREAK_GLASS, kind="camera", id=camera.id, ended=True)
    people = sorted(here.households.residents().get(camera.site, ()))
    ended = here.households.glass.end(
        camera.id,
        who.id,
        tell=lambda connection, each: _entry(connection, each, "glass_closed", people),
        told=here.households.announce,
    )
    return _glass(ended, here)


@router.get("/me/home/views", summary="Who watched at your home")
def home_views(here: Here, who: Resident, cursor: Cursor = None, limit: Limit = 200) -> Page[WatchedView]:
    """Everybody who saw something of the cameras of your home, the newest first, you included."""
    cameras = [
        camera.id
        for site in own_homes(here, who)
        if site.ring is Ring.HOUSEHOLD
        for camera in here.revisions.current().cameras
        if camera.site == site.id
    ]
    return _views(here, who, cameras, cursor=cursor, limit=limit)


@router.get("/cameras/{camera_id}/views", summary="Who watched a camera of your home")
def camera_views(
    *, here: Here, who: Resident, camera_id: str, cursor: Cursor = None, limit: Limit = 200
) -> Page[WatchedView]:
    """Everybody who saw something of it while it was at your home, the newest first, you included."""
    return _views(here, who, [own_household_camera(here, who, camera_id).id], cursor=cursor, limit=limit)


def shares_of(here: Parts) -> Shares:
    """The shares of a hub."""
    return Shares(here.households.database, here.clock, here.people.grants)


def is_of_his_time(here: Parts, who: Principal, site: str, moment: datetime) -> bool:
    """Whether something happened since somebody lives there; what was before belongs to who lived there then."""
    since = reach_of(here, who).home_since.get(site)
    return since is None or moment >= since


def _his(here: Parts, who: Principal, now: Consent) -> ConsentView:
    """What holds now; who decided it before somebody came is not for him."""
    view = ConsentView.of(now)
    his = now.at is None or is_of_his_time(here, who, now.site, now.at)
    return view if his else view.model_copy(update={"author": None, "at": None})


def _views(here: Parts, who: Principal, cameras: list[str], *, cursor: str | None, limit: int) -> Page[WatchedView]:
    sites = sorted(reach_of(here, who).homes)
    wanted = Wanted(sites=sites, actions=[each.value for each in LOOKS], outcome="done")
    found = here.audit.log.entries(wanted, before=decode_number(cursor), limit=limit + 1)
    erased = {each.id: each.username for each in here.accounts.list() if is_erased(each.username)}
    sight = here.households.sight()
    community = here.revisions.current()
    found_his = [each for each in found[:limit] if is_of_his_time(here, who, each.site or "", each.at)]
    seen = folded(found_his, erased=erased, cameras=cameras)
    return Page(
        items=[
            WatchedView(
                camera=each.camera,
                who=each.who,
                role=each.role,
                what=each.what,  # type: ignore[arg-type]  # one of LOOKS, as was asked for
                start=each.start,
                end=each.end,
                times=each.times,
                own=each.account == who.id,
                household=(camera := community.camera(each.camera)) is not None
                and sight.lives_at(each.who, camera.site),
                reason=each.reason,
            )
            for each in seen
        ],
        next=encode(str(found[limit - 1].number)) if len(found) > limit else None,
    )


def _home(here: Parts, who: Principal, site: Site) -> HomeView:
    community, sight = here.revisions.current(), here.households.sight()
    states = {each.camera: each.state.value for each in here.cameras.status()}
    is_household = site.ring is Ring.HOUSEHOLD
    cameras = [each for each in community.cameras if each.site == site.id] if allows(who, _OWN) else []
    return HomeView(
        site=site.id,
        name=Text.of(site.name),
        household=is_household,
        people=[
            PersonView(name=name, own=name == who.name) for name in sorted(sight.residents.get(site.id, frozenset()))
        ],
        cameras=[_camera(here, who, each, states.get(each.id, "connecting")) for each in cameras],
        glass=[
            _glass(each, here)
            for each in (here.households.glass.at(site.id) if is_household else ())
            if is_of_his_time(here, who, site.id, each.ends)
        ],
    )


_OWN = Permission.VIEW_OWN_PICTURES


def _camera(here: Parts, who: Principal, camera: Camera, state: str) -> HomeCameraView:
    there = here.households.current()
    running = there.camera(camera.id) or camera
    policy = there.policy_of(running)
    nobody = Principal("", "", who.role)
    shared = shares_of(here).of(camera.id, camera.site) if allows(who, Permission.DECIDE_CONSENT) else []
    return HomeCameraView(
        id=camera.id,
        name=Text.of(camera.name),
        state=state,
        consent=_his(here, who, _decision(here, camera)),
        keeps_days=policy.keep_days if policy.streams else 0,
        shares=[_share(each) for each in shared],
        watched=here.households.sight().room(nobody, camera.id, camera.site).live,
    )


def _shared(here: Parts, who: Principal) -> list[SharedCameraView]:
    community, pictures = here.revisions.current(), pictures_of(here, who)
    found = []
    for grant in reach_of(here, who).shares:
        camera = community.camera(grant.place) if grant.kind is GrantKind.CAMERA else None
        if camera is not None and pictures.live(camera):
            also = grant.permissions is None or _OWN in grant.permissions
            found.append(
                SharedCameraView(
                    id=camera.id, name=Text.of(camera.name), by=grant.given_by, until=grant.ends, recordings=also
                )
            )
    return found


def _decision(here: Parts, camera: Camera) -> Consent:
    decided = here.households.sight().decision(camera.id, camera.site)
    return Consent(camera.id, camera.site) if decided is None else decided


def _share(each: Share) -> ShareView:
    return ShareView(
        id=each.id, username=each.name, start=each.at, until=each.until, recordings=each.recordings, author=each.author
    )


def _glass(each: GlassBreak, here: Parts) -> GlassView:
    return GlassView(
        id=each.id,
        camera=each.camera,
        site=each.site,
        who=each.author,
        reason=each.reason,
        start=each.at,
        end=each.ends,
        open=each.at <= here.clock.now() < each.ends,
    )


def _entry(connection: Connection, each: GlassBreak, move: str, people: list[str]) -> int:
    """Tell the household, in the transaction in which it happens."""
    at = each.at if move == "glass_broken" else each.ends
    entry = {
        "at": time_to_text(at),
        "topic": GLASS,
        "subject": each.site,
        "incident": None,
        "move": move,
        "who": each.author,
        "note": each.reason,
        "body": {"id": each.id, "device": each.camera, "until": time_to_text(each.ends), "people": people},
    }
    return write_journal(connection, [entry])


__all__ = ["router", "shares_of"]
