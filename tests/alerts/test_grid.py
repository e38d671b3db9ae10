"""Who answers for a place now."""

from __future__ import annotations

from datetime import datetime

import pytest
from pydantic import ValidationError

from alerts.dispatch.grid import Grid, Responsible
from alerts.language.places import places_of
from config.community import Community
from config.grid import Duty

VILLAGE = Community.model_validate(
    {
        "timezone": "Asia/Shanghai",
        "calendars": {"holiday": ["2026-03-03"]},
        "areas": [
            {"id": "town", "name": "Town"},
            {"id": "village", "name": "Village", "parent": "town"},
            {"id": "block", "name": "Block", "parent": "village"},
            {"id": "group", "name": "Group", "parent": "block"},
        ],
        "duties": [
            {"account": "zhao", "area": "group", "on": {"between": "08:00-20:00", "days": ["mon", "tue"]}},
            {"account": "qian", "area": "group", "on": {"between": "08:00-12:00"}},
            {"account": "sun", "area": "group", "standby": True, "on": {"between": "20:00-06:00"}},
            {"account": "li", "area": "village", "on": {"calendar": "holiday"}},
            {"account": "zhou", "area": "town"},
        ],
    }
)
GRID = Grid(places_of(VILLAGE), VILLAGE.duties)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00")


@pytest.mark.parametrize(
    ("now", "from_level", "answer"),
    [
        ("2026-03-02T09:00", 0, Responsible("group", 0, ("zhao", "qian"))),
        ("2026-03-02T13:00", 0, Responsible("group", 0, ("zhao",))),
        ("2026-03-02T23:00", 0, Responsible("group", 0, ("sun",), standby=True)),
        ("2026-03-04T13:00", 0, Responsible("town", 3, ("zhou",))),
        ("2026-03-03T09:00", 1, Responsible("village", 2, ("li",))),
        ("2026-03-03T09:00", 3, Responsible("town", 3, ("zhou",))),
        ("2026-03-02T09:00", 1, Responsible("town", 3, ("zhou",))),
    ],
)
def test_the_nearest_level_with_somebody_on_duty_answers(now: str, from_level: int, answer: Responsible) -> None:
    assert GRID.answering("group", at(now), from_level=from_level) == answer


def test_a_place_without_an_area_is_the_towns() -> None:
    assert GRID.answering(None, at("2026-03-02T09:00")) == Responsible("town", 3, ("zhou",))


def test_where_nobody_is_on_duty_at_all_nobody_answers() -> None:
    assert Grid(places_of(VILLAGE), ()).answering("group", at("2026-03-02T09:00")) is None


def test_a_person_knows_his_areas() -> None:
    assert GRID.duties_of("zhao", at("2026-03-02T09:00")) == ("group",)
    assert GRID.duties_of("zhao", at("2026-03-04T09:00")) == ()


def test_a_shift_goes_by_the_clock() -> None:
    with pytest.raises(ValidationError, match="goes by the clock"):
        Duty.model_validate({"account": "zhao", "area": "group", "on": {"armed": True}})


def test_an_account_is_written_in_any_letters() -> None:
    assert Duty.model_validate({"account": " ZHAO", "area": "group"}).account == "zhao"


def test_who_answers_for_an_area_answers_for_all_below_it() -> None:
    assert GRID.areas_of("li", at("2026-03-03T09:00")) == {"village", "block", "group"}
    assert GRID.areas_of("li", at("2026-03-04T09:00")) == frozenset()
    assert GRID.level_for("zhou", "group", at("2026-03-04T09:00")) == 3
    assert GRID.level_for("zhao", "group", at("2026-03-04T09:00")) is None
