"""An integrator looks for cameras, tries them and brings a box of them in; nobody else does; no password comes back."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from api.access.limits import RATES, Kind
from api.onboarding import importing
from cameras.setting_up.words import Pictured, TakeStill
from config.community import Camera, Stream
from hub.access import Role
from hub.reach import Grant, GrantKind
from hub.store.audit import Wanted
from tests.api.room import Room, community, open_room
from tests.fakes.set_up_program import JPEG

PROGRAM = (sys.executable, "-m", "tests.fakes.set_up_program")
SECRET = "planted-s3cret"


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    there = community()
    there = there.model_copy(update={"cameras": tuple(_moved(camera) for camera in there.cameras)})
    home = Camera(id="home-cam", site="home-1", main=Stream(url="rtsp://10.0.2.77/main"))
    opened = open_room(
        tmp_path_factory.mktemp("hub") / "data", there=there.model_copy(update={"cameras": (*there.cameras, home)})
    )
    opened.hub.parts.onboarding.setting_up._command = PROGRAM
    yield opened
    opened.close()


def _moved(camera: Camera) -> Camera:
    url = camera.main.url.replace("192.0.2.", "10.0.2.")
    return camera.model_copy(update={"main": camera.main.model_copy(update={"url": url})})


def ask(room: Room, path: str, body: dict[str, Any], role: Role = Role.INTEGRATOR) -> httpx.Response:
    return room.client(role).post(f"/api/v1{path}", json=body)


def sheet(room: Room, text: str, *, role: Role = Role.INTEGRATOR, **params: str) -> httpx.Response:
    headers = {"Content-Type": "text/csv"}
    return room.client(role).post("/api/v1/cameras/import", content=text.encode(), headers=headers, params=params)


def test_cameras_are_looked_for_and_those_that_are_there_are_named(room: Room) -> None:
    found = ask(room, "/cameras/discover", {"networks": ["10.0.2.10"]}).json()
    assert [(each["host"], each["cameras"]) for each in found["items"]] == [
        ("10.0.2.10", []),
        ("10.0.2.1", ["cam-1"]),
    ]
    assert found["items"][0]["onvif_url"] == "http://10.0.2.10/onvif/device_service"


def test_a_camera_is_tried_and_its_body_is_ready_but_for_the_password(room: Room) -> None:
    asked = {"host": "10.0.2.10", "username": "hub", "password": SECRET, "id": "gate", "site": "crossing"}
    answer = ask(room, "/cameras/probe", asked)
    assert SECRET not in answer.text
    made = answer.json()
    assert (made["answers"], made["problem"], made["device"]["model"]) == (True, None, "C1")
    (body,) = made["cameras"]
    assert body["onvif"] == {"url": "http://10.0.2.10/onvif/device_service", "username": "hub", "profile": "p1"}
    for part in ("main", "sub", "onvif"):
        body[part]["password"] = SECRET
    added = ask(room, "/cameras", body)
    assert added.status_code == 201, added.text
    stored = room.hub.parts.revisions.current().camera("gate")
    assert stored is not None
    assert stored.main.password is not None
    assert stored.main.password.reveal() == SECRET
    room.client(Role.ADMINISTRATOR).delete("/api/v1/cameras/gate", headers={"If-Match": "*"})


def test_a_recorder_gives_a_body_for_each_of_its_cameras(room: Room) -> None:
    made = ask(room, "/cameras/probe", {"host": "10.0.2.20"}).json()
    assert [each["id"] for each in made["cameras"]] == ["cam-10-0-2-20-1", "cam-10-0-2-20-2"]


def test_a_stream_at_another_host_is_said_and_its_body_has_no_user(room: Room) -> None:
    asked = {"host": "10.0.2.21", "username": "hub", "password": SECRET}
    made = ask(room, "/cameras/probe", asked).json()
    assert made["elsewhere"] == ["rtsp://10.0.9.9/sub"]
    (body,) = made["cameras"]
    assert body["sub"] == {"url": "rtsp://10.0.9.9/sub"}
    assert (body["main"]["username"], body["onvif"]["username"]) == ("hub", "hub")


def test_a_stream_at_another_host_gets_no_password_by_a_sheet(room: Room) -> None:
    text = f"id,site,host,username,password,onvif\nlure,crossing,10.0.2.21,hub,{SECRET},yes\n"
    assert sheet(room, text, probe="true").status_code == 200
    stored = room.hub.parts.revisions.current().camera("lure")
    assert stored is not None
    assert stored.sub is not None
    assert (stored.sub.username, stored.sub.password) == (None, None)
    assert stored.main.password is not None


def test_a_camera_with_its_password_in_its_path_is_saved_with_it_and_never_shown(room: Room) -> None:
    """By its ready body, sent by who tried it; others and made-up ones are told to write it in full."""
    answer = ask(room, "/cameras/probe", {"host": "10.0.2.22", "id": "cheap", "site": "crossing"})
    assert SECRET not in answer.text
    (body,) = answer.json()["cameras"]
    assert body["main"]["url"] == "rtsp://10.0.2.22/user=hub_password=***_channel=1_stream=0.sdp"
    refused = ask(room, "/cameras", body, Role.ADMINISTRATOR)
    assert (refused.status_code, "in full" in refused.text) == (422, True)
    added = ask(room, "/cameras", body)
    assert added.status_code == 201, added.text
    assert SECRET not in added.text
    stored = room.hub.parts.revisions.current().camera("cheap")
    assert stored is not None
    assert stored.sub is not None
    assert stored.main.url == f"rtsp://10.0.2.22/user=hub_password={SECRET}_channel=1_stream=0.sdp"
    assert stored.sub.url == f"rtsp://10.0.2.22/user=hub_password={SECRET}_channel=1_stream=1.sdp"
    room.client(Role.ADMINISTRATOR).delete("/api/v1/cameras/cheap", headers={"If-Match": "*"})


def test_a_camera_with_its_password_in_its_path_comes_by_a_sheet(room: Room) -> None:
    answer = sheet(room, "id,site,host\ncheap-2,crossing,10.0.2.22\n", probe="true")
    assert answer.status_code == 200, answer.text
    assert SECRET not in answer.text
    stored = room.hub.parts.revisions.current().camera("cheap-2")
    assert stored is not None
    assert SECRET in stored.main.url
    client = room.client(Role.ADMINISTRATOR)
    path = "/api/v1/cameras/cheap-2"
    view = client.get(path).json()
    body = {"id": "cheap-2", "site": "crossing", "main": {"url": view["main"]["url"]}}
    assert client.put(path, json=body, headers={"If-Match": "*"}).status_code == 200
    stored = room.hub.parts.revisions.current().camera("cheap-2")
    assert stored is not None
    assert SECRET in stored.main.url
    body["main"] = {"url": view["main"]["url"].replace("stream=0", "stream=1")}
    refused = client.put(path, json=body, headers={"If-Match": "*"})
    assert (refused.status_code, "in full" in refused.text) == (422, True)
    written = sheet(room, "id,site,url\nx,crossing,rtsp://10.0.2.23/user=a_password=***_channel=1\n")
    assert (written.status_code, written.json()["errors"][0]["where"]) == (422, "url")
    client.delete(path, headers={"If-Match": "*"})


@pytest.mark.parametrize(
    ("last", "word"), [("11", "wrong_password"), ("12", "wrong_path"), ("13", "timed_out"), ("14", "unknown_codec")]
)
def test_each_thing_that_is_wrong_has_its_own_words_in_both_languages(room: Room, last: str, word: str) -> None:
    url = f"rtsp://hub:{SECRET}@10.0.2.{last}/main"
    answer = ask(room, "/cameras/probe", {"url": url})
    made = answer.json()
    assert (made["answers"], made["problem"]["word"], made["cameras"]) == (False, word, [])
    assert made["problem"]["zh"]
    assert made["problem"]["en"]
    assert SECRET not in answer.text


def test_a_trial_still_is_a_picture_and_is_kept_nowhere(room: Room) -> None:
    answer = ask(room, "/cameras/try-still", {"url": "rtsp://10.0.2.10/main", "password": SECRET})
    assert (answer.content, answer.headers["content-type"]) == (JPEG, "image/jpeg")
    assert answer.headers["cache-control"] == "no-store"
    refused = ask(room, "/cameras/try-still", {"url": "rtsp://10.0.2.11/main"})
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:hub:problem:camera")
    assert refused.json()["errors"][0]["where"] == "wrong_password"
    assert refused.json()["errors"][0]["message_zh"]


def test_no_picture_comes_of_a_household_by_trying_its_address(room: Room) -> None:
    """Neither by its number nor on another port; who sees its pictures anyway may."""
    for url in ("rtsp://10.0.2.77/main", "rtsp://10.0.2.77:8554/other", "http://10.0.2.77/snap.jpg"):
        assert ask(room, "/cameras/try-still", {"url": url}).status_code == 404
    assert ask(room, "/cameras/try-still", {"url": "rtsp://10.0.2.77/main"}, Role.ADMINISTRATOR).status_code == 200
    assert ask(room, "/cameras/try-still", {"url": "rtsp://10.0.2.2/main"}).status_code == 200


def test_a_picture_is_looked_for_with_the_addresses_of_others_homes_barred(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name may lead elsewhere when it is looked up again, and a camera may redirect."""
    asked: list[TakeStill] = []

    def take(request: TakeStill, **_: object) -> Pictured:
        asked.append(request)
        return Pictured(JPEG, 1, 1)

    monkeypatch.setattr(room.hub.parts.onboarding.setting_up, "ask", take)
    assert ask(room, "/cameras/try-still", {"url": "rtsp://10.0.2.10/main"}).status_code == 200
    assert ask(room, "/cameras/try-still", {"url": "rtsp://10.0.2.10/main"}, Role.ADMINISTRATOR).status_code == 200
    mine, all_of_them = asked
    assert ("10.0.2.77" in mine.barred, "10.0.2.2" in mine.barred) == (True, False)
    assert all_of_them.barred == ()


