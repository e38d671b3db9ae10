"""A camera that was moved to another home: each home sees and deletes its own recordings, the room sees all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from cameras.recordings.media import StreamName
from config.community import Area, Camera, Community, Contact, Name, Ring, Site, Stream
from hub.access import Role
from hub.consent import Consent
from tests.api.room import let_watch, open_room
from tests.api.test_playback import Recorded as _Recorded

COMMUNITY = Community(
    areas=(Area(id="village", name=Name(en="Village")),),
    sites=(
        Site(id="home-1", name=Name(en="Home 1"), area="village"),
        Site(id="home-2", name=Name(en="Home 2"), area="village"),
        Site(id="home-3", name=Name(en="Home 3"), area="village"),
        Site(id="crossing", name=Name(en="Crossing"), area="village", ring=Ring.ROAD),
    ),
    cameras=(Camera(id="cam-1", site="home-2", name=Name(en="Her yard"), main=Stream(url="rtsp://192.0.2.1/main")),),
    contacts=(
        Contact(account="li", sites=("home-1",)),
        Contact(account="wang", sites=("home-2",)),
        Contact(account="both", sites=("home-1", "home-2", "crossing")),
        Contact(account="zhao", sites=("home-3",)),
    ),
)


class Recorded(_Recorded):
    """Ten seconds at the crossing, six at home 1, then six at home 2, where the camera is now."""

    def __init__(self, room: Any) -> None:
        super().__init__(room)
        self.add(100, first=0, site="home-1")
        self.add(110, first=60, site="home-2")
        self.add(116, first=120, site="home-2")

    def person(self, name: str) -> httpx.Client:
        return self.room.person(name, Role.RESIDENT)

    def ask(self, name: str, rest: str, start: float, end: float, **more: Any) -> httpx.Response:
        return self.person(name).get(
            f"/cameras/cam-1/{rest}", params={"from": self.at(start), "to": self.at(end), **more}
        )


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorded]:
    opened = open_room(tmp_path_factory.mktemp("hub") / "data", there=COMMUNITY)
    let_watch(opened, ("cam-1", "home-1"), ("cam-1", "home-2"))
    yield Recorded(opened)
    opened.close()


def _z(there: Recorded, *spans: tuple[float, float]) -> list[tuple[str, str]]:
    return [(there.at(start).replace("+00:00", "Z"), there.at(end).replace("+00:00", "Z")) for start, end in spans]


@pytest.mark.parametrize(
    ("name", "spans"), [("li", [(100, 106)]), ("wang", [(110, 122)]), ("both", [(100, 106), (110, 122)])]
)
def test_each_home_is_told_of_what_was_recorded_there(
    there: Recorded, name: str, spans: list[tuple[float, float]]
) -> None:
    """The crossing is one of the sites of `both`, and he sees it as he would see a camera there now."""
    body = there.ask(name, "recordings", 95, 200).json()
    assert [(each["from"], each["to"]) for each in body["ranges"]] == _z(there, *spans)
    assert body["streams"] == (["main", "sub"] if name == "both" else ["main"])
    room = there.get("cam-1/recordings", start=95, end=200).json()
    assert [(each["from"], each["to"]) for each in room["ranges"]] == _z(there, (100, 106), (110, 122))


def test_the_room_sees_of_each_home_what_that_home_agreed_to(there: Recorded) -> None:
    """List, play-list, clip and picture alike; where the camera was before is for who lives there to say."""
    households, room = there.room.hub.parts.households, there.room.client()
    span = {"from": there.at(95), "to": there.at(200)}

    def seen() -> list[tuple[str, str]]:
        body = room.get("/api/v1/cameras/cam-1/recordings", params=span).json()
        return [(each["from"], each["to"]) for each in body.get("ranges", [])]

    try:
        households.decide(Consent("cam-1", "home-2"))
        assert seen() == _z(there, (100, 106))
        for rest in ("recordings.m3u8", "clip.mp4"):
            at_2 = {"from": there.at(111), "to": there.at(120)}
            assert room.get(f"/api/v1/cameras/cam-1/{rest}", params=at_2).status_code == 404
        assert room.get("/api/v1/cameras/cam-1/still.jpg", params={"at": there.at(112)}).status_code == 404
        households.decide(Consent("cam-1", "home-1"))
        assert seen() == []
        assert there.ask("wang", "recordings", 95, 200).json()["ranges"], "who lives there sees it all the same"
    finally:
        let_watch(there.room, ("cam-1", "home-1"), ("cam-1", "home-2"))


def test_a_list_of_cameras_names_what_ones_home_recorded(there: Recorded) -> None:
    def listed(name: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = there.person(name).get("/recordings/cameras").json()["items"]
        return found

    (old,) = listed("li")
    assert (old["id"], old["site"], old["name"]) == ("cam-1", "home-1", None), "where it hangs now is not for him"
    (new,) = listed("wang")
    assert (new["id"], new["site"], new["name"]["en"], new["streams"]) == ("cam-1", "home-2", "Her yard", ["main"])
    assert listed("zhao") == []


@pytest.mark.parametrize("rest", ["recordings.m3u8", "clip.mp4", "still.jpg"])
def test_nobody_sees_pictures_of_another_home(there: Recorded, rest: str) -> None:
    for name, start, status in (("li", 100, 200), ("li", 111, 404), ("wang", 100, 404), ("wang", 111, 200)):
        more = {"at": there.at(start + 1)} if rest == "still.jpg" else {}
        answer = there.ask(name, rest, start, start + 3, **more)
        assert answer.status_code == status, (name, start, answer.text)
        if status == 404:
            assert answer.json()["type"] == "urn:hub:problem:nothing-recorded"
    for name in ("zhao", "sun"):
        answer = there.ask(name, rest, 100, 103)
        assert answer.json()["type"] == "urn:hub:problem:not-found"


def test_a_picture_that_one_home_had_kept_is_not_shown_to_the_other(there: Recorded) -> None:
    for _ in range(2):
        assert there.ask("li", "still.jpg", 0, 1, at=there.at(103)).status_code == 200
        assert there.ask("wang", "still.jpg", 0, 1, at=there.at(103)).status_code == 404


def test_a_clip_over_the_move_holds_the_own_part_alone(there: Recorded) -> None:
    own, whole = (there.person(name).get for name in ("wang", "both"))
    span = {"from": there.at(100), "to": there.at(116)}
    assert len(own("/cameras/cam-1/clip.mp4", params=span).content) < len(
        whole("/cameras/cam-1/clip.mp4", params=span).content
    )


def test_a_link_opens_what_its_holder_may_see_and_no_file_of_another_home(there: Recorded) -> None:
    nobody = there.room.client(None)
    url = _link(there, "wang")
    assert nobody.get(url).json()["type"] == "urn:hub:problem:nothing-recorded"
    url = _link(there, "li")
    assert nobody.get(url).status_code == 200
    text = there.ask("wang", "recordings.m3u8", 95, 122).text
    (first, *_), token = re.findall(r"recordings/(\d+)\.mp4", text), re.findall(r"link=([\w-]+)", text)[0]
    assert nobody.get(f"/api/v1/cameras/cam-1/recordings/{first}.mp4", params={"link": token}).status_code == 200
    room = there.get("cam-1/recordings.m3u8", start=100, end=106).text
    other = re.findall(r"recordings/(\d+)\.mp4", room)[0]
    answer = nobody.get(f"/api/v1/cameras/cam-1/recordings/{other}.mp4", params={"link": token})
    assert answer.json()["type"] == "urn:hub:problem:not-found"


def test_what_the_camera_sees_now_is_for_where_it_is_now(there: Recorded) -> None:
    assert there.person("wang").get("/cameras/cam-1/still.jpg").status_code == 200
    refused = there.person("li").get("/cameras/cam-1/still.jpg")
    assert (refused.status_code, refused.json()["type"]) == (404, "urn:hub:problem:not-found")
    assert there.person("li").post("/cameras/cam-1/live", json={"stream": "main"}).status_code == 404


def test_each_home_deletes_its_own_and_reads_its_own_trace(there: Recorded) -> None:
    wish = {"from": there.at(98), "to": there.at(118), "reason": "guests"}
    assert there.person("zhao").post("/cameras/cam-1/recordings/delete", json=wish).status_code == 404
    asked = there.person("wang").post("/cameras/cam-1/recordings/delete", json=wish)
    assert asked.status_code == 202, asked.text
    there.room.wait_for(lambda: _trace(there, "wang")[0]["step"] == "done")
    assert _left(there) == [(100, 106), (118, 122)]
    assert {each["who"] for each in _trace(there, "wang")} == {"wang"}
    assert _trace(there, "li") == []
    both = there.person("both").post("/cameras/cam-1/recordings/delete", json={**wish, "to": there.at(122)})
    assert both.status_code == 202, both.text
    there.room.wait_for(lambda: len([each for each in _trace(there, "both") if each["step"] == "done"]) == 3)
    assert _left(there) == []
    assert [each["who"] for each in _trace(there, "li")] == ["both"] * 3
    whole = there.get("cam-1/recordings/deletions").json()["items"]
    assert {each["who"] for each in whole} == {"wang", "both"}
    page = there.get("cam-1/recordings/deletions", limit=2).json()
    paged = [*page["items"]]
    while page["next"]:
        page = there.get("cam-1/recordings/deletions", limit=2, cursor=page["next"]).json()
        paged += page["items"]
    assert paged == whole
    assert there.person("zhao").get("/cameras/cam-1/recordings/deletions").status_code == 404


def test_the_trace_of_a_camera_that_is_gone_stays_readable(there: Recorded) -> None:
    revisions = there.room.hub.parts.revisions
    revisions.change(
        lambda community: community.model_copy(update={"cameras": ()}), author="chief", reason="taken down"
    )
    assert there.get("cam-1/recordings/deletions").json()["items"]
    assert _trace(there, "wang")
    assert there.person("zhao").get("/cameras/cam-1/recordings/deletions").status_code == 404
    assert there.get("gone/recordings/deletions").status_code == 404


def _trace(there: Recorded, name: str) -> list[dict[str, Any]]:
    answer = there.person(name).get("/cameras/cam-1/recordings/deletions")
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def _link(there: Recorded, name: str) -> str:
    body = {"what": "clip", "from": there.at(100), "to": there.at(103)}
    url: str = there.person(name).post("/cameras/cam-1/links", json=body).json()["url"]
    return url


def _left(there: Recorded) -> list[tuple[float, float]]:
    """What there is from the move on, in seconds since the first recording."""
    start, end = there.began + timedelta(seconds=95), there.began + timedelta(seconds=200)
    found = there.room.hub.parts.playback.catalog.ranges("cam-1", StreamName.MAIN, start, end)
    return [
        ((each.start - there.began).total_seconds(), (each.end - there.began).total_seconds()) for each in found.ranges
    ]
