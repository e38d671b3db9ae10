"""The resident decides, over HTTP: consent, who may watch, break-glass, shares, who watched, one's data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from config.analysing import Analyse
from config.community import (
    Area,
    Camera,
    Community,
    Contact,
    Name,
    Notifier,
    Ring,
    Sensor,
    Site,
    Stream,
)
from hub.access import Role
from hub.events import time_to_text
from tests.api.room import PASSWORD, Room, open_room

ALL = {"analyse": "all", "watch": "always", "keep_days": None}


def there() -> Community:
    """Home 1 has Li and Mei, home 2 has Sun; nobody lives at home 3 by account."""
    names = {"home-1": "1号", "home-2": "2号", "home-3": "3号"}
    return Community(
        areas=(Area(id="village", name=Name(zh="大坪村", en="Village")),),
        sites=(
            *(Site(id=each, name=Name(zh=zh, en=each), area="village") for each, zh in names.items()),
            Site(id="crossing", name=Name(zh="村口", en="Crossing"), area="village", ring=Ring.ROAD),
        ),
        cameras=tuple(
            Camera(id=f"{site}-cam", site=site, main=Stream(url=f"rtsp://192.0.2.1/{site}"))
            for site in (*names, "crossing")
        ),
        sensors=tuple(Sensor(id=f"{site}-smoke", site=site, kinds=("smoke",)) for site in names),
        notifiers=(Notifier(id="phones", kind="mqtt", people=True, options={"topic": "told/{site}"}),),
        contacts=(
            Contact(account="li", sites=("home-1",)),
            Contact(account="mei", sites=("home-1",)),
            Contact(account="sun", sites=("home-2",)),
        ),
    )


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    made = open_room(tmp_path_factory.mktemp("home"), there=there())
    yield made
    made.close()


@pytest.fixture
def li(room: Room) -> httpx.Client:
    return room.person("li", Role.RESIDENT)


@pytest.fixture
def lin(room: Room) -> httpx.Client:
    """An operator."""
    return room.person("lin", Role.OPERATOR)


def decide(client: httpx.Client, camera: str = "home-1-cam", **body: Any) -> httpx.Response:
    return client.put(f"/cameras/{camera}/consent", json=ALL | body)


def sees_live(client: httpx.Client, camera: str = "home-1-cam") -> bool:
    """For waiting: a still and live are two questions, and something may change between them."""
    return client.post(f"/cameras/{camera}/live", json={}).status_code == 200


def sees(client: httpx.Client, camera: str = "home-1-cam") -> bool:
    answers = {
        client.get(f"/cameras/{camera}/still.jpg").status_code == 200,
        client.post(f"/cameras/{camera}/live", json={}).status_code == 200,
    }
    assert len(answers) == 1, "a still and live go together"
    return answers.pop()


# --- who decides ---


def test_a_claimed_home_is_shut_until_somebody_decides_and_others_are_not(room: Room, lin: httpx.Client) -> None:
    assert not sees(lin, "home-2-cam"), "Sun lives there and has not decided"
    assert sees(lin, "home-3-cam"), "nobody lives there by account"
    assert sees(lin, "crossing-cam"), "a road is nobody's home"
    running = room.hub.parts.households.current()
    assert {each.id: each.analyse for each in running.cameras} | {"home-1-cam": None} == {
        "home-1-cam": None,
        "home-2-cam": Analyse.SAFETY,
        "home-3-cam": Analyse.ALL,
        "crossing-cam": Analyse.ALL,
    }


def test_a_decision_counts_at_once_for_cameras_and_for_the_room(
    room: Room, li: httpx.Client, lin: httpx.Client
) -> None:
    assert decide(li, watch="always").status_code == 200
    assert sees(lin)
    answer = decide(li, analyse="nothing", watch="never", keep_days=3)
    assert answer.status_code == 200
    assert not sees(lin)
    assert sees(li), "the own home is never shut"
    applied = room.cameras.applied[-1]
    camera = applied.camera("home-1-cam")
    assert camera is not None
    assert (camera.analyse, camera.detectors) == (Analyse.NOTHING, ())
    assert applied.policy_of(camera).keep_days == 3
    desk = room.hub.parts.recordings
    assert desk.caretaker is not None
    stored = room.hub.parts.revisions.current().camera("home-1-cam")
    assert stored is not None
    assert stored.detectors, "the settings themselves stay as they are"


def test_every_decision_is_a_version_and_a_late_one_is_refused(li: httpx.Client, room: Room) -> None:
    first = li.get("/cameras/home-1-cam/consent")
    mei = room.person("mei", Role.RESIDENT)
    answer = mei.put("/cameras/home-1-cam/consent", json=ALL, headers={"If-Match": first.headers["ETag"]})
    assert answer.status_code == 200
    late = li.put(
        "/cameras/home-1-cam/consent",
        json=ALL | {"watch": "never"},
        headers={"If-Match": first.headers["ETag"]},
    )
    assert late.status_code == 409
    now = li.get("/cameras/home-1-cam/consent").json()
    assert (now["watch"], now["author"]) == ("always", "mei")
    assert now["before"][0]["version"] == now["version"] - 1


@pytest.mark.parametrize("camera", ["home-2-cam", "home-3-cam", "crossing-cam", "missing"])
def test_nobody_decides_for_another_home_and_none_is_told_apart_from_a_missing_one(
    li: httpx.Client, camera: str
) -> None:
    answers = [
        decide(li, camera),
        li.get(f"/cameras/{camera}/consent"),
        li.get(f"/cameras/{camera}/shares"),
        li.get(f"/cameras/{camera}/views"),
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert answers[0].json()["detail"] == f"no camera '{camera}' of yours"


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.SUPERVISOR, Role.OPERATOR, Role.RESPONDER, Role.INTEGRATOR])
def test_no_role_of_the_room_decides_for_a_household(room: Room, role: Role) -> None:
    client = room.client(role)
    assert client.put("/api/v1/cameras/home-1-cam/consent", json=ALL).status_code == 403


@pytest.mark.parametrize(
    "body",
    [{"watch": "sometimes"}, {"analyse": None}, {"keep_days": -1}, {"keep_days": 4000}, {"keep_days": 1.5}, {"x": 1}],
)
def test_a_decision_that_makes_no_sense_changes_nothing(li: httpx.Client, body: dict[str, Any]) -> None:
    before = li.get("/cameras/home-1-cam/consent").headers["ETag"]
    assert decide(li, **body).status_code == 422
    assert li.get("/cameras/home-1-cam/consent").headers["ETag"] == before


def test_the_room_reads_why_it_sees_nothing(li: httpx.Client, lin: httpx.Client) -> None:
    decide(li, analyse="safety", watch="incident")
    listed = {each["id"]: each for each in lin.get("/cameras").json()["items"]}
    assert {name: (each["watching"], each["analyse"]) for name, each in listed.items()} == {
        "home-1-cam": ("incident", "safety"),
        "home-2-cam": ("never", "safety"),
        "home-3-cam": ("unclaimed", "all"),
        "crossing-cam": (None, "all"),
    }


def test_events_of_a_camera_that_may_not_be_analysed_come_to_nothing_whoever_tells_them(
    room: Room, li: httpx.Client
) -> None:
    decide(li, analyse="nothing")
    log = room.hub.parts.event_log
    newest = log.newest_seq()
    room.say("camera.fire", "home-1-cam", camera="home-1-cam", site="home-1")
    room.say("camera.review", "home-1-cam", camera="home-1-cam", site="home-1", severity="alert")
    room.say("camera.health", "home-1-cam", camera="home-1-cam", site="home-1", state="offline")
    room.say("camera.person", "home-3-cam", camera="home-3-cam", site="home-3")
    kinds = [stored.event.kind for stored in log.after(newest, 10)]
    assert kinds == ["camera.health", "camera.person"]


# --- during an incident ---


def test_an_open_incident_opens_the_camera_and_settling_it_shuts_it(
    room: Room, li: httpx.Client, lin: httpx.Client
) -> None:
    decide(li, watch="incident")
    assert not sees(lin)
    room.say("smoke", "home-1-smoke", site="home-1", alarm=True)
    incident = room.wait_for(lambda: room.incident_at("home-1"))
    assert sees(lin)
    assert not sees(lin, "home-2-cam"), "an incident next door opens nothing"
    for each in lin.get("/incidents", params={"site": "home-1", "state": "open"}).json()["items"]:
        lin.post(f"/incidents/{each['id']}/resolve", json={"verdict": "test", "note": "drill"}).raise_for_status()
    assert incident["id"]
    assert not sees(lin)


def test_an_incident_of_a_device_alone_opens_no_picture(room: Room, lin: httpx.Client) -> None:
    sun = room.person("sun", Role.RESIDENT)
    decide(sun, "home-2-cam", watch="incident")
    room.say("battery_low", "home-2-smoke", site="home-2", low=True)
    room.wait_for(lambda: room.incident_at("home-2"))
    assert not sees(lin, "home-2-cam")
    room.say("smoke", "home-2-smoke", site="home-2", alarm=True)
    room.wait_for(lambda: sees_live(lin, "home-2-cam"))


def report(client: httpx.Client, site: str, category: str, number: int) -> dict[str, Any]:
    body = {"client_id": f"told-{number}", "category": category, "site": site, "text": "loud bang"}
    answer = client.post("/reports", data=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def settle(client: httpx.Client, site: str) -> None:
    for each in client.get("/incidents", params={"site": site, "state": "open"}).json()["items"]:
        body = {"verdict": "test", "note": "drill"}
        client.post(f"/incidents/{each['id']}/resolve", json=body).raise_for_status()


def test_the_room_opens_no_household_by_a_report_of_its_own(room: Room, lin: httpx.Client) -> None:
    """Others' reports open it, but for who wrote them; requests open nothing."""
    sun, chief = room.person("sun", Role.RESIDENT), room.person("chief", Role.SUPERVISOR)
    patrol = room.person("patrol", Role.RESPONDER)
    decide(sun, "home-2-cam", watch="incident")
    settle(lin, "home-2")
    report(lin, "home-2", "fire", 1)
    report(chief, "home-2", "stranger", 2)
    assert not sees(lin, "home-2-cam")
    assert not sees(chief, "home-2-cam"), "nor by that of a colleague"
    report(room.person("li", Role.RESIDENT), "home-2", "noise", 3)
    assert not sees(lin, "home-2-cam"), "a request is no incident"
    report(patrol, "home-2", "fire", 4)
    assert sees(lin, "home-2-cam"), "who saw it himself, and does not look"
    settle(lin, "home-2")
    assert not sees(lin, "home-2-cam")
    report(sun, "home-2", "help", 5)
    assert sees(lin, "home-2-cam"), "who lives there calls for help"
    settle(lin, "home-2")