def test_a_saved_camera_is_tried_with_the_password_it_has(room: Room) -> None:
    answer = ask(room, "/cameras/cam-1/probe", {})
    assert answer.json()["answers"] is True
    assert "s3cret" not in answer.text
    assert ask(room, "/cameras/none/probe", {}).status_code == 404


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.SUPERVISOR, Role.RESPONDER, Role.RESIDENT, None])
def test_nobody_else_sets_cameras_up(room: Room, role: Role | None) -> None:
    client = room.client(role)
    expected = 401 if role is None else 403
    for path in ("discover", "probe", "try-still", "import", "cam-1/probe", "cam-1/copy"):
        assert client.post(f"/api/v1/cameras/{path}").status_code == expected
    assert client.get("/api/v1/cameras/import/template.csv").status_code == expected


def limited(room: Room, name: str, grant: GrantKind, place: str) -> httpx.Client:
    """An integrator who works at one place."""
    accounts, grants = room.hub.parts.accounts, room.hub.parts.people.grants
    account = accounts.create(name, "three words and a river", Role.INTEGRATOR)
    for each in grants.of(account.id):
        grants.take_back(each.id, by="test")
    grants.give(Grant("", account.id, grant, place, given_by="test"))
    client = httpx.Client(
        base_url=room.hub.url, headers={"Authorization": f"Bearer {room.hub.parts.tokens.issue(account.id)}"},
        timeout=20, trust_env=False,
    )  # fmt: skip
    room._persons[name] = client
    return client


