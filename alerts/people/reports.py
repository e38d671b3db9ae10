"""Reports: what people see and tell becomes an incident, or supports one that is open nearby.

A report is one transaction with the move of its incident, whether the phone sends it once or five times. What it is
about decides its level; blue and green are requests, for which whoever answers for the place is sent at once and has
days. Who sent it follows it to the end: rates it, or says that it was not solved.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from alerts.dispatch.sending import AT_ONCE, send_next
from alerts.errors import TooManyReportsError
from alerts.incidents.deadlines import is_request
from alerts.incidents.handling import Ask, Handling, Written, make_move
from alerts.incidents.incident import Verdict
from alerts.incidents.views import JournalEntry
from alerts.people.photos import Photos
from alerts.people.pictures import Picture
from alerts.people.taking import Draft, Ground, drafted, take
from alerts.store.connection import Connection
from alerts.store.incidents import read_incident
from alerts.store.journal import moves_of, write_journal
from alerts.store.ledger import Filed, Scope, Sought, filed, ledger
from alerts.store.reports import (
    Photo,
    Report,
    Stage,
    count_photos,
    forget_ratings,
    rate_report,
    reports_of,
    sent_before,
    sent_since,
    was_sent,
    write_photo,
)
from hub.access import Permission, Principal, Role, allows
from hub.clock import Clock
from hub.errors import NotAllowedError, NotFoundError
from hub.events import time_to_text
from hub.reach import Within
from hub.store.database import Database

MOST_PHOTOS = 8
"""Of one report, before and after together."""
_HOUR = timedelta(hours=1)


class Reporting:
    """What people report. Safe from any thread; every call waits for its commit."""

    def __init__(self, database: Database, handling: Handling, clock: Clock, *, ground: Ground, photos: Photos) -> None:
        """Take reports.

        Args:
            database: Where they are.
            handling: Makes the moves of incidents.
            clock: For the times of reports.
            ground: Places, duties and settings.
            photos: Where the pictures are.
        """
        self._database = database
        self._handling = handling
        self._clock = clock
        self._ground = ground
        self.photos = photos

    def send(self, draft: Draft, who: Principal) -> tuple[Filed, bool]:
        """Take a report.

        Returns:
            The report, and whether it is new; what was sent before is the same one again.

        Raises:
            TooManyReportsError: Of this account, in this hour.
            NotAllowedError: No room for pictures.
        """
        with self._database.read() as connection:
            known = sent_before(connection, who.name, draft.client_id)
        if known is not None:
            return self._filed(known.id), False
        report = drafted(draft, who, self._clock.now(), self._ground.places())
        photos = self._keep(report.id, draft.pictures, who, Stage.BEFORE)
        took: list[Report] = []

        def work(connection: Connection, now: datetime) -> Written:
            again = sent_before(connection, who.name, draft.client_id)
            if again is not None:  # the phone sent it twice at once
                took.append(again)
                return Written(read_incident(connection, again.incident), 0, 0)
            self._bounded(connection, who, now, draft.category.kind)
            written = take(
                connection,
                replace(report, at=now),
                draft.category,
                now,
                ground=self._ground,
                deadlines=self._handling.deadlines(),
            )
            for photo in photos:
                write_photo(connection, photo)
            took.append(report)
            return written

        try:
            self._handling.transact(work)
        except BaseException:
            self.photos.drop((photo.id, photo.media) for photo in photos)
            raise
        if took[-1].id != report.id:
            self.photos.drop((photo.id, photo.media) for photo in photos)
        return self._filed(took[-1].id), took[-1].id == report.id

    def one(self, report_id: str, who: Principal, *, within: Within | None = None) -> tuple[Filed, list[JournalEntry]]:
        """A report with every move of its incident, the first one first; `within` as in `all`.

        Raises:
            NotFoundError: There is none, or not for this person.
        """
        found = self._seen(report_id, who, within)
        with self._database.read() as connection:
            return found, moves_of(connection, found.report.incident)

    def mine(self, who: Principal, *, before: int | None = None, limit: int = 50) -> list[Filed]:
        """What somebody sent, the newest first."""
        return self._ledger(Scope(who.name), Sought(), before=before, limit=limit)

    def all(
        self,
        who: Principal,
        sought: Sought,
        *,
        within: Within | None = None,
        before: int | None = None,
        limit: int = 50,
    ) -> list[Filed]:
        """What somebody may see of what was sent, the newest first.

        Args:
            who: He.
            sought: What he looks for.
            within: Where he reads all reports, if he does; None for everywhere.
            before: Number of the last one of the page before.
            limit: At most so many.
        """
        return self._ledger(self._scope(who, within), sought, before=before, limit=limit)

    def add_photos(
        self, report_id: str, who: Principal, pictures: Sequence[Picture], stage: Stage, *, within: Within | None = None
    ) -> Filed:
        """Add pictures: who sent it shows more of it, who deals with it shows that it is done.

        Raises:
            NotFoundError: There is no such report, or not for this person.
            NotAllowedError: Not by this person, or there are enough.
        """
        found = self._seen(report_id, who, within)
        if who.role == Role.RESIDENT and stage is Stage.AFTER:
            raise NotAllowedError("who dealt with it shows that it is done", allowed=())
        photos = self._keep(report_id, pictures, who, stage)

        def work(connection: Connection, now: datetime) -> Written:
            if count_photos(connection, report_id) + len(photos) > MOST_PHOTOS:
                raise NotAllowedError(f"a report has at most {MOST_PHOTOS} pictures", allowed=())
            for photo in photos:
                write_photo(connection, photo)
            row = {
                "at": time_to_text(now),
                "topic": "report",
                "subject": report_id,
                "incident": found.report.incident,
                "move": "photographed",
                "who": who.name,
                "note": "",
                "body": {"stage": stage.value, "photos": [photo.id for photo in photos]},
            }
            return Written(read_incident(connection, found.report.incident), write_journal(connection, [row]), 0)

        try:
            self._handling.transact(work)
        except BaseException:
            self.photos.drop((photo.id, photo.media) for photo in photos)
            raise
        return self._filed(report_id)

    def photo(self, report_id: str, photo_id: str, who: Principal, *, within: Within | None = None) -> Photo:
        """What is known of a picture of a report.

        Raises:
            NotFoundError: There is none, or not for this person.
        """
        found = next((each for each in self._seen(report_id, who, within).photos if each.id == photo_id), None)
        if found is None:
            raise NotFoundError(f"no photo {photo_id} of report {report_id}")
        return found

    def rate(
        self, report_id: str, who: Principal, stars: int, note: str = "", *, within: Within | None = None
    ) -> Filed:
        """Say how it went, 1 to 5; when everybody who reported it has, it is over.

        Raises:
            NotFoundError: There is no such report, or not for this person.
            NotAllowedError: It is not this person's, or not done.
        """
        report = self._own(report_id, who, within)

        def work(connection: Connection, now: datetime) -> Written:
            rate_report(connection, report.id, stars=stars, note=note, now=now)
            given = [each.rating for each in reports_of(connection, [report.incident])]
            stated = [rating for rating in given if rating is not None]
            overall = round(sum(stated) / len(stated)) if len(stated) == len(given) else None
            ask = Ask("rate", who, note=note, extra={"rating": stars, "report": report.id})
            return make_move(
                connection,
                report.incident,
                ask,
                lambda view: replace(view, rating=overall),
                now=now,
                deadlines=self._handling.deadlines(),
            )

        self._handling.transact(work)
        return self._filed(report.id)

    def reopen(self, report_id: str, who: Principal, note: str = "", *, within: Within | None = None) -> Filed:
        """Say that it was not solved: it keeps its number, and a request goes out again; raises what `rate` does."""
        report = self._own(report_id, who, within)

        def work(connection: Connection, now: datetime) -> Written:
            forget_ratings(connection, report.incident)
            deadlines = self._handling.deadlines()
            ask = Ask("reopen", who, note=note, extra={"report": report.id})
            opened = make_move(
                connection,
                report.incident,
                ask,
                lambda view: replace(view, verdict=Verdict.NONE, rating=None),
                now=now,
                deadlines=deadlines,
            )
            if not is_request(opened.view):
                return opened
            grid = self._ground.grid()
            return send_next(connection, opened.view, grid, now=now, from_level=0, deadlines=deadlines) or opened

        self._handling.transact(work)
        return self._filed(report.id)

    def _filed(self, report_id: str) -> Filed:
        with self._database.read() as connection:
            return filed(connection, report_id, self._handling.deadlines().requests)

    def _ledger(self, scope: Scope, sought: Sought, *, before: int | None, limit: int) -> list[Filed]:
        with self._database.read() as connection:
            return ledger(connection, scope, sought, self._handling.deadlines().requests, before=before, limit=limit)

    def _scope(self, who: Principal, within: Within | None) -> Scope:
        if allows(who, Permission.VIEW_REPORTS):
            return Scope(who.name, within, everything=within is None)
        if who.role != Role.RESPONDER:
            return Scope(who.name)
        return Scope(who.name, Within(areas=self._areas(who.name)), sent=True)

    def _areas(self, account: str) -> frozenset[str]:
        """The areas for which somebody answers now, with all below them."""
        return frozenset(self._ground.grid().areas_of(account, self._clock.now()))

    def _seen(self, report_id: str, who: Principal, within: Within | None) -> Filed:
        with self._database.read() as connection:
            found = filed(connection, report_id, self._handling.deadlines().requests)
            scope = self._scope(who, within)
            may = (
                scope.everything
                or found.report.account == who.name
                or (scope.within is not None and scope.within.held(site=found.report.site, area=found.report.area))
                or (scope.sent and was_sent(connection, found.report.incident, who.name))
            )
        if not may:
            raise NotFoundError(f"no report {report_id}")
        return found

    def _own(self, report_id: str, who: Principal, within: Within | None) -> Report:
        """A report that somebody may rate or reopen: his own, or by telephone any for the room."""
        report = self._seen(report_id, who, within).report
        if report.account != who.name and not allows(who, Permission.VIEW_REPORTS):
            raise NotAllowedError("only who reported it can say that", allowed=())
        return report

    def _keep(self, report: str, pictures: Sequence[Picture], who: Principal, stage: Stage) -> list[Photo]:
        """Write the files, before anything names them."""
        now, kept = self._clock.now(), []
        for number, each in enumerate(pictures):
            photo = Photo(
                id=uuid.uuid4().hex,
                report=report,
                stage=stage,
                at=now + timedelta(microseconds=number),  # in the order in which they were sent
                by=who.name,
                media=each.media,
                size_bytes=len(each.data),
                width_px=each.width_px,
                height_px=each.height_px,
            )
            self.photos.keep(photo.id, photo.media, each.data)
            kept.append(photo)
        return kept

    def _bounded(self, connection: Connection, who: Principal, now: datetime, kind: str) -> None:
        """Calls for help have a bound of their own: who told of twenty lamps may still call."""
        most = self._ground.settings().most_in_an_hour
        sent = sent_since(connection, who.name, now - _HOUR, AT_ONCE, others=kind not in AT_ONCE)
        if len(sent) >= most:
            again = sent[len(sent) - most] + _HOUR
            raise TooManyReportsError(most, retry_after_s=max(1, int((again - now).total_seconds()) + 1))
