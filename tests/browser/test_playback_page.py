"""The playback page, in a real browser, with recordings whose pictures bear their number."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cameras.recordings.media import Because, StreamName
from config.community import Area, Camera, Community, Contact, Name, Ring, Site, Stream
from hub.access import Role
from tests.api.room import PASSWORD, Room, let_watch, open_room
from tests.browser.chromium import PROGRAM, Browser
from tests.fakes.recordings import FPS, GOP, NUMBER_JS, footage, write_segment

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine (apt-get install chromium)")

FIRST_PICTURE_WITHIN_MS = 1000
SEGMENT_S = 20
COMMUNITY = Community(
    areas=(Area(id="village", name=Name(en="Village")),),
    sites=(
        Site(id="home-1", name=Name(en="Home 1"), area="village"),
        Site(id="crossing", name=Name(en="Crossing"), area="village", ring=Ring.ROAD),
    ),
    cameras=(
        Camera(id="cam-1", site="crossing", name=Name(zh="村口", en="Crossing"), main=Stream(url="rtsp://192.0.2.1/a")),
        Camera(id="talking", site="home-1", main=Stream(url="rtsp://192.0.2.2/a")),
        Camera(id="modern", site="crossing", main=Stream(url="rtsp://192.0.2.3/a")),
    ),
    contacts=(Contact(account="li", sites=("home-1",)),),
)
SHOWN = "document.querySelector('#video')"
FIRST_PICTURE = f"""(async (go) => {{
  const video = {SHOWN}, began = performance.now();
  const shown = new Promise((done) => video.requestVideoFrameCallback(() => done(performance.now() - began)));
  go();
  return await shown;
}})"""
"""Milliseconds from doing something to the first picture that the browser shows."""


class Recorded:
    """A hub with three segments one behind the other, a gap of a minute, and a fourth, of another size after it."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.began = (room.hub.parts.clock.now() - timedelta(minutes=30)).replace(microsecond=0)
        for number in range(3):
            self.add(number * SEGMENT_S, first=number * SEGMENT_S * FPS)
        self.add(120, first=1200, because=Because.OFFLINE)
        self.add(140, first=1400, because=Because.FORMAT, width=256)
        self.add(0, camera="talking", site="home-1", sound="pcm_alaw")
        self.add(0, camera="modern", codec="hevc")
        self.add(0, stream=StreamName.SUB, sound="aac")

    def add(self, at_s: float, **more: Any) -> None:
        how = {name: more.pop(name) for name in ("first", "sound", "codec", "width") if name in more}
        form, samples = footage(SEGMENT_S, **how)
        began = self.began + timedelta(seconds=at_s)
        segment = write_segment(self.room.data / "recordings", began, form, samples, **more)
        self.room.hub.parts.playback.catalog.keep(segment).result(10)

    def at(self, seconds: float) -> datetime:
        return self.began + timedelta(seconds=seconds)


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorded]:
    opened = open_room(tmp_path_factory.mktemp("hub") / "data", there=COMMUNITY)
    let_watch(opened, ("talking", "home-1"))
    yield Recorded(opened)
    opened.close()


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    opened = Browser(tmp_path / "profile")
    yield opened
    opened.close()
    assert not opened.said, opened.said


def _open(browser: Browser, there: Recorded, name: str, role: Role = Role.OPERATOR, *, where: str = "") -> None:
    there.room.hub.parts.accounts.create(name, PASSWORD, role)
    browser.open(f"{there.room.hub.url}/playback{where}")
    browser.wait_for("document.querySelector('#sign-in:not([hidden])')")
    browser.type("#username", name)
    browser.type("#password", PASSWORD)
    browser.press("Enter")
    browser.wait_for(
        "document.querySelector('#room:not([hidden])') && document.querySelector('#camera').options.length"
    )


def _choose(browser: Browser, camera: str, stream: str = "main") -> None:
    for selector, value in (("#camera", camera), ("#stream", stream)):
        browser.run(
            f"(() => {{ const list = document.querySelector('{selector}'); list.value = {json.dumps(value)};"
            " list.dispatchEvent(new Event('change')); })()"
        )


