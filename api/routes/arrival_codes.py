"""Arrival codes: what hangs at a site and shows, when it is scanned, that somebody is there; for who prints them."""

from __future__ import annotations

import io
from typing import Annotated, Any

import segno
from fastapi import APIRouter, Depends, Response

from alerts.dispatch.arrival import arrival_code, printed
from api.access.auth import needs
from api.access.reaching import reached_site
from api.parts import Here, Parts
from api.schemas.places import ArrivalCodeView
from hub.access import Permission, Principal

router = APIRouter(prefix="/api/v1", tags=["places"])
Printer = Annotated[Principal, Depends(needs(Permission.VIEW_COMMUNITY))]

_SVG: dict[int | str, dict[str, Any]] = {200: {"content": {"image/svg+xml": {}}, "description": "The code to print."}}
_MODULE_PX = 8
_QUIET_MODULES = 4  # ISO/IEC 18004, 9.1: four modules of quiet zone


@router.get("/sites/{site_id}/arrival-code", summary="The code that hangs at a site")
def code(here: Here, who: Printer, site_id: str) -> ArrivalCodeView:
    """The code of a site; it stays the same as long as the hub keeps its key."""
    found = _code(here, who, site_id)
    svg = f"/api/v1/sites/{site_id}/arrival-code.svg"
    return ArrivalCodeView(site=site_id, code=found, printed=printed(site_id, found), svg=svg)


@router.get("/sites/{site_id}/arrival-code.svg", summary="The same to print", response_class=Response, responses=_SVG)
def drawing(here: Here, who: Printer, site_id: str) -> Response:
    """The code of a site as a QR code, for any size of paper; a quarter of it may be dirty."""
    drawn = io.BytesIO()
    made = segno.make_qr(printed(site_id, _code(here, who, site_id)), error="q")
    made.save(drawn, kind="svg", scale=_MODULE_PX, border=_QUIET_MODULES, title=site_id)
    return Response(drawn.getvalue(), media_type="image/svg+xml")


def _code(here: Parts, who: Principal, site_id: str) -> str:
    reached_site(here, who, Permission.VIEW_COMMUNITY, site_id)
    return arrival_code(here.desk.key, site_id)
