"""The map, in a real browser: what lies where, what is open, and how one gets from there to pictures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from config.community import Area, Camera, Community, Location, Name, Ring, Sensor, Site, Stream
from hub.access import Role
from tests.api.room import PASSWORD, Room, open_room
from tests.browser.conftest import MakeVisit
from tests.fakes.waiting import until

AT = Location(lat=29.358, lon=106.161)
BORDER = [[106.155, 29.354], [106.168, 29.353], [106.169, 29.362], [106.156, 29.363], [106.155, 29.354]]
COMMUNITY = Community(
    areas=(Area(id="village", name=Name(zh="大坪村", en="Village")),),
    sites=(
        Site(id="crossing", name=Name(zh="村口", en="Crossing"), area="village", ring=Ring.ROAD, location=AT),
        Site(
            id="home-1", name=Name(zh="1号", en="Home 1"), area="village", location=Location(lat=29.3605, lon=106.1585)
        ),
        Site(id="home-2", name=Name(zh="2号", en="Home 2"), area="village"),
    ),
    cameras=(
        Camera(
            id="cam-1",
            site="crossing",
            name=Name(zh="村口一号", en="Crossing 1"),
            heading_deg=45,
            view_deg=80,
            main=Stream(url="rtsp://192.0.2.1/a"),
        ),
        Camera(id="cam-2", site="crossing", name=Name(zh="村口二号", en="Crossing 2"), main=Stream(url="rtsp://h/b")),
    ),
    sensors=(
        Sensor(id="home-1-smoke", site="home-1", kinds=("smoke",)),
        Sensor(id="home-2-smoke", site="home-2", kinds=("smoke",)),
    ),
)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    opened = open_room(tmp_path_factory.mktemp("hub") / "data", there=COMMUNITY)
    yield opened
    opened.close()


def test_the_village_lies_on_its_map(room: Room, visit: MakeVisit, tmp_path: Path) -> None:
    room.hub.parts.accounts.create("admin-9", PASSWORD, Role.ADMINISTRATOR)
    setting_up = visit(room.hub.url)
    page = setting_up.sign_in("admin-9", PASSWORD, "/desk/map")
    expect(page.locator(".pin.cameras")).to_have_count(2)
    page.locator("select[name=draw-area]").select_option("village")
    file = tmp_path / "village.geojson"
    file.write_text(json.dumps({"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [BORDER]}}))
    page.locator("input[name=draw-file]").set_input_files(file)
    expect(page.get_by_text("大坪村 的边界，共 4 个顶点")).to_be_visible()
    expect(page.locator("path.shape.areas")).to_have_count(1)
    assert len(room.hub.parts.revisions.current().areas[0].outline) == 4

    room.hub.parts.accounts.create("night-9", PASSWORD, Role.OPERATOR)
    night = visit(room.hub.url)
    page = night.sign_in("night-9", PASSWORD, "/desk/map")
    expect(page.locator(".pin.cameras")).to_have_count(2)
    room.say("camera.fire", "cam-1", camera="cam-1", site="crossing", why="flame", confidence=0.9)
    expect(page.locator(".pin.incidents")).to_have_count(1)
    expect(page.locator("path.shape.cameras")).to_have_count(1)
    # What has no place on the ground is not lost.
    expect(page.locator(".unplaced")).to_contain_text("2号")
    expect(page.locator(".unplaced")).to_contain_text("home-2-smoke")
    page.locator("[data-id=cam-1]").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".card img")).to_be_visible()
    expect(page.locator(".card").get_by_role("link", name="看录像")).to_have_attribute(
        "href", "/desk/playback?camera=cam-1"
    )
    page.locator(".leaflet-incidents-pane .map-pin").focus()
    page.keyboard.press("Enter")
    link = page.locator(".card").get_by_role("link", name="看录像").get_attribute("href") or ""
    for part in ("camera=cam-1", "incident=", "at=20"):
        assert part in link
    night.picture("map-zh")
    assert night.faults() == []
    page.locator("input[name=layer-cameras]").uncheck()
    expect(page.locator(".pin.cameras")).to_have_count(0)

    small = visit(room.hub.url, size=(360, 740), language="en")
    page = small.sign_in("night-9", PASSWORD, "/desk/map")
    expect(page.locator(".pin.incidents")).to_have_count(1)
    expect(page.locator("input[name=draw-file]")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    small.picture("map-360-en")


def test_a_hall_gets_its_floor_plan_and_a_camera_its_place_on_it(room: Room, visit: MakeVisit, tmp_path: Path) -> None:
    room.hub.parts.accounts.create("admin-10", PASSWORD, Role.ADMINISTRATOR)
    setting_up = visit(room.hub.url)
    page = setting_up.sign_in("admin-10", PASSWORD, "/desk/map")
    expect(page.locator(".pin.cameras")).to_have_count(2, timeout=20_000)
    file = tmp_path / "hall.png"
    file.write_bytes(drawn_plan())
    page.locator("select[name=plan-area]").select_option("village")
    page.locator("input[name=plan-file]").set_input_files(file)
    expect(page.get_by_text("已放上 大坪村 的平面图")).to_be_visible(timeout=20_000)
    picture = page.locator("img.leaflet-image-layer")
    expect(picture).to_have_count(1)

    def corners() -> tuple[Location, Location]:
        plan = room.hub.parts.revisions.current().areas[0].plan
        assert plan is not None
        return plan.south_west, plan.north_east

    before = corners()
    handles = page.locator(".plan-corner")
    expect(handles).to_have_count(2)
    drag(page, handles.nth(1), (60, -40))
    until(lambda: corners()[1].lat > before[1].lat, timeout_s=20, what="the moved corner")
    assert corners()[0] == before[0], "the other corner stays"

    drag(page, page.locator("[data-id=cam-2]"), (-30, 50))
    until(lambda: room.hub.parts.revisions.current().cameras[1].location is not None, timeout_s=20, what="a place")
    setting_up.picture("map-plan-zh")
    assert setting_up.faults() == []
    page.reload()
    expect(picture).to_have_count(1, timeout=20_000)
    expect(handles).to_have_count(0)
    small = visit(room.hub.url, size=(360, 740), language="en")
    page = small.sign_in("admin-10", PASSWORD, "/desk/map")
    expect(page.locator("img.leaflet-image-layer")).to_have_count(1, timeout=20_000)
    page.locator("select[name=plan-area]").select_option("village")
    page.locator("input[name=placing]").check()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.locator(".plans").scroll_into_view_if_needed()
    small.picture("map-plan-360-en")
    page.get_by_role("button", name="Remove the picture").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove the picture").click()
    expect(page.locator("img.leaflet-image-layer")).to_have_count(0)


def drag(page: Page, thing: Locator, by: tuple[int, int]) -> None:
    thing.hover()  # which looks for it again where it was drawn anew meanwhile
    box = until(thing.bounding_box, what="its place")
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + by[0], y + by[1], steps=6)
    page.mouse.up()


def drawn_plan() -> bytes:
    """A hall with three rooms."""
    image = np.full((300, 480, 3), 235, np.uint8)
    cv2.rectangle(image, (10, 10), (470, 290), (60, 60, 60), 6)
    for x in (160, 320):
        cv2.line(image, (x, 10), (x, 200), (60, 60, 60), 4)
    ok, data = cv2.imencode(".png", image)
    assert ok
    return data.tobytes()
