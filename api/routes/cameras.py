"""Cameras: what there is and how it does; adding, changing and removing while the hub runs.

A change becomes a new Revision of the Community, checked completely before anything is touched; the supervisor follows
the Revisions and restarts that camera alone. Passwords go in and never come out.
"""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Query, Response

from api import etags
from api.access.agreed import agreed, as_it_was
from api.access.auth import needs
from api.access.reaching import reach_of, reached_camera, reached_site
from api.errors import BadRequestError, ChangedMeanwhileError
from api.etags import IfMatch
from api.onboarding.camera_plan import address_of
from api.paging import Cursor, Limit, Page, page_of
from api.parts import Here, Parts
from api.schemas.cameras import CameraStatusView, CameraView, PlaceBody, StreamRecordingView, ZonesBody
from config.community import Camera, Community, Stream
from config.hiding import HIDDEN
from config.onvif import ONVIF_SCHEMES, Onvif
from hub.access import Permission, Principal
from hub.errors import ConflictError, NotFoundError

router = APIRouter(prefix="/api/v1", tags=["cameras"])
Viewer = Annotated[Principal, Depends(needs(Permission.VIEW_CAMERAS))]
Editor = Annotated[Principal, Depends(needs(Permission.EDIT_COMMUNITY))]
Adder = Annotated[Principal, Depends(needs(Permission.EDIT_COMMUNITY, Permission.ADD_DEVICES))]

SameAddress = Annotated[bool, Query(description="Take the address of another camera: one stream as two cameras.")]

_SCHEMES = ("rtsp", "rtsps", "http", "https")  # over the network nobody makes the hub read its own files


@router.get("/cameras", summary="List cameras")
def cameras(
    *, here: Here, who: Viewer, site: str | None = None, cursor: Cursor = None, limit: Limit = 100
) -> Page[CameraView]:
    """All cameras that you reach, by id, with how each does."""
    community, within = here.revisions.current(), reach_of(here, who).within(Permission.VIEW_CAMERAS)
    wanted = [
        camera
        for camera in community.cameras
        if (site is None or camera.site == site) and (within is None or camera.id in within.cameras)
    ]
    found, following = page_of(wanted, cursor, limit)
    states = _states(here)
    return Page(items=[agreed(here, _view(camera, community, states)) for camera in found], next=following)


@router.post("/cameras", summary="Add a camera", status_code=201)
def add(*, here: Here, who: Adder, body: Camera, response: Response, same_address: SameAddress = False) -> CameraView:
    """Add a camera and begin to run it. 409 where another camera that you see has its id or its address already."""
    if not reach_of(here, who).allows(Permission.ADD_DEVICES, site=body.site):
        _check_site(here, who, body)
    body = here.onboarding.named.whole(who.id, body)
    _check_streams(body, before=None)

    def edit(community: Community) -> Community:
        if community.camera(body.id) is not None:
            raise ConflictError(f"there is a camera {body.id!r} already")
        if not same_address:
            _check_address(here, who, community, body)
        return _with_cameras(community, (*community.cameras, body))

    here.revisions.change(edit, author=who.name, reason=f"camera {body.id} added")
    response.headers["Location"] = f"/api/v1/cameras/{body.id}"
    return _one(here, body.id, response)


@router.get("/cameras/{camera_id}", summary="One camera")
def camera(here: Here, who: Viewer, camera_id: str, response: Response) -> CameraView:
    """One camera; its ETag is what a change must name."""
    reached_camera(here, who, Permission.VIEW_CAMERAS, camera_id)
    return _one(here, camera_id, response)


@router.put("/cameras/{camera_id}", summary="Change a camera")
def change(
    *,
    here: Here,
    who: Editor,
    camera_id: str,
    body: Camera,
    response: Response,
    if_match: IfMatch = None,
    same_address: SameAddress = False,
) -> CameraView:
    """Replace a camera's settings; only this camera restarts. 409 where another camera has its new address already.

    A stream whose `password` is left out keeps the one it has, as long as it goes to the same host; `null` removes it.
    """
    expected = etags.required(if_match)
    if body.id != camera_id:
        raise BadRequestError("body.id", f"the address says {camera_id!r}; an id does not change")
    reached_camera(here, who, Permission.EDIT_COMMUNITY, camera_id)
    _check_site(here, who, body)

    def edit(community: Community) -> Community:
        before = _unchanged(here, community, camera_id, expected)
        _check_streams(body, before=before)
        after = _keep_secrets(as_it_was(here, body, before), before)
        if not same_address and address_of(after.main) != address_of(before.main):
            _check_address(here, who, community, after)
        return _with_cameras(community, tuple(after if each is before else each for each in community.cameras))

    here.revisions.change(edit, author=who.name, reason=f"camera {camera_id} changed")
    return _one(here, camera_id, response)


