"""What somebody who took over a worker leaves on a disk, or tells, leads the hub to none of its own files."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cameras.errors import DiskError
from cameras.link import SegmentClosed, SegmentOpened, SegmentsRemoved, from_json, to_json
from cameras.recordings.keeping.shelves import Fate, Shelves
from cameras.recordings.mp4.naming import usual_path
from cameras.recordings.opening import open_recorded
from cameras.recordings.writing.disk_folder import take_up
from config.machine import Disk
from hub.clock import SystemClock
from hub.errors import LinkError
from tests.fakes.segments import a_segment

SEGMENT = a_segment("one", seconds=3)


@pytest.fixture
def shelves(tmp_path: Path) -> Shelves:
    """One disk beside the hub's own files."""
    (tmp_path / "key.pem").write_text("secret")
    disk = Disk(id="data", path=tmp_path / "disk")
    made = Shelves([disk], memory=tmp_path / "disks", clock=SystemClock())
    assert made.is_there("data")
    return made


@pytest.mark.parametrize(
    "path",
    [
        "../key.pem",
        "hall/../../key.pem",
        "{folder}/key.pem",
        "./../key.pem",
        "hall/gate/main/2026-05-04/08/00-00.mp4",
        "here/key.pem",
        "..",
        ".",
        "",
    ],
)
def test_nothing_outside_a_disk_is_seen_removed_or_copied(shelves: Shelves, tmp_path: Path, path: str) -> None:
    place = tmp_path / "disk/hall/gate/main/2026-05-04/08"
    place.mkdir(parents=True)
    (place / "00-00.mp4").symlink_to(tmp_path / "key.pem")
    (tmp_path / "disk" / "here").symlink_to(tmp_path)
    path = path.format(folder=tmp_path)
    for attempt in (shelves.is_file, shelves.remove):
        try:
            assert attempt("data", path) in (False, Fate.WAS_GONE)
        except DiskError:
            continue
    with pytest.raises((FileNotFoundError, DiskError)):
        shelves.copy(path, source="data", target="data")
    assert (tmp_path / "key.pem").read_text() == "secret"


def test_a_recording_is_opened_through_no_link(tmp_path: Path) -> None:
    """Neither as a file nor on the way from the disk's folder, which itself may be reached by one."""
    path = Path(usual_path(SEGMENT.head))
    real = tmp_path / "disk" / path
    real.parent.mkdir(parents=True)
    real.write_text("film")
    (tmp_path / "mounted").symlink_to(tmp_path / "disk")
    with open_recorded(tmp_path / "mounted" / path) as file:
        assert file.read() == b"film"
    (tmp_path / "other/hall").mkdir(parents=True)
    (tmp_path / "other/hall/gate").symlink_to(tmp_path / "disk/hall/gate")
    with pytest.raises(OSError, match="Not a directory"):
        open_recorded(tmp_path / "other" / path)
    real.rename(tmp_path / "film")
    real.symlink_to(tmp_path / "film")
    with pytest.raises(OSError, match="symbolic links"):
        open_recorded(real, change=True)
    real.unlink()
    os.mkfifo(real)
    with pytest.raises(FileNotFoundError):
        open_recorded(real)


@pytest.mark.parametrize("message", [SegmentOpened, SegmentClosed])
@pytest.mark.parametrize(
    "change",
    [
        {"path": "../key.pem"},
        {"path": "hall/gate/main/2026-05-04/08/../00-00.mp4"},
        {"path": "hall/door/main/2026-05-04/08/00-00.mp4"},
        {"path": "/etc/passwd"},
        {"path": ""},
        {"head": replace(SEGMENT.head, camera=".."), "path": usual_path(replace(SEGMENT.head, camera=".."))},
        {"init_bytes": -1},
        {"size_bytes": 1 << 60},
        {"marks": (replace(SEGMENT.marks[0], offset=-5),)},
        {"marks": (replace(SEGMENT.marks[0], size_bytes=-1),)},
    ],
)
def test_the_hub_is_told_of_no_segment_that_lies_elsewhere(message: Any, change: dict[str, Any]) -> None:
    told = to_json(message(replace(SEGMENT, **change)))
    with pytest.raises(LinkError):
        from_json(told)
    beside = replace(SEGMENT, path=SEGMENT.path.replace(".mp4", "-12.mp4"))
    assert from_json(to_json(message(beside))) == message(beside)


@pytest.mark.parametrize(
    "path", ["../key.pem", "hall/gate/main/../../x", "hall/gate/third/2026-05-04/08/00-00.mp4", ""]
)
def test_the_hub_is_told_of_the_removal_of_recordings_alone(path: str) -> None:
    with pytest.raises(LinkError):
        from_json(to_json(SegmentsRemoved("data", (SEGMENT.path, path))))


def test_a_link_in_place_of_a_disks_own_files_is_not_written_through(tmp_path: Path) -> None:
    """At names that can be foreseen, in the folder that remembers disks and on the disk."""
    key = tmp_path / "key.pem"
    key.write_text("secret")
    disk, memory = tmp_path / "disk", tmp_path / "disks"
    for folder, name in ((disk, "disk.json"), (memory, "data.json")):
        folder.mkdir()
        for planted in (name, f".{name}.{os.getpid()}"):
            (folder / planted).symlink_to(key)
    take_up("data", disk, memory=memory, clock=SystemClock()).close()
    assert key.read_text() == "secret"
    take_up("data", disk, memory=memory, clock=SystemClock()).close()
    os.mkfifo(memory / "new")
    (memory / "new").replace(memory / "data.json")
    take_up("data", disk, memory=memory, clock=SystemClock()).close()
