"""Strange devices are asked in processes of their own, two at once, which end with whoever asked."""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from api.errors import UnavailableError
from api.setting_up import MOST_WAITING, PLACES, SettingUp
from cameras.setting_up.asking import said
from cameras.setting_up.words import Discover, Discovered, Failed
from hub.clock import SystemClock

CLOCK = SystemClock()
ANSWERS = """
import sys; sys.stdin.readline()
print('{"line": "discovered", "cameras": [], "notes": []}', flush=True)
"""
HANGS = "import os, sys, time; open(sys.argv[1], 'a').write(f'{os.getpid()}\\n'); time.sleep(60)"
TELLS = """
import json, os, sys; sys.stdin.readline()
said = {"word": "x", "zh": "", "en": "", "detail": ",".join(f"{name}={value}" for name, value in os.environ.items())}
print(json.dumps({"line": "discovered", "cameras": [], "notes": [said]}), flush=True)
"""


def setting_up(program: str, *arguments: str, wait_s: float = 5.0) -> SettingUp:
    return SettingUp(CLOCK, command=(sys.executable, "-c", program, *arguments), wait_s=wait_s)


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_for(condition: object) -> None:
    end_s = CLOCK.monotonic_s() + 60
    assert callable(condition)
    while not condition():
        assert CLOCK.monotonic_s() < end_s
        CLOCK.wait(threading.Event(), 0.02)


def test_an_answer_comes_back() -> None:
    assert setting_up(ANSWERS).ask(Discover()) == Discovered(())


def test_a_process_knows_no_secret_of_the_hubs_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMTP_PASSWORD", "planted")
    answer = setting_up(TELLS).ask(Discover())
    assert isinstance(answer, Discovered)
    assert "PATH=" in answer.notes[0].detail
    assert "planted" not in repr(answer)


def test_a_process_that_does_not_end_is_ended(tmp_path: Path) -> None:
    answer = setting_up(HANGS, str(tmp_path / "pid")).ask(Discover(), timeout_s=1.5)
    assert isinstance(answer, Failed)
    assert not is_there(int((tmp_path / "pid").read_text()))
    assert said(answer.problem).zh


def test_a_process_ends_when_whoever_asked_has_left(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    with pytest.raises(UnavailableError, match="left"):
        setting_up(HANGS, str(pids)).ask(Discover(), is_gone=lambda: pids.exists() and pids.read_text() != "")
    assert not is_there(int(pids.read_text()))


def test_two_run_at_once_and_others_wait_for_a_bounded_time_in_a_bounded_queue(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    asked = setting_up(HANGS, str(pids), wait_s=0.3)

    def ask() -> str:
        try:
            asked.ask(Discover(), timeout_s=30)
        except UnavailableError as error:
            return f"{error}: {error.retry_after_s}"
        return "answered"

    with ThreadPoolExecutor(PLACES + MOST_WAITING + 2) as threads:
        running = [threads.submit(ask) for _ in range(PLACES)]
        wait_for(lambda: asked._running[False] == PLACES and pids.exists() and pids.read_text().count("\n") == PLACES)
        assert ask() == "others are looking for cameras; come back later: 15"
        asked._wait_s = 20.0
        waiting = [threads.submit(ask) for _ in range(MOST_WAITING)]
        wait_for(lambda: asked._waiting == MOST_WAITING)
        assert ask() == "others are looking for cameras; come back later: 30"
        asked.stop()
        assert {each.result(10) for each in (*running, *waiting)} == {"the hub is stopping: 10"}
    assert not any(is_there(int(pid)) for pid in pids.read_text().split())
    with pytest.raises(UnavailableError, match="stopping"):
        asked.ask(Discover())
