"""When a list of plates holds, and how plates may be written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from config.community import Camera, Community, Detector
from config.load import parse
from config.plates import HeldPlates
from config.reading import read_text

LISTS = """
plate_lists:
  - {id: stolen, kind: watch, owner: Wang, reason: N 7, since: 2026-11-01, until: 2026-11-30, plates: [京A·12345]}
  - {id: ours, kind: resident, owner: Committee, reason: Agreed, plates: [" 豫e-ru586 "]}
sites: [{id: gate, name: Gate}]
cameras:
  - {id: reads, site: gate, url: "rtsp://h/1", detectors: [objects, plates]}
  - {id: looks, site: gate, url: "rtsp://h/2"}
"""


def held(text: str = LISTS) -> tuple[HeldPlates, ...]:
    community = parse(Community, read_text(text), file=None)
    return community.plates_for(community.cameras[0])


def test_plates_are_kept_as_readers_give_them() -> None:
    stolen, ours = held()
    assert stolen.plates == {"京A12345"}
    assert ours.plates == {"豫ERU586"}


def test_a_list_holds_from_the_first_to_the_last_of_its_days_on_the_clocks_of_the_community() -> None:
    """China's first of November begins at 16:00 UTC of the day before."""
    stolen, ours = held()
    first = datetime(2026, 10, 31, 16, tzinfo=UTC)
    last = datetime(2026, 11, 30, 16, tzinfo=UTC) - timedelta(seconds=1)
    second = timedelta(seconds=1)
    assert [stolen.holds(at) for at in (first - second, first, last, last + second)] == [False, True, True, False]
    assert [stolen.is_over(at) for at in (first - second, last, last + second)] == [False, False, True]
    assert ours.holds(first - second)
    assert not ours.is_over(last + timedelta(days=9_999))


def test_only_a_camera_that_reads_plates_is_given_lists() -> None:
    community = parse(Community, read_text(LISTS), file=None)
    assert len(community.plates_for(community.cameras[0])) == 2
    assert community.plates_for(community.cameras[1]) == ()


def test_lists_cross_to_a_worker_as_they_are() -> None:
    for one in held():
        assert HeldPlates.model_validate(one.model_dump(mode="json")) == one


def test_a_camera_reads_no_plates_unless_it_asks() -> None:
    camera = Camera.model_validate({"id": "a", "site": "gate", "url": "rtsp://h/1"})
    assert Detector(kind="plates") not in camera.detectors
