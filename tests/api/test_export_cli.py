"""`hub recordings export`: with a catalogue, without one, and what it says when it cannot."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import av
import pytest
from click.testing import Result
from typer.testing import CliRunner

from api.cli import app
from cameras.errors import ModelError
from cameras.recordings.evidence.signing import key_of
from cameras.recordings.keeping.catalog import Catalog
from config.community import Community
from config.errors import ConfigurationError
from hub.clock import SystemClock
from hub.store.database import Database, sqlite_url
from hub.store.revisions import Revisions
from tests.fakes.recordings import FPS, footage, number_in, write_segment
from tests.fakes.segments import at


def _numbers(path: Path) -> list[int]:
    with av.open(io.BytesIO(path.read_bytes())) as source:
        return [number_in(frame.to_ndarray(format="rgb24")) for frame in source.decode(video=0)]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Three segments, of which the last is open and not known to the catalogue."""
    folder = tmp_path / "data"
    database = Database(sqlite_url(folder))
    database.start()
    catalog = Catalog(database, {"data": folder / "recordings"})
    for number in range(3):
        form, samples = footage(4, first=number * 4 * FPS)
        began = at(0) + timedelta(seconds=4 * number)
        last = number == 2
        segment = write_segment(
            folder / "recordings", began, form, samples, camera="gate", closed=not last, torn_bytes=100 if last else 0
        )
        if not last:
            catalog.keep(segment).result(10)
    database.stop()
    return folder


def _run(data: Path, output: Path, *more: str, start_s: float = 1, end_s: float = 11) -> Result:
    span = [(at(0) + timedelta(seconds=seconds)).isoformat() for seconds in (start_s, end_s)]
    words = ["recordings", "export", "gate", "--from", span[0], "--to", span[1], "-o", str(output), "--data", str(data)]
    return CliRunner().invoke(app, [*words, *more])


def test_a_span_is_written_with_what_no_catalogue_knows(data: Path, tmp_path: Path) -> None:
    done = _run(data, tmp_path / "clip.mp4")
    assert done.exit_code == 0, done.output
    assert _numbers(tmp_path / "clip.mp4") == list(range(110))
    assert "11.0 s" in done.stdout
    assert not list(tmp_path.glob("*.part"))


def test_what_is_written_is_signed_and_a_changed_byte_is_found(data: Path, tmp_path: Path) -> None:
    """Where the hub has made its key; without one it is said that nobody can check the clip."""
    output = tmp_path / "clip.mp4"
    assert "not signed" in _run(data, output).stderr
    key = key_of(data)
    done = _run(data, output, "--force")
    assert f"signed by {key.fingerprint}" in done.stdout
    words = ["recordings", "verify", str(output), "--key", key.fingerprint]
    assert CliRunner().invoke(app, words).exit_code == 0
    whole = output.read_bytes()
    output.write_bytes(whole[:3000] + bytes([whole[3000] ^ 1]) + whole[3001:])
    found = CliRunner().invoke(app, words)
    assert found.exit_code == 1
    assert "changed       clip.mp4" in found.stdout


def test_a_running_hub_is_no_hindrance(data: Path, tmp_path: Path) -> None:
    database = Database(sqlite_url(data))
    database.start()
    try:
        assert _run(data, tmp_path / "clip.mp4").exit_code == 0
    finally:
        database.stop()


def test_nothing_recorded_is_said_and_nothing_written(data: Path, tmp_path: Path) -> None:
    done = _run(data, tmp_path / "clip.mp4", start_s=100, end_s=200)
    assert done.exit_code == 1
    assert "nothing was recorded then" in done.stderr
    assert list(tmp_path.glob("clip*")) == []


def test_a_change_of_form_names_the_spans_that_can_be_had(data: Path, tmp_path: Path) -> None:
    form, samples = footage(4, width=160)
    write_segment(data / "recordings", at(0) + timedelta(seconds=12), form, samples, camera="gate")
    done = _run(data, tmp_path / "clip.mp4", end_s=14)
    assert done.exit_code == 1
    assert "--from 2026-05-04T08:00:12.000000Z --to 2026-05-04T08:00:14.000000Z" in done.stderr


