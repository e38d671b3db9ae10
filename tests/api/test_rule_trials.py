"""Trying rules out over HTTP: their tests, backtests beside the hub, and what rang nowhere."""

from __future__ import annotations

from typing import Any

from hub.access import Role
from tests.api.room import Room

YAML = {"Content-Type": "application/yaml"}
RULE = """\
- rule: door.tried
  state: shadow
  name: {zh: 门开, en: Door open}
  raises: {kind: door.left_open, severity: blue}
  for_each: device
  when:
    event: {kind: door, where: {open: true}}
  say: {zh: "{device} 开着", en: "{device} is open"}
  do: {zh: 看, en: Look}
"""
NIGHT = RULE.replace("door.tried", "door.never").replace("state: shadow", "only: {calendar: never}")
TEST = """\
- name: an open door
  rules: [door.tried]
  feed: [{at: 1s, kind: door, device: d, open: true}]
  expect: [{at: 1s, shadow: [{kind: door.left_open, key: d, severity: SEVERITY}]}]
"""


def add(room: Room, text: str) -> None:
    room.client(Role.SUPERVISOR).post("/api/v1/rules", content=text, headers=YAML)


def test_a_rule_is_read_as_yaml_and_as_json_and_all_its_mistakes_are_named(room: Room) -> None:
    client, path = room.client(), "/api/v1/rules/check"
    read = client.post(path, content=RULE, headers=YAML).json()
    assert (read["mistakes"], read["body"]["when"]["event"]["kind"]) == ([], "door")
    read["body"]["when"]["event"]["kind"] = "motion"
    again = client.post(path, json=read["body"]).json()
    assert "kind: motion" in again["text"]
    assert again["body"] == read["body"]
    bad = client.post(path, content=RULE.replace("severity: blue", "severity: mauve"), headers=YAML).json()
    [mistake] = bad["mistakes"]
    assert (mistake["where"], mistake["line"]) == ("raises.severity", 4)
    assert mistake["message_zh"].startswith("`mauve` 无效；请写")
    assert bad["body"]["raises"]["severity"] == "mauve"
    broken = client.post(path, content="rule: [", headers=YAML).json()
    assert (broken["body"], len(broken["mistakes"])) == (None, 1)
    other = client.post(path, params={"rule": "water.leak"}, content=RULE, headers=YAML).json()
    assert other["mistakes"][0]["where"] == "rule"
    assert client.get("/api/v1/rules/door.tried").status_code == 404


def test_an_operator_runs_the_tests_beside_a_rule_and_tests_of_a_change(room: Room) -> None:
    client = room.client()
    beside = client.post("/api/v1/rules/fire.smoke_sensor/test").json()
    assert beside["passed"] >= 1
    assert beside["failed"] == 0
    text = client.get("/api/v1/rules/fire.smoke_sensor").json()["text"]
    deaf = text.replace("alarm: true", "alarm: false")
    changed = client.post("/api/v1/rules/fire.smoke_sensor/test", json={"rule": deaf}).json()
    assert changed["failed"] >= 1
    misses = [miss for each in changed["tests"] for miss in each["misses"]]
    assert {miss["what"] for miss in misses} <= {"active", "returned", "withheld", "shadow", "unknown"}
    assert client.get("/api/v1/rules/fire.smoke_sensor").json()["text"] == text


def test_tests_in_the_body_run_and_mistakes_in_them_are_named(room: Room) -> None:
    add(room, RULE)
    path = "/api/v1/rules/door.tried/test"
    good = room.client().post(path, json={"tests": TEST.replace("SEVERITY", "blue")}).json()
    assert (good["passed"], good["failed"], good["tests"][0]["file"]) == (1, 0, "body")
    bad = room.client().post(path, json={"tests": TEST.replace("SEVERITY", "red")}).json()
    [miss] = bad["tests"][0]["misses"]
    assert (miss["got"], miss["got_zh"]) == ("door.left_open of d blue", "d 的 door.left_open blue")
    wrong = room.client().post(path, json={"tests": TEST.replace("SEVERITY", "mauve")})
    [error] = wrong.json()["errors"]
    assert (wrong.status_code, error["line"]) == (422, 4)
    assert error["message_zh"] == "`mauve` 无效；请写 green、blue、yellow、orange、red 之一"


