"""The room at night: an alarm is heard, seen, looked at, acknowledged and resolved, by keyboard alone."""

from __future__ import annotations

import logging
import statistics
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from config.community import Community, Contact, Name
from config.phones import Phone
from hub.access import Role
from tests.api.room import PASSWORD, Room, open_room
from tests.browser.browsing import DEADLINE_MS, Visit, crowding
from tests.browser.conftest import MakeVisit

logger = logging.getLogger(__name__)
expect.set_options(timeout=DEADLINE_MS)

LATE_MS = 1_000
TONES = 3
"""Of an orange alarm; repeated every ten seconds."""
NARROW = (360, 740)
LARGE = (3840, 2160)
HEARD = """
window.heard = [];
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...more) {
  window.heard.push([this.frequency.value, this.context.state]);
  return start.apply(this, more);
};
"""
"""What the page sounds, written down beside: hertz, and whether it could be heard."""
SEEN = """
window.seen = {};
new MutationObserver(() => {
  for (const row of document.querySelectorAll("[data-incident]")) {
    const box = row.getBoundingClientRect();
    if (box.height > 0 && !(row.dataset.incident in window.seen)) window.seen[row.dataset.incident] = Date.now();
  }
}).observe(document, { childList: true, subtree: true });
"""
"""When the row of each incident first had a place on the screen."""


def _night(room: Room, visit: MakeVisit, name: str, *, path: str = "/", language: str = "zh") -> Visit:
    room.hub.parts.accounts.create(name, PASSWORD, Role.OPERATOR)
    night = visit(room.hub.url, language=language)
    night.page.add_init_script(HEARD)
    night.page.add_init_script(SEEN)
    night.sign_in(name, PASSWORD, path)
    return night


def _row(page: Page, incident: dict[str, Any]) -> Locator:
    return page.locator(f"[data-incident='{incident['id']}']")


