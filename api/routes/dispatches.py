"""Orders: the room sends people to incidents, and they say that they come, are there, and what it was.

Who was sent sees his own orders and no others; another's is not found. An answer may name the version of the order it
was made from with If-Match, as moves of incidents do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Query, Response
from starlette.responses import FileResponse

from alerts.dispatch.arrival import check_near, is_code_of
from alerts.dispatch.dispatching import ANSWERS, Finding
from alerts.errors import OrderMovedError
from alerts.incidents.colours import coloured
from alerts.incidents.incident import OPEN, Verdict
from alerts.incidents.views import IncidentView as StoredIncident
from alerts.people.pictures import JPEG, PictureError, picture
from alerts.store.orders import LIVE, Order, Proof, State
from api import etags
from api.access.auth import needs
from api.access.sight import SEERS, seen, sight_of
from api.errors import BadRequestError, ChangedMeanwhileError
from api.etags import IfMatch
from api.paging import Cursor, Limit, Page, decode, encode
from api.parts import Here, Parts
from api.routes.incidents import Handler, told_who_was_first
from api.schemas.dispatches import (
    AcceptBody,
    ArriveBody,
    DispatchBody,
    DoneBody,
    OrderTimes,
    OrderView,
    ReasonBody,
)
from api.schemas.places import Text
from hub.access import Permission, Principal, allows
from hub.errors import NotAllowedError, NotFoundError
from hub.events import time_to_text
from hub.reach import Within

router = APIRouter(prefix="/api/v1", tags=["dispatches"])
Viewer = Annotated[Principal, Depends(needs(*SEERS))]
Answerer = Annotated[Principal, Depends(needs(Permission.HANDLE_INCIDENTS, Permission.ANSWER_ORDERS))]

PHOTO_LIMIT_BYTES = 8 * 1024 * 1024
_PICTURE: dict[int | str, dict[str, Any]] = {200: {"content": {JPEG: {}}, "description": "The photo."}}
_STATES = {"live": LIVE, "over": (State.DONE, State.DECLINED, State.LAPSED, State.CANCELLED), "all": ()}


class Answering:
    """An answer to an order: who, and which version was seen."""

    def __init__(
        self, *, here: Here, who: Answerer, order_id: str, response: Response, if_match: IfMatch = None
    ) -> None:
        self.here = here
        self.who = who
        self.order = _found(here, who, order_id, to_work=True)
        self._response = response
        self._expected = etags.version(if_match)

    def make(self, answer: Callable[[Principal, int | None], Order]) -> OrderView:
        """Give the answer: `answer(who, expected version)`.

        Raises:
            ChangedMeanwhileError: It is another version now; holds the order as it stands.
        """
        try:
            moved = told_who_was_first(self.here, self.who, lambda: answer(self.who, self._expected), named=False)
        except OrderMovedError as error:
            raise ChangedMeanwhileError(
                str(error),
                current=_view(self.here, self.who, error.order).model_dump(mode="json"),
                etag=etags.of_version(error.order.version),
            ) from error
        self._response.headers["ETag"] = etags.of_version(moved.version)
        return _view(self.here, self.who, moved)


Answer = Annotated[Answering, Depends()]


@router.post("/incidents/{incident_id}/dispatch", summary="Send somebody", status_code=201)
def dispatch(
    *, here: Here, who: Handler, incident_id: str, body: DispatchBody, response: Response, if_match: IfMatch = None
) -> OrderView:
    """Send somebody who has an account; a second one may be sent after the first. `If-Match` is of the incident."""
    expected = etags.version(if_match)
    seen(here, who, incident_id, to_work=True)
    order = told_who_was_first(
        here,
        who,
        lambda: here.desk.dispatching.send(incident_id, who, body.unit, note=body.note, expected_version=expected),
        named=expected is not None,
    )
    response.headers["Location"] = f"/api/v1/dispatches/{order.id}"
    response.headers["ETag"] = etags.of_version(order.version)
    return _view(here, who, order)


@router.get("/incidents/{incident_id}/orders", summary="Who was sent there")
def orders_of_incident(here: Here, who: Viewer, incident_id: str) -> Page[OrderView]:
    """All orders of an incident, the first one first; to who was sent, only his own."""
    found = seen(here, who, incident_id)
    whole = allows(who, Permission.VIEW_INCIDENTS)
    orders = here.desk.dispatching.orders(found.id)
    return Page(items=[_view(here, who, order, found) for order in orders if whole or order.unit == who.name])


@router.get("/dispatches", summary="List orders")
def dispatches(
    *,
    here: Here,
    who: Viewer,
    mine: Annotated[bool, Query(description="Only your own; others see no others anyway.")] = False,
    state: Annotated[
        list[str] | None, Query(description=f"Any of these, or {', '.join(_STATES)}.", examples=["live"])
    ] = None,
    unit: Annotated[list[str] | None, Query(description="Of any of these people.")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[OrderView]:
    """Orders, the newest first."""
    units = [who.name] if mine or not allows(who, Permission.VIEW_INCIDENTS) else (unit or [])
    place = decode(cursor, parts=2)
    found = here.desk.dispatching.listed(
        units=units,
        states=_states(state or []),
        within=_places(here, who),
        own=who.name,
        after=None if place is None else (place[0], place[1]),
        limit=limit + 1,
    )
    shown = found[:limit]
    following = encode(time_to_text(shown[-1].ordered), shown[-1].id) if len(found) > limit else None
    incidents: dict[str, StoredIncident] = {}
    for order in shown:
        if order.incident not in incidents:
            incidents[order.incident] = here.alerts.incident(order.incident)
    return Page(items=[_view(here, who, order, incidents[order.incident]) for order in shown], next=following)


@router.get("/dispatches/{order_id}", summary="One order")
def one(here: Here, who: Viewer, order_id: str, response: Response) -> OrderView:
    """One order; its ETag is what an answer may name."""
    order = _found(here, who, order_id)
    response.headers["ETag"] = etags.of_version(order.version)
    return _view(here, who, order)


@router.post("/dispatches/{order_id}/accept", summary="I come")
def accept(*, order_id: str, answer: Answer, body: AcceptBody | None = None) -> OrderView:
    """Say that you come; the room may say so for you."""
    note = "" if body is None else body.note
    desk = answer.here.desk.dispatching
    return answer.make(lambda who, expected: desk.accept(order_id, who, note, expected_version=expected))


@router.post("/dispatches/{order_id}/decline", summary="I cannot come")
def decline(*, order_id: str, answer: Answer, body: ReasonBody) -> OrderView:
    """Say that you cannot come, and why; the next level of the grid is asked at once."""
    desk = answer.here.desk.dispatching
    return answer.make(lambda who, expected: desk.decline(order_id, who, body.reason, expected_version=expected))


@router.post("/dispatches/{order_id}/arrive", summary="I am there")
def arrive(*, order_id: str, answer: Answer, body: ArriveBody) -> OrderView:
    """Say that you are there. What shows it is your position near the place, the code that hangs there, or a photo."""
    here, order = answer.here, answer.order
    view = here.alerts.incident(order.incident)
    shown: dict[str, Any] = {}
    if body.position is not None:
        proof, spot = Proof.POSITION, body.position
        away_m = check_near(
            view,
            here.desk.territory.places(),
            (spot.lat, spot.lon),
            accuracy_m=spot.accuracy_m,
            within_m=here.revisions.current().arrival_within_m,
        )
        shown = {"distance_m": round(away_m)}
    elif body.code is not None:
        proof = Proof.CODE
        if view.site is None or not is_code_of(here.desk.key, view.site, body.code):
            raise NotAllowedError("this is not the code of the place you were sent to", allowed=("arrive",))
    else:
        proof = Proof.PHOTO
        if here.desk.photos.of(order.id, JPEG) is None:
            raise NotAllowedError("send the photo first", allowed=("arrive",))
    desk = here.desk.dispatching
    return answer.make(
        lambda who, expected: desk.arrive(order_id, who, proof, body.note, shown=shown, expected_version=expected)
    )


@router.post("/dispatches/{order_id}/done", summary="It is done")
def done(*, order_id: str, answer: Answer, body: DoneBody) -> OrderView:
    """Say what it was, which resolves the incident; see there for what red, false and nuisance need."""
    finding = Finding(Verdict(body.verdict), body.note, body.cause, body.evidence, body.second)
    desk = answer.here.desk.dispatching
    return answer.make(lambda who, expected: desk.finish(order_id, who, finding, expected_version=expected))


@router.post(
    "/dispatches/{order_id}/cancel",
    summary="Call somebody back",
    dependencies=[Depends(needs(Permission.HANDLE_INCIDENTS))],
)
def cancel(*, order_id: str, answer: Answer, body: ReasonBody) -> OrderView:
    """Call him back, and say why; nobody else is sent."""
    desk = answer.here.desk.dispatching
    return answer.make(lambda who, expected: desk.cancel(order_id, who, body.reason, expected_version=expected))


@router.put("/dispatches/{order_id}/photo", summary="A photo from there", status_code=204)
def put_photo(
    *,
    here: Here,
    who: Answerer,
    order_id: str,
    body: Annotated[bytes, Body(media_type=JPEG, description="JPEG, at most 8 MiB; place and owner are taken out.")],
) -> None:
    """Keep a photo that shows that you are there, until the next one; then say that you are."""
    order = _found(here, who, order_id, to_work=True)
    if order.state not in (State.ORDERED, State.ACCEPTED):
        raise NotAllowedError(f"the order is {order.state}", allowed=ANSWERS.get(order.state, ()))
    try:
        taken = picture(body)
    except PictureError as error:
        raise BadRequestError("body", str(error)) from error
    if taken.media != JPEG:
        raise BadRequestError("body", "send a JPEG picture")
    here.desk.photos.keep(order.id, JPEG, taken.data)


@router.get(
    "/dispatches/{order_id}/photo.jpg",
    summary="The photo from there",
    response_class=FileResponse,
    responses=_PICTURE,
)
def photo(here: Here, who: Viewer, order_id: str) -> FileResponse:
    """The photo that was sent from there."""
    order = _found(here, who, order_id)
    path = here.desk.photos.of(order.id, JPEG)
    if path is None:
        raise NotFoundError(f"no photo of order {order_id}")
    return FileResponse(path, media_type=JPEG, content_disposition_type="inline")


def _places(here: Parts, who: Principal) -> Within | None:
    """Where the room sees orders; who is sent sees his own anyway, and no others."""
    return sight_of(here, who).within if allows(who, Permission.VIEW_INCIDENTS) else None


def _found(here: Parts, who: Principal, order_id: str, *, to_work: bool = False) -> Order:
    order = here.desk.dispatching.order(order_id)
    if order.unit == who.name and who.cameras is None:
        return order
    if allows(who, Permission.VIEW_INCIDENTS):
        sight, incident = sight_of(here, who), here.alerts.incident(order.incident)
        if sight.works_on(incident) if to_work else sight.sees(incident):
            return order
    raise NotFoundError(f"no order {order_id}")


def _states(wanted: list[str]) -> tuple[State, ...]:
    found: list[State] = []
    for name in wanted:
        if name in _STATES:
            found += _STATES[name]
        elif name in tuple(State):
            found.append(State(name))
        else:
            raise BadRequestError("query.state", f"write some of {', '.join((*_STATES, *State))}")
    return () if "all" in wanted else tuple(dict.fromkeys(found))


def _spot(here: Parts, incident: StoredIncident) -> tuple[float, float] | None:
    """Where it is on the ground, as far as the settings say."""
    near = here.desk.territory.places().nearness
    return near.devices.get(incident.camera or "") or near.sites.get(incident.site or "")


def _where(here: Parts, incident: StoredIncident) -> list[Text]:
    """The way there by name: camera, site, area, and what is above that."""
    community, places = here.revisions.current(), here.desk.territory.places()
    camera = None if incident.camera is None else community.camera(incident.camera)
    area = incident.area or places.area_of_site.get(incident.site or "")
    found = [
        None if camera is None else camera.name,
        places.sites.get(incident.site or ""),
        *(places.areas.get(each) for each in places.way_up(area)),
    ]
    return [text for text in map(Text.of, found) if text is not None]


def _view(here: Parts, who: Principal, order: Order, incident: StoredIncident | None = None) -> OrderView:
    incident = incident or here.alerts.incident(order.incident)
    within, level = here.handling.deadlines(), incident.level.value
    times = {
        name: None if (span := getattr(within, name).of(level)) is None else span.total_seconds()
        for name in ("seen_within_s", "acted_within_s", "accepted_within_s")
    }
    room = allows(who, Permission.HANDLE_INCIDENTS)
    may = ANSWERS.get(order.state, ()) if incident.handling in OPEN and (room or order.unit == who.name) else ()
    body = order.to_json()
    spot = _spot(here, incident)
    shown = coloured(incident.to_json(), here.revisions.current().colours)
    body.update(
        number=incident.number,
        kind=incident.kind,
        name=shown["name"],
        colour=shown["colour"],
        text=shown["text"],
        where=_where(here, incident),
        lat=None if spot is None else spot[0],
        lon=None if spot is None else spot[1],
        level=incident.level,
        times=OrderTimes(**times),
        allowed=[name for name in may if room or name != "cancel"],
        photo=f"/api/v1/dispatches/{order.id}/photo.jpg" if here.desk.photos.of(order.id, JPEG) else None,
    )
    body.pop("remind", None)
    return OrderView.model_validate(body)
