"""Who sees the pictures of which camera."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from api.access.camera_sight import linked_camera, seen_camera
from api.access.reaching import pictures_of
from api.errors import NotSignedInError
from api.recordings.links import holder_of, links_of
from config.community import Area, Camera, Community, Contact, Name, Ring, Site, Stream
from hub.access import Principal, Role
from hub.errors import NotFoundError
from hub.reach import Grant, GrantKind
from tests.api.room import PASSWORD, Room, open_room

COMMUNITY = Community(
    areas=(Area(id="village", name=Name(en="Village")),),
    sites=(
        Site(id="home-1", name=Name(en="Home 1"), area="village"),
        Site(id="home-2", name=Name(en="Home 2"), area="village"),
        Site(id="crossing", name=Name(en="Crossing"), area="village", ring=Ring.ROAD),
    ),
    cameras=tuple(
        Camera(id=f"{site}-cam", site=site, main=Stream(url=f"rtsp://192.0.2.1/{site}"))
        for site in ("home-1", "home-2", "crossing")
    ),
    contacts=(Contact(account="li", sites=("home-1",)), Contact(account="patrol", sites=("home-1",))),
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    opened = open_room(tmp_path_factory.mktemp("hub") / "data", there=COMMUNITY)
    yield opened
    opened.close()


def _who(room: Room, name: str, role: Role) -> Principal:
    accounts = room.hub.parts.accounts
    known = {each.username: each for each in accounts.list()}
    account = known.get(name) or accounts.create(name, PASSWORD, role)
    return Principal(account.id, account.username, account.role)


@pytest.mark.parametrize(
    ("name", "role", "seen"),
    [
        ("lin", Role.OPERATOR, {"home-2-cam", "crossing-cam"}),
        ("li", Role.RESIDENT, {"home-1-cam"}),
        ("sun", Role.RESIDENT, set()),
        ("patrol", Role.RESPONDER, set()),
        ("maker", Role.INTEGRATOR, set()),
    ],
)
def test_the_room_sees_all_and_a_resident_the_own_home(home: Room, name: str, role: Role, seen: set[str]) -> None:
    _who(home, "li", Role.RESIDENT)  # and so home-1 is claimed, and shows the room nothing until it says otherwise
    may_see = pictures_of(home.hub.parts, _who(home, name, role))
    assert {camera.id for camera in COMMUNITY.cameras if may_see.live(camera)} == seen


def test_a_camera_of_others_is_not_found_in_the_words_of_none(home: Room) -> None:
    li = _who(home, "li", Role.RESIDENT)
    said = []
    for camera in ("home-2-cam", "nowhere"):
        with pytest.raises(NotFoundError) as refused:
            seen_camera(home.hub.parts, li, camera)
        said.append(str(refused.value).replace(camera, "X"))
    assert said[0] == said[1]
    assert seen_camera(home.hub.parts, li, "home-1-cam").id == "home-1-cam"


def test_a_link_opens_what_it_is_for_and_nothing_else(home: Room) -> None:
    here, li = home.hub.parts, _who(home, "li", Role.RESIDENT)
    token = links_of(here).issue(li.id, "clip", "home-1-cam")
    link, who, camera = linked_camera(here, token, "clip", "home-1-cam")
    assert (link.what, who, camera.id) == ("clip", li, "home-1-cam")
    for what, other in (("live", "home-1-cam"), ("clip", "home-2-cam")):
        with pytest.raises(NotFoundError):
            linked_camera(here, token, what, other)  # type: ignore[arg-type]


def test_a_link_ends_with_the_right_to_see_the_camera_and_with_the_account(home: Room) -> None:
    _who(home, "chief", Role.ADMINISTRATOR)  # somebody has to be left
    here, late = home.hub.parts, _who(home, "late", Role.RESIDENT)
    token = links_of(here).issue(late.id, "clip", "crossing-cam")
    with pytest.raises(NotFoundError):
        linked_camera(here, token, "clip", "crossing-cam")
    here.accounts.change(late.id, role=Role.OPERATOR)
    with pytest.raises(NotSignedInError):  # another role ends what was made for the one before
        linked_camera(here, token, "clip", "crossing-cam")
    token = links_of(here).issue(holder_of(here, late), "clip", "crossing-cam")
    with pytest.raises(NotFoundError):  # an office reaches what it is granted, and nothing by itself
        linked_camera(here, token, "clip", "crossing-cam")
    here.people.grants.give(Grant("", late.id, GrantKind.SITE, "crossing"))
    linked_camera(here, token, "clip", "crossing-cam")
    here.accounts.disable(late.id)
    with pytest.raises(NotSignedInError):
        linked_camera(here, token, "clip", "crossing-cam")
