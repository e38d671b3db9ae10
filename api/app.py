"""The HTTP application: its routers, its outermost layer, and its description.

Routers come in two kinds. A module's `router` is for those who are signed in: the application puts that condition on it
here, so that a route cannot forget it. A module's `open_router` is what must work without a token, and is listed in one
place below. Who may call a route is declared in `api/access/declared.py`; an application that holds another is not
built.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from fastapi import Depends, FastAPI, Response
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from api import problems
from api.access.auditing import Auditing
from api.access.auth import signed_in
from api.access.guard import Guard
from api.access.wall import ask, ask_of_link, hold_to
from api.parts import Parts
from api.routes import (
    accounts,
    alerts,
    arrival_codes,
    audit,
    auth,
    backfill,
    backups,
    camera_import,
    cameras,
    channel_settings,
    channels,
    discovered,
    dispatches,
    evidence,
    feed,
    figures,
    floor_plans,
    grants,
    handovers,
    health,
    home,
    home_alerts,
    incidents,
    invitations,
    keys,
    live,
    me,
    media,
    my_data,
    newcomers,
    notices,
    outside,
    overview,
    pages,
    places,
    points,
    ptz,
    recordings,
    reports,
    revisions,
    rosters,
    rule_trials,
    rules,
    sensor_finds,
    sensors,
    setting_up,
    setup,
    silences,
    telephones,
    tours,
    units,
    what_if,
)

OPEN = (
    auth.open_router,
    outside.open_router,
    invitations.open_router,
    setup.open_router,
    health.open_router,
    pages.open_router,
    live.open_router,
    media.open_router,
    evidence.open_router,
)
SIGNED_IN = (
    auth.router,
    me.router,
    outside.router,
    keys.router,
    invitations.router,
    overview.router,
    incidents.router,
    evidence.router,
    notices.router,
    channels.router,
    channel_settings.router,
    dispatches.router,
    units.router,
    telephones.router,
    rosters.router,
    arrival_codes.router,
    reports.router,
    revisions.router,
    points.router,
    alerts.router,
    feed.router,
    figures.router,
    handovers.router,
    setting_up.router,
    camera_import.router,
    ptz.router,
    cameras.router,
    home.router,
    home_alerts.router,
    newcomers.router,
    my_data.router,
    live.router,
    recordings.router,
    places.router,
    floor_plans.router,
    discovered.router,
    sensor_finds.router,
    backfill.router,
    backups.router,
    sensors.router,
    health.router,
    accounts.router,
    grants.router,
    audit.router,
    rule_trials.router,
    what_if.router,
    rules.router,
    silences.router,
    tours.router,
)

OPENAPI_PATH = "/api/v1/openapi.json"
_DESCRIPTION = """\
Incidents, cameras and sensors of one community.

Times are UTC in RFC 3339; a time that is sent must name its zone. Lists come in pages: send the `next` of one page as
`cursor` for the following one. What people edit carries an `ETag`; send it as `If-Match`, and a change that would undo
somebody else's is refused with 412 and what they made of it. Errors are `application/problem+json` (RFC 9457); programs
compare their `type`.
"""


def create_app(parts: Parts | None) -> FastAPI:
    """The application for the parts of a hub; without parts only its description can be asked for."""
    app = FastAPI(
        title="Community hub",
        version=_version(),
        description=_DESCRIPTION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=_operation_id,
    )
    app.state.parts = parts
    problems.install(app)
    for router in OPEN:
        app.include_router(router, dependencies=[Depends(ask_of_link)])
    open_routes = list(app.routes)
    for router in SIGNED_IN:
        app.include_router(router, dependencies=[Depends(signed_in), Depends(ask)])

    @app.get(OPENAPI_PATH, include_in_schema=False)
    def openapi() -> Response:
        """This interface, described; it holds no secret, so it needs no token."""
        return Response(_described(), media_type="application/json")

    open_routes.append(app.routes[-1])
    hold_to(app.routes, open_routes)
    app.openapi = description  # type: ignore[method-assign]  # the way FastAPI documents
    if parts is not None:
        app.add_middleware(Auditing, log=parts.audit.log)
        app.add_middleware(Guard, clock=parts.clock, observe=parts.metrics.request, loopback_only=parts.loopback_only)
    return app


@cache
def description() -> dict[str, Any]:
    """What describes this interface; a second of work, which only who asks for it waits for."""
    return _describe(create_app(None))


@cache
def _described() -> bytes:
    return json.dumps(description(), ensure_ascii=False, separators=(",", ":")).encode()


def _operation_id(route: APIRoute) -> str:
    return f"{route.tags[0] if route.tags else 'page'}_{route.name}"


def _version() -> str:
    try:
        return version("community-hub")
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "0"


def _describe(app: FastAPI) -> dict[str, Any]:
    """OpenAPI of the application, with a problem as the answer to every error."""
    body = get_openapi(
        title=app.title, version="v1", description=app.description, routes=app.routes, openapi_version="3.1.0"
    )
    schemas = body["components"]["schemas"]
    schemas["Problem"] = problems.schema()
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    answer = {
        "description": "Refused; see `type`.",
        "content": {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for operations in body["paths"].values():
        for operation in operations.values():
            operation["responses"].pop("422", None)
            operation["responses"]["default"] = answer
    return body
