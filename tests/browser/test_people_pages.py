"""The pages for people themselves, in a real browser: invitation, account, and signing in with more than a password."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyotp
import pytest

from api.main import build
from config.community import Camera, Community, Contact, Name, Site, Stream
from config.machine import Machine
from config.secrets import Secret
from config.sign_in import Oidc, SignIn
from hub.access import Role
from tests.api.room import PASSWORD, Room, machine
from tests.browser.chromium import PROGRAM, Browser
from tests.fakes.cameras import FakeCameras
from tests.fakes.openid import CLIENT, SECRET, OpenId, openid_provider

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine (apt-get install chromium)")

OTHER = "another river of words"
COMMUNITY = Community(
    sites=(Site(id="home-1", name=Name(zh="17号户", en="Household 17")),),
    cameras=(Camera(id="yard", site="home-1", main=Stream(url="rtsp://192.0.2.1/a")),),
    contacts=(Contact(account="li", sites=("home-1",)), Contact(account="mei", sites=("home-1",))),
)


@pytest.fixture(scope="module")
def town() -> Iterator[OpenId]:
    with openid_provider() as provider:
        yield provider


@pytest.fixture(scope="module")
def room(town: OpenId, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    made: list[FakeCameras] = []

    def make_cameras(_machine: Machine, clock: Any, _on_events: Any, **_more: Any) -> FakeCameras:
        made.append(FakeCameras(clock))
        return made[0]

    oidc = Oidc(issuer=town.url, client_id=CLIENT, client_secret=Secret(SECRET), name="Town")
    data = tmp_path_factory.mktemp("hub") / "data"
    settings = machine(data).model_copy(update={"sign_in": SignIn(oidc=oidc)})
    opened = Room(build(settings, community=COMMUNITY, make_cameras=make_cameras), made[0], data)
    yield opened
    opened.close()


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    opened = Browser(tmp_path / "profile", width=390, height=844, mobile=True)
    yield opened
    opened.close()


def _open(browser: Browser, room: Room, path: str) -> None:
    browser.open(f"{room.hub.url}{path}")
    browser.wait_for("document.readyState === 'complete' && document.title !== ''")


def _fill(browser: Browser, **fields: str) -> None:
    for name, text in fields.items():
        browser.run(f"document.querySelector('#{name}').value = ''")
        browser.type(f"#{name}", text)


def _sign_in(browser: Browser, room: Room, path: str, name: str) -> None:
    _open(browser, room, path)
    browser.wait_for("document.querySelector('#sign-in:not([hidden])')")
    _fill(browser, username=name, password=PASSWORD)
    browser.press("Enter")


def _says(element: str, text: str) -> str:
    return f"document.querySelector('{element}').textContent.includes('{text}')"


def _code(room: Room, secret: str, offset: int = 0) -> str:
    return pyotp.TOTP(secret).at(room.hub.parts.clock.now(), counter_offset=offset)


def _with_factor(room: Room, name: str, role: Role = Role.RESIDENT) -> str:
    """An account with a second factor; gives its secret."""
    client = room.person(name, role)
    secret: str = client.post("/me/second-factor").json()["secret"]
    client.post("/me/second-factor/confirm", json={"code": _code(room, secret, -1)}).raise_for_status()
    return secret


def test_an_account_is_made_from_a_link_once(room: Room, browser: Browser) -> None:
    admin = room.client(Role.ADMINISTRATOR)
    made = admin.post("/api/v1/invitations", json={"sites": ["home-1"]})
    assert made.status_code == 201, made.text
    link = made.json()["link"]
    path = link[link.index("/invite") :]
    _open(browser, room, path)
    browser.wait_for("document.querySelector('#invite:not([hidden])')")
    assert browser.run("document.documentElement.scrollWidth <= window.innerWidth"), "nothing runs out of the screen"
    assert browser.run(_says("#sites", "17号户"))
    assert "token" not in browser.run("location.href"), "the link does not stay in the history"
    _fill(browser, username="wei", password=PASSWORD, again=OTHER)
    browser.press("Enter")
    browser.wait_for("document.querySelector('#fault').textContent !== ''")
    assert "wei" not in {each.username for each in room.hub.parts.accounts.list()}
    _fill(browser, again=PASSWORD)
    browser.press("Enter")
    browser.wait_for("document.querySelector('#done:not([hidden])')")
    assert next(each for each in room.hub.parts.accounts.list() if each.username == "wei").role == Role.RESIDENT
    _open(browser, room, "/")
    _open(browser, room, path)
    browser.wait_for("document.querySelector('#gone:not([hidden])')")
    assert browser.run(_says("#gone-text", "已用过"))
    _sign_in(browser, room, "/home", "wei")
    browser.wait_for("document.querySelector('[data-camera=yard]') !== null")


def test_a_resident_with_a_second_factor_signs_in_at_his_home(room: Room, browser: Browser) -> None:
    secret = _with_factor(room, "li")
    _sign_in(browser, room, "/home", "li")
    browser.wait_for("document.querySelector('#code') !== null")
    assert browser.run(_says("#sign-in-fault", "手机验证码"))
    assert browser.run("document.activeElement.id") == "code"
    _fill(browser, code="000000")
    browser.press("Enter")
    browser.wait_for(_says("#sign-in-fault", "验证码不对"))
    _fill(browser, code=_code(room, secret))
    browser.press("Enter")
    browser.wait_for("document.querySelector('[data-camera=yard]') !== null")
    assert browser.run("document.querySelector('#sign-in').hidden")


@pytest.mark.parametrize("path", ["/", "/live", "/playback", "/account"])
def test_every_page_asks_for_the_code(room: Room, browser: Browser, path: str) -> None:
    name = f"lin{path.strip('/')}"
    secret = _with_factor(room, name, Role.OPERATOR)
    _sign_in(browser, room, path, name)
    browser.wait_for("document.querySelector('#code') !== null")
    _fill(browser, code=_code(room, secret))
    browser.press("Enter")
    browser.wait_for("document.querySelector('#sign-in').hidden")


def test_a_resident_signs_in_at_his_home_through_the_provider(room: Room, town: OpenId, browser: Browser) -> None:
    room.person("mei", Role.RESIDENT)
    account = next(each.id for each in room.hub.parts.accounts.list() if each.username == "mei")
    admin, path = room.client(Role.ADMINISTRATOR), f"/api/v1/accounts/{account}/outside-identities"
    _open(browser, room, "/home")
    town.subject = "nobody here"
    browser.wait_for("document.querySelector('#outside') !== null")
    assert browser.run(_says("#outside", "Town"))
    browser.click("#outside")
    browser.wait_for(f"location.pathname === '/home' && {_says('#sign-in-fault', '还没有与这里的账号关联')}")
    admin.post(path, json={"subject": "mei-there"}).raise_for_status()
    town.subject = "mei-there"
    browser.wait_for("document.querySelector('#outside') !== null")
    browser.click("#outside")
    browser.wait_for("document.querySelector('[data-camera=yard]') !== null")
    assert browser.run("location.pathname + location.hash") == "/home"
    assert not browser.said, browser.said


def test_one_sets_up_a_second_factor_and_takes_it_away(room: Room, browser: Browser) -> None:
    room.person("chen", Role.SUPERVISOR)
    _sign_in(browser, room, "/account", "chen")
    browser.wait_for("document.querySelector('#room:not([hidden])')")
    assert browser.run("document.documentElement.scrollWidth <= window.innerWidth"), "nothing runs out of the screen"
    browser.click("#factor-begin")
    browser.wait_for("document.querySelector('#factor-qr').naturalWidth > 0")
    secret = browser.run("document.querySelector('#factor-secret').textContent").replace(" ", "")
    _fill(browser, **{"factor-code": "000000"})
    browser.press("Enter")
    browser.wait_for("document.querySelector('#note').textContent !== ''")
    assert not browser.run("document.querySelectorAll('#recovery li').length")
    _fill(browser, **{"factor-code": _code(room, secret)})
    browser.press("Enter")
    browser.wait_for("document.querySelectorAll('#recovery li').length === 10")
    browser.wait_for("!document.querySelector('#factor-password-line').hidden")
    spare = browser.run("document.querySelector('#recovery li').textContent")
    _fill(browser, **{"factor-password": PASSWORD, "factor-code": spare})
    browser.press("Enter")
    browser.wait_for(_says("#note", "已取消手机验证码"))
    assert room.client(None).post(
        "/api/v1/auth/token", data={"username": "chen", "password": PASSWORD}
    ).status_code == 200  # fmt: skip


def test_one_changes_the_password_and_is_signed_out_everywhere(room: Room, browser: Browser) -> None:
    elsewhere = room.person("wang", Role.OPERATOR)
    _sign_in(browser, room, "/account", "wang")
    browser.wait_for("document.querySelector('#room:not([hidden])')")
    browser.wait_for("document.querySelector('#places li') !== null")
    _fill(browser, old="not it at all", new=OTHER)
    browser.press("Enter")
    browser.wait_for("document.querySelector('#note').textContent !== ''")
    assert elsewhere.get("/me").status_code == 200
    _fill(browser, old=PASSWORD, new=OTHER)
    browser.press("Enter")
    browser.wait_for("document.querySelector('#sign-in:not([hidden])')")
    assert browser.run(_says("#sign-in-fault", "密码已修改"))
    assert elsewhere.get("/me").status_code == 401
    _fill(browser, username="wang", password=OTHER)
    browser.press("Enter")
    browser.wait_for("document.querySelector('#room:not([hidden])')")
    browser.click("#everywhere")
    browser.wait_for("document.querySelector('#sign-in:not([hidden])')")
    browser.run("location.reload()")
    browser.wait_for("document.querySelector('#sign-in:not([hidden])')")
