"""Recordings: what there is of a camera, what is missing and why, and links to see it.

For a timeline of a day or a month: what lies closer together than `resolution_s` is told as one. Nothing here is a
picture; those are in `api/routes/media.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query

from alerts.incidents.views import AlertView
from alerts.store.lists import Filter
from api.access.auth import needs
from api.access.camera_sight import SEERS, recorded_camera
from api.access.reaching import pictures_of, reach_of
from api.paging import Cursor, Limit, Page, page_of
from api.parts import Here, Parts
from api.recordings.links import holder_of, links_of
from api.recordings.looking_back import CLIP_S, LIST_DAYS, PLAY_S, From, Looking, To, past
from api.schemas.places import Text
from api.schemas.recordings import (
    GapView,
    LinkView,
    LinkWish,
    MarkView,
    RangeView,
    RecordedCameraView,
    RecordingsView,
)
from cameras.recordings.keeping.catalog import Catalog
from cameras.recordings.media import Segment, StreamName
from cameras.recordings.mp4.codecs import codec_string, plays_in_browsers
from cameras.recordings.mp4.header import without_sound
from config.community import Level
from hub.access import Permission, Principal
from hub.pictures import Pictures

router = APIRouter(prefix="/api/v1", tags=["recordings"])
Seer = Annotated[Principal, Depends(needs(*SEERS))]

LINK_LIVES_S = {"playback": 6 * 3600.0, "clip": 3600.0, "still": 3600.0}
"""A film is watched in one go; a download that broke is taken up again within the hour."""
_ADDRESSES = {"playback": "recordings.m3u8", "clip": "clip.mp4", "still": "still.jpg"}
_MOMENT = timedelta(milliseconds=1)
_MOST_ALERTS = 2000
_PAGE = 500


@router.get("/recordings/cameras", summary="List the cameras whose recordings you may see")
def cameras(here: Here, who: Seer, cursor: Cursor = None, limit: Limit = 100) -> Page[RecordedCameraView]:
    """By id: those that your grants reach, those of your home and those shared with you, also what they once were."""
    pictures = pictures_of(here, who)
    recorded = _seen(here.playback.catalog.streams(), pictures)
    once = {camera: site for site, camera, _ in recorded}
    mine = [
        camera if pictures.live(camera) else camera.model_copy(update=_elsewhere(once[camera.id]))
        for camera in here.revisions.current().cameras
        if pictures.live(camera) or camera.id in once
    ]
    found, following = page_of(mine, cursor, limit)
    return Page(
        items=[
            RecordedCameraView(
                id=camera.id,
                site=camera.site,
                name=Text.of(camera.name),
                streams=_streams(recorded, camera.id),
            )
            for camera in found
        ],
        next=following,
    )


@router.get("/cameras/{camera_id}/recordings", summary="What is recorded")
def recordings(
    *,
    here: Here,
    who: Seer,
    camera_id: str,
    since: From = None,
    until: To = None,
    stream: Annotated[StreamName, Query()] = StreamName.MAIN,
    resolution_s: Annotated[
        float, Query(ge=1, le=86_400, description="What lies closer together is told as one; a pixel of the timeline.")
    ] = 1.0,
) -> RecordingsView:
    """What there is and what is missing between two times, with the reason; and the alerts that this camera raised."""
    looking = Looking(who, recorded_camera(here, who, camera_id), None, pictures_of(here, who))
    start, end = looking.span(since, until)
    start, end = past(here, start, end, most_s=LIST_DAYS * 86_400.0)
    catalog = here.playback.catalog
    start, sites = looking.part(start, end)
    line = catalog.ranges(camera_id, stream, start, end, resolution_s=resolution_s, sites=sites)
    newest = _newest(catalog, camera_id, stream, line.ranges[-1].end, sites=sites) if line.ranges else None
    view = RecordingsView(
        camera=camera_id,
        stream=stream,
        start=start,
        end=end,
        resolution_s=resolution_s,
        streams=_streams(_seen(catalog.streams(), looking.pictures), camera_id),
        ranges=[
            RangeView(
                start=each.start,
                end=each.end,
                missing_s=each.missing_s,
                size_bytes=each.size_bytes,
                open=each.is_open,
            )
            for each in line.ranges
        ],
        gaps=[GapView(start=each.start, end=each.end, reason=each.because, lasts=each.lasts) for each in line.gaps],
        marks=list(_marks(_alerts(here, who, camera_id, (start, end)), resolution_s)),
        codecs=None,
    )
    return view if newest is None else view.model_copy(update=_told(newest))


@router.post("/cameras/{camera_id}/links", summary="Get a link to what is recorded", status_code=201)
def link(here: Here, who: Seer, camera_id: str, body: LinkWish) -> LinkView:
    """An address for a player or a download, good for one span of one camera, and for whoever asked.

    It ends after hours, and at once when the account is disabled or may not see this camera any more. Whoever has the
    address sees what it opens: send it to nobody.
    """
    recorded_camera(here, who, camera_id)
    end = body.end or body.start + _MOMENT
    most_s = CLIP_S if body.what == "clip" else PLAY_S
    start, end = past(here, body.start, end, most_s=most_s, names=("body.from", "body.to"))
    token = links_of(here).issue(
        holder_of(here, who),
        body.what,
        camera_id,
        start=start,
        end=end,
        stream=body.stream.value,
        lives_s=LINK_LIVES_S[body.what],
    )
    address = f"/api/v1/cameras/{camera_id}/{_ADDRESSES[body.what]}?{urlencode({'link': token})}"
    return LinkView(url=address, expires=here.clock.now() + timedelta(seconds=LINK_LIVES_S[body.what]))


def _seen(recorded: Iterable[tuple[str, str, StreamName]], pictures: Pictures) -> list[tuple[str, str, StreamName]]:
    """What was recorded of which camera at which site, as far as somebody may see it."""
    return [each for each in recorded if (sites := pictures.sites(each[1])) is None or each[0] in sites]


def _streams(recorded: Iterable[tuple[str, str, StreamName]], camera: str) -> list[StreamName]:
    found = {stream for _, of, stream in recorded if of == camera}
    return [stream for stream in StreamName if stream in found]


def _elsewhere(site: str) -> dict[str, object]:
    """What somebody is told of a camera that is at a site of others now: where it was when it was his."""
    return {"site": site, "name": None}


def _newest(
    catalog: Catalog, camera: str, stream: StreamName, end: datetime, *, sites: frozenset[str] | None
) -> Segment | None:
    found = catalog.segments(camera, stream, end - timedelta(seconds=1), end, sites=sites)
    return found[-1] if found else None


def _told(newest: Segment) -> dict[str, object]:
    form = newest.form
    left_out = form.sound is not None and not plays_in_browsers(form.sound)
    return {
        "codecs": codec_string(without_sound(form) if left_out else form),
        "width": form.video.width,
        "height": form.video.height,
        "sound": None if form.sound is None else form.sound.codec,
        "sound_left_out": left_out,
    }


def _alerts(here: Parts, who: Principal, camera: str, span: tuple[datetime, datetime]) -> list[AlertView]:
    """The alerts from a camera that somebody may see, oldest first; of very many the newest."""
    within = reach_of(here, who).within(Permission.VIEW_INCIDENTS)
    if within is not None and not within:
        return []
    found: list[AlertView] = []
    cursor = None
    wanted = Filter(camera=(camera,), since=span[0], until=span[1], within=within)
    while len(found) < _MOST_ALERTS:
        page = here.alerts.alerts(wanted, cursor=cursor, limit=_PAGE)
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    return found[::-1]


def _marks(alerts: Iterable[AlertView], resolution_s: float) -> Iterator[MarkView]:
    """Those that lie closer together than the resolution as one, told by the gravest of them."""
    mark: MarkView | None = None
    first: datetime | None = None
    for alert in alerts:
        own = MarkView(
            at=alert.raised, alert=alert.id, incident=alert.incident, kind=alert.kind, level=alert.level.value, alerts=1
        )
        if mark is None or first is None or (alert.raised - first).total_seconds() >= resolution_s:
            if mark is not None:
                yield mark
            mark, first = own, alert.raised
        else:
            gravest = own if alert.level.rank > Level(mark.level).rank else mark
            mark = gravest.model_copy(update={"alerts": mark.alerts + 1})
    if mark is not None:
        yield mark


__all__ = ["router"]
