"""Media: recorded pictures themselves, as a play-list with its files, as a clip, and as single stills.

Whoever asks shows an access token or a link; what may not be seen is not found. Nothing is encoded anew: bytes go out
as they were recorded, in the stretches that are asked for, and a long answer is never whole in memory.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api.access.camera_sight import seen_camera
from api.errors import BadRequestError, UnavailableError
from api.parts import Here, Parts
from api.recordings.links import holder_of, links_of
from api.recordings.looking_back import CLIP_S, PLAY_S, Clipping, From, Glancing, Looking, Playing, To, Which, past
from api.recordings.past_stills import NoPictureError
from api.recordings.ranged import ranged
from api.routes.recordings import LINK_LIVES_S
from cameras.errors import MediaGoneError, NothingRecordedError
from cameras.recordings.media import Format, Segment, StreamName
from cameras.recordings.mp4.codecs import codec_string, plays_in_browsers
from cameras.recordings.mp4.header import without_sound
from cameras.recordings.playback.clips import clip_of, init_of, playable
from cameras.recordings.playback.playlist import MEDIA_TYPE, Entry, playlist_of
from cameras.recordings.playback.spans import Run, runs_of
from hub.errors import NotFoundError
from hub.fair_share import guest_of

open_router = APIRouter(prefix="/api/v1", tags=["recordings"])
"""Without a token, for a link will do; each asks for one of the two itself."""

_MP4 = "video/mp4"
_STILL_TIMEOUT_S = 3.0
_SHORT_S, _SHORT_AIM_S, _LONG_AIM_S = 2 * 3600, 2.0, 10.0
"""Up to two hours a part of a list is a group of pictures; of a day the list would be too long so."""
_MOMENT = timedelta(milliseconds=1)

_LIST: dict[int | str, dict[str, Any]] = {200: {"content": {MEDIA_TYPE: {}}, "description": "The play-list."}}
_FILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {_MP4: {}}, "description": "All of it."},
    206: {"content": {_MP4: {}}, "description": "The stretch that was asked for."},
}
_JPEG: dict[int | str, dict[str, Any]] = {200: {"content": {"image/jpeg": {}}, "description": "The picture."}}


@open_router.get("/cameras/{camera_id}/recordings.m3u8", summary="Play back, as HLS", responses=_LIST)
def playlist(
    *, here: Here, camera_id: str, looking: Playing, since: From = None, until: To = None, stream: Which = None
) -> Response:
    """Everything recorded in a span, at most a day, for players of HLS. It begins with the key picture before `from`.

    Its parts are stretches of MP4 files with links of their own, so that a player needs no token. Sound that browsers
    do not play is left out; a comment before each file tells its codecs.
    """
    which = looking.stream(stream)
    start, end = past(here, *looking.span(since, until), most_s=PLAY_S)
    lives_s = LINK_LIVES_S["playback"]
    if looking.link is not None:  # no link lives longer through another
        lives_s = (looking.link.expires - here.clock.now()).total_seconds()
    start, sites = looking.part(start, end)
    holder = holder_of(here, looking.who) if looking.link is None else looking.link.account
    token = links_of(here).issue(
        holder, "playback", camera_id, start=start, end=end, stream=which.value, lives_s=lives_s
    )
    found = here.playback.catalog.segments(camera_id, which, start, end, sites=sites)
    entries = [
        Entry(
            run,
            f"recordings/{run.segment.head.id}.mp4?link={token}",
            len(init_of(run.segment.form, sound=_heard(run.segment.form))),
            codec_string(run.segment.form if _heard(run.segment.form) else without_sound(run.segment.form)),
        )
        for run in runs_of(found, start, end)
    ]
    if not entries:
        raise NothingRecordedError("nothing was recorded then")
    aim_s = _SHORT_AIM_S if (end - start).total_seconds() <= _SHORT_S else _LONG_AIM_S
    return Response(playlist_of(entries, aim_s=aim_s), media_type=MEDIA_TYPE)


@open_router.get("/cameras/{camera_id}/recordings/{segment_id}.mp4", summary="A file of a play-list", responses=_FILE)
def part(*, here: Here, request: Request, camera_id: str, looking: Playing, segment_id: str) -> Response:
    """What a link's span covers of a recorded file, behind what is needed to play it. Any stretch can be asked for."""
    if looking.link is None or looking.link.start is None or looking.link.end is None:
        raise NotFoundError(f"no recording {segment_id!r}")
    segment = here.playback.catalog.segment(segment_id)
    wanted = camera_id, looking.stream(None)
    start, sites = looking.part(looking.link.start, looking.link.end)
    if (
        segment is None
        or (segment.head.camera, segment.head.stream) != wanted
        or not (sites is None or segment.head.site in sites)
    ):
        raise NotFoundError(f"no recording {segment_id!r}")
    covered = runs_of([segment], start, looking.link.end)
    if not covered:
        raise NotFoundError(f"no recording {segment_id!r}")
    file = playable(covered[0], _file(here, segment), sound=_heard(segment.form))
    return ranged(request, file, _MP4)


