"""A disk that is mounted after its worker was confined."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from cameras.confining import granted
from cameras.confining.granted import watch_folders
from hub.clock import SystemClock


@pytest.mark.parametrize("was_there", [True, False])
def test_another_worker_takes_over_when_a_disk_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, was_there: bool
) -> None:
    monkeypatch.setattr(granted, "_LOOK_EVERY_S", 0.02)
    disk, other = tmp_path / "disk", tmp_path / "other"
    other.mkdir()
    if was_there:
        disk.mkdir()
    stopping = threading.Event()
    watch_folders([disk], SystemClock(), stopping)
    if was_there:
        disk.rename(tmp_path / "gone")
        assert not stopping.wait(0.2)
    other.rename(disk)
    assert stopping.wait(5)


def test_what_stays_as_it_is_ends_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(granted, "_LOOK_EVERY_S", 0.02)
    stopping = threading.Event()
    watch_folders([tmp_path, tmp_path / "away"], SystemClock(), stopping)
    assert not stopping.wait(0.3)
    stopping.set()
