"""People delete what their own cameras recorded; what an open incident needs stays, and all of it is on record."""

from __future__ import annotations

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
from config.community import Contact, Ring
from config.machine import Disk
from hub.access import Principal
from hub.clock import SetClock
from hub.errors import NotAllowedError, NotFoundError
from hub.store.database import Database
from hub.store.recording_deletions import Step
from tests.fakes.evidence import Scene, alert, at, community, incident
from tests.fakes.waiting import until

LI = Principal("1", "li", "resident")


@pytest.fixture
def scene(database: Database, tmp_path: Path) -> Scene:
    return Scene(database, tmp_path / "data", SetClock(at(0)), there=community(cameras="camera"))


@pytest.fixture
def deletions(scene: Scene) -> Deletions:
    return _deletions(scene)


def _deletions(scene: Scene) -> Deletions:
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
        forget=lambda camera, since, until: forgotten.append((camera, since, until)),
    )


forgotten: list[tuple[str, datetime, datetime]] = []


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
    done, deleted, asked = deletions.of("cam-1")
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
    assert [each.step for each in deletions.of("cam-1")] == [Step.ASKED]
    again = _deletions(scene)
    scene.database.write(
        lambda connection: connection.exec_driver_sql("UPDATE recording_segments SET state = 0 WHERE began_ms > 0")
    )
    again.start()
    until(lambda: again.of("cam-1")[0].step is Step.DONE, what="the deletion")
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
    assert [each.step for each in deletions.of("cam-1")] == [Step.DONE, Step.DELETED, Step.DELETED, Step.ASKED]


def test_only_the_cameras_of_the_own_home_are_ones_own(scene: Scene) -> None:
    there = scene.there.model_copy(update={"contacts": (Contact(account="li", sites=("gate",)),)})
    assert own_camera(there, LI, "cam-1").id == "cam-1"
    for who, camera in ((LI, "cam-4"), (LI, "none"), (Principal("2", "wang", "operator"), "cam-1")):
        with pytest.raises(NotFoundError):
            own_camera(there, who, camera)
    roads = tuple(site.model_copy(update={"ring": Ring.ROAD}) for site in there.sites)
    with pytest.raises(NotFoundError):
        own_camera(there.model_copy(update={"sites": roads}), LI, "cam-1")
