"""Backups on time: when one is due, which go, and what is told when none is made."""

from __future__ import annotations

import shutil
import subprocess
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from api.backup.making import make_backup
from api.backup.restoring import check_backup
from api.backup.scheduling import Backups
from api.backup.sealing import BackupError
from config.machine import Machine
from config.secrets import Secret
from tests.api.backup.hubs import hub_with
from tests.fakes.clocks import SetClock, SetWallClock

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_old_backups_go_and_the_newest_stay(tmp_path: Path) -> None:
    clock = SetClock(NOW)
    backups = Backups(hub_with(tmp_path, every_h=24, keep=2, plain=True), clock)
    for _ in range(4):
        backups.make()
        clock.advance(3600)
    assert [kept.made for kept in backups.list()] == [NOW + timedelta(hours=3), NOW + timedelta(hours=2)]
    assert check_backup(backups.folder / backups.list()[0].name, passphrase=None).members


def test_a_backup_that_is_too_old_is_told(tmp_path: Path) -> None:
    clock = SetClock(NOW)
    backups = Backups(hub_with(tmp_path, every_h=24, plain=True), clock)
    assert backups.warnings() == ()
    clock.advance(49 * 3600)
    assert "there is no backup" in backups.warnings()[0]
    backups.make()
    assert backups.warnings() == ()
    clock.advance(49 * 3600)
    assert "the newest backup is of 2026-11-24" in backups.warnings()[0]


def test_a_backup_of_a_wrong_clock_does_not_stop_the_others(tmp_path: Path) -> None:
    """It was the newest for years: none was due any more, and nobody was told."""
    clock = SetWallClock(NOW)
    backups = Backups(hub_with(tmp_path, every_h=24, keep=1, plain=True), clock)
    clock.step(5 * 365 * 86_400)
    late = backups.make().path
    clock.step(-5 * 365 * 86_400)
    assert "later than now" in backups.warnings()[0]
    clock.advance(49 * 3600)
    assert any("there is no backup" in words for words in backups.warnings())
    first, second = backups.make().path, None
    clock.advance(3600)
    second = backups.make().path
    assert late.exists()
    assert second.exists()
    assert not first.exists()


class Looks(SetClock):
    """Goes on as it is waited for, and stands after so many times."""

    left = 40

    def wait(self, condition: threading.Event, timeout_s: float) -> bool:
        self.left -= 1
        return condition.wait(10) if self.left < 0 else super().wait(condition, timeout_s)


def test_the_schedule_goes_on_after_whatever_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One error that nobody thought of ended the thread, and with it all backups."""
    backups = Backups(hub_with(tmp_path, every_h=24, plain=True), Looks(NOW))
    made = threading.Event()
    failures = [RuntimeError("unheard of"), OSError("likewise")]

    def failing(*args: object, **more: object) -> object:
        if failures:
            raise failures.pop()
        try:
            return make_backup(*args, **more)  # type: ignore[arg-type]
        finally:
            made.set()

    monkeypatch.setattr("api.backup.scheduling.make_backup", failing)
    backups.start()
    assert made.wait(10)
    backups.stop()
    assert not failures


def test_a_dump_that_takes_too_long_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def late(command: list[str], **_more: object) -> None:
        raise subprocess.TimeoutExpired(command, 1)

    monkeypatch.setattr(shutil, "which", lambda _name: "/usr/bin/pg_dump")
    monkeypatch.setattr(subprocess, "run", late)
    there = Machine.model_validate(
        {"data": tmp_path, "database": {"url": Secret("postgresql+psycopg://hub:dbpass@db/village")}}
    )
    with pytest.raises(BackupError, match="not done within"):
        make_backup(there, tmp_path / "x", passphrase=None, now=NOW)