def _go(there: Recorded, seconds: float) -> str:
    """Script that picks a moment on the timeline, as a click there does."""
    ms = there.at(seconds).timestamp() * 1000
    return f"""(() => {{
      const bar = document.querySelector('#timeline'), day = new Date({ms}); day.setHours(0, 0, 0, 0);
      const box = bar.getBoundingClientRect();
      const x = box.left + bar.clientLeft + ({ms} - day.getTime()) / 86400000 * bar.clientWidth;
      bar.dispatchEvent(new MouseEvent('click', {{ clientX: x, clientY: box.top + 9, bubbles: true }}));
    }})()"""


def _type_time(there: Recorded, seconds: float) -> str:
    """Script that types a moment and plays, as a person does who knows the second."""
    ms = there.at(seconds).timestamp() * 1000
    return f"""(() => {{
      const day = new Date({ms}), two = (n) => String(n).padStart(2, '0');
      document.querySelector('#time').value =
        `${{two(day.getHours())}}:${{two(day.getMinutes())}}:${{two(day.getSeconds())}}`;
      document.querySelector('#play').click();
    }})()"""


def _number(browser: Browser) -> int:
    number = browser.run(f"{NUMBER_JS}({SHOWN})")
    assert isinstance(number, int)
    return number


def _shows(browser: Browser, first: int, last: int) -> None:
    """Wait until a picture between these is seen: a browser says that it has one before it is painted."""
    browser.wait_for(f"((n) => n >= {first} && n <= {last})({NUMBER_JS}({SHOWN}))")


def test_the_first_picture_is_there_within_a_second_and_is_the_one_asked_for(
    there: Recorded, browser: Browser, record_property: Any
) -> None:
    _open(browser, there, "play-1")
    _choose(browser, "cam-1")
    took_ms = browser.run(f"{FIRST_PICTURE}(() => {_type_time(there, 31)})")
    number = _number(browser)
    record_property("first_picture_ms", round(took_ms))
    assert took_ms < FIRST_PICTURE_WITHIN_MS
    assert 310 - GOP <= number <= 310 + GOP
    browser.wait_for(f"{SHOWN}.currentTime > 0 && !{SHOWN}.paused")


def test_seeking_lands_within_a_group_of_pictures(there: Recorded, browser: Browser, record_property: Any) -> None:
    _open(browser, there, "play-2")
    _choose(browser, "cam-1")
    browser.run(f"{FIRST_PICTURE}(() => {_type_time(there, 2)})")
    browser.run(f"{SHOWN}.pause()")
    took = []
    for seconds in (45, 7, 58, 19, 20, 33):
        took.append(
            browser.run(
                f"""(async () => {{
                  const video = {SHOWN}, began = performance.now();
                  const shown = new Promise((done) => video.requestVideoFrameCallback(done));
                  {_type_time(there, seconds)};
                  await shown;
                  while (video.seeking) await new Promise((done) => setTimeout(done, 5));
                  video.pause();
                  return performance.now() - began;
                }})()"""
            )
        )
        number = _number(browser)
        assert abs(number - seconds * FPS) <= GOP, (seconds, number)
    record_property("seek_ms", [round(each) for each in took])
    assert max(took) < FIRST_PICTURE_WITHIN_MS


def test_it_plays_on_over_borders_and_skips_a_gap(there: Recorded, browser: Browser) -> None:
    _open(browser, there, "play-3")
    _choose(browser, "cam-1")
    browser.run(f"{FIRST_PICTURE}(() => {_type_time(there, 37)})")
    browser.run(f"{SHOWN}.playbackRate = 4")
    browser.wait_for(f"((n) => n > 410 && n < 600)({NUMBER_JS}({SHOWN}))")
    browser.wait_for(f"((n) => n >= 1200 && n < 1400)({NUMBER_JS}({SHOWN}))")
    # and on into a recording of another size, which begins anew
    browser.wait_for(f"((n) => n >= 1400)({NUMBER_JS}({SHOWN}))")
    assert browser.run(f"{SHOWN}.videoWidth") == 256


def test_a_click_on_the_timeline_goes_there_and_the_address_says_where(there: Recorded, browser: Browser) -> None:
    _open(browser, there, "play-4")
    _choose(browser, "cam-1")
    browser.wait_for("document.querySelector('#gaps li')")
    assert browser.run("document.querySelector('#gaps').innerText.includes('离线')")
    browser.run(_go(there, 30))
    browser.wait_for("location.hash.includes('camera=cam-1')")
    browser.wait_for(f"{SHOWN}.readyState >= 2 || document.querySelector('#fault').innerText")


