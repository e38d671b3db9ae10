"""Revisions: every change has an author and a reason, can be told apart, and can be gone back on."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from hub.access import Role
from hub.store.audit import Wanted
from tests.api.room import Room, open_room

YAML = {"Content-Type": "application/yaml"}


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    opened = open_room(tmp_path_factory.mktemp("revisions") / "data")
    yield opened
    opened.close()


@pytest.fixture
def admin(room: Room) -> httpx.Client:
    return room.client(Role.ADMINISTRATOR)


def newest(admin: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = admin.get("/api/v1/revisions", params={"limit": 1}).json()["items"][0]
    return found


def add(admin: httpx.Client, camera: str, **params: Any) -> None:
    body = {"id": camera, "site": "crossing", "main": {"url": "rtsp://192.0.2.9/a", "password": "PLANTED"}}
    answer = admin.post("/api/v1/cameras", json=body, params={"same_address": "true", **params})
    assert answer.status_code == 201, answer.text


def export(admin: httpx.Client) -> tuple[str, dict[str, str]]:
    answer = admin.get("/api/v1/community")
    return answer.text, {**YAML, "If-Match": answer.headers["etag"]}


def test_a_change_is_one_revision_with_author_and_the_reason_that_was_given(room: Room, admin: httpx.Client) -> None:
    before = newest(admin)["number"]
    add(admin, "why-1", reason="新路口需要一台摄像头")
    made = newest(admin)
    assert made["number"] == before + 1
    assert made["author"] == "administrator-1"
    assert made["reason"] == "新路口需要一台摄像头 (camera why-1 added)"
    told = room.hub.parts.audit.log.entries(Wanted(kind="revision", id=str(made["number"])))
    assert [(each.actor, each.more["reason"]) for each in told] == [("administrator-1", made["reason"])]


def test_a_change_without_a_reason_says_what_was_done(admin: httpx.Client) -> None:
    add(admin, "why-2")
    assert newest(admin)["reason"] == "camera why-2 added"


def test_the_first_revision_is_of_the_file(admin: httpx.Client) -> None:
    first = admin.get("/api/v1/revisions/1").json()
    assert (first["author"], first["from_file"], first["reason"]) == ("file", True, "first start")


def test_what_is_other_is_told_by_id_and_field_without_secrets(admin: httpx.Client) -> None:
    add(admin, "other-1")
    number = newest(admin)["number"]
    camera = admin.get("/api/v1/cameras/other-1")
    body = {"id": "other-1", "site": "crossing", "main": {"url": "rtsp://192.0.2.9/b", "password": "PLANTED2"}}
    admin.put("/api/v1/cameras/other-1", json=body, headers={"If-Match": camera.headers["etag"]})
    answer = admin.get(f"/api/v1/revisions/{number}/diff", params={"to": number + 1})
    found = {each["path"]: each for each in answer.json()["differences"]}
    assert found["cameras.other-1.main.url"]["after"] == "rtsp://192.0.2.9/b"
    assert found["cameras.other-1.main.password"]["secret"]
    assert "PLANTED" not in answer.text
    assert admin.get("/api/v1/revisions/99999/diff").status_code == 404
    assert admin.get(f"/api/v1/revisions/{2**70}").status_code in (404, 422)


def test_going_back_is_a_new_revision_that_says_what_stays(room: Room, admin: httpx.Client) -> None:
    add(admin, "back-1")
    kept = newest(admin)["number"]
    admin.delete("/api/v1/cameras/back-1", headers={"If-Match": "*"})
    _, headers = export(admin)
    answer = admin.post(f"/api/v1/revisions/{kept}/restore", json={"reason": "too early"}, headers=headers | JSON)
    made = answer.json()
    assert answer.status_code == 200, answer.text
    assert made["revision"] == kept + 2
    assert [each["path"] for each in made["differences"]] == ["cameras.back-1"]
    assert "back-1" in made["stays"][0]["en"]
    assert "back-1" in made["stays"][0]["zh"]
    assert newest(admin)["reason"] == f"too early (as of revision {kept})"
    assert room.hub.parts.revisions.current().camera("back-1") == room.hub.parts.revisions.version(kept).camera(
        "back-1"
    )


JSON = {"Content-Type": "application/json"}


def test_going_back_while_somebody_edits_is_refused_with_412(admin: httpx.Client) -> None:
    _, headers = export(admin)
    add(admin, "meanwhile-1")
    answer = admin.post("/api/v1/revisions/1/restore", json={"reason": "as it was"}, headers=headers | JSON)
    assert answer.status_code == 412
    assert answer.headers["etag"] != headers["If-Match"]
    assert admin.post("/api/v1/revisions/1/restore", json={"reason": "as it was"}).status_code == 428
    assert admin.post("/api/v1/revisions/1/restore", json={}, headers=headers | JSON).status_code == 422


def test_of_two_that_go_back_at_once_one_wins(admin: httpx.Client) -> None:
    add(admin, "twice-1")
    number = newest(admin)["number"]
    add(admin, "twice-2")
    _, headers = export(admin)

    def back(_: int) -> int:
        body = {"reason": "both at once"}
        return admin.post(f"/api/v1/revisions/{number}/restore", json=body, headers=headers | JSON).status_code

    with ThreadPoolExecutor(4) as pool:
        codes = sorted(pool.map(back, range(4)))
    assert codes[0] == 200
    assert set(codes[1:]) <= {409, 412}
    assert newest(admin)["number"] == number + 2


def test_what_is_exported_can_be_sent_back_and_changes_nothing(room: Room, admin: httpx.Client) -> None:
    text, headers = export(admin)
    assert "PLANTED" not in text
    assert "s3cret" not in text
    before = room.hub.parts.revisions.newest()
    answer = admin.put("/api/v1/community", content=text.encode(), headers=headers)
    assert answer.json()["revision"] is None
    assert room.hub.parts.revisions.newest() == before


def test_a_whole_community_is_put_in_force_after_a_dry_run(room: Room, admin: httpx.Client) -> None:
    text, headers = export(admin)
    edited = text.replace("Crossing", "The crossing").encode()
    dry = admin.put("/api/v1/community", content=edited, headers=headers, params={"dry_run": True}).json()
    assert [each["path"] for each in dry["differences"]] == ["sites.crossing.name.en"]
    before = newest(admin)["number"]
    made = admin.put("/api/v1/community", content=edited, headers=headers, params={"reason": "renamed"}).json()
    assert (made["revision"], made["differences"]) == (before + 1, dry["differences"])
    assert newest(admin)["reason"] == "renamed (community replaced)"
    main = room.hub.parts.revisions.current().camera("cam-1")
    assert main is not None
    assert main.main.password is not None
    assert main.main.password.reveal() == "s3cret"
    assert admin.put("/api/v1/community", content=edited, headers=headers).status_code == 412


def test_every_mistake_of_a_whole_community_is_told_with_its_line(admin: httpx.Client) -> None:
    text, headers = export(admin)
    line = text.count("\n")
    wrong = text + "shiftts: []\nplate_lists: 7\n"
    found = admin.put("/api/v1/community", content=wrong.encode(), headers=headers).json()
    assert {(each["where"], each["line"]) for each in found["errors"]} == {
        ("shiftts", line + 1),
        ("plate_lists", line + 2),
    }


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (("rtsp://192.0.2.1/main", "rtsp://192.0.2.66/main"), "hides a secret that is not known"),
        (("rtsp://192.0.2.2/main", "file:///etc/passwd"), "is a file on the hub"),
        (("'***'", "env:HOME"), "env: and file: are for files"),
        (("site: crossing", "site: nowhere"), "nowhere"),
    ],
)
def test_what_may_not_come_over_the_network_is_refused_with_its_line(
    room: Room, admin: httpx.Client, edit: tuple[str, str], words: str
) -> None:
    old, new = edit
    text, headers = export(admin)
    assert old in text or old.replace("'", "") in text
    edited = text.replace(old if old in text else old.replace("'", ""), new, 1)
    before = room.hub.parts.revisions.newest()
    answer = admin.put("/api/v1/community", content=edited.encode(), headers=headers)
    assert answer.status_code == 422
    assert words in answer.text
    assert all(each["line"] for each in answer.json()["errors"])
    assert room.hub.parts.revisions.newest() == before


def test_who_may_not_change_the_community_does_not(room: Room, admin: httpx.Client) -> None:
    text, headers = export(admin)
    supervisor, operator = room.client(Role.SUPERVISOR), room.client(Role.OPERATOR)
    assert supervisor.get("/api/v1/revisions").status_code == 200
    assert supervisor.put("/api/v1/community", content=text, headers=headers).status_code == 403
    assert operator.get("/api/v1/revisions").status_code == 403
    assert operator.get("/api/v1/community").status_code == 403


def test_only_the_camera_that_is_other_is_touched(room: Room, admin: httpx.Client) -> None:
    """The supervisor restarts what changed alone; here, what it is handed: every other camera is equal to before."""
    add(admin, "touched-1")
    text, headers = export(admin)
    before = {each.id: each for each in room.hub.parts.revisions.current().cameras}
    edited = text.replace("id: touched-1\n", "id: touched-1\n  enabled: false\n")
    assert admin.put("/api/v1/community", content=edited.encode(), headers=headers).status_code == 200
    after = {each.id: each for each in room.hub.parts.revisions.current().cameras}
    assert {each for each in after if after[each] != before[each]} == {"touched-1"}
