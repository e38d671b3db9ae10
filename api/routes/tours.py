"""Tours: what the room looks at on schedule, that somebody looked, and what was missed.

Who may see pictures sees the tours that have cameras within reach, and of them these cameras alone; who leads the room
plans them. Every version of a tour is kept, so that a round is judged by what was in force when it began.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Response, status

from api import etags
from api.access.auth import needs
from api.access.reaching import reach_of, reached_camera
from api.errors import BadRequestError, ChangedMeanwhileError, ForbiddenError
from api.etags import IfMatch
from api.paging import Cursor, Limit, Page, page_of
from api.parts import Here, Parts
from api.schemas.places import Text
from api.schemas.tours import (
    LookBody,
    LooksView,
    LookView,
    RoundSpan,
    RoundView,
    ScheduleBody,
    SeenStep,
    TourBody,
    TourStep,
    TourView,
)
from hub.access import Permission, Principal
from hub.errors import ConflictError, NotFoundError
from hub.tours import Look, Round, RoundState, Step, Tour, round_at, rounds

router = APIRouter(prefix="/api/v1", tags=["tours"])
Viewer = Annotated[Principal, Depends(needs(Permission.VIEW_PICTURES))]
Planner = Annotated[Principal, Depends(needs(Permission.PLAN_TOURS))]

MOST_TIME = timedelta(days=7)
_DAY = timedelta(days=1)


@router.get("/tours", summary="All tours")
def tours(here: Here, who: Viewer, cursor: Cursor = None, limit: Limit = 100) -> Page[TourView]:
    """Those of which you reach a camera, by id, with these cameras."""
    found, following = page_of([each for each in here.tours.all() if _steps(here, who, each)], cursor, limit)
    return Page(items=[_view(here, who, each) for each in found], next=following)


@router.post("/tours", summary="Plan a tour", status_code=status.HTTP_201_CREATED)
def make(here: Here, who: Planner, body: TourBody, response: Response) -> TourView:
    """Of cameras that you reach. Its first round is the next one by its schedule."""
    steps = _wanted(here, who, body)
    made = here.tours.make(who.name, body.name.model_dump(), steps, body.schedule.schedule())
    response.headers["Location"] = f"/api/v1/tours/{made.id}"
    return _shown(here, who, made, response)


@router.get("/tours/{tour_id}", summary="One tour")
def one(here: Here, who: Viewer, tour_id: str, response: Response) -> TourView:
    """A tour, with the round that goes on now."""
    return _shown(here, who, _found(here, who, tour_id), response)


@router.put("/tours/{tour_id}", summary="Change a tour")
def change(
    *, here: Here, who: Planner, tour_id: str, body: TourBody, response: Response, if_match: IfMatch = None
) -> TourView:
    """Put another version in force. A round that goes on ends with the old one."""
    was = _planned(here, who, tour_id)
    expected = etags.version(etags.required(if_match))
    steps = _wanted(here, who, body)
    made = Tour(was.id, 0, was.at, who.name, body.name.model_dump(), steps, body.schedule.schedule())
    return _shown(here, who, _put(here, who, made, expected), response)


@router.delete("/tours/{tour_id}", summary="Give a tour up", status_code=status.HTTP_204_NO_CONTENT)
def remove(here: Here, who: Planner, tour_id: str, if_match: IfMatch = None) -> None:
    """There are no more rounds. What was looked at and what was missed stays in the database."""
    was = _planned(here, who, tour_id)
    gone = Tour(was.id, 0, was.at, who.name, was.name, was.steps, was.schedule, removed=True)
    _put(here, who, gone, etags.version(if_match))


@router.post("/tours/{tour_id}/looks", summary="Say that you looked", status_code=status.HTTP_201_CREATED)
def look(here: Here, who: Viewer, tour_id: str, body: LookBody) -> LookView:
    """At a step, with what you saw. It counts for the round that goes on now, if there is one."""
    tour = _found(here, who, tour_id)
    if body.step not in _steps(here, who, tour):
        raise NotFoundError(f"no step {body.step} of tour {tour_id!r}")
    now = here.clock.now()
    span = round_at(tour, now, _zone(here))
    begins = None if span is None else span[0]
    note = body.note.strip()
    return _look(here.tours.look(Look(0, tour.id, tour.version, body.step, begins, now, who.name, body.finding, note)))


@router.get("/tours/{tour_id}/looks", summary="What was looked at, and what was missed")
def looks(
    *,
    here: Here,
    who: Viewer,
    tour_id: str,
    since: Annotated[datetime | None, Query(alias="from", description="A day before `to`, when left out.")] = None,
    until: Annotated[datetime | None, Query(alias="to", description="Not included; now, when left out.")] = None,
) -> LooksView:
    """The rounds that began in a time, a shift for example, and of each step who looked when."""
    tour = _found(here, who, tour_id)
    since, until = _time(here, since, until)
    now, zone = here.clock.now(), _zone(here)
    # A round that began in the time may be looked through after it.
    kept = here.tours.looks(tour_id, since, until + MOST_TIME)
    versions = here.tours.versions(tour.id)
    mine = {each.version: _steps(here, who, each) for each in versions}
    found = [
        _round(here, who, each, now)
        for each in rounds(versions, kept, since=since, until=until, zone=zone)
        if mine[each.tour.version]
    ]
    between = [
        _look(each)
        for each in kept
        if each.begins is None and each.at < until and each.step in mine.get(each.version, {})
    ]
    return LooksView(rounds=found, between=between, missed=sum(step.missed for each in found for step in each.steps))


def _time(here: Parts, since: datetime | None, until: datetime | None) -> tuple[datetime, datetime]:
    for name, moment in (("from", since), ("to", until)):
        if moment is not None and moment.tzinfo is None:
            raise BadRequestError(f"query.{name}", "give the time zone, as 2026-03-01T08:00:00+08:00 or ...Z")
    end = until or here.clock.now()
    begin = since or end - _DAY
    if not begin < end <= begin + MOST_TIME:
        raise BadRequestError("query.to", f"at most {MOST_TIME.days} days after `from`, and not before it")
    return begin, end


def _zone(here: Parts) -> ZoneInfo:
    return ZoneInfo(here.revisions.current().timezone)


def _steps(here: Parts, who: Principal, tour: Tour) -> dict[int, Step]:
    """The steps of which somebody reaches a camera, by number, with these cameras."""
    reach = reach_of(here, who)
    found = {}
    for number, step in enumerate(tour.steps):
        mine = tuple(each for each in step.cameras if reach.allows(Permission.VIEW_PICTURES, camera=each))
        if mine:
            found[number] = Step(mine, step.seconds)
    return found


def _found(here: Parts, who: Principal, tour_id: str) -> Tour:
    found = here.tours.get(tour_id)
    if not _steps(here, who, found):
        raise NotFoundError(f"no tour {tour_id!r}")
    return found


def _planned(here: Parts, who: Principal, tour_id: str) -> Tour:
    """A tour that somebody may change: all of its cameras are within his reach.

    Raises:
        NotFoundError: None of them is, or there is no such tour.
        ForbiddenError: Some of them are.
    """
    found = here.tours.get(tour_id)
    reach, community = reach_of(here, who), here.revisions.current()
    there = [each for each in found.cameras if community.camera(each) is not None]
    mine = [each for each in there if reach.allows(Permission.PLAN_TOURS, camera=each)]
    if not mine and not reach.is_everywhere(Permission.PLAN_TOURS):
        raise NotFoundError(f"no tour {tour_id!r}")
    if len(mine) < len(there):
        raise ForbiddenError("this tour has cameras that are not for you")
    return found


def _wanted(here: Parts, who: Principal, body: TourBody) -> tuple[Step, ...]:
    steps = tuple(each.step() for each in body.steps)
    for camera in {each for step in steps for each in step.cameras}:
        reached_camera(here, who, Permission.PLAN_TOURS, camera)
    return steps


def _put(here: Parts, who: Principal, made: Tour, expected: int | None) -> Tour:
    try:
        return here.tours.change(made, expected=expected)
    except ConflictError as error:
        now = here.tours.get(made.id)
        current = _view(here, who, now).model_dump(mode="json")
        raise ChangedMeanwhileError(
            "the tour changed meanwhile", current=current, etag=etags.of_version(now.version)
        ) from error


def _shown(here: Parts, who: Principal, tour: Tour, response: Response) -> TourView:
    response.headers["ETag"] = etags.of_version(tour.version)
    return _view(here, who, tour)


def _view(here: Parts, who: Principal, tour: Tour) -> TourView:
    mine = _steps(here, who, tour)
    return TourView(
        id=tour.id,
        version=tour.version,
        name=Text(**tour.name),
        steps=[
            TourStep(step=number, cameras=list(each.cameras), seconds=each.seconds) for number, each in mine.items()
        ],
        schedule=ScheduleBody.of(tour.schedule),
        changed=tour.at,
        changed_by=tour.author,
        now=_now(here, tour, mine),
    )


def _now(here: Parts, tour: Tour, mine: dict[int, Step]) -> RoundSpan | None:
    now = here.clock.now()
    span = round_at(tour, now, _zone(here))
    if span is None:
        return None
    kept = here.tours.looks(tour.id, span[0], now + timedelta(seconds=1))
    seen = {each.step for each in kept if each.begins == span[0] and each.version == tour.version}
    return RoundSpan(begins=span[0], ends=span[1], seen=sorted(seen & mine.keys()))


def _round(here: Parts, who: Principal, found: Round, now: datetime) -> RoundView:
    mine = _steps(here, who, found.tour)
    outcome = found.outcome(now, mine)
    over = outcome is RoundState.MISSED
    return RoundView(
        begins=found.begins,
        ends=found.ends,
        version=found.tour.version,
        outcome=outcome,
        steps=[
            SeenStep(
                step=number,
                cameras=list(each.cameras),
                looks=[_look(one) for one in found.looks.get(number, ())],
                missed=over and number not in found.looks,
            )
            for number, each in mine.items()
        ],
    )


def _look(found: Look) -> LookView:
    return LookView(
        step=found.step,
        begins=found.begins,
        at=found.at,
        author=found.author,
        finding=found.finding,
        note=found.note,
    )
