"""Figures through HTTP, counted from the real journal; the overview in a flood; the counters on /metrics."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import re
from collections.abc import Iterator
from typing import Any

import pytest

from api.figure_sheets import BOM, Sheet, as_csv
from hub.access import Role
from tests.api.room import Room, open_room

FIGURES = "/api/v1/figures"


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """A hub with four smoke alarms: two nuisances of one operator, a true one of the supervisor, and one not seen."""
    opened = open_room(tmp_path_factory.mktemp("hub") / "data")
    try:
        operator, supervisor = opened.client(), opened.client(Role.SUPERVISOR)
        for client, verdict in ((operator, "nuisance"), (operator, "nuisance"), (supervisor, "true"), (None, "")):
            incident = opened.smoke()
            if client is None:
                continue
            path = f"/api/v1/incidents/{incident['id']}"
            assert client.post(f"{path}/acknowledge").status_code == 200
            site = incident["site"]
            opened.say("smoke", f"{site}-smoke", site=site, alarm=False)
            opened.wait_for(lambda path=path, client=client: not client.get(path).json()["active"])
            cause = {"cause": "cooking"} if verdict == "nuisance" else {}
            answer = client.post(f"{path}/resolve", json={"verdict": verdict, "note": "seen to", **cause})
            assert answer.status_code == 200, answer.text
        yield opened
    finally:
        opened.close()


def ask(room: Room, what: str, role: Role = Role.SUPERVISOR, **params: str) -> Any:
    answer = room.client(role).get(f"{FIGURES}/{what}", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_load_is_what_rang(busy: Room) -> None:
    load = ask(busy, "load")
    assert load["annunciations"] == 4
    assert load["opened"] == 4
    assert load["levels"]["orange"] == 4
    assert load["mix"] == {"low": 0.0, "medium": 1.0, "high": 0.0}
    assert load["answered"] == {"operator-1": 2, "supervisor-1": 1}
    assert load["positions"] == 2


def test_a_supervisor_sees_everybody_and_an_operator_himself_and_the_room(busy: Room) -> None:
    everybody = ask(busy, "people")
    assert [person["name"] for person in everybody["people"]] == ["operator-1", "supervisor-1"]
    assert everybody["people"][0]["moves"] == {"acknowledged": 2, "resolved": 2}
    own = ask(busy, "people", Role.OPERATOR)
    assert [person["name"] for person in own["people"]] == ["operator-1"]
    assert own["room"]["seen"]["count"] == everybody["room"]["seen"]["count"] == 3
    assert own["room"]["seen"]["within"] == 1.0
    assert [person["name"] for person in ask(busy, "shift", Role.OPERATOR)["people"]["people"]] == ["operator-1"]


@pytest.mark.parametrize("role", [Role.INTEGRATOR, Role.RESPONDER, Role.RESIDENT])
def test_nobody_else_sees_figures(busy: Room, role: Role) -> None:
    assert busy.client(role).get(f"{FIGURES}/load").status_code == 403


def test_verdicts_stand_by_rule_and_by_device_with_their_causes(busy: Room) -> None:
    rules = ask(busy, "rules")
    [smoke] = rules["rules"]
    assert smoke["rule"] == "fire.smoke_sensor"
    assert (smoke["annunciations"], smoke["judged"], smoke["false_share"]) == (4, 3, 0.6667)
    assert smoke["causes"] == {"cooking": 2}
    assert len(rules["devices"]) == 3
    assert rules["bad_actors"] == []  # three verdicts prove nothing


def test_a_shift_says_what_is_handed_over(busy: Room) -> None:
    report = ask(busy, "shift")
    assert report["over"] is False
    assert report["shift"] in {"night", "day", "evening"}
    assert [each["handling"] for each in report["open_after"]] == ["new"]
    assert report["open_before"] == []
    assert report["load"]["annunciations"] == 4


def test_a_shift_that_is_over_and_one_that_is_not_known(busy: Room) -> None:
    night = ask(busy, "shift", date="2026-01-02", shift="night")
    assert (night["since"], night["until"]) == ("2026-01-01T16:00:00.000000Z", "2026-01-02T00:00:00.000000Z")
    assert night["over"] is True
    answer = busy.client().get(f"{FIGURES}/shift", params={"shift": "siesta"})
    assert answer.status_code == 422
    assert "evening" in answer.text


@pytest.mark.parametrize(
    "times",
    [
        {"from": "2026-01-01T00:00:00"},
        {"to": "2026-01-01T00:00:00Z", "from": "2026-01-02T00:00:00Z"},
        {"from": "2020-01-01T00:00:00Z"},
    ],
)
def test_times_without_a_zone_turned_round_or_too_far_apart_are_refused(busy: Room, times: dict[str, str]) -> None:
    assert busy.client().get(f"{FIGURES}/load", params=times).status_code == 422


@pytest.mark.parametrize("what", ["load", "people", "rules", "shift"])
def test_spreadsheets_get_csv_with_a_mark_and_in_words(busy: Room, what: str) -> None:
    answer = busy.client().get(f"{FIGURES}/{what}", headers={"Accept": "text/csv", "Accept-Language": "zh-CN,en;q=0.5"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    text = answer.content.decode("utf-8")
    assert text.startswith(BOM)
    assert re.search(r"告警|处置|规则|交接", text)
    assert list(csv.reader(io.StringIO(text.removeprefix(BOM))))


def test_no_cell_begins_a_formula() -> None:
    text = as_csv([Sheet("t", ("head",), [("=cmd()",), ("+1",), ("-1",), ("@x",), ("\tx",), ("fine",), (-1,)])])
    cells = [row[0] for row in csv.reader(io.StringIO(text.removeprefix(BOM)))][2:]
    assert cells == ["'=cmd()", "'+1", "'-1", "'@x", "'\tx", "fine", "-1"]


@pytest.mark.parametrize(("lang", "title"), [("zh", "交接班报表"), ("en", "Shift report")])
def test_the_page_prints_with_a_style_that_its_policy_names(busy: Room, lang: str, title: str) -> None:
    answer = busy.client().get(f"{FIGURES}/shift", params={"format": "html", "lang": lang})
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert title in answer.text
    style = answer.text.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in answer.headers["content-security-policy"]
    assert "<script" not in answer.text


def test_the_overview_collapses_when_it_is_asked_to(busy: Room) -> None:
    never = busy.client().get("/api/v1/incidents/overview").json()
    assert (never["collapsed"], never["flooding"], never["total"]) == (False, False, 1)
    assert len(never["incidents"]) == 1
    always = busy.client().get("/api/v1/incidents/overview", params={"collapse": "always"}).json()
    assert always["incidents"] == []
    [group] = always["groups"]
    assert (group["area"], group["family"], group["count"]) == ("village", "fire", 1)
    assert group["first"]["id"] == never["incidents"][0]["id"]


def test_what_rings_is_counted_for_prometheus(busy: Room) -> None:
    wanted = 'hub_annunciations_total{level="orange"} 4.0'
    busy.wait_for(lambda: wanted in busy.client().get("/metrics").text)
    text = busy.client().get("/metrics").text
    assert "hub_annunciations_in_ten_minutes 4.0" in text
    assert "hub_alarm_flood 0.0" in text


def test_nothing_is_suggested_for_a_rule_that_does_not_exist(busy: Room) -> None:
    assert busy.client(Role.SUPERVISOR).post(f"{FIGURES}/rules/none/trial").status_code == 404


def test_what_is_suggested_is_tried_over_what_is_stored(busy: Room) -> None:
    """Too few verdicts for anything better, so one level lower: nothing true is lost by it."""
    client = busy.client(Role.SUPERVISOR)
    begun = client.post(f"{FIGURES}/rules/fire.smoke_sensor/trial")
    assert begun.status_code == 202, begun.text
    path = f"{FIGURES}/rules/fire.smoke_sensor/trial/{begun.json()['id']}"
    done = busy.wait_for(lambda: found if (found := client.get(path).json())["state"] != "running" else None)
    assert done["state"] == "done", done["error"]
    assert done["outcome"]["true_lost"] == []
    assert done["outcome"]["true_kept"] == 1
    assert done["outcome"]["false_left"] == 2
    assert done["complete"] is True
    assert client.get(path.replace("fire.smoke_sensor", "gas.alarm")).status_code == 404
