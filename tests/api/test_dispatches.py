"""Orders over HTTP: the room sends people, and they answer."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config.community import Community
from hub.access import Role
from tests.api.room import Room, community, open_room
from tests.fakes.clocks import ShiftedClock

ACCEPTED_WITHIN_S = 60
HERE = {"lat": 29.3581, "lon": 106.1612}
PHOTO = bytes.fromhex(
    "ffd8ffe000104a46494600010100000100010000"  # the beginning and who wrote it
    "ffc0000b080001000101011100"  # a frame of one grey point
    "ffda0008010100003f00aa55ffd9"
)
LEVELS = ("town", "community", "block", "village")
"""From the top; what the tests' devices say is of the lowest."""


def village() -> Community:
    """Four levels of the grid, somebody on duty at each, and somebody on call in the group."""
    base = community().model_dump(mode="json", context={"secrets": True})
    base["areas"] = [
        {"id": area, "name": area.title(), "parent": parent}
        for area, parent in zip(LEVELS, (None, *LEVELS), strict=False)
    ]
    for site in base["sites"]:
        site["area"] = LEVELS[-1]
        site["location"] = HERE
    base["deadlines"] = {
        "accepted_within_s": dict.fromkeys(("red", "orange", "yellow", "blue"), ACCEPTED_WITHIN_S),
        "seen_within_s": dict.fromkeys(("red", "orange", "yellow", "blue"), 80_000),
    }
    base["duties"] = [
        {"account": "zhao", "area": "village"},
        {"account": "he", "area": "village", "standby": True},
        {"account": "qian", "area": "block"},
        {"account": "sun", "area": "community"},
        {"account": "zhou", "area": "town"},
    ]
    return Community.model_validate(base)


@pytest.fixture(scope="module")
def clock() -> ShiftedClock:
    return ShiftedClock()


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory, clock: ShiftedClock) -> Iterator[Room]:
    opened = open_room(tmp_path_factory.mktemp("hub") / "data", there=village(), clock=clock)
    for name in ("zhao", "he", "qian", "sun", "zhou"):
        opened.person(name)
    yield opened
    opened.close()


def send(room: Room, incident: dict[str, Any], unit: str, **headers: str) -> Any:
    body = {"unit": unit, "note": "the side door is open"}
    return room.client().post(f"/api/v1/incidents/{incident['id']}/dispatch", json=body, headers=headers)


def say(room: Room, who: str, order: dict[str, Any], word: str, *body: dict[str, Any], **headers: str) -> Any:
    return room.person(who).post(f"/dispatches/{order['id']}/{word}", json=body[0] if body else {}, headers=headers)


def orders(room: Room, incident: dict[str, Any]) -> list[tuple[str, str]]:
    found = room.client().get(f"/api/v1/incidents/{incident['id']}/orders").json()["items"]
    return [(order["unit"], order["state"]) for order in found]


def end(room: Room, incident: dict[str, Any]) -> None:
    """Nobody is busy with it any more."""
    body = {"verdict": "nuisance", "cause": "cooking", "note": "a pan"}
    room.client().post(f"/api/v1/incidents/{incident['id']}/resolve", json=body)


def test_somebody_is_sent_accepts_arrives_by_code_and_says_what_it_was(room: Room) -> None:
    incident = room.smoke()
    answer = send(room, incident, "zhao")
    order = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/api/v1/dispatches/{order['id']}"
    assert (order["state"], order["grid"], order["note"]) == ("ordered", 0, "the side door is open")
    assert order["times"]["accepted_within_s"] == ACCEPTED_WITHIN_S
    assert order["due"] > order["ordered"]
    assert [each["en"] for each in order["where"]][1:] == ["Village", "Block", "Community", "Town"]
    assert ({"lat": order["lat"], "lon": order["lon"]}, order["name"]["zh"]) == (HERE, "烟感报警")
    assert room.person("zhao").get("/dispatches", params={"mine": True, "state": "live"}).json()["items"] == [
        {**order, "allowed": ["accept", "decline", "arrive"]}
    ]
    assert say(room, "zhao", order, "accept", {"note": "ten minutes"}).json()["state"] == "accepted"
    code = room.client(Role.SUPERVISOR).get(f"/api/v1/sites/{incident['site']}/arrival-code").json()
    wrong = say(room, "zhao", order, "arrive", {"code": "AAAA-BBBB-CCCC-DDDD"})
    assert wrong.status_code == 409
    there = say(room, "zhao", order, "arrive", {"code": code["printed"]}).json()
    assert (there["state"], there["arrived_by"], there["note"]) == ("arrived", "code", "the side door is open")
    assert room.client().get(f"/api/v1/incidents/{incident['id']}").json()["handling"] == "on_scene"
    done = say(room, "zhao", order, "done", {"verdict": "nuisance", "cause": "cooking", "note": "a pan"})
    assert done.json()["state"] == "done"
    after = room.client().get(f"/api/v1/incidents/{incident['id']}").json()
    assert (after["handling"], after["verdict"]) == ("resolved", "nuisance")


