"""The room at night: an alarm is heard, seen, looked at, acknowledged and resolved, by keyboard alone."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from hub.access import Role
from hub.store.event_log import Fact
from tests.api.room import PASSWORD, Room, open_room
from tests.browser.browsing import PHONE, Visit
from tests.browser.conftest import MakeVisit

LATE_MS = 1_000
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


def _row(page: Page, incident: dict[str, object]) -> Locator:
    return page.locator(f"[data-incident='{incident['id']}']")


def test_a_fire_is_heard_seen_and_worked_off_from_the_keyboard(room: Room, visit: MakeVisit) -> None:
    night = _night(room, visit, "night-1")
    page = night.page
    expect(page.get_by_text("没有未办结的警情")).to_be_visible()
    incident = room.smoke()
    row = _row(page, incident)
    expect(row).to_contain_text("烟感报警")
    expect(row).to_contain_text("未确认")
    expect(page).to_have_title(f"(1) {page.title().removeprefix('(1) ')}")
    page.wait_for_function("heard.length > 0 && heard.every(([, state]) => state === 'running')")
    assert night.faults() == []
    night.picture("incidents-zh")
    page.keyboard.press("j")
    expect(row).to_be_focused()
    page.keyboard.press("a")
    expect(row).to_contain_text("已确认")
    page.keyboard.press("r")
    page.locator("input[value=nuisance]").check()
    page.locator("input[value=cooking]").check()
    night.picture("incidents-resolve-zh")
    page.locator("textarea[name=note]").fill("j k a: a field takes the keys")
    page.locator("dialog[open] button[type=submit]").click()
    expect(row).to_have_count(0)
    assert room.client().get(f"/api/v1/incidents/{incident['id']}").json()["verdict"] == "nuisance"
