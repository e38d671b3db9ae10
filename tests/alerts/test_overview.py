"""The overview in a flood: red on top, the rest by area and cause with what came first."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from alerts.incidents.incident import Display, Handling, Verdict
from alerts.incidents.overview import overview
from alerts.incidents.views import AlertView, IncidentView
from config.community import Level
from tests.fakes.journals import at


def alert(name: str, kind: str, *, muted_by: str | None = None) -> AlertView:
    return AlertView(
        id=name, incident=f"i-{name}", rule=kind, rule_version=1, kind=kind, key=name, level=Level.WARNING,
        condition="active", site=None, area=None, camera=None, zone=None, sensor=None, started=at(0), raised=at(0),
        last_seen=at(0), returned=None, times=1, text_zh="", text_en="", do_zh="", do_en="", muted_by=muted_by,
        to_reset=False, why={},
    )  # fmt: skip


def incident(
    number: int, kind: str, *, area: str | None = "group-1", muted_by: str | None = None, **more: Any
) -> IncidentView:
    made = IncidentView(
        id=f"i{number}", number=number, kind=kind, level=Level.WARNING, handling=Handling.NEW, verdict=Verdict.NONE,
        active=True, muted=muted_by is not None, site=None, area=area, camera=None, opened=at(number),
        changed=at(number), version=1, text_zh="", text_en="", alerts=(alert(f"a{number}", kind, muted_by=muted_by),),
    )  # fmt: skip
    return replace(made, **more)


OUTAGE = incident(1, "power.outage")
LEVELS = [
    incident(4, "fire.confirmed", level=Level.CRITICAL),
    incident(3, "sensor.offline", muted_by="a1"),
    incident(2, "sensor.offline", muted_by="a1"),
    incident(6, "road.crash", level=Level.SERIOUS),
    incident(5, "sensor.offline", area="group-2"),
    OUTAGE,
    incident(7, "water.leak", display=Display.SHELVED),
]


def test_red_stands_alone_and_the_rest_by_area_and_cause_with_what_came_first() -> None:
    found = overview(LEVELS, collapse=True)
    assert [each.number for each in found.single] == [4]
    assert [(each.area, each.family, each.first.number, len(each.incidents)) for each in found.groups] == [
        ("group-1", "road", 6, 1),
        ("group-1", "power", 1, 3),
        ("group-2", "sensor", 5, 1),
    ]
    power = found.groups[1]
    assert power.incidents == ("i1", "i2", "i3")
    assert power.levels == {Level.WARNING: 3}
    assert power.newest == at(3)
    assert found.hidden == 1


def test_without_a_flood_everything_that_is_shown_stands_alone() -> None:
    found = overview(LEVELS, collapse=False)
    assert [each.number for each in found.single] == [4, 6, 1, 5]
    assert found.groups == ()


def test_nothing_is_open() -> None:
    assert overview([], collapse=True).single == ()