def test_what_a_device_tells_elsewhere_opens_no_household_that_the_room_named(room: Room, lin: httpx.Client) -> None:
    """A report of the room and an alert of a device nearby become one incident."""
    sun = room.person("sun", Role.RESIDENT)
    decide(sun, "home-2-cam", watch="incident")
    settle(lin, "home-2")
    report(lin, "home-2", "fire", 6)
    room.say("smoke", "home-3-smoke", site="home-3", alarm=True)
    own = lin.get("/incidents", params={"site": "home-2", "state": "open"}).json()["items"][0]["id"]
    other = room.wait_for(lambda: room.incident_at("home-3"))["id"]
    if other != own:
        body = {"into": own, "note": "the same fire"}
        lin.post(f"/incidents/{other}/merge", json=body).raise_for_status()
    assert not sees(lin, "home-2-cam")
    settle(lin, "home-2")


# --- break-glass ---


def test_glass_is_broken_with_a_reason_for_a_while_and_the_household_is_told(
    room: Room, li: httpx.Client, lin: httpx.Client
) -> None:
    decide(li, watch="never")
    wang = room.person("wang", Role.OPERATOR)
    li.put(
        "/me/notifications",
        json={"language": "both", "channels": [{"via": "phones", "address": "li-phone"}]},
    )
    why = "邻居报告屋内有人呼救 / calls for help"
    answer = lin.post("/cameras/home-1-cam/break-glass", json={"reason": why})
    assert answer.status_code == 201
    assert answer.json()["open"] is True
    assert sees(lin)
    assert not sees(wang), "it is for who said why, not for the room"
    assert lin.post("/cameras/home-1-cam/break-glass", json={"reason": why}).status_code == 409
    told = room.wait_for(lambda: room.hub.parts.delivery.ledger(account="li") or None)
    assert told[0].move == "glass_broken"
    assert "lin" in told[0].text
    assert why in told[0].text
    assert "您家" in told[0].text
    shown = li.get("/me/home").json()["homes"][0]["glass"][0]
    assert (shown["who"], shown["reason"], shown["open"]) == ("lin", why, True)
    ended = lin.request("DELETE", "/cameras/home-1-cam/break-glass")
    assert ended.status_code == 200
    assert not sees(lin)
    assert lin.request("DELETE", "/cameras/home-1-cam/break-glass").status_code == 404
    again = lin.post("/cameras/home-1-cam/break-glass", json={"reason": why})
    assert again.status_code == 201, "when it is over it can be said again"
    lin.request("DELETE", "/cameras/home-1-cam/break-glass")


