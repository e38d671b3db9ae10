"""The catalogue: what is kept is found again, on both databases, and what comes twice or late changes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from cameras.recordings.keeping.catalog import Catalog
from cameras.recordings.keeping.holdings import Holdings
from cameras.recordings.media import Because, Segment, StreamName
from hub.store.database import Database
from tests.fakes.segments import MORNING, a_segment, at

MAIN, SUB = StreamName.MAIN, StreamName.SUB


@pytest.fixture
def catalog(database: Database, tmp_path: Path) -> Catalog:
    return Catalog(database, {"data": tmp_path / "recordings"})


@pytest.fixture
def holdings(database: Database) -> Holdings:
    return Holdings(database)


def _keep(catalog: Catalog, *segments: Segment) -> None:
    catalog.keep_all(segments, timeout_s=10.0)


def test_what_is_kept_is_found_whole_by_its_time_and_by_its_id(catalog: Catalog) -> None:
    first = a_segment("first", because=Because.STARTED)
    second = a_segment("second", began=at(5), path="hall/gate/main/2026-05-04/08/05-00-1.mp4")
    _keep(catalog, first, second, a_segment("other", camera="road"), a_segment("small", stream=SUB))
    assert catalog.segments("gate", MAIN, at(0), at(10)) == [first, second]
    assert catalog.segments("gate", MAIN, at(4.9), at(4.95)) == [first]
    assert catalog.segments("gate", MAIN, at(5), at(5.01)) == [second]
    assert catalog.segments("gate", MAIN, at(10), at(20)) == []
    assert catalog.segments("nobody", MAIN, at(0), at(20)) == []
    assert catalog.segment(second.head.id) == second
    assert catalog.segment("none") is None
    assert catalog.shown([first.head.id, "none"]) == {first.head.id}
    assert catalog.newest("hall", "gate", MAIN) == at(5)
    assert sorted(catalog.streams()) == [("hall", "gate", MAIN), ("hall", "gate", SUB), ("hall", "road", MAIN)]


def test_what_is_told_twice_or_late_changes_nothing(catalog: Catalog, holdings: Holdings) -> None:
    opened, closed = a_segment("first", is_open=True), a_segment("first")
    _keep(catalog, opened)
    assert [each.head for each in catalog.unsettled()] == [opened.head]
    _keep(catalog, closed)
    _keep(catalog, closed)
    _keep(catalog, opened)
    assert catalog.segments("gate", MAIN, at(0), at(5)) == [closed]
    assert catalog.unsettled() == []
    (total,) = holdings.totals()
    assert (total.segments, total.size_bytes) == (1, closed.size_bytes)


def test_a_camera_that_moves_keeps_what_was_recorded_at_its_old_site(catalog: Catalog) -> None:
    before, after = a_segment("first"), a_segment("second", began=at(5), site="school")
    _keep(catalog, before, after)
    assert catalog.segments("gate", MAIN, at(0), at(10)) == [before, after]


def test_a_gap_has_the_reason_for_which_the_next_segment_began(catalog: Catalog) -> None:
    _keep(
        catalog,
        a_segment("first", because=Because.STARTED),
        a_segment("second", began=at(5) + timedelta(milliseconds=40)),
        a_segment("third", began=at(12), because=Because.OFFLINE),
    )
    line = catalog.ranges("gate", MAIN, at(0), at(17))
    assert [(one.start, one.end) for one in line.ranges] == [
        (at(0), at(10) + timedelta(milliseconds=40)),
        (at(12), at(17)),
    ]
    (gap,) = line.gaps
    assert (gap.start, gap.end) == (at(10) + timedelta(milliseconds=40), at(12))
    assert gap.because is Because.OFFLINE


def test_a_segment_that_was_never_closed_means_that_its_worker_was_killed(catalog: Catalog) -> None:
    _keep(catalog, a_segment("first", drift_ms=None), a_segment("second", began=at(6), because=Because.STARTED))
    (gap,) = catalog.ranges("gate", MAIN, at(0), at(11)).gaps
    assert gap.because is Because.KILLED


def test_gaps_are_told_at_both_ends_of_a_question(catalog: Catalog) -> None:
    """A question within a gap says when it began, not that nothing was ever recorded."""
    _keep(catalog, a_segment("first"), a_segment("second", began=at(600), because=Because.DISK_FULL))
    inside = catalog.ranges("gate", MAIN, at(300), at(310))
    assert inside.ranges == ()
    assert [(gap.start, gap.end, gap.because) for gap in inside.gaps] == [(at(300), at(310), Because.DISK_FULL)]
    after = catalog.ranges("gate", MAIN, at(604), at(700))
    assert [(gap.start, gap.lasts) for gap in after.gaps] == [(at(605), True)]
    before = catalog.ranges("gate", MAIN, at(-60), at(1))
    assert before.gaps == ()


def test_a_coarse_timeline_swallows_small_gaps_and_says_how_much_is_missing(catalog: Catalog) -> None:
    _keep(catalog, a_segment("first"), a_segment("second", began=at(6), because=Because.OFFLINE))
    line = catalog.ranges("gate", MAIN, at(0), at(11), resolution_s=600)
    (whole,) = line.ranges
    assert (whole.start, whole.end, whole.missing_s) == (at(0), at(11), 60.0)
    assert line.gaps == ()


def test_a_clock_that_was_set_back_makes_no_gap_and_hides_nothing(catalog: Catalog) -> None:
    _keep(catalog, a_segment("first"), a_segment("second", began=at(3), because=Because.CLOCK))
    line = catalog.ranges("gate", MAIN, at(0), at(8))
    assert [(one.start, one.end) for one in line.ranges] == [(at(0), at(8))]
    assert line.gaps == ()
    assert len(catalog.segments("gate", MAIN, at(4), at(4.5))) == 2


def test_what_is_let_go_is_shown_to_nobody_and_stays_on_record_as_removed(catalog: Catalog, holdings: Holdings) -> None:
    segments = [a_segment(f"n{number}", began=at(5 * number)) for number in range(6)]
    _keep(catalog, *segments)
    ids = [each.head.id for each in segments]
    gone = holdings.let_go(ids[1:3], Because.DELETED)
    holdings.let_go([ids[3]], Because.DELETED)
    assert [each.path for each in gone] == [each.path for each in segments[1:3]]
    assert catalog.segments("gate", MAIN, at(0), at(30)) == [segments[0], *segments[4:]]
    assert [each.id for each in holdings.unfinished()] == ids[1:4]
    assert holdings.strike_off(ids[1:4]) == 3
    assert holdings.unfinished() == []
    (gap,) = catalog.ranges("gate", MAIN, at(0), at(30)).gaps
    assert (gap.start, gap.end, gap.because) == (at(5), at(20), Because.DELETED)
    (total,) = holdings.totals()
    assert total.size_bytes == sum(each.size_bytes for each in (segments[0], *segments[4:]))


def test_what_expired_is_told_before_the_first_that_is_kept(catalog: Catalog, holdings: Holdings) -> None:
    segments = [a_segment("first"), a_segment("second", began=at(5))]
    _keep(catalog, *segments)
    holdings.let_go([segments[0].head.id], Because.EXPIRED)
    line = catalog.ranges("gate", MAIN, at(-30), at(10))
    assert [(gap.start, gap.end, gap.because) for gap in line.gaps] == [(at(0), at(5), Because.EXPIRED)]


def test_a_worker_that_tells_of_what_is_going_does_not_bring_it_back(catalog: Catalog, holdings: Holdings) -> None:
    opened = a_segment("first", is_open=True)
    _keep(catalog, opened)
    holdings.let_go([opened.head.id], Because.DELETED)
    _keep(catalog, a_segment("first"))
    assert catalog.segments("gate", MAIN, at(0), at(5)) == []


def test_the_oldest_come_first_over_all_cameras_of_a_disk(catalog: Catalog, holdings: Holdings) -> None:
    _keep(
        catalog,
        a_segment("b", began=at(5)),
        a_segment("a", camera="road"),
        a_segment("c", began=at(10), camera="road"),
        a_segment("open", began=at(2), camera="yard", is_open=True),
        a_segment("elsewhere", disk="old", camera="yard"),
    )
    found = holdings.oldest("data", limit=2)
    assert [each.camera for each in found] == ["road", "gate"]
    assert [each.began for each in holdings.oldest("data", after=found[-1].began)] == [at(10)]
    assert [each.id[:9] for each in holdings.of_camera("yard", since=None, before=at(60))] == ["elsewhere"]
    assert holdings.first() == MORNING


def test_a_copy_on_another_disk_counts_only_after_the_switch(catalog: Catalog, holdings: Holdings) -> None:
    segment = a_segment("first")
    _keep(catalog, segment)
    assert holdings.begin_copy(segment.head.id, "old")
    assert [each.also_on for each in holdings.unfinished()] == ["old"]
    assert catalog.segments("gate", MAIN, at(0), at(5))[0].disk == "data"
    assert holdings.switch(segment.head.id, "old")
    assert [(each.disk, each.also_on) for each in holdings.unfinished()] == [("old", "data")]
    assert catalog.segments("gate", MAIN, at(0), at(5)) == [replace(segment, disk="old")]
    assert holdings.end_copy(segment.head.id)
    assert holdings.unfinished() == []
    assert [(each.disk, each.size_bytes) for each in holdings.totals()] == [("old", segment.size_bytes)]
    assert not holdings.switch("none", "old")
