"""Reports: what people see and tell, from the phone to the rating.

Who sent a report sees it and follows it; wardens see those of their areas, who was sent sees what he was sent to, the
room sees all. What is not for somebody is not found. A phone with a bad signal sends a report again under the same
`client_id`, and it is the same report.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.responses import FileResponse, StreamingResponse

from alerts.errors import TooManyReportsError
from alerts.people.categories import category_of, found_by
from alerts.people.locating import Spot
from alerts.people.taking import Draft
from alerts.store.ledger import Filed, Sought, Step
from api.access.auth import needs
from api.access.reaching import reach_of
from api.errors import BadRequestError, ForbiddenError, TooManyError
from api.paging import Cursor, Limit, Page, decode_number, encode
from api.parts import Here, Parts
from api.report_views import Shower, categories, steps
from api.schemas.reports import (
    CategoryView,
    NotSolvedBody,
    PhotosForm,
    RatingBody,
    ReportDetail,
    ReportForm,
    ReportView,
)
from api.uploads import Form, read_form
from config.community import Community
from hub.access import Permission, Principal, Role
from hub.errors import NotFoundError
from hub.reach import Within

router = APIRouter(prefix="/api/v1", tags=["reports"])
Reporter = Annotated[Principal, Depends(needs(Permission.SEND_REPORTS))]
Model = TypeVar("Model", bound=BaseModel)

_ROWS_AT_ONCE = 500
CSV = "text/csv"
_CSV_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {"content": {CSV: {}}, "description": "UTF-8 with a byte order mark; times are those of the site."}
}
_PICTURE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/jpeg": {}, "image/png": {}}, "description": "The picture."}
}


def _form_of(model: type[BaseModel]) -> dict[str, Any]:
    """The description of a form with pictures, which is read here and not by the framework."""
    body = model.model_json_schema()
    stages = body.pop("$defs", {})
    for name, field in body["properties"].items():
        if "$ref" in field:
            shown = stages[field.pop("$ref").rpartition("/")[2]]
            body["properties"][name] = {**shown, **field}
    pictures = {"type": "array", "items": {"type": "string", "format": "binary"}, "maxItems": 4}
    pictures["description"] = "JPEG or PNG, at most 8 MiB each"
    body["properties"]["photo"] = pictures
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": body}}}}


async def _form(request: Request, _who: Reporter) -> Form:
    return await read_form(request)


Sent = Annotated[Form, Depends(_form)]


def sought(
    here: Here,
    *,
    q: Annotated[str, Query(max_length=100, description="Words of the text, place or category; or a number.")] = "",
    category: Annotated[str | None, Query(max_length=64)] = None,
    kind: Annotated[str | None, Query(max_length=64)] = None,
    site: Annotated[str | None, Query(max_length=64)] = None,
    area: Annotated[str | None, Query(max_length=64)] = None,
    step: Annotated[Step | None, Query(description="How far it is.")] = None,
    since: Annotated[datetime | None, Query(alias="from")] = None,
    until: Annotated[datetime | None, Query(alias="to", description="Not included.")] = None,
    due: Annotated[bool, Query(description="Only requests that are soon to be done, or should have been.")] = False,
) -> Sought:
    """What the query looks for."""
    for name, moment in (("from", since), ("to", until)):
        if moment is not None and moment.tzinfo is None:
            raise BadRequestError(f"query.{name}", "give the time zone, as 2026-03-01T08:00:00+08:00 or ...Z")
    community, words = here.revisions.current(), q.strip()
    number = words.removeprefix("#")
    times = community.deadlines.requests
    return Sought(
        words=words,
        number=int(number) if number.isascii() and number.isdigit() and len(number) < 10 else None,  # noqa: PLR2004
        categories=found_by(words) if words else (),
        sites=_called(words, community, "sites"),
        areas=_called(words, community, "areas"),
        category=category,
        kind=kind,
        site=site,
        area=area,
        step=step,
        since=since,
        until=until,
        due_at=here.clock.now() + timedelta(seconds=times.reminded_before_s) if due else None,
    )


Wanted = Annotated[Sought, Depends(sought)]


@router.post(
    "/reports",
    summary="Report something",
    status_code=201,
    openapi_extra=_form_of(ReportForm),
    responses={200: {"model": ReportView, "description": "It was sent before; this is what was made of it."}},
)
def report(here: Here, who: Reporter, sent: Sent, response: Response) -> ReportView:
    """Report what you see, with pictures. It opens an incident, or supports one that is open nearby."""
    form = _checked(ReportForm, sent.fields)
    category = category_of(form.category, form.kind)
    if category is None:
        raise BadRequestError(
            "body.kind" if form.kind else "body.category", "this cannot be reported; see /api/v1/reports/categories"
        )
    if who.role == Role.RESIDENT and (form.for_name or form.for_phone):
        raise ForbiddenError("for somebody else a warden or the room reports")
    community = here.revisions.current()
    for name, known in (("site", community.sites), ("area", community.areas)):
        given = getattr(form, name)
        if given is not None and given not in {each.id for each in known}:
            raise BadRequestError(f"body.{name}", f"there is no {name} {given}")
    spot = Spot(form.lat, form.lon, form.site, form.area)
    if form.place_from_photo and spot.position is None:
        place = next((each.place for each in sent.pictures if each.place is not None), None)
        spot = spot if place is None else Spot(place[0], place[1], form.site, form.area)
    draft = Draft(
        client_id=form.client_id,
        category=category,
        text=form.text,
        spot=spot,
        contact=form.contact,
        for_name=form.for_name,
        for_phone=form.for_phone,
        pictures=sent.pictures,
    )
    try:
        filed, new = here.reception.reporting.send(draft, who)
    except TooManyReportsError as error:
        raise TooManyError(str(error), retry_after_s=error.retry_after_s) from error
    response.status_code = 201 if new else 200
    response.headers["Location"] = f"/api/v1/reports/{filed.report.id}"
    return _shower(here, who).view(filed)


@router.get("/reports/categories", summary="What can be reported")
def list_categories(_who: Reporter) -> list[CategoryView]:
    """What people can report, the most urgent first."""
    return categories()


@router.get("/me/reports", summary="What I reported")
def mine(here: Here, who: Reporter, cursor: Cursor = None, limit: Limit = 50) -> Page[ReportView]:
    """Your own reports, the newest first."""
    found = here.reception.reporting.mine(who, before=decode_number(cursor), limit=limit + 1)
    return _page(here, who, found, limit)


@router.get("/reports", summary="Look through the reports", responses=_CSV_ANSWER, response_model=Page[ReportView])
def reports(
    *, here: Here, who: Reporter, wanted: Wanted, request: Request, cursor: Cursor = None, limit: Limit = 50
) -> Any:
    """The reports that you may see, the newest first; with `Accept: text/csv` all of them as a table."""
    if CSV in request.headers.get("accept", ""):
        return table(here, who, wanted)
    found = here.reception.reporting.all(
        who, wanted, within=_within(here, who), before=decode_number(cursor), limit=limit + 1
    )
    return _page(here, who, found, limit)


@router.get("/reports.csv", summary="The reports as a table", response_class=StreamingResponse, responses=_CSV_ANSWER)
def table(here: Here, who: Reporter, wanted: Wanted) -> StreamingResponse:
    """All reports that you may see and that the query looks for, for a spreadsheet."""

    def pages() -> Iterator[Sequence[Filed]]:
        before: int | None = None
        while page := here.reception.reporting.all(
            who, wanted, within=_within(here, who), before=before, limit=_ROWS_AT_ONCE
        ):
            yield page
            before = page[-1].report.seq

    headers = {"Content-Disposition": 'attachment; filename="reports.csv"'}
    return StreamingResponse(_shower(here, who).table(pages()), media_type=f"{CSV}; charset=utf-8", headers=headers)


@router.get("/reports/{report_id}", summary="One report")
def one(here: Here, who: Reporter, report_id: str) -> ReportDetail:
    """A report, how far it is, and when it came so far."""
    filed, history = here.reception.reporting.one(report_id, who, within=_within(here, who))
    return ReportDetail(**_shower(here, who).view(filed).model_dump(), steps=steps(filed, history))


@router.post("/reports/{report_id}/photos", summary="More pictures", openapi_extra=_form_of(PhotosForm))
def add_photos(here: Here, who: Reporter, report_id: str, sent: Sent) -> ReportView:
    """Show more of it, or that it is done (`stage` is `after`; not by residents)."""
    form = _checked(PhotosForm, sent.fields)
    if not sent.pictures:
        raise BadRequestError("body.photo", "send at least one picture")
    filed = here.reception.reporting.add_photos(report_id, who, sent.pictures, form.stage, within=_within(here, who))
    return _shower(here, who).view(filed)


@router.get(
    "/reports/{report_id}/photos/{photo_id}", summary="A picture", response_class=FileResponse, responses=_PICTURE
)
def photo(here: Here, who: Reporter, report_id: str, photo_id: str) -> FileResponse:
    """A picture of a report that you may see."""
    reporting = here.reception.reporting
    found = reporting.photo(report_id, photo_id, who, within=_within(here, who))
    path = reporting.photos.of(found.id, found.media)
    if path is None:
        raise NotFoundError(f"no photo {photo_id}")
    return FileResponse(path, media_type=found.media, content_disposition_type="inline")


@router.post("/reports/{report_id}/rate", summary="How it went")
def rate(here: Here, who: Reporter, report_id: str, body: RatingBody) -> ReportView:
    """Rate what you reported, 1 to 5, when it is done; it is over by that."""
    rated = here.reception.reporting.rate(report_id, who, body.stars, body.note, within=_within(here, who))
    return _shower(here, who).view(rated)


@router.post("/reports/{report_id}/reopen", summary="It was not solved")
def reopen(here: Here, who: Reporter, report_id: str, body: NotSolvedBody | None = None) -> ReportView:
    """Say within 72 hours that it was not solved: it is worked on again, under the same number."""
    note = "" if body is None else body.note
    opened = here.reception.reporting.reopen(report_id, who, note, within=_within(here, who))
    return _shower(here, who).view(opened)


def _within(here: Parts, who: Principal) -> Within | None:
    """Where the room reads all reports; others see their own, and what they answer for."""
    return reach_of(here, who).within(Permission.VIEW_REPORTS)


def _shower(here: Parts, who: Principal) -> Shower:
    return Shower(here.revisions.current(), who, here.clock.now())


def _page(here: Parts, who: Principal, found: list[Filed], limit: int) -> Page[ReportView]:
    shower = _shower(here, who)
    items = [shower.view(filed) for filed in found[:limit]]
    return Page(items=items, next=encode(str(found[limit - 1].report.seq)) if len(found) > limit else None)


def _called(words: str, community: Community, what: str) -> tuple[str, ...]:
    """The ids of the sites or areas in whose name these words stand."""
    if not words:
        return ()
    sought_words = words.casefold()
    return tuple(
        each.id
        for each in getattr(community, what)
        if any(sought_words in (each.name.in_language(language)).casefold() for language in ("zh", "en"))
    )


def _checked(model: type[Model], fields: dict[str, Any]) -> Model:
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        found = [{**each, "loc": ("body", *each["loc"])} for each in error.errors()]
        raise RequestValidationError(found) from error
