"""Single pictures out of recordings: which bytes a worker is given to decode, and what is kept of what it gives."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from api.recordings.past_stills import NoPictureError, PastStills
from cameras.errors import MediaGoneError
from cameras.link import PictureTaken, PictureWanted
from cameras.recordings.keeping.holdings import Holdings
from cameras.recordings.keeping.removing import Removing
from cameras.recordings.keeping.shelves import Shelves
from cameras.recordings.media import StreamName
from cameras.recordings.playback.cutting import cut_out
from cameras.recordings.playback.spans import runs_of
from config.machine import Disk
from hub.access import Role
from hub.clock import SetClock
from hub.store.database import Database
from tests.api.room import JPEG_OF, Room, open_room
from tests.api.test_playback import COMMUNITY, Recorded
from tests.fakes.evidence import Scene, at, community
from tests.fakes.recordings import footage, write_segment

BEGAN = datetime.fromisoformat("2026-05-04T06:00:00Z")


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorded]:
    opened = open_room(tmp_path_factory.mktemp("hub") / "data", there=COMMUNITY)
    yield Recorded(opened)
    opened.close()


@pytest.fixture
def room(there: Recorded) -> Room:
    there.room.cameras.pictured.clear()
    return there.room


def _still(there: Recorded, **query: Any) -> Any:
    return there.get("cam-1/still.jpg", **query)


def test_a_worker_gets_what_leads_to_the_picture_and_no_more(there: Recorded, room: Room) -> None:
    answer = _still(there, at=there.at(5.25))
    assert (answer.status_code, answer.content) == (200, JPEG_OF)
    assert datetime.fromisoformat(answer.headers["x-taken-at"]) == there.began + timedelta(seconds=5.25)
    camera, wanted = room.cameras.pictured[0]
    assert (camera, wanted.at_ms, wanted.width_px, wanted.disk) == ("cam-1", (5250,), None, "data")
    assert len(wanted.parts) == 1 + 2  # the head, the key picture's second and the one asked for
    assert wanted.parts[0][0] == 0
    moment = there.began + timedelta(seconds=5)
    segment = room.hub.parts.playback.catalog.segments("cam-1", StreamName.MAIN, moment, moment + timedelta(seconds=1))
    assert wanted.parts[1:] == tuple((mark.offset, mark.size_bytes) for mark in segment[0].marks[4:6])


def test_for_scrubbing_the_key_picture_will_do(there: Recorded, room: Room) -> None:
    for seconds in (2.0, 2.7, 3.9):
        answer = _still(there, at=there.at(seconds), key=True, width=192)
        assert datetime.fromisoformat(answer.headers["x-taken-at"]) == there.began + timedelta(seconds=2)
    assert [(wanted.at_ms, wanted.width_px) for _, wanted in room.cameras.pictured] == [((2000,), 192)]
    assert len(room.cameras.pictured[0][1].parts) == 2


def test_a_picture_that_was_taken_is_not_decoded_again(there: Recorded, room: Room) -> None:
    for _ in range(3):
        assert _still(there, at=there.at(7)).status_code == 200
    assert len(room.cameras.pictured) == 1
    assert room.hub.parts.playback.stills.forget("cam-1", there.began, there.began + timedelta(seconds=8)) >= 1
    assert _still(there, at=there.at(7)).status_code == 200
    assert len(room.cameras.pictured) == 2


def test_a_link_shows_one_moment(there: Recorded, room: Room) -> None:
    url = room.client().post("/api/v1/cameras/cam-1/links", json={"what": "still", "from": there.at(8)}).json()["url"]
    nobody = room.client(None)
    assert nobody.get(url).content == JPEG_OF
    assert nobody.get(f"{url}&at={there.at(9).replace('+', '%2B')}").status_code == 404


def test_a_moment_without_a_recording_has_no_picture(there: Recorded, room: Room) -> None:
    del room
    assert _still(there, at=there.at(40)).json()["type"] == "urn:hub:problem:nothing-recorded"
    assert _still(there, at=there.at(5 * 3600)).status_code == 422
    assert _still(there, at=there.at(3), width=10_000).status_code == 422


def test_the_newest_picture_is_there_without_a_moment(there: Recorded, room: Room) -> None:
    assert _still(there).content == JPEG_OF
    assert room.cameras.pictured == []
    assert there.room.client(Role.INTEGRATOR).get("/api/v1/cameras/cam-1/still.jpg").status_code == 403


def test_a_worker_that_gives_none_is_said(there: Recorded, room: Room) -> None:
    room.cameras.blind.add("cam-1")
    try:
        answer = _still(there, at=there.at(10))
    finally:
        room.cameras.blind.clear()
    assert answer.status_code == 503
    assert answer.json()["type"] == "urn:hub:problem:unavailable"


def _take(_camera: str, wanted: PictureWanted, *, timeout_s: float) -> PictureTaken:
    del timeout_s
    return PictureTaken(wanted.request, (bytes(1000),))


def _take_none(_camera: str, wanted: PictureWanted, *, timeout_s: float) -> PictureTaken:
    del timeout_s
    return PictureTaken(wanted.request, (), "no_answer")


def _all(ids: Collection[str]) -> Collection[str]:
    return ids


def test_what_is_kept_is_bounded(tmp_path: Path) -> None:
    form, samples = footage(6)
    run = runs_of([write_segment(tmp_path, BEGAN, form, samples)], BEGAN, BEGAN + timedelta(seconds=6))[0]
    stills = PastStills(tmp_path / "kept", _take, standing=_all, most_bytes=50_000)
    for at_ms in range(1000):
        stills.of(run, at_ms, width_px=None)
    kept = sum(path.stat().st_size for path in (tmp_path / "kept").rglob("*.jpg"))
    assert kept <= 50_000 + 200 * 1000  # looked after every two hundred


def test_a_folder_that_cannot_be_written_shows_the_picture_all_the_same(tmp_path: Path) -> None:
    form, samples = footage(6)
    run = runs_of([write_segment(tmp_path, BEGAN, form, samples)], BEGAN, BEGAN + timedelta(seconds=6))[0]
    (tmp_path / "kept").write_text("in the way")
    assert PastStills(tmp_path / "kept", _take, standing=_all).of(run, 0, width_px=None) == bytes(1000)


def test_no_picture_is_an_error_in_words(tmp_path: Path) -> None:
    form, samples = footage(6)
    run = runs_of([write_segment(tmp_path, BEGAN, form, samples)], BEGAN, BEGAN + timedelta(seconds=6))[0]
    stills = PastStills(tmp_path / "kept", _take_none, standing=_all)
    with pytest.raises(NoPictureError, match="no_answer"):
        stills.of(run, 0, width_px=None)


def _kept(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_pictures_of_what_went_with_a_span_go_too(database: Database, tmp_path: Path) -> None:
    """Whole fragments go, and behind the span a group of pictures to its end: some of it is beside what was asked."""
    scene = Scene(database, tmp_path / "data", SetClock(at(0)), there=community(cameras="camera"))
    scene.record(0, 20)
    stills = PastStills(tmp_path / "kept", _take, standing=scene.catalog.shown)
    (run,) = runs_of(scene.catalog.segments("cam-1", StreamName.MAIN, at(0), at(20)), at(0), at(20))
    for at_ms in (1000, 5200, 6000, 11_500):
        stills.of(run, at_ms, width_px=None)
    (tmp_path / "kept" / "cam-1" / "main-1-0-x.7.part").write_bytes(b"of a hub that was killed")
    holdings = Holdings(database)
    (scene.folder / "disks").mkdir()
    disk = Disk(id="data", path=scene.folder / "recordings")
    removing = Removing(holdings, Shelves([disk], memory=scene.folder / "disks", clock=scene.clock))
    cut_out(scene.catalog, removing, camera="cam-1", since=at(5.4), until=at(11))
    stills.forget("cam-1", at(5.4), at(11))
    assert _kept(tmp_path / "kept") == []


def test_a_picture_whose_recording_goes_while_it_is_decoded_is_not_kept(tmp_path: Path) -> None:
    form, samples = footage(6)
    run = runs_of([write_segment(tmp_path, BEGAN, form, samples)], BEGAN, BEGAN + timedelta(seconds=6))[0]
    standing = {run.segment.head.id}

    def take(camera_id: str, wanted: PictureWanted, *, timeout_s: float) -> PictureTaken:
        standing.clear()
        stills.forget(camera_id, BEGAN, BEGAN + timedelta(seconds=6))
        return _take(camera_id, wanted, timeout_s=timeout_s)

    stills = PastStills(tmp_path / "kept", take, standing=lambda ids: standing & set(ids))
    with pytest.raises(MediaGoneError):
        stills.of(run, 0, width_px=None)
    assert _kept(tmp_path / "kept") == []


def test_private_places_go_with_what_is_asked_and_a_picture_from_before_they_were_drawn_is_not_shown(
    tmp_path: Path,
) -> None:
    form, samples = footage(6)
    run = runs_of([write_segment(tmp_path, BEGAN, form, samples)], BEGAN, BEGAN + timedelta(seconds=6))[0]
    drawn: list[tuple[tuple[float, float], ...]] = []
    asked: list[PictureWanted] = []

    def take(camera_id: str, wanted: PictureWanted, *, timeout_s: float) -> PictureTaken:
        asked.append(wanted)
        return _take(camera_id, wanted, timeout_s=timeout_s)

    stills = PastStills(tmp_path / "kept", take, standing=_all, private=lambda _camera: tuple(drawn))
    window = ((0.0, 0.0), (0.5, 0.0), (0.5, 0.5))
    for _ in range(2):
        stills.of(run, 0, width_px=None)
    drawn.append(window)
    for _ in range(2):
        stills.of(run, 0, width_px=None)
    assert [each.private for each in asked] == [(), (window,)]
    assert stills.forget(run.segment.head.camera, BEGAN, BEGAN + timedelta(seconds=6)) == 2