@pytest.mark.parametrize("reason", ["", "short", "         . ", "x" * 501])
def test_glass_is_not_broken_without_a_reason(lin: httpx.Client, li: httpx.Client, reason: str) -> None:
    decide(li, watch="never")
    assert lin.post("/cameras/home-1-cam/break-glass", json={"reason": reason}).status_code == 422
    assert not sees(lin)


def test_where_the_room_may_look_no_glass_is_broken(room: Room, li: httpx.Client, lin: httpx.Client) -> None:
    decide(li, watch="always")
    body = {"reason": "somebody cries for help"}
    assert lin.post("/cameras/home-1-cam/break-glass", json=body).status_code == 409
    assert lin.post("/cameras/missing/break-glass", json=body).status_code == 404
    assert li.post("/cameras/home-1-cam/break-glass", json=body).status_code == 403
    assert room.person("zhao", Role.RESPONDER).post("/cameras/home-1-cam/break-glass", json=body).status_code == 403


def test_broken_glass_outlives_a_restart_and_no_longer_than_its_time(tmp_path: Path) -> None:
    first = open_room(tmp_path, there=there())
    lin = first.person("lin", Role.OPERATOR)
    assert lin.post("/cameras/home-1-cam/break-glass", json={"reason": "somebody cries for help"}).status_code == 201
    first.close()
    second = open_room(tmp_path, there=there())
    try:
        assert sees(second.person("lin", Role.OPERATOR))
        glass = second.hub.parts.households.glass
        held = next(iter(glass._open.values()))
        assert held.ends - held.at == timedelta(minutes=15)
    finally:
        second.close()