@router.put("/cameras/{camera_id}/zones", summary="Change a camera's zones")
def change_zones(
    *, here: Here, who: Editor, camera_id: str, body: ZonesBody, response: Response, if_match: IfMatch = None
) -> CameraView:
    """Replace its zones, lines and ground, and leave all else of it as it is. Nothing is recorded anew for it.

    `If-Match` is the ETag of the camera.
    """
    expected = etags.required(if_match)
    reached_camera(here, who, Permission.EDIT_COMMUNITY, camera_id)

    def edit(community: Community) -> Community:
        before = _unchanged(here, community, camera_id, expected)
        update = {"zones": tuple(body.zones), "lines": tuple(body.lines), "ground": body.ground}
        after = before.model_copy(update=update)
        return _with_cameras(community, tuple(after if each is before else each for each in community.cameras))

    here.revisions.change(edit, author=who.name, reason=f"zones of camera {camera_id} changed")
    return _one(here, camera_id, response)


@router.put("/cameras/{camera_id}/place", summary="Put a camera where it stands")
def place(*, here: Here, who: Editor, camera_id: str, body: PlaceBody, response: Response) -> CameraView:
    """Where it stands, for the map; all else stays as it is, and it runs on."""
    reached_camera(here, who, Permission.EDIT_COMMUNITY, camera_id)

    def edit(community: Community) -> Community:
        before = community.camera(camera_id)
        if before is None:
            raise NotFoundError(f"there is no camera {camera_id!r}")
        after = before.model_copy(update={"location": body.location})
        return _with_cameras(community, tuple(after if each is before else each for each in community.cameras))

    here.revisions.change(edit, author=who.name, reason=f"camera {camera_id} put in its place")
    return _one(here, camera_id, response)


@router.post("/cameras/{camera_id}/view/confirm", summary="Say that a camera looks where it is to look")
def confirm_view(here: Here, who: Editor, camera_id: str, response: Response) -> CameraView:
    """What the camera shows from now on is its usual view: it is learned anew, and its zones count again.

    For a camera that was turned on purpose and is told as moved. Zones that do not fit the new view are changed first.
    """
    reached_camera(here, who, Permission.EDIT_COMMUNITY, camera_id)

    def edit(community: Community) -> Community:
        before = community.camera(camera_id)
        if before is None:
            raise NotFoundError(f"there is no camera {camera_id!r}")
        after = before.model_copy(update={"view": before.view + 1})
        return _with_cameras(community, tuple(after if each is before else each for each in community.cameras))

    here.revisions.change(edit, author=who.name, reason=f"view of camera {camera_id} confirmed")
    return _one(here, camera_id, response)


@router.delete("/cameras/{camera_id}", summary="Remove a camera", status_code=204)
def remove(here: Here, who: Editor, camera_id: str, if_match: IfMatch = None) -> None:
    """Stop a camera and remove it. What it saw stays."""
    expected = etags.required(if_match)
    reached_camera(here, who, Permission.EDIT_COMMUNITY, camera_id)

    def edit(community: Community) -> Community:
        before = _unchanged(here, community, camera_id, expected)
        return _with_cameras(community, tuple(each for each in community.cameras if each is not before))

    here.revisions.change(edit, author=who.name, reason=f"camera {camera_id} removed")


def _check_site(here: Parts, who: Principal, camera: Camera) -> None:
    """Refuse a site out of somebody's reach; whoever reaches all is told below what is wrong with an unknown one.

    Raises:
        NotFoundError: There is none, or it is not for him.
    """
    if not reach_of(here, who).is_everywhere(Permission.EDIT_COMMUNITY):
        reached_site(here, who, Permission.EDIT_COMMUNITY, camera.site)


def _check_address(here: Parts, who: Principal, community: Community, camera: Camera) -> None:
    """Refuse the address of another camera: one stream is one camera, and this one would be written twice.

    Raises:
        ConflictError: A camera that he sees has it; of others nothing is said.
    """
    wanted, reach = address_of(camera.main), reach_of(here, who)
    for other in community.cameras:
        if other.id == camera.id or address_of(other.main) != wanted:
            continue
        if reach.allows(Permission.VIEW_CAMERAS, camera=other.id, site=other.site):
            raise ConflictError(f"the camera {other.id!r} has this address already; ?same_address=true takes it twice")


def _one(here: Parts, camera_id: str, response: Response) -> CameraView:
    community = here.revisions.current()
    found = community.camera(camera_id)
    if found is None:
        raise NotFoundError(f"no camera {camera_id!r}")
    response.headers["ETag"] = _etag(found)
    return agreed(here, _view(found, community, _states(here)))


