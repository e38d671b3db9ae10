"""Rules over HTTP: read, changed, versioned and swapped in the running engine."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from hub.access import Role
from tests.api.room import Room

ID = "door.ajar"
RULE = """\
- rule: door.ajar
  version: 1    # the first
  name: {zh: 门开, en: Door open}
  raises: {kind: door.left_open, severity: blue}
  for_each: device
  when:
    event: {kind: door, where: {open: true}}
  say: {zh: "{device} 开着", en: "{device} is open"}
  do: {zh: 看, en: Look}
"""
YAML = {"Content-Type": "application/yaml"}


def supervisor(room: Room) -> httpx.Client:
    return room.client(Role.SUPERVISOR)


@pytest.fixture
def added(room: Room) -> httpx.Response:
    """A rule of one's own, as nobody has changed it yet."""
    client = supervisor(room)
    found = client.get(f"/api/v1/rules/{ID}")
    if found.status_code == 200:
        client.delete(f"/api/v1/rules/{ID}", headers={"If-Match": found.headers["ETag"]})
    answer = client.post(
        "/api/v1/rules",
        content=RULE.replace("version: 1 ", f"version: {next_version(room)} "),
        headers=YAML,
        params={"reason": "a test"},
    )
    assert answer.status_code == 201, answer.text
    return answer


def next_version(room: Room) -> int:
    answer = supervisor(room).get(f"/api/v1/rules/{ID}/versions")
    return 1 if answer.status_code == 404 else max(each["version"] for each in answer.json()["items"]) + 1


def one(room: Room, rule: str = ID) -> dict[str, Any]:
    body: dict[str, Any] = room.client().get(f"/api/v1/rules/{rule}").json()
    return body


def test_an_operator_reads_all_rules_with_what_came_of_each(room: Room) -> None:
    incident = room.smoke()
    items = room.client().get("/api/v1/rules", params={"limit": 500}).json()["items"]
    assert [each["id"] for each in items] == sorted(each["id"] for each in items)
    [smoke] = [each for each in items if each["id"] == "fire.smoke_sensor"]
    assert (smoke["source"], smoke["changed"], smoke["shape"], smoke["level"]) == ("shipped", False, "event", "orange")
    assert (smoke["kind"], smoke["kind_name"]["en"]) == ("fire.smoke", "Smoke detector alarm")
    assert smoke["counters"]["raised"] >= 1
    assert smoke["counters"]["last_raised"] >= incident["opened"]
    shadows = room.client().get("/api/v1/rules", params={"state": "shadow", "limit": 500}).json()["items"]
    assert {each["state"] for each in shadows} == {"shadow"}


def test_observations_that_a_rule_could_not_judge_are_counted(room: Room) -> None:
    room.say("smoke", "home-40-smoke", site="home-40", concentration=1.0)
    room.wait_for(lambda: one(room, "fire.smoke_sensor")["counters"]["unknown"])


@pytest.mark.usefixtures("added")
def test_a_rule_is_read_as_it_was_written(room: Room) -> None:
    body = one(room)
    assert "# the first" in body["text"]
    assert body["body"]["when"] == {"event": {"kind": "door", "where": {"open": True}}}
    assert (body["source"], body["author"], body["reason"]) == ("own", "supervisor-1", "a test")


@pytest.mark.usefixtures("added")
def test_a_new_rule_rings_at_once_and_a_change_tells_with_the_next_event(room: Room) -> None:
    room.say("door", "d-1", open=True)
    room.wait_for(lambda: [each for each in alerts(room) if each["key"] == "d-1"])
    client = supervisor(room)
    body, etag = one(room), client.get(f"/api/v1/rules/{ID}").headers["ETag"]
    text = body["text"].replace("severity: blue", "severity: yellow").replace("version", "# version")
    answer = client.put(f"/api/v1/rules/{ID}", content=text, headers={**YAML, "If-Match": etag})
    assert answer.status_code == 200, answer.text
    assert answer.json()["version"] == body["version"] + 1
    room.say("door", "d-2", open=True)
    [second] = room.wait_for(lambda: [each for each in alerts(room) if each["key"] == "d-2"])
    assert (second["level"], second["rule_version"]) == ("yellow", body["version"] + 1)
    assert [each["condition"] for each in alerts(room) if each["key"] == "d-1"] == ["active"]


def alerts(room: Room) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = room.client().get("/api/v1/alerts", params={"kind": "door.left_open"}).json()["items"]
    return found


def test_a_change_names_what_it_was_made_from(room: Room, added: httpx.Response) -> None:
    client, path, body = supervisor(room), f"/api/v1/rules/{ID}", added.json()
    assert client.put(path, content=body["text"], headers=YAML).status_code == 428
    assert client.delete(path).status_code == 428
    stale = added.headers["ETag"]
    changed = client.patch(path, json={"state": "off", "reason": "noisy"}, headers={"If-Match": stale})
    assert changed.json()["state"] == "off"
    refused = client.put(path, content=body["text"], headers={**YAML, "If-Match": stale})
    assert (refused.status_code, refused.json()["current"]["state"]) == (412, "off")
    assert refused.headers["ETag"] == changed.headers["ETag"]


