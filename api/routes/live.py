"""Live pictures: over a WebSocket for browsers, as HLS for phones. What moves them is `cameras/live/watching.py`.

Who watches shows a link (`api/recordings/links.py`), because neither a WebSocket nor a player can send an access
token, and one in an address would stand in logs. Whether he may still watch is asked again every few seconds; the link
runs out after minutes, and a page that is still signed in sends the next one.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request, Response, WebSocket
from fastapi.security import OAuth2PasswordBearer
from starlette.concurrency import run_in_threadpool

from api.access.auditing import watching
from api.access.auth import having, needs, signed_in
from api.access.camera_sight import SEERS, linked_camera, seen_camera
from api.errors import NotSignedInError, UnavailableError
from api.parts import Here, Parts
from api.recordings.links import holder_of, links_of
from api.recordings.live_desk import PLAYLIST_LINK_S
from api.recordings.live_session import Session, grant_of
from api.schemas.live import LiveAddresses, LiveWish
from cameras.live.playlists import NothingToPlayError, Window
from cameras.live.wire import Ask
from cameras.recordings.media import StreamName
from config.community import Camera
from hub.access import Principal
from hub.fair_share import Guest, guest_of

open_router = APIRouter(prefix="/api/v1", tags=["live"])
"""Without a token: these addresses take a link."""
router = APIRouter(prefix="/api/v1", tags=["live"])

SOCKET_LINK_S = 300
"""A page sends the next one in time; whoever signed out cannot get one."""

_scheme = OAuth2PasswordBearer(tokenUrl="/api/v1/auth/token", auto_error=False)
Link = Annotated[str | None, Query(max_length=512, description="From `POST /cameras/{camera_id}/live`.")]
Sound = Annotated[bool, Query(description="Whether the sound is wanted too, where it can be played.")]
Which = Annotated[StreamName, Query(description="A camera without a sub stream shows its main stream.")]
_HLS = "application/vnd.apple.mpegurl"
_PLAYLIST: dict[int | str, dict[str, Any]] = {200: {"content": {_HLS: {}}, "description": "The playlist of now."}}
_SEGMENT: dict[int | str, dict[str, Any]] = {200: {"content": {"video/mp4": {}}, "description": "The part."}}


@router.post("/cameras/{camera_id}/live", summary="Get the addresses to watch a camera at")
def addresses(
    here: Here, who: Annotated[Principal, Depends(needs(*SEERS))], camera_id: str, body: LiveWish | None = None
) -> LiveAddresses:
    """Addresses that carry a link of their own, good for a few minutes.

    On the WebSocket at `socket` come: a JSON text `begins` with the codecs, then the beginning of an MP4 file, then a
    fragment for each picture, first those since the last key picture; other JSON texts say `paused`, `dropped` and
    `ends` with a reason. Send `{"link": ...}` with a new `link` before the old one ends. `playlist` is for players of
    HLS.
    """
    wish = body or LiveWish()
    camera = seen_camera(here, who, camera_id)
    stream = _stream_of(camera, wish.stream)
    links = links_of(here)
    holder = holder_of(here, who)
    short = links.issue(holder, "live", camera_id, lives_s=SOCKET_LINK_S)
    longer = links.issue(holder, "live", camera_id, lives_s=PLAYLIST_LINK_S)
    asked = {"stream": stream.value, "sound": str(wish.sound).lower()}
    path = f"/api/v1/cameras/{camera_id}/live"
    return LiveAddresses(
        stream=stream,
        socket=f"{path}?{urlencode({**asked, 'link': short})}",
        playlist=f"{path}.m3u8?{urlencode({**asked, 'link': longer})}",
        link=short,
        link_lives_s=SOCKET_LINK_S,
    )


@open_router.websocket("/cameras/{camera_id}/live")
async def live(
    asked: WebSocket, camera_id: str, link: Link = None, stream: Which = StreamName.SUB, *, sound: Sound = False
) -> None:
    """A camera, live."""
    here: Parts = asked.app.state.parts
    grant = await run_in_threadpool(grant_of, here, camera_id, link)
    which = _stream_of(grant.camera, stream)
    async with here.live.watching.watch(camera_id, which, sound=sound, guest=grant.guest) as watcher:
        with watching(asked, camera=camera_id, stream=which.value):
            await asked.accept()
            await Session(asked, here, grant, stream=which, watcher=watcher).run()


@open_router.get("/cameras/{camera_id}/live.m3u8", summary="Live, as HLS", response_class=Response, responses=_PLAYLIST)
async def playlist(
    *,
    here: Here,
    request: Request,
    camera_id: str,
    link: Link = None,
    token: Annotated[str | None, Depends(_scheme)] = None,
    stream: Which = StreamName.SUB,
    sound: Sound = False,
) -> Response:
    """A sliding playlist of segments of about a second, without transcoding. It lasts while it is asked for."""
    camera, guest = await run_in_threadpool(_viewer, here, request, camera_id, link=link, token=token)
    which = _stream_of(camera, stream)
    try:
        window = await here.live.windows.window(guest, Ask(camera_id, which, sound))
    except NothingToPlayError as error:
        raise UnavailableError(f"camera {camera_id} sends nothing now ({error})") from error
    asked = {"stream": which.value, "sound": str(sound).lower()} | ({} if link is None else {"link": link})
    text = window.playlist(lambda name: f"live/{name}?{urlencode(asked)}")
    return Response(text, media_type=_HLS)


@open_router.get(
    "/cameras/{camera_id}/live/{name}", summary="A part of it", response_class=Response, responses=_SEGMENT
)
async def part(
    *,
    here: Here,
    request: Request,
    camera_id: str,
    name: str,
    link: Link = None,
    token: Annotated[str | None, Depends(_scheme)] = None,
    stream: Which = StreamName.SUB,
    sound: Sound = False,
) -> Response:
    """What the playlist names; old parts are gone after some seconds."""
    camera, guest = await run_in_threadpool(_viewer, here, request, camera_id, link=link, token=token)
    window: Window = here.live.windows.known(guest, Ask(camera_id, _stream_of(camera, stream), sound))
    return Response(window.part(name), media_type="video/mp4")


def _viewer(
    here: Parts, request: Request, camera_id: str, *, link: str | None, token: str | None
) -> tuple[Camera, Guest]:
    if link is None:
        who = having(signed_in(here, token, request), *SEERS)
        return seen_camera(here, who, camera_id), guest_of(who)
    found, who, camera = linked_camera(here, link, "live", camera_id)
    if here.live.is_from_before(who.id, found.expires - timedelta(seconds=PLAYLIST_LINK_S)):
        raise NotSignedInError("this account signed out since; ask for a new address")
    return camera, guest_of(who)


def _stream_of(camera: Camera, wanted: StreamName) -> StreamName:
    """The stream that is shown: one that the camera has."""
    return wanted if wanted is StreamName.MAIN or camera.sub is not None else StreamName.MAIN
