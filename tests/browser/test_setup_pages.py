"""Setting up at the desk: a sheet with a mistake, an invitation that is used, a second factor, a grant, a channel."""

from __future__ import annotations

import json

import pyotp
from playwright.sync_api import Page, expect

from hub.access import Role
from tests.api.room import PASSWORD, Room
from tests.browser.browsing import DEADLINE_MS, PHONE, Visit
from tests.browser.conftest import MakeVisit
from tests.fakes.brokers import Device
from tests.fakes.waiting import until

expect.set_options(timeout=DEADLINE_MS)
PAGES = ("cameras", "cameras/add", "sensors", "people", "channels", "rosters", "machine", "history")


def _admin(room: Room, visit: MakeVisit, path: str, **more: str) -> Visit:
    accounts = room.hub.parts.accounts
    if not any(each.username == "chief" for each in accounts.list()):
        accounts.create("chief", PASSWORD, Role.ADMINISTRATOR)
    admin = visit(room.hub.url, **more)
    admin.sign_in("chief", PASSWORD, path)
    return admin


def _sure(page: Page, act: str) -> None:
    page.get_by_role("dialog").get_by_role("button", name=act).click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_every_page_opens_and_axe_finds_nothing_grave(room: Room, visit: MakeVisit) -> None:
    admin = _admin(room, visit, "/desk/setup/cameras")
    for path in (*(f"/desk/setup/{each}" for each in PAGES), "/desk/setup/cameras/cam-1", "/desk/wrong"):
        page = admin.open(path)
        expect(page.locator("main h1").first).to_be_visible()
        expect(page.get_by_text("正在读取")).to_have_count(0)
        assert admin.faults() == [], path
        admin.picture(f"setup-{path.removeprefix('/desk/').replace('/', '-')}")
    _how_much_is_wrong_stands_in_the_menu(room, admin)
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="What is wrong")).to_be_visible()
    page.set_viewport_size({"width": 360, "height": 740})
    for each in ("cameras", "people"):
        page = admin.open(f"/desk/setup/{each}")
        expect(page.locator("main h1").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), each
        admin.picture(f"setup-{each}-narrow-en")


def _how_much_is_wrong_stands_in_the_menu(room: Room, admin: Visit) -> None:
    page = admin.page
    entry = page.get_by_role("navigation", name="功能").get_by_role("link", name="异常")
    listed = page.locator("li[data-wrong]")
    room.say("gateway.health", "far-gateway", state="offline", reason="silent")
    expect(page.locator("li[data-wrong='gateway.health far-gateway']")).to_be_visible()
    wrong = listed.count()
    expect(entry.locator(".count")).to_have_attribute("data-count", str(wrong))
    expect(entry).to_have_accessible_name(f"异常 {wrong} 处不正常")
    admin.picture("wrong-counted")
    assert admin.faults() == []
    room.say("gateway.health", "far-gateway", state="online", reason="")
    expect(entry.locator(".count")).to_have_attribute("data-count", str(wrong - 1))
    expect(entry.locator(".count .number")).to_have_count(1 if wrong > 1 else 0)


def test_a_sheet_with_a_mistake_changes_nothing(room: Room, visit: MakeVisit) -> None:
    admin = _admin(room, visit, "/desk/setup/cameras/add")
    page = admin.page
    page.get_by_role("button", name="表格导入").click()
    sheet = "id,site,url\nnew-1,crossing,rtsp://192.0.2.9/main\nnew-2,crossin,rtsp://192.0.2.10/main\n"
    file = page.locator("input[type=file]")
    file.set_input_files({"name": "a.csv", "mimeType": "text/csv", "buffer": sheet.encode()})
    page.get_by_role("button", name="试运行").click()
    expect(page.locator("table.mistakes tbody tr")).to_contain_text(["3"])
    expect(page.get_by_role("button", name="导入", exact=True)).to_have_count(0)
    mended = sheet.replace("crossin,", "crossing,").encode()
    file.set_input_files({"name": "a.csv", "mimeType": "text/csv", "buffer": mended})
    page.get_by_role("button", name="试运行").click()
    page.get_by_role("button", name="导入", exact=True).click()
    expect(page.get_by_text("已导入")).to_be_visible()
    assert room.hub.parts.revisions.current().camera("new-2") is not None