# --- shares ---


def until(room: Room, **more: float) -> str:
    return time_to_text(room.hub.parts.clock.now() + timedelta(**(more or {"days": 1})))


def unshare(client: httpx.Client) -> None:
    for each in client.get("/cameras/home-1-cam/shares").json()["items"]:
        client.request("DELETE", f"/cameras/home-1-cam/shares/{each['id']}")


def test_a_camera_is_shared_for_a_time_and_ended_at_once(room: Room, li: httpx.Client) -> None:
    sun = room.person("sun", Role.RESIDENT)
    assert not sees(sun)
    body = {"username": "Sun ", "until": until(room)}
    made = li.post("/cameras/home-1-cam/shares", json=body)
    assert made.status_code == 201
    assert sees(sun)
    assert [each["id"] for each in sun.get("/me/home").json()["shared"]] == ["home-1-cam"]
    past = sun.get(
        "/cameras/home-1-cam/recordings", params={"from": until(room, days=-1), "to": until(room, seconds=-1)}
    )
    assert past.status_code == 404, "live alone was shared"
    assert li.request("DELETE", f"/cameras/home-1-cam/shares/{made.json()['id']}").status_code == 204
    assert not sees(sun)
    assert li.request("DELETE", f"/cameras/home-1-cam/shares/{made.json()['id']}").status_code == 204


