"""People delete what their own cameras recorded; what an open incident needs stays, and all of it is on record."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from alerts.incidents.incident import Handling
from alerts.store.lists import Repository
from api.recordings.deletions import Deletions, own_camera
from cameras.recordings.keeping.holdings import Holdings
from cameras.recordings.keeping.removing import Removing
from cameras.recordings.keeping.shelves import Shelves
from cameras.recordings.media import Because, StreamName
from config.community import Ring
from config.machine import Disk
from hub.access import Principal
from hub.clock import SetClock
from hub.errors import NotAllowedError, NotFoundError, StoreBusyError
from hub.store.database import Database
from hub.store.recording_deletions import Deletion, Step
from tests.fakes.evidence import Scene, alert, at, community, incident
from tests.fakes.waiting import until

LI = Principal("1", "li", "resident")


@pytest.fixture
def scene(database: Database, tmp_path: Path) -> Scene:
    return Scene(database, tmp_path / "data", SetClock(at(0)), there=community(cameras="camera"))


@pytest.fixture
def deletions(scene: Scene) -> Deletions:
    return _deletions(scene)


def _deletions(scene: Scene, forget: Callable[[str, datetime, datetime], object] | None = None) -> Deletions:
    folder = scene.folder / "recordings"
    folder.mkdir(exist_ok=True)
    (scene.folder / "disks").mkdir(exist_ok=True)
    shelves = Shelves([Disk(id="data", path=folder)], memory=scene.folder / "disks", clock=scene.clock)
    return Deletions(
        scene.database,
        scene.bus,
        scene.clock,
        catalog=scene.catalog,
        removing=Removing(Holdings(scene.database), shelves),
        catch_up=scene.evidence.catch_up,
        forget=forget or (lambda camera, since, until: forgotten.append((camera, since, until))),
        is_known=known.is_set,
    )


forgotten: list[tuple[str, datetime, datetime]] = []
known = threading.Event()
known.set()


def _trace(deletions: Deletions, camera: str = "cam-1") -> list[Deletion]:
    return [each for _, each in deletions.of(camera)]


def _ask(deletions: Deletions, scene: Scene, start_s: float, end_s: float, **more: object) -> str:
    camera = scene.there.camera("cam-1")
    assert camera is not None
    return deletions.ask(LI, camera, at(start_s), at(end_s), reason="a private matter", **more).deletion  # type: ignore[arg-type]


def _recorded(scene: Scene) -> list[tuple[datetime, datetime]]:
    return [(each.start, each.end) for each in scene.catalog.ranges("cam-1", StreamName.MAIN, at(0), at(60)).ranges]


def test_what_was_asked_for_goes_and_who_did_it_stays(scene: Scene, deletions: Deletions) -> None:
    scene.record(0, 60)
    scene.clock.set(at(200))
    forgotten.clear()
    name = _ask(deletions, scene, 10, 30)
    assert not deletions.go_on()
    assert _recorded(scene) == [(at(0), at(10)), (at(30), at(60))]
    gaps = scene.catalog.ranges("cam-1", StreamName.MAIN, at(0), at(60)).gaps
    assert [each.because for each in gaps] == [Because.DELETED]
    done, deleted, asked = _trace(deletions)
    assert [each.step for each in (asked, deleted, done)] == [Step.ASKED, Step.DELETED, Step.DONE]
    assert {each.deletion for each in (asked, deleted, done)} == {name}
    assert (asked.who, asked.role, asked.reason) == ("li", "resident", "a private matter")
    assert (asked.since, asked.until, asked.site) == (at(10), at(30), "gate")
    assert deleted.segments == 1
    assert deleted.size_bytes > 0
    assert forgotten == [("cam-1", at(10), at(30))]
    told = [entry for entry in Repository(scene.database).journal_after(0, 100) if entry.topic == "recording"]
    assert [(entry.move, entry.who, entry.note) for entry in told] == [
        ("asked", "li", "a private matter"),
        ("deleted", "li", "a private matter"),
    ]


def test_what_an_open_incident_needs_stays_and_is_refused_with_the_reason(scene: Scene, deletions: Deletions) -> None:
    """Also when the incident was raised a moment ago and nothing of it was looked at yet."""
    scene.record(0, 60)
    scene.clock.set(at(200))
    view = incident(alert("a1", raised=at(30)))
    scene.happens(view)
    with pytest.raises(NotAllowedError, match="open incident lies in this span") as refused:
        _ask(deletions, scene, 0, 25)
    assert "12" not in str(refused.value), "it is not for him"
    with pytest.raises(NotAllowedError, match="open incident 12 lies"):
        _ask(deletions, scene, 0, 25, sees=lambda _incident: True)
    scene.settle()
    with pytest.raises(NotAllowedError, match="open incident"):
        _ask(deletions, scene, 45, 55)
    _ask(deletions, scene, 0, 20)
    deletions.go_on()
    scene.happens(replace(view, handling=Handling.RESOLVED, version=2), "resolved")
    _ask(deletions, scene, 0, 60)
    deletions.go_on()
    assert _recorded(scene) == []
    kept = scene.evidence.of("i1")
    assert kept is not None
    assert kept.place.manifest is not None
    assert kept.place.manifest.files, "evidence stays until it is released by name"


def test_what_waits_to_be_copied_for_a_resolved_incident_is_not_deleted_meanwhile(
    scene: Scene, deletions: Deletions
) -> None:
    scene.record(0, 60)
    scene.clock.set(at(31))
    scene.happens(incident(alert("a1", raised=at(30)), handling=Handling.RESOLVED))
    with pytest.raises(NotAllowedError, match="being copied"):
        _ask(deletions, scene, 0, 31)


def test_what_is_still_written_goes_when_it_is_closed_also_after_a_restart(scene: Scene, deletions: Deletions) -> None:
    scene.record(0, 20)
    closed = scene.record(20, 20, because=Because.OFFLINE)
    path = scene.folder / "recordings" / closed.path
    scene.database.write(
        lambda connection: connection.exec_driver_sql("UPDATE recording_segments SET state = 1 WHERE began_ms > 0")
    )
    scene.clock.set(at(200))
    _ask(deletions, scene, 10, 30)
    assert deletions.go_on()
    assert path.is_file()
    assert [each.step for each in _trace(deletions)] == [Step.ASKED]
    again = _deletions(scene)
    scene.database.write(
        lambda connection: connection.exec_driver_sql("UPDATE recording_segments SET state = 0 WHERE began_ms > 0")
    )
    again.start()
    until(lambda: _trace(again)[0].step is Step.DONE, what="the deletion")
    again.stop()
    again.stop()
    assert not path.is_file()
    assert _recorded(scene) == [(at(0), at(10)), (at(30), at(40))]


def test_a_span_that_is_just_over_is_looked_at_again_before_it_counts_as_done(
    scene: Scene, deletions: Deletions
) -> None:
    scene.record(0, 20)
    scene.clock.set(at(41))
    _ask(deletions, scene, 10, 40)
    assert deletions.go_on()
    scene.record(20, 20)
    assert deletions.go_on()
    scene.clock.set(at(101))
    assert not deletions.go_on()
    assert _recorded(scene) == [(at(0), at(10))]
    assert [each.step for each in _trace(deletions)] == [Step.DONE, Step.DELETED, Step.DELETED, Step.ASKED]


def test_only_the_cameras_of_the_own_home_are_ones_own(scene: Scene) -> None:
    there = scene.there
    camera, sites = own_camera(there, {"gate"}, "cam-1", recorded_at={"shop", "gate"})
    assert (camera.id, sites) == ("cam-1", ("gate",))
    camera, sites = own_camera(there, {"gate"}, "cam-4", recorded_at={"gate", "far"})
    assert (camera.id, sites) == ("cam-4", ("gate",)), "it was at his home once"
    for homes, other in (({"gate"}, "cam-4"), ({"gate"}, "none"), (set[str](), "cam-1")):
        with pytest.raises(NotFoundError):
            own_camera(there, homes, other)
    roads = tuple(site.model_copy(update={"ring": Ring.ROAD}) for site in there.sites)
    with pytest.raises(NotFoundError):
        own_camera(there.model_copy(update={"sites": roads}), {"gate"}, "cam-1")


def _other(scene: Scene) -> list[tuple[datetime, datetime]]:
    return [(e.start, e.end) for e in scene.catalog.ranges("cam-1", StreamName.MAIN, at(3000), at(5000)).ranges]


@pytest.mark.parametrize("hurt", ["short", "gone", "overwritten"])
def test_one_file_that_cannot_be_cut_holds_up_no_other_and_is_tried_again(
    scene: Scene, deletions: Deletions, hurt: str
) -> None:
    """An hour later lies what goes; at the edge what cannot be read, until it can."""
    edge = scene.record(0, 20)
    scene.record(20, 20)
    scene.record(4000, 20)
    path = scene.folder / "recordings" / edge.path
    whole = path.read_bytes()
    if hurt == "gone":
        path.rename(path.with_suffix(".away"))
    else:
        path.write_bytes(whole[:2000] if hurt == "short" else whole[:2000] + bytes(len(whole) - 2000))
    scene.clock.set(at(5000))
    _ask(deletions, scene, 10, 4010)
    for _ in range(3):
        assert deletions.go_on()
        scene.clock.advance(301)
    assert _recorded(scene) == [(at(0), at(20))]
    assert _other(scene) == [(at(4010), at(4020))]
    steps = [(each.step, each.segments) for each in _trace(deletions)]
    assert steps[-1] == (Step.ASKED, 0)
    assert sum(segments for step, segments in steps if step is Step.DELETED) == 2
    assert all(step is not Step.DONE for step, _ in steps)
    assert sorted(each.name for each in path.parent.iterdir() if each.suffix == ".copy") == []
    path.write_bytes(whole)
    assert not deletions.go_on()
    assert _recorded(scene) == [(at(0), at(10))]
    assert sum(each.segments for each in _trace(deletions) if each.step is Step.DELETED) == 3


def test_a_picture_that_cannot_be_taken_away_holds_up_no_other_deletion(scene: Scene) -> None:
    """It is not done before that is gone, and looked at again after some minutes."""
    refused = threading.Event()

    def forget(_camera: str, since: datetime, _until: datetime) -> None:
        if since == at(0) and not refused.is_set():
            raise PermissionError("read-only")

    deletions = _deletions(scene, forget=forget)
    scene.record(0, 40)
    scene.clock.set(at(200))
    first, second = _ask(deletions, scene, 0, 10), _ask(deletions, scene, 20, 30)
    assert deletions.go_on()
    assert [each.deletion for each in _trace(deletions) if each.step is Step.DONE] == [second]
    refused.set()
    assert deletions.go_on(), "not yet"
    scene.clock.advance(301)
    assert not deletions.go_on()
    assert _trace(deletions)[0].deletion == first


def test_a_whole_segment_goes_though_its_disk_is_away(scene: Scene, deletions: Deletions) -> None:
    """It is out of sight at once, and its file goes when the disk is back."""
    kept = scene.record(20, 20)
    folder = scene.folder / "recordings"
    folder.rename(folder.with_name("unplugged"))
    folder.write_text("no folder at all")
    scene.clock.set(at(200))
    _ask(deletions, scene, 10, 50)
    assert not deletions.go_on()
    assert _recorded(scene) == []
    folder.unlink()
    folder.with_name("unplugged").rename(folder)
    holdings = Holdings(scene.database)
    shelves = Shelves([Disk(id="data", path=folder)], memory=scene.folder / "disks", clock=scene.clock)
    assert Removing(holdings, shelves).finish(holdings.unfinished()) == 1
    assert not (folder / kept.path).exists()


def test_what_went_is_on_record_though_the_next_step_fails(
    scene: Scene, deletions: Deletions, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.record(0, 20)
    scene.record(20, 20)
    scene.clock.set(at(200))
    _ask(deletions, scene, 10, 30)
    taken: list[str] = []
    whole = Holdings.let_go

    def fails(*words: object, **more: object) -> object:
        taken.append("")
        if len(taken) > 1:
            raise StoreBusyError("busy")
        return whole(*words, **more)  # type: ignore[arg-type]

    with monkeypatch.context() as broken:
        broken.setattr(Holdings, "let_go", fails)
        with pytest.raises(StoreBusyError):
            deletions.go_on()
    assert [(each.step, each.segments) for each in _trace(deletions)] == [(Step.DELETED, 1), (Step.ASKED, 0)]
    assert not deletions.go_on()
    assert [each.segments for each in _trace(deletions)] == [0, 1, 1, 0]


def test_a_deletion_is_not_done_before_the_catalogue_knows_what_the_last_run_left(
    scene: Scene, deletions: Deletions
) -> None:
    scene.record(0, 20)
    scene.clock.set(at(200))
    known.clear()
    try:
        _ask(deletions, scene, 10, 40)
        assert deletions.go_on()
        assert _recorded(scene) == [(at(0), at(10))], "what is known goes at once"
        scene.record(20, 20)
        assert deletions.go_on()
        assert _trace(deletions)[0].step is Step.DELETED
    finally:
        known.set()
    assert not deletions.go_on()
    assert _recorded(scene) == [(at(0), at(10))]
    assert _trace(deletions)[0].step is Step.DONE
