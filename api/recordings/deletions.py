"""Deletions: people delete spans of what the cameras of their own homes recorded, within limits and with a trace.

What is asked for is written down first, then cut out of the files (`cameras/recordings/playback/cutting.py`), and what
went is written down in the transaction in which it goes from sight; nothing of that trace is ever changed. What lies in
a segment that is still written goes when that is closed, some minutes later, and what cannot be cut now is tried again
while the rest goes; a restart in between goes on with it. Nothing counts as done before the catalogue knows all files
that the last run left. What an open incident needs is not deleted. Of a camera that was moved each home deletes its
own.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from alerts.store.connection import Connection
from alerts.store.journal import write_journal
from cameras.recordings.keeping.catalog import Catalog
from cameras.recordings.playback.cutting import Removes, cut_out
from config.community import Camera, Community, Ring
from hub.access import Principal
from hub.bus import Bus, Topic
from hub.clock import Clock
from hub.errors import NotAllowedError, NotFoundError, StoreClosedError
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
_AGAIN_S = 300.0
"""So long after something could not be cut, it is tried again: all of a month is looked through for it."""


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
        is_known: Callable[[], bool],
    ) -> None:
        """Delete from a catalogue.

        Args:
            database: Where it is written down.
            bus: Told of entries in the journal.
            clock: For times.
            catalog: What there is.
            removing: Removes segments.
            catch_up: Has evidence write down all that it wants by now.
            forget: Takes away pictures that were made of a span of a camera, and of what is recorded no more.
            is_known: Whether the catalogue knows what the last run left, so that nothing can be missing in it.
        """
        self._database = database
        self._bus = bus
        self._clock = clock
        self._catalog = catalog
        self._removing = removing
        self._catch_up = catch_up
        self._forget = forget
        self._is_known = is_known
        self._held: dict[str, tuple[str, float]] = {}
        """Why a deletion waits, as it was said last, and when by the monotonic clock it is tried again."""
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
        sites: Sequence[str] | None = None,
        sees: Callable[[str], bool] = lambda _incident: False,
    ) -> Deletion:
        """Write down what is to go, and begin.

        Args:
            who: Asks; whether the camera is his is for the caller to know.
            camera: Whose recordings.
            sites: What was recorded while it was at one of these; None for where it is now. Each has a trace of its
                own, that of the first is given back.
            since: From when.
            until: To when; not later than now.
            reason: In his words.
            sees: Whether he may know of an incident.

        Raises:
            NotAllowedError: An open incident needs some of it, or too much waits already; says why.
        """
        self._catch_up()
        now = self._clock.now()
        asked = [
            Deletion(
                deletion=secrets.token_urlsafe(12),
                step=Step.ASKED,
                at=now,
                camera=camera.id,
                site=site,
                since=since,
                until=until,
                who=who.name,
                role=who.role,
                reason=reason,
            )
            for site in sites or (camera.site,)
        ]

        def work(connection: Connection) -> int:
            if found := books.open_over(connection, camera.id, since, until):
                raise NotAllowedError(_refusal([number for incident, number in found if sees(incident)]))
            if books.waiting_over(connection, camera.id, since, until):
                raise NotAllowedError("some of this is being copied as evidence; try again in some minutes")
            if len(unfinished(connection)) >= MOST_UNFINISHED:
                raise NotAllowedError("too many deletions wait already; try again in some minutes")
            for each in asked:
                write_deletion(connection, each)
            return max(self._entry(connection, each, "asked") for each in asked)

        self._database.write(work, after_commit=self._announce)
        self._wanted.set()
        return asked[0]

    def of(
        self, camera: str, *, limit: int = 200, sites: Collection[str] | None = None, before: int | None = None
    ) -> list[tuple[int, Deletion]]:
        """The trace of a camera, the newest first, each step with its place.

        Args:
            camera: Camera id.
            limit: At most so many.
            sites: Of what was recorded while it was at one of these; None for all of it.
            before: Only what is older than this place.
        """
        with self._database.read() as connection:
            return deletions_of(connection, camera, limit, sites=sites, before=before)

    def go_on(self) -> bool:
        """Cut what was asked for out of what is closed by now; gives whether something is left to do."""
        with self._database.read() as connection:
            asked = unfinished(connection)
        left = False
        for each in asked:
            if self._stopping.is_set():
                return True
            if self._clock.monotonic_s() < self._held.get(each.deletion, ("", 0.0))[1]:
                left = True
                continue
            try:
                left = not self._delete(each) or left
            except (OSError, TimeoutError) as error:  # of kept pictures; others go on
                left = True
                self._hold(each, str(error))
        return left

    def _delete(self, asked: Deletion) -> bool:
        """Go on with one; gives whether it is done."""
        with self._database.read() as connection:
            if books.waiting_over(connection, asked.camera, asked.since, asked.until):
                return False  # evidence of what happened since is copied first
        was_known, looked = self._is_known(), self._clock.now()

        def tell(connection: Connection, segments: int, size_bytes: int) -> None:
            now = self._clock.now()
            step = replace(asked, step=Step.DELETED, at=now, segments=segments, size_bytes=size_bytes)
            write_deletion(connection, step)

        try:
            cut = cut_out(
                self._catalog,
                self._removing,
                camera=asked.camera,
                since=asked.since,
                until=asked.until,
                sites=(asked.site,),
                tell=tell,
                go_on=lambda: not self._stopping.is_set(),
            )
        finally:
            self._forget(asked.camera, asked.since, asked.until)
        self._hold(asked, cut.problem)
        if cut.waits or not was_known or looked < asked.until + _SETTLED:
            return False
        done = replace(asked, step=Step.DONE, at=self._clock.now())

        def work(connection: Connection) -> int:
            write_deletion(connection, done)
            return self._entry(connection, done, "deleted")

        self._database.write(work, after_commit=self._announce)
        return True

    def _hold(self, asked: Deletion, problem: str) -> None:
        """Try again later what cannot go now; its reason is logged when it is another one."""
        said, _ = self._held.pop(asked.deletion, ("", 0.0))
        if problem:
            self._held[asked.deletion] = problem, self._clock.monotonic_s() + _AGAIN_S
        if problem and problem != said:
            logger.warning("some of a deletion waits", extra={"camera": asked.camera, "reason": problem})

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


def own_camera(
    community: Community, homes: Collection[str], camera_id: str, *, recorded_at: Collection[str] = ()
) -> tuple[Camera, tuple[str, ...]]:
    """A camera whose recordings somebody may delete, and those of which sites: where he lives, and not of a road.

    Args:
        community: What there is.
        homes: The sites where who asks lives.
        camera_id: Of the camera.
        recorded_at: The sites at which it ever recorded.

    Raises:
        NotFoundError: There is none, or nothing of it is his.
    """
    camera = community.camera(camera_id)
    if camera is not None:
        own = {site.id for site in community.sites if site.id in homes and site.ring is not Ring.ROAD}
        sites = tuple(site for site in (camera.site, *sorted({*recorded_at} - {camera.site})) if site in own)
        if sites:
            return camera, sites
    raise NotFoundError(f"no camera {camera_id!r} of yours")


def _refusal(numbers: list[int]) -> str:
    named = " " + ", ".join(str(number) for number in numbers) if numbers else ""
    return f"what happened then is not settled: evidence of an open incident{named} lies in this span; ask again later"
