"""Notices over the API of a running hub: what was told whom, what would be, and how people choose to be told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from config.community import Community
from hub.access import Role
from tests.api.room import Room
from tests.fakes.mail import MailServer, mail_server
from tests.fakes.waiting import until
from tests.fakes.web import Recipient, web_recipient


@pytest.fixture(scope="module")
def town() -> Iterator[Recipient]:
    with web_recipient() as recipient:
        yield recipient


@pytest.fixture(scope="module")
def mail() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture(scope="module", autouse=True)
def _notifiers(room: Room, town: Recipient, mail: MailServer) -> None:
    smtp = {"host": "127.0.0.1", "port": mail.port, "security": "none", "sender": "hub@village.example"}
    parts = {
        "notifiers": [
            {"id": "desk", "kind": "webhook", "options": {"url": town.url}},
            {"id": "speakers", "kind": "mqtt", "at_least": "orange"},
            {
                "id": "horns",
                "kind": "mqtt",
                "quiet": {"between": "21:00-07:00"},
                "at_least": "orange",
                "options": {"topic": "horns/say"},
            },
            {"id": "mail", "kind": "email", "people": True, "options": smtp},
        ],
        "duties": [{"account": "warden", "area": "village"}],
    }

    def edit(community: Community) -> Community:
        return Community.model_validate({**community.model_dump(context={"secrets": True}), **parts})

    room.hub.parts.revisions.change(edit, author="test", reason="test")


def ledger(room: Room, incident: str) -> dict[str, dict[str, Any]]:
    answer = room.client().get("/api/v1/notices", params={"incident": incident})
    return {each["recipient"]: each for each in answer.json()["items"]}


def test_an_alarm_reaches_a_loudspeaker_a_web_server_and_the_warden_in_his_language(
    room: Room, town: Recipient, mail: MailServer
) -> None:
    warden = room.person("warden")
    chosen = {"language": "en", "channels": [{"via": "mail", "address": "warden@village.example"}]}
    answer = warden.put("/me/notifications", json=chosen)
    assert answer.status_code == 200
    assert answer.json()["available"] == [{"via": "mail", "kind": "email", "at_least": "blue"}]
    assert warden.get("/me/notifications").json()["language"] == "en"
    speaker = room.device("speaker")
    speaker.listen("speakers/#")
    incident = room.smoke()
    wanted = {"desk", "speakers", "mail"}
    until(lambda: {name for name, each in ledger(room, incident["id"]).items() if each["state"] == "sent"} >= wanted)
    found = ledger(room, incident["id"])
    speaker.close()
    assert found["mail"]["account"] == "warden"
    assert found["mail"]["title"].startswith("[orange] Smoke detector alarm: Home")
    assert "address" not in found["mail"]
    assert mail.to == [["warden@village.example"]]
    [heard] = speaker.seen
    said = json.loads(heard.payload)
    assert heard.topic == "speakers/village/say"
    assert said["text"].startswith("请注意。一号")
    assert town.received[0].body["title"] == "【橙色】烟感报警：1号"


def dry(room: Room, **body: Any) -> dict[str, dict[str, Any]]:
    answer = room.client().post("/api/v1/notices/dry-run", json=body)
    assert answer.status_code == 200, answer.text
    return {each["recipient"]: each for each in answer.json()["decisions"]}


def test_a_dry_run_says_who_would_be_told_and_who_not_and_why(room: Room) -> None:
    night, noon = "2026-03-03T23:00:00+08:00", "2026-03-03T12:00:00+08:00"
    smoke = {"kind": "fire.smoke", "area": "village", "site": "home-9"}
    at_night = dry(room, **smoke, level="orange", at=night)
    assert (at_night["horns"]["told"], at_night["horns"]["why"]) == (False, "quiet hours")
    assert dry(room, **smoke, level="red", at=night)["horns"]["told"]
    at_noon = dry(room, **smoke, level="orange", at=noon)
    assert at_noon["horns"]["told"]
    assert at_noon["desk"]["channel"] == "webhook"
    assert dry(room, **smoke, level="yellow", at=noon)["horns"]["why"] == "yellow is below orange"
    assert dry(room, **smoke, level="red", move="commented", at=noon)["speakers"]["told"] is False


def test_a_dry_run_knows_what_was_said_a_moment_before(room: Room) -> None:
    incident = room.smoke()
    until(lambda: len(ledger(room, incident["id"])) >= 2)
    found = dry(room, incident=incident["id"])["speakers"]
    assert (found["told"], found["why"]) == (False, "the same was told within 600 s")


@pytest.mark.parametrize(
    "body",
    [{}, {"kind": "fire.smoke"}, {"kind": "no.such", "level": "red"}, {"incident": "x", "move": "flew"}],
)
def test_a_dry_run_of_nothing_is_refused(room: Room, body: dict[str, Any]) -> None:
    assert room.client().post("/api/v1/notices/dry-run", json=body).status_code in (400, 422)


def test_nobody_can_be_told_over_what_is_not_for_people(room: Room) -> None:
    body = {"channels": [{"via": "desk", "address": "http://169.254.169.254/"}]}
    answer = room.person("nosy").put("/me/notifications", json=body)
    assert answer.status_code in (400, 422)
    assert "mail" in answer.text


@pytest.mark.parametrize("role", [Role.RESPONDER, Role.RESIDENT, Role.INTEGRATOR])
def test_only_the_room_sees_who_was_told(room: Room, role: Role) -> None:
    client = room.client(role)
    assert client.get("/api/v1/notices").status_code == 403
    assert client.post("/api/v1/notices/dry-run", json={"kind": "fire.smoke", "level": "red"}).status_code == 403
    assert client.get("/api/v1/me/notifications").status_code == 200


def test_the_ledger_comes_in_pages(room: Room) -> None:
    room.smoke()
    until(lambda: len(room.client().get("/api/v1/notices").json()["items"]) > 2)
    first = room.client().get("/api/v1/notices", params={"limit": 1}).json()
    second = room.client().get("/api/v1/notices", params={"limit": 1, "cursor": first["next"]}).json()
    assert first["items"][0]["id"] > second["items"][0]["id"]
    assert room.client().get("/api/v1/notices", params={"cursor": "x"}).status_code in (400, 422)
