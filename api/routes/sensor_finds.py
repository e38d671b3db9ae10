"""Strange devices: what was heard of them, and taking one in; and many sensors at once by a sheet.

For who may add devices. What belongs to no place is shown only to who may add them everywhere, for it may be of any
home.
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from api.access.auditing import note
from api.access.auth import needs
from api.access.reaching import reach_of, reached_site
from api.errors import BadRequestError, SheetRefusedError
from api.onboarding.sensor_plan import SENSOR_COLUMNS, Devices, SensorPlan, plan_sensors, sensor_template
from api.onboarding.sheets import read_sheet
from api.paging import Cursor, Limit, Page, page_of
from api.parts import Here, Parts
from api.routes.camera_import import sheet_of
from api.schemas.places import Text
from api.schemas.sensor_finds import AcceptBody, AcceptView, FindView
from api.schemas.sensors import SensorView
from api.schemas.setting_up import ImportView, MistakeView, PlannedView
from config.community import Community, Name, Sensor
from hub.access import Permission, Principal
from hub.audit import Action
from hub.errors import ConflictError, NotFoundError
from hub.sensors.finds import Find, clean, finds_of, plain_value
from hub.sensors.kinds import KINDS

router = APIRouter(prefix="/api/v1", tags=["setting up"])
Integrator = Annotated[Principal, Depends(needs(Permission.ADD_DEVICES))]

_MOST_MESSAGES = 5_000
_MOST_BYTES = 16 * 1024 * 1024
_SHEET: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string", "format": "binary"}}}}
}


@router.get("/sensors/finds", summary="Strange devices that were heard")
def finds(here: Here, who: Integrator, cursor: Cursor = None, limit: Limit = 100) -> Page[FindView]:
    """Devices that nobody configured: those that announced themselves, and those whose messages nobody could place.

    Of the newest 5,000 messages that are kept.
    """
    community = here.revisions.current()
    found, following = page_of([_view(each, community) for each in _found(here, who)], cursor, limit)
    return Page(items=found, next=following)


@router.post("/sensors/finds/{find_id}/accept", summary="Take a strange device in", status_code=201)
def accept(
    *, here: Here, who: Integrator, request: Request, find_id: str, body: AcceptBody, response: Response
) -> AcceptView:
    """Make a sensor of it, in one revision; it is heard at once, and what was kept of it is read."""
    found = next((each for each in _found(here, who) if _id(each) == find_id), None)
    if found is None:
        raise NotFoundError(f"no find {find_id[:64]!r}")
    if not found.format:
        raise BadRequestError("path.find_id", "no payload format reads it; write a map for its topic first")
    reached_site(here, who, Permission.ADD_DEVICES, body.site)
    if found.format == "plain" and found.site not in (None, body.site):
        raise BadRequestError("body.site", f"it speaks on the topic of the site {found.site!r}; write that one")
    sensor = Sensor(
        id=body.id,
        site=body.site,
        name=None if body.name is None else Name(zh=body.name.zh, en=body.name.en),
        format=found.format,
        address=found.address,
        kinds=tuple(body.kinds),
        silent_after_s=body.silent_after_s,
        life_safety=body.life_safety,
        options=body.options,
    )

    def edit(community: Community) -> Community:
        if any(each.id == body.id for each in community.sensors):
            raise ConflictError(f"the id {body.id!r} is taken")
        if found.key in _configured(community):
            raise ConflictError("it was taken in meanwhile")
        return community.model_copy(update={"sensors": (*community.sensors, sensor)})

    here.revisions.change(edit, author=who.name, reason=f"sensor {body.id} taken in")
    note(request, Action.SETTING_UP, kind="sensor", id=body.id, site=body.site, did="accept")
    response.headers["Location"] = f"/api/v1/sensors/{body.id}"
    try:
        report = here.backfill.run(since=found.first)
        read, readings, more = report.taken, report.readings, report.more
    except ConflictError:  # somebody else's goes on, and may be past these messages
        read, readings, more = 0, 0, True
    return AcceptView(sensor=_sensor(here, sensor), read=read, readings=readings, more=more)


@router.get(
    "/sensors/import/template.csv",
    summary="A sheet of sensors to fill in",
    response_class=Response,
    responses={200: {"content": {"text/csv": {}}}},
)
def sensor_sheet_template(_who: Integrator, language: Literal["zh", "en"] = "zh") -> Response:
    """Two lines as examples; spreadsheet programs open it as it is."""
    return Response(
        sensor_template(chinese=language == "zh"),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="sensors.csv"'},
    )


@router.post("/sensors/import", summary="Add and change sensors by a sheet", openapi_extra=_SHEET)
async def import_sensors(
    *,
    here: Here,
    who: Integrator,
    request: Request,
    dry_run: Annotated[bool, Query(description="Only say what would be done.")] = False,
) -> ImportView:
    """One revision with all of it, or nothing: 422 names every mistake by its line and column."""
    data = await sheet_of(request)
    note(request, Action.SETTING_UP, kind="sensor", id="", did="import, dry run" if dry_run else "import")
    plan, revision = await run_in_threadpool(_import, here, who, data, dry_run=dry_run)
    counts = {word: sum(each.what == word for each in plan.planned) for word in ("add", "change", "leave")}
    return ImportView(
        dry_run=dry_run,
        revision=revision,
        adds=counts["add"],
        changes=counts["change"],
        leaves=counts["leave"],
        lines=[
            PlannedView(line=each.line, id=each.sensor.id, what=each.what, changes=list(each.changes))
            for each in plan.planned
        ],
        mistakes=[MistakeView.of(each) for each in plan.mistakes],
    )


def _import(here: Parts, who: Principal, data: bytes, *, dry_run: bool) -> tuple[SensorPlan, int | None]:
    sheet = read_sheet(data, SENSOR_COLUMNS)
    reach = reach_of(here, who)

    def plan_for(community: Community) -> SensorPlan:
        sites = frozenset(site.id for site in community.sites if reach.allows(Permission.ADD_DEVICES, site=site.id))
        return plan_sensors(
            sheet, community, Devices(here.onboarding.formats, set(KINDS), sites, here.revisions.mistakes)
        )

    def edit(community: Community) -> Community:
        plan = plan_for(community)
        if plan.mistakes:
            raise SheetRefusedError(plan.mistakes)
        return plan.applied(community)

    plan = plan_for(here.revisions.current())
    if dry_run:
        return plan, None
    if plan.mistakes:
        raise SheetRefusedError(plan.mistakes)
    if not plan.changed:
        return plan, None
    made = here.revisions.change(edit, author=who.name, reason=f"sensors imported: {len(sheet.rows)} lines")
    return plan, made.number


def _found(here: Parts, who: Principal) -> list[Find]:
    """The finds that are for somebody: devices that announced themselves first, then those that spoke last."""
    reach = reach_of(here, who)
    configured = _configured(here.revisions.current())
    kept = here.raw.newest(most=_MOST_MESSAGES, most_bytes=_MOST_BYTES)
    every = [*_announced(here, configured), *finds_of(kept, here.onboarding.readers)]
    if reach.is_everywhere(Permission.ADD_DEVICES):
        return [each for each in every if each.key not in configured]
    return [
        each
        for each in every
        if each.key not in configured and each.site is not None and reach.allows(Permission.ADD_DEVICES, site=each.site)
    ]


def _announced(here: Parts, configured: frozenset[tuple[str, str]]) -> list[Find]:
    return [
        Find(
            kind,
            each.address,
            name=None if each.name is None else clean(each.name),
            maker=None if each.manufacturer is None else clean(each.manufacturer),
            model=None if each.model is None else clean(each.model),
            kinds=each.kinds,
            values={clean(name): plain_value(value) for name, value in list(each.values.items())[:32]},
            last=each.heard,
            why="unknown_sensor",
        )
        for kind, each in here.discovered()
        if not any((kind, address) in configured for address in (*each.addresses, *each.entities))
    ]


def _configured(community: Community) -> frozenset[tuple[str, str]]:
    return frozenset((sensor.format, sensor.address or sensor.id) for sensor in community.sensors)


def _id(find: Find) -> str:
    """An id that stands in an address whatever the device calls itself, and the same the next time."""
    digest = hashlib.sha256("\x1f".join(find.key).encode(errors="replace")).digest()
    return base64.b32encode(digest[:15]).decode().lower()


def _view(find: Find, community: Community) -> FindView:
    return FindView(
        id=_id(find),
        format=find.format,
        address=find.address,
        site=find.site,
        name=find.name,
        manufacturer=find.maker,
        model=find.model,
        kinds=list(find.kinds),
        values=dict(find.values),
        topics=list(find.topics),
        sample=find.sample,
        count=find.count,
        first=find.first,
        last=find.last,
        interval_s=find.interval_s,
        why=find.why,
        sensor=_body(find, community),
    )


def _sensor(here: Parts, sensor: Sensor) -> SensorView:
    site = here.revisions.current().site(sensor.site)
    return SensorView(
        id=sensor.id,
        site=sensor.site,
        area=None if site is None else site.area,
        name=Text.of(sensor.name),
        format=sensor.format,
        address=sensor.address or sensor.id,
        kinds=list(sensor.kinds),
        silent_after_s=sensor.silent_after_s,
        life_safety=sensor.life_safety,
    )


def _body(find: Find, community: Community) -> dict[str, Any] | None:
    """What to send to `accept`."""
    if not find.format:
        return None
    taken = {sensor.id for sensor in community.sensors}
    plain = re.sub(r"[^a-z0-9._-]+", "-", (find.name or find.address).lower()).strip("-._")[:56] or "sensor"
    free = next(name for name in (plain, *(f"{plain}-{n}" for n in range(2, len(taken) + 3))) if name not in taken)
    body: dict[str, Any] = {"id": free, "site": find.site or ""}
    if find.name:
        body["name"] = {"zh": find.name, "en": find.name}
    return body | {"kinds": [kind for kind in find.kinds if kind in KINDS]}