def test_an_alert_is_jumped_to_from_ten_seconds_before(there: Recorded, browser: Browser) -> None:
    moment = there.at(50).isoformat().replace("+00:00", "Z")
    _open(browser, there, "play-5", where=f"#camera=cam-1&at={moment}&alert=1")
    _shows(browser, 400 - GOP, 400 + 5 * FPS)


def test_sound_that_the_browser_does_not_play_does_not_stop_the_pictures(there: Recorded, browser: Browser) -> None:
    _open(browser, there, "li", Role.RESIDENT)
    assert browser.run("[...document.querySelector('#camera').options].map((each) => each.value)") == ["talking"]
    browser.wait_for("document.querySelector('#note').innerText.includes('pcm_alaw')")
    browser.run(f"{FIRST_PICTURE}(() => {_type_time(there, 5)})")
    _shows(browser, 50, 50 + GOP)


def test_sound_that_it_plays_is_played(there: Recorded, browser: Browser) -> None:
    _open(browser, there, "play-6")
    _choose(browser, "cam-1", "sub")
    browser.run(f"{FIRST_PICTURE}(() => {_type_time(there, 5)})")
    browser.wait_for(f"{SHOWN}.webkitAudioDecodedByteCount > 0")


def test_h265_is_said_where_it_cannot_be_played(there: Recorded, browser: Browser) -> None:
    _open(browser, there, "play-7")
    _choose(browser, "modern")
    browser.run("document.querySelector('#play').click()")
    browser.wait_for(f"document.querySelector('#fault').innerText.includes('hvc1') || {SHOWN}.readyState >= 2")


def test_a_clip_from_a_link_opens_in_the_browser_and_seeks(there: Recorded, browser: Browser) -> None:
    _open(browser, there, "play-8")
    body = {"what": "clip", "from": there.at(10).isoformat(), "to": there.at(50).isoformat()}
    url = there.room.client().post("/api/v1/cameras/cam-1/links", json=body).json()["url"]
    browser.run(f"""(() => {{ {SHOWN}.src = {json.dumps(url)}; }})()""")
    _shows(browser, 100, 100)
    assert abs(browser.run(f"{SHOWN}.duration") - 40) < 0.5
    browser.run(
        f"""new Promise((done) => {{ {SHOWN}.addEventListener('seeked', done, {{ once: true }});
        {SHOWN}.currentTime = 33.05; }})"""
    )
    _shows(browser, 430, 430)


def test_the_play_list_plays_in_the_browsers_own_player(there: Recorded, browser: Browser) -> None:
    """Phones have nothing else."""
    _open(browser, there, "play-9")
    if not browser.run(f"{SHOWN}.canPlayType('application/vnd.apple.mpegurl')"):
        pytest.skip("this Chromium has no player of HLS")
    body = {"what": "playback", "from": there.at(10).isoformat(), "to": there.at(50).isoformat()}
    url = there.room.client().post("/api/v1/cameras/cam-1/links", json=body).json()["url"]
    browser.run(f"(() => {{ {SHOWN}.src = {json.dumps(url)}; {SHOWN}.play(); }})()")
    _shows(browser, 100 - GOP, 100 + GOP)
    browser.run(f"{SHOWN}.currentTime = 25")
    _shows(browser, 350 - GOP, 350 + GOP)


def test_the_watch_desk_leads_from_an_alert_to_its_recording(there: Recorded, browser: Browser) -> None:
    room = there.room
    room.hub.parts.accounts.create("night-9", PASSWORD, Role.OPERATOR)
    room.say("camera.fire", "cam-1", camera="cam-1", site="crossing", why="flame", confidence=0.9)
    room.wait_for(lambda: room.incident_at("crossing"))
    browser.open(f"{room.hub.url}/")
    browser.wait_for("document.querySelector('#sign-in:not([hidden])')")
    browser.type("#username", "night-9")
    browser.type("#password", PASSWORD)
    browser.press("Enter")
    browser.wait_for("document.querySelector('.incident')")
    browser.run("document.querySelector('.incident').focus()")
    browser.press("Enter")
    address = browser.wait_for("document.querySelector('.recorded')?.href")
    assert "/playback#camera=cam-1&at=20" in address
    assert address.endswith("&alert=1")