def test_an_integrator_of_one_site_reaches_no_other(room: Room) -> None:
    mine = limited(room, "sun-2", GrantKind.SITE, "home-2")
    found = mine.post("/api/v1/cameras/discover", json={}).json()
    assert found["items"][0]["cameras"] == []
    assert mine.post("/api/v1/cameras/cam-1/probe").status_code == 404
    assert mine.post("/api/v1/cameras/try-still", json={"url": "rtsp://10.0.2.2/main"}).status_code == 404
    copied = mine.post("/api/v1/cameras/cam-1/copy", json={"from": "cam-2", "what": ["record"]})
    assert copied.status_code == 404
    text = "id,site,url\nmine,home-2,rtsp://10.0.2.30/x\nnot,crossing,rtsp://10.0.2.31/x\n"
    answer = mine.post(
        "/api/v1/cameras/import", content=text, headers={"Content-Type": "text/csv"}, params={"dry_run": "true"}
    ).json()
    assert [(each["line"], each["column"]) for each in answer["mistakes"]] == [(3, "site")]
    one = limited(room, "sun-3", GrantKind.CAMERA, "cam-1")
    assert one.post("/api/v1/cameras/discover", json={}).status_code == 403
    assert one.post("/api/v1/cameras/cam-1/probe").status_code == 200


