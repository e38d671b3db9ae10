"""What the hub looks at in itself, put together of its real rules and of cameras that stand as they are told."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from alerts.language.places import places_of
from alerts.language.rulebook import RuleBook
from api.self_checks import look_at_analysis, self_checks
from cameras.health import CameraState
from cameras.link import CameraStatus
from config.machine import Disk, Machine, Recordings
from hub.selfwatch.watch import Finding
from tests.api.room import community
from tests.fakes.stories import book_of, moment

RULE = """
- rule: {rule}
  name: {{zh: 例, en: Example}}
  raises: {{kind: area.intrusion, severity: yellow}}
  for_each: camera
  {scope}
  when: {{event: {{kind: {kind}, where: {{confidence: ">= 0.5"}}}}}}
  clear: {{after: 60s}}
  say: {{zh: 例, en: Example}}
  do: {{zh: 例, en: Example}}
"""


class Cameras:
    """Cameras as they are told to be, run by one worker."""

    def __init__(self) -> None:
        self.states = {"cam-1": CameraState.LIVE, "cam-2": CameraState.LIVE}
        self.queued = {"cam-1": 0, "cam-2": 0}

    def status(self) -> list[CameraStatus]:
        return [
            CameraStatus(camera, state, moment(0), worker="worker-1", fps=10.0, queued=self.queued[camera])
            for camera, state in self.states.items()
        ]

    def workers(self) -> list[Any]:
        return [SimpleNamespace(worker="worker-1"), SimpleNamespace(worker="worker-2")]


def found(book: RuleBook, cameras: Any, *, minutes: int) -> list[list[str]]:
    """The rules that are blind, look by look."""
    engine: Any = SimpleNamespace(
        book=book.on(places_of(community())), status=lambda: SimpleNamespace(known={}, unknown={})
    )
    check = self_checks(Machine(), cameras=cameras, engine=engine, community=community, has_disk=lambda _disk: True)[-1]
    return [[each.source for each in check.look(moment(0) + timedelta(minutes=minute))] for minute in range(minutes)]


def test_a_rule_for_certain_cameras_is_blind_when_all_of_them_are_offline(tmp_path: Any) -> None:
    book = book_of(
        tmp_path,
        RULE.format(rule="one", kind="camera.person", scope="scope: {cameras: [cam-1]}"),
        RULE.format(rule="both", kind="camera.person", scope="scope: {sites: [crossing]}"),
        RULE.format(rule="any", kind="camera.person", scope="version: 1"),
        RULE.format(rule="door", kind="door", scope="scope: {sites: [crossing]}"),
    )
    cameras = Cameras()
    cameras.states["cam-1"] = CameraState.OFFLINE
    assert found(book, cameras, minutes=3) == [[], ["one"], ["one"]]
    cameras.states["cam-2"] = CameraState.OFFLINE
    assert sorted(found(book, cameras, minutes=2)[-1]) == ["both", "one"]
    cameras.states["cam-2"] = CameraState.DISABLED
    assert found(book, cameras, minutes=2)[-1] == ["one"]


def test_the_lag_of_a_worker_is_that_of_its_slowest_camera() -> None:
    cameras: Any = Cameras()
    cameras.queued = {"cam-1": 30, "cam-2": 5}
    lags = {each.source: each for each in look_at_analysis(cameras)}
    assert lags["worker-1"].fields == {"lag_s": 3.0}
    assert lags["worker-2"] == Finding("worker-2", {"lag_s": 0.0}, steps={"lag_s": 0.5}, is_news=False)
    cameras.states["cam-1"] = CameraState.OFFLINE
    assert {each.source: each.fields["lag_s"] for each in look_at_analysis(cameras)} == {
        "worker-1": 0.5,
        "worker-2": 0.0,
    }


def test_a_disk_for_recordings_fails_when_it_is_not_the_one_that_it_was(tmp_path: Path) -> None:
    """It is full by intention, which the rule for storage does not ring for."""
    disks = tuple(Disk(id=name, path=tmp_path / name) for name in ("large", "lost"))
    for folder in (tmp_path / "data", *(disk.path for disk in disks)):
        folder.mkdir()
    machine = Machine(data=tmp_path / "data", recordings=Recordings(disks=disks))
    nobody: Any = SimpleNamespace()
    check = self_checks(
        machine, cameras=nobody, engine=nobody, community=community, has_disk=lambda disk: disk != "lost"
    )[0]
    told = {each.source: dict(each.fields) for each in check.look(moment(0))}
    assert told.keys() == {"data", "recordings/large", "recordings/lost"}
    assert "recordings" not in told["data"]
    assert [told[f"recordings/{disk.id}"]["failing"] for disk in disks] == [False, True]
    assert told["recordings/large"]["recordings"] is True
