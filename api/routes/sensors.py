"""Sensors, what they measured, and the messages that were refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from api.access.auth import needs
from api.access.reaching import everywhere, reach_of, reached_camera, reached_sensor
from api.errors import BadRequestError
from api.paging import Cursor, Limit, Page, page_of
from api.parts import Here, Parts
from api.schemas.places import Text
from api.schemas.sensors import HealthView, PresenceView, ReadingsPage, ReadingView, RefusalView, SensorView
from config.community import Community, Sensor
from hub.access import Permission, Principal
from hub.store.event_log import HealthRow, ReadingRow
from hub.store.spans import RAW, ResolutionError

router = APIRouter(prefix="/api/v1", tags=["sensors"])
Viewer = Annotated[Principal, Depends(needs(Permission.VIEW_SENSORS))]

MOST_READINGS = 10_000
_LONGEST_S = 31_536_000
_PAYLOAD_SHOWN_BYTES = 4096
_DAY = timedelta(days=1)


@router.get("/sensors", summary="List sensors")
def sensors(
    *, here: Here, who: Viewer, site: str | None = None, cursor: Cursor = None, limit: Limit = 100
) -> Page[SensorView]:
    """The sensors that you reach, by id, with whether they are there."""
    community, within = here.revisions.current(), reach_of(here, who).within(Permission.VIEW_SENSORS)
    wanted = [
        sensor
        for sensor in community.sensors
        if (site is None or sensor.site == site) and (within is None or sensor.site in within.sites)
    ]
    found, following = page_of(wanted, cursor, limit)
    health = {row.source: row for row in here.event_log.health()}
    return Page(items=[_sensor(sensor, community, health.get(sensor.id)) for sensor in found], next=following)


@router.get("/sensors/{sensor_id}", summary="One sensor")
def sensor(here: Here, who: Viewer, sensor_id: str) -> SensorView:
    """One sensor with its newest readings."""
    found = reached_sensor(here, who, Permission.VIEW_SENSORS, sensor_id)
    health = next((row for row in here.event_log.health() if row.source == sensor_id), None)
    view = _sensor(found, here.revisions.current(), health)
    view.latest = [_reading(row) for row in here.event_log.latest_readings(sensor_id)]
    view.presence = _presence(here, sensor_id, max((row.at for row in view.latest), default=None))
    return view


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Which readings are wanted, as asked."""

    since: datetime | None
    until: datetime | None
    points: int | None
    resolution: str | None
    name: str | None
    limit: int


def _wanted(
    *,
    since: Annotated[datetime | None, Query(alias="from", description="Default: a day before `to`.")] = None,
    until: Annotated[datetime | None, Query(alias="to", description="Not included. Default: now.")] = None,
    points: Annotated[
        int | None, Query(ge=1, le=5000, description="About so many rows of each quantity at most. Default: 500.")
    ] = None,
    resolution: Annotated[
        str | None,
        Query(max_length=20, description="Instead of `points`: `raw`, or the length of a stretch in seconds."),
    ] = None,
    name: Annotated[str | None, Query(max_length=200, description="Only this quantity.")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_READINGS, description="Rows of all quantities at most.")] = MOST_READINGS,
) -> _Wanted:
    return _Wanted(since, until, points, resolution, name, limit)


Readings = Annotated[_Wanted, Depends(_wanted)]


@router.get("/sensors/{sensor_id}/readings", summary="Readings of a sensor")
def readings(here: Here, who: Viewer, sensor_id: str, wanted: Readings) -> ReadingsPage:
    """Readings between two times, oldest first; when there are more than `limit`, the newest of them.

    Each reading where they are few, else mean, least, greatest and number by the minute, the hour, or a multiple of
    one; `resolution_s` says which. Old readings are kept only by the minute, later by the hour; the answer is put
    together from what there is. The first and the last stretch are whole, also beyond `from` and `to`. A stretch
    without a reading has no row.
    """
    reached_sensor(here, who, Permission.VIEW_SENSORS, sensor_id)
    return _readings(here, sensor_id, wanted)


@router.get("/cameras/{camera_id}/readings", summary="Counts of a camera")
def counts(here: Here, who: Viewer, camera_id: str, wanted: Readings) -> ReadingsPage:
    """What a camera counted at its lines, minute by minute; the answer is as for the readings of a sensor.

    A quantity is `camera.count.` with what was counted and the line, as `camera.count.car_left@gate`. The sum over a
    longer stretch is its mean times its number.
    """
    reached_camera(here, who, Permission.VIEW_SENSORS, camera_id)
    return _readings(here, camera_id, wanted)


