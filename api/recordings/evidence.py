"""Evidence: what an incident leaves is gathered as it happens, kept, shown, and released by name.

Two threads. One reads the journal from a stored place and writes down which spans are wanted, in one transaction with
that place, so nothing is missed or wanted twice, whatever dies when. The other takes a picture of the moment, and when
a span is over has it frozen (`api/recordings/evidence_freezing.py`). Neither is in the way of an alert or of the
recording.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from alerts.incidents.incident import OPEN
from alerts.incidents.views import IncidentView, JournalEntry
from alerts.store.connection import Connection
from alerts.store.journal import read_cursor, write_cursor
from alerts.store.lists import Repository
from api.recordings.evidence_freezing import Freezer, retry_s
from api.recordings.evidence_place import EvidenceStoppedError, Place, place_of
from api.recordings.evidence_plan import AGAIN, MOST_CAMERAS, wants_of
from api.recordings.evidence_words import still_name, write_entry
from api.stills import Stills
from cameras.link import Still
from cameras.recordings.evidence.freezing import Recorded, is_there, keep_bytes
from cameras.recordings.evidence.signing import SigningKey
from config.community import Community
from hub.bus import Bus, Topic
from hub.clock import Clock
from hub.errors import HubError, NotAllowedError, NotFoundError, StoreClosedError, StoreError
from hub.store import evidence as books
from hub.store.database import Database
from hub.store.evidence import Case, State, Totals, Want, Wanted

logger = logging.getLogger(__name__)

READER = "evidence"
RELEASED_FOR = timedelta(days=7)
"""So long what was released can still be had back: by adding to it."""
_READ = 100
_LOOK_UP_S = 0.5
_RETRY_S = 5.0
_STOPPED_S = 60.0
"""So often a manifest that cannot be relied on is looked at again: somebody may have brought it back."""
_DELETE_EVERY_S = 60.0
_MOMENT_S = 20.0
"""A picture taken later than this after it was asked for shows another moment."""
_PICTURES_AT_ONCE = 16

Take = Callable[[str], Still | None]
"""The newest picture of a camera; None when there is none."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The evidence of an incident as it stands."""

    case: Case
    wanted: Sequence[Wanted]
    place: Place


