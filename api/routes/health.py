"""How the hub does: for a supervisor of processes, a load balancer, Prometheus, and people who are signed in.

`/healthz` and `/readyz` are open and say nothing but yes and no. `/metrics` needs no token from this machine itself
(loopback, and not through a proxy, which would make everybody loopback); from elsewhere it needs one like any route.
"""

from __future__ import annotations

import ipaddress
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from api.access.auth import needs, signed_in
from api.access.reaching import everywhere, reach_of
from api.errors import ForbiddenError
from api.parts import Here
from api.routes.sensors import health_view
from api.schemas.sensors import HealthView
from hub.access import Permission, Principal, allows
from hub.metrics import CONTENT_TYPE

open_router = APIRouter(tags=["health"])
router = APIRouter(prefix="/api/v1", tags=["health"])


class Ready(BaseModel):
    """Whether each part that must work does."""

    ready: bool
    parts: dict[str, bool]


class ConditionView(BaseModel):
    """What the hub found when it last looked at itself."""

    kind: str = Field(examples=["hub.disk"])
    source: str = Field(examples=["data"])
    known: bool = Field(description="False where nobody can know; then `fields` holds the reason.")
    fields: dict[str, bool | int | float | str] = Field(examples=[{"free_pct": 41.2, "failing": False}])
    at: datetime


class HealthAnswer(BaseModel):
    """What is there and what is silent."""

    ready: bool
    parts: dict[str, bool]
    sources: list[HealthView]
    hub: list[ConditionView]
    warnings: list[str] = Field(
        default=[], description="What should be mended: plain HTTP, workers that are not confined, old backups."
    )
    confined: list[str] = Field(default=[], description="What the camera workers gave up.")


@open_router.get("/healthz", summary="Alive")
def healthz() -> dict[str, str]:
    """Answers as long as the process does."""
    return {"status": "ok"}


@open_router.get("/readyz", summary="Ready", responses={503: {"model": Ready}})
def readyz(here: Here, response: Response) -> Ready:
    """Whether the database takes writes, the engine runs, the broker is connected and the workers live; 503 if not."""
    parts = dict(here.readiness())
    ready = all(parts.values())
    response.status_code = 200 if ready else 503
    return Ready(ready=ready, parts=parts)


@open_router.get("/metrics", summary="Figures for Prometheus", response_class=Response)
def metrics(here: Here, request: Request) -> Response:
    """The hub's figures, in the text format of Prometheus."""
    if not _from_this_machine(request):
        header = request.headers.get("authorization", "")
        scheme, _, token = header.partition(" ")
        asker = signed_in(here, token if scheme.lower() == "bearer" and token else None, request)
        if not allows(asker.principal, Permission.VIEW_SYSTEM):
            raise ForbiddenError("this needs the permission to see the hub's figures")
        everywhere(here, asker.principal, Permission.VIEW_SYSTEM)
    return Response(here.metrics.text(), media_type=CONTENT_TYPE)


@router.get("/health", summary="What is there and what is silent")
def health(here: Here, who: Annotated[Principal, Depends(needs(Permission.VIEW_SYSTEM))]) -> HealthAnswer:
    """The hub's own parts, every camera, sensor, gateway and worker by its newest change, and the hub itself.

    Of a part of the community its cameras and sensors alone; gateways, workers and the hub itself are for who
    reaches all of it. The hub looks at its disks, its clock, its analysis and its rules once a minute.
    """
    parts = dict(here.readiness())
    mine = reach_of(here, who).devices(Permission.VIEW_SYSTEM)
    sources = [health_view(row) for row in here.event_log.health() if mine is None or row.source in mine]
    found = [
        ConditionView(kind=each.kind, source=each.source, known=each.known, fields=dict(each.fields), at=each.since)
        for each in here.self_watch.status()
        if mine is None
    ]
    warnings, confined = ((), ()) if mine is not None else (here.hardening.warnings(), here.hardening.confined())
    return HealthAnswer(
        ready=all(parts.values()),
        parts=parts,
        sources=sources,
        hub=found,
        warnings=list(warnings),
        confined=list(confined),
    )


def _from_this_machine(request: Request) -> bool:
    if any(name in request.headers for name in ("forwarded", "x-forwarded-for", "x-real-ip")):
        return False
    try:
        return request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
