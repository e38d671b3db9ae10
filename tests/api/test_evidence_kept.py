"""Evidence that is there stays: no damaged manifest, failing disk, absent camera or late release costs any of it."""

from __future__ import annotations

import errno
import logging
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from alerts.incidents.incident import Handling
from api.recordings import evidence_freezing
from api.recordings.evidence import RELEASED_FOR, Kept
from api.recordings.evidence_freezing import MOST_ATTEMPTS, PATIENCE_S, Freezer
from cameras.errors import MediaGoneError
from cameras.recordings.evidence import freezing
from cameras.recordings.evidence.manifest import SIGNATURE, measured_path, name_of, read_manifest
from cameras.recordings.evidence.verifying import verify
from hub.clock import SetClock
from hub.store import evidence as books
from hub.store.database import Database
from hub.store.evidence import State
from hub.store.evidence_tables import evidence_wanted
from tests.fakes.evidence import Scene, alert, at, community, incident

GONE_AFTER_S = RELEASED_FOR.total_seconds() + 120


@pytest.fixture
def scene(sqlite_database: Database, tmp_path: Path) -> Scene:
    made = Scene(sqlite_database, tmp_path / "data", SetClock(at(0)))
    made.there = community(cameras="camera")
    return made


@pytest.fixture
def stored(database: Database, tmp_path: Path) -> Scene:
    """The same on both databases."""
    made = Scene(database, tmp_path / "data", SetClock(at(0)))
    made.there = community(cameras="camera")
    return made


def _kept(scene: Scene) -> Kept:
    kept = scene.evidence.of("i1")
    assert kept is not None
    return kept


def _files(scene: Scene) -> dict[str, tuple[int, str]]:
    folder = scene.folder / "evidence" / "i1"
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): measured_path(path) for path in paths}


def _frozen(scene: Scene) -> Path:
    """An incident of which there is evidence."""
    scene.record(0, 200)
    scene.clock.set(at(30))
    scene.happens(incident(alert("a1", raised=at(30))))
    scene.settle()
    scene.clock.set(at(60))
    scene.settle()
    assert _kept(scene).place.version == 1
    return scene.folder / "evidence" / "i1"


def _joins(scene: Scene, seconds: float, *, handling: Handling = Handling.NEW) -> None:
    scene.clock.set(at(seconds))
    members = (alert("a1", raised=at(30)), alert("a2", raised=at(seconds)))
    scene.happens(incident(*members, handling=handling, version=3), "joined")


def _released(scene: Scene) -> None:
    view = incident(alert("a1", raised=at(30)), handling=Handling.RESOLVED, version=2)
    scene.happens(view, "resolved", who="wang")
    scene.evidence.release(view, who="chen", why="nothing")


# A manifest that cannot be relied on


def _torn(folder: Path, newest: int) -> None:
    path = folder / name_of(newest)
    path.write_bytes(path.read_bytes()[:-30])


def _changed(folder: Path, newest: int) -> None:
    path = folder / name_of(newest)
    path.write_bytes(path.read_bytes().replace(b'"engine"', b'"nobody"', 1))


def _away(folder: Path, newest: int) -> None:
    (folder / name_of(newest)).unlink()


def _unreadable(folder: Path, newest: int) -> None:
    _away(folder, newest)
    (folder / name_of(newest)).mkdir()


def _unsigned(folder: Path, newest: int) -> None:
    (folder / (name_of(newest) + SIGNATURE)).write_bytes(bytes(64))


