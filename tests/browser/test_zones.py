"""What parts of a picture are for: drawn by pointer and keys, tried over what was seen, saved, and gone back on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from playwright.sync_api import Locator, Page, expect

from cameras.traces.keeping import TRACES, Traces
from hub.access import Role
from hub.events import Phase
from hub.geometry import Box
from hub.store.event_log import Fact
from tests.api.room import PASSWORD, Room
from tests.browser.browsing import DEADLINE_MS
from tests.browser.conftest import MakeVisit
from tests.fakes.traces import stand, walk, watched

CAR = Box(0.4, 0.4, 0.2, 0.2)
expect.set_options(timeout=DEADLINE_MS)


def trace(room: Room) -> None:
    """An hour and a half in which a car stood for eight minutes, and somebody walked by."""
    now = room.hub.parts.clock.now()
    begin = now - timedelta(minutes=90)
    traces = Traces(room.data / TRACES)
    for data in (
        *watched(begin, begin + timedelta(minutes=60)),
        *stand(begin + timedelta(minutes=60), "car-1", CAR),
        walk(begin + timedelta(minutes=70), "p-1"),
        *watched(begin + timedelta(minutes=71), now),
    ):
        assert traces.take("cam-1", data, now)


def click_at(page: Page, canvas: Locator, *places: tuple[float, float]) -> None:
    """Click on places of the picture, in shares of it."""
    box = canvas.bounding_box()
    assert box is not None
    for x, y in places:
        page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])


def zones_of(room: Room) -> list[dict[str, object]]:
    found: list[dict[str, object]] = room.client().get("/api/v1/cameras/cam-1").json()["zones"]
    return found


def test_a_zone_is_drawn_tried_saved_and_gone_back_on(room: Room, visit: MakeVisit) -> None:  # noqa: PLR0915 - a story
    trace(room)
    room.hub.parts.accounts.create("chief-1", PASSWORD, Role.ADMINISTRATOR)
    chief = visit(room.hub.url)
    page = chief.sign_in("chief-1", PASSWORD, "/desk/zones")
    expect(page.get_by_role("link", name="cam-1")).to_be_visible()
    chief.picture("zones-choose-zh")
    assert chief.faults() == []
    page.get_by_role("link", name="cam-1").click()
    canvas = page.locator("svg.canvas")
    expect(canvas).to_be_visible()

    page.get_by_role("button", name="画区域", exact=True).click()
    click_at(page, canvas, (0.3, 0.3), (0.7, 0.3), (0.7, 0.9), (0.3, 0.9))
    page.keyboard.press("Enter")
    corners = canvas.locator(".point")
    expect(corners).to_have_count(4)
    page.locator("select[name=use]").select_option("no_parking")
    page.locator("input[name=name-zh]").fill("消防门前")
    page.locator("input[name=name-en]").fill("Fire gate")
    page.locator("input[name=name-en]").press("Tab")
    expect(page.get_by_role("button", name="消防门前，第 1 点")).to_be_visible()

    # By keys: one pixel, ten pixels, a point more and one less, and all of it back.
    first = corners.first
    before = float(first.get_attribute("cx") or 0)
    first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    assert round(float(first.get_attribute("cx") or 0) - before) == 11
    page.keyboard.press("Insert")
    expect(corners).to_have_count(5)
    page.keyboard.press("Delete")
    expect(corners).to_have_count(4)
    for _ in range(4):
        page.keyboard.press("Control+z")
    assert round(float(first.get_attribute("cx") or 0) - before) == 0
    page.keyboard.press("Control+y")
    assert round(float(first.get_attribute("cx") or 0) - before) == 1

    # A corner dragged over the opposite side: refused in words, and taken back.
    box, corner = canvas.bounding_box(), corners.nth(0).bounding_box()
    assert box is not None
    assert corner is not None
    page.mouse.move(corner["x"] + corner["width"] / 2, corner["y"] + corner["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + 0.6 * box["height"], steps=4)
    page.mouse.up()
    expect(page.locator("ul.faults")).to_contain_text("交叉")
    expect(page.get_by_role("button", name="保存", exact=True)).to_be_disabled()
    page.get_by_role("button", name="撤销").click()
    expect(page.locator("ul.faults")).to_have_count(0)

    page.get_by_role("button", name="用最近 24 小时试一试").click()
    found = page.locator(".found")
    expect(found).to_contain_text("新增", timeout=2 * DEADLINE_MS)
    expect(found).to_contain_text("违停")
    expect(found).to_contain_text("消防门前")
    assert zones_of(room) == []
    chief.picture("zones-tried-zh")
    assert chief.faults() == []

    page.locator("input[name=reason]").fill("物业要求")
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.get_by_text("没有改动")).to_be_visible()
    saved = zones_of(room)
    assert [(each["use"], each["name"]) for each in saved] == [("no_parking", {"zh": "消防门前", "en": "Fire gate"})]

    # Somebody else saves meanwhile; mine is made again on top of it.
    client = room.client(Role.ADMINISTRATOR)
    etag = client.get("/api/v1/cameras/cam-1").headers["ETag"]
    theirs = {"id": "pond", "use": "water", "points": [[0, 0], [0.2, 0], [0.2, 0.2]]}
    body = {"zones": [*saved, theirs], "lines": [], "ground": None}
    put = client.put("/api/v1/cameras/cam-1/zones?reason=pond", json=body, headers={"If-Match": etag})
    assert put.status_code == 200
    page.get_by_role("button", name="画线").click()
    click_at(page, canvas, (0.1, 0.5), (0.25, 0.5))
    page.keyboard.press("Enter")
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.get_by_role("alertdialog")).to_contain_text("pond")
    chief.expect_said("412")
    chief.picture("zones-conflict-zh")
    page.get_by_role("button", name="在新版上重做我的改动").click()
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.get_by_text("没有改动")).to_be_visible()
    assert [each["id"] for each in zones_of(room)] == ["zone-1", "pond"]
    assert [each["id"] for each in client.get("/api/v1/cameras/cam-1").json()["lines"]] == ["line-1"]

    page.get_by_text("修改记录").click()
    versions = page.locator("ol > li")
    expect(versions).to_have_count(4)
    expect(versions.nth(2)).to_contain_text("物业要求")
    versions.nth(2).get_by_role("button", name="在画面上对比").click()
    expect(canvas.locator(".before polygon")).to_have_count(1)
    chief.picture("zones-history-zh")
    assert chief.faults() == []
    versions.nth(3).get_by_role("button", name="恢复到这一版").click()
    page.get_by_role("button", name="确定").click()
    expect(versions).to_have_count(5)
    assert zones_of(room) == []


def test_a_camera_that_was_moved_says_so_and_is_confirmed(room: Room, visit: MakeVisit) -> None:
    event = room.event("camera.view_moved", "cam-2", camera="cam-2", site="crossing")
    moved = replace(event, phase=Phase.BEGAN, subject="camera.view_moved")
    room.hub.parts.event_log.append([Fact(moved)]).result(20)
    room.hub.parts.accounts.create("chief-2", PASSWORD, Role.ADMINISTRATOR)
    chief = visit(room.hub.url, language="en")
    page = chief.sign_in("chief-2", PASSWORD, "/desk/zones/cam-2")
    expect(page.locator("svg.canvas")).to_be_visible()
    page.get_by_role("button", name="Place a box").click()
    page.get_by_role("button", name="Draw a line").click()
    click_at(page, page.locator("svg.canvas"), (0.1, 0.8), (0.9, 0.8))
    page.keyboard.press("Enter")
    page.get_by_text("Measured ground").click()
    page.get_by_role("button", name="Place four points").click()
    expect(page.locator("svg.canvas .point")).to_have_count(4)
    expect(page.locator(".moved")).to_contain_text("zones are out of use")
    chief.picture("zones-desk-en")
    assert chief.faults() == []
    page.set_viewport_size({"width": 360, "height": 800})
    chief.picture("zones-360-en")
    page.set_viewport_size({"width": 3840, "height": 2160})
    chief.picture("zones-4k-en")
    page.get_by_role("button", name="Discard").click()
    page.get_by_role("button", name="Confirm the view").click()
    page.get_by_role("button", name="Yes").click()
    expect(page.get_by_text("Confirmed; the zones count again.")).to_be_visible()
    assert room.client().get("/api/v1/cameras/cam-2").json()["view"] == 1
