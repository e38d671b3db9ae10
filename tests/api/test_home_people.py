"""Who lives at a home, over HTTP: nobody gets into a household against its people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from config.community import Area, Camera, Community, Contact, Name, Notifier, Ring, Site, Stream
from config.grid import Duty
from hub.access import Role
from tests.api.room import PASSWORD, Room, open_room


def there() -> Community:
    """Li lives at home 1, nobody at homes 2 and 3."""
    homes = tuple(f"home-{number}" for number in range(1, 4))
    return Community(
        areas=(Area(id="village", name=Name(zh="大坪村", en="Village")),),
        sites=(
            *(Site(id=each, name=Name(zh=each, en=each), area="village") for each in homes),
            Site(id="crossing", name=Name(zh="村口", en="Crossing"), area="village", ring=Ring.ROAD),
        ),
        cameras=tuple(
            Camera(id=f"{site}-cam", site=site, main=Stream(url=f"rtsp://192.0.2.{number}/main"))
            for number, site in enumerate((*homes, "crossing"), 1)
        ),
        notifiers=(Notifier(id="phones", kind="mqtt", people=True, options={"topic": "told/{site}"}),),
        contacts=(Contact(account="li", sites=("home-1",)),),
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
def boss(room: Room) -> httpx.Client:
    return room.person("boss", Role.ADMINISTRATOR)


def sees(client: httpx.Client, camera: str = "home-1-cam") -> bool:
    return client.post(f"/cameras/{camera}/live", json={}).status_code == 200


def change(room: Room, edit: Callable[[Community], dict[str, Any]]) -> None:
    room.hub.parts.revisions.change(lambda before: before.model_copy(update=edit(before)), author="boss", reason="test")


# --- an office lives nowhere ---


def test_no_account_of_an_office_moves_in(room: Room, boss: httpx.Client) -> None:
    assert not sees(boss)
    grant = {"account": "boss", "kind": "household", "place": "home-1", "reason": "x"}
    answer = boss.post("/grants", json=grant)
    assert answer.status_code == 422
    assert "second account" in answer.text
    change(room, lambda there: {"contacts": (*there.contacts, Contact(account="boss", sites=("home-1",)))})
    assert not sees(boss)
    assert boss.get("/me/home").status_code == 403
    change(room, lambda there: {"contacts": there.contacts[:1]})


def test_who_lives_there_is_told_of_a_newcomer(room: Room, li: httpx.Client, boss: httpx.Client) -> None:
    channel = {"via": "phones", "address": "li-phone"}
    assert li.put("/me/notifications", json={"language": "both", "channels": [channel]}).is_success
    room.person("mei", Role.RESIDENT)
    given = boss.post("/grants", json={"account": "mei", "kind": "household", "place": "home-1"})
    assert given.status_code == 201
    room.hub.parts.households.refresh()
    told = room.wait_for(lambda: [e for e in room.hub.parts.delivery.ledger(account="li") if e.move == "moved_in"])
    assert "mei" in told[0].text
    boss.delete(f"/grants/{given.json()['id']}")


# --- a name claims no home ---


def invited(host: httpx.Client, room: Room, name: str, *sites: str, role: str = "resident") -> httpx.Response:
    made = host.post("/invitations", json={"role": role, "sites": list(sites)})
    assert made.status_code == 201, made.text
    body = {"token": made.json()["link"].split("token=")[1], "username": name, "password": PASSWORD + "!"}
    return room.client(None).post("/api/v1/invitations/use", json=body)


def test_who_is_invited_takes_no_name_that_settings_mean_for_another(room: Room, boss: httpx.Client) -> None:
    old = Contact(account="Old-Wang", sites=("home-2",))
    change(room, lambda there: {"contacts": (*there.contacts, old)})
    assert room.hub.parts.revisions.current().contacts[-1].account == "old-wang"
    for name in ("old-wang", "OLD-Wang", "\uff4fld-wang"):
        assert invited(boss, room, name, "home-3").status_code == 409, name
    assert invited(boss, room, "old-wang", "home-2", "home-3").status_code == 409
    assert invited(boss, room, "old-wang", "home-2").status_code == 201
    duty = Duty(account="warden", area="village")
    change(room, lambda there: {"duties": (*there.duties, duty)})
    assert invited(boss, room, "warden", role="responder").status_code == 409
    change(room, lambda there: {"contacts": there.contacts[:1], "duties": ()})


@pytest.mark.parametrize("name", ["system", "Console", "file", "erased-0123456789ab"])
def test_nobody_is_called_as_what_is_no_person(room: Room, boss: httpx.Client, name: str) -> None:
    assert invited(boss, room, name, "home-3").status_code == 422
    made = boss.post("/accounts", json={"username": name, "password": PASSWORD + "!", "role": "operator"})
    assert made.status_code == 422