def test_somebody_is_invited_and_sets_a_second_factor_up(room: Room, visit: MakeVisit) -> None:
    admin = _admin(room, visit, "/desk/setup/people")
    page = admin.page
    page.locator("select[name=invite-sites]").select_option("home-5")
    page.get_by_role("button", name="建立邀请").click()
    link = page.locator("code.link").inner_text()
    admin.picture("setup-invited")
    guest = visit(room.hub.url, size=PHONE)
    page = guest.open(link[link.index("/invite") :])
    expect(page.get_by_text("5号")).to_be_visible()
    assert guest.faults() == []
    guest.picture("invite-zh")
    page.locator("input[name=username]").fill("wei")
    for name in ("password", "again"):
        page.locator(f"input[name={name}]").fill(PASSWORD)
    page.get_by_role("button", name="建立账号").click()
    expect(page.get_by_role("status")).to_contain_text("账号已建立")
    page = guest.open("/m/account")
    page.get_by_role("button", name="开始设置").click()
    secret = page.locator("code.secret").inner_text().replace(" ", "")
    guest.picture("account-factor-zh")
    now = room.hub.parts.clock.now
    page.locator("input[name=factor-code]").fill(pyotp.TOTP(secret).at(now()))
    page.get_by_role("button", name="确认验证码").click()
    expect(page.locator(".recovery li")).to_have_count(10)
    page.locator(".told input[name=phone]").fill("138 0000 0005")
    page.locator(".told button[type=submit]").click()
    expect(page.locator(".told").get_by_role("status")).to_be_visible()
    assert room.person("wei").get("/me/notifications").json()["phone"] == "138 0000 0005"
    page.set_viewport_size({"width": 360, "height": 740})
    page.locator(".told h2").scroll_into_view_if_needed()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    guest.picture("account-told-zh-narrow")
    assert guest.faults() == []
    page.locator("main .sheet > .row button").click()
    page.locator("input[name=username]").fill("wei")
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("form.sign-in button[type=submit]").click()
    page.locator("input[name=code]").fill(pyotp.TOTP(secret).at(now(), counter_offset=1))  # the other one is used up
    page.locator("form.sign-in button[type=submit]").click()
    expect(page.locator("form.sign-in")).to_have_count(0)
    guest.expect_said("401")


def test_a_grant_narrows_what_an_operator_sees(room: Room, visit: MakeVisit) -> None:
    night = room.person("night", Role.OPERATOR)
    assert len(night.get("/cameras").json()["items"]) > 1
    admin = _admin(room, visit, "/desk/setup/people")
    page = admin.page
    page.locator("select[name=grant-account]").select_option("night")
    page.locator("select[name=grant-kind]").select_option("camera")
    page.locator("select[name=grant-place]").select_option("cam-1")
    page.locator("input[name=grant-reason]").fill("gate only")
    ends = page.locator("input[name=grant-ends]")
    ends.fill("2099-11-23 20:15:00")
    ends.press("Enter")
    page.get_by_role("button", name="English").click()
    expect(ends).to_have_value("23 Nov 2099 20:15:00")
    ends.click()
    expect(page.get_by_role("dialog", name="Until")).to_have_css("opacity", "1")
    admin.picture("when-en")
    assert admin.faults() == []
    ends.press("Escape")
    page.get_by_role("button", name="中文").click()
    expect(ends).to_have_value("2099-11-23 20:15:00")
    page.get_by_role("button", name="授予").click()
    expect(page.locator("[data-grant='night camera']")).to_be_visible()
    page.locator("[data-grant='night community']").get_by_role("button", name="收回").click()
    _sure(page, "收回")
    expect(page.locator("[data-grant='night community']")).to_have_count(0)
    assert [each["id"] for each in night.get("/cameras").json()["items"]] == ["cam-1"]
    grants = room.person("chief").get("/grants").json()["items"]
    assert any((each["ends"] or "").startswith("2099-11-23") for each in grants)


