"""The page of one's home, in a real browser of a phone's size."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.community import Camera, Community, Contact, Name, Site, Stream
from hub.access import Role
from tests.api.room import PASSWORD, Room, open_room
from tests.browser.chromium import PROGRAM, Browser

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine (apt-get install chromium)")

COMMUNITY = Community(
    sites=(Site(id="home-1", name=Name(zh="17号户", en="Household 17")),),
    cameras=(Camera(id="yard", site="home-1", name=Name(zh="院子", en="Yard"), main=Stream(url="rtsp://192.0.2.1/a")),),
    contacts=(Contact(account="li", sites=("home-1",)), Contact(account="mei", sites=("home-1",))),
)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    opened = open_room(tmp_path_factory.mktemp("hub") / "data", there=COMMUNITY)
    opened.person("li", Role.RESIDENT)
    yield opened
    opened.close()


@pytest.fixture
def phone(tmp_path: Path, room: Room) -> Iterator[Browser]:
    opened = Browser(tmp_path / "profile", width=390, height=844, mobile=True)
    opened.open(f"{room.hub.url}/home")
    opened.wait_for("document.querySelector('#sign-in:not([hidden])') !== null")
    opened.run(
        f"document.querySelector('#username').value = 'li'; document.querySelector('#password').value = '{PASSWORD}'"
    )
    opened.run("document.querySelector('#sign-in').requestSubmit()")
    opened.wait_for("document.querySelector('[data-camera=yard] form.consent') !== null")
    yield opened
    opened.close()


def test_a_resident_decides_on_a_phone_and_reads_who_watched(room: Room, phone: Browser, tmp_path: Path) -> None:
    assert phone.run("document.documentElement.scrollWidth <= window.innerWidth"), "nothing runs out of the screen"
    assert "还没有人决定" in phone.run("document.querySelector('form.consent').textContent")
    assert phone.run("document.querySelector('[name=watch]:checked').value") == "never"
    phone.run("document.querySelector('[name=watch][value=always]').click()")
    phone.run("document.querySelector('form.consent').requestSubmit()")
    phone.wait_for("document.querySelector('.saved').textContent === '已生效。'")
    decided = room.hub.parts.households.consents.newest[("yard", "home-1")]
    assert (decided.watch, decided.author) == ("always", "li")
    lin = room.person("lin", Role.OPERATOR)
    lin.get("/cameras/yard/still.jpg").raise_for_status()
    phone.run("location.reload()")
    phone.wait_for("[...document.querySelectorAll('#views li')].some((each) => each.textContent.includes('lin'))")
    phone.run("document.querySelector('#language').value = 'en'")
    phone.run("document.querySelector('#language').dispatchEvent(new Event('change'))")
    phone.wait_for("document.querySelector('#title').textContent === 'My home'")
    phone.wait_for("document.querySelector('[data-camera=yard]') !== null")
    shot = Path(os.environ.get("HOME_PAGE_PICTURES", tmp_path)) / "home.png"
    phone.picture(shot)
    assert not phone.said, phone.said


def test_glass_that_is_broken_is_the_first_thing_to_read(room: Room, phone: Browser, tmp_path: Path) -> None:
    li, lin = room.person("li", Role.RESIDENT), room.person("lin", Role.OPERATOR)
    li.put("/cameras/yard/consent", json={"analyse": "safety", "watch": "never"}).raise_for_status()
    lin.post("/cameras/yard/break-glass", json={"reason": "邻居听见屋里有人呼救"}).raise_for_status()
    phone.run("location.reload()")
    phone.wait_for("document.querySelector('.alarm') !== null")
    told = phone.run("document.querySelector('.alarm').textContent")
    assert "lin" in told
    assert "邻居听见屋里有人呼救" in told
    shot = Path(os.environ.get("HOME_PAGE_PICTURES", tmp_path)) / "glass.png"
    phone.picture(shot)
    assert phone.run("document.querySelector('#watched').hidden") is False


def test_who_is_entered_as_living_there_is_confirmed_by_who_lives_there(
    room: Room, phone: Browser, tmp_path: Path
) -> None:
    wu = room.person("wu", Role.RESIDENT)
    room.hub.parts.revisions.change(
        lambda there: there.model_copy(
            update={"contacts": (*there.contacts, Contact(account="wu", sites=("home-1",)))}
        ),
        author="chief",
        reason="moved in",
    )
    assert wu.get("/me/home").json()["homes"] == []
    phone.run("location.reload()")
    phone.wait_for("document.querySelector('#homes .alarm') !== null")
    assert "wu" in phone.run("document.querySelector('#homes .alarm').textContent")
    shot = Path(os.environ.get("HOME_PAGE_PICTURES", tmp_path)) / "newcomer.png"
    phone.picture(shot)
    phone.run("document.querySelector('#homes .alarm button').click()")
    phone.wait_for("document.querySelector('#homes .alarm') === null")
    assert [each["site"] for each in wu.get("/me/home").json()["homes"]] == ["home-1"]
