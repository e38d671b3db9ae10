"""The wall of live pictures, from real cameras: how soon and late, what breaks, alerts, was just now, is ticked off."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from api.recordings import live_session
from config.onvif import Onvif
from config.recording import Policy
from config.secrets import Secret
from hub.access import Role
from hub.events import Event, new_event_id
from hub.store.event_log import Fact
from tests.browser.browsing import PROGRAM
from tests.browser.conftest import MakeVisit
from tests.fakes.numbered import READ_NUMBER, write_numbered
from tests.fakes.onvif_camera import FakeProfile, OnvifCamera
from tests.fakes.waiting import until
from tests.fakes.watched_village import PASSWORD, Village, village

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine (apt-get install chromium)")
FPS = 25
OF_THE_CAMERA = "s3cret"
WALL = "/desk/wall"
FIRST = "[data-camera='cam-1'].tile"
SECOND = "[data-camera='cam-2'].tile"


@pytest.fixture(scope="module")
def motors() -> Iterator[OnvifCamera]:
    """The service by which the first camera is turned."""
    lens = FakeProfile("lens", "rtsp://192.0.2.1/lens", 640, 360, turns=True)
    with OnvifCamera([lens], username="hub", password=OF_THE_CAMERA) as camera:
        camera.turned.presets["p1"] = "村口"
        yield camera


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory, motors: OnvifCamera) -> Iterator[Village]:
    """A camera with a small and a large stream that nobody records or analyses, and one that leaves out pictures."""
    folder = tmp_path_factory.mktemp("wall")
    write_numbered(folder / "sub.mp4", seconds=40, fps=FPS, key_every_s=2.0)
    write_numbered(folder / "main.mp4", seconds=6, fps=FPS, width=640, height=360, sound=True)
    write_numbered(folder / "saving.mp4", seconds=14, fps=FPS, key_every_s=4.0, pauses=True)
    onvif = Onvif(url=motors.url, username="hub", password=Secret(OF_THE_CAMERA), events=False)
    with village(
        folder, fps=FPS, main="main.mp4", sub="sub.mp4", other="saving.mp4", record=Policy(streams=()), onvif=onvif
    ) as running:
        running.await_camera()
        yield running


def _come(visit: MakeVisit, there: Village, name: str, path: str = WALL, **more: Any) -> Any:
    there.sign_up(name)
    somebody = visit(there.hub.url, **more)
    somebody.sign_in(name, PASSWORD, path)
    return somebody


def _plays(page: Page, tile: str, state: str = "live") -> None:
    expect(page.locator(f"{tile} .live-picture[data-state={state}]")).to_be_visible()


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
    expect(page.get_by_text("还没有巡检路线。")).to_be_visible()
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


def test_the_last_ten_seconds_are_one_key_away_and_a_large_picture_is_sharp_and_turned(
    visit: MakeVisit, there: Village, motors: OnvifCamera
) -> None:
    """Back and forth, without another connection; the main stream is opened for who looks closely, and closed again."""
    room = _come(visit, there, "watch-2", f"{WALL}/2#cam-2,cam-1", language="en")
    page: Page = room.page
    _plays(page, FIRST)
    expect(page.locator(FIRST)).to_have_attribute("data-place", "2")
    page.wait_for_function(
        """() => {
          const video = document.querySelector('[data-camera="cam-1"].tile video');
          return video.buffered.length && video.currentTime - video.buffered.start(0) > 11;
        }"""
    )
    connections = there.tap.connections
    page.keyboard.press("2")
    page.keyboard.press("b")
    _plays(page, FIRST, "back")
    expect(page.locator(f"{FIRST} .told")).to_have_text("10 s ago")
    page.wait_for_function("""() => !document.querySelector('[data-camera="cam-1"].tile video').seeking""")
    number = page.evaluate(f"({READ_NUMBER})(document.querySelector('[data-camera=\"cam-1\"].tile video'))()")
    assert max(there.tap.sent) - number >= 8.5 * FPS
    room.picture("wall-back-en")
    page.keyboard.press("b")
    _plays(page, FIRST)
    assert there.tap.connections == connections

    page.keyboard.press("Enter")
    expect(page.locator(f"{FIRST} .live-picture[data-stream=main][data-state=live]")).to_be_visible()
    page.wait_for_function("""() => document.querySelector('[data-camera="cam-1"].tile video').videoWidth === 640""")
    page.get_by_role("button", name="Left").hover()
    page.mouse.down()
    until(lambda: motors.turned.moving, timeout_s=20, what="a camera that turns")
    expect(page.locator(".ptz")).to_contain_text("You turn it")
    room.picture("wall-large-en")
    assert room.faults() == []
    page.mouse.up()
    until(lambda: not motors.turned.moving, timeout_s=20, what="a camera that stands")
    page.get_by_label("Store this view as").fill("Bridge")
    page.get_by_role("button", name="Store", exact=True).click()
    expect(page.locator(".ptz .go")).to_have_count(2)
    until(lambda: "Bridge" in motors.turned.presets.values(), timeout_s=20, what="a view that is stored")
    page.get_by_role("button", name="Go to “村口”").click()
    until(lambda: motors.turned.told[-1] == "go 村口", timeout_s=20, what="the stored position")
    expect(page.get_by_role("status").filter(has_text="It turns to “村口”")).to_be_visible()
    page.keyboard.press("Shift+Digit2")
    until(lambda: motors.turned.told[-1] == "go Bridge", timeout_s=20, what="the position of a key")
    room.picture("wall-positions-en")
    assert room.faults() == []
    page.keyboard.press("Escape")
    expect(page.locator(f"{FIRST} .live-picture[data-stream=sub][data-state=live]")).to_be_visible()
    until(lambda: there.tap.live == 1, timeout_s=20, what="the end of the main stream")
    held = there.hub.parts.onboarding.holding
    until(lambda: held.of("cam-1") is None, timeout_s=20, what="a camera that nobody holds")
    _stored_positions_are_tended_where_the_camera_is_set_up(visit, there, motors)


def _stored_positions_are_tended_where_the_camera_is_set_up(
    visit: MakeVisit, there: Village, motors: OnvifCamera
) -> None:
    there.hub.parts.accounts.create("chief", PASSWORD, Role.ADMINISTRATOR)
    chief = visit(there.hub.url)
    page: Page = chief.sign_in("chief", PASSWORD, "/desk/setup/cameras/cam-1")
    box = page.locator(".positions")
    box.get_by_label("当前画面存为").fill("Bridge")
    expect(box.get_by_role("button", name="更新“Bridge”")).to_be_visible()
    box.scroll_into_view_if_needed()
    chief.picture("setup-positions-zh")
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    box.scroll_into_view_if_needed()
    chief.picture("setup-positions-narrow-zh")
    box.get_by_role("button", name="删除“Bridge”").click()
    box.get_by_role("button", name="确定删除“Bridge”").click()
    expect(box.locator(".go")).to_have_count(1)
    assert list(motors.turned.presets.values()) == ["村口"]
    assert chief.faults() == []


def test_an_alerting_camera_comes_forward_but_never_before_what_somebody_enlarged(
    visit: MakeVisit, there: Village
) -> None:
    """The second one belongs to an incident that is open already."""
    there.sign_up("watch-3")
    room = visit(there.hub.url)
    room.page.add_init_script("localStorage.setItem('wall-forward', JSON.stringify({ how: 'first', seconds: 600 }))")
    page = room.sign_in("watch-3", PASSWORD, WALL)
    _plays(page, SECOND)
    expect(page.locator(SECOND)).to_have_attribute("data-place", "2")
    _collide(there, "cam-2")
    expect(page.locator(SECOND)).to_have_attribute("data-place", "1")
    expect(page.locator(SECOND)).to_have_attribute("data-level", "orange")
    expect(page.locator(f"{SECOND} .alarm")).to_contain_text("橙色")
    _plays(page, SECOND)
    room.picture("wall-alarm-zh")
    assert room.faults() == []
    page.locator(SECOND).dblclick()
    page.get_by_role("button", name="报警画面").click()
    page.locator("select[name=how]").select_option("enlarge")
    _collide(there, "cam-1")
    expect(page.locator(FIRST)).to_have_attribute("data-level", "orange")
    expect(page.locator(f"{SECOND}.enlarged")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(f"{FIRST}.enlarged")).to_be_visible()
    _plays(page, FIRST)
    room.picture("wall-alarm-large-zh")
    page.keyboard.press("Escape")
    expect(page.locator(f"{SECOND}.enlarged")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".tile.enlarged")).to_have_count(0)


def test_a_tour_is_planned_walked_and_ticked_and_what_nobody_saw_shows(visit: MakeVisit, there: Village) -> None:
    there.sign_up("lead-1", Role.SUPERVISOR)
    lead = visit(there.hub.url, language="en")
    page = lead.sign_in("lead-1", PASSWORD, "/desk/tours")
    page.get_by_role("button", name="Plan a tour").click()
    page.locator("input[name=en]").fill("Night")
    page.locator("input[name=zh]").fill("夜巡")
    page.locator("fieldset").filter(has_text="Step 1").locator(".el-select").click()
    page.get_by_role("option", name="Crossing 1").click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Add a step").click()
    page.locator("fieldset").filter(has_text="Step 2").locator(".el-select").click()
    page.get_by_role("option", name="cam-2").last.click()
    page.keyboard.press("Escape")
    for seconds in page.locator("fieldset input[type=number]").all():
        seconds.fill("600")  # the first picture of a camera may take long here
    lead.picture("tours-plan-en")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Night")).to_be_visible()
    page.goto(f"{there.hub.url}{WALL}")
    _plays(page, FIRST)
    page.keyboard.press("t")
    expect(page.locator(".tile")).to_have_count(1)
    page.keyboard.press("y")
    expect(page.locator(".patrol li[aria-current=step]")).to_have_text("2")
    _plays(page, SECOND)
    page.keyboard.press("n")
    page.get_by_label("What there is").fill("gate open")
    lead.picture("wall-tour-en")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The tour is done.")).to_be_visible()
    page.get_by_role("link", name="Tours").click()
    expect(page.get_by_text("gate open")).to_be_visible()
    expect(page.get_by_text("Nothing was planned that day.")).to_be_visible()
    lead.picture("tours-en")
    assert lead.faults() == []


NO_MEDIA_SOURCE = "delete window.MediaSource; delete window.ManagedMediaSource;"
NO_SOCKETS = """
window.WebSocket = class extends EventTarget {
  constructor() { super(); setTimeout(() => this.onclose?.(new CloseEvent('close'))); }
  close() {}
};
HTMLVideoElement.prototype.canPlayType = () => '';
"""


@pytest.mark.parametrize("lacking", [NO_MEDIA_SOURCE, NO_SOCKETS], ids=["no-media-source", "no-sockets-no-hls"])
def test_a_browser_or_a_line_that_lacks_something_gets_the_pictures_as_a_playlist(
    visit: MakeVisit, there: Village, lacking: str
) -> None:
    """By itself where the browser plays those, else by the library.

    Chromium's own player of playlists begins when it likes: that pictures move is asked of the library alone.
    """
    there.sign_up(f"old-{len(lacking)}")
    old = visit(there.hub.url)
    old.page.add_init_script(lacking)
    asked: list[str] = []
    old.page.on("request", lambda request: asked.append(request.url))
    with old.page.expect_request("**/cameras/cam-1/live.m3u8?*"):
        page = old.sign_in(f"old-{len(lacking)}", PASSWORD, f"{WALL}/2#cam-1")
    if lacking is NO_SOCKETS:
        _plays(page, FIRST)
        page.wait_for_function("""() => document.querySelector('[data-camera="cam-1"].tile video').currentTime > 1""")
    assert any("hls" in each for each in asked) == (lacking is NO_SOCKETS)


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
