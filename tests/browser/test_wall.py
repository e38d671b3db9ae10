"""The wall of live pictures, from a real camera: how soon, how late, what breaks, what alerts, and what was just now."""

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
from tests.fakes.waiting import until
from tests.fakes.watched_village import PASSWORD, Village, village

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine (apt-get install chromium)")
FPS = 25
WALL = "/desk/wall"
FIRST = "[data-camera='cam-1'].tile"
SECOND = "[data-camera='cam-2'].tile"


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Village]:
    """A camera with a small stream and a large one that nobody records or analyses, and one that leaves out pictures."""
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
    expect(page.locator(f"{tile} .live-picture[data-state={state}]")).to_be_visible()


def _collide(there: Village, camera: str) -> None:
    now = there.hub.parts.clock.now()
    event = Event(
        id=new_event_id(), kind="camera.collision", at=now, arrived=now, source=camera, driver="test",
        site="crossing", area="village", camera=camera, fields={"confidence": 0.9},
    )  # fmt: skip
    there.hub.parts.event_log.append([Fact(event)]).result(20)


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
    room = _come(visit, there, "watch-1")
    page: Page = room.page
    _plays(page, FIRST)
    _plays(page, SECOND)
    page.reload()
    page.locator(f"{FIRST} video").wait_for()
    first_ms = page.evaluate(
        """() => new Promise((done) => {
          const began = performance.now();
          document.querySelector('.tile[data-camera="cam-1"] video')
            .requestVideoFrameCallback(() => done(performance.now() - began));
        })"""
    )
    _plays(page, FIRST)
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
