"""Silences: what people hide on purpose, with a name, a reason and an end; maintenance of devices among them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response, status

from alerts.incidents.hiding import Plan
from alerts.incidents.suppressions import Scope, Stage, Suppression
from api.access.auth import needs
from api.paging import Cursor, Limit, Page, decode, encode
from api.parts import Here, Parts
from api.schemas.silences import EndBody, ExtendBody, HiddenIncident, SilenceBody, SilencePreview, SilenceView
from hub.access import Permission, Principal, allows
from hub.events import time_to_text

router = APIRouter(prefix="/api/v1", tags=["silences"])
Hider = Annotated[Principal, Depends(needs(Permission.HIDE_ALARMS, Permission.MAINTAIN_DEVICES))]


@router.get("/silences", summary="What is hidden on purpose")
def silences(
    *,
    here: Here,
    _who: Hider,
    stage: Annotated[Stage | None, Query(description="Only those to come, that hide now, or that are over.")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[SilenceView]:
    """Silences and maintenance, the one that begins last first."""
    place = decode(cursor, parts=2)
    before = None if place is None else (place[0], place[1])
    found = here.desk.hiding.listed(stage, before=before, limit=limit + 1)
    shown = found[:limit]
    following = encode(time_to_text(shown[-1].since), shown[-1].id) if len(found) > limit else None
    return Page(items=[_view(here, each) for each in shown], next=following)


@router.post("/silences", summary="Hide on purpose", status_code=status.HTTP_201_CREATED)
def make(here: Here, who: Hider, body: SilenceBody, response: Response) -> SilenceView:
    """Hide what is named until an end, with a reason; what is covered is hidden at once, and all goes on underneath.

    How long goes by the level: red 30 minutes and by a supervisor only, then as for putting an incident aside. A device
    a week, one on which lives depend by a supervisor only; its household is told.
    """
    made = here.desk.hiding.make(_plan(body), who)
    response.headers["Location"] = f"/api/v1/silences/{made.id}"
    return _view(here, made)


@router.post("/silences/preview", summary="What it would hide")
def preview(here: Here, who: Hider, body: SilenceBody) -> SilencePreview:
    """What it would hide now and would have hidden in the last seven days; changes nothing."""
    found = here.desk.hiding.preview(_plan(body), who)
    sees = allows(who, Permission.VIEW_INCIDENTS)
    incidents = [
        HiddenIncident(id=each.id, number=each.number, kind=each.kind, level=each.level) for each in found.now if sees
    ]
    return SilencePreview(
        refusal=found.refusal, now=incidents, alerts=found.alerts, graver=found.graver, kinds=dict(found.kinds)
    )


@router.get("/silences/{silence_id}", summary="One silence")
def one(here: Here, _who: Hider, silence_id: str) -> SilenceView:
    """One silence or maintenance."""
    return _view(here, here.desk.hiding.get(silence_id))


@router.post("/silences/{silence_id}/end", summary="Over")
def end(here: Here, who: Hider, silence_id: str, body: EndBody | None = None) -> SilenceView:
    """End it before its time, or call it off; what still holds is shown and has to be seen again."""
    return _view(here, here.desk.hiding.end(silence_id, who, "" if body is None else body.note))


@router.post("/silences/{silence_id}/extend", summary="Another end")
def extend(here: Here, who: Hider, silence_id: str, body: ExtendBody) -> SilenceView:
    """Give it another end; held to the same limits as a new one that begins now."""
    return _view(here, here.desk.hiding.extend(silence_id, who, body.until, body.note))


def _plan(body: SilenceBody) -> Plan:
    return Plan(
        mode=body.mode,
        scope=Scope(kind=body.kind, area=body.area, site=body.site, device=body.device, rule=body.rule),
        reason=body.reason,
        until=body.until,
        since=body.since,
        level=body.level,
        once=body.once,
    )


def _view(here: Parts, found: Suppression) -> SilenceView:
    return SilenceView.model_validate({**found.to_json(), "stage": found.stage(here.clock.now())})
