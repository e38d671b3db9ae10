"""Cameras are added, changed and removed while the hub runs; passwords go in and never come out."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from hub.access import Role
from hub.reach import Grant, GrantKind
from tests.api.room import JPEG_OF, Room

GATE = {
    "id": "gate",
    "site": "crossing",
    "main": {"url": "rtsp://192.0.2.9/main", "username": "hub", "password": "h1dden"},
}


@pytest.fixture
def admin(room: Room) -> httpx.Client:
    return room.client(Role.ADMINISTRATOR)


def _add(admin: httpx.Client, **changes: Any) -> httpx.Response:
    return admin.post("/api/v1/cameras", json={**GATE, **changes}, params={"same_address": "true"})


def _running(room: Room, camera: str) -> Any:
    return room.cameras.applied[-1].camera(camera)


def _put(admin: httpx.Client, camera: str, body: dict[str, Any], etag: str) -> httpx.Response:
    return admin.put(f"/api/v1/cameras/{camera}", json=body, headers={"If-Match": etag})


def test_a_camera_is_shown_with_its_state_and_without_its_password(room: Room) -> None:
    answer = room.client().get("/api/v1/cameras/cam-1")
    body = answer.json()
    assert body["status"]["state"] == "live"
    assert body["main"] == {"url": "rtsp://192.0.2.1/main", "username": "hub", "has_password": True}
    assert "s3cret" not in answer.text
    assert "s3cret" not in room.client().get("/api/v1/cameras").text


def test_a_camera_that_is_added_runs_at_once(room: Room, admin: httpx.Client) -> None:
    made = _add(admin, id="new-1")
    assert made.status_code == 201
    assert made.headers["location"] == "/api/v1/cameras/new-1"
    assert _running(room, "new-1").main.password.reveal() == "h1dden"
    assert "h1dden" not in made.text
    assert _add(admin, id="new-1").status_code == 409


def test_a_camera_is_recorded_as_it_says_and_shows_how_that_does(room: Room, admin: httpx.Client) -> None:
    made = _add(admin, id="kept-1", record={"streams": ["main"], "keep_days": 7}).json()
    assert made["record"] == {"streams": ["main"], "keep_days": 7, "keep_events_days": 90, "most_gb": None}
    assert [(each["stream"], each["state"], each["reason"]) for each in made["status"]["recording"]] == [
        ("main", "recording", None)
    ]
    assert room.cameras.applied[-1].policy_of(_running(room, "kept-1")).keep_days == 7
    assert _add(admin, id="kept-2", record=False).json()["record"] is False
    refused = _add(admin, id="kept-3", record="shop")
    assert refused.status_code == 422
    assert "there is no class of recording `shop`" in refused.text


def test_a_password_inside_the_url_is_taken_out(room: Room, admin: httpx.Client) -> None:
    made = _add(admin, id="new-2", main={"url": "rtsp://who:wh4t@192.0.2.9/main"})
    assert made.json()["main"] == {"url": "rtsp://192.0.2.9/main", "username": "who", "has_password": True}
    assert "wh4t" not in made.text
    assert _running(room, "new-2").main.password.reveal() == "wh4t"


def test_an_operator_looks_and_does_not_change(room: Room) -> None:
    assert room.client().post("/api/v1/cameras", json=GATE).status_code == 403
    assert room.client().delete("/api/v1/cameras/cam-2", headers={"If-Match": "*"}).status_code == 403


def test_a_change_names_the_version_it_was_made_from(admin: httpx.Client) -> None:
    first = _add(admin, id="new-3")
    body = {**GATE, "id": "new-3", "name": "Gate"}
    assert admin.put("/api/v1/cameras/new-3", json=body).status_code == 428
    changed = _put(admin, "new-3", body, first.headers["etag"])
    assert changed.status_code == 200
    late = _put(admin, "new-3", {**body, "name": "Another"}, first.headers["etag"])
    assert late.status_code == 412
    assert late.json()["current"]["name"] == {"zh": "Gate", "en": "Gate"}
    assert late.headers["etag"] == changed.headers["etag"]
    assert "h1dden" not in late.text


def test_a_password_that_is_left_out_stays_and_null_removes_it(room: Room, admin: httpx.Client) -> None:
    etag = _add(admin, id="new-4").headers["etag"]
    body = {"id": "new-4", "site": "crossing", "main": {"url": "rtsp://192.0.2.9/other"}}
    kept = _put(admin, "new-4", body, etag)
    assert _running(room, "new-4").main.password.reveal() == "h1dden"
    assert _running(room, "new-4").main.username == "hub"
    body["main"] = {"url": "rtsp://192.0.2.9/other", "password": None}
    _put(admin, "new-4", body, kept.headers["etag"])
    assert _running(room, "new-4").main.password is None


def test_a_password_does_not_follow_a_stream_to_another_host(room: Room, admin: httpx.Client) -> None:
    etag = _add(admin, id="new-5").headers["etag"]
    answer = _put(
        admin, "new-5", {"id": "new-5", "site": "crossing", "main": {"url": "rtsp://198.51.100.7/main"}}, etag
    )
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["where"] == "body.main.password"
    assert _running(room, "new-5").main.url == "rtsp://192.0.2.9/main"


@pytest.mark.parametrize("url", ["file:///etc/passwd", "exec:sh", "ftp://192.0.2.9/x"])
def test_the_network_cannot_make_the_hub_read_its_own_files_or_start_programs(admin: httpx.Client, url: str) -> None:
    assert _add(admin, id="new-6", main={"url": url}).status_code == 422


@pytest.mark.parametrize("reference", ["env:HOME", "file:/etc/passwd"])
def test_the_network_cannot_send_the_hubs_files_as_a_password(admin: httpx.Client, reference: str) -> None:
    answer = _add(admin, id="new-6", main={"url": "rtsp://192.0.2.9/", "username": "a", "password": reference})
    assert answer.status_code == 422
    assert reference not in answer.text


def test_a_camera_at_no_site_changes_nothing_and_says_why(room: Room, admin: httpx.Client) -> None:
    before = room.hub.parts.revisions.number
    answer = _add(admin, id="new-7", site="nowhere")
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:hub:problem:configuration"
    assert "nowhere" in answer.json()["errors"][0]["message"]
    assert room.hub.parts.revisions.number == before


def test_a_view_that_was_changed_on_purpose_is_confirmed(room: Room, admin: httpx.Client) -> None:
    confirmed = admin.post("/api/v1/cameras/cam-1/view/confirm")
    assert confirmed.status_code == 200
    assert confirmed.json()["view"] == _running(room, "cam-1").view == 1
    assert admin.post("/api/v1/cameras/cam-1/view/confirm").json()["view"] == 2
    assert admin.post("/api/v1/cameras/nowhere/view/confirm").status_code == 404
    assert room.client().post("/api/v1/cameras/cam-1/view/confirm").status_code == 403


def test_an_id_does_not_change(admin: httpx.Client) -> None:
    etag = _add(admin, id="new-8").headers["etag"]
    assert _put(admin, "new-8", {**GATE, "id": "new-9"}, etag).status_code == 422


def test_a_camera_that_is_removed_is_gone_from_the_workers(room: Room, admin: httpx.Client) -> None:
    etag = _add(admin, id="new-10").headers["etag"]
    assert admin.delete("/api/v1/cameras/new-10").status_code == 428
    assert admin.delete("/api/v1/cameras/new-10", headers={"If-Match": etag}).status_code == 204
    assert _running(room, "new-10") is None
    assert admin.get("/api/v1/cameras/new-10").status_code == 404
    assert admin.delete("/api/v1/cameras/new-10", headers={"If-Match": etag}).status_code == 404


def test_every_change_is_in_the_history_with_a_name(room: Room, admin: httpx.Client) -> None:
    _add(admin, id="new-11")
    newest = room.hub.parts.revisions.history(limit=1)[0]
    assert (newest.author, newest.reason) == ("administrator-1", "camera new-11 added")


def test_the_newest_picture_is_a_jpeg_and_its_lack_says_so(room: Room) -> None:
    room.client().get("/api/v1/cameras/cam-1/still.jpg?width=320")
    got = room.client().get("/api/v1/cameras/cam-1/still.jpg")
    assert room.cameras.widths[-2:] == [320, None]
    assert got.headers["content-type"] == "image/jpeg"
    assert got.content == JPEG_OF
    room.cameras.blind.add("cam-2")
    assert room.client().get("/api/v1/cameras/cam-2/still.jpg").status_code == 503
    assert room.client().get("/api/v1/cameras/none/still.jpg").status_code == 404


def test_pages_of_cameras_are_by_id(room: Room) -> None:
    first = room.client().get("/api/v1/cameras", params={"limit": 1}).json()
    second = room.client().get("/api/v1/cameras", params={"limit": 1, "cursor": first["next"]}).json()
    assert [first["items"][0]["id"], second["items"][0]["id"]] == ["cam-1", "cam-2"]


def test_the_password_of_the_onvif_service_is_kept_for_its_host_and_never_shown(
    room: Room, admin: httpx.Client
) -> None:
    onvif = {"url": "http://192.0.2.9/onvif/device_service", "username": "hub", "password": "0nvif-pw"}
    made = _add(admin, id="turns", onvif=onvif)
    shown = {"url": onvif["url"], "username": "hub", "has_password": True, "profile": None, "events": True}
    assert made.json()["onvif"] == shown
    assert "0nvif-pw" not in made.text
    body = {**GATE, "id": "turns", "onvif": {"url": onvif["url"], "profile": "ptz"}}
    assert _put(admin, "turns", body, made.headers["etag"]).json()["onvif"]["profile"] == "ptz"
    assert _running(room, "turns").onvif.password.reveal() == "0nvif-pw"
    body["onvif"] = {"url": "http://192.0.2.10/onvif/device_service"}
    moved = _put(admin, "turns", body, "*")
    assert moved.status_code == 422
    assert "give its password anew" in moved.text
    assert _add(admin, id="turns-2", onvif={"url": "rtsp://192.0.2.9/"}).status_code == 422


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("rtsp://192.0.2.1/main", 409),
        ("rtsp://other:secret@192.0.2.1/main", 409),
        ("rtsp://192.0.2.1:554/main/", 409),
        ("rtsp://192.0.2.1/main?channel=2", 201),
        ("rtsp://192.0.2.1/other", 201),
        ("rtsp://192.0.2.1:8554/main", 201),
    ],
)
def test_one_stream_is_one_camera_unless_that_is_meant(room: Room, admin: httpx.Client, url: str, status: int) -> None:
    """The whole address counts, without who signs in there; a recorder has one for each of its cameras."""
    body = {"id": "twice", "site": "crossing", "main": {"url": url}}
    answer = admin.post("/api/v1/cameras", json=body)
    assert answer.status_code == status, answer.text
    if status == 409:
        assert answer.json()["type"] == "urn:hub:problem:conflict"
        assert "'cam-1'" in answer.json()["detail"]
        assert "secret" not in answer.text
        assert room.hub.parts.revisions.current().camera("twice") is None
        assert admin.post("/api/v1/cameras", json=body, params={"same_address": "true"}).status_code == 201
    assert admin.delete("/api/v1/cameras/twice", headers={"If-Match": "*"}).status_code == 204


def test_a_camera_is_not_moved_onto_the_address_of_another(admin: httpx.Client) -> None:
    """One that shares its address on purpose is changed in everything else."""
    own = {"id": "moves", "site": "crossing", "main": {"url": "rtsp://192.0.2.40/main"}}
    assert admin.post("/api/v1/cameras", json=own).status_code == 201
    there, any_version = {**own, "main": {"url": "rtsp://192.0.2.2/main"}}, {"If-Match": "*"}
    refused = admin.put("/api/v1/cameras/moves", json=there, headers=any_version)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:hub:problem:conflict")
    params = {"same_address": "true"}
    assert admin.put("/api/v1/cameras/moves", json=there, headers=any_version, params=params).status_code == 200
    assert admin.put("/api/v1/cameras/moves", json={**there, "enabled": False}, headers=any_version).status_code == 200
    assert admin.put("/api/v1/cameras/moves", json=own, headers=any_version).status_code == 200
    assert admin.delete("/api/v1/cameras/moves", headers=any_version).status_code == 204


def test_of_a_camera_that_is_not_for_somebody_its_address_says_nothing(room: Room) -> None:
    accounts, grants = room.hub.parts.accounts, room.hub.parts.people.grants
    mine = room.person("sun-3", Role.INTEGRATOR)
    account = next(each.id for each in accounts.list() if each.username == "sun-3")
    for each in grants.of(account):
        grants.take_back(each.id, by="test")
    grants.give(Grant("", account, GrantKind.SITE, "home-3", given_by="test"))
    body = {"id": "guess", "site": "home-3", "main": {"url": "rtsp://192.0.2.1/main"}}
    assert mine.post("/cameras", json=body).status_code == 201
    room.client(Role.ADMINISTRATOR).delete("/api/v1/cameras/guess", headers={"If-Match": "*"})