def test_numbers_are_entered_and_a_bad_one_is_not_sent(room: Room, visit: MakeVisit) -> None:
    room.person("zhao")
    admin = _admin(room, visit, "/desk/setup/people")
    box = admin.page.locator(".phones")
    theirs = box.locator("[data-phone-of=zhao]")
    theirs.locator("input").fill("call me")
    theirs.get_by_role("button", name="保存").click()
    assert theirs.locator("input").evaluate("each => each.validity.patternMismatch")
    theirs.locator("input").fill("138 0000 0001")
    theirs.get_by_role("button", name="保存").click()
    expect(box.get_by_text("zhao: 已保存。")).to_be_visible()
    site = box.locator(".at-site")
    site.locator("select").select_option("crossing")
    for part, name, number in ((box.locator(".here"), "值守室", "023-5550 0110"), (site, "门卫", "023-5550 0188")):
        part.get_by_role("button", name="添加一个号码").click()
        part.locator("fieldset input").nth(0).fill(name)
        part.locator("input[name=phone-number]").fill(number)
        part.get_by_role("button", name="保存").click()
        expect(part.get_by_text("已保存。", exact=True)).to_be_visible()
    there = room.hub.parts.revisions.current()
    assert [(each.account, each.phone) for each in there.contacts] == [("zhao", "138 0000 0001")]
    crossing = there.site("crossing")
    assert crossing is not None
    assert [(each.name.zh, each.number) for each in (*there.phones, *crossing.phones)] == [
        ("值守室", "023-5550 0110"),
        ("门卫", "023-5550 0188"),
    ]
    assert admin.faults() == []
    theirs.scroll_into_view_if_needed()
    admin.picture("setup-people-numbers-zh")
    admin.page.get_by_role("button", name="English").click()
    admin.page.set_viewport_size({"width": 360, "height": 740})
    box.locator(".at-site").scroll_into_view_if_needed()
    assert admin.page.evaluate("document.documentElement.scrollWidth") <= 360
    admin.picture("setup-people-numbers-en-narrow")


def test_a_channel_is_set_up_as_a_form_tried_changed_and_removed(room: Room, visit: MakeVisit) -> None:
    horn = Device(room.hub.broker, "horn")
    horn.listen("horns/#")
    admin = _admin(room, visit, "/desk/setup/channels")
    page = admin.page
    page.get_by_role("button", name="新建渠道").click()
    form = page.locator("form.channel-form")
    form.locator("select[name=channel-kind]").select_option("mqtt")
    form.locator("input[name=channel-id]").fill("horns")
    form.get_by_label("主题").fill("horns/say")
    volume = form.locator("#option-volume")
    volume.fill("300")
    form.get_by_role("button", name="检查").click()
    expect(form.get_by_role("alert")).to_contain_text("什么也没有改")
    expect(form.locator("#option-volume-about")).to_contain_text("请写 0 到 100 之间的数")
    admin.picture("setup-channel-form-zh")
    assert admin.faults() == []
    assert not room.hub.parts.revisions.current().notifiers
    volume.fill("80")
    form.get_by_role("button", name="检查").click()
    expect(form.get_by_role("status")).to_contain_text("没有问题")
    form.get_by_role("button", name="保存").click()
    expect(page.get_by_text("“horns”已保存")).to_be_visible()
    page.locator("[data-channel=horns]").get_by_role("button", name="测试").click()
    _sure(page, "测试")
    expect(page.locator("[data-channel=horns]")).to_contain_text("已送达")
    admin.picture("setup-channel-tested")
    until(lambda: horn.seen, what="a test that is spoken")
    spoken = json.loads(horn.seen[0].payload)
    horn.close()
    assert ("测试" in spoken["text"], spoken["volume"]) == (True, 80)
    _changed_and_removed_in_english(room, admin)


def _changed_and_removed_in_english(room: Room, admin: Visit) -> None:
    page = admin.page
    form = page.locator("form.channel-form")
    page.get_by_role("button", name="English").click()
    page.locator("[data-channel=horns]").get_by_role("button", name="Change").click()
    expect(form.get_by_label("Topic")).to_have_value("horns/say")
    form.locator("select[name=at-least]").select_option("orange")
    form.get_by_role("button", name="Save").click()
    expect(page.locator("[data-channel=horns]")).to_contain_text("from Orange on")
    page.get_by_role("button", name="New channel").click()
    form.locator("select[name=channel-kind]").select_option("email")
    page.set_viewport_size({"width": 360, "height": 740})
    expect(form.get_by_label("Password of the mailbox")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    admin.picture("setup-channel-form-narrow-en")
    form.locator("#channel-secret").scroll_into_view_if_needed()
    admin.picture("setup-channel-secret-narrow-en")
    form.get_by_role("button", name="Cancel").click()
    page.locator("[data-channel=horns]").get_by_role("button", name="Remove").click()
    _sure(page, "Remove")
    expect(page.locator("[data-channel=horns]")).to_have_count(0)
    assert not room.hub.parts.revisions.current().notifiers
    assert admin.faults() == []
    admin.expect_said("422")
