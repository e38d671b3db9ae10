"""Evidence, frozen: what an incident is to leave is copied beside it and named in a manifest that the hub signs.

Everything can be repeated: files are written first, then the signature, then the manifest, and last what the database
says of it. A kill in between leaves files that the next look removes, or a manifest that it takes over. Nothing is
removed before the newest manifest was read whole (`evidence_place.py`). Called from one thread; what people ask
(`api/recordings/evidence.py`) only writes down what they want.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from alerts.incidents.views import IncidentView
from alerts.store.connection import Connection
from alerts.store.lists import Repository
from api.recordings.evidence_place import EvidenceStoppedError, Place, place_of
from api.recordings.evidence_words import clock_words, moment_of, software_version, told_of, write_entry
from api.stills import Stills
from cameras.recordings.evidence.freezing import Frozen, Recorded, freeze, is_there, keep_bytes, reaches, swept
from cameras.recordings.evidence.manifest import (
    KEY_FILE,
    SIGNATURE,
    Absence,
    Before,
    Item,
    Manifest,
    Wanted,
    measured_path,
    name_of,
    sealed,
)
from cameras.recordings.evidence.signing import SigningKey
from config.community import Community
from hub.bus import Bus, Topic
from hub.clock import Clock
from hub.errors import HubError, NotFoundError, StoreError
from hub.store import evidence as books
from hub.store.database import Database
from hub.store.evidence import State
from hub.store.evidence import Wanted as Row

logger = logging.getLogger(__name__)

PATIENCE_S = 60.0
"""How long the end of a span is waited for, after it is over: a fragment closes each second, a restart takes ten."""
MOST_ATTEMPTS = 8
_LOOK_AGAIN_S = 2.0
_TOGETHER = timedelta(seconds=6)
"""So long what is over waits for the fragments of other cameras to be closed, so that one manifest names them all."""
_RETRY_S, _LONGEST_RETRY_S = 5.0, 300.0


class Freezer:
    """Copies, signs, and removes what was released."""

    def __init__(
        self,
        database: Database,
        bus: Bus,
        clock: Clock,
        *,
        recorded: Recorded,
        stills: Stills,
        community: Callable[[], Community],
        folder: Path,
        key: SigningKey,
        go_on: Callable[[], bool],
    ) -> None:
        """Keep evidence in `folder`, signed by `key`; `go_on` is asked between two spans, and what is left waits."""
        self._database = database
        self._bus = bus
        self._clock = clock
        self._recorded = recorded
        self._stills = stills
        self._community = community
        self._folder = folder
        self._key = key
        self._go_on = go_on
        self._repository = Repository(database)
        self._stopped: dict[str, str] = {}

    @property
    def stopped(self) -> int:
        """Of how many incidents nothing is done, for their newest manifest cannot be relied on."""
        return len(self._stopped)

    def folder(self, incident: str) -> Path:
        """Where the evidence of an incident lies."""
        return self._folder / incident

    def look(self, incident: str) -> bool:
        """Freeze what of an incident is due.

        Returns:
            Whether there is a new manifest.

        Raises:
            EvidenceStoppedError: Its newest manifest cannot be relied on.
            OSError: The disk would not take a manifest.
        """
        now = self._clock.now()
        with self._database.read() as connection:
            rows = books.wanted_of(connection, incident)
            case = books.case_of(connection, incident)
        due = [row for row in rows if row.state is State.WAITING and row.next_at <= now]
        if not due or case is None:
            return False
        if case.is_going:  # what joined meanwhile begins after it
            self.remove(incident)
            return True
        place = self._relied_on(incident, case.version)
        if place.manifest is not None and place.version > case.version:
            self._take_over(incident, place, place.manifest, rows)
            return True
        late = [row for row in due if not self._is_complete(row, now)]
        ready = [row for row in due if row not in late]
        self._wait_for(late, now, "the end of it is still being recorded")
        if not ready:
            return False
        if late and now < min(row.until for row in ready) + _TOGETHER:
            self._wait_for(ready, now, "other cameras are still being recorded")
            return False
        swept(place.folder, [*place.names, *(row.still for row in rows if row.still)])
        done, outcomes = self._copied(place, ready, now)
        if outcomes:
            self._write(incident, place, done, outcomes, rows=rows)
        return bool(outcomes)

    def remove(self, incident: str) -> None:
        """Delete the clips and pictures of what was released; the manifests stay, with one more that says why.

        It is claimed in the database first: what takes the release back comes before that, or has no say. A kill after
        it leaves a claim, with which the next call goes on.

        Raises:
            EvidenceStoppedError: Its newest manifest cannot be relied on.
            OSError: The disk would not do it.
        """
        now = self._clock.now()
        with self._database.read() as connection:
            case = books.case_of(connection, incident)
        if case is None or case.delete_after is None:
            return
        place = self._relied_on(incident, case.version)
        if not case.is_going and not self._database.write(
            lambda connection: books.claim_removal(connection, incident, now=now)
        ):
            return
        because = f"released by {case.released_by}: {case.released_why}"
        if place.manifest is not None and place.manifest.files:
            cameras = dict.fromkeys(each.camera for each in place.manifest.files if each.camera)
            gone = tuple(Absence(camera, None, None, because) for camera in cameras)
            manifest = self._manifest(place, place.manifest.incident, now, left_out=gone, wanted=place.manifest.wanted)
            self._seal(place.folder, manifest)
            place = self._relied_on(incident, manifest.version)
        with self._database.read() as connection:
            waiting = [row for row in books.wanted_of(connection, incident) if row.state is State.WAITING]
        swept(place.folder, [*place.names, *(row.still for row in waiting if row.still)])

        def work(connection: Connection) -> int:
            books.finish_removal(connection, incident, version=place.version, now=now)
            who, note = case.released_by or "", case.released_why
            return write_entry(connection, incident, "deleted", who=who, note=note, now=now)

        self._database.write(work, after_commit=self._announce)

    def _relied_on(self, incident: str, version: int) -> Place:
        try:
            place = place_of(self.folder(incident), version=version)
        except EvidenceStoppedError as error:
            if self._stopped.get(incident) != str(error):
                logger.error("evidence stands still", extra={"incident": incident, "reason": str(error)})  # noqa: TRY400
            self._stopped[incident] = str(error)
            raise
        self._stopped.pop(incident, None)
        return place

    # How one manifest comes about

    def _is_complete(self, row: Row, now: datetime) -> bool:
        """Whether more of a span will not come, or has been waited for long enough."""
        camera = self._community().camera(row.camera)
        if now >= row.until + timedelta(seconds=PATIENCE_S) or camera is None:
            return True
        is_recorded = bool(self._community().policy_of(camera).streams)
        return not is_recorded or reaches(self._recorded, row.camera, row.since, row.until)

    def _copied(self, place: Place, due: Sequence[Row], now: datetime) -> tuple[Frozen, dict[int, tuple[State, str]]]:
        done, outcomes = Frozen(), dict[int, tuple[State, str]]()
        before = [] if place.manifest is None else list(place.manifest.files)
        for row in due:
            if not self._go_on():
                break
            try:
                found = freeze(
                    self._recorded,
                    place.folder,
                    camera=row.camera,
                    since=row.since,
                    until=row.until,
                    have=[*before, *done.items],
                )
            except StoreError:
                raise
            except (OSError, HubError) as error:
                if row.attempts + 1 < MOST_ATTEMPTS:
                    later = now + timedelta(seconds=retry_s(row.attempts))
                    self._postpone([row], later, str(error), failed=True)
                    continue
                logger.warning("evidence not copied", extra={"camera": row.camera, "reason": str(error)})
                done.left_out.append(Absence(row.camera, row.since, row.until, f"could not be copied: {error}"))
                outcomes[row.number] = (State.MISSING, str(error))
                continue
            done.items += found.items
            done.gaps += found.gaps
            done.left_out += found.left_out
            outcomes[row.number] = self._outcome(row, [*before, *done.items], found)
        return done, outcomes

    def _outcome(self, row: Row, files: Sequence[Item], found: Frozen) -> tuple[State, str]:
        has = any(_is_in(each, row) for each in files)
        reasons = dict.fromkeys(each.because for each in (*found.gaps, *found.left_out))
        return (State.KEPT if has else State.MISSING), ", ".join(reasons)

    def _write(
        self,
        incident: str,
        place: Place,
        done: Frozen,
        outcomes: Mapping[int, tuple[State, str]],
        *,
        rows: Sequence[Row],
    ) -> None:
        now = self._clock.now()
        view = self._incident(incident)
        had = {each.name for each in (place.manifest.files if place.manifest else ())}
        stills, spoiled = self._pictures(place.folder, view, rows, had=had)
        beyond = [row for row in rows if row.state is State.LEFT_OUT and row.version is None]
        told = [row for row in rows if row.number in outcomes or row.version is not None or row in beyond]
        left_out = [*done.left_out, *(Absence(row.camera, row.since, row.until, row.reason) for row in beyond)]
        left_out += [each for each in spoiled if place.manifest is None or each not in place.manifest.left_out]
        manifest = self._manifest(
            place,
            told_of(incident, view),
            now,
            files=[*done.items, *stills],
            gaps=done.gaps,
            left_out=left_out,
            wanted=[Wanted(row.number, row.camera, row.since, row.until, row.who, row.why) for row in told],
        )
        self._seal(place.folder, manifest)
        self._settle(incident, manifest, {**outcomes, **{row.number: (row.state, row.reason) for row in beyond}})

    def _manifest(
        self,
        place: Place,
        incident: Mapping[str, Any],
        now: datetime,
        *,
        wanted: Sequence[Wanted],
        left_out: Sequence[Absence],
        files: Sequence[Item] | None = None,
        gaps: Sequence[Absence] = (),
    ) -> Manifest:
        """The one after the newest; `files` None leaves out all that there were."""
        last = place.manifest
        return Manifest(
            version=place.version + 1,
            made=now,
            software=software_version(),
            clock=clock_words(),
            incident=incident,
            wanted=tuple(wanted),
            files=() if files is None else (*(last.files if last else ()), *files),
            gaps=(*(last.gaps if last else ()), *gaps),
            left_out=(*(last.left_out if last else ()), *left_out),
            before=None if last is None else Before(name_of(last.version), place.sha256),
        )

    def _seal(self, folder: Path, manifest: Manifest) -> None:
        made = sealed(manifest, self._key)
        name = name_of(manifest.version)
        if is_there(folder / name):
            raise EvidenceStoppedError(f"{name} is there already")
        keep_bytes(folder, KEY_FILE, self._key.pem)
        keep_bytes(folder, name + SIGNATURE, made.signature)
        keep_bytes(folder, name, made.content)

    def _settle(self, incident: str, manifest: Manifest, outcomes: Mapping[int, tuple[State, str]]) -> None:
        now = self._clock.now()
        size_bytes = sum(each.size_bytes for each in manifest.files)

        def work(connection: Connection) -> int:
            books.settle(connection, incident, outcomes, version=manifest.version, size_bytes=size_bytes, now=now)
            whos = dict.fromkeys(each.who for each in manifest.wanted if each.number in outcomes)
            move = "frozen" if manifest.version == 1 else "grown"
            return write_entry(connection, incident, move, who=", ".join(whos), note="", now=now, manifest=manifest)

        self._database.write(work, after_commit=self._announce)

    def _take_over(self, incident: str, place: Place, manifest: Manifest, rows: Sequence[Row]) -> None:
        """Write down what a manifest says that was written just before the hub was killed."""
        told = {(each.number, each.camera, each.since, each.until) for each in manifest.wanted}
        outcomes = {
            row.number: (State.KEPT if any(_is_in(each, row) for each in manifest.files) else State.MISSING, "")
            for row in rows
            if row.state is State.WAITING and (row.number, row.camera, row.since, row.until) in told
        }
        logger.info("manifest of evidence taken over", extra={"incident": incident, "version": place.version})
        self._settle(incident, manifest, outcomes)

    # The parts of it

    def _pictures(
        self, folder: Path, view: IncidentView | None, rows: Sequence[Row], *, had: Collection[str]
    ) -> tuple[list[Item], list[Absence]]:
        """New pictures of the alerts, and those taken when evidence was asked for; and what of them is spoiled."""
        found, spoiled = list[Item](), list[Absence]()
        for alert in view.alerts if view else ():
            name = f"stills/alert-{alert.id}.jpg"
            kept = None if name in had else self._stills.of(alert.id)
            if kept is None:
                continue
            try:
                content = kept.read_bytes()
            except OSError as error:  # one that cannot be read holds up nothing else
                logger.warning("picture not copied", extra={"alert": alert.id, "reason": str(error)})
                because = f"the picture of alert {alert.id} cannot be read"
                spoiled.append(Absence(alert.camera or "", alert.raised, None, because))
                continue
            if not is_there(folder / name):
                keep_bytes(folder, name, content)
            size_bytes, sha256 = measured_path(folder / name)
            found.append(Item(name, "still", alert.camera, size_bytes, sha256, alert.raised, None, {"alert": alert.id}))
        for name, camera in {row.still: row.camera for row in rows if row.still and row.still not in had}.items():
            path = folder / name
            if path.is_file():
                size_bytes, sha256 = measured_path(path)
                found.append(Item(name, "still", camera, size_bytes, sha256, moment_of(name)))
        return found, spoiled

    def _incident(self, incident: str) -> IncidentView | None:
        try:
            return self._repository.incident(incident)
        except NotFoundError:
            return None

    def _wait_for(self, rows: Sequence[Row], now: datetime, reason: str) -> None:
        if rows:
            self._postpone(rows, now + timedelta(seconds=_LOOK_AGAIN_S), reason, failed=False)

    def _postpone(self, rows: Sequence[Row], next_at: datetime, reason: str, *, failed: bool) -> None:
        numbers = [row.number for row in rows]
        self._database.write(lambda connection: books.postpone(connection, numbers, next_at, reason, failed=failed))

    def _announce(self, seq: int) -> None:
        self._bus.announce(Topic.JOURNAL, seq)


def retry_s(failures: int) -> float:
    """How long to wait, in seconds, after so many failures before the one at hand: eight take some ten minutes."""
    return min(_LONGEST_RETRY_S, _RETRY_S * 2.0 ** min(failures, 16))


def _is_in(item: Item, row: Row) -> bool:
    if item.kind != "clip" or item.camera != row.camera or item.since is None or item.until is None:
        return False
    return item.since < row.until and item.until > row.since