@open_router.head("/cameras/{camera_id}/recordings/{segment_id}.mp4", summary="How long that is", responses=_FILE)
def part_head(*, here: Here, request: Request, camera_id: str, looking: Playing, segment_id: str) -> Response:
    """The headers of the file alone."""
    return part(here=here, request=request, camera_id=camera_id, looking=looking, segment_id=segment_id)


@open_router.get("/cameras/{camera_id}/clip.mp4", summary="Download a clip", responses=_FILE)
def clip(
    *,
    here: Here,
    request: Request,
    camera_id: str,
    looking: Clipping,
    since: From = None,
    until: To = None,
    stream: Which = None,
) -> Response:
    """A span as one MP4 file, at most six hours, exactly as recorded; a broken download can go on.

    It begins with the key picture before `from`. What lies between recordings is left out; a box in the file says what
    was taken when. Where codec, picture size or sound change, the answer names the spans that can be had.
    """
    which = looking.stream(stream)
    start, end = looking.span(since, until)
    _, now = past(here, start, end, most_s=CLIP_S)
    if now < end:
        raise BadRequestError("query.to", "has not happened yet")
    start, sites = looking.part(start, end)
    found = here.playback.catalog.segments(camera_id, which, start, end, sites=sites)
    made = clip_of(found, lambda segment: _file(here, segment), start, end)
    name = f"{camera_id}_{which}_{made.taken[0].began:%Y-%m-%d_%H-%M-%SZ}.mp4"
    return ranged(request, made.file, _MP4, {"Content-Disposition": f'attachment; filename="{name}"'})


@open_router.head("/cameras/{camera_id}/clip.mp4", summary="How long a clip is", responses=_FILE)
def clip_head(
    *,
    here: Here,
    request: Request,
    camera_id: str,
    looking: Clipping,
    since: From = None,
    until: To = None,
    stream: Which = None,
) -> Response:
    """The headers of the clip alone."""
    return clip(
        here=here, request=request, camera_id=camera_id, looking=looking, since=since, until=until, stream=stream
    )


@open_router.get("/cameras/{camera_id}/still.jpg", summary="A picture, of now or of then", responses=_JPEG)
def still(
    *,
    here: Here,
    camera_id: str,
    looking: Glancing,
    at: Annotated[datetime | None, Query(description="Of this moment; left out: the newest.")] = None,
    stream: Which = None,
    width: Annotated[int | None, Query(ge=32, le=1920, description="Pixels; left out: as it was taken.")] = None,
    key: Annotated[
        bool, Query(description="The key picture before `at` will do, which is faster: for scrubbing.")
    ] = False,
) -> Response:
    """One picture as JPEG; `X-Taken-At` says when it was taken."""
    if at is None and looking.link is not None:
        at = looking.link.start
    if at is None:
        seen_camera(here, looking.who, camera_id)  # what it sees now is for those where it is now
        with here.playback.still_places.place(guest_of(looking.who)):
            taken = here.cameras.still(camera_id, width_px=width, timeout_s=_STILL_TIMEOUT_S)
        if taken is None:
            raise UnavailableError(f"camera {camera_id} has no picture now")
        return Response(taken.jpeg, media_type="image/jpeg", headers={"X-Taken-At": _text(taken.at)})
    moment, _ = past(here, *looking.span(at, at + _MOMENT), most_s=1.0, names=("query.at", "query.at"))
    run, at_ms = _shown(here, looking, looking.stream(stream), moment, key=key)
    try:
        with here.playback.still_places.place(guest_of(looking.who)):
            jpeg = here.playback.stills.of(run, at_ms, width_px=width)
    except NoPictureError as error:
        raise UnavailableError(str(error)) from error
    taken_at = run.segment.head.began + timedelta(milliseconds=at_ms)
    return Response(jpeg, media_type="image/jpeg", headers={"X-Taken-At": _text(taken_at)})


def _shown(here: Parts, looking: Looking, stream: StreamName, moment: datetime, *, key: bool) -> tuple[Run, int]:
    """The run that leads to the picture that was shown at a moment, and where in its segment that is.

    Raises:
        NothingRecordedError: Nothing was recorded then.
    """
    end = moment + _MOMENT
    began, sites = looking.part(moment, end)
    if began > moment:
        raise NothingRecordedError("nothing was recorded then")
    found = here.playback.catalog.segments(looking.camera.id, stream, moment, end, sites=sites)
    runs = runs_of(found, moment, end)
    if not runs:
        raise NothingRecordedError("nothing was recorded then")
    run = runs[-1]
    if key:
        return Run(run.segment, run.marks[:1]), run.marks[0].at_ms
    return run, max(run.marks[0].at_ms, (moment - run.segment.head.began) // _MOMENT)


def _heard(form: Format) -> bool:
    """Whether a play-list has the sound."""
    return form.sound is not None and plays_in_browsers(form.sound)


def _file(here: Parts, segment: Segment) -> Path:
    path = here.playback.catalog.file(segment)
    if path is None:
        raise MediaGoneError(f"the disk {segment.disk!r} is not in the settings any more")
    return path


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
