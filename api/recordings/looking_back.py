"""Looking back: who asks for which span of which camera, checked before anything recorded is touched.

Whoever asks shows an access token or a link (`api/recordings/links.py`), and a link opens only what it was made for:
that camera, that stream, nothing outside its span. Times that make no sense are refused with the part that is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Depends, Query, Request
from fastapi.security import OAuth2PasswordBearer

from api.access.auth import having, signed_in
from api.access.camera_sight import SEERS, glimpsed_camera, linked_camera, recorded_camera
from api.access.reaching import pictures_of
from api.errors import BadRequestError
from api.parts import Here, Parts
from api.recordings.links import Link, What
from cameras.recordings.media import StreamName
from config.community import Camera
from hub.access import Principal
from hub.errors import NotFoundError
from hub.pictures import Pictures

LIST_DAYS = 32
"""A month, with the day at each end."""
PLAY_S = 26 * 3600.0
"""A day, be it the one on which clocks go back, and something to spare."""
CLIP_S = 6 * 3600.0
"""Of the main stream some 10 GB."""

_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_scheme = OAuth2PasswordBearer(tokenUrl="/api/v1/auth/token", auto_error=False)

From = Annotated[datetime | None, Query(alias="from", description="With its zone. With a link: where that begins.")]
To = Annotated[datetime | None, Query(alias="to", description="Not included. With a link: where that ends.")]
Which = Annotated[StreamName | None, Query(description="`main` when left out; with a link its own.")]


@dataclass(frozen=True, slots=True)
class Looking:
    """Somebody who may see what a camera saw.

    Attributes:
        who: He.
        camera: The camera.
        link: What he came with; None with an access token.
        pictures: What of it is for him.
    """

    who: Principal
    camera: Camera
    link: Link | None
    pictures: Pictures

    def part(self, start: datetime, end: datetime) -> tuple[datetime, frozenset[str] | None]:
        """From when on he sees something of a span, and only what was recorded at which sites; None for any."""
        begins = self.pictures.begins(self.camera.id)
        if begins is not None and begins >= end:
            return start, frozenset()
        start = start if begins is None else max(start, begins)
        return start, self.pictures.sites(self.camera.id, start)

    def stream(self, asked: StreamName | None) -> StreamName:
        """The stream that is looked at.

        Raises:
            NotFoundError: The link is for the other one.
        """
        if self.link is None or self.link.stream is None:
            return asked or StreamName.MAIN
        own = StreamName(self.link.stream)
        if asked not in (None, own):
            raise NotFoundError(f"this link does not open the {asked} stream")
        return own

    def span(self, start: datetime | None, end: datetime | None) -> tuple[datetime, datetime]:
        """The span that is looked at: what was asked for, within the link.

        Raises:
            BadRequestError: A time is missing or has no zone.
            NotFoundError: The link is for another span.
        """
        if self.link is not None:
            start, end = start or self.link.start, end or self.link.end
        if start is None or end is None:
            raise BadRequestError("query.from" if start is None else "query.to", "say from when to when")
        start, end = zoned(start, "query.from"), zoned(end, "query.to")
        if self.link is not None and not self.link.covers(start, end):
            raise NotFoundError("this link opens another span")
        return start, end


class _Opens:
    """A dependency: who asks with a token or with a link for this."""

    def __init__(self, what: What) -> None:
        self._what = what

    def __call__(
        self,
        *,
        here: Here,
        request: Request,
        camera_id: str,
        link: Annotated[str | None, Query(max_length=512, description="In place of an access token.")] = None,
        token: Annotated[str | None, Depends(_scheme)] = None,
    ) -> Looking:
        if link is not None:
            found, who, camera = linked_camera(here, link, self._what, camera_id)
            return Looking(who, camera, found, pictures_of(here, who))
        who = having(signed_in(here, token, request), *SEERS)
        seen = glimpsed_camera if self._what == "still" else recorded_camera
        return Looking(who, seen(here, who, camera_id), None, pictures_of(here, who))


Playing = Annotated[Looking, Depends(_Opens("playback"))]
Clipping = Annotated[Looking, Depends(_Opens("clip"))]
Glancing = Annotated[Looking, Depends(_Opens("still"))]


def past(
    here: Parts, start: datetime, end: datetime, *, most_s: float, names: tuple[str, str] = ("query.from", "query.to")
) -> tuple[datetime, datetime]:
    """A span that can be looked at, cut off at now.

    Raises:
        BadRequestError: It is turned round, too long, or has not begun.
    """
    now = here.clock.now()
    if start < _EARLIEST:
        raise BadRequestError(names[0], "that is before there were such cameras")
    if end <= start:
        raise BadRequestError(names[1], "has to lie after `from`")
    if end - start > timedelta(seconds=most_s):
        raise BadRequestError(names[1], f"ask for at most {_words(most_s)} at once")
    if start >= now:
        raise BadRequestError(names[0], "has not happened yet")
    return start, min(end, now)


def zoned(moment: datetime, name: str) -> datetime:
    """A time of the query as UTC.

    Raises:
        BadRequestError: It has no zone, or there is no such time.
    """
    if moment.tzinfo is None:
        raise BadRequestError(name, "name the time zone, as in 2026-03-01T08:00:00Z or ...+08:00")
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise BadRequestError(name, "there is no such time") from error


def _words(seconds: float) -> str:
    days, hours = seconds / 86_400, seconds / 3600
    return f"{days:g} days" if days >= 2 else f"{hours:g} hours"  # noqa: PLR2004 - two is the first of several