def test_who_is_too_far_away_is_told_how_far(room: Room) -> None:
    incident = room.smoke()
    order = send(room, incident, "zhao").json()
    far = say(room, "zhao", order, "arrive", {"position": {**HERE, "lat": HERE["lat"] + 0.01}})
    assert far.status_code == 409
    assert "1112 m away, and has to be within 150 m" in far.json()["detail"]
    vague = say(room, "zhao", order, "arrive", {"position": {**HERE, "accuracy_m": 900}})
    assert "only known to 900 m" in vague.json()["detail"]
    assert say(room, "zhao", order, "arrive", {"position": HERE, "photo": True}).status_code == 422
    near = say(room, "zhao", order, "arrive", {"position": {**HERE, "lat": HERE["lat"] + 0.001, "accuracy_m": 12}})
    assert near.json()["arrived_by"] == "position"
    end(room, incident)


def test_a_photo_shows_it_and_is_known_by_its_bytes(room: Room) -> None:
    incident = room.smoke()
    order = send(room, incident, "zhao").json()
    address, jpeg = f"/dispatches/{order['id']}/photo", {"Content-Type": "image/jpeg"}
    assert say(room, "zhao", order, "arrive", {"photo": True}).status_code == 409
    zhao = room.person("zhao")
    assert zhao.put(address, content=b"<svg/>", headers=jpeg).status_code == 422
    assert zhao.put(address, content=b"\xff\xd8\xff" + bytes(8 << 20), headers=jpeg).status_code == 413
    assert room.person("qian").put(address, content=PHOTO, headers=jpeg).status_code == 404
    assert zhao.put(address, content=PHOTO, headers=jpeg).status_code == 204
    there = say(room, "zhao", order, "arrive", {"photo": True}).json()
    assert there["arrived_by"] == "photo"
    picture = room.client().get(there["photo"])
    assert picture.headers["content-type"] == "image/jpeg"
    assert picture.content.startswith(b"\xff\xd8\xff")
    assert zhao.put(address, content=PHOTO, headers=jpeg).status_code == 409, "it is what he arrived with"
    end(room, incident)


def test_who_declines_says_why_and_the_next_level_is_sent(room: Room) -> None:
    incident = room.smoke()
    order = send(room, incident, "zhao").json()
    assert say(room, "zhao", order, "decline").status_code == 422
    assert say(room, "zhao", order, "decline", {"reason": "the road is flooded"}).json()["state"] == "declined"
    assert orders(room, incident) == [("zhao", "declined"), ("qian", "ordered")]
    gone = say(room, "zhao", order, "accept")
    assert (gone.status_code, gone.json()["detail"]) == (409, "the order is declined")
    end(room, incident)
    assert orders(room, incident) == [("zhao", "declined"), ("qian", "cancelled")]


def test_only_who_has_an_account_and_goes_out_can_be_sent(room: Room) -> None:
    incident = room.smoke()
    room.person("li", Role.RESIDENT)
    for unit in ("nobody", "li"):
        refused = send(room, incident, unit)
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["where"] == "unit"
    assert orders(room, incident) == []
    end(room, incident)
    assert send(room, incident, "zhao").status_code == 409, "nobody is sent to what is over"


