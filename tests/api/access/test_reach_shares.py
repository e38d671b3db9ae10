"""A camera that is granted to a resident, or named by an API key: live, what it records from then on, and no more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import httpx
import pytest

from config.community import Community
from hub.access import Permission, Role
from hub.reach import GrantKind
from tests.api.access.two_sides import grant, take_all_back
from tests.api.room import DEADLINE_S, open_room
from tests.api.test_playback import COMMUNITY, Recorded


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorded]:
    opened = open_room(tmp_path_factory.mktemp("hub") / "data", there=COMMUNITY)
    yield Recorded(opened)
    opened.close()


def shared(there: Recorded, since_s: float) -> httpx.Client:
    """Somebody to whom the camera at the crossing is granted from some seconds after its first recording."""
    client = there.room.person("guest", Role.RESIDENT)
    starts = datetime.fromisoformat(there.at(since_s))
    only = frozenset({Permission.VIEW_OWN_PICTURES})
    grant(there.room, "guest", GrantKind.CAMERA, "cam-1", permissions=only, starts=starts, site="crossing")
    return client


def test_what_was_recorded_before_is_not_for_whom_it_is_shared_with(there: Recorded) -> None:
    guest, start, end = shared(there, 4), there.at(0), there.at(60)
    told = guest.get("/cameras/cam-1/recordings", params={"from": start, "to": end}).json()
    assert told["ranges"]
    assert min(each["from"] for each in told["ranges"]) >= there.at(4).replace("+00:00", "Z")
    assert told["marks"] == []
    early = {"from": there.at(0), "to": there.at(3)}
    assert guest.get("/cameras/cam-1/recordings", params=early).json()["ranges"] == []
    for rest in ("recordings.m3u8", "clip.mp4"):
        assert guest.get(f"/cameras/cam-1/{rest}", params=early).status_code == 404, rest
        assert guest.get(f"/cameras/cam-1/{rest}", params={"from": start, "to": there.at(8)}).status_code == 200, rest
    assert guest.get("/cameras/cam-1/still.jpg", params={"at": there.at(2)}).status_code == 404


def test_whom_it_is_shared_with_sees_it_live_and_neither_deletes_nor_decides(there: Recorded) -> None:
    guest = shared(there, 4)
    assert guest.post("/cameras/cam-1/live").status_code == 200
    wish = {"from": there.at(4), "to": there.at(6), "reason": "x"}
    assert guest.post("/cameras/cam-1/recordings/delete", json=wish).status_code == 404
    assert guest.get("/cameras/cam-1/recordings/deletions").json()["items"] == []
    assert guest.get("/me").json()["reach"]["homes"] == []


def test_a_share_shows_nothing_of_the_next_place_of_a_camera(there: Recorded) -> None:
    guest, revisions = shared(there, 4), there.room.hub.parts.revisions

    def moved(site: str) -> None:
        def edit(community: Community) -> Community:
            cameras = tuple(
                each.model_copy(update={"site": site}) if each.id == "cam-1" else each for each in community.cameras
            )
            return community.model_copy(update={"cameras": cameras})

        revisions.change(edit, author="chief", reason="moved")

    moved("home-1")
    try:
        assert guest.post("/cameras/cam-1/live").status_code == 404
    finally:
        moved("crossing")
        assert guest.post("/cameras/cam-1/live").status_code == 404, "what its home decided goes along"
        released = there.room.person("li", Role.RESIDENT).delete("/me/home/cameras/cam-1")
    assert released.status_code == 204
    assert guest.post("/cameras/cam-1/live").status_code == 200


def test_a_share_ends(there: Recorded) -> None:
    guest = shared(there, 4)
    link = guest.post("/cameras/cam-1/links", json={"what": "clip", "from": there.at(4), "to": there.at(8)})
    assert link.status_code == 201, link.text
    bare = there.room.client(None)
    assert bare.get(link.json()["url"]).status_code == 200
    take_all_back(there.room, "guest")
    assert bare.get(link.json()["url"]).status_code == 404
    assert guest.get("/recordings/cameras").json()["items"] == []


def test_a_key_for_one_camera_opens_no_other(there: Recorded) -> None:
    there.room.person("keeper", Role.OPERATOR)
    parts = there.room.hub.parts
    account = next(each.id for each in parts.accounts.list() if each.username == "keeper")
    scope = frozenset({Permission.VIEW_CAMERAS, Permission.VIEW_PICTURES, Permission.VIEW_SENSORS})
    expires = parts.clock.now() + timedelta(hours=1)
    _, text = parts.people.keys.make(account, "door", scope, cameras=frozenset({"cam-1"}), expires=expires)
    headers = {"X-API-Key": text}
    base = f"{there.room.hub.url}/api/v1"
    with httpx.Client(base_url=base, headers=headers, timeout=DEADLINE_S, trust_env=False) as key:
        assert [each["id"] for each in key.get("/cameras").json()["items"]] == ["cam-1"]
        assert [each["id"] for each in key.get("/recordings/cameras").json()["items"]] == ["cam-1"]
        assert key.get("/sensors").json()["items"] == []
        assert key.get("/incidents").status_code == 403
        others = [each.id for each in COMMUNITY.cameras if each.id != "cam-1"]
        for other in others:
            assert key.get(f"/cameras/{other}").status_code == 404
            assert key.get(f"/cameras/{other}/still.jpg").status_code == 404