@pytest.fixture(autouse=True)
def real_pictures(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cameras give a picture that a browser can show."""
    picture = np.full((360, 640, 3), (90, 60, 40), np.uint8)
    cv2.circle(picture, (320, 180), 90, (40, 120, 250), -1)
    jpeg = cv2.imencode(".jpg", picture)[1].tobytes()

    monkeypatch.setattr(room.cameras, "jpeg", jpeg)


def test_a_fire_is_heard_seen_and_worked_off_from_the_keyboard(room: Room, visit: MakeVisit) -> None:
    night = _night(room, visit, "night-1")
    page = night.page
    expect(page.get_by_text("没有未办结的警情")).to_be_visible()
    room.say("camera.fire", "cam-1", site="crossing", camera="cam-1", subject="fire", phase="began", confidence=0.9)
    incident = room.wait_for(lambda: room.incident_at("crossing"))
    row = _row(page, incident)
    expect(row).to_contain_text("未确认")
    page.wait_for_function("() => document.title.startsWith('(1) ')")
    page.wait_for_function("() => heard.length > 0 && heard.every(([, state]) => state === 'running')")
    page.wait_for_function("() => document.querySelector('[data-incident] img')?.naturalWidth === 640")
    assert night.faults() == []
    night.picture("incidents-zh")
    page.keyboard.press("j")
    expect(row).to_be_focused()
    page.keyboard.press("a")
    expect(row).to_contain_text("已确认")
    page.wait_for_function("() => !document.title.startsWith('(')")
    page.keyboard.press("r")
    page.locator("input[value=nuisance]").check()
    page.locator("input[value=cooking]").check()
    assert night.faults() == []
    night.picture("incidents-resolve-zh")
    page.locator("textarea[name=note]").fill("a j k: a field takes the keys")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(row).to_have_count(0)
    assert room.client().get(f"/api/v1/incidents/{incident['id']}").json()["verdict"] == "nuisance"
    page.get_by_role("button", name="已办结").click()
    expect(row).to_contain_text("干扰")


def _rings(page: Page) -> None:
    """An orange alarm is sounded once more from now on, by itself."""
    expect(page.locator(".watch-tool [data-ringing=orange]")).to_be_visible()
    heard = page.evaluate("() => heard.length")
    page.wait_for_function("([heard, tones]) => window.heard.length >= heard + tones", arg=[heard, TONES])


def test_it_rings_at_both_screens_until_one_of_the_two_has_seen_it(room: Room, visit: MakeVisit) -> None:
    """Again and again, wherever in the desk each of them is; the other one sees in the row that somebody has."""
    there, here = (_night(room, visit, name, path=path) for name, path in (("two-1", "/"), ("two-2", "/desk/map")))
    expect(here.page.locator(".watch-tool")).to_be_visible()
    incident = room.smoke()
    for watcher in (there, here):
        _rings(watcher.page)
        expect(watcher.page.locator(".unseen")).to_be_visible()
    here.page.get_by_role("link", name="警情").first.click()
    expect(_row(here.page, incident)).to_contain_text("未确认")
    row = _row(there.page, incident)
    row.focus()
    there.page.keyboard.press("a")
    expect(_row(here.page, incident)).to_contain_text("已确认")
    for watcher in (there, here):
        expect(watcher.page.locator(".watch-tool [data-ringing]")).to_have_count(0)
        expect(watcher.page.locator(".unseen")).to_have_count(0)


def test_an_event_is_on_the_screen_within_a_second(room: Room, visit: MakeVisit) -> None:
    """From before the event is stored until its row has a place on the screen, five times; the median counts."""
    page = _night(room, visit, "night-2").page
    expect(page.locator(".rows")).to_be_attached()
    took_ms: list[float] = []
    for _ in range(5):
        begun = room.hub.parts.clock.now()
        incident = room.smoke()
        page.wait_for_function("id => id in seen", arg=incident["id"])
        took_ms.append(page.evaluate("id => seen[id]", incident["id"]) - begun.timestamp() * 1000)
    logger.info("event to screen, ms: %s", sorted(round(each) for each in took_ms))
    assert statistics.median(took_ms) < LATE_MS * crowding()


def _with_numbers(there: Community, guard: Phone, who: Contact) -> Community:
    """A number at the home of somebody, and his own."""
    sites = [each.model_copy(update={"phones": (guard,)}) if each.id in who.sites else each for each in there.sites]
    return there.model_copy(update={"sites": tuple(sites), "contacts": (*there.contacts, who)})


def test_what_a_colleague_does_is_seen_at_once_in_the_other_language(room: Room, visit: MakeVisit) -> None:
    incident = room.smoke()
    night = _night(room, visit, "night-3", path=f"/desk/incidents/{incident['id']}", language="en")
    page = night.page
    expect(page.locator("header.head .state")).to_have_text("not acknowledged")
    expect(page.get_by_text("once observed is enough")).to_be_visible()
    guard = Phone(name=Name(zh="门卫", en="Gatekeeper"), number="023-5550 0188")
    li = Contact(account="li", phone="138 0000 0004", sites=(incident["site"],))
    room.hub.parts.revisions.change(lambda there: _with_numbers(there, guard, li), author="chief", reason="numbers")
    page.reload()
    expect(page.locator(".numbers li")).to_have_count(2)
    expect(page.locator("[data-why=site] a")).to_have_attribute("href", "tel:02355500188")
    expect(page.locator(".head .first-calls a")).to_have_text(["023-5550 0188", "138 0000 0004"])
    expect(page.locator("[data-why=lives_there]")).to_contain_text("138 0000 0004")
    page.locator(".others .other").first.click()
    expect(page.locator("figure")).to_have_count(2)
    assert night.faults() == []
    night.picture("incident-en")
    note = "<img src=x onerror=alert(1)>"
    room.client().post(f"/api/v1/incidents/{incident['id']}/acknowledge", json={"note": note})
    expect(page.locator("header.head .state")).to_have_text("acknowledged")
    expect(page.locator(".history")).to_contain_text(note)
    assert page.locator(".history img").count() == 0
    page.get_by_role("button", name="中文").click()
    expect(page.locator("header.head .state")).to_have_text("已确认")
    page.set_viewport_size({"width": LARGE[0], "height": LARGE[1]})
    night.picture("incident-zh-large")
    page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW[0]
    night.picture("incident-zh-narrow")
    page.locator(".numbers").scroll_into_view_if_needed()
    night.picture("incident-numbers-zh-narrow")
    night.expect_said("/live")
    night.expect_said("/recordings")


def test_who_is_second_is_told_who_was_first(room: Room, visit: MakeVisit) -> None:
    incident = room.smoke()
    night = _night(room, visit, "night-4", language="en")
    page, row = night.page, _row(night.page, incident)
    row.get_by_role("button", name="Put aside").click()
    page.locator("input[name=reason]").fill("welding")
    resolved = {"verdict": "nuisance", "cause": "cooking"}
    room.client().post(f"/api/v1/incidents/{incident['id']}/resolve", json=resolved)
    page.locator("dialog[open] button[type=submit]").click()
    expect(page.get_by_text("operator-1 was first: resolved.")).to_be_visible()
    expect(row).to_have_count(0)
    night.expect_said("412")


def test_what_is_hidden_says_by_whom_and_is_shown_again(room: Room, visit: MakeVisit) -> None:
    incident = room.smoke()
    night = _night(room, visit, "night-5", path="/desk/incidents/hidden")
    page = night.page
    page.get_by_role("button", name="新建静默").click()
    page.locator("select[name=site]").select_option(incident["site"])
    page.locator("form input[name=reason]").fill("消防演练")
    expect(page.get_by_text("现在会隐藏 1 条警情")).to_be_visible()
    assert night.faults() == []
    night.picture("incidents-hidden-zh")
    page.get_by_role("button", name="开始静默").click()
    aside = page.locator("li", has_text=f"#{incident['number']} ")
    expect(aside).to_contain_text("night-5：消防演练")
    page.get_by_role("button", name="立即结束").click()
    expect(aside).to_have_count(0)
    page.get_by_role("link", name="← 警情列表").click()
    expect(_row(page, incident)).to_contain_text("未确认")


def test_a_flood_is_grouped_and_a_group_is_acknowledged_together(room: Room, visit: MakeVisit) -> None:
    some = [room.smoke() for _ in range(12)]
    night = _night(room, visit, "night-6")
    page = night.page
    page.get_by_role("button", name="归并查看").click()
    group = page.locator(".group", has_text="火情")
    expect(group).to_contain_text("大坪村")
    assert night.faults() == []
    night.picture("incidents-flood-zh")
    group.get_by_role("button", name="全部确认").click()
    page.locator("dialog[open] button[type=submit]").click()
    expect(group.get_by_role("button", name="全部确认")).to_have_count(0)
    found = room.client().get("/api/v1/incidents", params={"state": "open", "limit": 100}).json()["items"]
    assert {each["id"]: each["handling"] for each in found}[some[-1]["id"]] == "seen"


def test_a_shift_is_handed_over_on_paper(room: Room, visit: MakeVisit) -> None:
    incident = room.smoke()
    night = _night(room, visit, "night-7", path="/desk/handover")
    page = night.page
    expect(page.get_by_role("link", name=f"#{incident['number']}", exact=True)).to_be_visible()
    page.locator("textarea").fill("1号家的烟感要换电池")
    page.get_by_role("button", name="保存说明").click()
    expect(page.get_by_text("等下一班确认")).to_be_visible()
    assert night.faults() == []
    night.picture("handover-zh")
    page.emulate_media(media="print")
    expect(page.locator(".printed")).to_have_text("1号家的烟感要换电池")
    expect(page.locator("header.top")).to_be_hidden()
    sheet = page.locator(".handover .sheet").bounding_box()
    assert sheet is not None
    assert sheet["width"] > 1_000  # and not the room that the menu had
    night.picture("handover-print-zh")
    # The next shift reads it at another computer, and says so.
    day = _night(room, visit, "day-7", path="/desk/handover")
    expect(day.page.locator("textarea")).to_have_value("1号家的烟感要换电池")
    day.page.get_by_role("button", name="已阅读，我来接班").click()
    expect(day.page.get_by_text("day-7 已接班")).to_be_visible()
    day.picture("handover-confirmed-zh")


def test_a_hub_that_is_gone_is_said_and_what_was_missed_comes_after(visit: MakeVisit, tmp_path: Path) -> None:
    first = open_room(tmp_path / "data")
    port = first.hub.port
    try:
        night = _night(first, visit, "night-8")
        expect(night.page.locator(".empty")).to_be_visible()
        seen = first.smoke()
        _rings(night.page)
        first.client().post(f"/api/v1/incidents/{seen['id']}/acknowledge", json={}).raise_for_status()
        expect(night.page.locator(".watch-tool [data-ringing]")).to_have_count(0)
    finally:
        first.close()
    gone = time.monotonic()
    expect(night.page.locator(".link-banner[data-link=lost]")).to_be_visible()
    logger.info("hub gone to banner, s: %.1f", time.monotonic() - gone)
    expect(_row(night.page, seen)).to_be_visible()
    second = open_room(tmp_path / "data", port=port)
    try:
        second.say("smoke", "home-2-smoke", site="home-2", alarm=True)
        incident = second.wait_for(lambda: second.incident_at("home-2"))
        expect(_row(night.page, incident)).to_contain_text("未确认")
        expect(night.page.locator(".link-banner")).to_have_count(0)
        _rings(night.page)
    finally:
        second.close()
    night.expect_gone()
