"""Unix sockets under long paths."""

import stat
from pathlib import Path

import pytest

from cameras.unix_sockets import connect, listen


def test_a_path_longer_than_the_system_takes_will_do(tmp_path: Path) -> None:
    path = tmp_path / ("long-" * 30) / "run" / "worker-0.sock"
    with listen(path) as listening, connect(path, timeout_s=5) as there:
        here, _ = listening.accept()
        with here:
            there.sendall(b"heard")
            assert here.recv(16) == b"heard"
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0


def test_what_a_dead_listener_left_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "worker-0.sock"
    listen(path).close()
    with pytest.raises(OSError, match="refused"):
        connect(path, timeout_s=1)
    with listen(path), connect(path, timeout_s=1):
        pass


def test_nobody_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        connect(tmp_path / "missing" / "worker-0.sock", timeout_s=1)
