"""Reports, tasks and points at the desk, and the figures of the room that come of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from config.community import Community
from hub.access import Role
from tests.api.room import PASSWORD, Room, open_room
from tests.browser.browsing import DEADLINE_MS
from tests.browser.conftest import MakeVisit
from tests.fakes.pictures import phone_jpeg
from tests.fakes.village import DUTIES, VILLAGE

THERE = Community.model_validate({**VILLAGE.model_dump(), "duties": [duty.model_dump() for duty in DUTIES]})
expect.set_options(timeout=DEADLINE_MS)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """A hub of a village with people on duty, in which a hole in the road was reported."""
    opened: Room = open_room(Path(tmp_path_factory.mktemp("hub")) / "data", there=THERE)
    for name in ("zhao", "qian", "wu"):
        opened.person(name, Role.RESPONDER)
    fields = {"client_id": "li-1", "category": "road_damage", "text": "路上有个大坑", "site": THERE.sites[0].id}
    files = [("photo", ("hole.jpg", phone_jpeg()))]
    sent = opened.person("li", Role.RESIDENT).post("/reports", data={**fields, "contact": "138 0000"}, files=files)
    assert sent.status_code == 201, sent.text
    yield opened
    opened.close()


def test_a_report_is_handled_and_thanked(room: Room, visit: MakeVisit) -> None:
    room.hub.parts.accounts.create("head-1", PASSWORD, Role.SUPERVISOR)
    head = visit(room.hub.url)
    page = head.sign_in("head-1", PASSWORD, "/desk/reports")
    page.get_by_role("link", name=re.compile("^#")).click()
    card = page.locator("article.report")
    expect(card).to_contain_text("路上有个大坑")
    expect(card).to_contain_text("138 0000")
    expect(card.locator(".photos img")).to_be_visible()
    head.picture("report-zh")
    assert head.faults() == []
    card.get_by_role("button", name="办结", exact=True).click()
    card.locator("form.doing button[type=submit]").click()
    expect(card.get_by_role("button", name="退回重办")).to_be_visible()
    expect(page.locator("td .state[data-step=done]")).to_be_visible()

    page.get_by_role("tab", name="志愿任务").click()
    page.locator("textarea[name=task]").fill("清扫广场")
    page.locator("form.offer button[type=submit]").click()
    expect(page.get_by_role("cell", name="清扫广场")).to_be_visible()
    task = room.person("li").get("/tasks").json()["items"][0]["id"]
    room.person("li").post(f"/tasks/{task}/take")
    room.person("li").post(f"/tasks/{task}/done")
    page.locator("select[name=task-state]").select_option("done")
    page.get_by_role("button", name="确认完成").click()
    expect(page.get_by_text("还没有任务。")).to_be_visible()

    page.get_by_role("tab", name="积分").click()
    page.get_by_role("button", name="li", exact=True).click()
    expect(page.get_by_role("heading", name="li：10 分")).to_be_visible()
    page.locator("input[name=item]").fill("洗衣液一瓶")
    page.locator("input[name=amount]").fill("8")
    page.locator("form button", has_text="兑换").click()
    page.get_by_role("dialog").get_by_role("button", name="兑换").click()
    expect(page.get_by_role("heading", name="li：2 分")).to_be_visible()
    head.picture("points-zh")
    assert head.faults() == []


def test_the_figures_of_the_room_stand_as_pictures_and_tables(room: Room, visit: MakeVisit) -> None:
    room.hub.parts.accounts.create("head-2", PASSWORD, Role.SUPERVISOR)
    head = visit(room.hub.url)
    page = head.sign_in("head-2", PASSWORD, "/desk/figures")
    expect(page.get_by_role("cell", name="每席每天")).to_be_visible()
    expect(page.locator(".plot canvas")).to_be_visible()
    head.picture("figures-load-zh")
    assert head.faults() == []
    with page.expect_download() as kept:
        page.get_by_role("button", name="下载表格（CSV）").click()
    assert "告警" in Path(kept.value.path()).read_text(encoding="utf-8-sig")
    page.get_by_role("tab", name="处置时效").click()
    expect(page.get_by_role("heading", name="每个人")).to_be_visible()
    head.picture("figures-people-zh")
    page.get_by_role("tab", name="规则与误报").click()
    expect(page.get_by_text("这段时间没有问题规则。")).to_be_visible()
    page.get_by_role("tab", name="交接班").click()
    expect(page.get_by_role("heading", name="交给下一班的")).to_be_visible()
    head.picture("figures-shift-zh")
    assert head.faults() == []


def test_figures_and_reports_fit_a_small_screen(room: Room, visit: MakeVisit) -> None:
    room.hub.parts.accounts.create("night-1", PASSWORD, Role.OPERATOR)
    night = visit(room.hub.url, size=(360, 780), language="en")
    page = night.sign_in("night-1", PASSWORD, "/desk/figures")
    expect(page.get_by_role("cell", name="A day and position")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    night.picture("figures-small-en")
    page.goto(f"{room.hub.url}/desk/reports")
    expect(page.get_by_role("link", name=re.compile("^#"))).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    night.picture("reports-small-en")
    assert night.faults() == []
