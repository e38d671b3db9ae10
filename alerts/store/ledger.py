"""The ledger: reports with what became of them, for those who look through them. Only reads.

Who may see which is part of the query (`Scope`), so that neither a page nor an export can hold what somebody may not
see.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, case, literal, or_, select

from alerts.incidents.incident import FINISHED, Handling, Verdict
from alerts.store.incidents import fetched
from alerts.store.reports import Photo, Report, photos_of, report_of
from alerts.store.sighted import lies_in
from config.community import Level
from config.handling import RequestTimes
from hub.errors import NotFoundError
from hub.events import time_from_text, time_to_text
from hub.reach import Within
from hub.store.schema import incidents, orders, reports


class Step(enum.StrEnum):
    """How far a report is, in four words that a villager follows."""

    RECEIVED = "received"
    SEEN = "seen"
    ON_THE_WAY = "on_the_way"
    DONE = "done"


REQUEST_LEVELS = (Level.INFO.value, Level.NOTICE.value)
"""What is no alarm, and has days."""


@dataclass(frozen=True, slots=True)
class Filed:
    """A report with what became of it.

    Attributes:
        report: As it was sent.
        number: Of the incident; what people call it by.
        step: How far it is.
        level, handling, verdict, opened, resolved: Of the incident.
        photos: The first one first.
        done_by: When it should be done; None for an alarm.
    """

    report: Report
    number: int
    step: Step
    level: Level
    handling: Handling
    verdict: Verdict
    opened: datetime
    resolved: datetime | None
    photos: tuple[Photo, ...]
    done_by: datetime | None

    def overdue(self, now: datetime) -> bool:
        """Whether it should have been done."""
        return self.step is not Step.DONE and self.done_by is not None and now > self.done_by


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose reports somebody may see.

    Attributes:
        account: His own, and those that he was sent to if `sent`.
        within: All that was reported in there.
        everything: All there are.
        sent: Whether he can be sent.
    """

    account: str
    within: Within | None = None
    everything: bool = False
    sent: bool = False


@dataclass(frozen=True, slots=True)
class Sought:
    """What is looked for; an empty part wants all.

    Attributes:
        words: Stand in the text.
        number: Of the incident; an alternative to the words.
        categories, sites, areas: Those that the words name; alternatives to the words.
        category, kind, site, area: Exactly these.
        step: So far.
        since, until: Came not before, and before.
        due_at: Requests that should be done by then and are not.
    """

    words: str = ""
    number: int | None = None
    categories: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    category: str | None = None
    kind: str | None = None
    site: str | None = None
    area: str | None = None
    step: Step | None = None
    since: datetime | None = None
    until: datetime | None = None
    due_at: datetime | None = None


def filed(connection: Connection, report: str, times: RequestTimes) -> Filed:
    """One report with what became of it.

    Raises:
        NotFoundError: There is none with this id.
    """
    found = _filed(connection, _query().where(reports.c.id == report), times)
    if not found:
        raise NotFoundError(f"no report {report}")
    return found[0]


def ledger(
    connection: Connection, scope: Scope, sought: Sought, times: RequestTimes, *, before: int | None, limit: int
) -> list[Filed]:
    """Reports, the newest first, below a number of arrival."""
    query = _query().order_by(reports.c.seq.desc()).limit(limit)
    if before is not None:
        query = query.where(reports.c.seq < before)
    for condition in (_seen_by(scope), *_conditions(sought, times)):
        query = query.where(condition)
    return _filed(connection, query, times)


def _query() -> Select[Any]:
    found = incidents.c
    return select(
        reports,
        found.number.label("i_number"),
        found.level.label("i_level"),
        found.handling.label("i_handling"),
        found.verdict.label("i_verdict"),
        found.opened.label("i_opened"),
        found.resolved.label("i_resolved"),
        _STEP.label("i_step"),
    ).join(incidents, incidents.c.id == reports.c.incident)


_COMING = (
    select(orders.c.id)
    .where(orders.c.incident == incidents.c.id, orders.c.state.in_(("accepted", "arrived")))
    .correlate(incidents)
    .exists()
)
_STEP = case(
    (incidents.c.handling.in_([each.value for each in FINISHED]), literal(Step.DONE.value)),
    (or_(incidents.c.handling == Handling.ON_SCENE.value, _COMING), literal(Step.ON_THE_WAY.value)),
    (incidents.c.handling == Handling.NEW.value, literal(Step.RECEIVED.value)),
    else_=literal(Step.SEEN.value),
)


def _seen_by(scope: Scope) -> ColumnElement[bool]:
    if scope.everything:
        return literal(value=True) == literal(value=True)
    ways: list[ColumnElement[bool]] = [reports.c.account == scope.account]
    if scope.within is not None:
        ways.append(lies_in(reports, scope.within))
    if scope.sent:
        ways.append(reports.c.incident.in_(select(orders.c.incident).where(orders.c.unit == scope.account)))
    return or_(*ways)


def _conditions(sought: Sought, times: RequestTimes) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if sought.words:
        words: list[ColumnElement[bool]] = [reports.c.text.icontains(sought.words, autoescape=True)]
        words += [
            column.in_(some)
            for column, some in (
                (reports.c.category, sought.categories),
                (reports.c.site, sought.sites),
                (reports.c.area, sought.areas),
            )
            if some
        ]
        if sought.number is not None:
            words.append(incidents.c.number == sought.number)
        found.append(or_(*words))
    exact = (
        (reports.c.category, sought.category),
        (reports.c.kind, sought.kind),
        (reports.c.site, sought.site),
        (reports.c.area, sought.area),
    )
    found += [column == value for column, value in exact if value is not None]
    if sought.step is not None:
        found.append(_STEP.in_([sought.step.value]))
    if sought.since is not None:
        found.append(reports.c.at >= time_to_text(sought.since))
    if sought.until is not None:
        found.append(reports.c.at < time_to_text(sought.until))
    if sought.due_at is not None:
        came_before = sought.due_at - timedelta(seconds=times.done_within_s)
        found += [
            reports.c.at <= time_to_text(came_before),
            incidents.c.level.in_(REQUEST_LEVELS),
            incidents.c.handling.not_in([each.value for each in FINISHED]),
        ]
    return found


def _filed(connection: Connection, query: Select[Any], times: RequestTimes) -> list[Filed]:
    rows = fetched(connection, query)
    photos = photos_of(connection, [row["id"] for row in rows]) if rows else {}
    return [_row(row, photos.get(row["id"], ()), times) for row in rows]


def _row(row: dict[str, Any], photos: tuple[Photo, ...], times: RequestTimes) -> Filed:
    of_incident = {name.removeprefix("i_"): row.pop(name) for name in tuple(row) if name.startswith("i_")}
    report = report_of(row)
    resolved = of_incident["resolved"]
    return Filed(
        report=report,
        number=of_incident["number"],
        step=Step(of_incident["step"]),
        level=Level(of_incident["level"]),
        handling=Handling(of_incident["handling"]),
        verdict=Verdict(of_incident["verdict"]),
        opened=time_from_text(of_incident["opened"]),
        resolved=None if resolved is None else time_from_text(resolved),
        photos=photos,
        done_by=report.at + timedelta(seconds=times.done_within_s) if of_incident["level"] in REQUEST_LEVELS else None,
    )
