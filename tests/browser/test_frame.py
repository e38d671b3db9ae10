"""What every page does: sign in, change the language, say that the hub is gone, and come back by itself."""

from __future__ import annotations

import time
from pathlib import Path

from playwright.sync_api import expect

from hub.access import Role
from tests.api.room import PASSWORD, Room, open_room
from tests.browser.browsing import PHONE
from tests.browser.conftest import MakeVisit


def test_somebody_signs_in_and_reads_in_the_other_language(room: Room, visit: MakeVisit) -> None:
    room.hub.parts.accounts.create("night-1", PASSWORD, Role.OPERATOR)
    night = visit(room.hub.url)
    page = night.sign_in("night-1", PASSWORD)
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    assert night.faults() == []


def test_a_wrong_password_is_said_in_words(room: Room, visit: MakeVisit) -> None:
    stranger = visit(room.hub.url, language="en")
    page = stranger.open("/m/")
    page.locator("input[name=username]").fill("nobody")
    page.locator("input[name=password]").fill("no such thing")
    page.locator("form.sign-in button[type=submit]").click()
    expect(page.get_by_role("alert")).to_contain_text("User name or password is wrong")
    stranger.expect_said("401")


def test_a_page_says_within_5_s_that_the_hub_is_gone_and_recovers(visit: MakeVisit, tmp_path: Path) -> None:
    here = open_room(tmp_path / "data")
    port = int(here.hub.url.rsplit(":", 1)[1])
    here.hub.parts.accounts.create("night-1", PASSWORD, Role.OPERATOR)
    visits = [visit(here.hub.url), visit(here.hub.url, size=PHONE)]
    visits[0].sign_in("night-1", PASSWORD)
    visits[1].open("/m/")
    for each in visits:
        expect(each.page.locator(".link-banner")).to_have_count(0)
    here.close()
    gone = time.monotonic()
    for each in visits:
        expect(each.page.locator(".link-banner[data-link=lost]")).to_be_visible()
    assert time.monotonic() - gone < 5
    again = open_room(tmp_path / "data", port=port)
    try:
        for each in visits:
            expect(each.page.locator(".link-banner")).to_have_count(0)
    finally:
        again.close()
    for each in visits:
        each.expect_gone()