def test_of_two_operators_who_send_in_the_same_second_the_second_is_told(room: Room) -> None:
    incident = room.smoke()
    seen = {"If-Match": f'"{incident["version"]}"', "units": ""}
    clients = [room.person(name, Role.OPERATOR) for name in ("lin", "wang")]
    together, answers = threading.Barrier(2), {}

    def push(client: Any, unit: str) -> None:
        together.wait()
        answers[unit] = client.post(
            f"/incidents/{incident['id']}/dispatch", json={"unit": unit}, headers={"If-Match": seen["If-Match"]}
        )

    threads = [threading.Thread(target=push, args=pair) for pair in zip(clients, ("zhao", "qian"), strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers.values()) == [201, 412]
    [(sent, won)] = [(unit, answer) for unit, answer in answers.items() if answer.status_code == 201]
    [lost] = [answer for answer in answers.values() if answer.status_code == 412]
    assert lost.json()["first"]["move"] == "dispatched"
    assert lost.json()["first"]["who"] == won.json()["ordered_by"]
    assert orders(room, incident) == [(sent, "ordered")]
    again = send(room, incident, sent)
    assert again.status_code == 409
    assert f"{sent} was sent there already by" in again.json()["detail"]
    end(room, incident)


def test_an_answer_to_an_older_version_of_an_order_is_refused_with_the_order(room: Room) -> None:
    incident = room.smoke()
    order = send(room, incident, "zhao").json()
    seen = {"If-Match": f'"{order["version"]}"'}
    room.client().post(f"/api/v1/dispatches/{order['id']}/accept", json={"note": "by telephone"})
    answer = say(room, "zhao", order, "decline", {"reason": "no"}, **seen)
    assert answer.status_code == 412
    assert (answer.json()["current"]["state"], answer.json()["current"]["answer"]) == ("accepted", "by telephone")
    end(room, incident)


def test_nobody_answers_and_it_climbs_four_levels_on_time(room: Room, clock: ShiftedClock) -> None:
    incident = room.smoke()
    send(room, incident, "zhao")
    for after in (["zhao", "qian"], ["zhao", "qian", "sun"], ["zhao", "qian", "sun", "zhou"]):
        clock.advance(ACCEPTED_WITHIN_S - 10)
        assert [unit for unit, _ in orders(room, incident)] == after[:-1], "not before its time"
        clock.advance(11)
        room.wait_for(lambda wanted=after: [unit for unit, _ in orders(room, incident)] == wanted)
    clock.advance(ACCEPTED_WITHIN_S + 1)
    back = room.wait_for(
        lambda: (
            {state for _, state in orders(room, incident)} == {"lapsed"}
            and room.client().get(f"/api/v1/incidents/{incident['id']}").json()
        )
    )
    assert (back["handling"], back["escalated"]) == ("seen", 3), "the room has it back"
    end(room, incident)


def test_a_restart_between_order_and_deadline_loses_neither(tmp_path: Path) -> None:
    clock = ShiftedClock()
    room = open_room(tmp_path / "data", there=village(), clock=clock)
    for name in ("zhao", "qian"):
        room.person(name)
    incident = room.smoke()
    order = send(room, incident, "zhao").json()
    room.close()
    clock.advance(ACCEPTED_WITHIN_S + 5)  # it falls due while the hub is away
    room = open_room(tmp_path / "data", there=village(), clock=clock)
    try:
        room.wait_for(lambda: orders(room, incident) == [("zhao", "lapsed"), ("qian", "ordered")])
        assert say(room, "zhao", order, "accept").status_code == 409
        mine = room.person("qian").get("/dispatches", params={"state": "ordered"}).json()["items"]
        assert [each["incident"] for each in mine] == [incident["id"]]
    finally:
        room.close()


def test_orders_come_in_pages_and_by_state_and_unit(room: Room) -> None:
    incidents = [room.smoke() for _ in range(3)]
    for incident in incidents:
        send(room, incident, "sun")
    found, cursor = [], None
    while True:
        asked = {"unit": "sun", "state": "live", "limit": 2, **({"cursor": cursor} if cursor else {})}
        page = room.client().get("/api/v1/dispatches", params=asked).json()
        found += [each["incident"] for each in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert found == [incident["id"] for incident in reversed(incidents)]
    assert room.client().get("/api/v1/dispatches", params={"state": "asleep"}).status_code == 422
    for incident in incidents:
        end(room, incident)
    assert room.person("sun").get("/dispatches", params={"state": "live"}).json()["items"] == []
