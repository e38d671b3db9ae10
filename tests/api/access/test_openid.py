"""Signing in through a provider of OpenID Connect, and every way in which it must not work."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from api.main import build
from config.machine import Machine
from config.secrets import Secret
from config.sign_in import Oidc, OidcRoles, SignIn
from hub.access import Role
from hub.store.people.outside import Identity
from tests.api.room import PASSWORD, Room, community, machine
from tests.fakes.cameras import FakeCameras
from tests.fakes.openid import CLIENT, SECRET, OpenId, openid_provider

START, CALLBACK = "/api/v1/auth/oidc/start", "/api/v1/auth/oidc/callback"


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

    oidc = Oidc(
        issuer=town.url,
        client_id=CLIENT,
        client_secret=Secret(SECRET),
        name="Town",
        roles=OidcRoles(claim="groups", map={"hub-lead": "supervisor", "hub-room": "operator"}),
    )
    data: Path = tmp_path_factory.mktemp("hub") / "data"
    settings = machine(data).model_copy(update={"sign_in": SignIn(oidc=oidc)})
    opened = Room(build(settings, community=community(), make_cameras=make_cameras), made[0], data)
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def honest(town: OpenId, room: Room) -> None:
    """Each test begins with an honest provider, and with nobody slowed down for what another test tried."""
    town.says, town.lies, town.metadata, town.algorithm, town.stranger = {}, {}, {}, "RS256", False
    limits = room.hub.parts.people.limits
    for kind in limits._until.values():
        kind.clear()


@pytest.fixture
def browser(room: Room) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=room.hub.url, trust_env=False, timeout=20) as client:
        yield client


def _go(browser: httpx.Client, address: str = START) -> httpx.Response:
    """To the provider, which sends the browser back; gives what the hub says then."""
    there = browser.get(address)
    assert there.status_code == 303, there.text
    back = browser.get(there.headers["Location"])
    return browser.get(back.headers["Location"])


def _said(answer: httpx.Response) -> str:
    assert answer.status_code == 303
    return urlsplit(answer.headers["Location"]).fragment


def _me(browser: httpx.Client) -> dict[str, Any]:
    token = browser.post("/api/v1/auth/refresh").json()["access_token"]
    found: dict[str, Any] = browser.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"}).json()
    return found


def test_who_is_linked_signs_in_as_himself(room: Room, town: OpenId, browser: httpx.Client) -> None:
    assert browser.get("/api/v1/auth/ways").json() == {"password": True, "provider": "Town"}
    room.person("lin", Role.RESPONDER)
    admin = room.client(Role.ADMINISTRATOR)
    account = next(each["id"] for each in admin.get("/api/v1/accounts").json()["items"] if each["username"] == "lin")
    path = f"/api/v1/accounts/{account}/outside-identities"
    linked = admin.post(path, json={"subject": "lin-there"})
    assert linked.status_code == 201
    town.subject = "lin-there"
    for algorithm in ("RS256", "ES256"):
        town.algorithm = algorithm
        assert _said(_go(browser)) == "outside=in"
        assert _me(browser)["username"] == "lin"
    (signed_in,) = {each["through"] for each in room.person("lin").get("/me/sign-ins").json()["items"]}
    assert signed_in == town.url
    assert admin.delete(f"{path}/{linked.json()['id']}").status_code == 204
    assert _said(_go(browser)) == "outside=unknown"


@pytest.mark.parametrize("page", ["/", "/home", "/live"])
def test_the_browser_comes_back_to_the_page_it_began_on(town: OpenId, browser: httpx.Client, page: str) -> None:
    """However it ends: a resident who signs in at his home is not left at the desk."""
    town.subject, town.says = f"on {page}", {"groups": "hub-room", "preferred_username": f"on{len(page)}"}
    assert _go(browser, f"{START}?page={page}").headers["Location"] == f"{page}#outside=in"
    town.subject, town.says = "who", {}
    assert _go(browser, f"{START}?page={page}").headers["Location"] == f"{page}#outside=unknown"
    for elsewhere in ("https://elsewhere.example", "//elsewhere.example", "/api/v1/me", "/home/../"):
        assert browser.get(START, params={"page": elsewhere}).status_code == 422


def test_a_stranger_is_let_in_only_with_a_role_that_the_settings_give(
    room: Room, town: OpenId, browser: httpx.Client
) -> None:
    town.subject = "new-there"
    for groups in (None, [], "x", ["x"], {"hub-room": 1}, 7):
        town.says = {"groups": groups, "preferred_username": "mei"}
        assert _said(_go(browser)) == "outside=unknown"
    town.says = {"groups": ["x", "hub-room"], "preferred_username": "Mei Li", "email": "root@example.org"}
    assert _said(_go(browser)) == "outside=in"
    assert (_me(browser)["username"], _me(browser)["role"]) == ("meili", "operator")
    assert _said(_go(browser)) == "outside=in"
    assert [each.username for each in room.hub.parts.accounts.list()].count("meili") == 1


def test_the_same_name_or_address_makes_nobody_somebody_else(room: Room, town: OpenId, browser: httpx.Client) -> None:
    room.person("chief@example.org", Role.ADMINISTRATOR)
    name = "chief@example.org"
    town.subject = "an impostor"
    town.says = {"groups": "hub-room", "preferred_username": name, "email": name, "email_verified": True}
    assert _said(_go(browser)) == "outside=in"
    me = _me(browser)
    assert me["role"] == "operator"
    assert me["username"] != name


@pytest.mark.parametrize(
    "lies",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another"},
        {"aud": [CLIENT, "another"]},
        {"aud": [CLIENT, "another"], "azp": "another"},
        {"azp": "another"},
        {"aud": None},
        {"iss": "https://id.example.org"},
        {"iss": None},
        {"exp": 1_700_000_000},
        {"exp": None},
        {"exp": "soon"},
        {"iat": 1_700_000_000},
        {"iat": None},
        {"nbf": 4_000_000_000},
        {"sub": ""},
        {"sub": None},
        {"sub": "x" * 256},
    ],
    ids=str,
)
def test_an_id_token_with_a_mistake_lets_nobody_in(
    room: Room, town: OpenId, browser: httpx.Client, lies: dict[str, Any]
) -> None:
    town.subject, town.says, town.lies = f"liar {lies}", {"groups": "hub-room", "preferred_username": "liar"}, lies
    assert _said(_go(browser)) == "outside=refused"
    assert browser.post("/api/v1/auth/refresh").status_code == 401
    assert "liar" not in {each.username for each in room.hub.parts.accounts.list()}


@pytest.mark.parametrize(("algorithm", "stranger"), [("none", False), ("HS256", False), ("RS256", True)])
def test_a_token_that_the_provider_did_not_sign_lets_nobody_in(
    town: OpenId, browser: httpx.Client, algorithm: str, *, stranger: bool
) -> None:
    town.algorithm, town.stranger, town.says = algorithm, stranger, {"groups": "hub-room"}
    assert _said(_go(browser)) == "outside=refused"


def test_an_answer_counts_once_in_the_browser_that_began_and_in_time(
    room: Room, town: OpenId, browser: httpx.Client
) -> None:
    town.subject, town.says = "once", {"groups": "hub-room", "preferred_username": "once"}
    back = browser.get(browser.get(START).headers["Location"]).headers["Location"]
    with httpx.Client(base_url=room.hub.url, trust_env=False, timeout=20) as other:
        assert _said(other.get(back)) == "outside=refused"
    assert _said(browser.get(back)) == "outside=refused"  # it was tried in another browser, and that uses it up
    back = browser.get(browser.get(START).headers["Location"]).headers["Location"]
    wrong_state = back.replace("state=", "state=x")
    assert _said(browser.get(wrong_state)) == "outside=refused"
    for query in ("", "?error=access_denied", "?state=&code="):
        assert _said(browser.get(f"{CALLBACK}{query}")) == "outside=refused"
    assert "once" not in {each.username for each in room.hub.parts.accounts.list()}


def test_a_wrong_code_and_another_issuer_are_refused(town: OpenId, browser: httpx.Client) -> None:
    town.says = {"groups": "hub-room"}
    back = browser.get(browser.get(START).headers["Location"]).headers["Location"]
    assert _said(browser.get(back.replace("code=", "code=x"))) == "outside=refused"
    back = browser.get(browser.get(START).headers["Location"]).headers["Location"]
    assert _said(browser.get(f"{back}&iss=https://id.example.org")) == "outside=refused"


def test_what_is_asked_of_the_provider_has_pkce_and_no_secret(town: OpenId, browser: httpx.Client) -> None:
    asked = browser.get(START)
    query = parse_qs(urlsplit(asked.headers["Location"]).query)
    assert query["code_challenge_method"] == ["S256"]
    assert query["scope"] == ["openid profile"]
    assert SECRET not in asked.headers["Location"]
    cookie = asked.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    for _ in range(3):
        browser.get(START)
    assert town.asked.count("/.well-known/openid-configuration") == 1


def test_a_signed_in_person_links_himself_once(room: Room, town: OpenId, browser: httpx.Client) -> None:
    room.hub.parts.accounts.create("nan", PASSWORD, Role.RESIDENT)
    form = {"username": "nan", "password": PASSWORD}
    token = browser.post("/api/v1/auth/token", data=form).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    town.subject = "nan-there"
    there = browser.post("/api/v1/me/outside-identities", headers=headers).json()["address"]
    back = browser.get(there).headers["Location"]
    assert _said(browser.get(back)) == "outside=linked"
    (linked,) = browser.get("/api/v1/me/outside-identities", headers=headers).json()["items"]
    assert (linked["issuer"], linked["subject"]) == (town.url, "nan-there")
    assert _said(_go(browser)) == "outside=in"
    room.hub.parts.people.sign_ins.end_all(room.hub.parts.accounts.list()[0].id)
    room.person("oma", Role.RESIDENT)
    there = room.person("oma").post("/me/outside-identities")
    browser.cookies.update(there.cookies)
    back = browser.get(there.json()["address"]).headers["Location"]
    assert _said(browser.get(back)) == "outside=refused"  # that person is nan already


def test_an_invitation_can_be_used_through_the_provider(room: Room, town: OpenId, browser: httpx.Client) -> None:
    expires = room.hub.parts.clock.now() + timedelta(days=1)
    _, token = room.hub.parts.people.invitations.invite(
        Role.RESIDENT, ("home-1",), note="", made_by="system", expires=expires
    )
    town.subject = "guest-there"
    body = {"token": token, "username": "guest"}
    assert browser.post("/api/v1/invitations/outside", json={**body, "token": "x"}).status_code == 404
    there = browser.post("/api/v1/invitations/outside", json=body)
    assert there.status_code == 201
    back = browser.get(there.json()["address"]).headers["Location"]
    assert _said(browser.get(back)) == "outside=in"
    assert (_me(browser)["username"], _me(browser)["role"]) == ("guest", "resident")
    assert browser.post("/api/v1/invitations/outside", json=body).status_code == 404


def test_a_disabled_account_does_not_come_in_through_the_provider(
    room: Room, town: OpenId, browser: httpx.Client
) -> None:
    room.client(Role.ADMINISTRATOR)
    account = room.hub.parts.accounts.create("pan", PASSWORD, Role.RESIDENT)
    room.hub.parts.people.outside.link(account.id, Identity(town.url, "pan-there"))
    room.hub.parts.accounts.disable(account.id)
    town.subject = "pan-there"
    assert _said(_go(browser)) == "outside=refused"


def test_a_provider_that_is_none_is_told_as_unavailable(room: Room, town: OpenId, browser: httpx.Client) -> None:
    provider = room.hub.parts.people.provider
    assert provider is not None
    for metadata in (
        {"issuer": "https://id.example.org"},
        {"token_endpoint": "http://192.0.2.1/token"},
        {"jwks_uri": None},
        {"authorization_endpoint": "javascript:alert(1)"},
    ):
        provider._metadata, town.metadata = None, metadata
        answer = browser.get(START)
        assert answer.headers["Location"] == "/#outside=unavailable"
    provider._metadata = None


def test_without_a_provider_there_is_nothing_here(tmp_path: Path) -> None:
    made: list[FakeCameras] = []

    def make_cameras(_machine: Machine, clock: Any, _on_events: Any, **_more: Any) -> FakeCameras:
        made.append(FakeCameras(clock))
        return made[0]

    hub = build(machine(tmp_path / "data"), community=community(), make_cameras=make_cameras)
    opened = Room(hub, made[0], tmp_path / "data")
    try:
        client = opened.client(None)
        assert client.get("/api/v1/auth/ways").json()["provider"] is None
        assert client.get(START).status_code == 404
        assert client.get(CALLBACK).headers["Location"] == "/#outside=refused"
    finally:
        opened.close()