def test_a_backtest_says_what_a_changed_rule_would_have_raised(room: Room) -> None:
    add(room, RULE)
    event = room.say("door", "d-back", open=True)
    changed = RULE.replace("severity: blue", "severity: orange")
    begun = room.client().post("/api/v1/rules/door.tried/backtest", json={"rule": changed})
    assert begun.status_code == 202, begun.text
    found = done(room, begun.headers["Location"])
    assert (found["state"], found["progress"], found["who"]) == ("done", 1.0, "operator-1")
    [case] = [each for each in found["found"]["alerts"] if each["key"] == "d-back"]
    assert (case["events"], case["level"]) == ([event.id], "orange")
    assert room.client().get("/api/v1/rules/backtests").json()["items"][0]["id"] == found["id"]


def done(room: Room, path: str) -> dict[str, Any]:
    """The backtest when it is over."""

    def over() -> dict[str, Any] | None:
        body: dict[str, Any] = room.client().get(path).json()
        return None if body["state"] == "running" else body

    found: dict[str, Any] = room.wait_for(over)
    return found


def test_one_backtest_runs_at_a_time_and_can_be_cancelled(room: Room) -> None:
    first = room.client().post("/api/v1/rules/water.leak/backtest")
    second = room.client().post("/api/v1/rules/water.leak/backtest")
    assert (first.status_code, second.status_code) == (202, 429)
    assert "Retry-After" in second.headers
    cancelled = room.client().delete(first.headers["Location"])
    assert cancelled.json()["state"] == "cancelled"
    assert room.client().get(first.headers["Location"]).json()["state"] == "cancelled"
    assert room.client().post("/api/v1/rules/water.leak/backtest").status_code == 202


def test_a_backtest_of_a_bad_rule_or_time_never_begins(room: Room) -> None:
    path = "/api/v1/rules/water.leak/backtest"
    assert room.client().post(path, json={"rule": "rule: water.leak"}).status_code == 422
    times = {"since": "2026-03-02T00:00:00Z", "until": "2026-03-01T00:00:00Z"}
    assert room.client().post(path, json=times).status_code == 422
    assert room.client().post("/api/v1/rules/none/backtest").status_code == 404
    assert room.client().get("/api/v1/rules/backtests/none").status_code == 404


def test_what_a_rule_would_have_raised_from_the_shadow_is_listed_and_then_it_goes_live(room: Room) -> None:
    add(room, RULE)
    room.say("door", "d-shade", open=True)
    path = "/api/v1/rules/door.tried"
    page = room.wait_for(lambda: listed(room, f"{path}/shadow", "d-shade"))
    [item] = [each for each in page["items"] if each["key"] == "d-shade"]
    assert (item["kind"], item["level"], item["text"]["en"]) == ("door.left_open", "blue", "d-shade is open")
    assert sum(each["count"] for each in page["days"]) == len(page["items"])
    assert room.client().get("/api/v1/rules/door.tried").json()["counters"]["shadow"] >= 1
    assert not [each for each in room.client().get("/api/v1/alerts").json()["items"] if each["key"] == "d-shade"]
    promoted = room.client(Role.SUPERVISOR).patch(path, json={"state": "live", "reason": "seen enough"})
    assert promoted.json()["state"] == "live"
    room.say("door", "d-live", open=True)
    room.wait_for(
        lambda: [each for each in room.client().get("/api/v1/alerts").json()["items"] if each["key"] == "d-live"]
    )
    room.client(Role.SUPERVISOR).patch(path, json={"state": "shadow"})


def listed(room: Room, path: str, key: str) -> dict[str, Any] | None:
    page: dict[str, Any] = room.client().get(path).json()
    return page if key in {each["key"] for each in page["items"]} else None


