"""Rosters: who answers for an area when, and the duties from which that follows.

A change of duties is a revision of the Community like any other: checked completely before anything is touched, and in
force for the next order.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from alerts.dispatch.grid import Responsible
from alerts.dispatch.rosters import MOST_DAYS, Span, roster
from alerts.store.orders import SENT
from api import etags
from api.access.auth import needs
from api.access.reaching import everywhere, reach_of, reached_area
from api.errors import BadRequestError, ChangedMeanwhileError
from api.etags import IfMatch
from api.parts import Here, Parts
from api.schemas.rosters import AnsweringView, DutiesBody, DutiesView, RosterView, SpanView
from config.community import Community
from config.grid import Duty
from config.says import says
from hub.access import Permission, Principal
from hub.errors import ConfigurationError, Mistake

router = APIRouter(prefix="/api/v1", tags=["rosters"])
Viewer = Annotated[Principal, Depends(needs(Permission.VIEW_INCIDENTS))]
Editor = Annotated[Principal, Depends(needs(Permission.EDIT_COMMUNITY))]
_WEEK = timedelta(days=7)


@router.get("/rosters", summary="Who answers when")
def rosters(
    *,
    here: Here,
    who: Viewer,
    area: Annotated[str, Query(description="Its id.")],
    since: Annotated[datetime | None, Query(alias="from", description="Now, when left out.")] = None,
    until: Annotated[datetime | None, Query(alias="to", description="Not included; a week, when left out.")] = None,
) -> RosterView:
    """Who answers for an area in a time, as ranges; holidays and who is on call are taken into account."""
    for name, moment in (("from", since), ("to", until)):
        if moment is not None and moment.tzinfo is None:
            raise BadRequestError(f"query.{name}", "give the time zone, as 2026-03-01T08:00:00+08:00 or ...Z")
    since = (since or here.clock.now()).astimezone(UTC)
    until = (until or since + _WEEK).astimezone(UTC)
    if not since < until <= since + timedelta(days=MOST_DAYS):
        raise BadRequestError("query.to", f"at most {MOST_DAYS} days after `from`, and not before it")
    reached_area(here, who, Permission.VIEW_INCIDENTS, area)
    spans = roster(here.desk.grid(), area, since, until)
    return RosterView(
        area=area,
        spans=[_span(span) for span in spans],
        gaps=[_span(span) for span in spans if span.answering is None],
    )


@router.get("/duties", summary="All duties")
def duties(here: Here, who: Viewer, response: Response) -> DutiesView:
    """Who answers for which of the areas that you reach, as it is written."""
    within, community = reach_of(here, who).within(Permission.VIEW_INCIDENTS), here.revisions.current()
    if within is not None:
        mine = tuple(duty for duty in community.duties if duty.area in within.areas)
        community = community.model_copy(update={"duties": mine})
    return _duties(community, response)


@router.put("/duties", summary="Change the duties")
def change(*, here: Here, who: Editor, body: DutiesBody, response: Response, if_match: IfMatch = None) -> DutiesView:
    """Replace all duties. Everybody named must have an account that can be sent, and every area must be there."""
    expected = etags.required(if_match)
    everywhere(here, who, Permission.EDIT_COMMUNITY)
    _check_accounts(here, body.duties)

    def edit(community: Community) -> Community:
        if expected not in ("*", _etag(community)):
            raise ChangedMeanwhileError("the duties changed meanwhile", current=_body(community), etag=_etag(community))
        return community.model_copy(update={"duties": tuple(body.duties)})

    here.revisions.change(edit, author=who.name, reason=body.reason or "duties changed")
    return _duties(here.revisions.current(), response)


def _check_accounts(here: Parts, duties: list[Duty]) -> None:
    known = {account.username for account in here.accounts.list() if not account.disabled and account.role in SENT}
    wrong = [
        Mistake(
            None,
            f"duties[{number}].account",
            says("nobody of the name {name} can be sent", "没有可派的人叫 {name}", name=repr(duty.account)),
        )
        for number, duty in enumerate(duties)
        if duty.account not in known
    ]
    if wrong:
        raise ConfigurationError(tuple(wrong))


def _duties(community: Community, response: Response) -> DutiesView:
    response.headers["ETag"] = _etag(community)
    return DutiesView(duties=list(community.duties))


def _body(community: Community) -> dict[str, object]:
    return {"duties": [duty.model_dump(mode="json") for duty in community.duties]}


def _etag(community: Community) -> str:
    return etags.of_content(_body(community))


def _span(span: Span) -> SpanView:
    return SpanView(
        since=span.since,
        until=span.until,
        own=_answering(span.own),
        on_call=list(span.on_call),
        answering=_answering(span.answering),
    )


def _answering(found: Responsible | None) -> AnsweringView | None:
    if found is None:
        return None
    return AnsweringView(area=found.area, grid=found.level, accounts=list(found.accounts), standby=found.standby)
