"""Room and sync: several workers on one disk neither remove what is written nor sync more often than one would."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cameras.recordings.opening import FOLDER
from cameras.recordings.writing import syncing
from cameras.recordings.writing.room import ROOM_LOCK, Removed, hold_room, lock_segment, oldest, room_turns, used_bytes
from cameras.recordings.writing.syncing import SharedSync
from tests.fakes.clocks import SetWallClock
from tests.fakes.recorders import START

PATHS = (
    "hall/gate/main/2026-05-03/23/55-00.mp4",
    "hall/gate/main/2026-05-04/00/00-02.mp4",
    "hall/gate/main/2026-05-04/00/05-02.mp4",
    "hall/gate/main/2026-05-04/00/05-02-1.mp4",
    "hall/gate/main/2026-05-04/00/05-02-10.mp4",
    "hall/yard/sub/2026-05-04/00/01-00.mp4",
    "school/gate-2/main/2026-05-04/01/00-00.mp4",
)
IN_TIME = (PATHS[0], PATHS[1], PATHS[5], PATHS[2], PATHS[3], PATHS[4], PATHS[6])
OTHERS = ("disk.json", "hall/gate/main/notes.txt", "hall/gate/main/2026-05-04/00/.hidden.mp4", "hall/gate/plan/x.mp4")


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    folder = tmp_path / "disk"
    for path in (*PATHS, *OTHERS):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(b"x" * 10_000)
    return folder


@pytest.fixture
def handle(disk: Path) -> Iterator[int]:
    opened = os.open(disk, FOLDER)
    yield opened
    os.close(opened)


def _make_room(handle: int, *, enough: Callable[[int], bool]) -> Removed | None:
    with hold_room(handle) as room:
        return None if room is None else room.remove_oldest(enough=enough)


def test_the_oldest_of_all_cameras_come_first(handle: int) -> None:
    assert tuple(oldest(handle)) == IN_TIME
    assert used_bytes(handle) == len(PATHS) * 12_288


def test_only_as_much_is_removed_as_is_needed_and_only_segments(disk: Path, handle: int) -> None:
    removed = _make_room(handle, enough=lambda so_far: so_far >= 20_000)
    assert removed is not None
    assert (tuple(removed.paths), removed.size_bytes) == (IN_TIME[:2], 2 * 12_288)
    everything = _make_room(handle, enough=lambda _: False)
    assert everything is not None
    assert tuple(everything.paths) == IN_TIME[2:]
    assert all((disk / path).exists() for path in OTHERS)
    assert not (disk / "school/gate-2/main/2026-05-04").exists()


def test_what_is_being_written_stays(disk: Path, handle: int) -> None:
    with (disk / IN_TIME[0]).open("rb") as file:
        assert lock_segment(file.fileno())
        removed = _make_room(handle, enough=lambda so_far: so_far > 0)
    assert removed is not None
    assert removed.paths == [IN_TIME[1]]
    assert (disk / IN_TIME[0]).exists()


def test_no_symbolic_link_leads_out_of_the_disk(disk: Path, handle: int, tmp_path: Path) -> None:
    outside = tmp_path / "elsewhere"
    file = outside / "main/2020-01-01/00/00-00.mp4"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"x" * 10_000)
    (disk / "hall/link").symlink_to(outside)
    (disk / "hall/gate/sub").symlink_to(outside / "main")
    day = disk / "hall/gate/main/2020-01-01"
    day.symlink_to(outside / "main/2020-01-01")
    (disk / "hall/gate/main/2026-05-03/23/00-00.mp4").symlink_to(file)
    removed = _make_room(handle, enough=lambda _: False)
    assert removed is not None
    assert tuple(removed.paths) == IN_TIME
    assert file.exists()


def test_two_workers_never_make_room_at_once(disk: Path, handle: int) -> None:
    with (disk / ROOM_LOCK).open("w") as other:
        assert lock_segment(other.fileno())
        assert _make_room(handle, enough=lambda _: False) is None
    assert room_turns(handle) == 0
    assert _make_room(handle, enough=lambda so_far: so_far > 0) is not None
    assert _make_room(handle, enough=lambda so_far: so_far > 0) is not None
    assert room_turns(handle) == 2


@contextmanager
def _as_nobody() -> Iterator[None]:
    """Root may do everything, so it is somebody else who is refused."""
    if os.geteuid() != 0:
        yield
        return
    os.setegid(65534)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


def test_what_no_worker_named_or_may_not_be_listed_is_passed_over(
    disk: Path, handle: int, caplog: pytest.LogCaptureFixture
) -> None:
    """An ext4 disk has a `lost+found` at its root that only root may list."""
    for name in ("lost+found", "hall/shut"):
        (disk / name).mkdir()
    with _shut(disk / "lost+found", disk / "hall/shut", disk / "hall/yard/sub/2026-05-04/00"), _as_nobody():
        for _ in range(2):
            assert tuple(oldest(handle)) == tuple(path for path in IN_TIME if "yard" not in path)
    told = [record.path for record in caplog.records]  # type: ignore[attr-defined]
    assert sorted(told) == ["hall/shut", "hall/yard/sub/2026-05-04/00"]


def test_a_file_that_may_not_be_removed_stays_and_the_next_one_goes(disk: Path, handle: int) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can be somebody else")
    for path in (disk, *disk.rglob("*")):
        path.chmod(0o777)
    (disk / IN_TIME[0]).parent.chmod(0o755)
    with _as_nobody():
        removed = _make_room(handle, enough=lambda so_far: so_far > 0)
    assert removed is not None
    assert removed.paths == [IN_TIME[1]]


@contextmanager
def _shut(*folders: Path) -> Iterator[None]:
    for folder in folders:
        folder.chmod(0)
    try:
        yield
    finally:
        for folder in folders:
            folder.chmod(0o755)


def _two(handle: int, clock: SetWallClock) -> tuple[SharedSync, SharedSync]:
    return SharedSync(handle, within_s=1.0, clock=clock), SharedSync(handle, within_s=1.0, clock=clock)


def test_one_sync_makes_safe_what_every_worker_wrote(handle: int) -> None:
    clock = SetWallClock(START)
    clock.advance(100.0)
    one, two = _two(handle, clock)
    one.wrote()
    clock.advance(0.1)
    two.wrote()
    clock.advance(0.5)
    assert not one.step()
    clock.advance(0.3)
    assert one.step()
    assert two.step()
    assert (one.syncs, two.syncs) == (1, 0)
    one.close()
    two.close()


def test_what_is_written_while_a_sync_runs_waits_for_the_next(handle: int, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SetWallClock(START)
    clock.advance(100.0)
    one, two = _two(handle, clock)

    def slow(_handle: int) -> None:
        clock.advance(0.1)
        two.wrote()
        clock.advance(0.1)

    monkeypatch.setattr(syncing, "sync_file_system", slow)
    one.wrote()
    clock.advance(1.0)
    assert one.step()
    assert one.longest_s == pytest.approx(0.2)
    assert not two.step()
    clock.advance(0.5)
    assert not two.step()
    assert two.syncs == 0
    clock.advance(0.2)
    assert not two.step(), "it wrote again while that one ran"
    assert two.syncs == 1
    one.close()
    two.close()


def test_a_disk_that_takes_long_to_sync_is_synced_earlier(handle: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """By every worker: what one of them found out is left for the others."""
    clock = SetWallClock(START)
    clock.advance(100.0)
    one, two = _two(handle, clock)
    monkeypatch.setattr(syncing, "sync_file_system", lambda _: clock.advance(0.4))
    one.wrote()
    assert not one.step()
    clock.advance(1.0)
    assert one.step()
    two.wrote()
    clock.advance(0.4)
    assert not two.step()
    clock.advance(0.1)
    assert two.step(), "so that it is safe within the second"
    one.close()
    two.close()


def test_nothing_is_synced_where_nothing_was_written(handle: int) -> None:
    clock = SetWallClock(START)
    clock.advance(100.0)
    one, two = _two(handle, clock)
    for _ in range(100):
        clock.advance(1.0)
        assert one.step()
        assert two.step()
    assert one.syncs == two.syncs == 0
    one.close()
    two.close()


def test_the_time_of_a_sync_before_the_last_boot_counts_for_nothing(handle: int) -> None:
    clock = SetWallClock(START)
    clock.advance(9_000.0)
    before, _ = one, two = _two(handle, clock)
    before.wrote()
    clock.advance(0.1)
    assert before.step(at_once=True)
    one.close()
    two.close()
    booted = SetWallClock(START)
    booted.advance(5.0)
    after, other = _two(handle, booted)
    after.wrote()
    assert not after.step()
    booted.advance(1.0)
    assert after.step()
    assert after.syncs == 1
    after.close()
    other.close()
