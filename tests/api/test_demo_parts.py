"""The demo's parts: its configuration, what it prints, and what it measures."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from api.demo.footprint import Footprint, descendants
from api.demo.running import run_demo
from api.demo.story import Login, Story
from api.demo.village import Footage, community_yaml
from config.community import Name, ZoneUse
from config.load import load_community
from hub.access import Role
from hub.clock import SetClock, SystemClock
from hub.errors import ConfigurationError
from hub.sensors.simulator import SENSORS
from tests.fakes.waiting import until

LANE = ((0.0, 0.8), (1.0, 0.7), (1.0, 0.5), (0.0, 0.6))


def test_the_village_is_a_community_that_loads(tmp_path: Path) -> None:
    footage = {name: Footage(f"rtsp://127.0.0.1:8554/{name}.mp4", {}) for name in ("yard", "house")}
    footage["road"] = Footage("rtsp://127.0.0.1:8554/road.mp4", {"lane": LANE})
    path = tmp_path / "community.yaml"
    path.write_text(community_yaml(footage), encoding="utf-8")
    community = load_community(path)
    assert community.sensors == SENSORS
    assert all(contact.phone for contact in community.contacts)
    assert community.phones[0].name.en == "Monitoring room"
    (lane,) = community.cameras[0].zones
    assert (lane.use, lane.points) == (ZoneUse.LANE, LANE)
    assert {camera.analysed.url for camera in community.cameras} == {one.url for one in footage.values()}


def _entry(move: str, kind: str, level: str) -> dict[str, object]:
    body = {"kind": kind, "level": level, "text": {"zh": "院子有火", "en": "Fire in the yard"}}
    return {"topic": "alert", "move": move, "who": "engine", "note": None, "body": body}


def test_the_story_tells_alerts_in_both_languages_and_sums_up(
    clock: SetClock, capsys: pytest.CaptureFixture[str]
) -> None:
    story = Story(clock)
    clock.advance(5.0)
    story.begin()
    clock.advance(21.0)
    story.news(Name(zh="冒烟", en="smoke"))
    story.entry(_entry("raised", "fire.camera_flame", "orange"))
    clock.advance(50.0)
    story.entry(_entry("raised", "fire.camera_flame", "orange"))
    story.entry(_entry("returned", "fire.camera_flame", "orange"))
    story.entry({"topic": "health", "move": "online", "who": "engine", "note": None, "body": {}})
    story.summary(None)
    told = capsys.readouterr().out
    assert "21.0 s       · 冒烟 | smoke" in told
    assert "21.0 s  [橙 orange]  fire.camera_flame    院子有火 | Fire in the yard\n" in told
    assert "Fire in the yard（恢复正常 returned）" in told
    assert story.first_s == {"fire.camera_flame": 21.0}
    assert "road.crash" in told.partition("first of its kind")[2], "a promised alert that did not come is said"


def test_a_state_folder_of_a_real_hub_is_never_emptied(tmp_path: Path) -> None:
    kept = tmp_path / "state" / "hub.sqlite"
    kept.parent.mkdir()
    kept.write_text("precious")
    with pytest.raises(ConfigurationError, match="no demo made"):
        run_demo(data=tmp_path, port=0, seconds=1.0)
    assert kept.read_text() == "precious"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc on this system")
def test_the_footprint_counts_child_processes() -> None:
    footprint = Footprint(SystemClock())
    footprint.start()
    code = "import sys; block = bytes(range(256)) * 200_000; print(len(block), flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"51200000\n"
        assert child.pid in descendants(os.getpid())
        own_mb = 45.0
        until(lambda: footprint.peak_memory_mb > own_mb, timeout_s=10.0)
        child.communicate()
    cost = footprint.stop()
    assert cost is not None
    assert cost.peak_memory_mb > own_mb


def test_it_says_who_may_look_at_which_page(
    clock: SetClock, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    logins = [
        Login(Role.OPERATOR, "room", "p1"),
        Login(Role.RESIDENT, "zhang", "p2"),
        Login(Role.RESIDENT, "zhao", "p2"),
    ]
    Story(clock).ready("http://hub", logins, tmp_path)
    told = capsys.readouterr().out
    assert "值班员 | room" in told
    assert "zhang   p2  http://hub/m/\n" in told
    assert "zhao" not in told, "one of each is enough to look at"
