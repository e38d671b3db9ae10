"""Incidents: what people work on, and what they do with it.

Who was first wins: a move names the version it was made from with If-Match, and when somebody else moved meanwhile the
answer is 412 with the incident as it stands and the move that came first. Without If-Match a move is made on what there
is, if the table of moves allows it then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.responses import FileResponse

from alerts.errors import MovedMeanwhileError
from alerts.incidents.colours import coloured
from alerts.incidents.incident import FINISHED, OPEN, Handling, allowed
from alerts.incidents.joining import merge, split
from alerts.incidents.views import AlertView as StoredAlert
from alerts.incidents.views import IncidentView as StoredIncident
from alerts.incidents.views import JournalEntry
from alerts.store.lists import Filter
from api import etags
from api.access.auditing import note
from api.access.auth import needs
from api.access.sight import SEERS, Sight, seen, sight_of
from api.errors import BadRequestError, ChangedMeanwhileError, SomebodyWasFirstError
from api.etags import IfMatch
from api.paging import Cursor, Limit, Page
from api.parts import Here, Parts
from api.schemas.incidents import (
    AcknowledgeBody,
    AlertView,
    CommentBody,
    HistoryEntry,
    IncidentCounts,
    IncidentDetail,
    IncidentView,
    MergeBody,
    Place,
    RateBody,
    ReopenBody,
    ResolveBody,
    ShelveBody,
    SplitBody,
    UnshelveBody,
)
from api.schemas.places import Text
from config.community import Area, Camera, Community, Level, Site
from hub.access import Permission, Principal, allows
from hub.audit import Action
from hub.errors import NotAllowedError, NotFoundError

router = APIRouter(prefix="/api/v1", tags=["incidents"])
Viewer = Annotated[Principal, Depends(needs(Permission.VIEW_INCIDENTS))]
Seer = Annotated[Principal, Depends(needs(*SEERS))]
"""Who sees incidents where he reaches, or those of his own."""
Handler = Annotated[Principal, Depends(needs(Permission.HANDLE_INCIDENTS))]
Noter = Annotated[Principal, Depends(needs(Permission.HANDLE_INCIDENTS, Permission.ANSWER_ORDERS))]
Pictured = Annotated[Principal, Depends(needs(Permission.VIEW_PICTURES, Permission.ANSWER_ORDERS))]
Moved = TypeVar("Moved")

_STATES: dict[str, tuple[Handling, ...]] = {"open": OPEN, "done": FINISHED, "all": ()}
JPEG: dict[int | str, dict[str, Any]] = {200: {"content": {"image/jpeg": {}}, "description": "The picture."}}


class Names:
    """The names of sites, areas and cameras, by id; made once for an answer."""

    def __init__(self, community: Community) -> None:
        self._sites: dict[str | None, Site] = {site.id: site for site in community.sites}
        self._areas: dict[str | None, Area] = {area.id: area for area in community.areas}
        self._cameras: dict[str | None, Camera] = {camera.id: camera for camera in community.cameras}

    def place(self, *, site: str | None, area: str | None, camera: str | None) -> Place:
        """What the place is called."""
        found_site, found_area, found_camera = self._sites.get(site), self._areas.get(area), self._cameras.get(camera)
        return Place(
            site=Text.of(None if found_site is None else found_site.name),
            area=Text.of(None if found_area is None else found_area.name),
            camera=Text.of(None if found_camera is None else found_camera.name),
        )


def alert_view(here: Parts, sight: Sight, alert: StoredAlert) -> AlertView:
    """A stored alert as this person may see it, with or without its picture."""
    pictured = sight.looks_at_alert(alert) and here.stills.of(alert.id)
    still = f"/api/v1/alerts/{alert.id}/still.jpg" if pictured else None
    return AlertView.model_validate({**coloured(alert.to_json(), here.revisions.current().colours), "still": still})


def filters(
    *,
    level: Annotated[list[Level] | None, Query(description="Any of these.")] = None,
    kind: Annotated[list[str] | None, Query(description="Any of these kinds, or families (`fire`).")] = None,
    area: Annotated[list[str] | None, Query()] = None,
    site: Annotated[list[str] | None, Query()] = None,
    camera: Annotated[list[str] | None, Query()] = None,
    since: Annotated[datetime | None, Query(alias="from")] = None,
    until: Annotated[datetime | None, Query(alias="to", description="Not included.")] = None,
) -> Filter:
    """The filter that the query asks for."""
    for name, moment in (("from", since), ("to", until)):
        if moment is not None and moment.tzinfo is None:
            raise BadRequestError(f"query.{name}", "give the time zone, as 2026-03-01T08:00:00+08:00 or ...Z")
    return Filter(
        level=tuple(level or ()),
        kind=tuple(kind or ()),
        area=tuple(area or ()),
        site=tuple(site or ()),
        camera=tuple(camera or ()),
        since=since,
        until=until,
    )


Wanted = Annotated[Filter, Depends(filters)]


class Move:
    """A move that somebody asks for: who, and which version was seen; what is not for him is not found."""

    def __init__(
        self, *, here: Here, who: Handler, incident_id: str, response: Response, if_match: IfMatch = None
    ) -> None:
        seen(here, who, incident_id, to_work=True)
        self.handling = here.handling
        self._here = here
        self._who = who
        self._response = response
        self._expected = etags.version(if_match)

    def also(self, incident_id: str) -> StoredIncident:
        """Another incident that the move changes too.

        Raises:
            NotFoundError: There is none, or it is not for him.
        """
        return seen(self._here, self._who, incident_id, to_work=True)

    def check_alerts(self, incident_id: str, alerts: Collection[str]) -> None:
        """Refuse alerts that this person does not see, in the words for those that are not of the incident.

        Raises:
            NotAllowedError: Some are not for him.
        """
        found = self._here.alerts.incident(incident_id)
        known = {alert.id for alert in sight_of(self._here, self._who).alerts_of(found)}
        if not known.issuperset(alerts):
            raise NotAllowedError(f"name alerts of incident {found.number}", allowed=("split",))

    def make(self, move: Callable[[Principal, int | None], StoredIncident]) -> IncidentView:
        """Make the move: `move(who, expected version)`.

        Raises:
            ChangedMeanwhileError: It is another version now; holds the incident and the move that came first.
        """
        moved = told_who_was_first(
            self._here, self._who, lambda: move(self._who, self._expected), named=self._expected is not None
        )
        self._response.headers["ETag"] = etags.of_version(moved.version)
        return shown(self._here, Names(self._here.revisions.current()), sight_of(self._here, self._who), moved)


def told_who_was_first(here: Parts, who: Principal, move: Callable[[], Moved], *, named: bool) -> Moved:
    """Make a move of an incident.

    Args:
        here: The hub.
        who: Who makes it.
        move: Makes it.
        named: Whether he named the version that he saw.

    Raises:
        ChangedMeanwhileError: It is another version now; holds the incident and the move that came first.
    """
    try:
        return move()
    except MovedMeanwhileError as error:
        kind = ChangedMeanwhileError if named else SomebodyWasFirstError
        names, sight = Names(here.revisions.current()), sight_of(here, who)
        raise kind(
            str(error),
            current=shown(here, names, sight, error.incident).model_dump(mode="json"),
            etag=etags.of_version(error.incident.version),
            first=None if error.first is None else _history(error.first).model_dump(mode="json"),
        ) from error


class Note(Move):
    """What somebody adds who may be one that was sent there."""

    def __init__(
        self, *, here: Here, who: Noter, incident_id: str, response: Response, if_match: IfMatch = None
    ) -> None:
        super().__init__(here=here, who=who, incident_id=incident_id, response=response, if_match=if_match)


Moving = Annotated[Move, Depends()]
Noting = Annotated[Note, Depends()]


@router.get("/incidents", summary="List incidents")
def incidents(
    *,
    here: Here,
    who: Seer,
    wanted: Wanted,
    state: Annotated[Literal["open", "done", "all"], Query(description="`open` is not resolved yet.")] = "all",
    handling: Annotated[list[Handling] | None, Query(description="Any of these; instead of `state`.")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[IncidentView]:
    """Incidents where you reach, the newest first; for who is sent, those he was sent to and those of his areas."""
    sight = sight_of(here, who)
    wanted = replace(wanted, handling=tuple(handling) if handling else _STATES[state], within=sight.within)
    try:
        page = here.alerts.incidents(wanted, cursor=cursor, limit=limit)
    except ValueError as error:
        raise BadRequestError("query.cursor", "this is no cursor of this list") from error
    names = Names(here.revisions.current())
    return Page(items=[shown(here, names, sight, found) for found in page.items], next=page.next_cursor)


@router.get("/incidents/count", summary="How many incidents there are")
def count(
    *,
    here: Here,
    who: Viewer,
    wanted: Wanted,
    state: Annotated[Literal["open", "done", "all"], Query(description="`open` is not resolved yet.")] = "open",
) -> IncidentCounts:
    """How many there are of each handling and level, by the filters of the list."""
    found = here.alerts.count(replace(wanted, handling=_STATES[state], within=sight_of(here, who).within))
    handling: Counter[Handling] = Counter()
    level: Counter[Level] = Counter()
    for (how_far, how_grave), number in found.items():
        handling[how_far] += number
        level[how_grave] += number
    return IncidentCounts(total=sum(found.values()), by_handling=dict(handling), by_level=dict(level))


@router.get("/incidents/{incident_id}", summary="One incident")
def incident(here: Here, who: Seer, incident_id: str, response: Response) -> IncidentDetail:
    """One incident with its alerts and all moves; its ETag is what a move may name."""
    found, sight = seen(here, who, incident_id), sight_of(here, who)
    response.headers["ETag"] = etags.of_version(found.version)
    history = [_history(move) for move in here.alerts.history(incident_id)]
    view = shown(here, Names(here.revisions.current()), sight, found)
    alerts = [alert_view(here, sight, each) for each in sight.alerts_of(found)]
    return IncidentDetail(**view.model_dump(), alerts=alerts, history=history)


@router.post("/incidents/{incident_id}/acknowledge", summary="I have seen it")
def acknowledge(*, incident_id: str, moving: Moving, body: AcknowledgeBody | None = None) -> IncidentView:
    """Take care of it: it is seen, by you, and the alert stays as it is."""
    note = "" if body is None else body.note
    return moving.make(
        lambda who, expected: moving.handling.acknowledge(incident_id, who, note, expected_version=expected)
    )


@router.post("/incidents/{incident_id}/comment", summary="Write something down")
def comment(*, incident_id: str, moving: Noting, body: CommentBody) -> IncidentView:
    """Add a note to the record."""
    return moving.make(
        lambda who, expected: moving.handling.comment(incident_id, who, body.note, expected_version=expected)
    )


@router.post("/incidents/{incident_id}/resolve", summary="It is dealt with")
def resolve(*, incident_id: str, moving: Moving, body: ResolveBody) -> IncidentView:
    """Say what it was. Red needs a note; false and nuisance need a cause."""
    return moving.make(
        lambda who, expected: moving.handling.resolve(
            incident_id,
            who,
            body.verdict,
            note=body.note,
            cause=body.cause,
            evidence=body.evidence,
            second=body.second,
            expected_version=expected,
        )
    )


@router.post("/incidents/{incident_id}/reopen", summary="It is not over")
def reopen(*, incident_id: str, moving: Moving, body: ReopenBody | None = None) -> IncidentView:
    """Work on it again; it keeps its number."""
    note = "" if body is None else body.note
    return moving.make(lambda who, expected: moving.handling.reopen(incident_id, who, note, expected_version=expected))


@router.post("/incidents/{incident_id}/shelve", summary="Put it aside")
def shelve(*, incident_id: str, moving: Moving, body: ShelveBody) -> IncidentView:
    """Hide it until a time, or until it returns; with a reason, and no longer than its level allows."""
    return moving.make(
        lambda who, expected: moving.handling.shelve(
            incident_id, who, body.reason, body.until, expected_version=expected
        )
    )


@router.post("/incidents/{incident_id}/unshelve", summary="Have it shown again")
def unshelve(*, incident_id: str, moving: Moving, body: UnshelveBody | None = None) -> IncidentView:
    """Show it again; what still holds has to be seen again."""
    note = "" if body is None else body.note
    return moving.make(
        lambda who, expected: moving.handling.unshelve(incident_id, who, note, expected_version=expected)
    )


@router.post("/incidents/{incident_id}/merge", summary="It is the same happening as another")
def merge_into(*, incident_id: str, moving: Moving, body: MergeBody) -> IncidentView:
    """Let it go on in another incident, which is the answer; first-out is the earliest alert of both."""
    if body.into != incident_id:
        moving.also(body.into)
    return moving.make(
        lambda who, expected: merge(
            moving.handling, incident_id, who, into=body.into, note=body.note, expected_version=expected
        )
    )


@router.post("/incidents/{incident_id}/split", summary="Some of it is another happening")
def split_off(*, incident_id: str, moving: Moving, body: SplitBody) -> IncidentView:
    """Give some of its alerts an incident of their own, which is the answer."""
    moving.check_alerts(incident_id, body.alerts)
    return moving.make(
        lambda who, expected: split(
            moving.handling, incident_id, who, alerts=body.alerts, note=body.note, expected_version=expected
        )
    )


@router.post("/incidents/{incident_id}/rate", summary="How it went")
def rate(*, incident_id: str, moving: Moving, body: RateBody) -> IncidentView:
    """Rate what you reported, 1 to 5; it closes by that when it is over."""
    return moving.make(
        lambda who, expected: moving.handling.rate(incident_id, who, body.stars, body.note, expected_version=expected)
    )


@router.get("/incidents/{incident_id}/still.jpg", summary="Its picture", response_class=FileResponse, responses=JPEG)
def still(here: Here, who: Pictured, request: Request, incident_id: str) -> FileResponse:
    """The kept picture of its first alert that has one."""
    found, sight = seen(here, who, incident_id, to_look=True), sight_of(here, who)
    kept = ((alert, here.stills.of(alert.id)) for alert in found.alerts if sight.looks_at_alert(alert))
    alert, path = next((each for each in kept if each[1]), (None, None))
    if alert is None or path is None:
        raise NotFoundError(f"no picture of incident {found.number}")
    note(request, Action.STILL, kind="incident", id=found.id, camera=alert.camera, site=alert.site)
    return FileResponse(path, media_type="image/jpeg", content_disposition_type="inline")


def _history(move: JournalEntry) -> HistoryEntry:
    return HistoryEntry(seq=move.seq, at=move.at, topic=move.topic, move=move.move, who=move.who, note=move.note)


def shown(here: Parts, names: Names, sight: Sight, found: StoredIncident) -> IncidentView:
    """An incident as this person may see it."""
    body = coloured(found.to_json(), here.revisions.current().colours)
    mine, alerts = sight.works_on(found), sight.alerts_of(found)
    kept = next((alert for alert in alerts if sight.looks_at_alert(alert) and here.stills.of(alert.id)), None)
    most = max(alerts, key=lambda alert: (alert.condition != "closed", alert.level.rank), default=None)
    body["still"] = None if kept is None else f"/api/v1/alerts/{kept.id}/still.jpg"
    body["alert_count"] = len(alerts)
    body["place"] = names.place(site=found.site, area=found.area, camera=found.camera)
    body["do"] = None if most is None else {"zh": most.do_zh, "en": most.do_en}
    if allows(sight.who, Permission.HANDLE_INCIDENTS) and mine:
        body["allowed"] = allowed(found.situation(), sight.who.role)
    else:  # who was sent there says the rest to his order
        body["allowed"] = ["comment"] if mine and allows(sight.who, Permission.ANSWER_ORDERS) else []
    return IncidentView.model_validate(body)
