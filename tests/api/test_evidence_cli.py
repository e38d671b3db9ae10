"""`hub recordings verify` says of every file what became of it, and its exit code says all of it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from api.cli import app
from cameras.recordings.evidence.manifest import sidecar
from cameras.recordings.evidence.sealing import seal_clip
from cameras.recordings.evidence.signing import key_of
from cameras.recordings.media import StreamName
from cameras.recordings.playback.clips import clip_of
from hub.clock import SetClock
from hub.store.database import Database
from tests.fakes.evidence import Scene, alert, at, community, incident


@pytest.fixture
def scene(sqlite_database: Database, tmp_path: Path) -> Scene:
    """Evidence of an incident, of one camera that was recorded."""
    made = Scene(sqlite_database, tmp_path / "data", SetClock(at(0)), there=community(cameras="camera"))
    made.record(0, 100)
    made.clock.set(at(30))
    made.happens(incident(alert("a1", raised=at(30))))
    made.settle()
    made.clock.set(at(60))
    made.settle()
    return made


def _run(*words: object, code: int = 0) -> list[dict[str, Any]]:
    done = CliRunner().invoke(app, ["recordings", "verify", *map(str, words), "--format", "json"])
    assert done.exit_code == code, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_folder_is_good_until_a_byte_is_changed(scene: Scene) -> None:
    folder = scene.folder / "evidence" / "i1"
    key = scene.evidence.key
    *files, summary = _run(folder, "--key", key.fingerprint)
    assert {each["verdict"] for each in files} == {"good"}
    assert (summary["good"], summary["compared"], summary["key"]) == (True, True, key.fingerprint)
    clip = next((folder / "clips").iterdir())
    whole = clip.read_bytes()
    clip.write_bytes(whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:])
    *files, summary = _run(folder, "--key", folder / "key.pem", code=1)
    assert not summary["good"]
    assert [each["name"] for each in files if each["verdict"] == "changed"] == [f"clips/{clip.name}"]


def test_in_words_for_people(scene: Scene) -> None:
    done = CliRunner().invoke(app, ["recordings", "verify", str(scene.folder / "evidence" / "i1")])
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[0].startswith("good          manifest-1.json (signed by SHA256:")
    assert lines[-3].startswith("incident 12, version 1, frozen at 2026-11-22T13:01:00.000000Z by community-hub ")
    assert lines[-2] == f"look: compare {scene.evidence.key.fingerprint} with what the hub shows, or give it as --key"
    assert lines[-1] == "good: 4 good"


def test_the_folder_above_will_do_where_it_holds_nothing_else(scene: Scene) -> None:
    above = scene.folder / "evidence"
    assert _run(above)[-1]["good"]
    shutil.copytree(above / "i1", above / "i2")
    _run(above, code=2)


def test_another_key_is_told_apart_from_a_broken_signature(scene: Scene, tmp_path: Path) -> None:
    folder = scene.folder / "evidence" / "i1"
    first = _run(folder, "--key", key_of(tmp_path / "other").fingerprint, code=1)[0]
    assert first["verdict"] == "unknown key"
    signature = folder / "manifest-1.json.sig"
    signature.write_bytes(bytes(64))
    assert _run(folder, code=1)[0]["verdict"] == "bad signature"


def test_wrong_use_is_exit_code_2(scene: Scene, tmp_path: Path) -> None:
    folder = scene.folder / "evidence" / "i1"
    for words in ((tmp_path,), (folder, "--key", "SHA256:short"), (folder, "--key", tmp_path / "none.pem")):
        _run(*words, code=2)
    (tmp_path / "no.pem").write_text("no key")
    _run(folder, "--key", tmp_path / "no.pem", code=2)


def test_a_single_clip_that_left_the_hub_carries_its_seal(scene: Scene, tmp_path: Path) -> None:
    segments = scene.catalog.segments("cam-1", StreamName.MAIN, at(10), at(20))
    clip = clip_of(segments, lambda segment: scene.folder / "recordings" / segment.path, at(10), at(20))
    path = tmp_path / "out" / "gate.mp4"
    path.parent.mkdir()
    path.write_bytes(b"".join(clip.file.read()))
    key = scene.evidence.key
    made = seal_clip(
        path, clip, key, camera="cam-1", stream=StreamName.MAIN, made=at(60), software="community-hub 0.1.0"
    )
    assert made[0] == sidecar(path)
    manifest, file, summary = _run(path, "--key", key.fingerprint)
    assert (manifest["verdict"], file["verdict"], summary["good"]) == ("good", "good", True)
    for each in (path, *made):
        whole = each.read_bytes()
        each.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        assert not _run(path, code=1)[-1]["good"]
        each.write_bytes(whole)
    assert clip.taken[0].began == at(10)
    assert clip.duration_ms == timedelta(seconds=10) / timedelta(milliseconds=1)


def test_the_key_is_shown_and_never_made_by_looking(scene: Scene, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["recordings", "key", "--data", str(scene.folder), "--format", "json"])
    shown = json.loads(done.stdout)
    assert shown["fingerprint"] == scene.evidence.key.fingerprint
    (tmp_path / "key.pem").write_text(shown["public_key"])
    _run(scene.folder / "evidence" / "i1", "--key", tmp_path / "key.pem")
    done = CliRunner().invoke(app, ["recordings", "key", "--data", str(tmp_path / "none")])
    assert done.exit_code != 0
    assert not (tmp_path / "none").exists()


def test_it_needs_no_decoder_and_no_data_folder(scene: Scene, tmp_path: Path) -> None:
    """Somebody else's machine, with nothing but the program and what he was given."""
    shutil.copytree(scene.folder / "evidence" / "i1", tmp_path / "given")
    code = (
        "import sys; from cameras.recordings.evidence.verifying import verify; from pathlib import Path;"
        "assert verify(Path(sys.argv[1])).is_good; assert not {'av', 'cv2', 'sqlalchemy'} & set(sys.modules)"
    )
    root = Path(__file__).resolve().parents[2]
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "given")], check=True, cwd=root)
