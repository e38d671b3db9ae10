"""Alerts: what rules claim, and why. People work on incidents; an alert is only looked at."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import FileResponse

from alerts.alert import Condition
from alerts.alert import Text as Words
from alerts.language.places import places_of
from alerts.language.rule_text import parse_rule
from alerts.trials.why import Spoke, explain, named_in
from api.access.auditing import note
from api.access.sight import seen_alert, sight_of
from api.errors import BadRequestError
from api.paging import Cursor, Limit, Page
from api.parts import Here
from api.routes.incidents import JPEG, Pictured, Viewer, Wanted, alert_view
from api.schemas.incidents import AlertView, SpokeView, WhyView
from api.schemas.places import Text
from hub.audit import Action
from hub.errors import NotFoundError
from hub.events import event_to_json

router = APIRouter(prefix="/api/v1", tags=["alerts"])


@router.get("/alerts", summary="List alerts")
def alerts(
    *,
    here: Here,
    who: Viewer,
    wanted: Wanted,
    condition: Annotated[list[Condition] | None, Query(description="Any of these.")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[AlertView]:
    """Alerts that were raised where you reach, the one raised last first."""
    sight = sight_of(here, who)
    wanted = replace(wanted, condition=tuple(condition or ()), within=sight.within)
    try:
        page = here.alerts.alerts(wanted, cursor=cursor, limit=limit)
    except ValueError as error:
        raise BadRequestError("query.cursor", "this is no cursor of this list") from error
    return Page(items=[alert_view(here, sight, found) for found in page.items], next=page.next_cursor)


@router.get("/alerts/{alert_id}", summary="One alert")
def alert(here: Here, who: Viewer, alert_id: str) -> AlertView:
    """One alert, with why it was raised."""
    return alert_view(here, sight_of(here, who), seen_alert(here, who, alert_id))


@router.get("/alerts/{alert_id}/why", summary="Why it was raised")
def why(here: Here, who: Viewer, alert_id: str) -> WhyView:
    """What an alert rests on, in words, with the events that spoke for it."""
    found = seen_alert(here, who, alert_id)
    events = here.alerts.events_of(named_in(found.why))
    version = here.rules.version(found.rule, found.rule_version)
    written = None if version is None else parse_rule(version.text).body
    places = places_of(here.revisions.current())
    explained = explain(found.why, events, places, written=written, level=found.level.value)
    return WhyView(
        alert=found.id,
        rule=found.rule,
        rule_version=found.rule_version,
        rules=found.why.get("rules", []),
        shape=found.why.get("shape", ""),
        facts=found.why.get("facts", {}),
        text=_text(explained.text),
        says=Text(zh=found.text_zh, en=found.text_en),
        do=Text(zh=found.do_zh, en=found.do_en),
        events=[_spoke(spoke) for spoke in explained.spoke],
        against=[_spoke(spoke) for spoke in explained.against],
        gone=explained.gone,
        written=None if version is None else version.text,
    )


def _text(words: Words) -> Text:
    return Text(zh=words.zh, en=words.en)


def _spoke(spoke: Spoke) -> SpokeView:
    where = None if spoke.where is None else _text(spoke.where)
    texts = {"who": _text(spoke.who), "where": where, "text": _text(spoke.text)}
    return SpokeView.model_validate({"fields": {}, **event_to_json(spoke.event), **texts})


@router.get("/alerts/{alert_id}/still.jpg", summary="Its picture", response_class=FileResponse, responses=JPEG)
def still(here: Here, who: Pictured, request: Request, alert_id: str) -> FileResponse:
    """The picture that was kept when it was raised."""
    found = seen_alert(here, who, alert_id, to_look=True)
    path = here.stills.of(found.id)
    if path is None:
        raise NotFoundError(f"no picture of alert {alert_id}")
    note(request, Action.STILL, kind="alert", id=found.id, camera=found.camera, site=found.site)
    return FileResponse(path, media_type="image/jpeg", content_disposition_type="inline")
