"""Playback over HTTP: what is recorded, play-lists, files and clips, for whom, and what is refused."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import av
import httpx
import pytest

from cameras.recordings.media import Because, StreamName
from config.community import Area, Camera, Community, Contact, Name, Ring, Site, Stream
from hub.access import Permission, Role
from tests.api.room import PASSWORD, Room, let_watch, open_room
from tests.fakes.recordings import FPS, footage, number_in, write_segment

COMMUNITY = Community(
    areas=(Area(id="village", name=Name(en="Village")),),
    sites=(
        Site(id="home-1", name=Name(en="Home 1"), area="village"),
        Site(id="crossing", name=Name(en="Crossing"), area="village", ring=Ring.ROAD),
    ),
    cameras=(
        Camera(id="cam-1", site="crossing", main=Stream(url="rtsp://192.0.2.1/main")),
        Camera(id="yard", site="home-1", main=Stream(url="rtsp://192.0.2.2/main")),
        Camera(id="new", site="crossing", main=Stream(url="rtsp://192.0.2.3/main")),
    ),
    contacts=(Contact(account="li", sites=("home-1",)),),
)


class Recorded:
    """A hub with recordings of a morning.

    Three segments of six seconds one behind the other, a gap of a minute in which the camera was offline, another of
    six, then one of another size; of the yard one with G.711 sound; of the sub stream one with AAC.
    """

    def __init__(self, room: Room) -> None:
        self.room = room
        now = room.hub.parts.clock.now()
        self.began = (now - timedelta(hours=3)).replace(microsecond=0)
        self.folder = room.data / "recordings"
        for number, at_s in enumerate((0, 6, 12)):
            self.add(at_s, first=number * 60)
        self.add(78, first=180, because=Because.OFFLINE)
        self.add(84, first=240, because=Because.FORMAT, width=160)
        self.add(0, camera="yard", site="home-1", sound="pcm_alaw")
        self.add(0, stream=StreamName.SUB, sound="aac")

    def add(self, at_s: float, **more: Any) -> None:
        how = {name: more.pop(name) for name in ("first", "sound", "codec", "width") if name in more}
        form, samples = footage(6, **how)
        segment = write_segment(self.folder, self.began + timedelta(seconds=at_s), form, samples, **more)
        self.room.hub.parts.playback.catalog.keep(segment).result(10)

    def at(self, seconds: float) -> str:
        return (self.began + timedelta(seconds=seconds)).isoformat()

    def get(self, rest: str, *, client: httpx.Client | None = None, **query: Any) -> httpx.Response:
        span = {"from": self.at(query.pop("start"))} if "start" in query else {}
        span |= {"to": self.at(query.pop("end"))} if "end" in query else {}
        headers = query.pop("headers", {})
        client = client or self.room.client()
        return client.get(f"/api/v1/cameras/{rest}", params={**span, **query}, headers=headers)

    def link(self, camera: str, what: str, start: float, end: float, *, client: httpx.Client | None = None) -> str:
        body = {"what": what, "from": self.at(start), "to": self.at(end)}
        answer = (client or self.room.client()).post(f"/api/v1/cameras/{camera}/links", json=body)
        assert answer.status_code == 201, answer.text
        url: str = answer.json()["url"]
        return url


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorded]:
    opened = open_room(tmp_path_factory.mktemp("hub") / "data", there=COMMUNITY)
    let_watch(opened, ("yard", "home-1"))
    yield Recorded(opened)
    opened.close()


def _numbers(data: bytes) -> list[int]:
    with av.open(io.BytesIO(data)) as source:
        return [number_in(frame.to_ndarray(format="rgb24")) for frame in source.decode(video=0)]


def _type(answer: httpx.Response) -> str:
    assert answer.headers["content-type"] == "application/problem+json"
    kind: str = answer.json()["type"]
    return kind.removeprefix("urn:hub:problem:")


# What there is


def test_ranges_and_gaps_are_told_with_their_reason(there: Recorded) -> None:
    body = there.get("cam-1/recordings", start=-60, end=90).json()
    assert [(each["from"], each["to"]) for each in body["ranges"]] == [
        (there.at(0).replace("+00:00", "Z"), there.at(18).replace("+00:00", "Z")),
        (there.at(78).replace("+00:00", "Z"), there.at(90).replace("+00:00", "Z")),
    ]
    assert [each["reason"] for each in body["gaps"]] == ["offline"]
    assert body["streams"] == ["main", "sub"]
    assert body["codecs"].startswith("avc1.")


def test_a_coarse_look_leaves_small_gaps_out_and_says_so(there: Recorded) -> None:
    body = there.get("cam-1/recordings", start=-60, end=90, resolution_s=120).json()
    assert len(body["ranges"]) == 1
    assert body["ranges"][0]["missing_s"] == 60
    assert body["gaps"] == []


def test_alerts_of_the_camera_are_marks_for_those_who_may_see_them(there: Recorded) -> None:
    room = there.room
    room.say("camera.fire", "yard", camera="yard", site="home-1", why="flame", confidence=0.9)
    start, end = -60.0, 4 * 3600.0
    marks = room.wait_for(lambda: there.get("yard/recordings", start=start, end=end).json()["marks"])
    assert marks[0]["alerts"] == 1
    assert marks[0]["kind"].startswith("fire.")
    li = there.room.person("li", Role.RESIDENT)
    own = li.get("/cameras/yard/recordings", params={"from": there.at(start), "to": there.at(end)})
    assert own.json()["marks"] == []


def test_sound_that_no_browser_plays_is_named(there: Recorded) -> None:
    body = there.get("yard/recordings", start=0, end=6).json()
    assert (body["sound"], body["sound_left_out"]) == ("pcm_alaw", True)
    assert "," not in body["codecs"]
    body = there.get("cam-1/recordings", start=0, end=6, stream="sub").json()
    assert (body["sound"], body["sound_left_out"]) == ("aac", False)


def test_a_camera_without_recordings_has_none(there: Recorded) -> None:
    body = there.get("new/recordings", start=0, end=60).json()
    assert (body["ranges"], body["streams"], body["codecs"]) == ([], [], None)


# Play-lists and their files


def _parts(text: str) -> list[tuple[int, int, str]]:
    found = re.findall(r"#EXT-X-BYTERANGE:(\d+)@(\d+)\n(\S+)", text)
    return [(int(size), int(place), address) for size, place, address in found]


def test_a_list_plays_without_a_token_and_holds_the_span_and_no_more(there: Recorded) -> None:
    answer = there.get("cam-1/recordings.m3u8", start=3, end=80)
    assert answer.headers["content-type"] == "application/vnd.apple.mpegurl"
    files: dict[str, bytes] = {}
    nobody = there.room.client(None)
    for size, place, address in _parts(answer.text):
        url = f"/api/v1/cameras/cam-1/{address}"
        files.setdefault(address, nobody.get(url).content)
        part = nobody.get(url, headers={"Range": f"bytes={place}-{place + size - 1}"})
        assert part.status_code == 206
        assert part.content == files[address][place : place + size]
    assert [_numbers(data) for data in files.values()] == [
        list(range(20, 60)),
        list(range(60, 120)),
        list(range(120, 180)),
        list(range(180, 200)),
    ]
    assert answer.text.count("#EXT-X-DISCONTINUITY") == 3


def test_a_link_to_a_list_ends_its_parts_with_it_and_covers_no_more(there: Recorded) -> None:
    url = there.link("cam-1", "playback", 3, 12)
    nobody = there.room.client(None)
    listed = nobody.get(url)
    assert listed.status_code == 200
    address = _parts(listed.text)[0][2]
    assert nobody.get(f"/api/v1/cameras/cam-1/{address}").status_code == 200
    for span in ({"from": there.at(0)}, {"to": there.at(13)}, {"stream": "sub"}):
        assert _type(nobody.get(url, params={**dict(httpx.URL(url).params), **span})) == "not-found"
    for other in ("yard", "new", "gone"):
        assert _type(nobody.get(url.replace("cam-1", other))) == "not-found"
    assert _type(nobody.get(url.replace("recordings.m3u8", "clip.mp4"))) == "not-found"
    third = re.findall(r"recordings/(\d+)\.mp4", there.get("cam-1/recordings.m3u8", start=78, end=83).text)[0]
    assert _type(nobody.get(f"/api/v1/cameras/cam-1/{re.sub(r'[0-9]{22}', third, address)}")) == "not-found"


def test_sound_that_no_browser_plays_is_left_out_of_the_list(there: Recorded) -> None:
    text = there.get("yard/recordings.m3u8", start=0, end=6).text
    data = there.room.client(None).get(f"/api/v1/cameras/yard/{_parts(text)[0][2]}").content
    with av.open(io.BytesIO(data)) as source:
        assert [stream.type for stream in source.streams] == ["video"]
    text = there.get("cam-1/recordings.m3u8", start=0, end=6, stream="sub").text
    assert re.search(r"#CODECS:avc1\.\w+,mp4a\.40\.2\n", text)


def test_what_is_still_being_recorded_is_played_up_to_its_last_whole_fragment(there: Recorded) -> None:
    there.add(300, first=600, because=Because.OFFLINE, closed=False, torn_bytes=200)
    body = there.get("cam-1/recordings", start=299, end=400).json()
    assert body["ranges"][-1]["open"]
    text = there.get("cam-1/recordings.m3u8", start=302, end=400).text
    data = there.room.client(None).get(f"/api/v1/cameras/cam-1/{_parts(text)[0][2]}").content
    assert _numbers(data) == list(range(620, 660))
    assert _numbers(there.get("cam-1/clip.mp4", start=302, end=400).content) == list(range(620, 660))


def test_the_files_of_a_list_open_after_a_password_was_changed_and_end_with_the_key_that_asked(there: Recorded) -> None:
    here = there.room.hub.parts
    kim = here.accounts.create("kim", PASSWORD, Role.OPERATOR)
    here.accounts.set_password(kim.id, f"{PASSWORD}!")
    scope, expires = frozenset({Permission.VIEW_PICTURES}), here.clock.now() + timedelta(days=1)
    held, key = here.people.keys.make(kim.id, "wall", scope, cameras=None, expires=expires)
    span = {"from": there.at(0), "to": there.at(6)}
    nobody = there.room.client(None)
    url = "/api/v1/cameras/cam-1/recordings.m3u8"
    text = nobody.get(url, params=span, headers={"X-API-Key": key}).text
    part = f"/api/v1/cameras/cam-1/{_parts(text)[0][2]}"
    assert nobody.get(part).status_code == 200
    here.people.keys.end(held.id)
    assert nobody.get(part).status_code == 401


def test_a_head_tells_the_length_of_a_part(there: Recorded) -> None:
    address = _parts(there.get("cam-1/recordings.m3u8", start=0, end=6).text)[0][2]
    url = f"/api/v1/cameras/cam-1/{address}"
    head = there.room.client(None).head(url)
    assert int(head.headers["content-length"]) == len(there.room.client(None).get(url).content)


# Clips


def test_a_clip_is_joined_and_can_be_had_in_parts(there: Recorded) -> None:
    whole = there.get("cam-1/clip.mp4", start=3, end=80)
    assert whole.headers["content-type"] == "video/mp4"
    assert whole.headers["content-disposition"].startswith('attachment; filename="cam-1_main_')
    assert _numbers(whole.content) == [*range(20, 180), *range(180, 200)]
    half = len(whole.content) // 2
    tag = whole.headers["etag"]
    rest = there.get("cam-1/clip.mp4", start=3, end=80, headers={"Range": f"bytes={half}-", "If-Range": tag})
    assert rest.status_code == 206
    assert whole.content[:half] + rest.content == whole.content
    past_end = there.get("cam-1/clip.mp4", start=3, end=80, headers={"Range": f"bytes={len(whole.content)}-"})
    assert _type(past_end) == "range-not-satisfiable"


def test_a_link_downloads_a_clip(there: Recorded) -> None:
    url = there.link("cam-1", "clip", 6, 12)
    nobody = there.room.client(None)
    assert int(nobody.head(url).headers["content-length"]) == len(nobody.get(url).content)
    assert _numbers(nobody.get(url).content) == list(range(60, 120))


def test_a_form_that_changes_is_refused_with_spans_that_work(there: Recorded) -> None:
    refused = there.get("cam-1/clip.mp4", start=80, end=88)
    assert (refused.status_code, _type(refused)) == (422, "format-changes")
    spans = refused.json()["spans"]
    assert len(spans) == 2
    for span in spans:
        assert there.get("cam-1/clip.mp4", **span).status_code == 200


def test_a_file_that_is_gone_is_said(there: Recorded) -> None:
    there.add(200, first=300)
    for path in there.folder.glob(f"crossing/cam-1/main/**/{there.began + timedelta(seconds=200):%M-%S}*.mp4"):
        path.unlink()
    answer = there.get("cam-1/clip.mp4", start=200, end=205)
    assert (answer.status_code, _type(answer)) == (410, "media-gone")


# Who, and what is refused


def test_a_resident_sees_the_own_home_and_no_trace_of_others(there: Recorded) -> None:
    li = there.room.person("li", Role.RESIDENT)
    listed = li.get("/recordings/cameras").json()
    assert [each["id"] for each in listed["items"]] == ["yard"]
    span = {"from": there.at(0), "to": there.at(6)}
    for rest in ("recordings", "recordings.m3u8", "clip.mp4", "still.jpg"):
        others = [li.get(f"/cameras/{camera}/{rest}", params=span) for camera in ("cam-1", "gone")]
        assert [answer.status_code for answer in others] == [404, 404]
        assert others[0].text.replace("cam-1", "X") == others[1].text.replace("gone", "X")
        if rest != "still.jpg":
            assert li.get(f"/cameras/yard/{rest}", params=span).status_code == 200
    body = {"what": "clip", "from": there.at(0), "to": there.at(6)}
    assert li.post("/cameras/cam-1/links", json=body).status_code == 404
    assert li.post("/cameras/yard/links", json=body).status_code == 201


def test_a_link_ends_with_the_account(there: Recorded) -> None:
    accounts = there.room.hub.parts.accounts
    there.room.token(Role.ADMINISTRATOR)  # somebody has to be left
    accounts.create("leaver", PASSWORD, Role.OPERATOR)
    leaver = there.room.person("leaver", Role.OPERATOR)
    body = {"what": "clip", "from": there.at(0), "to": there.at(6)}
    url = leaver.post("/cameras/cam-1/links", json=body).json()["url"]
    nobody = there.room.client(None)
    assert nobody.get(url).status_code == 200
    accounts.disable(next(each.id for each in accounts.list() if each.username == "leaver"))
    assert _type(nobody.get(url)) == "not-signed-in"


def test_a_changed_link_is_refused(there: Recorded) -> None:
    url = there.link("cam-1", "clip", 6, 12)
    place = url.index("link=") + 40
    changed = url[:place] + ("A" if url[place] != "A" else "B") + url[place + 1 :]
    assert _type(there.room.client(None).get(changed)) == "not-signed-in"


@pytest.mark.parametrize("rest", ["recordings", "recordings.m3u8", "clip.mp4"])
@pytest.mark.parametrize(
    ("span", "said"),
    [
        ({"start": 6, "end": 6}, ("query.to", "after")),
        ({"start": 6, "end": 3}, ("query.to", "after")),
        ({"start": 0, "end": 40 * 86_400}, ("query.to", "at most")),
        ({"start": 5 * 3600, "end": 6 * 3600}, ("query.from", "not happened")),
        ({"end": 3}, ("query.from", "from when")),
        ({"start": 3}, ("query.to", "from when")),
    ],
)
def test_a_span_that_makes_no_sense_is_refused_in_words(
    there: Recorded, rest: str, span: dict[str, float], said: tuple[str, str]
) -> None:
    answer = there.get(f"cam-1/{rest}", **dict(span))
    assert (answer.status_code, _type(answer)) == (422, "validation")
    assert answer.json()["errors"][0]["where"] == said[0]
    assert said[1] in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    "time", ["2026-05-04T06:00:00", "yesterday", "0001-01-01T00:00:00+10:00", "1970-01-01T00:00:00Z"]
)
def test_a_time_without_sense_is_refused(there: Recorded, time: str) -> None:
    answer = there.get("cam-1/recordings.m3u8", **{"from": time, "to": there.at(3)})
    assert (answer.status_code, _type(answer)) == (422, "validation")


def test_a_span_without_a_recording_is_said(there: Recorded) -> None:
    for rest in ("recordings.m3u8", "clip.mp4"):
        answer = there.get(f"cam-1/{rest}", start=20, end=70)
        assert (answer.status_code, _type(answer)) == (404, "nothing-recorded")


def test_what_has_not_happened_is_no_clip(there: Recorded) -> None:
    assert _type(there.get("cam-1/clip.mp4", start=0, end=4 * 3600)) == "validation"
    assert there.get("cam-1/recordings", start=0, end=4 * 3600).status_code == 200


def test_a_camera_that_was_removed_is_not_found(there: Recorded, tmp_path: Path) -> None:
    del tmp_path
    assert _type(there.get("gone/recordings", start=0, end=6)) == "not-found"
    answer = there.get("cam-1/recordings/..%2f..%2fetc.mp4", start=0, end=6)
    assert answer.status_code in (404, 405)


def test_moments_are_told_to_the_millisecond(there: Recorded) -> None:
    text = there.get("cam-1/recordings.m3u8", start=3, end=6).text
    found = re.search(r"DATE-TIME:(\S+)", text)
    assert found is not None
    assert datetime.fromisoformat(found.group(1)) == there.began + timedelta(seconds=20 / FPS)
