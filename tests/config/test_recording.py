"""Which policy holds for a camera, and what its settings may be written like."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.community import Community
from config.load import parse
from config.machine import Disk, Machine
from config.reading import read_text
from config.recording import Policy

SITES = """
recording:
  rings: {road: {keep_days: 15}}
  classes: {shop: {streams: [main], keep_days: 120}}
sites:
  - {id: junction, name: Junction, ring: road}
  - {id: home, name: Home}
cameras:
"""


def policy(camera: str) -> Policy:
    """The policy of the camera that is written."""
    community = parse(Community, read_text(f"{SITES}  - {{id: a, main: {{url: 'rtsp://h/1'}}, {camera}}}"), file=None)
    return community.policy_of(community.cameras[0])


@pytest.mark.parametrize(
    ("camera", "streams", "keep_days"),
    [
        ("site: home", ("main",), 30),
        ("site: home, sub: {url: 'rtsp://h/2'}", ("main", "sub"), 30),
        ("site: junction", ("main",), 15),
        ("site: nowhere", ("main",), 30),
        ("site: junction, record: shop, sub: {url: 'rtsp://h/2'}", ("main",), 120),
        ("site: home, record: gone", ("main",), 30),
        ("site: home, record: {streams: [sub, main], keep_days: 2}", ("main",), 2),
        ("site: junction, record: off", (), 15),
        ("site: junction, record: false", (), 15),
        ("site: home, record: {streams: []}", (), 30),
    ],
)
def test_a_camera_goes_by_its_own_policy_then_its_class_then_its_ring(
    camera: str, streams: tuple[str, ...], keep_days: float
) -> None:
    found = policy(camera)

    assert (found.streams, found.keep_days) == (streams, keep_days)
    assert found.keep_events_days >= found.keep_days


def test_a_policy_that_was_written_out_is_read_again() -> None:
    community = parse(Community, read_text(SITES + "  - {id: a, site: home, url: 'rtsp://h/1', record: no}"), file=None)

    assert Community.model_validate(community.model_dump(mode="json")) == community


def test_without_disks_recordings_lie_in_the_data_folder() -> None:
    assert Machine(data=Path("/srv/hub")).recording_disks == (
        Disk(id="data", path=Path("/srv/hub/recordings"), keep_free_pct=12),
    )


def test_a_power_cut_costs_what_the_disk_bears_or_what_is_set() -> None:
    fast, large = Disk(id="a", path=Path("/a")), Disk(id="b", path=Path("/b"), kind="spinning")

    assert [disk.sync_every_s(None) for disk in (fast, large)] == [2, 10]
    assert large.sync_every_s(4) == 4
