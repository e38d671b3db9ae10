"""The page, in a real browser: what an operator does at night."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.access import Role
from tests.api.room import PASSWORD, Room, open_room
from tests.browser.chromium import PROGRAM, Browser

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine (apt-get install chromium)")


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    opened = Browser(tmp_path / "profile")
    yield opened
    opened.close()
    assert not opened.said, opened.said


def _sign_in(browser: Browser, room: Room, name: str) -> None:
    room.hub.parts.accounts.create(name, PASSWORD, Role.OPERATOR)
    browser.open(f"{room.hub.url}/")
    browser.wait_for("document.querySelector('#sign-in:not([hidden])')")
    browser.type("#username", name)
    browser.type("#password", PASSWORD)
    browser.press("Enter")
    browser.wait_for("document.querySelector('#link').dataset.state === 'live'")


def _card(number: int) -> str:
    return f"[...document.querySelectorAll('.incident')].find((each) => each.innerText.includes('#{number}'))"


def test_an_alarm_appears_and_is_worked_off_from_the_keyboard(room: Room, browser: Browser) -> None:
    _sign_in(browser, room, "night-1")
    incident = room.smoke()
    card = _card(incident["number"])
    browser.wait_for(card)
    assert browser.run(f"{card}.innerText.includes('烟感报警')")
    assert browser.run("document.title.startsWith('(')")
    browser.run(f"{card}.focus()")
    browser.press("a")
    browser.wait_for(f"{card}.innerText.includes('已确认')")
    browser.run(f"{card}.focus()")
    browser.press("r")
    browser.wait_for("document.querySelector('#resolve[open]')")
    browser.run("document.querySelector('input[value=nuisance]').click()")
    browser.run("document.querySelector('#cause').value = 'cooking'")
    browser.click("#resolve-do")
    browser.wait_for(f"!{card}")
    assert room.client().get(f"/api/v1/incidents/{incident['id']}").json()["verdict"] == "nuisance"


def test_what_a_colleague_does_is_seen_at_once_in_the_other_language(room: Room, browser: Browser) -> None:
    _sign_in(browser, room, "night-2")
    incident = room.smoke()
    card = _card(incident["number"])
    browser.wait_for(card)
    browser.run("document.querySelector('#language').value = 'en'")
    browser.run("document.querySelector('#language').dispatchEvent(new Event('change'))")
    browser.wait_for(f"{card}.innerText.includes('not acknowledged')")
    note = "<img src=x onerror=alert(1)>"
    room.client().post(f"/api/v1/incidents/{incident['id']}/acknowledge", json={"note": note})
    browser.wait_for(f"{card}.innerText.includes('acknowledged') && !{card}.innerText.includes('not acknowledged')")
    browser.run(f"{card}.focus()")
    browser.press("Enter")
    browser.wait_for(f"{card}.innerText.includes('onerror=alert')")
    assert browser.run("document.querySelectorAll('.details img').length") == 0
    browser.open(f"{room.hub.url}/")
    browser.wait_for(f"document.querySelector('#room:not([hidden])') && {card}")


def test_a_hub_that_is_gone_is_said_loudly_and_what_was_missed_comes_after(tmp_path: Path, browser: Browser) -> None:
    data = tmp_path / "data"
    first = open_room(data)
    port = first.hub.port
    try:
        _sign_in(browser, first, "night-3")
    finally:
        first.close()
    browser.wait_for("document.querySelector('#stale:not([hidden])')")
    second = open_room(data, port=port)
    try:
        incident = second.smoke()
        browser.wait_for(_card(incident["number"]))
        browser.wait_for("document.querySelector('#stale').hidden")
    finally:
        second.close()
    browser.said.clear()  # a browser writes down each connection that was refused
