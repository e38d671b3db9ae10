"""Reports over HTTP: from a villager's phone with a bad signal to the points, and who may see what of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import httpx
import pytest

from config.community import Community
from hub.access import Role
from tests.api.room import DEADLINE_S, Room, open_room
from tests.fakes.pictures import LAT, LON, SECRET, decoded, phone_jpeg, phone_png
from tests.fakes.village import DUTIES, HOUSE, METRE, VILLAGE

THERE = Community.model_validate({**VILLAGE.model_dump(), "duties": [duty.model_dump() for duty in DUTIES]})


_phones: dict[str, httpx.Client] = {}


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    opened = open_room(tmp_path_factory.mktemp("hub") / "data", there=THERE)
    for name in ("zhao", "qian", "wu"):
        phone(opened, name, Role.RESPONDER)
    yield opened
    for client in _phones.values():
        client.close()
    _phones.clear()
    opened.close()


def phone(room: Room, name: str = "li", role: Role = Role.RESIDENT) -> httpx.Client:
    """The phone of somebody, signed in."""
    if name not in _phones:
        headers = {"Authorization": room.person(name, role).headers["Authorization"]}
        _phones[name] = httpx.Client(base_url=room.hub.url, headers=headers, timeout=DEADLINE_S, trust_env=False)
    return _phones[name]


_numbers = iter(range(1000))


def send(who: httpx.Client, *, photos: tuple[bytes, ...] = (), expect: int = 201, **fields: Any) -> Any:
    fields.setdefault("client_id", f"phone-{next(_numbers)}")
    fields.setdefault("category", "road_damage")
    files = [("photo", (f"{n}.jpg", data)) for n, data in enumerate(photos)]
    answer = who.post("/api/v1/reports", data={name: str(value) for name, value in fields.items()}, files=files or None)
    assert answer.status_code == expect, answer.text
    return answer.json()


def order_of(room: Room, number: int) -> dict[str, Any]:
    incidents = room.client().get("/api/v1/incidents", params={"limit": 500}).json()["items"]
    incident = next(each for each in incidents if each["number"] == number)
    orders = phone(room, "zhao", Role.RESPONDER).get("/api/v1/dispatches").json()["items"]
    return next(each for each in orders if each["incident"] == incident["id"])


def test_a_pothole_from_the_phone_to_the_points(room: Room) -> None:
    """A bad signal sends it twice; the warden fills the hole; the villager rates, and later says that it is back."""
    villager, warden = phone(room), phone(room, "zhao", Role.RESPONDER)
    fields = {"client_id": "7f9c-1", "text": "村口有个大坑", "lat": HOUSE[0], "lon": HOUSE[1], "contact": "13800000000"}
    first = send(villager, photos=(phone_jpeg(),), **fields)
    again = send(villager, photos=(phone_jpeg(),), **fields, expect=200)
    assert again["id"] == first["id"]
    assert len(villager.get("/api/v1/me/reports").json()["items"]) == 1
    assert (first["step"], first["step_name"]) == ("seen", {"zh": "已受理", "en": "Seen"})
    assert first["place"] == {"zh": "一组 · 17号", "en": "Group 1 · House 17"}
    assert (first["level"], first["incident"], first["contact"]) == ("blue", None, "13800000000")

    order = order_of(room, first["number"])
    at = f"/api/v1/dispatches/{order['id']}"
    assert warden.post(f"{at}/accept").status_code == 200
    assert villager.get(f"/api/v1/reports/{first['id']}").json()["step"] == "on_the_way"
    here = {"position": {"lat": HOUSE[0], "lon": HOUSE[1], "accuracy_m": 5}}
    assert warden.post(f"{at}/arrive", json=here).status_code == 200
    after = warden.post(
        f"/api/v1/reports/{first['id']}/photos", data={"stage": "after"}, files=[("photo", ("a.png", phone_png()))]
    )
    assert after.status_code == 200
    assert warden.post(f"{at}/done", json={"verdict": "true", "note": "filled"}).status_code == 200

    done = villager.get(f"/api/v1/reports/{first['id']}").json()
    assert [photo["stage"] for photo in done["photos"]] == ["before", "after"]
    assert [step["step"] for step in done["steps"] if step["at"]] == ["received", "seen", "on_the_way", "done"]
    assert done["may"] == ["rate", "reopen", "photo"]
    pictures = [villager.get(photo["url"]) for photo in done["photos"]]
    assert [picture.headers["content-type"] for picture in pictures] == ["image/jpeg", "image/png"]
    assert all(SECRET not in picture.content and decoded(picture.content).any() for picture in pictures)

    rated = villager.post(f"/api/v1/reports/{first['id']}/rate", json={"stars": 5, "note": "quick!"})
    assert (rated.json()["rating"], rated.json()["step"]) == (5, "done")
    points = room.wait_for(lambda: _points(villager, 5))
    assert [(entry["delta"], entry["reason"], entry["ref"]) for entry in points["entries"]] == [
        (5, "report", first["id"])
    ]

    opened = villager.post(f"/api/v1/reports/{first['id']}/reopen", json={"note": "the hole is back"}).json()
    assert (opened["number"], opened["step"]) == (first["number"], "seen")
    assert room.wait_for(lambda: _points(villager, 0))
    incident = room.client().get(f"/api/v1/incidents/{order['incident']}").json()
    assert (incident["number"], incident["reporter"], incident["alert_count"]) == (first["number"], "li", 0)
    assert incident["handling"] == "dispatched", "it goes out again"
    assert [entry["move"] for entry in incident["history"] if entry["topic"] == "incident"] == [
        "opened", "dispatched", "accepted", "arrived", "resolved", "rated", "closed", "reopened",
        "dispatched",
    ]  # fmt: skip


def _points(who: httpx.Client, balance: int) -> Any:
    statement = who.get("/api/v1/me/points").json()
    return statement if statement["balance"] == balance else None


def test_a_report_and_its_pictures_are_for_who_sent_it_its_wardens_and_the_room(room: Room) -> None:
    sent = send(
        phone(room, "zhao", Role.RESPONDER),
        photos=(phone_jpeg(),),
        site="hh-017",
        category="facility",
        text="bench broken",
        for_name="Grandma Zhang",
        for_phone="13911112222",
    )
    report, photo = f"/api/v1/reports/{sent['id']}", sent["photos"][0]["url"]
    assert (sent["on_behalf"], sent["for_name"], sent["for_phone"]) == (True, None, None), "the room alone sees it"
    for who in (phone(room, "zhou"), phone(room, "wu", Role.RESPONDER)):
        for address in (report, photo, "/api/v1/reports/../reports/x/photos/y"):
            assert who.get(address).status_code == 404
        for move in ("rate", "reopen", "photos"):
            body = {"files": [("photo", ("a.jpg", phone_jpeg()))]} if move == "photos" else {"json": {"stars": 1}}
            body = {"json": {}} if move == "reopen" else body
            assert who.post(f"{report}/{move}", **body).status_code == 404
        assert sent["id"] not in who.get("/api/v1/reports").text
        assert "Grandma" not in who.get("/api/v1/reports.csv").text
    qian = phone(room, "qian", Role.RESPONDER)
    assert qian.get(report).json()["for_name"] is None
    assert qian.get(photo).status_code == 200
    for role in (Role.OPERATOR, Role.SUPERVISOR, Role.ADMINISTRATOR):
        assert room.client(role).get(report).json()["for_phone"] == "13911112222"
    other = send(phone(room, "zhou"), site="hh-044")
    crossed = f"/api/v1/reports/{other['id']}/photos/{sent['photos'][0]['id']}"
    assert phone(room, "zhou").get(crossed).status_code == 404
    assert room.client(Role.INTEGRATOR).get(report).status_code == 403


@pytest.mark.parametrize(
    ("fields", "where", "words"),
    [
        ({"category": "ufo"}, "body.category", "cannot be reported"),
        ({"category": "", "kind": "camera.frozen"}, "body.kind", "cannot be reported"),
        ({"client_id": "../x"}, "body.client_id", ""),
        ({"lat": 91, "lon": 0}, "body.lat", ""),
        ({"lat": 1}, "body", "both"),
        ({"site": "atlantis"}, "body.site", "no site atlantis"),
        ({"spam": "x"}, "body.spam", ""),
        ({"text": "x" * 4001}, "body.text", ""),
    ],
)
def test_a_form_that_cannot_be_used_is_told_where(room: Room, fields: dict[str, Any], where: str, words: str) -> None:
    problem = send(phone(room), **fields, expect=422)
    assert problem["errors"][0]["where"] == where
    assert words in problem["errors"][0]["message"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\x00\x00\x00\x18ftypheic" + b"\x00" * 64, "set the camera to JPEG"),
        (b"MZ\x90\x00", "neither a JPEG nor a PNG"),
        (phone_jpeg()[:600], "cut off"),
    ],
)
def test_a_picture_that_cannot_be_read_is_told_so_and_nothing_is_kept(room: Room, data: bytes, words: str) -> None:
    problem = send(phone(room), photos=(phone_jpeg(), data), client_id="bad-picture", expect=422)
    assert problem["errors"][0]["where"] == "body.photo[1]"
    assert words in problem["errors"][0]["message"]
    assert "bad-picture" not in str(phone(room).get("/api/v1/me/reports").json())


def test_too_much_is_refused_before_it_is_read(room: Room) -> None:
    who = phone(room)
    large = send(who, photos=(phone_jpeg() + b"\x00" * (8 * 1024 * 1024),), expect=422)
    assert "at most 8 MiB" in large["errors"][0]["message"]
    send(who, photos=(phone_jpeg(),) * 5, expect=400)
    raw = HTTPConnection("127.0.0.1", room.hub.port, timeout=DEADLINE_S)
    raw.putrequest("POST", "/api/v1/reports")
    raw.putheader("Content-Length", str(34 * 1024 * 1024))
    raw.endheaders()
    assert raw.getresponse().status == 413, "not one byte of it was sent"
    raw.close()
    assert who.post("/api/v1/reports", json={"client_id": "1"}).status_code == 422
    assert who.post("/api/v1/reports/categories", content=b"x" * (2 * 1024 * 1024)).status_code in (405, 413)


def test_the_place_that_the_camera_wrote_is_read_only_when_the_sender_says_so(room: Room) -> None:
    assert send(phone(room, "wang1"), photos=(phone_jpeg(),), category="light")["lat"] is None
    told = send(phone(room, "wang1"), photos=(phone_jpeg(),), category="light", place_from_photo=True)
    assert (told["lat"], told["lon"], told["area"]) == (LAT, LON, "group-1")


def test_what_is_reported_may_be_danger_and_then_it_is_an_alarm(room: Room) -> None:
    sent = send(phone(room), category="", kind="road.crash", site="square", text="两车相撞")
    assert (sent["category"], sent["level"], sent["done_by"], sent["step"]) == ("crash", "orange", None, "received")
    open_ones = room.client().get("/api/v1/incidents", params={"state": "open", "kind": "road"}).json()["items"]
    [incident] = [each for each in open_ones if each["number"] == sent["number"]]
    assert incident["text"] == {"zh": "交通事故：两车相撞", "en": "Traffic accident: 两车相撞"}
    assert (incident["alert_count"], incident["do"], incident["still"]) == (0, None, None)
    at = f"/api/v1/incidents/{incident['id']}"
    assert room.client().post(f"{at}/acknowledge").json()["handling"] == "seen"
    assert room.client().post(f"{at}/resolve", json={"verdict": "true"}).json()["handling"] == "resolved"
    assert phone(room).post(f"/api/v1/reports/{sent['id']}/rate", json={"stars": 4}).status_code == 200
    assert room.client().get(at).json()["handling"] == "closed"


def test_only_wardens_and_the_room_report_for_others(room: Room) -> None:
    assert send(phone(room), for_name="my neighbour", expect=403)["type"].endswith("forbidden")


def test_the_ledger_is_searched_paged_and_kept_to_what_somebody_may_see(room: Room) -> None:
    who = phone(room, "sun1")
    made = [
        send(who, category="noise", text=f"施工噪声 {n}", lat=HOUSE[0] + (3000 + 100 * n) * METRE, lon=HOUSE[1])
        for n in range(3)
    ]
    get = room.client().get
    page = get("/api/v1/reports", params={"q": "施工噪声", "limit": 2}).json()
    assert [each["id"] for each in page["items"]] == [made[2]["id"], made[1]["id"]]
    rest = get("/api/v1/reports", params={"q": "施工噪声", "limit": 2, "cursor": page["next"]}).json()
    assert ([each["id"] for each in rest["items"]], rest["next"]) == ([made[0]["id"]], None)
    for query in (
        {"q": f"#{made[1]['number']}"},
        {"q": "Noise"},
        {"q": "二组"},
        {"q": "east BLOCK", "area": "group-2"},
    ):
        found = [each["id"] for each in get("/api/v1/reports", params=query).json()["items"]]
        assert (made[1]["id"] in found) is (query.get("area") is None), query
    assert get("/api/v1/reports", params={"step": "done", "category": "noise"}).json()["items"] == []
    assert get("/api/v1/reports", params={"due": True}).json()["items"] == []
    assert get("/api/v1/reports", params={"from": "2026-01-01T00:00:00"}).status_code == 422
    assert get("/api/v1/reports", params={"cursor": "x"}).status_code == 422
    own = who.get("/api/v1/reports").json()["items"]
    assert {each["account"] for each in own} == {"sun1"}


def test_the_table_opens_in_a_spreadsheet_and_runs_nothing_there(room: Room) -> None:
    evil = '=HYPERLINK("http://evil/","x")'
    sent = send(phone(room, "mal"), category="other", text=evil, contact="+86 138", lat=-24.5, lon=-0.5)
    for answer in (
        room.client().get("/api/v1/reports.csv", params={"q": "HYPERLINK"}),
        room.client().get("/api/v1/reports", params={"q": "HYPERLINK"}, headers={"Accept": "text/csv"}),
    ):
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert answer.content.startswith(b"\xef\xbb\xbf")
        [head, row] = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
        cells = dict(zip(head, row, strict=True))
        assert (cells["report"], cells["text"], cells["contact"]) == (sent["id"], f"'{evil}", "'+86 138")
        assert (cells["lat"], cells["category_zh"], cells["step_zh"]) == ("-24.5", "其他", "已收到")
    theirs = phone(room, "mal").get("/api/v1/reports.csv").content.decode("utf-8-sig")
    assert "for_phone" not in theirs.splitlines()[0]


def test_a_flood_of_reports_is_told_when_to_come_back(room: Room) -> None:
    who = phone(room, "flood1")
    for n in range(20):
        send(who, lat=HOUSE[0] + 100 * n * METRE, lon=HOUSE[1], category="light")
    refused = who.post("/api/v1/reports", data={"client_id": "one-more", "category": "light"})
    assert refused.status_code == 429
    assert 3000 < int(refused.headers["retry-after"]) <= 3601
    assert "call the room" in refused.json()["detail"]


def test_tasks_are_taken_done_confirmed_and_redeemed(room: Room) -> None:
    villager, warden, operator = phone(room, "he1"), phone(room, "zhao", Role.RESPONDER), room.client()
    offered = operator.post("/api/v1/tasks", json={"text": "清扫广场", "points": 8, "site": "square"})
    assert offered.status_code == 201
    at = f"/api/v1/tasks/{offered.json()['id']}"
    assert villager.post("/api/v1/tasks", json={"text": "mine", "points": 100}).status_code == 403
    assert villager.post(f"{at}/take").json()["state"] == "taken"
    assert phone(room, "zhou").get(at).status_code == 404
    assert villager.post(f"{at}/done", json={"note": "clean"}).json()["state"] == "done"
    assert villager.post(f"{at}/confirm").status_code == 403
    assert phone(room, "wu", Role.RESPONDER).post(f"{at}/confirm").status_code == 403, "he answers for no area"
    assert warden.post(f"{at}/confirm").json()["state"] == "confirmed"
    assert villager.get("/api/v1/me/points").json()["balance"] == 8
    body = {"item": "洗衣液一瓶", "amount": 6, "key": "r-1"}
    redeemed = warden.post("/api/v1/points/he1/redeem", json=body)
    assert (redeemed.status_code, redeemed.json()["delta"]) == (200, -6)
    assert warden.post("/api/v1/points/he1/redeem", json=body).json()["seq"] == redeemed.json()["seq"]
    assert warden.post("/api/v1/points/he1/redeem", json={**body, "key": "r-2"}).status_code == 409
    assert villager.post("/api/v1/points/he1/redeem", json={**body, "key": "r-3"}).status_code == 403
    statement = villager.get("/api/v1/me/points", params={"limit": 1}).json()
    assert (statement["balance"], statement["entries"][0]["ref"]) == (2, "洗衣液一瓶")
    older = villager.get("/api/v1/me/points", params={"cursor": statement["next"]}).json()
    assert [entry["reason"] for entry in older["entries"]] == ["task"]
    assert {"account": "he1", "balance": 2} in operator.get("/api/v1/points").json()
    assert operator.get("/api/v1/points/he1").json()["balance"] == 2
    assert villager.get("/api/v1/points/zhao").status_code == 403