def test_the_answer_does_not_say_whether_there_is_such_an_account(room: Room, li: httpx.Client) -> None:
    room.person("sun", Role.RESIDENT)
    unshare(li)
    bodies = [
        li.post("/cameras/home-1-cam/shares", json={"username": name, "until": until(room)})
        for name in ("sun", "nobody.at.all")
    ]
    assert {each.status_code for each in bodies} == {201}
    assert {frozenset(each.json()) for each in bodies} == {frozenset(bodies[0].json())}
    again = [
        li.post("/cameras/home-1-cam/shares", json={"username": name, "until": until(room)})
        for name in ("sun", "nobody.at.all")
    ]
    assert {each.status_code for each in again} == {409}
    assert len({each.json()["detail"] for each in again}) == 1
    late = room.person("nobody.at.all", Role.RESIDENT)
    assert not sees(late), "an account made later under that name may be anybody's"
    unshare(li)


@pytest.mark.parametrize("span", [{"days": -1}, {"days": 400}])
def test_a_share_ends_within_a_year_and_not_in_the_past(room: Room, li: httpx.Client, span: dict[str, float]) -> None:
    body = {"username": "sun", "until": until(room, **span)}
    assert li.post("/cameras/home-1-cam/shares", json=body).status_code == 422


def test_a_share_of_the_room_binds_nobody_but_a_share_of_who_lives_there_does(room: Room, li: httpx.Client) -> None:
    """A grant that an administrator gives for a household's camera opens no more than the household agreed to."""
    decide(li, watch="never")
    accounts = {each.username: each for each in room.hub.parts.accounts.list()}
    ma = accounts.get("ma") or room.hub.parts.accounts.create("ma", PASSWORD, Role.RESIDENT)
    body = {"account": ma.id, "kind": "camera", "place": "home-1-cam", "reason": "asked for it"}
    given = room.client(Role.ADMINISTRATOR).post("/api/v1/grants", json=body)
    if given.status_code != 404:
        assert given.status_code == 201, given.text
        assert not sees(room.person("ma", Role.RESIDENT))


# --- who watched ---


def test_who_watched_is_told_with_colleagues_reasons_and_oneself(
    room: Room, li: httpx.Client, lin: httpx.Client
) -> None:
    decide(li, watch="never")
    lin.post("/cameras/home-1-cam/break-glass", json={"reason": "somebody cries for help"})
    for _ in range(3):
        assert sees(lin)
    lin.request("DELETE", "/cameras/home-1-cam/break-glass")
    assert sees(li)
    assert not sees(room.person("wang", Role.OPERATOR))
    seen = li.get("/cameras/home-1-cam/views").json()["items"]
    stills = [(each["who"], each["role"], each["own"], each["household"]) for each in seen if each["what"] == "still"]
    assert ("lin", "operator", False, False) in stills
    assert ("li", "resident", True, True) in stills
    assert len([each for each in stills if each[0] == "lin"]) == 1, "looks that follow closely are one"
    glass = next(each for each in seen if each["what"] == "break_glass" and each["reason"])
    assert (glass["who"], glass["reason"]) == ("lin", "somebody cries for help")
    assert not any(each["who"] == "wang" for each in seen), "who was refused saw nothing"
    everywhere = li.get("/me/home/views").json()["items"]
    assert {each["camera"] for each in everywhere} == {"home-1-cam"}