class Evidence:
    """What is kept of incidents. Safe from any thread between `start` and `stop`."""

    def __init__(
        self,
        database: Database,
        bus: Bus,
        clock: Clock,
        *,
        recorded: Recorded,
        stills: Stills,
        take: Take,
        community: Callable[[], Community],
        folder: Path,
        key: SigningKey,
    ) -> None:
        """Keep evidence in a folder.

        Args:
            database: Where it is written down.
            bus: Says when there is more in the journal.
            clock: For times.
            recorded: The catalogue of recordings.
            stills: The pictures of alerts.
            take: Takes a picture now.
            community: Cameras, places and the setting.
            folder: A folder for each incident is made in it.
            key: Signs.
        """
        self.key = key
        self._database = database
        self._bus = bus
        self._clock = clock
        self._take = take
        self._community = community
        self._repository = Repository(database)
        self._freezer = Freezer(
            database,
            bus,
            clock,
            recorded=recorded,
            stills=stills,
            community=community,
            folder=folder,
            key=key,
            go_on=lambda: not self._stopping.is_set(),
        )
        self._cursor = 0
        self._planning = threading.Lock()
        self._deleted_s: float | None = None
        self._failed: dict[str, int] = {}
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(work, name), name=name, daemon=True)
            for work, name in ((self.plan, "evidence-plan"), (self.gather, "evidence"))
        ]

    def open(self) -> None:
        """Go on where the store says; the first run begins with what comes next."""
        with self._database.read() as connection:
            cursor = read_cursor(connection, READER)
        if cursor is None:
            cursor = first = self._repository.newest_seq()
            self._database.write(lambda connection: write_cursor(connection, READER, first))
        self._cursor = cursor

    def start(self) -> None:
        """Begin."""
        self.open()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End after what is in hand. Safe to call twice."""
        self._stopping.set()
        self._bus.wake()
        for thread in self._threads:
            if thread.is_alive():
                thread.join()

    # What the threads do

    def plan(self) -> bool:
        """Write down what the next entries of the journal want; gives whether there were any."""
        with self._planning:
            entries = self._repository.journal_after(self._cursor, _READ)
            if not entries:
                return False
            newest, community = entries[-1].seq, self._community()
            moved = [entry for entry in entries if entry.topic == "incident"]

            def work(connection: Connection) -> None:
                for entry in moved:
                    self._plan(connection, entry, community)
                write_cursor(connection, READER, newest)

            self._database.write(work)
            self._cursor = newest
            return True

    def catch_up(self) -> None:
        """Plan all that the journal says by now, so that nothing which is wanted is deleted."""
        while self.plan():
            pass

    def gather(self) -> bool:
        """Take pictures, freeze what is due, delete what was released; gives whether there was anything to do."""
        busy = self._take_pictures()
        now = self._clock.now()
        with self._database.read() as connection:
            incidents = books.due(connection, now)
        for incident in incidents:
            if self._stopping.is_set():
                return False
            try:
                busy = self._freezer.look(incident) or busy
                self._failed.pop(incident, None)
            except StoreClosedError:
                raise
            except EvidenceStoppedError as error:
                self._put_off(incident, now, _STOPPED_S, str(error))
            except (OSError, HubError) as error:
                logger.exception("evidence not frozen", extra={"incident": incident})
                failed = self._failed.get(incident, 0)
                self._failed[incident] = failed + 1
                self._put_off(incident, now, retry_s(failed), str(error))
        if self._deleted_s is None or self._clock.monotonic_s() - self._deleted_s >= _DELETE_EVERY_S:
            self._deleted_s = self._clock.monotonic_s()
            self.delete_released()
        return busy

    def delete_released(self) -> None:
        """Delete what was released long enough ago."""
        with self._database.read() as connection:
            cases = books.to_delete(connection, self._clock.now())
        if cases:
            self.catch_up()
        for case in cases:
            if self._stopping.is_set():
                return
            try:
                self._freezer.remove(case.incident)
            except StoreError:
                raise
            except EvidenceStoppedError:
                continue  # it is told, and looked at again
            except (OSError, HubError):
                logger.exception("released evidence not deleted", extra={"incident": case.incident})

    # What people ask

    def of(self, incident: str) -> Kept | None:
        """The evidence of an incident; None when there never was any."""
        with self._database.read() as connection:
            case = books.case_of(connection, incident)
            wanted = books.wanted_of(connection, incident)
        if case is None:
            return None
        folder = self._freezer.folder(incident)
        try:
            place = place_of(folder, version=case.version)
        except EvidenceStoppedError as error:
            place = Place(folder, None, "", problem=str(error))
        return Kept(case, wanted, place)

    def ask(
        self, incident: str, cameras: Sequence[str], since: datetime, until: datetime, *, who: str, why: str
    ) -> None:
        """Have a person's choice of spans frozen; what lies in the future when it is over."""
        now, cause = self._clock.now(), f"hand-{secrets.token_hex(8)}"
        wants = [Want(incident, cause, camera, since, until, who, why) for camera in dict.fromkeys(cameras)]
        assert len(wants) <= MOST_CAMERAS, "the route bounds it"

        def work(connection: Connection) -> int:
            books.want(connection, wants, now=now)
            return write_entry(connection, incident, "asked", who=who, note=why, now=now)

        self._database.write(work, after_commit=lambda seq: self._bus.announce(Topic.JOURNAL, seq))

    def release(self, incident: IncidentView, *, who: str, why: str) -> None:
        """Let it go after seven days.

        Raises:
            NotFoundError: There is none, or it is gone.
            NotAllowedError: The incident is open, or something of it is still being copied.
        """
        now = self._clock.now()

        def work(connection: Connection) -> int:
            case = books.case_of(connection, incident.id)
            if case is None or case.deleted is not None:
                raise NotFoundError(f"no evidence of incident {incident.number}")
            if incident.handling in OPEN:
                raise NotAllowedError(f"incident {incident.number} is open; resolve it first", allowed=("resolve",))
            if any(each.state is State.WAITING for each in books.wanted_of(connection, incident.id)):
                raise NotAllowedError("evidence of it is still being copied; try again in a minute")
            books.release(connection, incident.id, who=who, why=why, now=now, delete_after=now + RELEASED_FOR)
            return write_entry(connection, incident.id, "released", who=who, note=why, now=now)

        self._database.write(work, after_commit=lambda seq: self._bus.announce(Topic.JOURNAL, seq))

    def totals(self) -> Totals:
        """How much evidence there is, and how much waits."""
        with self._database.read() as connection:
            return books.totals(connection)

    @property
    def stopped(self) -> int:
        """Of how many incidents nothing is done, for their newest manifest cannot be relied on."""
        return self._freezer.stopped

    @property
    def behind(self) -> int:
        """How many entries of the journal it has not looked at."""
        return max(0, self._bus.newest(Topic.JOURNAL) - self._cursor)

    # How

    def _plan(self, connection: Connection, entry: JournalEntry, community: Community) -> None:
        if "level" not in entry.body or "opened" not in entry.body:
            return
        rows = books.wanted_of(connection, str(entry.body["id"]))
        known = [(row.cause, row.camera) for row in rows]
        again = entry.at if entry.move in AGAIN else None
        books.want(connection, wants_of(entry.body, community, known=known, again=again), now=self._clock.now())

    def _take_pictures(self) -> bool:
        """Of each camera the moment at which it was asked for, as near as it can still be had."""
        with self._database.read() as connection:
            rows = books.without_still(connection, _PICTURES_AT_ONCE)
        taken: dict[tuple[str, str], str] = {}
        for row in rows:
            now, which = self._clock.now(), (row.incident, row.camera)
            if which not in taken:
                is_now = row.since <= now and row.until >= row.asked and (now - row.asked).total_seconds() < _MOMENT_S
                taken[which] = self._picture(row) if is_now else ""
            self._mark(row.number, taken[which])
        return bool(rows)

    def _mark(self, number: int, name: str) -> None:
        self._database.write(lambda connection: books.mark_still(connection, number, name))

    def _picture(self, row: Wanted) -> str:
        try:
            still = self._take(row.camera)
            if still is None:
                return ""
            name = still_name(row.camera, still.at)
            folder = self._freezer.folder(row.incident)
            if not is_there(folder / name):  # the same picture, asked for again
                keep_bytes(folder, name, still.jpeg)
        except (OSError, HubError) as error:
            logger.warning("no picture for evidence", extra={"camera": row.camera, "reason": str(error)})
            return ""
        return name

    def _put_off(self, incident: str, now: datetime, wait_s: float, reason: str) -> None:
        """Look again later at what is due; that all of it stood still is no failure of a span."""
        with self._database.read() as connection:
            rows = books.wanted_of(connection, incident)
        numbers = [row.number for row in rows if row.state is State.WAITING and row.next_at <= now]
        later = now + timedelta(seconds=wait_s)
        self._database.write(lambda connection: books.postpone(connection, numbers, later, reason))

    def _run(self, work: Callable[[], bool], name: str) -> None:
        while not self._stopping.is_set():
            try:
                if work():
                    continue
                if name == READER:
                    self._stopping.wait(_LOOK_UP_S)
                else:
                    self._bus.wait(Topic.JOURNAL, after=self._cursor, timeout_s=_LOOK_UP_S)
            except StoreClosedError:
                return
            except Exception:
                logger.exception("evidence failed", extra={"part": name})
                self._stopping.wait(_RETRY_S)
