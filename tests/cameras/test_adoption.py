"""Finding workers that outlived their hub: what is none, or does not answer, is ended and not taken over."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cameras.link import VERSION
from cameras.link_words import Setup
from cameras.supervision import adoption
from cameras.supervision.adoption import find, socket_of
from cameras.unix_sockets import listen

ROOT = Path(__file__).parent.parent.parent
SETUP = Setup(VERSION, "worker-0", {}, "1")

PROGRAM = """
import sys
from pathlib import Path
from cameras.link import Link
from cameras.link_words import Stop
from cameras.unix_sockets import listen

listening = listen(Path(sys.argv[1]))
print("ready", flush=True)
connection, _ = listening.accept()
if sys.argv[2] == "mad":
    Link(connection).send(Stop())
if sys.argv[2] == "leaves":
    connection.close()
sys.stdin.read()
"""


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(adoption, "_READY_WITHIN_S", 0.3)
    return tmp_path


@pytest.mark.parametrize("manner", ["silent", "mad", "leaves"])
def test_who_does_not_answer_as_a_worker_does_is_ended(data: Path, manner: str) -> None:
    command = [sys.executable, "-c", PROGRAM, str(socket_of(data, "worker-0")), manner]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        assert find(data, SETUP) is None
        assert process.wait(5) == -9


def test_where_nobody_listens_nobody_is_found(data: Path) -> None:
    """Neither without a socket, nor at one that was left there."""
    assert find(data, SETUP) is None
    listen(socket_of(data, "worker-0")).close()
    assert find(data, SETUP) is None
