"""First start to the first picture: the administrator is made, a camera is found on the network, and is seen."""

from __future__ import annotations

import functools
from pathlib import Path

from playwright.sync_api import expect

from api.main import build
from cameras.health import CameraState
from cameras.streams.serving import VideoServer
from cameras.supervisor import Supervisor
from config.machine import EmbeddedBroker, Http, Machine, Workers
from hub.access import Role
from tests.browser.browsing import DEADLINE_MS, PHONE, Visit
from tests.browser.conftest import MakeVisit
from tests.fakes.clips import write_clip
from tests.fakes.networks import HERE
from tests.fakes.onvif_camera import FakeProfile, OnvifCamera
from tests.fakes.waiting import until
from tests.fakes.watched_village import COMMAND

PASSWORD = "three words and a river"
OF_THE_CAMERA = "s3cret"
HOST = "127.0.9.1"
PORT = 3702
expect.set_options(timeout=DEADLINE_MS)


def test_from_the_first_start_to_the_first_picture(visit: MakeVisit, tmp_path: Path) -> None:
    streams = tmp_path / "streams"
    streams.mkdir()
    write_clip(streams / "main.mp4", width=640, height=360, fps=10, seconds=10)
    write_clip(streams / "sub.mp4", width=320, height=180, fps=8, seconds=10)
    machine = Machine(
        data=tmp_path / "data",
        http=Http(port=0),
        broker=EmbeddedBroker(port=0),
        workers=Workers(count=1, linger_s=0),
        networks=HERE,
        log_level="warning",
    )
    with VideoServer(streams) as server:
        profiles = (
            FakeProfile("main", server.url("main.mp4"), 640, 360),
            FakeProfile("sub", server.url("sub.mp4"), 320, 180, fps=8),
        )
        hub = build(machine, make_cameras=functools.partial(Supervisor, command=COMMAND))
        assert hub.setup_url is not None
        with OnvifCamera(profiles, name="Gate", password=OF_THE_CAMERA, host=HOST, discovery_port=PORT):
            try:
                admin = visit(hub.url)
                page = admin.open(hub.setup_url.removeprefix(hub.url))
                _make_administrator(admin)
                assert [(each.username, each.role) for each in hub.parts.accounts.list()] == [
                    ("chief", Role.ADMINISTRATOR)
                ]
                page.get_by_role("link", name="添加摄像机").click()
                _add_camera(admin)
                until(
                    lambda: [each.state for each in hub.parts.cameras.status()] == [CameraState.LIVE],
                    timeout_s=30,
                    what="a live camera",
                )
                page.get_by_role("link", name="看摄像机列表").first.click()
                picture = page.locator("tr[data-state=live] img")
                expect(picture).to_be_visible()
                assert picture.evaluate("image => image.naturalWidth") > 0
                assert admin.faults() == []
                admin.picture("first-start-cameras")
                again = visit(hub.url, size=PHONE, language="en")
                page = again.open(hub.setup_url.removeprefix(hub.url))
                page.locator("input[name=username]").fill("thief")
                for name in ("password", "again"):
                    page.locator(f"input[name={name}]").fill(PASSWORD)
                page.get_by_role("button", name="Make the account").click()
                expect(page.get_by_role("alert")).to_contain_text("wrong or was used")
                again.expect_said("404")
                admin.close()
                again.close()
            finally:
                hub.stop()


def _make_administrator(admin: Visit) -> None:
    page = admin.page
    page.locator("input[name=username]").fill("chief")
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("input[name=again]").fill(PASSWORD + "!")
    assert "token" not in page.url, "the link does not stay in the history"
    page.get_by_role("button", name="建立账号").click()
    expect(page.get_by_role("alert")).to_contain_text("不一样")
    page.locator("input[name=again]").fill(PASSWORD)
    page.get_by_role("button", name="建立账号").click()
    expect(page.get_by_role("status")).to_contain_text("账号已建立")


def _add_camera(admin: Visit) -> None:
    page = admin.page
    page.locator("input[name=networks]").fill(HOST)
    page.locator("input[name=multicast]").uncheck()
    page.get_by_role("button", name="查找", exact=True).click()
    expect(page.locator(f"form.found tr[data-host='{HOST}']")).to_be_visible()
    assert admin.faults() == []
    found = page.locator("form.found")
    found.locator("input[name=camera-username]").fill("hub")
    found.locator("input[name=camera-password]").fill("guess")
    page.get_by_role("button", name="逐台测试").click()
    expect(page.locator(f"tr[data-host='{HOST}'][data-step=failed]")).to_contain_text("用户名或密码不对")
    admin.picture("first-start-wrong-password")
    found.locator("input[name=camera-password]").fill(OF_THE_CAMERA)
    page.get_by_role("button", name="逐台测试").click()
    expect(page.locator(f"tr[data-host='{HOST}'][data-step=good]")).to_be_visible()
    page.get_by_role("button", name="新建场所").click()
    page.locator("input[name=site-name]").fill("村口")
    page.get_by_role("dialog").get_by_role("button", name="保存").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator(".picture img")).to_be_visible()
    admin.picture("first-start-ready")
    page.get_by_role("button", name="保存所选 1 台").click()
    expect(page.locator("[data-step=saved]")).to_be_visible()
