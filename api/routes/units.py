"""Units: who is free and near, and where people say that they are."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from alerts.dispatch.units import units_for
from api.access.auth import needs
from api.access.sight import seen
from api.parts import Here
from api.routes.incidents import Handler
from api.schemas.dispatches import PositionBody, UnitsView, UnitView
from api.schemas.places import Text
from config.community import Location
from hub.access import Permission, Principal

router = APIRouter(prefix="/api/v1", tags=["dispatches"])
Goer = Annotated[Principal, Depends(needs(Permission.ANSWER_ORDERS, Permission.HANDLE_INCIDENTS))]


@router.get("/incidents/{incident_id}/units", summary="Who could be sent")
def units(here: Here, who: Handler, incident_id: str) -> UnitsView:
    """Who is on duty or on call for its place, from its own level of the grid up; who should be asked first first."""
    view, desk = seen(here, who, incident_id, to_work=True), here.desk
    places = desk.territory.places()
    found = units_for(
        view,
        here.clock.now(),
        database=desk.database,
        grid=desk.grid(),
        places=places,
        positions=desk.positions,
    )
    shown = [
        UnitView(
            unit=each.account,
            grid=each.level,
            area=each.area,
            area_name=Text.of(places.areas.get(each.area)),
            standby=each.standby,
            can_be_sent=each.can_be_sent,
            busy=each.busy,
            here=each.here,
            distance_m=None if each.distance_m is None else round(each.distance_m),
            position_at=each.position_at,
            position=None if each.position is None else Location(lat=each.position[0], lon=each.position[1]),
            why=Text(zh=each.why.zh, en=each.why.en),
        )
        for each in found
    ]
    nobody = not any(unit.can_be_sent for unit in shown)
    text = (
        Text(zh="此处直到镇一级现在都没有人值班", en="nobody up to the town is on duty for this place now")
        if nobody
        else Text(zh=f"{len(shown)} 人值班或备勤", en=f"{len(shown)} on duty or on call")
    )
    return UnitsView(units=shown, nobody=nobody, text=text)


@router.put("/me/position", summary="Where I am", status_code=204)
def say_position(here: Here, who: Goer, body: PositionBody) -> None:
    """Say where you are, for a quarter of an hour; only who sends people is shown it, and it is never stored."""
    here.desk.positions.say(who.name, (body.lat, body.lon), body.accuracy_m)


@router.delete("/me/position", summary="Forget where I am", status_code=204)
def forget_position(here: Here, who: Goer) -> None:
    """Have it forgotten now."""
    here.desk.positions.forget(who.name)
