"""What a household decides on days counts for real files: within one pass, and for what was recorded in its home."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from alerts.incidents.incident import Handling
from api.households import Households
from api.recordings.desk import RecordingDesk, make_recording_desk
from cameras.recordings.evidence.verifying import verify
from cameras.recordings.keeping.ages import SAYS_SO
from cameras.recordings.media import Segment
from config.community import Camera, Community, Contact, Name, Site, Stream
from config.machine import Disk, Machine, Recordings
from config.recording import Policy
from hub.bus import Bus
from hub.clock import SetClock
from hub.consent import Consent
from hub.store.database import Database
from hub.store.revisions import Revisions
from tests.fakes.evidence import Scene, alert, incident
from tests.fakes.evidence import at as seconds_on
from tests.fakes.evidence import community as scene_community
from tests.fakes.recordings import footage, write_segment
from tests.fakes.segments import MORNING

ROUND_S = 301.0
"""Retention looks at everything once in five minutes."""


def village(*, gate_at: str = "home-1") -> Community:
    cameras = (("gate", gate_at), ("yard", "home-2"))
    return Community(
        sites=tuple(Site(id=each, name=Name(en=each)) for each in ("home-1", "home-2")),
        cameras=tuple(
            Camera(id=each, site=site, main=Stream(url=f"rtsp://192.0.2.1/{each}"), record=Policy(keep_days=30))
            for each, site in cameras
        ),
        contacts=(Contact(account="li", sites=("home-1",)), Contact(account="sun", sites=("home-2",))),
    )


class Village:
    """Two households, the real catalogue and retention, and files of four seconds."""

    def __init__(self, database: Database, folder: Path, clock: SetClock) -> None:
        clock.set(MORNING)
        self.clock, self.folder = clock, folder / "recordings"
        self.revisions = Revisions(database, clock)
        self.revisions.accept(village(), author="test", reason="test")
        self.households = Households(database, Bus(), clock, self.revisions)
        machine = Machine(data=folder, recordings=Recordings(disks=(Disk(id="data", path=self.folder),)))
        (folder / SAYS_SO).touch()  # else nothing counts as old at first: the newest recording is of days ago
        self.desk: RecordingDesk = make_recording_desk(machine, database, clock, households=self.households)
        self.form, self.samples = footage(4)

    def record(self, days: float, *, camera: str = "gate", site: str = "home-1") -> Segment:
        """As so many days ago."""
        began = MORNING - timedelta(days=days)
        made = write_segment(self.folder, began, self.form, self.samples, camera=camera, site=site)
        self.desk.catalog.keep_all([made], timeout_s=10.0)
        return made

    def keep(self, days: int | None, *, camera: str = "gate", site: str = "home-1") -> None:
        self.households.decide(Consent(camera, site, keep_days=days))

    def one_pass(self) -> None:
        self.clock.advance(ROUND_S)
        while self.desk.caretaker.retention.step():
            pass

    def left(self) -> set[Path]:
        """Files; rows agree on them."""
        held = [
            each
            for camera in ("gate", "yard")
            for each in self.desk.holdings.of_camera(camera, since=None, before=self.clock.now(), limit=1000)
        ]
        files = set(self.folder.rglob("*.mp4"))
        assert {self.folder / each.path for each in held} == files
        return files

    def files(self, *segments: Segment) -> set[Path]:
        return {self.folder / each.path for each in segments}


@pytest.fixture
def there(sqlite_database: Database, tmp_path: Path, clock: SetClock) -> Iterator[Village]:
    made = Village(sqlite_database, tmp_path, clock)
    assert made.desk.shelves.is_there("data")
    return made


def test_what_is_older_goes_within_one_pass_of_lowering_it(there: Village) -> None:
    old, young = [there.record(days) for days in (20, 9, 8)], [there.record(days) for days in (6, 1)]
    other = there.record(20, camera="yard", site="home-2")
    there.one_pass()
    assert there.left() == there.files(*old, *young, other), "nobody decided: as the community keeps"
    there.keep(7)
    there.one_pass()
    assert there.left() == there.files(*young, other)
    there.keep(3)
    there.one_pass()
    assert there.left() == there.files(young[1], other)
    there.keep(3000)
    assert there.households.keeping("gate", "home-1").keep_days == 30, "no longer than the community keeps"


def test_nothing_stops_recording_and_takes_what_there_is(there: Village) -> None:
    for days in (9, 1, 0.5):
        there.record(days)
    there.keep(0)
    running = there.households.current()
    gate = running.camera("gate")
    assert gate is not None
    assert running.policy_of(gate).streams == ()
    there.one_pass()
    assert there.left() == set()


def test_what_a_moved_camera_recorded_ages_as_decided_where_it_was_recorded(there: Village) -> None:
    before = [there.record(days) for days in (9, 4)]
    there.keep(7)
    there.revisions.accept(village(gate_at="home-2"), author="test", reason="moved")
    there.households.refresh()
    after = [there.record(days, site="home-2") for days in (9, 4)]
    there.one_pass()
    assert there.left() == there.files(before[1], *after), "the next home did not decide, and sets nobody else's days"
    there.keep(2, site="home-2")
    there.one_pass()
    assert there.left() == there.files(before[1])
    there.keep(1)
    there.one_pass()
    assert there.left() == set(), "the first home still decides on what was recorded there"


def test_a_camera_that_is_gone_ages_as_decided_too(there: Village) -> None:
    kept = there.record(4), there.record(9)
    there.keep(7)
    community = village()
    gone = community.model_copy(update={"cameras": community.cameras[1:]})
    there.revisions.accept(gone, author="test", reason="taken down")
    there.households.refresh()
    there.one_pass()
    assert there.left() == there.files(kept[0])


def test_open_evidence_keeps_its_copy(sqlite_database: Database, tmp_path: Path) -> None:
    scene = Scene(sqlite_database, tmp_path / "data", SetClock(seconds_on(0)))
    scene.there = scene_community(cameras="camera")
    scene.record(0, 200)
    scene.clock.set(seconds_on(30))
    scene.happens(incident(alert("a1", raised=seconds_on(30)), handling=Handling.NEW))
    scene.settle()
    scene.clock.set(seconds_on(60))
    scene.settle()
    revisions = Revisions(sqlite_database, scene.clock)
    unparented = {"areas": scene.there.areas[:1], "sites": scene.there.sites[:2], "cameras": scene.there.cameras[:3]}
    revisions.accept(scene.there.model_copy(update=unparented), author="test", reason="test")
    households = Households(sqlite_database, Bus(), scene.clock, revisions)
    disk = Disk(id="data", path=scene.folder / "recordings")
    machine = Machine(data=scene.folder, recordings=Recordings(disks=(disk,)))
    desk = make_recording_desk(machine, sqlite_database, scene.clock, households=households)
    assert desk.shelves.is_there("data")
    households.decide(Consent("cam-1", "gate", keep_days=0))
    scene.clock.advance(2 * 3600.0)
    while desk.caretaker.retention.step():
        pass
    assert not list((scene.folder / "recordings").rglob("*.mp4")), "what is recorded goes"
    assert list((scene.folder / "evidence" / "i1").rglob("*.mp4"))
    assert verify(scene.folder / "evidence" / "i1").is_good
