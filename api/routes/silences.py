"""Silences: what people hide on purpose, with a name, a reason and an end; maintenance of devices among them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response, status

from alerts.incidents.hiding import Plan
from alerts.incidents.suppressions import Scope, Stage, Suppression
from api.access.auth import needs
from api.access.reaching import reach_of
from api.access.sight import sight_of
from api.errors import ForbiddenError
from api.paging import Cursor, Limit, Page, decode, encode
from api.parts import Here, Parts
from api.schemas.silences import EndBody, ExtendBody, HiddenIncident, SilenceBody, SilencePreview, SilenceView
from hub.access import Permission, Principal, allows
from hub.errors import NotFoundError
from hub.events import time_to_text
from hub.reach import joined

router = APIRouter(prefix="/api/v1", tags=["silences"])
_HIDES = (Permission.HIDE_ALARMS, Permission.MAINTAIN_DEVICES)
Hider = Annotated[Principal, Depends(needs(*_HIDES))]


@router.get("/silences", summary="What is hidden on purpose")
def silences(
    *,
    here: Here,
    who: Hider,
    stage: Annotated[Stage | None, Query(description="Only those to come, that hide now, or that are over.")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[SilenceView]:
    """Silences and maintenance for places that you reach, the one that begins last first."""
    place = decode(cursor, parts=2)
    before = None if place is None else (place[0], place[1])
    mine = _Places(here, who)
    found = here.desk.hiding.listed(stage, within=mine.within, devices=mine.devices, before=before, limit=limit + 1)
    shown = found[:limit]
    following = encode(time_to_text(shown[-1].since), shown[-1].id) if len(found) > limit else None
    return Page(items=[_view(here, each) for each in shown], next=following)


@router.post("/silences", summary="Hide on purpose", status_code=status.HTTP_201_CREATED)
def make(here: Here, who: Hider, body: SilenceBody, response: Response) -> SilenceView:
    """Hide what is named until an end, with a reason; what is covered is hidden at once, and all goes on underneath.

    How long goes by the level: red 30 minutes and by a supervisor only, then as for putting an incident aside. A device
    a week, one on which lives depend by a supervisor only; its household is told.
    """
    plan = _plan(body)
    _check_place(here, who, plan)
    made = here.desk.hiding.make(plan, who)
    response.headers["Location"] = f"/api/v1/silences/{made.id}"
    return _view(here, made)


@router.post("/silences/preview", summary="What it would hide")
def preview(here: Here, who: Hider, body: SilenceBody) -> SilencePreview:
    """What it would hide now and would have hidden in the last seven days; changes nothing."""
    plan, sight = _plan(body), sight_of(here, who)
    _check_place(here, who, plan)
    found = here.desk.hiding.preview(plan, who)
    incidents = [
        HiddenIncident(id=each.id, number=each.number, kind=each.kind, level=each.level)
        for each in found.now
        if allows(who, Permission.VIEW_INCIDENTS) and sight.sees(each)
    ]
    return SilencePreview(
        refusal=found.refusal, now=incidents, alerts=found.alerts, graver=found.graver, kinds=dict(found.kinds)
    )


@router.get("/silences/{silence_id}", summary="One silence")
def one(here: Here, who: Hider, silence_id: str) -> SilenceView:
    """One silence or maintenance."""
    return _view(here, _found(here, who, silence_id))


@router.post("/silences/{silence_id}/end", summary="Over")
def end(here: Here, who: Hider, silence_id: str, body: EndBody | None = None) -> SilenceView:
    """End it before its time, or call it off; what still holds is shown and has to be seen again."""
    _found(here, who, silence_id)
    return _view(here, here.desk.hiding.end(silence_id, who, "" if body is None else body.note))


@router.post("/silences/{silence_id}/extend", summary="Another end")
def extend(here: Here, who: Hider, silence_id: str, body: ExtendBody) -> SilenceView:
    """Give it another end; held to the same limits as a new one that begins now."""
    _found(here, who, silence_id)
    return _view(here, here.desk.hiding.extend(silence_id, who, body.until, body.note))


class _Places:
    """Where somebody hides alarms, or maintains devices."""

    def __init__(self, here: Parts, who: Principal) -> None:
        reach = reach_of(here, who)
        parts = [reach.within(each) for each in _HIDES]
        all_of_it = any(part is None for part in parts)
        self.within = None if all_of_it else joined(part for part in parts if part is not None)
        self.devices = frozenset[str]().union(*(reach.devices(each) or () for each in _HIDES))

    def hold(self, scope: Scope) -> bool:
        """Whether every place that a scope names is in there, and it names one."""
        if self.within is None:
            return True
        named = (
            (scope.area, self.within.areas),
            (scope.site, self.within.sites),
            (scope.device, self.devices),
        )
        there = [place in places for place, places in named if place is not None]
        return bool(there) and all(there)


def _check_place(here: Parts, who: Principal, plan: Plan) -> None:
    """Refuse a place out of somebody's reach, in the words for one that is not there.

    Raises:
        NotFoundError: It is not for him, or there is none.
        ForbiddenError: He names none, and reaches only a part.
    """
    scope, mine = plan.scope, _Places(here, who)
    if mine.within is None or mine.hold(scope) or scope.empty:
        return
    if scope.area is not None and scope.area not in mine.within.areas:
        raise NotFoundError(f"no area {scope.area}")
    if scope.site is not None and scope.site not in mine.within.sites:
        raise NotFoundError(f"no site {scope.site}")
    if scope.device is not None:
        raise NotFoundError(f"no camera, sensor or gateway {scope.device}")
    raise ForbiddenError("name a place of yours: without one it hides in the whole community")


def _found(here: Parts, who: Principal, silence_id: str) -> Suppression:
    found = here.desk.hiding.get(silence_id)
    if not _Places(here, who).hold(found.scope):
        raise NotFoundError(f"no silence or maintenance {silence_id}")
    return found


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