# --- everything about me ---


def test_everything_about_me_is_one_document_without_secrets(li: httpx.Client) -> None:
    decide(li)
    answer = li.get("/me/data")
    assert answer.headers["content-type"] == "application/json"
    assert "attachment" in answer.headers["content-disposition"]
    body = json.loads(answer.text)
    assert body["account"]["username"] == "li"
    assert body["homes"] == ["home-1"]
    assert body["consents"]
    assert body["contact"]["account"] == "li"
    assert [each["camera"] for each in body["recordings"]] == ["home-1-cam"]
    assert any(each["action"] == "consent" for each in body["done_by_me"])
    assert "argon2" not in answer.text
    assert {each["site"] for each in body["watched_at_my_home"]} == {"home-1"}


def test_erasing_takes_two_steps_and_the_password(tmp_path: Path) -> None:
    made = open_room(tmp_path, there=there())
    try:
        sun, lin = made.person("sun", Role.RESIDENT), made.person("lin", Role.OPERATOR)
        decide(sun, "home-2-cam", watch="always")
        assert sun.post("/me/erase", json={"password": "not the one at all"}).status_code == 403
        first = sun.post("/me/erase", json={"password": PASSWORD}).json()
        assert first["done"] is False
        assert any("审计" in each["what"]["zh"] for each in first["stays"])
        assert sun.get("/me").status_code == 200, "nothing happened yet"
        for wrong in ("1.x", "9" * 40, f"{first['confirm']}0", "9999999999." + "0" * 32):
            answer = sun.post("/me/erase", json={"password": PASSWORD, "confirm": wrong})
            assert answer.status_code == 422
        done = sun.post("/me/erase", json={"password": PASSWORD, "confirm": first["confirm"]})
        assert done.status_code == 200
        assert done.json()["done"] is True
        assert sun.get("/me").status_code == 401
        assert not sees(lin, "home-2-cam"), "erasing opens nothing"
        camera = made.hub.parts.households.current().camera("home-2-cam")
        assert camera is not None
        assert camera.analyse is Analyse.NOTHING
        assert made.hub.parts.households.current().policy_of(camera).streams == ()
        assert not [each for each in made.hub.parts.revisions.current().contacts if each.account == "sun"]
        names = {each.username for each in made.hub.parts.accounts.list()}
        assert "sun" not in names
        assert any(name.startswith("erased-") for name in names)
        assert next(step.who for _, step in made.hub.parts.evidence.deletions.of("home-2-cam")).startswith("erased-")
        with made.hub.parts.households.database.read() as connection:
            left = connection.exec_driver_sql("select count(*) from journal where body like '%\"sun\"%' or who = 'sun'")
            assert left.scalar_one() == 0
            kept = connection.exec_driver_sql("select count(*) from revisions where body like '%\"sun\"%'")
            assert kept.scalar_one() == 0, "no settings to go back to name him"
            named = connection.exec_driver_sql("select count(*) from contact_homes where name = 'sun'")
            assert named.scalar_one() == 0
        again = made.hub.parts.accounts.create("sun", PASSWORD, Role.RESIDENT)
        assert again.username == "sun", "the name is free again, and means nobody from before"
    finally:
        made.close()


def test_the_last_administrator_is_not_erased(tmp_path: Path) -> None:
    made = open_room(tmp_path, there=there())
    try:
        one = made.person("first", Role.ADMINISTRATOR)
        answer = one.post("/me/erase", json={"password": PASSWORD})
        assert answer.status_code == 409
        assert "last administrator" in answer.json()["detail"]
        made.person("second", Role.ADMINISTRATOR)
        assert one.post("/me/erase", json={"password": PASSWORD}).status_code == 200
    finally:
        made.close()


# --- what incidents left, and what is watched at this moment ---