def test_a_box_of_cameras_becomes_one_revision_or_nothing(room: Room) -> None:
    before = room.hub.parts.revisions.number
    text = "编号;名称;场所;主码流地址;密码\n" + "".join(
        f"box-{n};第{n}号;crossing;rtsp://10.9.9.{n}/main;{SECRET}\n" for n in range(1, 11)
    )
    dry = sheet(room, text, dry_run="true").json()
    assert (dry["adds"], dry["revision"], dry["mistakes"]) == (10, None, [])
    assert room.hub.parts.revisions.number == before
    broken = sheet(room, text + "box-11;;nowhere;rtsp://10.9.9.11/main;x\n")
    assert (broken.status_code, broken.json()["type"]) == (422, "urn:hub:problem:sheet")
    (error,) = broken.json()["errors"]
    assert (error["line"], error["where"]) == (12, "site")
    assert error["message_zh"]
    assert room.hub.parts.revisions.number == before
    done = sheet(room, text)
    assert (done.status_code, done.json()["revision"]) == (200, before + 1)
    assert SECRET not in done.text
    newest = room.hub.parts.revisions.history(limit=1)[0]
    assert (newest.author, "imported" in newest.reason) == (f"{Role.INTEGRATOR}-1", True)
    again = sheet(room, text).json()
    assert (again["leaves"], again["revision"]) == (10, None)
    assert room.hub.parts.revisions.number == before + 1


def test_cameras_of_a_sheet_are_tried_before_anything_is_saved(room: Room) -> None:
    before = room.hub.parts.revisions.number
    text = (
        "id,site,host,url,username,password,onvif\n"
        f"try-1,crossing,10.0.2.40,,hub,{SECRET},yes\n"
        f"try-2,crossing,,rtsp://10.0.2.41/main,hub,{SECRET},\n"
    )
    bad = text + f"try-3,crossing,10.0.2.13,,hub,{SECRET},\ntry-4,crossing,,rtsp://10.0.2.14/x,,,\n"
    dry = sheet(room, bad, dry_run="true", probe="true").json()
    problems = {each["id"]: None if each["problem"] is None else each["problem"]["word"] for each in dry["trials"]}
    assert problems == {"try-1": None, "try-2": None, "try-3": "timed_out", "try-4": "unknown_codec"}
    refused = sheet(room, bad, probe="true")
    assert refused.status_code == 422
    assert [each["line"] for each in refused.json()["errors"]] == [4, 5]
    assert room.hub.parts.revisions.number == before
    done = sheet(room, text, probe="true")
    assert done.json()["revision"] == before + 1
    assert SECRET not in refused.text + done.text
    stored = room.hub.parts.revisions.current().camera("try-1")
    assert stored is not None
    assert stored.main.url == "rtsp://10.0.2.40/1/main"
    assert stored.sub is not None
    assert stored.onvif is not None
    assert stored.onvif.password is not None
    assert stored.main.password is not None


