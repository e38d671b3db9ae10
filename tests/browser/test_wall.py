"""The wall of live pictures, from a real camera: how soon and late, what breaks, alerts, and was just now."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from api.recordings import live_session
from config.recording import Policy
from hub.access import Role
from hub.events import Event, new_event_id
from hub.store.event_log import Fact
from tests.browser.browsing import PROGRAM
from tests.browser.conftest import MakeVisit
from tests.fakes.numbered import READ_NUMBER, write_numbered
from tests.fakes.watched_village import PASSWORD, Village, village

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine (apt-get install chromium)")
FPS = 25
WALL = "/desk/wall"
FIRST = "[data-camera='cam-1'].tile"
SECOND = "[data-camera='cam-2'].tile"


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Village]:
    """A camera with a small and a large stream that nobody records or analyses, and one that leaves out pictures."""
    folder = tmp_path_factory.mktemp("wall")
    write_numbered(folder / "sub.mp4", seconds=40, fps=FPS, key_every_s=2.0)
    write_numbered(folder / "main.mp4", seconds=6, fps=FPS, width=640, height=360, sound=True)
    write_numbered(folder / "saving.mp4", seconds=14, fps=FPS, key_every_s=4.0, pauses=True)
    with village(
        folder, fps=FPS, main="main.mp4", sub="sub.mp4", other="saving.mp4", record=Policy(streams=())
    ) as running:
        running.await_camera()
        yield running


def _come(visit: MakeVisit, there: Village, name: str, path: str = WALL, **more: Any) -> Any:
    there.sign_up(name)
    somebody = visit(there.hub.url, **more)
    somebody.sign_in(name, PASSWORD, path)
    return somebody


def _plays(page: Page, tile: str, state: str = "live") -> None:
    expect(page.locator(f"{tile} .live-picture[data-state={state}]")).to_be_visible(timeout=20_000)


def _collide(there: Village, camera: str) -> None:
    now = there.hub.parts.clock.now()
    event = Event(
        id=new_event_id(), kind="camera.collision", at=now, arrived=now, source=camera, driver="test",
        site="crossing", area="village", camera=camera, confidence=0.9,
    )  # fmt: skip
    there.hub.parts.event_log.append([Fact(event)]).result(20)


FIRST_SHOWN = """() => new Promise((done) => {
  const began = performance.now();
  document.querySelector('nav a[href="/desk/wall"]').click();
  const look = () => {
    const video = document.querySelector('.tile[data-camera="cam-1"] video');
    if (video) video.requestVideoFrameCallback(() => done(performance.now() - began));
    else requestAnimationFrame(look);
  };
  look();
})"""
SHOWN = """async () => {
  const video = document.querySelector('.tile[data-camera="cam-1"] video');
  const read = (%s)(video);
  const reads = [];
  const began = performance.now();
  return await new Promise((done) => {
    const look = () => {
      reads.push([read(), performance.timeOrigin + performance.now()]);
      if (performance.now() - began > %d) done({reads, width: video.videoWidth});
      else video.requestVideoFrameCallback(look);
    };
    video.requestVideoFrameCallback(look);
  });
}"""


def test_pictures_are_there_at_once_and_they_are_what_happens_now(visit: MakeVisit, there: Village) -> None:
    """Within two seconds of opening the wall; a second late at most, by the numbers in the pictures."""
    room = _come(visit, there, "watch-1", "/desk/tours")
    page: Page = room.page
    expect(page.get_by_text("还没有巡检路线。")).to_be_visible(timeout=20_000)
    first_ms = page.evaluate(FIRST_SHOWN)
    _plays(page, FIRST)
    _plays(page, SECOND)
    shown: dict[str, Any] = page.evaluate(SHOWN % (READ_NUMBER, 3000))
    sent = dict(there.tap.sent)
    late = [at_ms - sent[number] for number, at_ms in shown["reads"] if number in sent]
    settled = late[len(late) // 2 :]
    print({"first_picture_ms": round(first_ms), "delay_ms": round(statistics.median(settled))})  # noqa: T201 - figures
    assert shown["width"] == 320
    assert first_ms < 2000
    assert statistics.median(settled) < 1000
    assert len(settled) > 20
    room.picture("wall-zh")
    assert room.faults() == []


def test_an_alerting_camera_comes_forward_framed_in_its_colour(visit: MakeVisit, there: Village) -> None:
    room = _come(visit, there, "watch-3")
    page: Page = room.page
    _plays(page, SECOND)
    expect(page.locator(SECOND)).to_have_attribute("data-place", "2")
    _collide(there, "cam-2")
    expect(page.locator(SECOND)).to_have_attribute("data-place", "1", timeout=20_000)
    expect(page.locator(SECOND)).to_have_attribute("data-level", "orange")
    expect(page.locator(f"{SECOND} .alarm")).to_contain_text("橙色")
    _plays(page, SECOND)
    room.picture("wall-alarm-zh")
    assert room.faults() == []


def test_a_camera_that_goes_and_comes_back_is_seen_to_and_who_is_let_go_sees_nothing_more(
    visit: MakeVisit, there: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last picture stays under the reason; the line to the hub stays open meanwhile."""
    monkeypatch.setattr(live_session, "CHECK_EVERY_S", 0.2)
    room = _come(visit, there, "watch-4")
    page: Page = room.page
    _plays(page, FIRST)
    there.server.stop()
    expect(page.locator(f"{FIRST} .told")).to_contain_text("摄像头离线", timeout=30_000)
    assert page.evaluate("document.querySelector('[data-camera=\"cam-1\"].tile video').videoWidth") == 320
    there.server.start()
    expect(page.locator(f"{FIRST} .live-picture[data-state=live]")).to_be_visible(timeout=30_000)
    there.sign_up("boss-1", Role.ADMINISTRATOR)  # the last one cannot be disabled, nor anybody while there is none
    account = next(each for each in there.hub.parts.accounts.list() if each.username == "watch-4")
    there.hub.parts.accounts.disable(account.id)
    expect(page.locator("form.sign-in")).to_be_visible()
    expect(page.locator("video")).to_have_count(0)
    room.expect_said("401")
