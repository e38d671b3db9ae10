"""Alerts: what rules claim, and why. People work on incidents; an alert is only looked at."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import FileResponse

from alerts.alert import Condition
from api.auth import needs
from api.errors import BadRequestError
from api.paging import Cursor, Limit, Page
from api.parts import Here
from api.routes.incidents import JPEG, Viewer, Wanted, alert_view
from api.schemas.incidents import AlertView
from hub.access import Permission, Principal
from hub.errors import NotFoundError

router = APIRouter(prefix="/api/v1", tags=["alerts"])


@router.get("/alerts", summary="List alerts")
def alerts(
    *,
    here: Here,
    _who: Viewer,
    wanted: Wanted,
    condition: Annotated[list[Condition] | None, Query(description="Any of these.")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[AlertView]:
    """Alerts, the one raised last first."""
    try:
        page = here.alerts.alerts(replace(wanted, condition=tuple(condition or ())), cursor=cursor, limit=limit)
    except ValueError as error:
        raise BadRequestError("query.cursor", "this is no cursor of this list") from error
    return Page(items=[alert_view(here, found) for found in page.items], next=page.next_cursor)


@router.get("/alerts/{alert_id}", summary="One alert")
def alert(here: Here, _who: Viewer, alert_id: str) -> AlertView:
    """One alert, with why it was raised."""
    return alert_view(here, here.alerts.alert(alert_id))


@router.get("/alerts/{alert_id}/still.jpg", summary="Its picture", response_class=FileResponse, responses=JPEG)
def still(
    here: Here, _who: Annotated[Principal, Depends(needs(Permission.VIEW_PICTURES))], alert_id: str
) -> FileResponse:
    """The picture that was kept when it was raised."""
    path = here.stills.of(here.alerts.alert(alert_id).id)
    if path is None:
        raise NotFoundError(f"no picture of alert {alert_id}")
    return FileResponse(path, media_type="image/jpeg", content_disposition_type="inline")
