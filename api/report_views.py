"""How a report is shown: to whom what of it, in words of both languages, and as rows of a table.

What reaches a person privately (contact, on whose behalf) is for the room alone, and what the sender wrote also for the
sender. A cell of the table that a spreadsheet would take for a formula is written as text.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from alerts.incidents.incident import FINISHED, Handling
from alerts.incidents.views import JournalEntry
from alerts.people.categories import CATEGORIES, OTHER, Category
from alerts.store.ledger import Filed, Step
from alerts.store.reports import Photo
from api.schemas.places import Text
from api.schemas.reports import CategoryView, PhotoView, ReportView, StepView
from config.community import Community, Name
from hub.access import Permission, Principal, Role, allows

STEP_NAMES = {
    Step.RECEIVED: Name(zh="已收到", en="Received"),
    Step.SEEN: Name(zh="已受理", en="Seen"),
    Step.ON_THE_WAY: Name(zh="处理中", en="On the way"),
    Step.DONE: Name(zh="已办结", en="Done"),
}
_TELLS = {
    "acknowledged": Step.SEEN,
    "dispatched": Step.SEEN,
    "accepted": Step.ON_THE_WAY,
    "arrived": Step.ON_THE_WAY,
    "attended": Step.ON_THE_WAY,
    "resolved": Step.DONE,
}
COLUMNS = (
    "number", "report", "sent", "category_zh", "category_en", "level", "site", "area", "lat", "lon", "text", "account",
    "step_zh", "step_en", "verdict", "done_by", "resolved", "rating", "rating_note", "photos",
)  # fmt: skip
_PRIVATE = ("contact", "for_name", "for_phone")
_BOM = "\ufeff"
"""So that Excel reads UTF-8 as UTF-8."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a cell begins with that a spreadsheet would run (OWASP, CSV injection)."""


class Shower:
    """Shows reports to one person, in one answer."""

    def __init__(self, community: Community, who: Principal, now: datetime) -> None:
        self._sites = {site.id: site.name for site in community.sites}
        self._areas = {area.id: area.name for area in community.areas}
        self._zone = ZoneInfo(community.timezone)
        self._reopened = timedelta(seconds=community.deadlines.reopened_within_s)
        self._who = who
        self._now = now
        self._room = allows(who, Permission.VIEW_REPORTS)

    def view(self, filed: Filed) -> ReportView:
        """A report as this person may see it."""
        report, resident = filed.report, self._who.role == Role.RESIDENT
        mine = report.account == self._who.name
        step = STEP_NAMES[filed.step]
        return ReportView(
            id=report.id,
            number=filed.number,
            category=report.category,
            name=_text(_category(report.category).name),
            kind=report.kind,
            level=filed.level,
            text=report.text,
            at=report.at,
            site=report.site,
            area=report.area,
            place=Text(zh=self._place(filed, "zh"), en=self._place(filed, "en")),
            lat=report.lat,
            lon=report.lon,
            step=filed.step,
            step_name=_text(step),
            done_by=filed.done_by,
            overdue=filed.overdue(self._now),
            resolved=filed.resolved,
            photos=[self._photo(report.id, photo) for photo in filed.photos],
            rating=report.rating,
            rating_note=report.rating_note,
            may=self._may(filed, mine=mine),
            account=report.account,
            on_behalf=report.on_behalf,
            incident=None if resident else report.incident,
            contact=report.contact if self._room or mine else None,
            for_name=report.for_name if self._room else None,
            for_phone=report.for_phone if self._room else None,
        )

    def _may(self, filed: Filed, *, mine: bool) -> list[Literal["rate", "reopen", "photo"]]:
        may: list[Literal["rate", "reopen", "photo"]] = []
        if mine or self._room:
            if filed.handling is Handling.RESOLVED and filed.report.rating is None:
                may.append("rate")
            resolved = filed.resolved
            if filed.handling in FINISHED and resolved is not None and self._now - resolved <= self._reopened:
                may.append("reopen")
        return [*may, "photo"]

    def _photo(self, report: str, photo: Photo) -> PhotoView:
        return PhotoView(
            id=photo.id,
            stage=photo.stage,
            at=photo.at,
            by=None if self._who.role == Role.RESIDENT else photo.by,
            url=f"/api/v1/reports/{report}/photos/{photo.id}",
            width_px=photo.width_px,
            height_px=photo.height_px,
        )

    def _place(self, filed: Filed, language: str) -> str:
        names = (self._sites.get(filed.report.site or ""), self._areas.get(filed.report.area or ""))
        return " · ".join(name.in_language(language) for name in reversed(names) if name is not None)

    def table(self, pages: Iterable[Sequence[Filed]]) -> Iterator[str]:
        """The reports as CSV, some lines at a time; times are those of the site."""
        yield _BOM + _lines([[*COLUMNS, *(_PRIVATE if self._room else ())]])
        for page in pages:
            yield _lines([self._cells(filed) for filed in page])

    def _cells(self, filed: Filed) -> list[str]:
        report, category, step = filed.report, _category(filed.report.category), STEP_NAMES[filed.step]
        site, area = self._sites.get(report.site or ""), self._areas.get(report.area or "")
        cells: list[Any] = [
            filed.number, report.id, report.at, category.zh, category.en, filed.level.value,
            None if site is None else site.in_language("zh"), None if area is None else area.in_language("zh"),
            report.lat, report.lon, report.text, report.account, step.zh, step.en, filed.verdict.value, filed.done_by,
            filed.resolved, report.rating, report.rating_note, len(filed.photos),
        ]  # fmt: skip
        if self._room:
            cells += [report.contact, report.for_name, report.for_phone]
        return [self._cell(cell) for cell in cells]

    def _cell(self, value: Any) -> str:
        if value is None:
            return ""
        if isinstance(value, datetime):
            return f"{value.astimezone(self._zone):%Y-%m-%d %H:%M:%S}"
        if isinstance(value, str) and value.startswith(_FORMULA):
            return f"'{value}"
        return str(value)


def categories() -> list[CategoryView]:
    """What people can report, the most urgent first."""
    return [
        CategoryView(
            id=each.id, name=Text(zh=each.zh, en=each.en), kind=each.kind, level=each.level, request=each.is_request
        )
        for each in CATEGORIES.values()
    ]


def steps(filed: Filed, history: Iterable[JournalEntry]) -> list[StepView]:
    """The four steps, with when each was reached for the last time."""
    reached: dict[Step, datetime] = {}
    for entry in history:
        if entry.topic != "incident":
            continue
        if entry.move == "reopened":
            reached = {Step.SEEN: entry.at}
        step = _TELLS.get(entry.move)
        if step is not None:
            reached.setdefault(step, entry.at)
    reached[Step.RECEIVED] = filed.report.at
    order = list(Step)
    so_far = order[: order.index(filed.step) + 1]
    return [
        StepView(step=step, name=_text(STEP_NAMES[step]), at=reached.get(step) if step in so_far else None)
        for step in order
    ]


def _category(category: str) -> Category:
    return CATEGORIES.get(category, CATEGORIES[OTHER])


def _text(name: Name) -> Text:
    return Text(zh=name.zh, en=name.en)


def _lines(rows: Iterable[Sequence[str]]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerows(rows)
    return written.getvalue()
