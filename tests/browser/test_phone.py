"""The phone page as a villager uses it: his camera and no other, what he decides, reports, a call for help, no line."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from config.community import Contact
from hub.access import Role
from tests.api.room import PASSWORD, Room
from tests.browser.browsing import DEADLINE_MS, PHONE, Visit
from tests.browser.conftest import MakeVisit
from tests.browser.phones import HERE, open_village, picture

NARROW = (360, 740)
THIN = {"offline": False, "latency": 150, "downloadThroughput": 300_000 / 8, "uploadThroughput": 300_000 / 8}
MOST_KB = 300


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    opened = open_village(tmp_path_factory.mktemp("hub") / "data")
    yield opened
    opened.close()


expect.set_options(timeout=DEADLINE_MS)


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def in_both(page: Page, who: Visit, name: str, *, back: str = "中文") -> None:
    """Pictures of a page in both languages, and nothing grave in either."""
    for language, button in (("zh", "English"), ("en", back)):
        assert who.faults() == [], (name, language)
        assert fits(page), (name, language)
        who.picture(f"phone-{name}-{language}")
        page.locator(".top").get_by_role("button", name=button).click()


def test_a_villager_sees_his_own_camera_and_reaches_no_other_by_any_link(room: Room, visit: MakeVisit) -> None:
    phone = visit(room.hub.url, size=PHONE)
    page = phone.sign_in("li", PASSWORD, "/m/")
    expect(page).to_have_url(re.compile(r"/m/home$"))
    yard = page.locator("[data-camera=yard]")
    expect(yard).to_contain_text("院子")
    expect(yard.locator("img")).to_be_visible()
    expect(page.locator("[data-camera=hall]")).to_have_count(0)
    expect(page.locator(".night")).to_contain_text("昨晚到现在没有事")
    in_both(page, phone, "home")

    yard.click()
    expect(page.get_by_role("heading", name="院子")).to_be_visible()
    expect(page.locator(".still img")).to_be_visible()
    in_both(page, phone, "camera")
    page.goto(room.hub.url + "/m/home/hall")
    expect(page.locator(".still .none")).to_be_visible()
    expect(page.locator(".deleting")).to_have_count(0)
    page.goto(room.hub.url + "/m/orders")
    expect(page.locator(".not-here")).to_be_visible()

    li, paths = room.person("li"), li_paths(room)
    assert len(paths) > 12
    own = li.post("/cameras/yard/live", json={}).json()
    for method, path in paths:
        answer = li.request(method, path.format(camera_id="hall"), json={} if method != "GET" else None)
        assert answer.status_code in (403, 404, 422), (method, path, answer.status_code)
        assert b"hall" not in answer.content.replace(b"'hall'", b"") or answer.status_code != 200
    stolen = own["playlist"].replace("yard", "hall").removeprefix("/api/v1")
    assert li.get(stolen, headers={"Authorization": ""}).status_code in (401, 404)
    phone.expect_said("404")


def li_paths(room: Room) -> list[tuple[str, str]]:
    """Everything that the hub has below the address of one camera."""
    described = room.client(None).get("/api/v1/openapi.json").json()["paths"]
    found = []
    for path, methods in described.items():
        if path.startswith("/api/v1/cameras/{camera_id}") and path.count("{") == 1:
            found += [(method.upper(), path.removeprefix("/api/v1")) for method in methods if method != "head"]
    return found


def test_what_was_raised_at_home_is_told_and_one_touch_opens_its_recording(room: Room, visit: MakeVisit) -> None:
    sun = visit(room.hub.url, size=PHONE)
    room.say("smoke", "home-2-smoke", site="home-2", alarm=True)
    room.say("camera.fire", "hall", site="home-2", camera="hall", alarm=True)
    room.wait_for(lambda: room.person("sun").get("/me/home/alerts").json()["items"])
    page = sun.sign_in("sun", PASSWORD, "/m/")
    told = page.locator(".night [data-alert]", has_text="堂屋")
    expect(told).to_contain_text("画面火焰")
    told.get_by_role("button", name="看这一段").click()
    expect(told.locator(".recorded video")).to_be_attached()
    expect(told.get_by_role("button", name="下载这一段")).to_be_visible()
    sun.picture("phone-night-zh")
    assert sun.faults() == []
    sun.expect_said("404")


def test_a_household_decides_shares_confirms_and_reads_who_watched(room: Room, visit: MakeVisit) -> None:
    wu, lin = room.person("wu", Role.RESIDENT), room.person("lin")
    room.hub.parts.revisions.change(
        lambda there: there.model_copy(
            update={"contacts": (*there.contacts, Contact(account="wu", sites=("home-1",)))}
        ),
        author="chief",
        reason="moved in",
    )
    lin.post("/cameras/yard/break-glass", json={"reason": "邻居听见屋里有人呼救"}).raise_for_status()
    lin.get("/cameras/yard/still.jpg").raise_for_status()
    phone = visit(room.hub.url, size=PHONE)
    page = phone.sign_in("li", PASSWORD, "/m/privacy")
    expect(page.locator(".glass")).to_contain_text("邻居听见屋里有人呼救")
    expect(page.locator(".views")).to_contain_text("lin")
    expect(page.locator(".newcomer")).to_contain_text("wu")
    in_both(page, phone, "privacy")
    page.locator(".newcomer").get_by_role("button", name="是，住这里").click()
    expect(page.locator(".newcomer")).to_have_count(0)
    assert [each["site"] for each in wu.get("/me/home").json()["homes"]] == ["home-1"]

    card = page.locator("[data-camera=yard]")
    expect(card).to_contain_text("还没有人决定")
    card.get_by_label("随时").check()
    card.get_by_role("button", name="保存决定").click()
    expect(card.locator(".saved")).to_have_text("已生效。")
    decided = room.hub.parts.households.consents.newest[("yard", "home-1")]
    assert (decided.watch, decided.author) == ("always", "li")
    lin.get("/cameras/yard/still.jpg").raise_for_status()

    card.locator("summary").click()
    card.get_by_label("对方的用户名").fill("sun")
    card.get_by_role("button", name="共享", exact=True).click()
    expect(card).to_contain_text("sun · 只看实时")
    assert [each["id"] for each in room.person("sun").get("/me/home").json()["shared"]] == ["yard"]
    card.get_by_role("button", name="停止共享").click()
    expect(card).to_contain_text("没有共享")


def test_a_report_with_a_photo_is_sent_small_and_followed_to_its_end(room: Room, visit: MakeVisit) -> None:
    phone = visit(room.hub.url, size=PHONE)
    page = phone.sign_in("mei", PASSWORD, "/m/reports")
    expect(page.get_by_text("您还没有上报过")).to_be_visible()
    page.get_by_role("link", name="上报一件事").click()
    page.locator("select[name=category]").select_option(label="路灯不亮")
    page.locator("textarea[name=text]").fill("村口第三盏灯不亮")
    page.locator("input[name=photo]").set_input_files(
        files=[{"name": "lamp.jpg", "mimeType": "image/jpeg", "buffer": picture(2400)}]
    )
    expect(page.locator(".taken img")).to_be_visible()
    page.locator("select[name=place]").select_option("home-1")
    in_both(page, phone, "report-new")
    page.get_by_role("button", name="发送").click()
    expect(page.locator(".steps")).to_be_visible()
    expect(page.locator(".still img")).to_be_visible()
    [sent] = room.person("mei").get("/me/reports").json()["items"]
    [photo] = sent["photos"]
    assert (photo["width_px"], photo["height_px"]) == (1600, 900)
    zhao = room.person("zhao")
    [order] = [
        each
        for each in zhao.get("/dispatches?mine=true&state=live").json()["items"]
        if each["number"] == sent["number"]
    ]
    zhao.post(f"/dispatches/{order['id']}/accept", json={}).raise_for_status()
    zhao.post(f"/dispatches/{order['id']}/arrive", json={"position": {"lat": 29.3581, "lon": 106.1612}})
    zhao.post(f"/dispatches/{order['id']}/done", json={"verdict": "true", "note": "换了灯泡"}).raise_for_status()
    page.reload()
    expect(page.locator(".steps[data-step=done]")).to_be_visible()
    in_both(page, phone, "report")
    page.get_by_role("button", name="4 星").click()
    page.get_by_role("button", name="评价").click()
    expect(page.get_by_text("您评了 4 星")).to_be_visible()
    page.goto(room.hub.url + "/m/reports/tasks")
    expect(page.get_by_text("我的积分")).to_be_visible()
    in_both(page, phone, "tasks")


def test_a_report_says_where_it_was_made_and_a_refused_position_hinders_nobody(room: Room, visit: MakeVisit) -> None:
    for allowed, said in ((True, "误差约 12 米"), (False, "定位没有成功")):
        phone = visit(room.hub.url, size=PHONE)
        phone.page.context.set_geolocation({"latitude": HERE["lat"], "longitude": HERE["lon"], "accuracy": 12})
        phone.page.context.grant_permissions(["geolocation"] if allowed else [])
        page = phone.sign_in("mei", PASSWORD, "/m/reports/new")
        page.locator("select[name=category]").select_option(label="路灯不亮")
        page.locator("textarea[name=text]").fill(f"灯不亮 {allowed}")
        page.locator("select[name=place]").select_option("*here")
        expect(page.get_by_role("status").filter(has_text=said)).to_be_visible()
        phone.picture(f"phone-report-{'here' if allowed else 'refused'}-zh")
        page.get_by_role("button", name="发送").click()
        expect(page.locator(".steps")).to_be_visible()
        assert phone.faults() == []
    reports = room.person("mei").get("/me/reports").json()["items"]
    where = {each["text"]: (each["lat"], each["lon"]) for each in reports if each["text"].startswith("灯不亮")}
    assert where == {"灯不亮 True": (HERE["lat"], HERE["lon"]), "灯不亮 False": (None, None)}


def test_a_call_for_help_says_what_became_of_it_and_no_line_says_so_at_once(room: Room, visit: MakeVisit) -> None:
    phone = visit(room.hub.url, size=PHONE)
    page = phone.sign_in("li", PASSWORD, "/m/sos")
    button = page.locator("button.hold")
    expect(button).to_be_visible()
    expect(page.locator(".here a")).to_have_attribute("href", "tel:02355500110")
    in_both(page, phone, "sos")
    button.hover()
    page.mouse.down()
    expect(button).to_contain_text("继续按住")
    page.mouse.up()
    expect(button).to_contain_text("按住 2 秒求助")
    assert room.person("li").get("/me/reports").json()["items"] == [], "let go in time"

    page.context.set_offline(True)
    gone = time.monotonic()
    expect(page.locator(".lost a[href='tel:120']")).to_be_visible()
    expect(page.locator(".lost a[href='tel:02355500110']")).to_be_visible()
    assert time.monotonic() - gone < 5
    button.focus()
    page.keyboard.down("Space")
    expect(page.locator(".lost")).to_contain_text("没有发出去")
    expect(page.get_by_text("手机仍在自动重发")).to_be_visible()
    page.keyboard.up("Space")
    phone.picture("phone-sos-offline-zh")
    assert phone.faults() == []
    page.context.set_offline(False)
    sent = page.locator(".sent")
    expect(sent).to_contain_text("值守室已收到")
    [report] = room.person("li").get("/me/reports").json()["items"]
    incident = room.person("lin").get("/incidents", params={"site": "home-1", "kind": "sos"}).json()["items"][0]
    assert (incident["number"], incident["level"], incident["kind"]) == (report["number"], "red", "sos.app")
    room.person("lin").post(f"/incidents/{incident['id']}/acknowledge", json={}).raise_for_status()
    expect(sent).to_contain_text("值守员已看到")
    in_both(page, phone, "sos-sent")
    assert len(room.person("li").get("/me/reports").json()["items"]) == 1
    phone.expect_gone()


def test_the_page_is_installed_opens_without_the_hub_and_comes_back(visit: MakeVisit, tmp_path: Path) -> None:
    here = open_village(tmp_path / "data")
    port = int(here.hub.url.rsplit(":", 1)[1])
    phone = visit(here.hub.url, size=PHONE)
    page = phone.sign_in("li", PASSWORD, "/m/")
    expect(page.locator("[data-camera=yard]")).to_be_visible()
    page.evaluate(
        """new Promise((done) => {
        const { serviceWorker } = navigator;
        if (serviceWorker.controller) done();
        else serviceWorker.addEventListener("controllerchange", () => done());
        })"""
    )
    manifest = page.evaluate("fetch(document.querySelector('link[rel=manifest]').href).then((it) => it.json())")
    assert {"192x192", "512x512", "any"} <= {each["sizes"] for each in manifest["icons"]}
    assert (manifest["display"], manifest["start_url"]) == ("standalone", "/m/")
    held = page.evaluate(
        "caches.open('phone').then((kept) => kept.keys()).then((all) => all.map((each) => new URL(each.url).pathname))"
    )
    assert held
    assert all(each == "/m/" or each.startswith("/ui/assets/") for each in held), "no answer of the API is kept"
    here.close()
    gone = time.monotonic()
    page.goto(here.hub.url + "/m/home")
    expect(page.locator(".link-banner[data-link=lost]")).to_contain_text("连不上主机")
    assert time.monotonic() - gone < 5
    expect(page.locator("[data-camera=yard]")).to_contain_text("院子")
    phone.picture("phone-offline-zh")
    assert phone.faults() == []
    again = open_village(tmp_path / "data", port=port)
    try:
        expect(page.locator(".link-banner")).to_have_count(0)
        expect(page.locator("[data-camera=yard] img")).to_be_visible()
        page.goto("about:blank")
    finally:
        again.close()
    phone.expect_gone()


@pytest.mark.parametrize(("name", "shown"), [("li", "[data-camera=yard] img"), ("zhao", "h1")])
def test_what_a_thin_line_has_to_carry_first_is_small(room: Room, visit: MakeVisit, name: str, shown: str) -> None:
    """How long that takes is printed: on a machine with other work it says little."""
    phone = visit(room.hub.url, size=PHONE)
    page = phone.sign_in(name, PASSWORD, "/m/")
    expect(page.locator(shown).first).to_be_visible()
    page.goto("about:blank")
    wire = page.context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.send("Network.clearBrowserCache")
    wire.send("Network.setBypassServiceWorker", {"bypass": True})
    wire.send("Network.emulateNetworkConditions", THIN)
    arrived: dict[str, float] = {}
    wire.on("Network.loadingFinished", lambda it: arrived.update({it["requestId"]: it["encodedDataLength"]}))
    began = time.monotonic()
    page.goto(room.hub.url + "/m/", wait_until="commit")
    expect(page.locator(shown).first).to_be_visible()
    took_s = time.monotonic() - began
    kilobytes = sum(arrived.values()) / 1000
    told = f"{name}: {kilobytes:.0f} kB in {len(arrived)} answers, usable after {took_s:.2f} s at 300 kbit/s, 150 ms"
    print(f"\n{told}")  # noqa: T201 - a figure to read, with -s
    assert kilobytes < MOST_KB


def test_large_type_on_a_narrow_screen_needs_no_scrolling_sideways(room: Room, visit: MakeVisit) -> None:
    phone = visit(room.hub.url, size=NARROW, language="en")
    page = phone.sign_in("li", PASSWORD, "/m/")
    page.get_by_role("button", name="Larger").click()
    small: list[dict[str, Any]] = []
    for path in ("home", "home/yard", "privacy", "reports", "reports/new", "reports/tasks", "sos"):
        page.goto(f"{room.hub.url}/m/{path}")
        expect(page.locator("main h1, main h2").first).to_be_visible()
        assert fits(page), path
        small += json.loads(
            page.evaluate(
                """JSON.stringify([...document.querySelectorAll('main button, main a, main select, .bar a')]
                .map((it) => [it.innerText, it.getBoundingClientRect().toJSON()])
                .filter(([, box]) => box.height > 0 && (box.height < 44 || box.width < 44)))"""
            )
        )
        phone.picture(f"phone-large-{path.replace('/', '-')}-en")
    assert small == []