@pytest.mark.parametrize("spoil", [_torn, _changed, _away, _unreadable, _unsigned])
@pytest.mark.parametrize("newest", [1, 2])
def test_a_spoiled_manifest_stops_the_work_on_its_incident(
    scene: Scene, spoil: Callable[[Path, int], None], newest: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever it named stays, also when there is an older one; it goes on when the manifest was brought back."""
    folder = _frozen(scene)
    if newest == 2:
        _joins(scene, 70)
        scene.settle()
        scene.clock.set(at(95))
        scene.settle()
        assert _kept(scene).place.version == 2
    whole = scene.folder / "whole"
    shutil.copytree(folder, whole)
    spoil(folder, newest)
    before = _files(scene)
    scene.clock.set(at(110))
    scene.evidence.ask("i1", ["cam-1"], at(110), at(120), who="wang", why="more")
    for seconds in range(125, 1000, 61):
        scene.clock.set(at(seconds))
        with caplog.at_level(logging.ERROR):
            scene.settle()
    now = _files(scene)
    assert {name: now[name] for name in before} == before
    assert not [name for name in set(now) - set(before) if not name.startswith("stills/")]
    kept = _kept(scene)
    assert kept.place.problem
    assert kept.place.manifest is None
    assert (kept.wanted[-1].state, kept.wanted[-1].attempts) == (State.WAITING, 0)
    assert kept.wanted[-1].reason == kept.place.problem
    assert scene.evidence.stopped == 1
    assert len([each for each in caplog.records if each.message == "evidence stands still"]) == 1
    shutil.rmtree(folder)
    shutil.copytree(whole, folder)
    scene.clock.advance(61)
    scene.settle()
    assert _kept(scene).place.problem == ""
    assert _kept(scene).place.version == newest + 1
    assert scene.evidence.stopped == 0
    assert verify(folder).is_good


def test_a_folder_that_is_not_there_is_not_begun_anew(scene: Scene) -> None:
    """As when the disk of it was not mounted."""
    folder = _frozen(scene)
    folder.rename(folder.with_name("away"))
    _joins(scene, 70)
    scene.settle()
    scene.clock.set(at(300))
    scene.settle()
    assert not list(folder.glob("manifest-*"))
    assert _kept(scene).place.problem == "manifest-1.json is missing"


def test_what_was_released_stays_while_its_manifest_cannot_be_relied_on(scene: Scene) -> None:
    folder = _frozen(scene)
    whole = (folder / name_of(1)).read_bytes()
    _released(scene)
    _torn(folder, 1)
    before = _files(scene)
    scene.clock.advance(GONE_AFTER_S)
    scene.settle()
    assert _files(scene) == before
    assert (_kept(scene).case.deleted, scene.evidence.stopped) == (None, 1)
    (folder / name_of(1)).write_bytes(whole)
    scene.clock.advance(100)
    scene.settle()
    assert not list(folder.rglob("*.mp4"))
    assert (_kept(scene).place.version, scene.evidence.stopped) == (2, 0)


def test_a_manifest_is_never_replaced(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = _frozen(scene)
    before = _files(scene)
    place = _kept(scene).place
    monkeypatch.setattr(evidence_freezing, "place_of", lambda *_args, **_more: replace(place, manifest=None))
    scene.database.write(lambda connection: books.settle(connection, "i1", {}, version=0, size_bytes=0, now=at(60)))
    monkeypatch.setattr(evidence_freezing, "swept", lambda *_args: 0)
    _joins(scene, 70)
    scene.settle()
    scene.clock.set(at(300))
    scene.settle()
    after = _files(scene)
    assert {name: after[name] for name in before} == before
    assert verify(folder).findings[0].name == name_of(1)


def test_a_manifest_of_other_requests_settles_none_of_these(scene: Scene) -> None:
    """A database from a copy gives its numbers again; that spans were asked for under them before means nothing."""
    _frozen(scene)
    scene.database.write(lambda connection: books.settle(connection, "i1", {}, version=0, size_bytes=0, now=at(60)))
    scene.clock.set(at(150))

    def work(connection: object) -> None:
        table = evidence_wanted
        other = {"state": "waiting", "version": None, "since": "2026-11-22T13:02:00.000000Z"}
        other |= {"until": "2026-11-22T13:02:20.000000Z", "next_at": other["since"]}
        connection.execute(table.update().values(**other))  # type: ignore[attr-defined]

    scene.database.write(work)
    scene.settle()
    kept = _kept(scene)
    assert [each.state for each in kept.wanted] == [State.KEPT]
    assert kept.place.version == 2
    assert len([each for each in _files(scene) if each.endswith(".mp4")]) == 2


# What cannot be copied yet


def test_waiting_for_the_end_of_a_span_is_no_failure(scene: Scene) -> None:
    scene.record(0, 60)
    scene.clock.set(at(55))
    scene.happens(incident(alert("a1", raised=at(55))))
    seconds = 75.0
    while seconds < 75 + PATIENCE_S - 1:
        scene.clock.set(at(seconds))
        scene.settle()
        seconds += 2.1
    (row,) = _kept(scene).wanted
    assert (row.state, row.attempts) == (State.WAITING, 0)
    assert row.reason == "the end of it is still being recorded"


def test_a_camera_that_is_offline_does_not_hold_up_the_others(scene: Scene) -> None:
    scene.there = community()
    scene.record(0, 100)
    scene.record(0, 100, camera="cam-2")
    scene.record(0, 30, camera="cam-3", site="shop")
    scene.clock.set(at(30))
    scene.happens(incident(alert("a1", raised=at(30))))
    for seconds in (50, 52.1, 54.2, 56.3, 58.4):
        scene.clock.set(at(seconds))
        scene.settle()
    assert {each.camera: each.state for each in _kept(scene).wanted} == {
        "cam-1": State.KEPT,
        "cam-2": State.KEPT,
        "cam-3": State.WAITING,
    }
    scene.clock.set(at(50 + PATIENCE_S))
    scene.settle()
    assert {each.state for each in _kept(scene).wanted} == {State.KEPT}
    assert _kept(scene).place.version == 2
    assert verify(scene.folder / "evidence" / "i1").is_good


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), MediaGoneError("it was moved")])
def test_a_failure_counts_for_its_span_alone_and_eight_give_it_up(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """Seven are tried within some ten minutes; the others of the incident are frozen meanwhile."""
    scene.there = community(cameras="site")
    scene.record(0, 100)
    scene.record(0, 100, camera="cam-2")
    real, tried = freezing.freeze, list[float]()

    def failing(*args: object, camera: str, **more: object) -> object:
        if camera == "cam-2":
            tried.append((scene.clock.now() - at(0)).total_seconds())
            raise error
        return real(*args, camera=camera, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(evidence_freezing, "freeze", failing)
    scene.clock.set(at(30))
    scene.happens(incident(alert("a1", raised=at(30))))
    scene.settle()
    for seconds in range(50, 900, 5):
        scene.clock.set(at(seconds))
        scene.settle()
        if seconds == 60:
            assert [each.state for each in _kept(scene).wanted] == [State.KEPT, State.WAITING]
    assert len(tried) == MOST_ATTEMPTS
    assert 500 < tried[-1] - tried[0] < 700
    kept = _kept(scene)
    assert [each.state for each in kept.wanted] == [State.KEPT, State.MISSING]
    assert kept.place.manifest is not None
    assert "could not be copied" in kept.place.manifest.left_out[0].because


def test_a_damaged_recording_does_not_hold_up_the_others(scene: Scene) -> None:
    scene.there = community(cameras="site")
    scene.record(0, 100)
    made = scene.record(0, 100, camera="cam-2")
    path = scene.folder / "recordings" / made.path
    path.write_bytes(bytes(path.stat().st_size))
    scene.clock.set(at(30))
    scene.happens(incident(alert("a1", raised=at(30))))
    scene.settle()
    scene.clock.set(at(60))
    scene.settle()
    assert [each.state for each in _kept(scene).wanted] == [State.KEPT, State.WAITING]
    for seconds in range(65, 1000, 20):
        scene.clock.set(at(seconds))
        scene.settle()
    assert [each.state for each in _kept(scene).wanted] == [State.KEPT, State.MISSING]


def test_a_picture_that_cannot_be_read_holds_up_nothing_and_is_named_once(scene: Scene) -> None:
    (scene.folder / "stills" / "a1.jpg").mkdir(parents=True)
    scene.evidence._freezer._stills.of = lambda alert: scene.folder / "stills" / f"{alert}.jpg"  # type: ignore[method-assign]
    folder = _frozen(scene)
    _joins(scene, 70)
    (scene.folder / "stills" / "a2.jpg").write_bytes(b"the picture of the second alert")
    scene.settle()
    scene.clock.set(at(95))
    scene.settle()
    manifest = _kept(scene).place.manifest
    assert manifest is not None
    assert manifest.version == 2
    assert [each.because for each in manifest.left_out] == ["the picture of alert a1 cannot be read"]
    assert "stills/alert-a2.jpg" in {each.name for each in manifest.files}
    assert verify(folder).is_good


def test_a_manifest_that_the_disk_does_not_take_is_tried_until_it_does(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.record(0, 100)
    scene.clock.set(at(30))
    scene.happens(incident(alert("a1", raised=at(30))))
    scene.settle()
    tried = []

    def full(*_args: object) -> None:
        tried.append(1)
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Freezer, "_seal", full)
        for seconds in range(60, 1860, 5):
            scene.clock.set(at(seconds))
            scene.settle()
    assert MOST_ATTEMPTS < len(tried) < 16
    assert _kept(scene).wanted[0].attempts == 0
    scene.clock.advance(300)
    scene.settle()
    assert _kept(scene).wanted[0].state is State.KEPT


# A release that is taken back, and one that is carried out


def test_what_joins_at_the_last_moment_keeps_it(stored: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the look at what is to go, and before it goes."""
    folder = _frozen(stored)
    _released(stored)
    stored.clock.advance(GONE_AFTER_S)
    real = books.claim_removal

    def late(connection: object, name: str, **more: object) -> bool:
        want = books.Want(name, "a2", "cam-1", at(60), at(90), "engine", "it joined")
        books.want(connection, [want], now=stored.clock.now())  # type: ignore[arg-type]
        return real(connection, name, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(books, "claim_removal", late)
    stored.evidence.delete_released()
    assert list(folder.rglob("*.mp4"))
    assert (_kept(stored).case.deleted, _kept(stored).case.released) == (None, None)
    stored.settle()
    assert verify(folder).is_good
    assert "deleted" not in [move for move, _ in stored.moves()]


def test_what_the_journal_says_by_then_is_looked_at_first(scene: Scene) -> None:
    folder = _frozen(scene)
    _released(scene)
    _joins(scene, GONE_AFTER_S + 100, handling=Handling.RESOLVED)
    scene.evidence.delete_released()
    assert list(folder.rglob("*.mp4"))
    assert _kept(scene).case.released is None


@pytest.mark.parametrize("last", ["_seal", "swept", "finish_removal"])
@pytest.mark.parametrize("is_done_first", [False, True])
def test_a_kill_in_the_middle_of_a_removal_is_made_good(
    stored: Scene, monkeypatch: pytest.MonkeyPatch, last: str, *, is_done_first: bool
) -> None:
    """Before or after each step; it leaves the trace once, and what joins meanwhile begins anew."""

    class Killed(BaseException):
        """Nobody catches it."""

    folder = _frozen(stored)
    _released(stored)
    stored.clock.advance(GONE_AFTER_S)
    there = {"_seal": Freezer, "swept": evidence_freezing, "finish_removal": books}[last]
    real = getattr(there, last)

    def killed(*args: object, **more: object) -> None:
        if is_done_first and last != "finish_removal":
            real(*args, **more)
        raise RuntimeError if last == "finish_removal" else Killed

    with monkeypatch.context() as patch:
        patch.setattr(there, last, killed)
        with suppress(Killed, RuntimeError):
            stored.evidence.delete_released()
    assert _kept(stored).case.is_going
    stored.evidence = stored.hub()
    stored.evidence.ask("i1", ["cam-1"], at(100), at(110), who="wang", why="another look")
    assert _kept(stored).case.is_going, "what has begun to go cannot be taken back"
    stored.evidence.gather()
    stored.settle()
    kept = _kept(stored)
    assert (kept.case.deleted, kept.case.released, kept.case.delete_after) == (None, None, None)
    assert kept.place.manifest is not None
    assert [each.since for each in kept.place.manifest.files] == [at(100)]
    assert read_manifest((folder / name_of(2)).read_bytes()).files == ()
    assert verify(folder).is_good
    assert [move for move, _ in stored.moves()] == ["frozen", "released", "asked", "deleted", "grown"]


def test_what_went_is_not_looked_at_again(stored: Scene) -> None:
    _frozen(stored)
    _released(stored)
    stored.clock.advance(GONE_AFTER_S)
    for _ in range(3):
        stored.settle()
        stored.clock.advance(100)
    assert [move for move, _ in stored.moves()] == ["frozen", "released", "deleted"]
    with stored.database.read() as connection:
        assert books.to_delete(connection, stored.clock.now()) == []
    assert _kept(stored).case.deleted is not None
