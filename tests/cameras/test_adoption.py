"""Finding workers that outlived their hub: what is none, or does not answer, is ended and not taken over."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from cameras.link import VERSION
from cameras.link_words import Setup
from cameras.supervision import adoption
from cameras.supervision.adoption import find, send_home, socket_of
from cameras.supervision.placement import place
from cameras.unix_sockets import connect, listen
from hub.errors import LinkError

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


def test_one_that_listens_and_does_not_answer_may_record_and_is_nobody_that_is_not_there(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its socket stays, so that it can be found later."""
    monkeypatch.setattr(adoption, "_CONNECT_WITHIN_S", 0.1)
    path = socket_of(data, "worker-0")
    with listen(path, backlog=0), connect(path, timeout_s=1.0):
        with pytest.raises(LinkError, match="does not answer"):
            find(data, SETUP)
        send_home(data, SETUP, but=())
        assert path.exists()


def test_one_whose_process_cannot_be_had_is_not_taken_for_nobody(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection is given back: it must not wait for a hub that is not there."""

    def refused(_pid: int) -> int:
        raise OSError(errno.EMFILE, "too many open files")

    monkeypatch.setattr(os, "pidfd_open", refused)
    with listen(socket_of(data, "worker-0")) as listening:
        with pytest.raises(LinkError, match="cannot be had"):
            find(data, SETUP)
        accepted, _ = listening.accept()
        with accepted:
            accepted.settimeout(2.0)
            assert accepted.recv(1, socket.MSG_PEEK) == b""


def test_what_nobody_runs_goes_to_the_worker_that_cannot_be_reached() -> None:
    assert place({"a": 1, "b": 1}, ["a", "b", "c", "d", "e"], 3, rather=[0]) == {"a": 1, "b": 1, "c": 0, "d": 0, "e": 0}
