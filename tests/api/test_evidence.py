"""What an incident leaves is frozen as its setting says, grows with it, survives a restart and goes only by name."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from alerts.incidents.incident import Handling
from api.recordings import evidence_freezing
from api.recordings.evidence import RELEASED_FOR
from api.recordings.evidence_freezing import MOST_ATTEMPTS, PATIENCE_S
from api.recordings.evidence_plan import MOST_CAMERAS, MOST_SPANS_AGAIN, wants_of
from cameras.recordings.evidence import freezing
from cameras.recordings.evidence.manifest import Manifest, measured_path, name_of, read_manifest
from cameras.recordings.evidence.verifying import verify
from cameras.recordings.media import Because
from config.community import Camera, Level, Stream
from hub.clock import SetClock
from hub.errors import NotAllowedError, NotFoundError
from hub.store.database import Database
from hub.store.evidence import State, Totals
from tests.fakes.evidence import Scene, alert, at, community, incident
from tests.fakes.waiting import until


@pytest.fixture
def scene(sqlite_database: Database, tmp_path: Path) -> Scene:
    return Scene(sqlite_database, tmp_path / "data", SetClock(at(0)))


def _manifest(scene: Scene, name: str = "i1") -> Manifest:
    kept = scene.evidence.of(name)
    assert kept is not None
    assert kept.place.manifest is not None
    return kept.place.manifest


def _raised_at(scene: Scene, seconds: float, *, move: str = "opened") -> None:
    scene.clock.set(at(seconds))
    scene.happens(incident(alert("a1", raised=at(seconds))), move)
    scene.settle()


# What is wanted


def test_the_cameras_of_the_innermost_area_are_wanted_the_nearest_first() -> None:
    wants = wants_of(incident(alert("a1", raised=at(60), camera="cam-2")).to_json(), community())
    assert [each.camera for each in wants] == ["cam-2", "cam-1", "cam-3"]
    assert {(each.since, each.until) for each in wants} == {(at(50), at(80))}


@pytest.mark.parametrize(
    ("reach", "camera", "wanted"),
    [
        ("camera", "cam-2", ["cam-2"]),
        ("camera", None, ["cam-1", "cam-2"]),
        ("site", "cam-2", ["cam-2", "cam-1"]),
        ("area", None, ["cam-1", "cam-2", "cam-3"]),
    ],
)
def test_the_setting_says_whose_pictures(reach: str, camera: str | None, wanted: list[str]) -> None:
    """A sensor has no camera of its own: those of its site stand for it."""
    view = incident(alert("a1", raised=at(60), camera=camera), camera=camera)
    assert [each.camera for each in wants_of(view.to_json(), community(cameras=reach))] == wanted


def test_what_is_less_grave_than_the_setting_leaves_none() -> None:
    view = incident(alert("a1", raised=at(60)), level=Level.NOTICE)
    assert wants_of(view.to_json(), community()) == []
    assert wants_of(view.to_json(), community(at_least="blue")) != []


def test_what_began_long_before_is_kept_from_ten_minutes_before_the_end() -> None:
    view = incident(alert("a1", raised=at(3600), started=at(0)))
    assert {(each.since, each.until) for each in wants_of(view.to_json(), community())} == {(at(3020), at(3620))}


def test_a_device_with_a_wrong_clock_moves_no_span_away() -> None:
    for started in (at(86_400), at(60)):
        view = incident(alert("a1", raised=at(60), started=started))
        assert {(each.since, each.until) for each in wants_of(view.to_json(), community())} == {(at(50), at(80))}


def test_more_cameras_than_are_kept_are_left_out_by_name() -> None:
    many = tuple(Camera(id=f"c{n}", site="gate", main=Stream(url="rtsp://192.0.2.1/x")) for n in range(20))
    wants = wants_of(
        incident(alert("a1", raised=at(60), camera=None)).to_json(), community().model_copy(update={"cameras": many})
    )
    assert [bool(each.left_out) for each in wants] == [False] * MOST_CAMERAS + [True] * 4


def test_what_people_reported_wants_the_moment_of_the_report() -> None:
    wants = wants_of(incident(camera=None).to_json(), community())
    assert {(each.cause, each.since, each.until) for each in wants} == {("i1", at(-10), at(20))}


# What is kept


def test_an_incident_leaves_clips_pictures_and_a_signed_manifest(scene: Scene) -> None:
    scene.record(0, 120)
    scene.record(0, 120, camera="cam-3", site="shop")
    (scene.folder / "stills").mkdir()
    (scene.folder / "stills" / "a1.jpg").write_bytes(b"the picture of the alert")
    _raised_at(scene, 60)
    assert sorted(scene.asked) == ["cam-1", "cam-2", "cam-3"]
    scene.clock.set(at(79))
    scene.settle()
    kept = scene.evidence.of("i1")
    assert kept is not None
    assert kept.place.manifest is None, "the span is not over"
    scene.clock.set(at(80 + PATIENCE_S))
    scene.settle()
    manifest = _manifest(scene)
    clips = [each for each in manifest.files if each.kind == "clip"]
    assert [(each.camera, each.since, each.until) for each in clips] == [
        ("cam-1", at(50), at(80)),
        ("cam-3", at(50), at(80)),
    ]
    assert sorted(each.name for each in manifest.files if each.kind == "still") == [
        "stills/alert-a1.jpg",
        "stills/cam-1-20261122T130100000Z.jpg",
        "stills/cam-2-20261122T130100000Z.jpg",
        "stills/cam-3-20261122T130100000Z.jpg",
    ]
    assert [(each.camera, each.because) for each in manifest.gaps] == [("cam-2", "not_recorded")]
    assert manifest.incident["number"] == 12
    assert manifest.incident["alerts"][0]["text"]["zh"] == "烟"
    assert {each.who for each in manifest.wanted} == {"engine"}
    assert "synchronised" in manifest.clock or manifest.clock == {}
    assert verify(scene.folder / "evidence" / "i1", key=scene.evidence.key.fingerprint).is_good
    assert scene.moves() == [("frozen", "engine")]
    again = scene.evidence.of("i1")
    assert again is not None
    assert {each.camera: each.state for each in again.wanted} == {
        "cam-1": State.KEPT,
        "cam-2": State.MISSING,
        "cam-3": State.KEPT,
    }
    assert again.case.size_bytes == sum(each.size_bytes for each in manifest.files)


def test_a_recording_that_goes_on_is_waited_for(scene: Scene) -> None:
    """The fragment that holds the last second closes after it, and its segment may still be open."""
    scene.there = community(cameras="camera")
    scene.record(0, 70)
    _raised_at(scene, 60)
    scene.clock.set(at(81))
    scene.settle()
    kept = scene.evidence.of("i1")
    assert kept is not None
    assert kept.wanted[0].reason == "the end of it is still being recorded"
    scene.record(70, 20)
    scene.clock.set(at(84))
    scene.settle()
    manifest = _manifest(scene)
    assert [(each.since, each.until) for each in manifest.files if each.kind == "clip"] == [(at(50), at(80))]
    assert manifest.gaps == ()


def test_a_recording_that_broke_off_is_not_waited_for_long(scene: Scene) -> None:
    scene.there = community(cameras="camera")
    scene.record(0, 70)
    _raised_at(scene, 60)
    scene.clock.set(at(80 + PATIENCE_S))
    scene.settle()
    manifest = _manifest(scene)
    assert [(each.since, each.until) for each in manifest.files if each.kind == "clip"] == [(at(50), at(70))]
    assert [(each.since, each.until) for each in manifest.gaps] == [(at(70), at(80))]


def test_it_grows_with_the_incident_and_names_the_manifest_before(scene: Scene) -> None:
    scene.there = community(cameras="camera")
    scene.record(0, 100)
    _raised_at(scene, 30)
    scene.clock.set(at(60))
    scene.settle()
    first = measured_path(scene.folder / "evidence" / "i1" / name_of(1))[1]
    before = _manifest(scene)
    members = (alert("a1", raised=at(30)), alert("a2", raised=at(70), camera="cam-1"))
    scene.clock.set(at(70))
    scene.happens(incident(*members, version=2), "joined")
    scene.settle()
    scene.clock.set(at(95))
    scene.settle()
    manifest = _manifest(scene)
    assert manifest.version == 2
    assert manifest.before is not None
    assert manifest.before.sha256 == first
    assert manifest.files[: len(before.files)] == before.files
    assert [(each.since, each.until) for each in manifest.files if each.kind == "clip"] == [
        (at(20), at(50)),
        (at(60), at(90)),
    ]
    assert scene.moves() == [("frozen", "engine"), ("grown", "engine")]
    assert verify(scene.folder / "evidence" / "i1").is_good


@pytest.mark.parametrize("move", ["recurred", "reactivated"])
def test_it_grows_when_the_same_alert_comes_again(scene: Scene, move: str) -> None:
    """An hour later, after it had returned or without; and not at what people do meanwhile."""
    scene.there = community(cameras="camera")
    scene.record(0, 100)
    _raised_at(scene, 30)
    scene.clock.set(at(60))
    scene.settle()
    scene.record(3590, 60)
    again = alert("a1", raised=at(30), times=3, last_seen=at(3609))
    scene.clock.set(at(3610))
    scene.happens(incident(again, version=2), "acknowledged", who="wang")
    scene.happens(incident(again, version=3), move)
    scene.happens(incident(again, version=4), move)
    scene.settle()
    scene.clock.set(at(3640))
    scene.settle()
    manifest = _manifest(scene)
    assert [(each.since, each.until) for each in manifest.wanted] == [(at(20), at(50)), (at(3599), at(3630))]
    assert manifest.wanted[-1].why == "fire.smoke came again"
    assert [each.until for each in manifest.files if each.kind == "clip"] == [at(50), at(3630)]


def test_an_alert_that_chatters_leaves_room_for_others() -> None:
    there, known = community(), list[tuple[str, str]]()
    left_out = []
    for times in range(1, 300):
        chatters = alert("a1", raised=at(0), times=times, last_seen=at(61 * times))
        wants = wants_of(incident(chatters).to_json(), there, known=known, again=at(61 * times))
        known += [(each.cause, each.camera) for each in wants]
        left_out += [each.left_out for each in wants if each.left_out]
    assert len(known) == 3 + MOST_SPANS_AGAIN + 1
    assert left_out == [f"more than {MOST_SPANS_AGAIN} spans of alerts that come again are not kept"]
    members = (chatters, alert("a2", raised=at(20_000)))
    wants = wants_of(incident(*members).to_json(), there, known=known, again=at(20_000))
    assert [(each.cause, each.left_out) for each in wants] == [("a2", "")] * 3


def test_the_same_move_told_again_wants_nothing_new(scene: Scene) -> None:
    scene.record(0, 100)
    _raised_at(scene, 30)
    _raised_at(scene, 31, move="acknowledged")
    kept = scene.evidence.of("i1")
    assert kept is not None
    assert len(kept.wanted) == 3


# What dies in the middle


def test_a_restart_goes_on_where_it_was(scene: Scene) -> None:
    """Before it was planned, while it waits, and with half a copy on the disk."""
    scene.there = community(cameras="camera")
    scene.record(0, 100)
    scene.clock.set(at(30))
    scene.happens(incident(alert("a1", raised=at(30))))
    scene.evidence = scene.hub()
    scene.settle()
    scene.evidence = scene.hub()
    folder = scene.folder / "evidence" / "i1"
    (folder / "clips").mkdir(parents=True)
    (folder / "clips" / "cam-1-main-20261122T130020000Z.mp4.part").write_bytes(b"half")
    (folder / "clips" / "cam-1-main-20261122T130010000Z.mp4").write_bytes(b"whole, but named nowhere")
    scene.clock.set(at(60))
    scene.settle()
    assert verify(folder).is_good
    assert scene.moves() == [("frozen", "engine")]


def test_a_kill_at_any_write_leaves_evidence_that_is_whole_and_named_once(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One incident after the other, killed one write later each time, until none is left to be killed at."""

    class Killed(BaseException):
        """Nobody catches it, as nobody catches a kill."""

    scene.there = community(cameras="camera")
    scene.record(0, 100)
    (scene.folder / "stills").mkdir()
    sync = os.fsync
    for last in range(1, 40):
        name, left = f"i{last}", [last]
        (scene.folder / "stills" / f"a{last}.jpg").write_bytes(b"the picture of the alert")
        scene.clock.set(at(120 * last))
        # Seen in a recording of long ago: what matters is that it is due at once.
        raised = replace(alert(f"a{last}", raised=at(30), incident=name), raised=at(30))
        scene.happens(incident(raised, name=name, number=last))

        def killing(file: int, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] == 0:
                raise Killed
            sync(file)

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", killing)
            with suppress(Killed):
                scene.settle()
        scene.evidence = scene.hub()
        scene.clock.advance(60)
        scene.settle()
        folder = scene.folder / "evidence" / name
        assert verify(folder).is_good, f"killed at write {last}"
        assert [each.kind for each in _manifest(scene, name).files] == ["clip", "still"]
        assert scene.moves(name) == [("frozen", "engine")]
        assert not list(folder.rglob("*.part"))
        if left[0] > 0:
            break
    assert left[0] > 0
    assert last > 8


