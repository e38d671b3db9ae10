"""How far back the disks reach, held against sums that can be done by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameras.recordings.keeping.forecast import DAY_S, DiskRoom, forecast
from config.recording import Policy

GB = 1_000_000_000


def _policies(**days: float) -> dict[str, Policy]:
    return {camera: Policy(keep_days=each) for camera, each in days.items()}


def test_disks_with_room_for_all_keep_every_promise() -> None:
    found = forecast(
        {"gate": GB, "road": 2 * GB}, DAY_S, policies=_policies(gate=30, road=30), disks=[DiskRoom("data", 0, 91 * GB)]
    )
    assert found.short == ()
    assert [each.days for each in found.cameras] == [30, 30]
    assert (found.bytes_per_day, found.wanted_bytes) == (3 * GB, 90 * GB)
    assert found.disks[0].days_left == pytest.approx(91 / 3)


def test_where_room_ends_all_reach_equally_far_and_who_wants_less_leaves_room() -> None:
    """A road of 5 days takes 10 GB; the other 20 GB are 20 days of the gate."""
    found = forecast(
        {"gate": GB, "road": 2 * GB},
        DAY_S,
        policies=_policies(gate=30, road=5),
        disks=[DiskRoom("new", 4 * GB, 6 * GB), DiskRoom("old", 0, 20 * GB)],
    )
    assert {each.camera: each.days for each in found.cameras} == {"gate": 20, "road": 5}
    assert [each.camera for each in found.short] == ["gate"]
    assert (found.days, found.promised_days, found.room_bytes) == (20, 30, 30 * GB)


def test_a_camera_that_may_take_up_only_so_much_is_short_by_itself() -> None:
    policies = {"gate": Policy(keep_days=30, most_gb=10), "road": Policy(keep_days=30)}
    found = forecast({"gate": GB, "road": GB}, DAY_S, policies=policies, disks=[DiskRoom("data", 0, 1000 * GB)])
    assert {each.camera: each.days for each in found.cameras} == {"gate": 10, "road": 30}
    assert [each.camera for each in found.short] == ["gate"]


def test_what_was_written_in_an_hour_counts_for_a_day() -> None:
    found = forecast({"gate": GB}, DAY_S / 24, policies=_policies(gate=1), disks=[DiskRoom("data", 0, 12 * GB)])
    assert (found.bytes_per_day, found.cameras[0].days) == (24 * GB, 0.5)


def test_nothing_written_promises_nothing() -> None:
    found = forecast({}, DAY_S, policies={}, disks=[DiskRoom("data", 0, GB)])
    assert (found.short, found.promised_days, found.disks[0].days_left) == ((), 0, None)


@given(
    st.lists(
        st.tuples(st.integers(1, 50), st.integers(1, 60), st.one_of(st.none(), st.integers(1, 500))),
        min_size=1,
        max_size=8,
    ),
    st.integers(0, 3000),
)
def test_what_is_forecast_fits_and_leaves_no_room_while_somebody_is_short(
    cameras: list[tuple[int, int, int | None]], room_gb: int
) -> None:
    written = {f"c{number}": gb * GB for number, (gb, _, _) in enumerate(cameras)}
    policies = {f"c{number}": Policy(keep_days=days, most_gb=most) for number, (_, days, most) in enumerate(cameras)}
    found = forecast(written, DAY_S, policies=policies, disks=[DiskRoom("data", 0, room_gb * GB)])
    taken = sum(each.days * each.bytes_per_day for each in found.cameras)
    assert taken <= room_gb * GB * 1.000001
    for each in found.cameras:
        most = policies[each.camera].most_gb
        own = each.promised_days if most is None else min(each.promised_days, most * GB / each.bytes_per_day)
        assert each.days <= own
        if each.days < own:
            assert taken == pytest.approx(room_gb * GB)
            assert each.days == pytest.approx(max(other.days for other in found.cameras))
