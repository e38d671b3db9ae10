"""Incidents as people see and move them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hub.access import Role
from hub.events import time_to_text
from tests.api.room import JPEG_OF, Room


def _post(room: Room, incident: dict[str, Any], move: str, body: dict[str, Any] | None = None, **headers: str) -> Any:
    return room.client().post(f"/api/v1/incidents/{incident['id']}/{move}", json=body or {}, headers=headers)


def test_a_smoke_alarm_is_an_incident_with_its_place_its_words_and_what_to_do(room: Room) -> None:
    incident = room.smoke()
    assert incident["kind"] == "fire.smoke"
    assert (incident["level"], incident["colour"]) == ("orange", "orange")
    assert incident["handling"] == "new"
    assert incident["place"]["site"]["zh"].endswith("号")
    assert incident["place"]["area"] == {"zh": "大坪村", "en": "Village"}
    assert incident["text"]["zh"]
    assert incident["text"]["en"]
    assert incident["do"]["en"]
    assert incident["allowed"] == ["acknowledge", "dispatch", "resolve", "shelve", "merge", "split", "comment"]


def test_an_incident_tells_its_alerts_why_and_every_move(room: Room) -> None:
    incident = room.smoke()
    _post(room, incident, "acknowledge", {"note": "calling"})
    whole = room.client().get(f"/api/v1/incidents/{incident['id']}").json()
    assert whole["alerts"][0]["why"]["rule"] == "fire.smoke_sensor"
    assert [(entry["move"], entry["who"], entry["note"]) for entry in whole["history"]][-1] == (
        "acknowledged",
        "operator-1",
        "calling",
    )


def test_acknowledging_changes_the_handling_and_not_the_condition(room: Room) -> None:
    incident = room.smoke()
    answer = _post(room, incident, "acknowledge", **{"If-Match": f'"{incident["version"]}"'})
    assert answer.status_code == 200
    assert answer.json()["handling"] == "seen"
    assert answer.json()["active"] is True
    assert answer.headers["etag"] == f'"{answer.json()["version"]}"'


def test_of_two_operators_the_second_is_shown_what_the_first_did(room: Room) -> None:
    incident = room.smoke()
    seen = {"If-Match": f'"{incident["version"]}"'}
    room.client(Role.SUPERVISOR).post(f"/api/v1/incidents/{incident['id']}/acknowledge", headers=seen)
    second = _post(room, incident, "acknowledge", **seen)
    body = second.json()
    assert second.status_code == 412
    assert body["type"] == "urn:hub:problem:changed-meanwhile"
    assert body["current"]["handling"] == "seen"
    assert (body["first"]["who"], body["first"]["move"]) == ("supervisor-1", "acknowledged")
    assert second.headers["etag"] == f'"{body["current"]["version"]}"'


def test_without_if_match_the_second_gets_a_conflict_all_the_same(room: Room) -> None:
    incident = room.smoke()
    room.client(Role.SUPERVISOR).post(f"/api/v1/incidents/{incident['id']}/acknowledge")
    second = _post(room, incident, "acknowledge")
    assert second.status_code == 409
    assert second.json()["type"] == "urn:hub:problem:conflict"
    assert second.json()["first"]["who"] == "supervisor-1"


def test_a_move_that_the_table_does_not_have_says_what_is_allowed(room: Room) -> None:
    answer = _post(room, room.smoke(), "reopen")
    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:hub:problem:not-allowed-now"
    assert answer.json()["allowed"] == ["acknowledge", "dispatch", "resolve", "shelve", "merge", "split", "comment"]


def test_a_false_alarm_needs_a_cause_and_then_leaves_the_open_list(room: Room) -> None:
    incident = room.smoke()
    assert _post(room, incident, "resolve", {"verdict": "false"}).status_code == 409
    assert _post(room, incident, "resolve", {"verdict": "maybe"}).status_code == 422
    done = _post(room, incident, "resolve", {"verdict": "false", "cause": "cooking", "note": "dinner"})
    assert done.json()["verdict"] == "false"
    open_ones = room.client().get("/api/v1/incidents", params={"state": "open", "limit": 500}).json()["items"]
    assert incident["id"] not in [each["id"] for each in open_ones]
    again = _post(room, incident, "reopen", {"note": "still smells"})
    assert again.json()["handling"] == "seen"
    assert again.json()["number"] == incident["number"]


def test_an_if_match_that_is_no_etag_is_told_so(room: Room) -> None:
    answer = _post(room, room.smoke(), "acknowledge", **{"If-Match": '"abc"'})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["where"] == "header.If-Match"


def test_an_unknown_incident_is_not_found(room: Room) -> None:
    assert _post(room, {"id": "nope"}, "acknowledge").status_code == 404
    assert room.client().get("/api/v1/incidents/nope").status_code == 404
    assert room.client().get("/api/v1/incidents/..%2f..%2fhub.db/still.jpg").status_code == 404


def test_pages_of_incidents_join_without_repeating_or_leaving_out(room: Room) -> None:
    made = [room.smoke()["id"] for _ in range(5)]
    found: list[str] = []
    cursor: str | None = None
    while True:
        page = (
            room.client().get("/api/v1/incidents", params={"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        )
        found += [each["id"] for each in page["items"]]
        if len(found) == 2:
            room.smoke()  # what comes in at the head meanwhile moves nothing
        cursor = page["next"]
        if cursor is None:
            break
    assert len(found) == len(set(found))
    assert set(made) <= set(found)


def test_a_cursor_of_nowhere_is_a_bad_request(room: Room) -> None:
    answer = room.client().get("/api/v1/incidents", params={"cursor": "'; drop table incidents"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["where"] == "query.cursor"


def test_filters_hold(room: Room) -> None:
    incident = room.smoke()
    get = room.client().get
    ask = {"site": incident["site"]}
    assert len(get("/api/v1/incidents", params={**ask, "kind": "fire", "level": "orange"}).json()["items"]) == 1
    assert get("/api/v1/incidents", params={**ask, "kind": "road"}).json()["items"] == []
    assert get("/api/v1/incidents", params={**ask, "level": "red"}).json()["items"] == []
    later = time_to_text(room.hub.parts.clock.now() + timedelta(minutes=1))
    assert get("/api/v1/incidents", params={**ask, "from": later}).json()["items"] == []
    assert get("/api/v1/incidents", params={**ask, "from": "2026-03-01T00:00:00"}).status_code == 422
    assert get("/api/v1/alerts", params={**ask, "condition": "active"}).json()["items"][0]["kind"] == "fire.smoke"


def test_an_alert_from_a_camera_keeps_the_picture_of_its_moment(room: Room) -> None:
    event = room.say("camera.fire", "cam-1", camera="cam-1", site="crossing", reasons="colour")
    incident = room.wait_for(lambda: room.incident_at("crossing"))
    shown = room.wait_for(lambda: room.client().get(f"/api/v1/incidents/{incident['id']}").json()["still"])
    assert ("cam-1", event.id) in room.cameras.asked
    picture = room.client().get(shown)
    assert picture.headers["content-type"] == "image/jpeg"
    assert picture.content == JPEG_OF
    assert room.client().get(f"/api/v1/incidents/{incident['id']}/still.jpg").content == JPEG_OF
    assert room.client(None).get(shown).status_code == 401


def test_what_is_merged_answers_with_the_incident_that_goes_on(room: Room) -> None:
    first, second = room.smoke(), room.smoke()
    answer = _post(room, second, "merge", {"into": first["id"]})
    assert answer.status_code == 200
    assert (answer.json()["id"], answer.json()["alert_count"]) == (first["id"], 2)
    refused = _post(room, first, "split", {"alerts": ["nothing of it"]})
    assert refused.status_code == 409
    assert "name alerts of incident" in refused.json()["detail"]


def test_what_is_put_aside_says_who_hid_it_and_why(room: Room) -> None:
    incident = room.smoke()
    answer = _post(room, incident, "shelve", {"reason": "chaff burning behind the house"})
    assert answer.status_code == 200
    assert (answer.json()["display"], answer.json()["hidden_why"]) == ("shelved", "chaff burning behind the house")
    assert "unshelve" in answer.json()["allowed"]
    assert _post(room, incident, "unshelve").json()["display"] == "shown"


def test_the_open_ones_are_counted_by_handling_and_level(room: Room) -> None:
    first, second = room.smoke(), room.smoke()
    _post(room, first, "acknowledge")
    here = {"site": [first["site"], second["site"]]}
    counts = room.client().get("/api/v1/incidents/count", params=here).json()
    assert counts == {"total": 2, "by_handling": {"new": 1, "seen": 1}, "by_level": {"orange": 2}}
    elsewhere = room.client().get("/api/v1/incidents/count", params={"site": "nowhere"}).json()
    assert elsewhere == {"total": 0, "by_handling": {}, "by_level": {}}
