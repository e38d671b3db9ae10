"""Evidence and deletions over HTTP, of a whole hub with real recordings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cameras.recordings.evidence.verifying import verify
from cameras.recordings.media import Because, StreamName
from config.community import Camera, Contact, Ring, Site, Stream
from config.recording import Evidence
from hub.access import Role
from hub.events import time_to_text
from tests.api.room import Room, community, let_watch, open_room
from tests.fakes.recordings import footage, write_segment

SECONDS = 90


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    there = community()
    own = Camera(id="cam-own", site="yard", main=Stream(url="rtsp://192.0.2.3/main"))
    there = there.model_copy(
        update={
            "evidence": Evidence(before_s=10, after_s=0),
            "cameras": (*there.cameras, own),
            "sites": (*there.sites, Site(id="yard", name={"en": "Yard"}, ring=Ring.HOUSEHOLD)),
            "contacts": (Contact(account="li", sites=("yard",)), Contact(account="zhao", sites=("crossing",))),
        }
    )
    opened = open_room(tmp_path_factory.mktemp("hub") / "data", there=there)
    yield opened
    opened.close()


def _record(room: Room, camera: str, site: str) -> datetime:
    """A minute before now and half a minute after it; gives when that begins."""
    now = room.hub.parts.clock.now()
    began = (now - timedelta(seconds=60)).replace(microsecond=0)
    form, samples = footage(SECONDS)
    made = write_segment(room.data / "recordings", began, form, samples, camera=camera, site=site)
    room.hub.parts.recordings.catalog.keep_all([made], timeout_s=10)
    return began


@pytest.fixture(scope="module")
def frozen(room: Room) -> str:
    """An incident of which there is evidence."""
    _record(room, "cam-1", "crossing")
    _record(room, "cam-2", "crossing")
    incident: str = room.smoke()["id"]
    room.wait_for(lambda: room.client().get(f"/api/v1/incidents/{incident}/evidence").json().get("version"))
    return incident


def _evidence(room: Room, incident: str, role: Role = Role.OPERATOR) -> Any:
    answer = room.client(role).get(f"/api/v1/incidents/{incident}/evidence")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_an_incident_has_evidence_that_can_be_downloaded_and_checked(room: Room, frozen: str, tmp_path: Path) -> None:
    body = _evidence(room, frozen)
    assert {each["camera"] for each in body["files"] if each["kind"] == "clip"} == {"cam-1", "cam-2"}
    assert {each["state"] for each in body["wanted"]} == {"kept"}
    assert all(each["who"] == "engine" for each in body["wanted"])
    key = room.client().get("/api/v1/evidence/key").json()
    assert key["fingerprint"] == body["key"]
    whole = room.client().get(body["download"])
    assert whole.headers["content-type"] == "application/zip"
    assert int(whole.headers["content-length"]) == len(whole.content)
    path = tmp_path / "all.zip"
    path.write_bytes(whole.content)
    assert verify(path, key=key["fingerprint"]).is_good
    rest = room.client().get(body["download"], headers={"Range": "bytes=1000-", "If-Range": whole.headers["etag"]})
    assert rest.status_code == 206
    assert rest.content == whole.content[1000:]
    clip = next(each for each in body["files"] if each["kind"] == "clip")
    got = room.client().get(clip["href"])
    assert got.headers["content-type"] == "video/mp4"
    assert len(got.content) == clip["size_bytes"]
    assert room.client().get(body["manifest"]).json()["version"] == body["version"]


def test_a_link_downloads_all_of_it_and_nothing_else(room: Room, frozen: str) -> None:
    address = f"/api/v1/incidents/{frozen}/evidence"
    url = room.client().post(f"{address}/link").json()["url"]
    nobody = room.client(None)
    assert nobody.get(url).content == room.client().get(f"{address}.zip").content
    assert nobody.get(url.replace(frozen, "another")).status_code == 404
    assert nobody.get(f"{url}x").status_code == 401
    assert nobody.get(url.replace("evidence.zip", "evidence")).status_code == 401
    assert room.client(Role.RESPONDER).post(f"{address}/link").status_code == 404
    clip = {"what": "clip", "from": "2026-03-01T00:00:00Z", "to": "2026-03-01T00:01:00Z"}
    other = room.client().post("/api/v1/cameras/cam-1/links", json=clip).json()["url"]
    assert nobody.get(f"{address}.zip?{other.partition('?')[2]}").status_code == 404


def test_metrics_say_how_much_there_is(room: Room, frozen: str) -> None:
    size = sum(each["size_bytes"] for each in _evidence(room, frozen)["files"])
    told = dict(line.split(" ") for line in room.client(None).get("/metrics").text.splitlines() if line[0] != "#")
    assert float(told["hub_evidence_bytes"]) == size
    assert float(told["hub_evidence_incidents"]) == 1
    assert float(told["hub_evidence_waiting"]) == 0
    assert float(told["hub_evidence_behind"]) == 0
    assert float(told["hub_evidence_stopped"]) == 0


def test_a_manifest_that_cannot_be_relied_on_is_told(room: Room, frozen: str) -> None:
    body = _evidence(room, frozen)
    assert body["problem"] is None
    path = room.data / "evidence" / frozen / f"manifest-{body['version']}.json"
    whole = path.read_bytes()
    path.write_bytes(whole[:-30])
    try:
        told = _evidence(room, frozen)
        assert (told["version"], told["files"]) == (body["version"], [])
        assert path.name in told["problem"]
        for address in (body["download"], body["files"][0]["href"]):
            answer = room.client().get(address)
            assert answer.status_code == 410
            assert path.name in answer.text
    finally:
        path.write_bytes(whole)
    assert _evidence(room, frozen) == body


@pytest.mark.parametrize("name", ["../../hub.sqlite3", "%2e%2e/%2e%2e/evidence-key.pem", "clips", "none.mp4", ""])
def test_nothing_else_can_be_downloaded_there(room: Room, frozen: str, name: str) -> None:
    answer = room.client().get(f"/api/v1/incidents/{frozen}/evidence/files/{name}")
    assert answer.status_code == 404


def test_only_who_works_on_it_sees_it(room: Room, frozen: str) -> None:
    address = f"/api/v1/incidents/{frozen}/evidence"
    assert room.client(Role.SUPERVISOR).get(address).status_code == 200
    assert room.client(Role.RESPONDER).get(address).status_code == 404
    assert room.client(Role.RESPONDER).get(f"{address}.zip").status_code == 404
    for role in (Role.RESIDENT, Role.INTEGRATOR):
        for where in (address, f"{address}.zip", f"{address}/files/manifest-1.json", "/api/v1/evidence/key"):
            assert room.client(role).get(where).status_code == 403
    assert room.client(None).get(f"{address}.zip").status_code == 401
    assert room.client().get("/api/v1/incidents/none/evidence").status_code == 404


def test_the_room_keeps_more_by_hand_and_a_wrong_wish_is_refused_in_words(room: Room, frozen: str) -> None:
    before = _evidence(room, frozen)
    now = room.hub.parts.clock.now()
    wish = {
        "cameras": ["cam-1"],
        "from": time_to_text(now - timedelta(seconds=40)),
        "to": time_to_text(now - timedelta(seconds=30)),
        "reason": "he came that way",
    }
    address = f"/api/v1/incidents/{frozen}/evidence"
    answer = room.client().post(address, json=wish)
    assert answer.status_code == 202, answer.text
    assert room.client(Role.RESPONDER).post(address, json=wish).status_code == 403
    for wrong, where in (
        ({"cameras": ["none"]}, "body.cameras.0"),
        ({"to": wish["from"]}, "body.to"),
        ({"to": time_to_text(now + timedelta(hours=3))}, "body.to"),
        ({"from": "2026-11-22T10:00:00"}, "body.from"),
        ({"reason": " "}, "body.reason"),
    ):
        refused = room.client().post(address, json={**wish, **wrong})
        assert refused.status_code == 422, refused.text
        assert refused.json()["errors"][0]["where"] == where
    after = room.wait_for(lambda: (body := _evidence(room, frozen))["version"] > before["version"] and body)
    assert [each["why"] for each in after["wanted"] if each["who"] != "engine"] == ["he came that way"]
    assert len(after["files"]) > len(before["files"])
    moves = room.client().get(f"/api/v1/incidents/{frozen}").json()["history"]
    assert {"asked", "frozen", "grown"} <= {each["move"] for each in moves if each["topic"] == "evidence"}


def test_a_supervisor_releases_what_is_settled(room: Room, frozen: str) -> None:
    address = f"/api/v1/incidents/{frozen}/evidence/release"
    assert room.client().post(address, json={"reason": "x"}).status_code == 403
    refused = room.client(Role.SUPERVISOR).post(address, json={"reason": "handed over"})
    assert (refused.status_code, refused.json()["allowed"]) == (409, ["resolve"])
    resolve = {"verdict": "false", "cause": "cooking", "note": "burnt food"}
    for move, body in (("acknowledge", None), ("resolve", resolve)):
        done = room.client(Role.SUPERVISOR).post(f"/api/v1/incidents/{frozen}/{move}", json=body)
        assert done.status_code == 200, done.text
    released = room.client(Role.SUPERVISOR).post(address, json={"reason": "handed over"})
    assert released.status_code == 200, released.text
    body = released.json()
    assert (body["released_by"], body["released_why"]) == ("supervisor-1", "handed over")
    gone = datetime.fromisoformat(body["delete_after"]) - datetime.fromisoformat(body["released"])
    assert gone == timedelta(days=7)


def test_a_resident_deletes_what_the_own_camera_recorded_and_nobody_elses(room: Room) -> None:
    began = _record(room, "cam-own", "yard")
    wish = {
        "from": time_to_text(began + timedelta(seconds=10)),
        "to": time_to_text(began + timedelta(seconds=30)),
        "reason": "guests",
    }
    li, zhao = room.person("li", Role.RESIDENT), room.person("zhao", Role.RESIDENT)
    for office in (Role.OPERATOR, Role.ADMINISTRATOR):
        answer = room.client(office).post("/api/v1/cameras/cam-own/recordings/delete", json=wish)
        assert answer.status_code == 403, "this is for who lives there"
    assert zhao.post("/cameras/cam-own/recordings/delete", json=wish).status_code == 404
    assert zhao.post("/cameras/cam-1/recordings/delete", json=wish).status_code == 404, "a road is nobody's own"
    ahead = {**wish, "to": time_to_text(room.hub.parts.clock.now() + timedelta(hours=1))}
    assert li.post("/cameras/cam-own/recordings/delete", json=ahead).json()["errors"][0]["where"] == "body.to"
    asked = li.post("/cameras/cam-own/recordings/delete", json=wish)
    assert asked.status_code == 202, asked.text
    assert asked.json()["step"] == "asked"

    def trace() -> Any:
        return li.get("/cameras/cam-own/recordings/deletions").json()["items"]

    steps = room.wait_for(lambda: (found := trace())[0]["step"] == "deleted" and found)
    assert [(each["who"], each["role"], each["reason"]) for each in steps] == [("li", "resident", "guests")] * 2
    assert steps[0]["segments"] == 1
    assert steps[0]["size_bytes"] > 0
    assert zhao.get("/cameras/cam-own/recordings/deletions").status_code == 404
    assert len(room.client().get("/api/v1/cameras/cam-own/recordings/deletions").json()["items"]) == 2
    catalog = room.hub.parts.recordings.catalog
    gaps = catalog.ranges("cam-own", StreamName.MAIN, began, began + timedelta(seconds=60)).gaps
    assert [each.because for each in gaps] == [Because.DELETED]


def test_evidence_of_an_open_incident_is_not_deleted(room: Room) -> None:
    let_watch(room, ("cam-own", "yard"))
    began = _record(room, "cam-own", "yard")
    incident = room.smoke()["id"]
    now = room.hub.parts.clock.now()
    wish = {"cameras": ["cam-own"], "from": time_to_text(began), "to": time_to_text(now), "reason": "it shows the fire"}
    assert room.client().post(f"/api/v1/incidents/{incident}/evidence", json=wish).status_code == 202
    delete = {"from": time_to_text(began), "to": time_to_text(now), "reason": "guests"}
    refused = room.person("li", Role.RESIDENT).post("/cameras/cam-own/recordings/delete", json=delete)
    assert refused.status_code == 409
    assert "open incident lies in this span" in refused.json()["detail"]


def test_an_alarm_that_comes_again_adds_its_moment(room: Room) -> None:
    first = room.smoke()
    home, address = first["site"], f"/api/v1/incidents/{first['id']}"
    for condition, alarm in (("returned", False), ("active", True)):
        room.say("smoke", f"{home}-smoke", site=home, alarm=alarm)
        room.wait_for(lambda now=condition: room.client().get(address).json()["alerts"][0]["condition"] == now)

    def whys() -> set[str]:
        return {each["why"] for each in room.client().get(f"{address}/evidence").json().get("wanted", ())}

    room.wait_for(lambda: whys() == {"fire.smoke was raised", "fire.smoke came again"})
