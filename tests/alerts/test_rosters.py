"""Who answers when, as ranges, and when nobody does."""

from __future__ import annotations

from datetime import datetime

from alerts.dispatch.grid import Grid
from alerts.dispatch.rosters import gaps, roster, uncovered
from alerts.language.places import places_of
from config.community import Community


def community(*duties: dict[str, object], timezone: str = "Asia/Shanghai") -> Community:
    return Community.model_validate(
        {
            "timezone": timezone,
            "areas": [
                {"id": "town", "name": "Town"},
                {"id": "group", "name": "Group", "parent": "town"},
                {"id": "other", "name": "Other", "parent": "town"},
            ],
            "duties": duties,
        }
    )


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00")


def grid(there: Community) -> Grid:
    return Grid(places_of(there), there.duties)


def test_ranges_join_without_a_gap_and_alike_ones_are_one() -> None:
    there = community({"account": "zhao", "area": "group", "on": {"between": "22:00-06:00"}})
    spans = roster(grid(there), "group", at("2026-03-02T00:00"), at("2026-03-04T00:00"))
    assert [(span.since, span.until) for span in spans] == [
        (at("2026-03-02T00:00"), at("2026-03-02T06:00")),
        (at("2026-03-02T06:00"), at("2026-03-02T22:00")),
        (at("2026-03-02T22:00"), at("2026-03-03T06:00")),
        (at("2026-03-03T06:00"), at("2026-03-03T22:00")),
        (at("2026-03-03T22:00"), at("2026-03-04T00:00")),
    ]
    assert gaps(grid(there), "group", at("2026-03-02T00:00"), at("2026-03-03T00:00")) == [
        (at("2026-03-02T06:00"), at("2026-03-02T22:00"))
    ]


def test_the_night_on_which_the_clocks_go_forward_is_an_hour_shorter() -> None:
    there = community({"account": "zhao", "area": "group", "on": {"between": "00:00-06:00"}}, timezone="Europe/Berlin")
    begin, end = datetime.fromisoformat("2026-03-29T00:00+01:00"), datetime.fromisoformat("2026-03-30T00:00+02:00")
    first = roster(grid(there), "group", begin, end)[0]
    assert (first.until - first.since).total_seconds() == 5 * 3600


def test_who_is_on_call_beside_who_is_on_duty_is_told() -> None:
    there = community({"account": "zhao", "area": "group"}, {"account": "he", "area": "group", "standby": True})
    [span] = roster(grid(there), "group", at("2026-03-02T00:00"), at("2026-03-04T00:00"))
    assert span.own is not None
    assert (span.own.accounts, span.own.standby, span.on_call) == (("zhao",), False, ("he",))


def test_what_nobody_covers_is_said_once_for_areas_that_are_alike() -> None:
    night = {"account": "zhou", "area": "town", "on": {"between": "08:00-20:00"}}
    [told] = uncovered(community(night), at("2026-03-02T08:00"), days=2)
    assert told == (
        "nobody up to the town is on duty for group, other, town in 24 of the next 48 hours, "
        "first from Mon 2026-03-02 20:00 to Tue 2026-03-03 08:00"
    )
    assert uncovered(community({"account": "zhou", "area": "town"}), at("2026-03-02T08:00")) == ()
    assert uncovered(community(), at("2026-03-02T08:00")) == (), "who has no duties does not send people by the hub"
