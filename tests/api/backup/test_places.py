"""Where backups are worked on and come back to: nothing in clear elsewhere, any file system, cut off anywhere."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from api.backup import gathering, placing
from api.backup.making import make_backup
from api.backup.restoring import check_backup, restore_backup
from api.backup.scheduling import Backups, name_at
from api.backup.sealing import BackupError
from api.storage import RESTORING, database_of
from config.machine import Disk, Machine, Recordings
from hub.clock import SystemClock
from hub.errors import ConfigurationError
from tests.api.backup.hubs import hub_with
from tests.fakes.clocks import SetClock

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[3]


def test_the_database_stands_in_clear_in_the_data_folder_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It stood readable for everybody beside the encrypted file, and stayed there when the process was killed."""
    there = hub_with(tmp_path)
    seen: list[tuple[Path, int, int]] = []
    real = gathering._copy_sqlite

    def copy(path: Path, to: Path) -> Path:
        made = real(path, to)
        seen.append((to, to.stat().st_mode & 0o777, to.parent.stat().st_mode & 0o777))
        return made

    monkeypatch.setattr(gathering, "_copy_sqlite", copy)
    make_backup(there, tmp_path / "usb" / "x", passphrase="x", now=NOW)
    ((place, mode, above),) = seen
    assert place.is_relative_to(there.data)
    assert (mode, above) == (0o600, 0o700)
    assert not place.parent.exists()
    assert [path.name for path in (tmp_path / "usb").iterdir()] == ["x"]


KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from api.backup import making
from api.backup.scheduling import name_at
from config.machine import Machine
making._add = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
now = datetime(2026, 11, 22, 12, tzinfo=UTC)
data = Path(sys.argv[1])
making.make_backup(Machine(data=data), data / "backups" / name_at(now), passphrase="x", now=now)
"""


def test_what_a_killed_process_left_goes_at_the_next_start(tmp_path: Path) -> None:
    there = hub_with(tmp_path)
    done = subprocess.run([sys.executable, "-c", KILLED, str(there.data)], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    work = there.data / ".backup-work"
    assert list(work.rglob("hub.sqlite3"))
    assert list((there.data / "backups").iterdir())
    with placing.working_folder(there) as mine:
        backups = Backups(there, SetClock(NOW))
        backups.start()
        backups.stop()
        assert list(work.iterdir()) == [mine]
    assert list((there.data / "backups").iterdir()) == []


def test_a_check_writes_nothing_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_backup(hub_with(tmp_path), tmp_path / "x", passphrase="x", now=NOW)
    before = sorted(tmp_path.rglob("*"))
    monkeypatch.setattr(tempfile, "_get_default_tempdir", lambda: pytest.fail("it looked for a place to unpack"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    assert check_backup(tmp_path / "x", passphrase="x").members
    assert sorted(tmp_path.rglob("*")) == before


def test_a_disk_that_is_nearly_full_is_left_alone_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = hub_with(tmp_path, every_h=24, plain=True)
    usage = shutil.disk_usage(tmp_path)._replace(free=placing.RESERVE_BYTES)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)
    backups = Backups(there, SetClock(NOW))
    with pytest.raises(BackupError, match="are free"):
        backups.make()
    assert "cannot be made" in backups.warnings()[0]
    assert not backups.folder.exists()


def test_a_folder_that_is_a_disk_is_restored_into(tmp_path: Path) -> None:
    """It cannot be removed and made again; what was there before is the same folder after."""
    make_backup(hub_with(tmp_path), tmp_path / "x", passphrase="x", now=NOW)
    disk = tmp_path / "disk"
    (disk / "lost+found").mkdir(parents=True)
    before = disk.stat().st_ino
    restore_backup(tmp_path / "x", disk, passphrase="x")
    assert disk.stat().st_ino == before
    assert {path.name for path in disk.iterdir()} == {"lost+found", "hub.sqlite3"}
    assert {path.name for path in tmp_path.iterdir()} == {"data", "x", "disk"}


CUT_OFF = """
import os, signal, sys
from pathlib import Path
from api.backup import restoring
real = Path.rename
def rename(path, to):
    if sys.argv[3] == "moving":
        real(path, to)
    os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[3] == "moving":
    Path.rename = rename
else:
    restoring._look_into = lambda _: os.kill(os.getpid(), signal.SIGKILL)
restoring.restore_backup(Path(sys.argv[1]), Path(sys.argv[2]), passphrase="x")
"""


@pytest.mark.parametrize("when", ["staging", "moving"])
def test_a_restore_that_is_cut_off_starts_no_hub_and_can_be_done_again(tmp_path: Path, when: str) -> None:
    there = hub_with(tmp_path)
    (there.data / "stills").mkdir()
    (there.data / "stills" / "a.jpg").write_bytes(b"picture")
    make_backup(there, tmp_path / "x", passphrase="x", now=NOW)
    back = tmp_path / "back"
    command = [sys.executable, "-c", CUT_OFF, str(tmp_path / "x"), str(back), when]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == -signal.SIGKILL
    assert (back / RESTORING).exists()
    with pytest.raises(ConfigurationError, match="half of a backup"):
        database_of(Machine(data=back), SystemClock())
    with pytest.raises(BackupError, match="passphrase"):
        restore_backup(tmp_path / "x", back, passphrase="another")
    restore_backup(tmp_path / "x", back, passphrase="x")
    assert {path.name for path in back.iterdir()} == {"hub.sqlite3", "stills"}


def test_a_backup_goes_to_a_disk_without_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """FAT, exFAT and shares: every USB stick."""

    def link(_source: Path, _to: Path) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", link)
    there = hub_with(tmp_path)
    made = make_backup(there, tmp_path / "usb" / name_at(NOW), passphrase="x", now=NOW)
    assert check_backup(made.path, passphrase="x").members
    with placing.draft_of(made.path) as file:
        file.write(b"x")
        made.path.unlink()
    with pytest.raises(FileExistsError), placing.draft_of(made.path):
        pass
    assert [path.name for path in (tmp_path / "usb").iterdir()] == [name_at(NOW)]


def test_recordings_are_not_walked_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """100,000 files took 6 s and 127 MiB, and woke disks that were asleep."""
    there = hub_with(tmp_path)
    disk = there.data / "elsewhere" / "disk"
    for folder in ("recordings/cam", "past-stills/cam", "broker/store", "stills", "elsewhere/disk/cam", ".hidden"):
        (there.data / folder).mkdir(parents=True)
        (there.data / folder / "file").write_bytes(b"x")
    there = there.model_copy(update={"recordings": Recordings(disks=(Disk(id="a", path=disk),))})
    looked: list[str] = []
    real = os.scandir

    def scandir(path: str) -> object:
        looked.append(Path(path).relative_to(there.data).as_posix())
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    work = tmp_path / "work"
    work.mkdir()
    names = [name for name, _ in gathering.sources(there, work, ())]
    assert names == ["database/hub.sqlite3", "data/stills/file"]
    assert sorted(looked) == [".", "broker", "elsewhere", "stills"]
