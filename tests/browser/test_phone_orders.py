"""Orders on the phone of a patrol: sent by the room, answered there, also over a line that breaks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.api.room import PASSWORD, Room
from tests.browser.browsing import DEADLINE_MS, PHONE, Visit
from tests.browser.conftest import MakeVisit
from tests.browser.phones import HERE, open_village, picture


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    opened = open_village(tmp_path_factory.mktemp("hub") / "data")
    yield opened
    opened.close()


expect.set_options(timeout=DEADLINE_MS)


def send(room: Room, home: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A smoke alarm, and Zhao is sent there; gives incident and order."""
    room.say("smoke", f"{home}-smoke", site=home, alarm=True)
    incident = room.wait_for(lambda: room.incident_at(home))
    body = {"unit": "zhao", "note": "侧门开着"}
    order = room.person("lin").post(f"/incidents/{incident['id']}/dispatch", json=body)
    order.raise_for_status()
    return incident, order.json()


def looked_at(page: Page, who: Visit, name: str) -> None:
    for language, button in (("zh", "English"), ("en", "中文")):
        assert who.faults() == [], (name, language)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name
        who.picture(f"phone-{name}-{language}")
        page.locator(".top").get_by_role("button", name=button).click()


def moves(room: Room, incident: dict[str, Any]) -> list[str]:
    history = room.person("lin").get(f"/incidents/{incident['id']}").json()["history"]
    return [each["move"] for each in history if each["topic"] == "incident" and each["who"] == "zhao"]


def test_an_order_is_taken_and_brought_to_its_end_on_the_phone(room: Room, visit: MakeVisit) -> None:
    phone = visit(room.hub.url, size=PHONE)
    page = phone.sign_in("zhao", PASSWORD, "/m/")
    expect(page.locator(".none")).to_have_text("现在没有任务。")
    page.evaluate("navigator.vibrate = (pattern) => { window.buzzed = pattern }; 0")
    incident, order = send(room, "home-1")
    card = page.locator(f"[data-order='{order['id']}']")
    expect(card).to_contain_text("17号户")
    expect(card).to_contain_text("侧门开着")
    expect(page.get_by_role("alert").filter(has_text="新任务")).to_be_visible()
    assert page.evaluate("window.buzzed") == [400, 200, 400, 200, 400]
    looked_at(page, phone, "orders")
    card.click()
    expect(page.locator("a.map")).to_have_attribute("href", re.compile(rf"^geo:{HERE['lat']},{HERE['lon']}\?"))
    numbers = page.locator(".numbers a")
    expect(numbers).to_have_text(["138 0000 0004", "023-5550 0110"])
    expect(page.locator("[data-why=lives_there] a")).to_have_attribute("href", "tel:13800000004")
    looked_at(page, phone, "order")

    page.get_by_role("button", name="我去").click()
    expect(card).to_have_attribute("data-state", "accepted")
    page.context.grant_permissions(["geolocation"])
    page.context.set_geolocation({"latitude": HERE["lat"], "longitude": HERE["lon"], "accuracy": 12})
    page.get_by_role("button", name="我到了").click()
    page.get_by_role("button", name="用我的位置").click()
    expect(card).to_have_attribute("data-state", "arrived")
    page.get_by_role("button", name="办完了").click()
    page.locator("select[name=verdict]").select_option("nuisance")
    page.locator("select[name=cause]").select_option("cooking")
    page.locator("textarea[name=note]").fill("锅烧干了")
    looked_at(page, phone, "order-done")
    page.get_by_role("button", name="报告办结").click()
    expect(card).to_have_attribute("data-state", "done")
    expect(numbers).to_have_text(["023-5550 0110"])  # who lives there is left in peace again
    now = room.person("lin").get(f"/incidents/{incident['id']}").json()
    assert (now["handling"], now["verdict"]) == ("resolved", "nuisance")


def test_what_is_said_without_a_line_waits_on_the_phone_and_is_said_once(room: Room, visit: MakeVisit) -> None:
    phone = visit(room.hub.url, size=PHONE)
    page = phone.sign_in("zhao", PASSWORD, "/m/")
    incident, order = send(room, "home-2")
    card = page.locator(f"[data-order='{order['id']}']")
    card.click()
    expect(page.get_by_role("button", name="我去")).to_be_visible()
    page.context.set_offline(True)
    page.get_by_role("button", name="我去").click()
    unsent = page.locator("[data-unsent]")
    expect(unsent).to_contain_text("还没有发出去")
    page.get_by_role("button", name="我到了").click()
    page.locator("input[name=photo]").set_input_files(
        files=[{"name": "there.jpg", "mimeType": "image/jpeg", "buffer": picture(2400)}]
    )
    expect(unsent).to_have_count(2)
    expect(page.locator(".link-banner[data-link=lost]")).to_be_visible()
    looked_at(page, phone, "order-offline")
    assert moves(room, incident) == []
    page.context.set_offline(False)
    expect(unsent).to_have_count(0)
    expect(card).to_have_attribute("data-state", "arrived")
    there = room.person("zhao").get(f"/dispatches/{order['id']}").json()
    assert (there["arrived_by"], there["state"]) == ("photo", "arrived")
    said = moves(room, incident)
    assert len(said) == len(set(said)) == 2, said
    phone.expect_gone()


def test_who_cannot_come_says_why_and_the_order_goes_to_somebody_else(room: Room, visit: MakeVisit) -> None:
    phone = visit(room.hub.url, size=PHONE, language="en")
    report = {"client_id": "a1", "category": "help", "site": "home-1", "text": "fell"}
    room.person("mei").post("/reports", data=report).raise_for_status()
    page = phone.sign_in("zhao", PASSWORD, "/m/")
    page.locator("[data-state=ordered]").first.click()
    expect(page.get_by_text("Somebody reported")).to_be_visible()
    page.get_by_role("button", name="I cannot").click()
    page.get_by_role("button", name="The road is blocked").click()
    page.get_by_role("button", name="Tell the room").click()
    expect(page.locator("[data-state=declined]")).to_be_visible()
    [order] = room.person("zhao").get("/dispatches?mine=true&state=declined").json()["items"]
    assert order["answer"] == "The road is blocked"
    phone.expect_said("404")
