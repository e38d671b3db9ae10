"""Telephone numbers: who is given whose, about which incident and until when; and how they are set and taken out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from config.community import Community
from hub.access import Permission, Role
from hub.store.tables import metadata
from tests.api.room import PASSWORD, Room, open_room
from tests.api.test_dispatches import say, send, village

ROOM = {"name": {"zh": "值守室", "en": "Monitoring room"}, "number": "023-4567 0110"}
GUARDED = "023 4567 0188"
GUARD = {"name": {"zh": "门卫", "en": "Gatekeeper"}, "number": GUARDED}
PEOPLE = {"zhao": "+86 138 0000 0001", "he": "138-0000-0002", "qian": "13800000003", "li": "13800000004"}
SECRET = (*PEOPLE.values(), GUARDED)


def community() -> Community:
    body = village().model_dump(mode="json", context={"secrets": True})
    body["phones"] = [ROOM]
    body["sites"][0]["phones"] = [GUARD]
    body["contacts"] = [
        {"account": name, "phone": phone, "sites": ["home-1"] if name == "li" else []} for name, phone in PEOPLE.items()
    ]
    return Community.model_validate(body)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    opened = open_room(tmp_path_factory.mktemp("hub") / "data", there=community())
    for name in ("zhao", "he", "qian", "sun", "zhou"):
        opened.person(name)
    opened.person("li", Role.RESIDENT)
    opened.person("mei", Role.RESIDENT)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def incident(room: Room) -> dict[str, Any]:
    """Smoke where li lives."""
    found = room.smoke()
    assert found["site"] == "home-1"
    return found


def calls(client: httpx.Client, incident: dict[str, Any]) -> list[tuple[str, str]]:
    answer = client.get(f"{'' if 'api' in client.base_url.path else '/api/v1'}/incidents/{incident['id']}/calls")
    assert answer.status_code == 200, answer.text
    return [(each["why"], each["account"] or each["name"]["en"]) for each in answer.json()["calls"]]


def test_who_handles_it_is_told_the_places_and_everybody_whom_it_concerns(room: Room, incident: dict[str, Any]) -> None:
    assert calls(room.client(), incident) == [
        ("site", "Gatekeeper"),
        ("on_duty", "zhao"),
        ("on_duty", "qian"),
        ("on_call", "he"),
        ("lives_there", "li"),
        ("community", "Monitoring room"),
    ], "sun and zhou answer too, and nobody knows their numbers"
    found = room.client().get(f"/api/v1/incidents/{incident['id']}/calls").json()["calls"]
    assert {each["account"]: each["number"] for each in found if each["account"]} == PEOPLE


def test_who_is_sent_is_told_numbers_until_it_is_over_and_nobody_else_is(room: Room) -> None:
    somewhere = room.smoke()  # nobody lives there
    zhao, he = room.person("zhao"), room.person("he")
    path = f"/incidents/{somewhere['id']}/calls"
    assert zhao.get(path).status_code == 404, "on duty there, and not sent"
    assert send(room, somewhere, "zhao").status_code == 201
    assert send(room, somewhere, "he").status_code == 201
    assert calls(zhao, somewhere) == [("sent", "he"), ("community", "Monitoring room")]
    assert he.get(path).json()["calls"][0] == {
        "why": "sent", "account": "zhao", "name": None, "number": PEOPLE["zhao"],
    }  # fmt: skip
    assert room.person("qian").get(path).status_code == 404
    order = next(each for each in zhao.get("/dispatches").json()["items"] if each["incident"] == somewhere["id"])
    assert say(room, "zhao", order, "accept").status_code == 200
    assert say(room, "zhao", order, "done", {"verdict": "nuisance", "cause": "cooking", "note": "pan"}).is_success
    assert calls(zhao, somewhere) == [("community", "Monitoring room")]
    assert he.get(path).status_code == 404, "called back"


@pytest.mark.parametrize("role", [Role.RESIDENT, Role.INTEGRATOR])
def test_a_resident_and_an_integrator_get_no_number_of_anybody(
    room: Room, incident: dict[str, Any], role: Role
) -> None:
    client = room.client(role)
    assert client.get(f"/api/v1/incidents/{incident['id']}/calls").status_code == 403
    assert client.get("/api/v1/phones/people").status_code == 403
    assert client.put("/api/v1/phones/people/zhao", json={"number": "110"}).status_code == 403
    assert client.get("/api/v1/phones").status_code == (200 if role is Role.RESIDENT else 403)
    for path in ("me/home", "me/notifications", "sites", "sites/home-1", "areas", "rosters?area=village", "duties"):
        answer = client.get(f"/api/v1/{path}")
        assert not any(number in answer.text for number in SECRET), path


def test_lists_that_others_read_hold_no_number(room: Room, incident: dict[str, Any]) -> None:
    operator = room.client()
    for path in ("sites", "duties", f"incidents/{incident['id']}", f"incidents/{incident['id']}/units", "notices"):
        answer = operator.get(f"/api/v1/{path}")
        assert answer.status_code == 200
        assert not any(number in answer.text for number in SECRET), path
    assert operator.get("/api/v1/phones/people").status_code == 403


def test_an_api_key_gets_no_number_of_people(room: Room, incident: dict[str, Any]) -> None:
    parts = room.hub.parts
    expires = parts.clock.now() + timedelta(days=1)
    operator = next(each for each in parts.accounts.list() if each.role == Role.OPERATOR)
    scope = frozenset({Permission.HANDLE_INCIDENTS, Permission.VIEW_INCIDENTS})
    _, text = parts.people.keys.make(operator.id, "platform", scope, cameras=None, expires=expires)
    answer = httpx.get(
        f"{room.hub.url}/api/v1/incidents/{incident['id']}/calls", headers={"X-API-Key": text}, trust_env=False
    )
    assert answer.status_code == 403


def test_anybody_who_lives_or_works_here_sees_whom_to_call(room: Room) -> None:
    for client in (room.client(), room.client(Role.RESPONDER), room.client(Role.RESIDENT)):
        assert client.get("/api/v1/phones").json() == {"phones": [ROOM]}


def test_the_numbers_of_the_community_are_changed_as_a_revision(room: Room) -> None:
    admin = room.client(Role.ADMINISTRATOR)
    clinic = {"name": {"zh": "卫生院", "en": "Clinic"}, "number": "120"}
    assert room.client().put("/api/v1/phones", json={"phones": []}).status_code == 403
    refused = admin.put("/api/v1/phones", json={"phones": [{"name": "x", "number": "12"}]})
    assert refused.status_code == 422
    assert admin.put("/api/v1/phones", json={"phones": [ROOM, clinic]}).json() == {"phones": [ROOM, clinic]}
    assert room.hub.parts.revisions.history(limit=1)[0].author == "administrator-1"
    admin.put("/api/v1/phones", json={"phones": [ROOM]})


def test_the_numbers_of_a_site_are_changed_by_who_edits_it_alone(room: Room) -> None:
    admin, path = room.client(Role.ADMINISTRATOR), "/api/v1/sites/home-2/phones"
    assert room.client().get(path).status_code == 403
    assert room.client(Role.INTEGRATOR).get("/api/v1/sites/home-1/phones").status_code == 403
    assert admin.get("/api/v1/sites/home-1/phones").json() == {"phones": [GUARD]}
    assert admin.put("/api/v1/sites/nowhere/phones", json={"phones": [GUARD]}).status_code == 404
    assert admin.put(path, json={"phones": [{"number": "119"}]}).status_code == 422
    assert admin.put(path, json={"phones": [GUARD]}).json() == {"phones": [GUARD]}
    assert room.hub.parts.revisions.history(limit=1)[0].reason == "phones of home-2 changed"
    assert admin.put(path, json={"phones": []}).json() == {"phones": []}


def test_an_administrator_changes_the_number_of_a_person_and_takes_it_out(room: Room) -> None:
    admin = room.client(Role.ADMINISTRATOR)
    listed = {each["account"]: each["number"] for each in admin.get("/api/v1/phones/people").json()["items"]}
    assert listed["zhao"] == PEOPLE["zhao"]
    assert listed["sun"] is None
    assert "mei" not in listed, "a resident whom no settings name"
    path = "/api/v1/phones/people/sun"
    for wrong in ("12", "call me", "138--", "1" * 21, 13800000005):
        assert admin.put(path, json={"number": wrong}).status_code == 422, wrong
    assert admin.put(path, json={"number": "13800000005"}).json() == {
        "account": "sun", "number": "13800000005", "settled": "13800000005",
    }  # fmt: skip
    assert admin.put("/api/v1/phones/people/nobody", json={"number": "110"}).status_code == 404
    assert admin.put(path, json={"number": None}).json()["number"] is None
    contacts = room.hub.parts.revisions.current().contacts
    assert "sun" not in [each.account for each in contacts], "a contact that says nothing is none"
    admin.put("/api/v1/phones/people/li", json={"number": None})
    assert next(each.sites for each in room.hub.parts.revisions.current().contacts if each.account == "li")
    admin.put("/api/v1/phones/people/li", json={"number": PEOPLE["li"]})


def test_what_a_person_gives_himself_counts_more_and_falls_back_on_the_settings(room: Room) -> None:
    he, admin = room.person("he"), room.client(Role.ADMINISTRATOR)
    assert he.get("/me/notifications").json()["phone"] == PEOPLE["he"]
    assert he.put("/me/notifications", json={"phone": "not a number"}).status_code == 422
    assert he.put("/me/notifications", json={"phone": "13911112222"}).json()["phone"] == "13911112222"

    def known() -> dict[str, Any]:
        found = admin.get("/api/v1/phones/people").json()["items"]
        return next(each for each in found if each["account"] == "he")

    assert known() == {"account": "he", "number": "13911112222", "settled": PEOPLE["he"]}
    about = json.loads(he.get("/me/data").text)
    assert about["contact"]["phone"] == PEOPLE["he"]
    assert about["how_you_are_told"]["phone"] == "13911112222"
    assert he.put("/me/notifications", json={}).json()["phone"] == PEOPLE["he"]
    assert he.put("/me/notifications", json={"phone": PEOPLE["he"]}).json()["phone"] == PEOPLE["he"]
    admin.put("/api/v1/phones/people/he", json={"number": "13800000009"})
    assert known()["number"] == "13800000009", "what he took from the settings follows them"
    admin.put("/api/v1/phones/people/he", json={"number": PEOPLE["he"]})


def test_erasing_a_person_leaves_his_number_nowhere_in_the_database(room: Room) -> None:
    admin, wu = room.client(Role.ADMINISTRATOR), room.person("wu", Role.RESIDENT)
    assert admin.put("/api/v1/phones/people/wu", json={"number": "13777770001"}).status_code == 200
    assert wu.put("/me/notifications", json={"phone": "13777770002"}).status_code == 200
    first = wu.post("/me/erase", json={"password": PASSWORD}).json()
    assert wu.post("/me/erase", json={"password": PASSWORD, "confirm": first["confirm"]}).json()["done"]
    dump = everything_stored(room)
    assert PEOPLE["zhao"] in dump
    assert "13777770001" not in dump
    assert "13777770002" not in dump


def everything_stored(room: Room) -> str:
    with room.hub.parts.desk.database.read() as connection:
        return "\n".join(
            str(tuple(row)) for table in metadata.sorted_tables for row in connection.execute(table.select()).all()
        )
