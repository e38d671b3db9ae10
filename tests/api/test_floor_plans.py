"""Claims about areas: their pictures from above, where cameras stand, their borders; and sites."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from config.community import Area, Camera, Community, Name, Ring, Site, Stream
from hub.access import Role
from tests.api.room import Room, open_room
from tests.fakes.pictures import phone_png, plain_jpeg

VILLAGE = Community(
    areas=(
        Area(id="village", name=Name(zh="大坪村", en="Village")),
        Area(id="hall", name=Name(zh="礼堂", en="Hall"), parent="village"),
    ),
    sites=(Site(id="crossing", name=Name(zh="村口", en="Crossing"), area="village", ring=Ring.ROAD),),
    cameras=(Camera(id="cam-1", site="crossing", main=Stream(url="rtsp://192.0.2.1/a")),),
)
AT = {"south": "29.35", "west": "106.16", "north": "29.36", "east": "106.17"}
PATH = "/api/v1/areas/hall/plan"


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    opened = open_room(tmp_path_factory.mktemp("hub") / "data", there=VILLAGE)
    yield opened
    opened.close()


def kept(room: Room) -> list[Path]:
    return sorted((room.data / "plans").glob("*"))


def test_a_picture_is_taken_shown_moved_replaced_and_taken_away(room: Room) -> None:
    client, night = room.client(Role.ADMINISTRATOR), room.client(Role.OPERATOR)
    assert night.get(PATH).status_code == 404
    assert client.put(f"{PATH}/corners", json=corners(29.0)).status_code == 404
    answer = client.put(PATH, data=AT, files={"photo": ("hall.jpg", plain_jpeg(), "image/jpeg")})
    assert answer.status_code == 200, answer.text
    plan = answer.json()["plan"]
    assert (plan["media"], plan["south_west"], plan["north_east"]) == (
        "image/jpeg",
        {"lat": 29.35, "lon": 106.16},
        {"lat": 29.36, "lon": 106.17},
    )
    shown = night.get(PATH)
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/jpeg")
    assert shown.content.startswith(b"\xff\xd8")

    assert client.put(f"{PATH}/corners", json=corners(30.0)).json()["plan"]["picture"] == plan["picture"]
    assert night.get("/api/v1/areas/hall").json()["plan"]["south_west"] == {"lat": 30.0, "lon": 120.0}
    upside_down = {"south_west": {"lat": 2, "lon": 1}, "north_east": {"lat": 1, "lon": 2}}
    refused = client.put(f"{PATH}/corners", json=upside_down)
    assert (refused.status_code, refused.json()["errors"][0]["where"]) == (422, "areas[1].plan")

    other = client.put(PATH, data=AT, files={"photo": ("hall.png", phone_png(), "image/png")}).json()["plan"]
    assert other["picture"] != plan["picture"]
    assert night.get(PATH).headers["content-type"] == "image/png"
    revision = client.get("/api/v1/revisions").json()["items"][1]["number"]
    assert client.delete(PATH).json()["plan"] is None
    assert night.get(PATH).status_code == 404
    again = {"reason": "the first one was right"}
    back = client.post(f"/api/v1/revisions/{revision}/restore", json=again, headers={"If-Match": "*"})
    assert back.status_code == 200, back.text
    assert night.get(PATH).headers["content-type"] == "image/jpeg", "the picture of an older version is still there"


@pytest.mark.parametrize(
    ("fields", "data", "where"),
    [
        (AT, b"GIF89a and more", "body.photo[0]"),
        (AT, plain_jpeg()[:40], "body.photo[0]"),
        (AT, None, "body.photo"),
        ({**AT, "north": "91"}, plain_jpeg(), "body.north"),
        ({**AT, "north": "29.3"}, plain_jpeg(), "areas[1].plan"),
        ({**AT, "level": "2"}, plain_jpeg(), "body.level"),
    ],
)
def test_what_is_no_picture_or_lies_nowhere_is_refused_and_leaves_nothing(
    room: Room, fields: dict[str, str], data: bytes | None, where: str
) -> None:
    before = kept(room)
    files = {} if data is None else {"photo": ("x.jpg", data, "image/jpeg")}
    form = {name: (None, value) for name, value in fields.items()}
    refused = room.client(Role.ADMINISTRATOR).put(PATH, files={**form, **files})
    assert refused.status_code == 422, refused.text
    assert refused.json()["errors"][0]["where"] == where
    assert kept(room) == before


def test_who_may_not_edit_places_nothing_and_a_large_file_is_refused(room: Room) -> None:
    night = room.client(Role.OPERATOR)
    files = {"photo": ("hall.jpg", plain_jpeg(), "image/jpeg")}
    assert night.put(PATH, data=AT, files=files).status_code == 403
    assert night.delete(PATH).status_code == 403
    assert night.put("/api/v1/cameras/cam-1/place", json={"location": None}).status_code == 403
    large = {"photo": ("hall.jpg", plain_jpeg() + b"\0" * 9 * 1024 * 1024, "image/jpeg")}
    assert room.client(Role.ADMINISTRATOR).put(PATH, data=AT, files=large).status_code == 413
    other = room.client(Role.ADMINISTRATOR).put("/api/v1/areas/none/plan", data=AT, files=files)
    assert other.status_code == 404


def test_a_camera_is_put_in_its_place_and_runs_on(room: Room) -> None:
    client = room.client(Role.ADMINISTRATOR)
    put = client.put("/api/v1/cameras/cam-1/place", json={"location": {"lat": 29.355, "lon": 106.165}})
    assert (put.status_code, put.json()["location"]) == (200, {"lat": 29.355, "lon": 106.165})
    assert client.put("/api/v1/cameras/cam-1/place", json={"location": None}).json()["location"] is None
    assert client.put("/api/v1/cameras/none/place", json={"location": None}).status_code == 404
    assert client.put("/api/v1/cameras/cam-1/place", json={}).status_code == 422


def test_areas_and_sites_are_added_once_and_checked(room: Room) -> None:
    client = room.client(Role.ADMINISTRATOR)
    area = {"id": "mill", "name": {"zh": "水磨", "en": "Mill"}, "parent": "village"}
    added = client.post("/api/v1/areas", json=area)
    assert (added.status_code, added.headers["Location"]) == (201, "/api/v1/areas/mill")
    assert client.post("/api/v1/areas", json=area).status_code == 409
    orphan = client.post("/api/v1/areas", json={**area, "id": "barn", "parent": "nowhere"})
    assert (orphan.status_code, orphan.json()["errors"][0]["where"]) == (422, "areas[3].parent")
    assert [each["id"] for each in client.get("/api/v1/areas?limit=2").json()["items"]] == ["hall", "mill"]

    site = {"id": "mill-shop", "name": {"en": "Mill shop"}, "area": "mill", "ring": "enterprise"}
    assert client.post("/api/v1/sites", json=site).status_code == 201
    assert client.post("/api/v1/sites", json=site).status_code == 409
    assert client.get("/api/v1/sites/mill-shop").json()["area"] == "mill"
    assert client.get("/api/v1/sites/none").status_code == 404
    assert client.post("/api/v1/sites", json={**site, "id": "other", "area": "nowhere"}).status_code == 422
    assert room.client(Role.OPERATOR).post("/api/v1/sites", json={**site, "id": "third"}).status_code == 403


def test_an_outline_is_drawn_refused_and_taken_away(room: Room) -> None:
    client = room.client(Role.ADMINISTRATOR)
    path = "/api/v1/areas/hall/outline"
    corner = [{"lat": 29.35, "lon": 106.16}, {"lat": 29.36, "lon": 106.16}, {"lat": 29.36, "lon": 106.17}]
    assert len(client.put(path, json={"corners": corner}).json()["outline"]) == 3
    two = client.put(path, json={"corners": corner[:2]})
    assert (two.status_code, two.json()["errors"][0]["where"]) == (422, "areas[1].outline")
    assert client.put(path, json={"corners": [{"lat": 91, "lon": 0}]}).status_code == 422
    assert client.put(path, json={"corners": []}).json()["outline"] == []
    assert client.put("/api/v1/areas/none/outline", json={"corners": []}).status_code == 404


def corners(lat: float) -> dict[str, dict[str, float]]:
    return {"south_west": {"lat": lat, "lon": 120.0}, "north_east": {"lat": lat + 0.1, "lon": 120.1}}
