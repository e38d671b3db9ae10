"""What is stored cannot run in anybody's browser, and no page of others can act for who is signed in."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import pytest

from api.access.declaration import Declaration
from api.access.declared import DECLARED
from config.community import Camera, Contact, Name, Ring, Site, Stream
from hub.access import Role
from tests.api.access.calls import call_of
from tests.api.access.world import NOT_THERE, Thing, World
from tests.api.room import PASSWORD
from tests.browser.browsing import DESK, PHONE, PROGRAM, Visit, chromium

ATTACK = "<script>window.hacked=1</script><img src=x onerror=window.hacked=1>\"'`><svg/onload=window.hacked=1>"
TURNED = "\u202egpj.exe\u202c\u2066</title>"
"""Signs that turn the direction of writing, as in a name that looks like another."""
FOREIGN = (
    "http://evil.example", "null", "http://127.0.0.1.evil.example", "http://localhost:1", "https://x", "",
    "http://127.0.0.1@evil.example", "file://", "http://127.0.0.1:80", "HTTP://EVIL",
)  # fmt: skip
LIVE = "/api/v1/cameras/near-road-cam/live"
STAYS = ("/feed", "/logout", "/logout-everywhere")
"""What does not end, or ends the sign-in that the walk is made with."""


def _address(each: Declaration, thing: Thing | None) -> str:
    params = {} if thing is None else thing.params
    return re.sub(r"\{(\w+)\}", lambda found: params.get(found[1], NOT_THERE), each.path.replace(":path", ""))


def _walk(world: World, who: str) -> list[tuple[str, httpx.Response]]:
    """One answer of every route, as somebody: what he reads, or what he is refused."""
    found = []
    for each in DECLARED:
        if each.method == "WEBSOCKET" or each.path.endswith(STAYS):
            continue
        if who != "nobody" and each.method not in ("GET", "HEAD"):
            continue
        thing = world.things[each.kind][0] if each.names_object else None
        times = dict.fromkeys(("began", "ended", "soon"), world.began.isoformat())
        params = {"camera_id": NOT_THERE, "incident_id": NOT_THERE, **({} if thing is None else thing.params)}
        call = call_of(each.method, each.path, {**times, **params})
        answer = world.ask(each.method, _address(each, thing), world.askers[who], **call)
        found.append((f"{who} {each.method} {each.path}", answer))
    return found


def _faults(name: str, answer: httpx.Response) -> list[str]:
    headers = answer.headers
    policy = dict(
        part.strip().partition(" ")[::2] for part in headers.get("content-security-policy", "").split(";") if part
    )
    kind = headers.get("content-type", "").partition(";")[0]
    scripts = policy.get("script-src", policy.get("default-src", "*"))
    shut = {policy.get("object-src"), policy.get("base-uri")} == {"'none'"} or policy.get("default-src") == "'none'"
    kept = headers.get("cache-control", "")
    is_api = "/api/" in name
    faults = {
        f"runs more than its own scripts: {policy}": not {scripts, policy.get("default-src")} <= {"'none'", "'self'"},
        f"has objects or another base: {policy}": not shut,
        "may be framed": (policy.get("frame-ancestors"), headers.get("x-frame-options")) != ("'none'", "DENY"),
        "may be taken for what it is not": headers.get("x-content-type-options") != "nosniff",
        "tells its address on": headers.get("referrer-policy") != "no-referrer",
        "has no type": bool(answer.content) and not kind,
        f"is a page: {kind}": is_api and ("html" in kind or kind.endswith("/xml")),
        "is read by other origins": any(header.startswith("access-control-") for header in headers),
        "sets a cookie": "set-cookie" in headers and "/auth/" not in name,
        f"may be kept on the way: {kept}": is_api
        and answer.is_success
        and not ("no-store" in kept or "private" in kept),
    }
    return [f"{name}: {fault}" for fault, holds in faults.items() if holds]


@pytest.mark.parametrize("who", ["nobody", "whole-administrator"])
def test_every_answer_says_what_it_is_and_what_may_run(world: World, who: str) -> None:
    walked = _walk(world, who)
    assert len(walked) > 80
    faults = [fault for name, answer in walked for fault in _faults(name, answer)]
    assert not faults, "\n".join(faults[:20])


def test_what_is_refused_before_any_route_says_so_too(world: World) -> None:
    nobody, master = world.askers["nobody"], world.askers["whole-administrator"]
    calls: list[tuple[str, str, dict[str, Any]]] = [
        ("GET", "/no-such-page", {}),
        ("GET", f"/{ATTACK}", {}),
        ("DELETE", "/", {}),
        ("GET", "/", {"headers": {"Host": "evil.example"}}),
        ("POST", "/api/v1/auth/token", {"headers": {"Origin": "http://evil.example"}}),
        ("POST", "/api/v1/cameras", {"headers": {"Content-Length": "99999999999"}, "content": b"x"}),
        ("GET", "/api/v1/incidents", {"params": {"state": ATTACK, "cursor": ATTACK}}),
        ("GET", f"/api/v1/cameras/{ATTACK}", {}),
    ]
    for method, path, more in calls:
        for asker in (nobody, master):
            answer = world.ask(method, path, asker, **more)
            assert 400 <= answer.status_code < 500, (method, path, answer.status_code)
            assert not _faults(f"{method} {path}", answer)
            assert answer.headers["content-type"] == "application/problem+json", (method, path)


def test_the_cookie_of_a_page_is_read_by_no_script_and_sent_by_no_other_page(world: World) -> None:
    """Over TLS it is sent over nothing else."""
    data = {"username": "near-operator", "password": PASSWORD, "client": "page"}
    for scheme in ("http", "https"):
        path = f"{scheme}://127.0.0.1/api/v1/auth/token"
        answer = world.ask("POST", path, world.askers["nobody"], data=data)
        assert answer.status_code == 200, answer.text
        cookie = [part.strip().lower() for part in answer.headers["set-cookie"].split(";")]
        assert {"httponly", "samesite=strict", "path=/api/v1/auth"} <= set(cookie), cookie
        assert ("secure" in cookie) is (scheme == "https"), cookie
        assert not [part for part in cookie if part.startswith("domain")]
        assert "refresh_token" not in answer.json()


@pytest.mark.parametrize("header", [{"Origin": each} for each in FOREIGN] + [
    {"Sec-Fetch-Site": each} for each in ("cross-site", "same-site", "")
])  # fmt: skip
def test_a_page_of_another_origin_changes_nothing_and_opens_no_socket(world: World, header: dict[str, str]) -> None:
    """Every writing route, with a good token: as a browser would send it that was misled."""
    if header == {"Origin": "http://127.0.0.1:80"}:
        header = {"Origin": "http://127.0.0.1:8080"}
    master = world.askers["whole-administrator"]
    wrong = []
    for each in DECLARED:
        if each.method in ("GET", "HEAD", "WEBSOCKET"):
            continue
        thing = world.things[each.kind][0] if each.names_object else None
        answer = world.ask(each.method, _address(each, thing), master, headers=header)
        if answer.status_code != 403 or "origin" not in answer.text:
            wrong.append(f"{each.method} {each.path}: {answer.status_code}")
    assert not wrong, wrong
    told = [(name.lower().encode(), value.encode()) for name, value in {**master.headers, **header}.items()]
    for each in DECLARED:
        if each.method == "WEBSOCKET":
            path = _address(each, Thing({"camera_id": "near-road-cam"}))
            assert world.knock(path, "", headers=told) == 403, path


def test_the_walls_are_no_hindrance_to_pages_of_the_hub(world: World) -> None:
    """Else all of the above would hold of a hub that lets nobody in."""
    for header in ({"Origin": "http://127.0.0.1"}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {}):
        data = {"username": "near-operator", "password": PASSWORD}
        answer = world.ask("POST", "/api/v1/auth/token", world.askers["nobody"], data=data, headers=header)
        assert answer.status_code == 200, (header, answer.text)
    assert world.knock(LIVE, "", headers=[(b"origin", b"http://127.0.0.1")]) == 401


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/html", ""]
)
def test_only_json_is_json(world: World, kind: str) -> None:
    """A form of another page can send these without asking; a body of such a kind is no body."""
    master = world.askers["whole-administrator"]
    body = json.dumps({"id": "forged", "site": "near-road", "main": {"url": "rtsp://10.9.8.1/x"}}).encode()
    headers = {"Content-Type": kind} if kind else {}
    answer = world.ask("POST", "/api/v1/cameras", master, content=body, headers=headers)
    assert answer.status_code in (415, 422), answer.text
    assert world.room.hub.parts.revisions.current().camera("forged") is None


def _plant(world: World) -> str:
    """A camera, a site, an alarm, a comment and a report that are named like a script; gives the incident."""
    parts = world.room.hub.parts
    there = parts.revisions.current()
    name = Name(zh=ATTACK + TURNED, en=ATTACK + TURNED)
    rings = {"evil": Ring.ROAD, "evil-home": Ring.HOUSEHOLD}
    sites = tuple(Site(id=each, name=name, area="near", ring=ring) for each, ring in rings.items())
    cameras = tuple(
        Camera(id=f"{each}-cam", site=each, name=name, main=Stream(url=f"rtsp://10.9.8.9/{each}")) for each in rings
    )
    parts.accounts.create("evil-resident", PASSWORD, Role.RESIDENT)
    changed = {
        "sites": (*there.sites, *sites),
        "cameras": (*there.cameras, *cameras),
        "contacts": (*there.contacts, Contact(account="evil-resident", sites=("evil-home",))),
    }
    parts.revisions.change(lambda it: it.model_copy(update=changed), author=ATTACK, reason=ATTACK)
    world.room.say("smoke", "near-shop-smoke", site="evil", area="near", camera="evil-cam", alarm=True, note=ATTACK)
    master = world.askers["whole-administrator"]
    report = {"client_id": "evil", "category": "road_damage", "site": "near-shop", "text": ATTACK}
    assert world.ask("POST", "/api/v1/reports", world.askers["near-resident"], data=report).status_code == 201
    items = world.room.wait_for(
        lambda: world.ask("GET", "/api/v1/incidents", master, params={"site": "evil"}).json()["items"]
    )
    incident: str = items[0]["id"]
    noted = world.ask("POST", f"/api/v1/incidents/{incident}/comment", master, json={"note": ATTACK + TURNED})
    assert noted.status_code == 200, noted.text
    return incident


@pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine (apt-get install chromium)")
def test_names_from_outside_are_text_in_every_page(world: World) -> None:
    """In a real browser; that each page shows the text says that it was there to be run."""
    incident = _plant(world)
    master = world.askers["whole-administrator"]
    body = {"sites": ["evil-home"], "note": ATTACK}
    invited = world.ask("POST", "/api/v1/invitations", master, json=body).json()
    key = invited["link"].partition("#")[2]
    url = world.room.hub.url
    pages = {
        "whole-operator": (
            "/desk/incidents", f"/desk/incidents/{incident}", "/desk/playback", "/desk/map", "/desk/reports",
        ),
        "evil-resident": ("/m/home",),
    }  # fmt: skip
    with chromium() as program:
        stranger = Visit(program, url, size=PHONE, language="zh")
        stranger.open(f"/invite#{key}")
        _shown_and_not_run(stranger, "/invite")
        stranger.close()
        for who, paths in pages.items():
            visit = Visit(program, url, size=DESK, language="en")
            visit.sign_in(who, PASSWORD, paths[0])
            for path in paths:
                visit.open(path)
                _shown_and_not_run(visit, path)
            visit.close()


def _shown_and_not_run(visit: Visit, path: str) -> None:
    there = "() => document.body.innerText.includes('onerror=window') || document.body.innerHTML.includes('onerror=w')"
    visit.page.wait_for_function(there)
    assert visit.page.evaluate("window.hacked === undefined"), path
    ran = "img[src=x], svg[onload], body script:not([src])"
    assert visit.page.locator(ran).count() == 0, path
    assert not [said for said in visit.said if "Content Security Policy" in said], (path, visit.said)
