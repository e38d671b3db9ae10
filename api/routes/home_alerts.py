"""Home alerts: what was raised where somebody lives, in a line each; who works on it sees more elsewhere."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from alerts.incidents.colours import coloured
from alerts.store.lists import Filter
from api.access.auth import needs
from api.access.reaching import reach_of
from api.paging import Limit, Page
from api.parts import Here
from api.recordings.looking_back import From, zoned
from api.routes.home import is_of_his_time
from api.schemas.home import HomeAlertView
from hub.access import Permission, Principal

router = APIRouter(prefix="/api/v1", tags=["home"])
Resident = Annotated[Principal, Depends(needs(Permission.DECIDE_CONSENT))]


@router.get("/me/home/alerts", summary="What was raised at your home")
def home_alerts(
    *,
    here: Here,
    who: Resident,
    since: From = None,
    camera: Annotated[list[str] | None, Query(description="Only of these cameras.")] = None,
    limit: Limit = 50,
) -> Page[HomeAlertView]:
    """Alerts of cameras and sensors at your homes since you live there, the newest first, on one page."""
    homes = tuple(sorted(reach_of(here, who).homes))
    if not homes:
        return Page(items=[])
    begins = None if since is None else zoned(since, "query.from")
    found = here.alerts.alerts(Filter(site=homes, camera=tuple(camera or ()), since=begins), limit=limit)
    colours = here.revisions.current().colours
    return Page(
        items=[
            HomeAlertView.model_validate({**coloured(each.to_json(), colours), "at": each.raised})
            for each in found.items
            if each.site is not None and is_of_his_time(here, who, each.site, each.raised)
        ]
    )
