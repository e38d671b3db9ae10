"""Playback, in a real browser, with recordings whose pictures bear their number."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from cameras.recordings.media import Because, StreamName
from config.community import Area, Camera, Community, Name, Ring, Site, Stream
from hub.access import Role
from tests.api.room import PASSWORD, Room, open_room
from tests.browser.browsing import Visit, crowding
from tests.browser.conftest import MakeVisit
from tests.fakes.recordings import FPS, GOP, NUMBER_JS, footage, write_segment

FIRST_PICTURE_WITHIN_MS = 1500
DRIFT_S = 0.3
SEGMENT_S = 20
COMMUNITY = Community(
    areas=(Area(id="village", name=Name(zh="大坪村", en="Village")),),
    sites=(
        Site(id="home-1", name=Name(zh="1号", en="Home 1"), area="village"),
        Site(id="crossing", name=Name(zh="村口", en="Crossing"), area="village", ring=Ring.ROAD),
    ),
    cameras=(
        Camera(id="cam-1", site="crossing", name=Name(zh="村口", en="Crossing"), main=Stream(url="rtsp://192.0.2.1/a")),
        Camera(id="cam-2", site="crossing", name=Name(zh="桥头", en="Bridge"), main=Stream(url="rtsp://192.0.2.2/a")),
        Camera(id="cam-3", site="crossing", name=Name(zh="广场", en="Square"), main=Stream(url="rtsp://192.0.2.3/a")),
        Camera(id="talking", site="home-1", name=Name(zh="堂屋", en="Parlour"), main=Stream(url="rtsp://192.0.2.4/a")),
    ),
)


class Recorded:
    """Three cameras: three segments one behind the other, a gap of a minute, then one more, of another size last."""

    def __init__(self, room: Room) -> None:
        self.room = room
        now = room.hub.parts.clock.now()
        self.began = (now - timedelta(minutes=30)).replace(microsecond=0)
        if self.began.astimezone().date() != now.astimezone().date():
            self.began = now.replace(microsecond=0) - timedelta(minutes=3)  # shortly after midnight
        for number in range(3):
            for camera in ("cam-1", "cam-2", "cam-3"):
                self.add(number * SEGMENT_S, camera=camera, first=number * SEGMENT_S * FPS)
        self.add(120, first=1200, because=Because.OFFLINE)
        self.add(140, first=1400, because=Because.FORMAT, width=256)
        self.add(120, camera="cam-2", first=1200, because=Because.DISK_FULL)
        self.add(0, camera="talking", site="home-1", sound="pcm_alaw")
        self.add(0, stream=StreamName.SUB, sound="aac")

    def add(self, at_s: float, **more: Any) -> None:
        how = {name: more.pop(name) for name in ("first", "sound", "codec", "width") if name in more}
        form, samples = footage(SEGMENT_S, **how)
        began = self.began + timedelta(seconds=at_s)
        segment = write_segment(self.room.data / "recordings", began, form, samples, **more)
        self.room.hub.parts.playback.catalog.keep(segment).result(10)

    def at(self, seconds: float) -> datetime:
        return self.began + timedelta(seconds=seconds)

    def text(self, seconds: float) -> str:
        return self.at(seconds).isoformat().replace("+00:00", "Z")

    def ms(self, seconds: float) -> int:
        return round(self.at(seconds).timestamp() * 1000)


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorded]:
    opened = open_room(tmp_path_factory.mktemp("hub") / "data", there=COMMUNITY)
    yield Recorded(opened)
    opened.close()


def _video(camera: str) -> str:
    return f"document.querySelector('[data-camera={camera}] video')"


def _shows(page: Page, camera: str, first: int, last: int) -> int:
    """Wait until a picture between these is seen; its number."""
    look = f"{NUMBER_JS}({_video(camera)})"
    page.wait_for_function(
        f"() => {_video(camera)}?.readyState >= 2 && !{_video(camera)}.seeking"
        f" && ((n) => n >= {first} && n <= {last})({look})"
    )
    found = page.evaluate(look)
    assert isinstance(found, int)
    return found


def _pick(page: Page, ms: int) -> None:
    """Click on the timeline where that moment lies, as a person does."""
    slider = page.get_by_role("slider")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    first, last = (int(slider.get_attribute(f"aria-value{end}") or 0) for end in ("min", "max"))
    assert box is not None
    page.mouse.click(box["x"] + (ms - first) / (last - first) * box["width"], box["y"] + box["height"] - 6)


def _open(visit: MakeVisit, there: Recorded, name: str, query: str, **how: Any) -> tuple[Visit, Page]:
    there.room.hub.parts.accounts.create(name, PASSWORD, Role.OPERATOR)
    made = visit(there.room.hub.url, **how)
    return made, made.sign_in(name, PASSWORD, f"/desk/playback?{query}")


def test_one_camera_first_picture_seeks_steps_speeds_and_gaps(there: Recorded, visit: MakeVisit) -> None:
    made, page = _open(visit, there, "play-1", f"camera=cam-1&at={there.text(31)}")
    _shows(page, "cam-1", 310 - GOP, 340)
    page.get_by_role("button", name="暂停").click()
    page.get_by_role("button", name="10 分钟", exact=True).click()
    took = []
    for seconds in (45, 7, 58, 19, 20.5, 33):
        page.evaluate(
            f"() => {{ const video = {_video('cam-1')}, began = performance.now(); window.took = null;"
            " const done = () => video.seeking ? video.requestVideoFrameCallback(done)"
            " : (window.took = performance.now() - began);"
            " document.addEventListener('pointerup', () => video.requestVideoFrameCallback(done), { once: true }); }"
        )
        _pick(page, there.ms(seconds))
        page.wait_for_function("() => window.took !== null")
        took.append(page.evaluate("window.took"))
        number = _shows(page, "cam-1", round(seconds * FPS) - GOP, round(seconds * FPS) + GOP)
        assert abs(number - seconds * FPS) <= GOP, (seconds, number)
    print({"seek_ms": [round(each) for each in took]})  # noqa: T201 - a figure to read, with -s
    assert max(took) < FIRST_PICTURE_WITHIN_MS * crowding()
    # The clock says when the picture was taken.
    said = int(page.locator(".playback").get_attribute("data-at") or 0)
    assert abs(said - there.ms(33)) < 2500
    # Picture by picture, on and back.
    before = page.evaluate(f"{NUMBER_JS}({_video('cam-1')})")
    page.get_by_role("button", name="下一帧").click()
    _shows(page, "cam-1", before + 1, before + 1)
    page.get_by_role("button", name="上一帧").click()
    _shows(page, "cam-1", before, before)
    # Keys on the timeline.
    page.get_by_role("slider").focus()
    page.keyboard.press("ArrowRight")
    _shows(page, "cam-1", before + 8 * FPS, before + 12 * FPS)
    # A gap is told with its reason, jumped, and the recording of another size behind it is played.
    expect(page.locator(".side")).to_contain_text("摄像头离线")
    page.get_by_label("速度").select_option("8")
    page.get_by_role("button", name="播放", exact=True).click()
    expect(page.locator(".playback").get_by_role("status").first).to_contain_text("没有录像，已跳到")
    _shows(page, "cam-1", 1200 - GOP, 1399)
    page.wait_for_function(f"() => {_video('cam-1')}.videoWidth === 256")
    made.picture("playback-one-zh")
    assert made.faults() == []


def test_the_first_picture_is_there_soon(there: Recorded, visit: MakeVisit) -> None:
    made = visit(there.room.hub.url, language="en")
    there.room.hub.parts.accounts.create("play-2", PASSWORD, Role.OPERATOR)
    page = made.sign_in("play-2", PASSWORD, "/desk/playback")
    expect(page.get_by_text("Choose a camera first")).to_be_visible()
    made.picture("playback-empty-en")
    page.goto(f"{there.room.hub.url}/desk/playback?camera=cam-1&at={there.text(31)}")
    _shows(page, "cam-1", 310 - GOP, 360)
    took = page.evaluate(
        f"async () => {{ const video = {_video('cam-1')}, began = performance.now();"
        " window.first = new Promise((done) => video.requestVideoFrameCallback(() => done(performance.now() - began)));"
        f" document.querySelector('input[name=moment]').focus(); return {json.dumps(there.text(122))}; }}"
    )
    assert took
    clock = page.evaluate(f"new Date({there.ms(122)}).toTimeString().slice(0, 8)")
    page.locator("input[name=moment]").fill(clock)
    page.evaluate(
        f"() => {{ const video = {_video('cam-1')}, began = performance.now();"
        " window.first = new Promise((done) => video.requestVideoFrameCallback(() => done(performance.now() - began)));"
        " document.querySelector('input[name=moment]').form.requestSubmit(); }"
    )
    first_ms = page.evaluate("window.first")
    print({"first_picture_ms": round(first_ms)})  # noqa: T201 - a figure to read, with -s
    assert first_ms < FIRST_PICTURE_WITHIN_MS * crowding()
    _shows(page, "cam-1", 1220 - GOP, 1399)


def test_several_cameras_play_in_step_and_a_gap_of_one_is_told(there: Recorded, visit: MakeVisit) -> None:
    made, page = _open(
        visit, there, "play-3", f"camera=cam-1&camera=cam-2&camera=cam-3&at={there.text(4)}", language="en"
    )
    for camera in ("cam-2", "cam-3"):
        _shows(page, camera, 40 - GOP, 200)
    look = "() => [" + ",".join(f"{NUMBER_JS}({_video(camera)})" for camera in ("cam-2", "cam-3")) + "]"
    page.wait_for_function(f"() => {NUMBER_JS}({_video('cam-3')}) > 100")
    worst_s = 0.0
    for _ in range(20):
        numbers = page.evaluate(look)
        worst_s = max(worst_s, (max(numbers) - min(numbers)) / FPS)
        page.evaluate("() => new Promise((done) => setTimeout(done, 150))")
    print({"drift_s": worst_s})  # noqa: T201 - a figure to read, with -s
    assert worst_s < DRIFT_S
    # Behind the gap one has nothing any more, which is said; the others go on.
    page.get_by_label("Quality").select_option("main")
    page.locator("input[name=moment]").fill(page.evaluate(f"new Date({there.ms(119)}).toTimeString().slice(0, 8)"))
    page.get_by_role("button", name="Go", exact=True).click()
    _shows(page, "cam-2", 1200 - GOP, 1399)
    _shows(page, "cam-1", 1200 - GOP, 1399)
    expect(page.locator("[data-camera=cam-3]")).to_contain_text("Nothing recorded after this")
    expect(page.locator(".side")).to_contain_text("disk full")
    made.picture("playback-three-en")
    assert made.faults() == []


def test_a_span_is_taken_home_and_kept_as_evidence(there: Recorded, visit: MakeVisit, tmp_path: Path) -> None:
    room = there.room
    room.say("camera.fire", "cam-1", camera="cam-1", site="crossing", why="flame", confidence=0.9)
    incident = room.wait_for(lambda: room.incident_at("crossing"))
    query = f"camera=cam-1&at={there.text(10)}&until={there.text(50)}&incident={incident['id']}"
    made, page = _open(visit, there, "play-4", query, language="en")
    expect(page.get_by_text("40 s of it recorded")).to_be_visible()
    with page.expect_download() as waits:
        page.get_by_role("button", name="Download Crossing").click()
    file = tmp_path / waits.value.suggested_filename
    waits.value.save_as(file)
    assert file.name.startswith("cam-1_main_")
    if (probe := shutil.which("ffprobe")) is not None:
        said = subprocess.run(
            [probe, "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", str(file)],
            capture_output=True, check=True, text=True, timeout=30,
        )  # fmt: skip
        assert abs(float(said.stdout) - 40) <= 2 * GOP / FPS
    else:
        assert file.read_bytes()[4:8] == b"ftyp"
    expect(page.get_by_text("The download has begun")).to_be_visible()
    page.locator("input[name=evidence-reason]").fill("Somebody runs away")
    page.get_by_role("button", name="Keep the chosen span").click()
    expect(page.get_by_text("Taken: 1 cameras")).to_be_visible()
    # What happened is marked, and a click on it plays from ten seconds before.
    page.locator(".happened button").first.click()
    expect(page.locator(".playback")).to_be_visible()
    made.picture("playback-evidence-en")
    assert made.faults() == []


def test_a_villager_reaches_no_camera_of_others_from_here(there: Recorded, visit: MakeVisit) -> None:
    """The page leads him to his own, and what it would ask for is not found. What is not there is said to anybody."""
    client = there.room.person("li", Role.RESIDENT)
    villager = visit(there.room.hub.url, size=(360, 740))
    page = villager.sign_in("li", PASSWORD, f"/desk/playback?camera=cam-1&at={there.text(5)}")
    page.wait_for_url("**/m/**")
    assert page.locator("video").count() == 0
    span = {"from": there.text(0), "to": there.text(10)}
    for path in ("recordings", "recordings.m3u8", "clip.mp4"):
        assert client.get(f"/cameras/cam-1/{path}", params=span).status_code == 404
    assert client.post("/cameras/cam-1/links", json={"what": "clip", **span}).status_code == 404
    assert client.get("/cameras/cam-1/still.jpg", params={"at": there.text(5)}).status_code == 404
    made, page = _open(visit, there, "play-5", f"camera=foreign&at={there.text(5)}", size=(360, 740))
    expect(page.get_by_role("alert")).to_contain_text("找不到摄像头 foreign，或者不对您开放")
    assert page.locator("video").count() == 0
    page.goto(f"{there.room.hub.url}/desk/playback?camera=cam-1&at={there.text(5)}")
    _shows(page, "cam-1", 50 - GOP, 190)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    made.picture("playback-360-zh")