def test_what_was_withheld_is_listed_with_why(room: Room) -> None:
    clock = room.hub.parts.clock.now()
    away = (clock.hour + 12) % 24
    add(room, NIGHT.replace("{calendar: never}", f'{{between: "{away:02}:00-{away:02}:59"}}'))
    room.say("door", "d-held", open=True)
    page = room.wait_for(lambda: listed(room, "/api/v1/rules/door.never/withheld", "d-held"))
    [item] = [each for each in page["items"] if each["key"] == "d-held"]
    assert item["because"]["en"].startswith("it counts only at")
    first = room.client().get("/api/v1/rules/door.never/withheld", params={"limit": 1}).json()
    assert len(first["items"]) == 1
    assert room.client().get("/api/v1/rules/none/withheld").status_code == 404


def test_the_feed_tells_of_the_shadow_only_when_it_is_asked_for(room: Room) -> None:
    add(room, RULE)
    room.say("door", "d-feed", open=True)
    room.wait_for(lambda: listed(room, "/api/v1/rules/door.tried/shadow", "d-feed"))
    asked = {"topics": "shadow,withheld"}
    with room.client().stream("GET", "/api/v1/feed", params=asked, headers={"Last-Event-ID": "0"}) as stream:
        topics = next(line for line in stream.iter_lines() if line.startswith("event: ") and "hello" not in line)
    assert topics in ("event: shadow", "event: withheld")
    assert room.client().get("/api/v1/feed", params={"topics": "secret"}).status_code == 422


def test_why_a_rule_did_not_ring_is_told_from_what_is_stored(room: Room) -> None:
    room.say("smoke", "home-30-smoke", site="home-30", alarm=False)
    path = "/api/v1/rules/fire.smoke_sensor/why-not"
    answer = room.client().get(path, params={"key": "home-30"}).json()
    assert (answer["rang"], answer["heard"], answer["findings"][0]["code"]) == (False, 1, "not_met")
    assert answer["text"]["en"].endswith("smoke: alarm no, wanted yes")
    assert answer["text"]["zh"].endswith("烟雾：报警 否，要求 是")
    room.say("smoke", "home-30-smoke", site="home-30", alarm=True)
    again = room.client().get(path, params={"key": "home-30"}).json()
    assert (again["rang"], again["findings"][0]["code"]) == (True, "stands")
    before = room.client().get(path, params={"key": "home-30", "at": "2026-01-01T00:00:00Z"}).json()
    assert before["findings"][0]["code"] == "absent"
    assert room.client().get(path, params={"key": "home-31"}).json()["findings"][0]["code"] == "not_heard"
    assert room.client().get(path, params={"key": "nowhere"}).json()["findings"][0]["code"] == "no_such_key"
    of_devices = "/api/v1/rules/door.left_open/why-not"
    assert room.client().get(of_devices, params={"key": "home-30"}).json()["findings"][0]["code"] == "no_such_key"


def test_a_silent_device_and_a_rule_that_was_off_are_told(room: Room) -> None:
    room.say("sensor.health", "home-32-smoke", site="home-32", state="offline", reason="test")
    path = "/api/v1/rules/fire.smoke_sensor/why-not"
    answer = room.client().get(path, params={"key": "home-32"}).json()
    assert "home-32-smoke was offline since" in answer["text"]["en"]
    add(room, RULE)
    room.client(Role.SUPERVISOR).patch("/api/v1/rules/door.tried", json={"state": "off"})
    answer = room.client().get("/api/v1/rules/door.tried/why-not", params={"key": "d-1"}).json()
    assert answer["findings"][0]["code"] == "off"
    room.client(Role.SUPERVISOR).patch("/api/v1/rules/door.tried", json={"state": "shadow"})
    assert room.client().get("/api/v1/rules/none/why-not", params={"key": "d"}).status_code == 404
    naive = {"key": "d", "at": "2026-01-01T00:00:00"}
    assert room.client().get("/api/v1/rules/door.tried/why-not", params=naive).status_code == 422
