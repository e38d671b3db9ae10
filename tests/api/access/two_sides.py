"""Two sides: a community of an area in the east and one in the west, which know nothing of each other."""

from __future__ import annotations

from typing import Any

from config.community import Area, Camera, Community, Name, Ring, Sensor, Site, Stream
from hub.access import Role
from hub.reach import Grant, GrantKind
from tests.api.room import Room


def there() -> Community:
    """In each area a shop and a home, with a camera and a smoke sensor; `lane` lies in the east."""

    def site(name: str, area: str, ring: Ring) -> Site:
        return Site(id=name, name=Name(zh=name, en=name), area=area, ring=ring)

    def camera(name: str, at: str) -> Camera:
        return Camera(id=name, site=at, main=Stream(url=f"rtsp://192.0.2.1/{name}"))

    return Community(
        areas=(
            Area(id="town", name=Name(zh="镇", en="Town")),
            Area(id="east", name=Name(zh="东", en="East"), parent="town"),
            Area(id="west", name=Name(zh="西", en="West"), parent="town"),
            Area(id="lane", name=Name(zh="巷", en="Lane"), parent="east"),
        ),
        sites=(
            site("east-shop", "east", Ring.ENTERPRISE),
            site("east-home", "lane", Ring.HOUSEHOLD),
            site("west-shop", "west", Ring.ENTERPRISE),
            site("west-home", "west", Ring.HOUSEHOLD),
        ),
        cameras=(
            camera("east-cam", "east-shop"),
            camera("shared-cam", "east-home"),
            camera("west-cam", "west-shop"),
        ),
        sensors=tuple(
            Sensor(id=f"{at}-smoke", site=at, kinds=("smoke",))
            for at in ("east-home", "east-shop", "west-home", "west-shop")
        ),
    )


def take_all_back(room: Room, name: str) -> str:
    """Leave somebody without a grant; gives the id of his account."""
    grants = room.hub.parts.people.grants
    account = next(each.id for each in room.hub.parts.accounts.list() if each.username == name)
    for each in grants.of(account):
        grants.take_back(each.id, "test")
    return account


def grant(room: Room, name: str, kind: GrantKind, place: str = "", **more: Any) -> Grant:
    """Give somebody this grant, and take back all others."""
    account = take_all_back(room, name)
    return room.hub.parts.people.grants.give(Grant("", account, kind, place, given_by="test", **more))


def narrowed(room: Room, name: str, place: str, *, role: Role = Role.OPERATOR, kind: GrantKind = GrantKind.AREA) -> Any:
    """The client of somebody who reaches that place alone."""
    client = room.person(name, role)
    grant(room, name, kind, place)
    return client
