"""Deletions: people delete spans of what the cameras of their own homes recorded, within limits and with a trace.

What is asked for is written down first, then cut out of the files (`cameras/recordings/playback/cutting.py`), and what
went is written down too; nothing of that trace is ever changed. What lies in a segment that is still written goes when
that is closed, some minutes later; a restart in between goes on with it. What an open incident needs is not deleted.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from alerts.store.connection import Connection
from alerts.store.journal import write_journal
from cameras.errors import DamagedFileError, MediaGoneError
from cameras.recordings.keeping.catalog import Catalog
from cameras.recordings.playback.cutting import Removes, cut_out
from config.community import Camera, Community, Ring
from hub.access import Principal
from hub.bus import Bus, Topic
from hub.clock import Clock
from hub.errors import NotAllowedError, NotFoundError, StoreClosedError, StoreError
from hub.events import time_to_text
from hub.store import evidence as books
from hub.store.database import Database
from hub.store.recording_deletions import Deletion, Step, deletions_of, unfinished, write_deletion

logger = logging.getLogger(__name__)

TOPIC = "recording"
LONGEST = timedelta(days=31)
"""Of one span."""
MOST_UNFINISHED = 100
"""Of all cameras together; who wants more waits until some are done."""
_SETTLED = timedelta(seconds=60)
"""So long after a span nothing of it can still be told by a worker, unless it is open."""
_LOOK_EVERY_S = 5.0
_RETRY_S = 30.0


class Deletions:
    """Deletes, in a thread of its own. Safe from any thread."""

    def __init__(
        self,
        database: Database,
        bus: Bus,
        clock: Clock,
        *,
        catalog: Catalog,
        removing: Removes,
        catch_up: Callable[[], None],
        forget: Callable[[str, datetime, datetime], object],
    ) -> None:
        """Delete from a catalogue.

        Args:
            database: Where it is written down.
            bus: Told of entries in the journal.
            clock: For times.
            catalog: What there is.
            removing: Removes segments.
            catch_up: Has evidence write down all that it wants by now.
            forget: Takes away pictures that were made of a span of a camera.
        """
        self._database = database
        self._bus = bus
        self._clock = clock
        self._catalog = catalog
        self._removing = removing
        self._catch_up = catch_up
        self._forget = forget
        self._wanted = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="deletions", daemon=True)

    def start(self) -> None:
        """Begin, with what the last run left."""
        self._thread.start()

    def stop(self) -> None:
        """End after the hour in hand. Safe to call twice."""
        self._stopping.set()
        self._wanted.set()
        if self._thread.is_alive():
            self._thread.join()

    def ask(
        self,
        who: Principal,
        camera: Camera,
        since: datetime,
        until: datetime,
        *,
        reason: str,
        sees: Callable[[str], bool] = lambda _incident: False,
    ) -> Deletion:
        """Write down what is to go, and begin.

        Args:
            who: Asks; whether the camera is his is for the caller to know.
            camera: Whose recordings.
            since: From when.
            until: To when; not later than now.
            reason: In his words.
            sees: Whether he may know of an incident.

        Raises:
            NotAllowedError: An open incident needs some of it, or too much waits already; says why.
        """
        self._catch_up()
        now = self._clock.now()
        asked = Deletion(
            deletion=secrets.token_urlsafe(12),
            step=Step.ASKED,
            at=now,
            camera=camera.id,
            site=camera.site,
            since=since,
            until=until,
            who=who.name,
            role=who.role,
            reason=reason,
        )

        def work(connection: Connection) -> int:
            if found := books.open_over(connection, camera.id, since, until):
                raise NotAllowedError(_refusal([number for incident, number in found if sees(incident)]))
            if books.waiting_over(connection, camera.id, since, until):
                raise NotAllowedError("some of this is being copied as evidence; try again in some minutes")
            if len(unfinished(connection)) >= MOST_UNFINISHED:
                raise NotAllowedError("too many deletions wait already; try again in some minutes")
            write_deletion(connection, asked)
            return self._entry(connection, asked, "asked")

        self._database.write(work, after_commit=self._announce)
        self._wanted.set()
        return asked

    def of(self, camera: str, *, limit: int = 200) -> list[Deletion]:
        """The trace of a camera, the newest first."""
        with self._database.read() as connection:
            return deletions_of(connection, camera, limit)

    def go_on(self) -> bool:
        """Cut what was asked for out of what is closed by now; gives whether something is left to do."""
        with self._database.read() as connection:
            asked = unfinished(connection)
        left = False
        for each in asked:
            if self._stopping.is_set():
                return True
            try:
                left = not self._delete(each) or left
            except StoreError:
                raise
            except (OSError, MediaGoneError, DamagedFileError, TimeoutError) as error:
                left = True
                logger.warning("deletion waits", extra={"camera": each.camera, "reason": str(error)})
        return left

    def _delete(self, asked: Deletion) -> bool:
        """Go on with one; gives whether it is done."""
        with self._database.read() as connection:
            if books.waiting_over(connection, asked.camera, asked.since, asked.until):
                return False  # evidence of what happened since is copied first
        cut = cut_out(
            self._catalog,
            self._removing,
            camera=asked.camera,
            since=asked.since,
            until=asked.until,
            go_on=lambda: not self._stopping.is_set(),
        )
        self._forget(asked.camera, asked.since, asked.until)
        now = self._clock.now()
        is_done = not cut.waits and now >= asked.until + _SETTLED
        step = replace(asked, step=Step.DELETED, at=now, segments=cut.segments, size_bytes=cut.size_bytes)

        def work(connection: Connection) -> int | None:
            if cut.segments:
                write_deletion(connection, step)
            if not is_done:
                return None
            write_deletion(connection, replace(asked, step=Step.DONE, at=now))
            return self._entry(connection, replace(asked, at=now), "deleted")

        self._database.write(work, after_commit=lambda seq: None if seq is None else self._announce(seq))
        return is_done

    def _entry(self, connection: Connection, deletion: Deletion, move: str) -> int:
        entry = {
            "at": time_to_text(deletion.at),
            "topic": TOPIC,
            "subject": deletion.camera,
            "incident": None,
            "move": move,
            "who": deletion.who,
            "note": deletion.reason,
            "body": {
                "id": deletion.deletion,
                "camera": deletion.camera,
                "site": deletion.site,
                "from": time_to_text(deletion.since),
                "to": time_to_text(deletion.until),
            },
        }
        return write_journal(connection, [entry])

    def _announce(self, seq: int) -> None:
        self._bus.announce(Topic.JOURNAL, seq)

    def _run(self) -> None:
        while not self._stopping.is_set():
            pause_s = _LOOK_EVERY_S
            try:
                self._wanted.clear()
                self.go_on()
            except StoreClosedError:
                return
            except Exception:
                logger.exception("deletions failed")
                pause_s = _RETRY_S
            self._wanted.wait(pause_s)


def own_camera(community: Community, who: Principal, camera_id: str) -> Camera:
    """A camera whose recordings somebody may delete: of a site where he lives, and not of a road.

    Raises:
        NotFoundError: There is none, or it is not his.
    """
    camera = community.camera(camera_id)
    site = None if camera is None else community.site(camera.site)
    homes = {each for contact in community.contacts if contact.account == who.name for each in contact.sites}
    if camera is None or site is None or site.id not in homes or site.ring is Ring.ROAD:
        raise NotFoundError(f"no camera {camera_id!r} of yours")
    return camera


def _refusal(numbers: list[int]) -> str:
    named = " " + ", ".join(str(number) for number in numbers) if numbers else ""
    return f"what happened then is not settled: evidence of an open incident{named} lies in this span; ask again later"