def _etag(camera: Camera) -> str:
    # With the passwords in, so that changing only a password is a change; the digest does not give them away.
    return etags.of_content(camera.model_dump(mode="json", context={"secrets": True}))


def _states(here: Parts) -> dict[str, CameraStatusView]:
    return {
        status.camera: CameraStatusView(
            state=status.state,
            since=status.since,
            reason=status.reason,
            troubles=dict(status.troubles),
            codec=status.codec,
            by_ffmpeg=status.by_ffmpeg or None,
            width=status.width,
            height=status.height,
            fps=status.fps,
            recording=[
                StreamRecordingView(
                    stream=each.stream,
                    state=each.state,
                    since=each.since,
                    reason=each.reason,
                    written_bytes=each.written_bytes,
                    dropped=each.dropped,
                )
                for each in status.recording
            ],
        )
        for status in here.cameras.status()
    }


def _view(camera: Camera, community: Community, states: dict[str, CameraStatusView]) -> CameraView:
    site = community.site(camera.site)
    unknown = CameraStatusView(state="connecting" if camera.enabled else "disabled")
    return CameraView.of(camera, area=None if site is None else site.area, status=states.get(camera.id, unknown))


def _unchanged(here: Parts, community: Community, camera_id: str, expected: str) -> Camera:
    """The camera as it is, if it is what the client read.

    Raises:
        NotFoundError: It is gone.
        ChangedMeanwhileError: It was changed since.
    """
    found = community.camera(camera_id)
    if found is None:
        raise NotFoundError(f"no camera {camera_id!r}")
    etag = _etag(found)
    if expected not in ("*", etag):
        view = agreed(here, _view(found, community, _states(here)))
        raise ChangedMeanwhileError(
            f"camera {camera_id} was changed since you read it", current=view.model_dump(mode="json"), etag=etag
        )
    return found


def _with_cameras(community: Community, cameras: tuple[Camera, ...]) -> Community:
    return community.model_copy(update={"cameras": cameras})


def _check_streams(camera: Camera, *, before: Camera | None) -> None:
    """Refuse what may stand in a file on this machine but not come over the network.

    Raises:
        BadRequestError: A URL of another kind, or a password that is a reference to the hub's environment or files.
    """
    for name, stream, old in _streams(camera, before):
        if stream is None:
            continue
        schemes = ONVIF_SCHEMES if isinstance(stream, Onvif) else _SCHEMES
        if urlsplit(stream.url).scheme not in schemes and (old is None or old.url != stream.url):
            raise BadRequestError(f"body.{name}.url", f"begin with {', '.join(scheme + '://' for scheme in schemes)}")
        if HIDDEN in stream.url and (old is None or old.shown_url != stream.url):
            raise BadRequestError(f"body.{name}.url", f"{HIDDEN} stands for what was hidden; write the address in full")
        if stream.password is not None and stream.password.reference.startswith(("env:", "file:")):
            raise BadRequestError(
                f"body.{name}.password", "env: and file: are for files on the hub; write the password itself"
            )


def _keep_secrets(camera: Camera, before: Camera) -> Camera:
    """`camera` with the secrets it had, where the body left them out and the stream goes to the same host."""
    update: dict[str, Stream | Onvif] = {}
    for name, stream, old in _streams(camera, before):
        if stream is None or old is None:
            continue
        kept: dict[str, Any] = {}
        if stream.url == old.shown_url:
            kept["url"] = old.url  # sent back as it was shown, with *** for a token in it
        if "password" not in stream.model_fields_set and old.password is not None:
            # A password must not follow a stream that is pointed elsewhere: whoever may edit may not read it.
            if _place(stream.url) != _place(old.url):
                raise BadRequestError(
                    f"body.{name}.password", "the stream goes to another host: give its password anew"
                )
            kept["password"] = old.password
            if "username" not in stream.model_fields_set:
                kept["username"] = old.username
        if kept:
            update[name] = stream.model_copy(update=kept)
    return camera.model_copy(update=update)


def _streams(
    camera: Camera, before: Camera | None
) -> tuple[tuple[str, Stream | Onvif | None, Stream | Onvif | None], ...]:
    """Everything of a camera that has an address and a password, by its name, as it is to be and as it was."""
    return (
        ("main", camera.main, None if before is None else before.main),
        ("sub", camera.sub, None if before is None else before.sub),
        ("onvif", camera.onvif, None if before is None else before.onvif),
    )


def _place(url: str) -> tuple[str, str | None, int | None]:
    """Where a password is sent, and whether it is said openly there."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port
