"""Why an alert was raised, as the API tells it."""

from __future__ import annotations

from tests.api.room import Room


def test_an_alert_says_why_in_words_with_the_events_that_spoke(room: Room) -> None:
    incident = room.smoke()
    [alert] = room.client().get(f"/api/v1/incidents/{incident['id']}").json()["alerts"]
    answer = room.client().get(f"/api/v1/alerts/{alert['id']}/why")
    assert answer.status_code == 200
    body = answer.json()
    assert (body["alert"], body["rule"], body["rules"]) == (alert["id"], "fire.smoke_sensor", ["fire.smoke_sensor"])
    assert body["text"]["en"].endswith("smoke (alarm yes); once observed is enough")
    assert body["text"]["zh"].endswith("烟雾（报警 是）；观察到一次即报警")
    assert body["written"].startswith("- rule: fire.smoke_sensor\n")
    assert body["says"] == alert["text"]
    [spoke] = body["events"]
    assert (spoke["kind"], spoke["fields"]) == ("smoke", {"alarm": True})
    assert spoke["text"]["en"].endswith("smoke: alarm yes")
    assert spoke["text"]["zh"].endswith("烟雾：报警 是")
    assert body["gone"] == 0


def test_an_alert_that_is_not_there_has_no_why(room: Room) -> None:
    assert room.client().get("/api/v1/alerts/none/why").status_code == 404
