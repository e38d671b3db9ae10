"""Reports of people and their photos in the database. The only file that reads and writes them, but for the lists."""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, or_, select, update

from alerts.incidents.incident import OPEN
from alerts.incidents.views import IncidentView
from alerts.language.kinds import family
from alerts.store.incidents import fetched, read_incident
from hub.errors import NotFoundError
from hub.events import time_from_text, time_to_text
from hub.store.schema import incidents, orders, report_photos, reports

_MOST_CANDIDATES = 100
"""Open incidents of one family that changed lately; a village has a handful."""


class Stage(enum.StrEnum):
    """What a photo shows."""

    BEFORE = "before"
    AFTER = "after"
    """That it is done."""


@dataclass(frozen=True, slots=True)
class Report:
    """What somebody reported; the names are those of the table's columns.

    Attributes:
        id: Random.
        incident: Id of what became of it.
        account, role: Who sent it, and as what.
        client_id: Made by the phone; the same again is the same report.
        at: When it came.
        category, kind: What it is about.
        site, area, lat, lon: Where; degrees, WGS 84.
        text: In the sender's words.
        contact: How to reach the sender; for the room alone.
        for_name, for_phone: On whose behalf it was sent, who has no account; for the room alone.
        rating, rating_note, rated: What the sender gave it, 1 to 5, and when.
        seq: Order of arrival, 0 until it is stored.
    """

    id: str
    incident: str
    account: str
    role: str
    client_id: str
    at: datetime
    category: str
    kind: str
    text: str
    site: str | None = None
    area: str | None = None
    lat: float | None = None
    lon: float | None = None
    contact: str = ""
    for_name: str = ""
    for_phone: str = ""
    rating: int | None = None
    rating_note: str = ""
    rated: datetime | None = None
    seq: int = 0

    @property
    def position(self) -> tuple[float, float] | None:
        """Latitude and longitude, if they are known."""
        return None if self.lat is None or self.lon is None else (self.lat, self.lon)

    @property
    def on_behalf(self) -> bool:
        """Whether it was sent for somebody without an account."""
        return bool(self.for_name or self.for_phone)


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture of a report; the file has its id as its name."""

    id: str
    report: str
    stage: Stage
    at: datetime
    by: str
    media: str
    size_bytes: int
    width_px: int
    height_px: int


def write_report(connection: Connection, report: Report) -> None:
    """Store a new one."""
    row = asdict(report)
    del row["seq"]
    connection.execute(insert(reports), {**row, "at": time_to_text(report.at), "rated": None})


def read_report(connection: Connection, report: str) -> Report:
    """One report.

    Raises:
        NotFoundError: There is none with this id.
    """
    found = fetched(connection, select(reports).where(reports.c.id == report))
    if not found:
        raise NotFoundError(f"no report {report}")
    return report_of(found[0])


def sent_before(connection: Connection, account: str, client_id: str) -> Report | None:
    """The report that a phone has sent already under this id."""
    query = select(reports).where(reports.c.account == account, reports.c.client_id == client_id)
    found = fetched(connection, query)
    return report_of(found[0]) if found else None


def sent_since(
    connection: Connection, account: str, since: datetime, kinds: Collection[str], *, others: bool = False
) -> list[datetime]:
    """When somebody sent reports of some kinds, or of all others, after a time; the earliest first."""
    query = (
        select(reports.c.at)
        .where(reports.c.account == account, reports.c.at > time_to_text(since))
        .where(reports.c.kind.not_in(kinds) if others else reports.c.kind.in_(kinds))
        .order_by(reports.c.at)
    )
    return [time_from_text(at) for at in connection.execute(query).scalars()]


def reports_of(connection: Connection, incidents_: Sequence[str]) -> list[Report]:
    """The reports of some incidents, the first one first."""
    query = select(reports).where(reports.c.incident.in_(incidents_)).order_by(reports.c.seq)
    return [report_of(row) for row in fetched(connection, query)]


def open_of_family(connection: Connection, kind: str, since: datetime) -> list[IncidentView]:
    """Open incidents of the family of a kind that changed after a time or still hold, the newest first."""
    query = (
        select(incidents.c.id)
        .where(
            incidents.c.handling.in_([each.value for each in OPEN]),
            incidents.c.kind.startswith(f"{family(kind)}."),
            or_(incidents.c.active, incidents.c.changed >= time_to_text(since)),
        )
        .order_by(incidents.c.number.desc())
        .limit(_MOST_CANDIDATES)
    )
    return [read_incident(connection, found) for found in connection.execute(query).scalars().all()]


def rate_report(connection: Connection, report: str, *, stars: int, note: str, now: datetime) -> None:
    """Store what the sender gave it."""
    values = {"rating": stars, "rating_note": note, "rated": time_to_text(now)}
    connection.execute(update(reports).where(reports.c.id == report).values(values))


def forget_ratings(connection: Connection, incident: str) -> None:
    """It was not solved: everybody may rate it anew."""
    values = {"rating": None, "rated": None}
    connection.execute(update(reports).where(reports.c.incident == incident).values(values))


def move_reports(connection: Connection, incident: str, into: str) -> None:
    """Let the reports of an incident belong to another, into which it was merged."""
    connection.execute(update(reports).where(reports.c.incident == incident).values(incident=into))


def has_reported(connection: Connection, incident: IncidentView, account: str) -> bool:
    """Whether a person reported an incident, as the first or after others."""
    if incident.reporter == account:
        return True
    mine = select(reports.c.id).where(reports.c.incident == incident.id, reports.c.account == account)
    return connection.execute(mine.limit(1)).first() is not None


def was_sent(connection: Connection, incident: str, account: str) -> bool:
    """Whether somebody was ever sent to an incident."""
    query = select(orders.c.id).where(orders.c.incident == incident, orders.c.unit == account)
    return connection.execute(query.limit(1)).first() is not None


def write_photo(connection: Connection, photo: Photo) -> None:
    """Store what is known of a picture; its file is written before."""
    connection.execute(insert(report_photos), {**asdict(photo), "at": time_to_text(photo.at)})


def photos_of(connection: Connection, reports_: Iterable[str]) -> dict[str, tuple[Photo, ...]]:
    """The photos of some reports, the first one first."""
    query = (
        select(report_photos)
        .where(report_photos.c.report.in_(list(reports_)))
        .order_by(report_photos.c.stage.desc(), report_photos.c.at, report_photos.c.id)
    )
    found: dict[str, list[Photo]] = {}
    for row in fetched(connection, query):
        found.setdefault(row["report"], []).append(_photo(row))
    return {report: tuple(some) for report, some in found.items()}


def count_photos(connection: Connection, report: str) -> int:
    """How many photos a report has."""
    query = select(func.count()).select_from(report_photos).where(report_photos.c.report == report)
    return int(connection.execute(query).scalar_one())


def report_of(row: dict[str, Any]) -> Report:
    """The report in a row."""
    rated = row["rated"]
    return Report(**{**row, "at": time_from_text(row["at"]), "rated": None if rated is None else time_from_text(rated)})


def _photo(row: dict[str, Any]) -> Photo:
    return Photo(**{**row, "at": time_from_text(row["at"]), "stage": Stage(row["stage"])})
