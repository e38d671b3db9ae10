"""Who lives at a home, over HTTP: nobody gets into a household against its people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from api.access.reaching import pictures_of
from config.community import Area, Camera, Community, Contact, Name, Notifier, Ring, Site, Stream
from config.grid import Duty
from hub.access import Principal, Role
from hub.reach import Grant, GrantKind
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


# --- who is let in waits for who lives there ---


def newcomers(client: httpx.Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get("/me/home/newcomers").json()["items"]
    return found


@pytest.mark.parametrize("way", ["invitation", "grant", "contact"])
def test_whom_an_office_lets_in_waits_for_who_lives_there(
    room: Room, li: httpx.Client, boss: httpx.Client, way: str
) -> None:
    name = f"alias-{way}"
    if way == "invitation":
        host = room.person("chief", Role.SUPERVISOR)
        assert invited(host, room, name, "home-1").status_code == 201
    alias = room.person(name, Role.RESIDENT)
    if way == "grant":
        body = {"account": name, "kind": "household", "place": "home-1"}
        assert boss.post("/grants", json=body).json()["waits"] is True
    if way == "contact":
        change(room, lambda there: {"contacts": (*there.contacts, Contact(account=name, sites=("home-1",)))})
    assert not sees(alias)
    assert alias.get("/me/home").json()["homes"] == []
    assert alias.put("/cameras/home-1-cam/consent", json={"analyse": "all", "watch": "always"}).status_code == 404
    assert newcomers(alias) == []
    (found,) = newcomers(li)
    assert (found["name"], found["site"]) == (name, "home-1")
    assert alias.post(f"/me/home/newcomers/{found['id']}/confirm", json={}).status_code == 404
    assert li.post(f"/me/home/newcomers/{found['id']}/confirm", json={}).status_code == 204
    assert sees(alias)
    assert newcomers(li) == []
    assert li.post(f"/me/home/newcomers/{found['id']}/confirm", json={}).status_code == 404
    for grant in room.hub.parts.people.grants.list(place="home-1"):
        room.hub.parts.people.grants.take_back(grant.id, "test")
    change(room, lambda there: {"contacts": there.contacts[:1], "name": Name(en=way)})


def test_who_lives_there_refuses_and_invites(room: Room, li: httpx.Client, boss: httpx.Client) -> None:
    assert invited(boss, room, "stranger-1", "home-1").status_code == 201
    (found,) = newcomers(li)
    assert li.delete(f"/me/home/newcomers/{found['id']}").status_code == 204
    assert newcomers(li) == []
    assert not sees(room.person("stranger-1", Role.RESIDENT))
    assert li.post("/invitations", json={"role": "resident", "sites": ["home-2"]}).status_code == 422
    assert li.post("/invitations", json={"role": "responder", "sites": []}).status_code == 422
    assert invited(li, room, "niece", "home-1").status_code == 201
    assert sees(room.person("niece", Role.RESIDENT))
    change(room, lambda there: {"contacts": (*there.contacts, Contact(account="stranger-2", sites=("home-1",)))})
    (found,) = newcomers(li)
    assert li.delete(f"/me/home/newcomers/{found['id']}").status_code == 204
    assert newcomers(li) == []
    assert not sees(room.person("stranger-2", Role.RESIDENT))


# --- what was recorded before somebody came ---


def test_recordings_count_from_when_somebody_moved_in(room: Room, li: httpx.Client) -> None:
    parts = room.hub.parts
    now = parts.clock.now()
    before = now - timedelta(days=2)

    def shown(name: str, moment: datetime) -> bool:
        account = next(each for each in parts.accounts.list() if each.username == name)
        who = Principal(account.id, name, account.role)
        return pictures_of(parts, who).shows("home-1-cam", "home-1", moment)

    assert li.get("/me").is_success
    assert shown("li", before), "nobody lived there before"
    room.person("tenant", Role.RESIDENT)
    tenant = next(each for each in parts.accounts.list() if each.username == "tenant")
    given = parts.people.grants.give(Grant("", tenant.id, GrantKind.HOUSEHOLD, "home-1", given_by="test"))
    assert not shown("tenant", before)
    assert shown("tenant", parts.clock.now())
    parts.people.grants.take_back(given.id, "test")
    parts.people.grants.give(
        Grant("", tenant.id, GrantKind.HOUSEHOLD, "home-1", given_by="test", since=now - timedelta(days=3))
    )
    assert shown("tenant", before), "who lives there vouched"


# --- consent is bound to the camera ---


@pytest.mark.parametrize("way", ["moved", "cloned", "ring"])
def test_settings_show_no_home_by_another_name(room: Room, li: httpx.Client, boss: httpx.Client, way: str) -> None:
    before = room.hub.parts.revisions.current()
    camera = before.camera("home-1-cam")
    assert camera is not None
    shown = "home-1-cam"
    if way == "moved":
        moved = camera.model_copy(update={"site": "crossing"})
        change(room, lambda there: {"cameras": tuple(moved if c.id == moved.id else c for c in there.cameras)})
    elif way == "cloned":
        shown = "clone"
        clone = camera.model_copy(update={"id": "clone", "site": "crossing"})
        change(room, lambda there: {"cameras": (*there.cameras, clone)})
    else:
        change(room, lambda there: {"sites": tuple(s.model_copy(update={"ring": Ring.ROAD}) for s in there.sites)})
    assert not sees(boss, shown)
    if way != "cloned":
        assert li.delete("/me/home/cameras/crossing-cam").status_code == 404
        assert li.delete("/me/home/cameras/home-1-cam").status_code == (204 if way == "moved" else 409)
        assert sees(boss, shown) is (way == "moved")
    change(room, lambda _there: {"cameras": before.cameras, "sites": before.sites})
    assert not sees(boss)


def test_the_share_of_somebody_who_moved_out_shows_nothing(room: Room) -> None:
    """Also where the home lets the room watch always: a friend is not the room."""
    friend, former = room.person("friend", Role.RESIDENT), room.person("former", Role.RESIDENT)
    change(room, lambda there: {"contacts": (*there.contacts, Contact(account="former", sites=("home-3",)))})
    wish = {"analyse": "all", "watch": "always"}
    assert former.put("/cameras/home-3-cam/consent", json=wish).status_code == 200
    until = (room.hub.parts.clock.now() + timedelta(days=30)).isoformat()
    made = former.post("/cameras/home-3-cam/shares", json={"username": "friend", "until": until, "recordings": True})
    assert made.status_code == 201
    assert sees(friend, "home-3-cam")
    change(room, lambda there: {"contacts": tuple(each for each in there.contacts if each.account != "former")})
    assert not sees(friend, "home-3-cam")
    assert sees(room.person("lin", Role.OPERATOR), "home-3-cam"), "what the home decided for the room stands"