def test_a_manifest_written_just_before_a_kill_is_taken_over(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.there = community(cameras="camera")
    scene.record(0, 100)
    _raised_at(scene, 30)
    scene.clock.set(at(60))

    def killed(*_args: object, **_more: object) -> None:
        raise OSError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(evidence_freezing.Freezer, "_settle", killed)
        scene.evidence.gather()
    folder = scene.folder / "evidence" / "i1"
    whole = measured_path(folder / name_of(1))
    scene.evidence = scene.hub()
    scene.clock.set(at(70))
    scene.settle()
    assert measured_path(folder / name_of(1)) == whole
    assert _manifest(scene).version == 1
    kept = scene.evidence.of("i1")
    assert kept is not None
    assert (kept.case.version, kept.wanted[0].state) == (1, State.KEPT)
    assert verify(folder).is_good


def test_a_disk_that_does_not_take_it_is_tried_again_and_given_up_with_a_reason(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.there = community(cameras="camera")
    scene.record(0, 100)
    _raised_at(scene, 30)
    monkeypatch.setattr(freezing, "_SPARE_BYTES", 1 << 60)
    for round_ in range(MOST_ATTEMPTS):
        scene.clock.set(at(60 + 400 * round_))
        scene.settle()
    manifest = _manifest(scene)
    assert [each.kind for each in manifest.files] == ["still"]
    assert "no room to spare" in manifest.left_out[0].because
    monkeypatch.undo()
    scene.evidence.ask("i1", ["cam-1"], at(20), at(50), who="chen", why="there is room now")
    scene.settle()
    assert [each.kind for each in _manifest(scene).files] == ["still", "clip"]


def test_a_disk_that_was_away_for_a_moment_costs_nothing(scene: Scene) -> None:
    scene.there = community(cameras="camera")
    made = scene.record(0, 100)
    path = scene.folder / "recordings" / made.path
    _raised_at(scene, 30)
    shutil.move(path, path.with_suffix(".away"))
    scene.clock.set(at(60))
    scene.settle()
    kept = scene.evidence.of("i1")
    assert kept is not None
    assert kept.place.manifest is None
    shutil.move(path.with_suffix(".away"), path)
    scene.clock.set(at(70))
    scene.settle()
    assert [each.kind for each in _manifest(scene).files] == ["clip", "still"]


def test_a_stop_in_the_middle_leaves_the_rest_for_the_next_start(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.record(0, 100)
    scene.record(0, 100, camera="cam-2")
    scene.record(0, 100, camera="cam-3", site="shop")
    _raised_at(scene, 30)
    scene.clock.set(at(60))
    answers = iter([True, False, False])
    monkeypatch.setattr(scene.evidence._freezer, "_go_on", lambda: next(answers))
    scene.evidence.gather()
    assert [each.camera for each in _manifest(scene).files if each.kind == "clip"] == ["cam-1"]
    scene.evidence = scene.hub()
    scene.settle()
    assert [each.camera for each in _manifest(scene).files if each.kind == "clip"] == ["cam-1", "cam-2", "cam-3"]
    assert verify(scene.folder / "evidence" / "i1").is_good


# By hand, and away again


def test_a_person_freezes_what_he_chooses(scene: Scene) -> None:
    scene.there = community(at_least="red")
    scene.record(0, 100, camera="cam-4", site="far", because=Because.STARTED)
    _raised_at(scene, 30)
    assert scene.evidence.of("i1") is None
    scene.clock.set(at(200))
    scene.evidence.ask("i1", ["cam-4"], at(10), at(40), who="wang", why="he fled that way")
    scene.settle()
    manifest = _manifest(scene)
    assert [(each.camera, each.since, each.until) for each in manifest.files] == [("cam-4", at(10), at(40))]
    assert [(each.who, each.why) for each in manifest.wanted] == [("wang", "he fled that way")]
    assert scene.moves() == [("asked", "wang"), ("frozen", "wang")]


def test_it_outlives_its_recordings_and_goes_seven_days_after_its_release(scene: Scene) -> None:
    scene.there = community(cameras="camera")
    made = scene.record(0, 100)
    view = incident(alert("a1", raised=at(30)))
    _raised_at(scene, 30)
    with pytest.raises(NotAllowedError, match="is open"):
        scene.evidence.release(view, who="chen", why="too early")
    view = replace(view, handling=Handling.RESOLVED, version=2)
    scene.happens(view, "resolved", who="wang")
    with pytest.raises(NotAllowedError, match="still being copied"):
        scene.evidence.release(view, who="chen", why="too early")
    scene.clock.set(at(60))
    scene.settle()
    (scene.folder / "recordings" / made.path).unlink()
    folder = scene.folder / "evidence" / "i1"
    assert verify(folder).is_good
    scene.evidence.release(view, who="chen", why="handed to the police, record 17")
    scene.clock.advance(RELEASED_FOR.total_seconds() - 1)
    scene.settle()
    assert verify(folder).is_good
    assert _manifest(scene).files
    scene.clock.advance(100)
    scene.settle()
    manifest = _manifest(scene)
    assert manifest.version == 2
    assert manifest.files == ()
    assert manifest.left_out[0].because == "released by chen: handed to the police, record 17"
    assert verify(folder).is_good, "the trace can still be checked"
    assert not list(folder.rglob("*.mp4"))
    assert not list(folder.rglob("*.jpg"))
    assert read_manifest((folder / name_of(1)).read_bytes()).files, "what there was stands in the first manifest"
    assert scene.moves() == [("frozen", "engine"), ("released", "chen"), ("deleted", "chen")]
    assert scene.evidence.totals() == Totals(0, 0, 0)
    with pytest.raises(NotFoundError):
        scene.evidence.release(view, who="chen", why="again")


def test_what_joins_after_a_release_takes_it_back(scene: Scene) -> None:
    scene.there = community(cameras="camera")
    scene.record(0, 200)
    _raised_at(scene, 30)
    scene.clock.set(at(60))
    scene.settle()
    view = incident(alert("a1", raised=at(30)), handling=Handling.RESOLVED, version=2)
    scene.happens(view, "resolved", who="wang")
    scene.evidence.release(view, who="chen", why="nothing")
    scene.clock.set(at(100))
    scene.happens(replace(view, alerts=(*view.alerts, alert("a2", raised=at(100))), version=3), "joined")
    scene.settle()
    scene.clock.advance(2 * RELEASED_FOR.total_seconds())
    scene.settle()
    kept = scene.evidence.of("i1")
    assert kept is not None
    assert kept.case.released is None
    assert len([each for each in _manifest(scene).files if each.kind == "clip"]) == 2


def test_the_threads_do_the_same_on_their_own(scene: Scene) -> None:
    scene.record(0, 100)
    scene.clock.set(at(200))
    scene.evidence.start()
    scene.happens(incident(alert("a1", raised=at(30))))
    until(scene.moves, what="the freezing")
    scene.evidence.stop()
    scene.evidence.stop()
    assert verify(scene.folder / "evidence" / "i1").is_good
