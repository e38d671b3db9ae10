"""What a responder sees and may do: his own orders and what they are about, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from alerts.incidents.views import JournalEntry
from api.access.declared import DECLARED
from api.access.feed_sight import FeedSight
from config.community import Community
from hub.access import Principal, Role
from tests.api.room import Room, open_room
from tests.api.test_dispatches import end, orders, say, send, village

MAY_ASK = {
    "/api/v1/me",
    "/api/v1/me/position",
    "/api/v1/auth/logout",
    "/api/v1/feed",
    "/api/v1/incidents",
    "/api/v1/dispatches",
    "/api/v1/incidents/{incident_id}",
    "/api/v1/incidents/{incident_id}/calls",
    "/api/v1/incidents/{incident_id}/comment",
    "/api/v1/incidents/{incident_id}/orders",
    "/api/v1/incidents/{incident_id}/still.jpg",
    "/api/v1/alerts/{alert_id}/still.jpg",
    *(
        f"/api/v1/incidents/{{incident_id}}/evidence{rest}"
        for rest in ("", "/link", "/files/{name}", "/files/{folder}/{name}", ".zip")
    ),
    *(
        f"/api/v1/dispatches/{{order_id}}{rest}"
        for rest in ("", "/accept", "/decline", "/arrive", "/done", "/photo", "/photo.jpg")
    ),
}
OF_EVERYBODY = tuple(f"/api/v1/{noun}" for noun in ("reports", "tasks", "points", "me/", "volunteers"))
"""What people report, offer and earn, and how they are told: each his own, held by the tests of these."""


def community() -> Community:
    """Nobody on duty but one, so that what a responder sees is what he was sent to."""
    return village().model_copy(update={"duties": village().duties[:1]})


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    opened = open_room(tmp_path_factory.mktemp("hub") / "data", there=community())
    for name in ("zhao", "qian", "sun"):
        opened.person(name)
    yield opened
    opened.close()


def ids(room: Room, who: str, address: str, **asked: Any) -> list[str]:
    return [each["id"] for each in room.person(who).get(address, params={"limit": 500, **asked}).json()["items"]]


def test_he_sees_his_own_orders_and_another_one_is_not_found(room: Room) -> None:
    mine, others = room.smoke(), room.smoke()
    own, foreign = send(room, mine, "qian").json(), send(room, others, "sun").json()
    assert ids(room, "qian", "/dispatches") == [own["id"]]
    assert ids(room, "qian", "/dispatches", unit="sun") == [own["id"]]
    assert ids(room, "qian", "/incidents") == [mine["id"]]
    for method, address, body in (
        ("GET", f"/dispatches/{foreign['id']}", None),
        ("GET", f"/dispatches/{foreign['id']}/photo.jpg", None),
        ("POST", f"/dispatches/{foreign['id']}/accept", {}),
        ("POST", f"/dispatches/{foreign['id']}/decline", {"reason": "no"}),
        ("POST", f"/dispatches/{foreign['id']}/arrive", {"photo": True}),
        ("POST", f"/dispatches/{foreign['id']}/done", {"verdict": "true"}),
        ("GET", f"/incidents/{others['id']}", None),
        ("GET", f"/incidents/{others['id']}/orders", None),
        ("GET", f"/incidents/{others['id']}/still.jpg", None),
        ("POST", f"/incidents/{others['id']}/comment", {"note": "hello"}),
    ):
        answer = room.person("qian").request(method, address, json=body)
        assert (answer.status_code, answer.json()["type"]) == (404, "urn:hub:problem:not-found"), address
    assert orders(room, others) == [("sun", "ordered")]
    for incident in (mine, others):
        end(room, incident)


def test_he_reads_comments_and_finishes_what_he_was_sent_to(room: Room) -> None:
    incident = room.smoke()
    order = send(room, incident, "qian").json()
    send(room, incident, "sun")
    found = room.person("qian").get(f"/incidents/{incident['id']}").json()
    assert (found["allowed"], found["alerts"][0]["kind"]) == (["comment"], "fire.smoke")
    assert ids(room, "qian", f"/incidents/{incident['id']}/orders") == [order["id"]], "who else comes is the room's"
    said = room.person("qian").post(f"/incidents/{incident['id']}/comment", json={"note": "the gate is locked"})
    assert said.status_code == 200
    say(room, "qian", order, "accept")
    assert say(room, "qian", order, "cancel", {"reason": "no"}).status_code == 403
    done = say(room, "qian", order, "done", {"verdict": "nuisance", "cause": "cooking", "note": "a pan"})
    assert done.json()["state"] == "done"
    assert orders(room, incident) == [("qian", "done"), ("sun", "cancelled")]
    assert room.person("sun").get(f"/incidents/{incident['id']}").status_code == 404
    assert room.person("qian").get(f"/incidents/{incident['id']}").status_code == 200


def test_what_he_declined_is_no_longer_his(room: Room) -> None:
    incident = room.smoke()
    order = send(room, incident, "qian").json()
    say(room, "qian", order, "decline", {"reason": "the road is flooded"})
    assert room.person("qian").get(f"/incidents/{incident['id']}").status_code == 404
    assert room.person("qian").get(f"/dispatches/{order['id']}").json()["state"] == "declined"
    end(room, incident)


def test_who_is_on_duty_reads_what_is_in_his_areas_and_does_nothing_about_it(room: Room) -> None:
    incident = room.smoke()
    assert incident["id"] in ids(room, "zhao", "/incidents", state="open")
    found = room.person("zhao").get(f"/incidents/{incident['id']}").json()
    assert (found["allowed"], found["still"]) == ([], None)
    assert room.person("zhao").post(f"/incidents/{incident['id']}/comment", json={"note": "x"}).status_code == 404
    assert room.person("zhao").get(f"/incidents/{incident['id']}/still.jpg").status_code == 404
    end(room, incident)


def test_he_may_ask_for_no_other_address(room: Room) -> None:
    for method, path in ((each.method, each.path) for each in DECLARED if each.method != "WEBSOCKET"):
        if not path.startswith("/api/v1/") or path in MAY_ASK or path.startswith("/api/v1/auth/"):
            continue
        answer = room.person("sun").request(method, f"{room.hub.url}{re.sub(r'{[a-z_]+}', 'x', path)}")
        if answer.status_code != 403:
            open_to_all = (
                path in ("/api/v1/openapi.json", "/api/v1/setup", "/api/v1/evidence/key")
                or (method, path) == ("GET", "/api/v1/phones")
                or "/invitations/" in path
            )
            assert open_to_all or path.startswith(OF_EVERYBODY), f"{method} {path}: {answer.status_code}"


def test_the_feed_shows_him_his_orders_and_what_they_are_about(room: Room) -> None:
    sight = FeedSight(room.hub.parts, Principal(id="1", name="qian", role=Role.RESPONDER))

    def shows(topic: str, incident: str | None, **body: str | None) -> bool:
        at = room.hub.parts.clock.now()
        return sight.shown(JournalEntry(1, at, topic, "x", incident, "x", "x", "", body)) is not None

    assert not shows("incident", "i-1", area="village")
    assert shows("order", "i-1", unit="qian", state="ordered")
    assert not shows("order", "i-1", unit="sun", state="ordered")
    assert shows("incident", "i-1", area="elsewhere")
    assert not shows("incident", "i-2", area="elsewhere")
    for topic in ("alert", "health", "rule", "arming", "withheld"):
        assert not shows(topic, "i-1", area="village"), topic
    assert shows("order", "i-1", unit="qian", state="declined")
    assert not shows("incident", "i-1", area=None)


def test_the_feed_of_a_responder_tells_of_his_order_and_not_of_anothers(room: Room) -> None:
    others, mine = room.smoke(), room.smoke()
    newest = room.hub.parts.alerts.newest_seq()
    send(room, others, "sun")
    order = send(room, mine, "qian").json()
    seen: list[tuple[str, str]] = []
    headers = {"Last-Event-ID": str(newest)}
    with room.person("qian").stream("GET", "/feed", headers=headers) as stream:
        topic = ""
        for line in stream.iter_lines():
            if line.startswith("event: "):
                topic = line.removeprefix("event: ")
            elif line.startswith("data: ") and topic != "hello":
                seen.append((topic, "mine" if mine["id"] in line else "another's"))
                if len(seen) == 2:
                    break
    assert set(seen) == {("order", "mine"), ("incident", "mine")}
    say(room, "qian", order, "accept")
    for incident in (mine, others):
        end(room, incident)


def test_the_room_is_told_who_is_free_and_near_and_why_he_is_named_first(room: Room) -> None:
    whole = community()
    duties = [
        {"account": "zhao", "area": "village"},
        {"account": "qian", "area": "village"},
        {"account": "gone", "area": "village"},
        {"account": "sun", "area": "town"},
    ]
    room.hub.parts.revisions.accept(
        Community.model_validate({**whole.model_dump(context={"secrets": True}), "duties": duties}),
        author="test",
        reason="more people",
    )
    incident, other = room.smoke(), room.smoke()
    try:
        address = f"/api/v1/incidents/{incident['id']}/units"
        assert room.person("qian").put("/me/position", json={"lat": 29.3581, "lon": 106.1622}).status_code == 204
        first = room.client().get(address).json()
        assert [unit["unit"] for unit in first["units"]] == ["qian", "zhao", "sun", "gone"]
        near = first["units"][0]
        assert near["distance_m"] == 97
        assert near["why"] == {
            "zh": "空闲，在岗，联户组，97 米",
            "en": "free, on duty, household group, 97 m away",
        }
        assert first["units"][-1]["can_be_sent"] is False
        send(room, other, "qian")
        assert [unit["unit"] for unit in room.client().get(address).json()["units"]] == ["zhao", "sun", "qian", "gone"]
        assert room.person("qian").delete("/me/position").status_code == 204
        busy = room.client().get(address).json()["units"][2]
        assert (busy["busy"], busy["distance_m"], busy["position_at"]) == (1, None, None)
        assert room.person("qian").get(address.removeprefix("/api/v1")).status_code == 403
    finally:
        room.hub.parts.revisions.accept(whole, author="test", reason="as before")
        end(room, other)
    nobody = room.hub.parts.revisions.current().model_copy(update={"duties": ()})
    room.hub.parts.revisions.accept(nobody, author="test", reason="nobody")
    answer = room.client().get(address).json()
    assert (answer["units"], answer["nobody"]) == ([], True)
    assert answer["text"]["en"] == "nobody up to the town is on duty for this place now"
    room.hub.parts.revisions.accept(whole, author="test", reason="as before")
    end(room, incident)