def test_a_version_with_other_content_is_refused(room: Room, added: httpx.Response) -> None:
    text = added.json()["text"].replace("blue", "red")
    headers = {**YAML, "If-Match": added.headers["ETag"]}
    answer = supervisor(room).put(f"/api/v1/rules/{ID}", content=text, headers=headers)
    assert answer.status_code == 409
    assert "stands for other content already; write version:" in answer.json()["detail"]


def test_all_mistakes_are_named_with_their_lines(room: Room) -> None:
    bad = (
        RULE.replace("door.ajar", "door.bad")
        .replace("severity: blue", "severity: mauve")
        .replace("open: true", "open: '> x'")
    )
    answer = supervisor(room).post("/api/v1/rules", content=bad, headers=YAML)
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:hub:problem:configuration")
    found = [(each["where"], each["line"]) for each in answer.json()["errors"]]
    assert found == [("raises.severity", 4), ("when.event.where.open", 7)]
    broken = supervisor(room).post("/api/v1/rules", content="rule: [}", headers=YAML)
    assert (broken.status_code, broken.json()["errors"][0]["line"]) == (422, 1)


def test_a_rule_comes_as_json_too_and_other_kinds_of_body_do_not(room: Room, added: httpx.Response) -> None:
    client, path = supervisor(room), f"/api/v1/rules/{ID}"
    body = {**added.json()["body"], "name": "Door"}
    del body["version"]
    answer = client.put(path, json=body, headers={"If-Match": added.headers["ETag"]})
    assert (answer.status_code, answer.json()["name"]["en"]) == (200, "Door")
    tag = {"If-Match": answer.headers["ETag"]}
    assert client.put(path, content=b"x", headers={**tag, "Content-Type": "image/png"}).status_code == 415
    assert client.put(path, json=[body], headers=tag).status_code == 422
    nan = json.dumps({**body, "version": float("nan")})
    assert client.put(path, content=nan, headers={**tag, "Content-Type": "application/json"}).status_code == 422


def test_versions_are_kept_and_an_earlier_one_comes_back(room: Room, added: httpx.Response) -> None:
    client, path, first = supervisor(room), f"/api/v1/rules/{ID}", added.json()
    text = first["text"].replace("blue", "yellow").replace("version", "# version")
    client.put(path, content=text, headers={**YAML, "If-Match": added.headers["ETag"]}, params={"reason": "louder"})
    answer = client.post(f"{path}/rollback", json={"version": first["version"], "reason": "too loud"})
    assert (answer.json()["version"], answer.json()["level"], answer.json()["reason"]) == (
        first["version"],
        "blue",
        "too loud",
    )
    reasons = [each["reason"] for each in client.get(f"{path}/versions").json()["items"]]
    assert reasons[:3] == ["too loud", "louder", "a test"]
    assert client.post(f"{path}/rollback", json={"version": 999}).status_code == 404


def test_a_shipped_rule_is_switched_off_and_ones_own_goes(room: Room, added: httpx.Response) -> None:
    client = supervisor(room)
    tag = {"If-Match": added.headers["ETag"]}
    assert client.delete(f"/api/v1/rules/{ID}", headers=tag, params={"reason": "done"}).status_code == 204
    assert client.get(f"/api/v1/rules/{ID}").status_code == 404
    assert client.get(f"/api/v1/rules/{ID}/versions").json()["items"][0]["state"] == "removed"
    shipped = "/api/v1/rules/water.leak"
    tag = {"If-Match": client.get(shipped).headers["ETag"]}
    assert client.delete(shipped, headers=tag).status_code == 204
    assert (one(room, "water.leak")["state"], one(room, "water.leak")["changed"]) == ("off", True)


@pytest.mark.parametrize(
    ("role", "reads", "edits"),
    [
        (Role.ADMINISTRATOR, True, True),
        (Role.SUPERVISOR, True, True),
        (Role.INTEGRATOR, True, True),
        (Role.OPERATOR, True, False),
        (Role.RESIDENT, False, False),
        (None, False, False),
    ],
)
def test_who_may_read_and_who_may_edit(room: Room, role: Role | None, *, reads: bool, edits: bool) -> None:
    client = room.client(role)
    assert (client.get("/api/v1/rules").status_code == 200) is reads
    answer = client.patch("/api/v1/rules/gas.repeated", json={"state": "live"})
    assert (answer.status_code == 200) is edits


def test_the_journal_and_the_feed_tell_who_changed_what_and_why(room: Room, added: httpx.Response) -> None:
    place = room.hub.parts.alerts.newest_seq() - 1
    lines: list[str] = []
    with room.client().stream("GET", "/api/v1/feed", headers={"Last-Event-ID": str(place)}) as stream:
        for line in stream.iter_lines():
            lines.append(line)
            if line.startswith("data:") and '"rule"' in line and "subject" in line:
                break
    told = json.loads(lines[-1].removeprefix("data: "))
    assert (told["topic"], told["subject"], told["move"], told["who"], told["note"]) == (
        "rule",
        ID,
        "added",
        "supervisor-1",
        "a test",
    )
    assert told["body"]["revision"] == added.json()["revision"]