def test_lines_that_do_not_fit_into_the_time_are_left_out_and_said(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sheet is sent again for them; a camera that copies from one of them waits too."""
    text = (
        "id,site,host,url,copy_from\nlate-1,crossing,10.0.2.50,,\nlate-2,crossing,,rtsp://10.0.2.51/main,\n"
        "cam-2,,,,cam-1\nlate-3,crossing,10.0.2.52,,late-1\n"
    )
    monkeypatch.setattr(importing, "TRIALS_WITHIN_S", 0.0)
    late = sheet(room, text, probe="true")
    assert late.status_code == 200, late.text
    trials = {each["id"]: (each["tried"], each["answers"]) for each in late.json()["trials"]}
    assert {trials[name] for name in ("late-1", "late-2", "late-3")} == {(False, False)}
    assert late.json()["trials"][0]["problem"]["word"] == "not_tried"
    assert late.json()["adds"] == 0
    assert room.hub.parts.revisions.current().camera("late-1") is None
    monkeypatch.undo()
    again = sheet(room, text, probe="true").json()
    assert (again["adds"], {each["tried"] for each in again["trials"]}) == (3, {True})


def test_one_import_tries_cameras_at_a_time_and_others_hear_so(room: Room) -> None:
    place = room.hub.parts.onboarding.imports
    text = "id,site,host\nwaits,crossing,10.0.2.50\n"
    with place._taken:
        refused = sheet(room, text, probe="true", dry_run="true")
        assert (refused.status_code, "another import" in refused.text) == (409, True)
        assert sheet(room, "id,site,url\nwaits,crossing,rtsp://10.0.2.59/x\n", dry_run="true").status_code == 200
    assert sheet(room, text, probe="true", dry_run="true").status_code == 200


def test_a_sheet_is_csv_and_no_other_thing(room: Room) -> None:
    client = room.client(Role.INTEGRATOR)
    assert client.post("/api/v1/cameras/import", json={}).status_code == 415
    assert sheet(room, "").status_code == 422
    assert sheet(room, "x" * (1024 * 1024 + 1)).status_code == 413
    template = client.get("/api/v1/cameras/import/template.csv", params={"language": "en"})
    assert template.content.startswith(b"\xef\xbb\xbfid,name")


def test_settings_are_copied_from_a_neighbour_and_never_its_address(room: Room) -> None:
    revisions = room.hub.parts.revisions
    before = revisions.current().camera("cam-1")
    answer = ask(room, "/cameras/cam-2/copy", {"from": "cam-1", "what": ["detectors", "record", "zones"]}).json()
    after = revisions.current().camera("cam-2")
    assert before is not None
    assert after is not None
    assert (after.detectors, after.zones, after.main.url) == (before.detectors, before.zones, "rtsp://10.0.2.2/main")
    assert after.main.password is None
    assert "zones" in answer["warnings"][0]["en"]
    assert "zones" in answer["warnings"][0]["zh"]
    for body, status in (
        ({"from": "none", "what": ["record"]}, 404),
        ({"from": "cam-2", "what": ["record"]}, 422),
        ({"from": "cam-1", "what": ["password"]}, 422),
        ({"from": "cam-1", "what": []}, 422),
    ):
        assert ask(room, "/cameras/cam-2/copy", body).status_code == status


def test_what_was_tried_is_told_in_the_audit_by_its_host_alone(room: Room) -> None:
    ask(room, "/cameras/probe", {"url": f"rtsp://hub:{SECRET}@10.0.2.10/main?token={SECRET}"})
    entries = repr(room.hub.parts.audit.log.entries(Wanted(), limit=500))
    assert "10.0.2.10" in entries
    assert "setting_up" in entries
    assert SECRET not in entries


def test_who_tries_too_much_is_told_when_to_come_back(room: Room) -> None:
    """By account, whichever way he tries; another account goes on, and a sheet that tries nothing does too."""
    accounts = room.hub.parts.accounts
    eager = room.person("eager", Role.INTEGRATOR)
    account = next(each.id for each in accounts.list() if each.username == "eager")
    limits, csv = room.hub.parts.people.limits, {"Content-Type": "text/csv"}
    text = "id,site,url\nmine,home-2,rtsp://10.0.2.10/x\n"
    ways: tuple[tuple[str, dict[str, Any]], ...] = (
        ("discover", {"json": {"networks": ["10.0.2.10"]}}),
        ("probe", {"json": {"host": "10.0.2.10"}}),
        ("cam-1/probe", {}),
        ("try-still", {"json": {"url": "rtsp://10.0.2.10/main"}}),
        ("import?dry_run=true&probe=true", {"content": text, "headers": csv}),
    )
    for path, sent in ways:
        assert eager.post(f"/cameras/{path}", **sent).status_code == 200, path
    for _ in range(2 * RATES[Kind.PROBE].times):  # as if he had tried so many
        limits.count(Kind.PROBE, account)
    for path, sent in ways:
        answer = eager.post(f"/cameras/{path}", **sent)
        assert (answer.status_code, answer.json()["type"]) == (429, "urn:hub:problem:too-many"), path
        assert 1 <= int(answer.headers["Retry-After"]) <= RATES[Kind.PROBE].per_s
    assert eager.post("/cameras/import?dry_run=true", content=text, headers=csv).status_code == 200
    assert ask(room, "/cameras/probe", {"host": "10.0.2.10"}).status_code == 200