def _readings(here: Parts, source: str, wanted: _Wanted) -> ReadingsPage:
    end = _zoned("to", wanted.until) or here.clock.now()
    begin = _zoned("from", wanted.since) or end - _DAY
    if begin >= end:
        raise BadRequestError("query.from", "`from` must be before `to`")
    if wanted.points is not None and wanted.resolution is not None:
        raise BadRequestError("query.resolution", "give `points` or `resolution`, not both")
    try:
        found = here.event_log.readings(
            source,
            name=wanted.name,
            since=begin,
            until=end,
            resolution_s=_seconds(wanted.resolution),
            points=wanted.points or 500,
            limit=wanted.limit,
        )
    except ResolutionError as error:
        raise BadRequestError("query.resolution", str(error)) from error
    return ReadingsPage(
        items=[_reading(row) for row in found.rows], resolution_s=found.resolution_s, complete=found.complete
    )


@router.get("/refusals", summary="Messages that were refused")
def refusals(
    here: Here,
    who: Annotated[Principal, Depends(needs(Permission.VIEW_REFUSALS))],
    limit: Limit = 100,
) -> Page[RefusalView]:
    """The newest messages that were not understood, newest first: what came, where, and what was wrong with it."""
    everywhere(here, who, Permission.VIEW_REFUSALS)
    found = here.event_log.refusals(limit=limit)
    items = [
        RefusalView(
            seq=stored.seq,
            arrived=stored.refusal.arrived,
            topic=stored.refusal.topic,
            reason=stored.refusal.reason,
            detail=stored.refusal.detail,
            size_bytes=stored.size_bytes,
            payload=stored.refusal.payload[:_PAYLOAD_SHOWN_BYTES].decode(errors="replace"),
        )
        for stored in found
    ]
    return Page(items=items)


def _zoned(name: str, moment: datetime | None) -> datetime | None:
    if moment is not None and moment.tzinfo is None:
        raise BadRequestError(f"query.{name}", "give the time zone, as 2026-03-01T08:00:00+08:00 or ...Z")
    return moment


def _seconds(resolution: str | None) -> float | None:
    if resolution is None or resolution == "raw":
        return None if resolution is None else RAW
    try:
        seconds = float(resolution)
    except ValueError:
        seconds = 0.0
    if not 1 <= seconds <= _LONGEST_S:
        raise BadRequestError("query.resolution", "write `raw`, or seconds from 1 to 31536000")
    return seconds


def _sensor(sensor: Sensor, community: Community, health: HealthRow | None) -> SensorView:
    site = community.site(sensor.site)
    return SensorView(
        id=sensor.id,
        site=sensor.site,
        area=None if site is None else site.area,
        name=Text.of(sensor.name),
        location=sensor.location,
        format=sensor.format,
        address=sensor.address or sensor.id,
        kinds=list(sensor.kinds),
        silent_after_s=sensor.silent_after_s,
        life_safety=sensor.life_safety,
        health=None if health is None else health_view(health),
    )


def _presence(here: Parts, sensor_id: str, newest: datetime | None) -> PresenceView | None:
    """How a sensor stands; `newest` is the time of its newest reading, for one that was not heard in this run."""
    standing = here.presence.standing(sensor_id)
    if standing is None:
        return None
    doubts = here.sensor_watch.doubts(sensor_id)
    return PresenceView(
        state=standing.state,
        why=standing.why,
        last_heard=standing.heard or newest,
        interval_s=standing.interval_s,
        silent_after_s=standing.silent_after_s,
        gateway=standing.gateway,
        doubts=dict(doubts.values),
        clock_skew_s=doubts.clock_skew_s,
        flooding=doubts.flooding,
    )


def health_view(row: HealthRow) -> HealthView:
    """A row of the health table as it is shown."""
    return HealthView(source=row.source, kind=row.kind, state=row.state, reason=row.reason, since=row.since)


def _reading(row: ReadingRow) -> ReadingView:
    return ReadingView(
        name=row.name,
        at=row.at,
        value=row.value,
        minimum=row.minimum,
        maximum=row.maximum,
        count=row.count,
        quality=[word for word in row.quality.split(",") if word],
    )
