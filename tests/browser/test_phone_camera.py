"""A resident's own camera on the phone: live over the line there is, what it recorded, what is nobody's business."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from config.recording import Policy
from hub.access import Role
from tests.browser.browsing import DEADLINE_MS, PHONE
from tests.browser.conftest import MakeVisit
from tests.fakes.numbered import write_numbered
from tests.fakes.recordings import footage, write_segment
from tests.fakes.waiting import until
from tests.fakes.watched_village import PASSWORD, Village, village

SEGMENT_S = 20
AGO = timedelta(minutes=20)
SHOWN = "() => document.querySelector('{} video')?.videoWidth === {}"
expect.set_options(timeout=DEADLINE_MS)


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Village]:
    """Li's camera, which is live, and kept a segment twenty minutes ago."""
    folder = tmp_path_factory.mktemp("home")
    write_numbered(folder / "sub.mp4", seconds=20, fps=10)
    write_numbered(folder / "main.mp4", seconds=20, fps=10, width=640, height=360)
    with village(folder, fps=10, main="main.mp4", sub="sub.mp4", home_of=("li",), record=Policy(streams=())) as running:
        form, samples = footage(SEGMENT_S)
        began = running.hub.parts.clock.now().replace(microsecond=0) - AGO
        segment = write_segment(folder / "data" / "recordings", began, form, samples, camera="cam-1", site="crossing")
        running.hub.parts.playback.catalog.keep(segment).result(20)
        running.await_camera()
        yield running


def test_a_resident_looks_at_the_own_camera_now_and_before_and_deletes_a_part_for_good(
    visit: MakeVisit, there: Village
) -> None:
    li = there.sign_up("li", Role.RESIDENT)
    phone = visit(there.hub.url, size=PHONE)
    page = phone.sign_in("li", PASSWORD, "/m/home/cam-1")
    expect(page.get_by_role("heading", name="村口一号")).to_be_visible()
    page.get_by_role("button", name="看实时").click()
    expect(page.locator(".live-picture[data-state=live][data-stream=sub]")).to_be_visible()
    page.wait_for_function(SHOWN.format(".live-picture", 320))
    phone.picture("phone-camera-live-zh")
    page.get_by_role("button", name="停止实时").click()
    expect(page.locator(".still img")).to_be_visible()

    at = (there.hub.parts.clock.now() - AGO).astimezone().strftime("%Y-%m-%dT%H:%M")
    page.locator("input[name=when]").fill(at)
    page.get_by_role("button", name="查看", exact=True).click()
    page.wait_for_function(SHOWN.format(".recorded", 192))
    expect(page.get_by_role("button", name="下载这一段")).to_be_visible()
    phone.picture("phone-camera-recorded-zh")
    assert phone.faults() == []

    page.locator(".deleting summary").click()
    page.get_by_role("button", name="看看会删什么").click()
    expect(page.locator(".going")).to_contain_text("村口一号")
    expect(page.locator(".going")).to_contain_text("1 段录像")
    phone.picture("phone-camera-delete-zh")
    page.get_by_role("button", name="不删了").click()
    page.get_by_role("button", name="看看会删什么").click()
    page.get_by_role("button", name="确认删除").click()
    expect(page.locator(".went")).to_be_visible()  # done, or asked of the worker, who does it at once
    assert phone.faults() == []
    now = there.hub.parts.clock.now()
    times = {"from": (now - 2 * AGO).isoformat(), "to": now.isoformat(), "stream": "main"}
    with li:
        until(
            lambda: li.get("/cameras/cam-1/recordings", params=times).json()["ranges"] == [],
            timeout_s=20,
            what="a recording that is gone",
        )
    page.get_by_role("button", name="看看会删什么").click()
    expect(page.locator(".went")).to_contain_text("没有可删的")
