"""`hub demo` as a newcomer runs it: alerts by the real path, an end in order, and nothing left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.fakes.waiting import until

HUB = [sys.executable, "-c", "from api.cli import main; main()"]
ROOT = Path(__file__).parent.parent.parent
MARK = "HUB_DEMO_TEST"
PROMISED = {"fire.camera_flame", "road.crash", "fire.smoke", "sos.button"}


@pytest.fixture
def demo_data(tmp_path: Path, pytestconfig: pytest.Config) -> Path:
    """A fresh data folder that shares the drawn scenes with other runs: drawing takes longer than the demo."""
    cache = pytestconfig.cache
    assert cache is not None
    data = tmp_path / "demo"
    data.mkdir()
    (data / "scenes").symlink_to(cache.mkdir("scenes"), target_is_directory=True)
    return data


@pytest.fixture
def mark() -> Iterator[str]:
    """A word in the environment of the demo and of all that it starts."""
    word = uuid.uuid4().hex
    yield word
    for process in _marked(word):
        os.kill(process, 9)


def _marked(word: str) -> list[int]:
    """Processes that still run with the word in their environment."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and word.encode() in entry.joinpath("environ").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue  # gone, or another user's
    return found


def _start(data: Path, mark: str, *arguments: str) -> subprocess.Popen[str]:
    command = [*HUB, "demo", "--data", str(data), "--port", "0", *arguments]
    return subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, MARK: mark}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def _access(data: Path, process: subprocess.Popen[str]) -> dict[str, str]:
    """What demo.json says, as soon as it is there."""
    path = data / "demo.json"
    until(lambda: path.exists() or process.poll() is not None, timeout_s=120.0, what="demo.json")
    assert process.poll() is None, process.stdout.read() if process.stdout else ""
    assert path.stat().st_mode & 0o077 == 0, "it holds passwords"
    access: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return access


@contextmanager
def _signed_in(access: dict[str, str]) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{access['url']}/api/v1", timeout=10.0) as client:
        answer = client.post("/auth/token", data={"username": access["username"], "password": access["password"]})
        client.headers["Authorization"] = f"Bearer {answer.raise_for_status().json()['access_token']}"
        yield client


@pytest.mark.skipif(sys.platform != "linux", reason="looks for left-over processes in /proc")
def test_the_demo_shows_a_fire_and_a_crash_and_takes_all_its_processes_along_when_it_is_killed(
    demo_data: Path, mark: str
) -> None:
    """Both within a minute, as the scenes have it."""
    with _start(demo_data, mark) as process:
        access = _access(demo_data, process)
        assert len(access["rtsp"]) == 3
        with _signed_in(access) as client:

            def raised() -> dict[str, dict[str, object]]:
                items = client.get("/alerts", params={"limit": 100}).raise_for_status().json()["items"]
                return {alert["kind"]: alert for alert in items}

            found = until(lambda: (seen := raised()).keys() >= PROMISED and seen, timeout_s=120.0, what=str(PROMISED))
            assert found
            assert found["road.crash"]["site"] == "junction-1"
            assert found["fire.camera_flame"]["camera"] == "hh-017-yard"
            assert all(alert["camera"] != "hh-012-front" for alert in found.values()), "nothing happens at the house"
            assert found["fire.smoke"]["incident"] == found["fire.camera_flame"]["incident"], "one fire, one incident"
            cameras = client.get("/cameras").raise_for_status().json()["items"]
            assert len(cameras) == 3
        assert len(_marked(mark)) >= 4, "hub, broker, cameras, workers"
        process.kill()
        told, _ = process.communicate()
    assert "疑似交通事故 | Traffic accident at" in told
    assert "Traceback" not in told
    until(lambda: not _marked(mark), what="the end of every process")


@pytest.mark.skipif(sys.platform != "linux", reason="looks for left-over processes in /proc")
def test_the_demo_ends_in_order_after_the_time_it_was_given(demo_data: Path, mark: str) -> None:
    with _start(demo_data, mark, "--seconds", "1") as process:
        _access(demo_data, process)
        told, _ = process.communicate(timeout=120)
    assert process.returncode == 0, told
    assert "停止 … | stopping ..." in told
    assert "Traceback" not in told
    assert not (demo_data / "demo.json").exists(), "a script must not find a demo that has ended"
    until(lambda: not _marked(mark), what="the end of every process")