def test_the_picture_of_an_alert_is_shown_as_the_household_agreed(
    room: Room, li: httpx.Client, lin: httpx.Client
) -> None:
    decide(li, watch="always")
    event = room.say("camera.fire", "home-1-cam", camera="home-1-cam", site="home-1", reasons="colour")
    assert event.camera == "home-1-cam"

    def alert() -> dict[str, Any] | None:
        found = lin.get("/alerts", params={"camera": "home-1-cam"}).json()["items"]
        return found[0] if found and found[0]["still"] else None

    shown = room.wait_for(alert)
    address = f"/alerts/{shown['id']}/still.jpg"
    assert lin.get(address).status_code == 200
    decide(li, watch="never")
    assert lin.get(address).status_code == 404
    assert lin.get(f"/alerts/{shown['id']}").json()["still"] is None
    assert lin.get(f"/incidents/{shown['incident']}/still.jpg").status_code == 404
    decide(li, watch="incident")
    assert lin.get(address).status_code == 200, "the incident is open"
    assert lin.get(f"/incidents/{shown['incident']}").status_code == 200, "what happened is never hidden"


def test_a_link_ends_with_what_it_was_made_for(room: Room, li: httpx.Client, lin: httpx.Client) -> None:
    decide(li, watch="always")
    address = lin.post("/cameras/home-1-cam/live", json={}).json()["playlist"]
    client = room.client(None)
    assert client.get(address).status_code != 404
    decide(li, watch="never")
    assert client.get(address).status_code == 404
    lin.post("/cameras/home-1-cam/break-glass", json={"reason": "somebody cries for help"})
    assert client.get(address).status_code != 404
    lin.request("DELETE", "/cameras/home-1-cam/break-glass")
    assert client.get(address).status_code == 404


def test_a_limited_camera_gives_alerts_no_picture_but_that_of_their_event(room: Room, li: httpx.Client) -> None:
    take = room.hub.parts.households.taker(room.cameras.still, timeout_s=1.0)
    newest = room.hub.parts.households.newest(room.cameras.still, timeout_s=1.0)
    decide(li, analyse="safety")
    assert take("home-1-cam", None) is None
    assert newest("home-1-cam") is None
    assert take("home-1-cam", "event") is not None
    decide(li, analyse="all")
    assert take("home-1-cam", None) is not None


def test_what_is_shown_and_sent_back_does_not_become_a_setting(room: Room, li: httpx.Client) -> None:
    decide(li, analyse="safety")
    admin = room.client(Role.ADMINISTRATOR)
    shown = admin.get("/api/v1/cameras/home-1-cam")
    body = {"id": "home-1-cam", "site": "home-1", "url": "rtsp://192.0.2.1/main", "analyse": shown.json()["analyse"]}
    answer = admin.put("/api/v1/cameras/home-1-cam", json=body, headers={"If-Match": shown.headers["ETag"]})
    assert answer.status_code == 200, answer.text
    decide(li, analyse="all")
    assert admin.get("/api/v1/cameras/home-1-cam").json()["analyse"] == "all"


def test_who_lives_there_reads_what_was_raised_there_and_nothing_of_others(tmp_path: Path) -> None:
    own = open_room(tmp_path / "data", there=there())
    try:
        li, before = own.person("li", Role.RESIDENT), own.hub.parts.clock.now()
        for home in ("home-2", "home-1"):
            own.say("smoke", f"{home}-smoke", site=home, alarm=True)
        [raised] = own.wait_for(
            lambda: li.get("/me/home/alerts", params={"from": time_to_text(before)}).json()["items"]
        )
        assert (raised["site"], raised["kind"], raised["condition"]) == ("home-1", "fire.smoke", "active")
        assert raised["text"]["zh"]
        assert li.get("/me/home/alerts", params={"camera": "home-2-cam"}).json()["items"] == []
        assert li.get("/me/home/alerts", params={"from": "2026-03-01T08:00:00"}).status_code == 422
        assert own.person("nobody-there", Role.RESIDENT).get("/me/home/alerts").json()["items"] == []
        assert own.client(Role.OPERATOR).get("/api/v1/me/home/alerts").status_code == 403
    finally:
        own.close()