def test_a_file_that_is_there_is_left_alone(data: Path, tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_text("mine")
    done = _run(data, tmp_path / "clip.mp4")
    assert isinstance(done.exception, ConfigurationError)
    assert (tmp_path / "clip.mp4").read_text() == "mine"
    assert _run(data, tmp_path / "clip.mp4", "--force").exit_code == 0


def test_a_span_turned_round_is_refused(data: Path, tmp_path: Path) -> None:
    assert isinstance(_run(data, tmp_path / "clip.mp4", start_s=5, end_s=5).exception, ConfigurationError)


def _watched(data: Path, *zones: dict) -> None:
    """The hub knows the camera and its zones."""
    database = Database(sqlite_url(data))
    database.start()
    site = {"id": "yard", "name": "Yard"}
    camera = {"id": "gate", "site": "yard", "url": "rtsp://h/1", "zones": list(zones)}
    community = Community.model_validate({"sites": [site], "cameras": [camera]})
    Revisions(database, SystemClock()).accept(community, author="test", reason="a camera")
    database.stop()


def test_a_blurred_copy_has_its_windows_covered_says_so_and_is_not_signed(data: Path, tmp_path: Path) -> None:
    key_of(data)
    _watched(data, {"id": "window", "use": "private", "points": [[0, 0], [1, 0], [1, 1], [0, 1]]})
    done = _run(data, tmp_path / "clip.mp4", "--blur", "windows")
    assert done.exit_code == 0, done.output
    assert [path.name for path in tmp_path.glob("clip*")] == ["clip.blurred.mp4"]
    assert not list(tmp_path.glob(".clip*"))
    assert "windows covered" in done.stdout
    assert "signed" not in done.stdout
    with av.open(str(tmp_path / "clip.blurred.mp4")) as copy:
        assert "Blurred copy" in copy.metadata["title"]
        frames = [frame.to_ndarray(format="rgb24") for frame in copy.decode(video=0)]
    assert len(frames) == 110
    assert len({number_in(frame) for frame in frames}) < 10  # the numbers drawn in them cannot be read any more


def test_a_blurred_copy_needs_its_networks(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "none"))
    done = _run(data, tmp_path / "clip.mp4", "--blur", "faces,windows")
    assert isinstance(done.exception, ModelError)
    assert "hub models fetch" in str(done.exception)
    assert not list(tmp_path.glob("*clip*"))


def test_a_copy_without_private_zones_says_that_no_window_is_covered(data: Path, tmp_path: Path) -> None:
    done = _run(data, tmp_path / "blurred.mp4", "--blur", "windows")
    assert done.exit_code == 0, done.output
    assert "no zone with the use `private`" in done.stderr
    assert "windows" not in done.stdout
    assert "nothing covered" in done.stdout
    with av.open(str(tmp_path / "blurred.mp4")) as copy:
        assert json.loads(copy.metadata["comment"])["blurred"] == []


@pytest.mark.parametrize("when", ["writing", "copying"])
def test_a_copy_that_is_killed_leaves_nothing_uncovered(data: Path, tmp_path: Path, when: str) -> None:
    """Neither a signal that cannot be caught nor a power cut leaves the clip as it was recorded beside the copy."""
    out = tmp_path / "out"
    out.mkdir()
    words = ["gate", "--from", at(0).isoformat(), "--to", (at(0) + timedelta(seconds=8)).isoformat()]
    script = f"""
import os, signal, sys
import cameras.blurring.copying as copying
from api.commands import export
from api.cli import app

def killed(*_args, **_more):
    os.kill(os.getpid(), signal.SIGKILL)

if {when!r} == "copying":
    copying.copy_covered = killed
else:
    whole = export._write_into
    export._write_into = lambda clip, file: (whole(clip, file), file.flush(), killed())
app(["recordings", "export", *{words!r}, "-o", {str(out / "clip.mp4")!r}, "--data", {str(data)!r}, "--blur", "windows"])
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=Path(__file__).parents[2], check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert list(out.iterdir()) == []


@pytest.mark.parametrize("words", ["", "face", "faces,windws"])
def test_what_is_to_be_blurred_is_known_words(data: Path, tmp_path: Path, words: str) -> None:
    done = _run(data, tmp_path / "clip.mp4", "--blur", words)
    assert isinstance(done.exception, ConfigurationError)
    assert "faces,plates,windows" in str(done.exception)
