"""Live pictures over HTTP: who gets them, how they come, and when they end. The worker's socket is real."""

from __future__ import annotations

import io
import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import urljoin

import av
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from api.recordings import live_session
from cameras.live import watching as watching_module
from cameras.live.server import LiveServer
from cameras.live.wire import socket_of
from cameras.recordings.media import Because, Sample, StreamName
from config.community import Contact
from hub.access import Role
from hub.clock import SystemClock
from hub.consent import Consent
from hub.errors import StoreBusyError
from tests.api.room import Room, let_watch
from tests.fakes.media import BEGAN, Clip, encoded
from tests.fakes.waiting import until

CLOCK = SystemClock()
SECOND = 90_000


@pytest.fixture(scope="module")
def clip() -> Clip:
    return encoded(seconds=4, key_every=20)


@pytest.fixture(scope="module")
def live(room: Room) -> Iterator[LiveServer]:
    """What the fake cameras lack: the socket of their worker."""
    server = LiveServer(socket_of(room.data, "worker-0"), CLOCK)
    server.start()
    yield server
    server.stop()


class Watch:
    """A client that reads what comes."""

    def __init__(self, link: ClientConnection) -> None:
        self.link = link

    def next(self) -> dict[str, Any] | bytes:
        got = self.link.recv(timeout=10)
        return got if isinstance(got, bytes) else json.loads(got)  # type: ignore[no-any-return]

    def said(self, what: str) -> dict[str, Any]:
        """The next text of this type."""
        while True:
            got = self.next()
            if isinstance(got, dict) and got["type"] == what:
                return got

    def pictures(self, number: int) -> list[bytes]:
        found: list[bytes] = []
        while len(found) < number:
            got = self.next()
            if isinstance(got, bytes):
                found.append(got)
        return found

    def ended(self) -> tuple[int, str]:
        """The code and the word with which it was closed."""
        try:
            while True:
                self.next()
        except ConnectionClosed as closed:
            end = closed.rcvd
        assert end is not None
        return end.code, end.reason


@contextmanager
def _watch(room: Room, address: str) -> Iterator[Watch]:
    with connect(f"ws://127.0.0.1:{room.hub.port}{address}", compression=None, proxy=None) as link:
        yield Watch(link)


def _addresses(room: Room, camera: str = "cam-1", role: Role = Role.OPERATOR, **wish: Any) -> dict[str, Any]:
    answer = room.client(role).post(f"/api/v1/cameras/{camera}/live", json=wish)
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


def _watchers(room: Room) -> int:
    return sum(each.watchers for each in room.hub.parts.live.watching.figures())


def _begin(live: LiveServer, clip: Clip, samples: int, camera: str = "cam-1") -> Any:
    cache = live.cache(camera, StreamName.MAIN)
    cache.begin(clip.form, BEGAN, Because.STARTED)
    for sample in clip.samples[:samples]:
        cache.take(sample)
    return cache


def _decoded(data: bytes) -> int:
    with av.open(io.BytesIO(data)) as container:
        return sum(1 for _ in container.decode(video=0))


def test_a_watcher_gets_words_then_a_playable_file_that_grows(room: Room, live: LiveServer, clip: Clip) -> None:
    cache = _begin(live, clip, 5)
    addresses = _addresses(room)
    assert addresses["stream"] == "main"  # the camera has no other
    with _watch(room, addresses["socket"]) as watch:
        begins = watch.said("begins")
        assert begins["mime"].startswith('video/mp4; codecs="avc1.')
        assert (begins["width"], begins["height"], begins["sound"]) == (320, 180, False)
        got = watch.pictures(6)
        for sample in clip.samples[5:]:
            cache.take(sample)
        got += watch.pictures(35)
        assert _decoded(b"".join(got)) == 40
        cache.end(BEGAN, Because.OFFLINE)
        assert watch.said("paused") == {"type": "paused", "because": "offline"}
        cache.begin(clip.form, BEGAN, Because.OFFLINE)
        watch.said("begins")
    until(lambda: not _watchers(room), what="the end")


def _large(clip: Clip, first: int, number: int) -> list[Sample]:
    """Pictures of 40 kB, a key picture each second; nobody decodes them."""
    at = clip.samples[0].at
    return [
        Sample(b"x" * 40_000, each * 3600, each * 3600, is_key=each % 25 == 0, is_sound=False, at=at)
        for each in range(first, first + number)
    ]


def test_a_client_that_does_not_read_misses_pictures_and_others_miss_none(
    room: Room, live: LiveServer, clip: Clip
) -> None:
    cache = _begin(live, clip, 0)
    watching = room.hub.parts.live.watching
    deaf_end = socket.create_connection(("127.0.0.1", room.hub.port))
    deaf_end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    address = f"ws://127.0.0.1:{room.hub.port}"
    with (
        connect(
            address + _addresses(room)["socket"], sock=deaf_end, proxy=None, max_queue=1, close_timeout=0.2
        ) as deaf,
        connect(address + _addresses(room)["socket"], compression=None, proxy=None) as quick,
    ):
        Watch(quick).said("begins")
        got = Watch(quick).pictures(1)
        assert cache.watchers == 1  # both over one connection to the worker
        for first in range(0, 800, 25):
            for sample in _large(clip, first, 25):
                cache.take(sample)
            got += Watch(quick).pictures(25)
            assert sum(each.held_bytes for each in watching.figures()) < 20 * 1024 * 1024
        assert [_number(part) for part in got[1:]] == list(range(800))
        assert sum(each.dropped for each in watching.figures()) > 100
        late = Watch(deaf)
        missed = late.said("dropped")["pictures"]
        assert missed > 100
        assert _number(late.pictures(1)[0]) % 25 == 0


def _number(fragment: bytes) -> int:
    """Which of `_large` it is."""
    at = fragment.index(b"tfdt") + 8
    return int.from_bytes(fragment[at : at + 8], "big") // 3600


def test_without_a_link_or_with_a_bad_or_foreign_one_nobody_watches(room: Room) -> None:
    other = _addresses(room, "cam-2")["link"]
    old = room.hub.parts.tokens.issue("nobody")
    for query, status in (("", 401), ("?link=x", 401), (f"?link={old}", 401), (f"?link={other}", 404)):
        with pytest.raises(InvalidStatus) as refused:
            connect(f"ws://127.0.0.1:{room.hub.port}/api/v1/cameras/cam-1/live{query}", proxy=None)
        assert refused.value.response.status_code == status


@pytest.mark.parametrize("role", [Role.RESPONDER, Role.INTEGRATOR])
def test_who_sees_no_pictures_gets_no_link(room: Room, role: Role) -> None:
    assert room.client(role).post("/api/v1/cameras/cam-1/live").status_code == 403


def test_a_resident_watches_the_cameras_of_home_until_they_are_not_his_any_more(
    room: Room, live: LiveServer, clip: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_session, "CHECK_EVERY_S", 0.05)
    _begin(live, clip, 5)
    name = f"{Role.RESIDENT}-1"
    client = room.client(Role.RESIDENT)
    assert client.post("/api/v1/cameras/cam-1/live").status_code == 404
    parts = room.hub.parts

    def with_contacts(*contacts: Contact) -> None:
        parts.revisions.change(
            lambda there: there.model_copy(update={"contacts": contacts}), author="test", reason="who lives where"
        )

    with_contacts(Contact(account=name, sites=("crossing",)))
    with _watch(room, _addresses(room, role=Role.RESIDENT)["socket"]) as watch:
        watch.said("begins")
        with_contacts()
        assert watch.ended() == (4401, "not_allowed")


def test_a_live_view_ends_when_a_household_lets_nobody_watch_any_more(
    room: Room, live: LiveServer, clip: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As soon as it is asked again, which is every five seconds."""
    monkeypatch.setattr(live_session, "CHECK_EVERY_S", 0.05)
    _begin(live, clip, 5)
    let_watch(room, ("cam-1", "crossing"))
    with _watch(room, _addresses(room)["socket"]) as watch:
        watch.said("begins")
        room.hub.parts.households.decide(Consent("cam-1", "crossing"))
        assert watch.ended() == (4401, "not_allowed")
    assert room.client().post("/api/v1/cameras/cam-1/live", json={}).status_code == 404
    let_watch(room, ("cam-1", "crossing"))


def test_an_account_that_is_disabled_sees_nothing_more(
    room: Room, live: LiveServer, clip: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_session, "CHECK_EVERY_S", 0.05)
    _begin(live, clip, 5)
    parts = room.hub.parts
    room.token(Role.ADMINISTRATOR)  # the last one cannot be disabled, nor anybody while there is none
    client = room.person("watcher-1", Role.OPERATOR)
    address = client.post("/cameras/cam-1/live").json()["socket"]
    account = next(each for each in parts.accounts.list() if each.username == "watcher-1")
    with _watch(room, address) as watch:
        watch.said("begins")
        parts.accounts.disable(account.id)
        assert watch.said("ends") == {"type": "ends", "because": "signed_out"}
        assert watch.ended() == (4401, "signed_out")
    with pytest.raises(InvalidStatus) as refused:
        connect(f"ws://127.0.0.1:{room.hub.port}{address}", proxy=None)
    assert refused.value.response.status_code == 401


def test_who_signs_out_sees_nothing_more_at_once(room: Room, live: LiveServer, clip: Clip) -> None:
    _begin(live, clip, 5)
    client = room.person("watcher-2", Role.OPERATOR)
    with (
        _watch(room, client.post("/cameras/cam-1/live").json()["socket"]) as watch,
        _watch(room, _addresses(room)["socket"]) as other,
    ):
        watch.said("begins")
        other.said("begins")
        assert client.post("/auth/logout").status_code == 204
        assert watch.ended() == (4401, "signed_out")
        other.link.ping().wait(5)


def test_a_link_that_runs_out_ends_it_unless_a_new_one_is_sent(
    room: Room, live: LiveServer, clip: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_session, "CHECK_EVERY_S", 0.05)
    _begin(live, clip, 5)
    parts = room.hub.parts
    with _watch(room, _addresses(room)["socket"]) as renewed, _watch(room, _addresses(room)["socket"]) as left:
        renewed.said("begins")
        left.said("begins")
        later = parts.clock.now() + timedelta(minutes=4)
        monkeypatch.setattr(type(parts.clock), "now", lambda _self: later)
        renewed.link.send(json.dumps({"link": _addresses(room)["link"]}))
        until(lambda: True)
        renewed.link.ping().wait(5)
        much_later = later + timedelta(minutes=2)
        monkeypatch.setattr(type(parts.clock), "now", lambda _self: much_later)
        assert left.ended() == (4401, "link_ended")
        renewed.link.ping().wait(5)
        assert _watchers(room) == 1


def test_a_link_that_is_renewed_while_the_store_refuses_is_read_when_it_does_not(
    room: Room, live: LiveServer, clip: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is cut off because the store is busy, and the page sends its new link only once."""
    monkeypatch.setattr(live_session, "CHECK_EVERY_S", 0.05)
    _begin(live, clip, 5)
    parts = room.hub.parts
    sign_ins = parts.people.sign_ins
    standing, busy = type(sign_ins).standing, threading.Event()
    asked = refused = 0

    def standing_unless_busy(sign_ins: Any, account_id: str, family: str = "") -> Any:
        nonlocal asked, refused
        if busy.is_set():
            refused += 1
            raise StoreBusyError("the disk is slow")
        asked += 1
        return standing(sign_ins, account_id, family)

    with _watch(room, _addresses(room)["socket"]) as watch:
        watch.said("begins")
        later = parts.clock.now() + timedelta(minutes=4)
        monkeypatch.setattr(type(parts.clock), "now", lambda _self: later)
        new = _addresses(room)["link"]
        monkeypatch.setattr(type(sign_ins), "standing", standing_unless_busy)
        busy.set()
        watch.link.send(json.dumps({"link": new}))
        watch.link.ping().wait(5)
        until(lambda: refused > 3, what="the store refuses")
        asked = 0
        busy.clear()
        until(lambda: asked > 3, what="it is asked again")
        much_later = later + timedelta(minutes=2)
        monkeypatch.setattr(type(parts.clock), "now", lambda _self: much_later)
        asked = 0
        until(lambda: asked > 3, what="he may still watch")
        assert _watchers(room) == 1


def test_a_resident_has_a_share_and_the_room_has_its_own(room: Room, live: LiveServer, clip: Clip) -> None:
    """Whoever has all that he may have is told when to come back, in words and in a header."""
    _begin(live, clip, 5)
    name = f"{Role.RESIDENT}-1"
    room.client(Role.RESIDENT)
    room.hub.parts.revisions.change(
        lambda there: there.model_copy(update={"contacts": (Contact(account=name, sites=("crossing",)),)}),
        author="test",
        reason="who lives where",
    )
    address = _addresses(room, role=Role.RESIDENT)
    with ExitStack() as watching:
        for _ in range(watching_module.RESIDENTS.each):
            watching.enter_context(_watch(room, address["socket"])).said("begins")
        with pytest.raises(InvalidStatus) as refused:
            connect(f"ws://127.0.0.1:{room.hub.port}{address['socket']}", proxy=None)
        response = refused.value.response
        assert (response.status_code, response.headers["Retry-After"]) == (429, "10")
        assert json.loads(response.body or b"")["type"] == "urn:hub:problem:too-many"
        assert room.client(None).get(address["playlist"]).status_code == 429
        with _watch(room, _addresses(room)["socket"]) as of_room:
            of_room.said("begins")


def test_who_signs_out_has_no_playlist_any_more(room: Room, live: LiveServer, clip: Clip) -> None:
    """Nor does his player begin another one by its old link; a new sign-in may."""
    cache = _begin(live, clip, 15)
    client = room.person("watcher-3", Role.OPERATOR)
    address = client.post("/cameras/cam-1/live").json()["playlist"]
    player = room.client(None)
    threading.Timer(0.3, lambda: cache.take(clip.samples[15])).start()
    assert player.get(address).status_code == 200
    assert _watchers(room) == 1
    assert client.post("/auth/logout").status_code == 204
    until(lambda: not _watchers(room), timeout_s=3, what="its end")
    refused = player.get(address)
    assert (refused.status_code, refused.json()["type"]) == (401, "urn:hub:problem:not-signed-in")
    threading.Timer(0.3, lambda: cache.take(clip.samples[16])).start()
    assert player.get(client.post("/cameras/cam-1/live").json()["playlist"]).status_code == 200


@pytest.mark.parametrize("words", ["hello", '{"link": 7}', "[]"])
def test_words_that_mean_nothing_end_it(room: Room, live: LiveServer, clip: Clip, words: str) -> None:
    _begin(live, clip, 5)
    with _watch(room, _addresses(room)["socket"]) as watch:
        watch.link.send(words)
        assert watch.ended() == (1003, "not_understood")


def test_a_new_link_that_is_not_good_ends_it(room: Room, live: LiveServer, clip: Clip) -> None:
    _begin(live, clip, 5)
    for link, end in (("x", "link_ended"), (_addresses(room, "cam-2")["link"], "not_allowed")):
        with _watch(room, _addresses(room)["socket"]) as watch:
            watch.link.send(json.dumps({"link": link}))
            assert watch.ended() == (4401, end)


def _shifted(sample: Sample, ticks: int) -> Sample:
    return Sample(
        sample.data, sample.dts + ticks, sample.pts + ticks, is_key=sample.is_key, is_sound=False, at=sample.at
    )


def test_a_phone_gets_a_playlist_that_begins_with_what_is_cached_and_slides(
    room: Room, live: LiveServer, clip: Clip
) -> None:
    cache = _begin(live, clip, 15, "cam-2")
    address = _addresses(room, "cam-2")["playlist"]
    client = room.client(None)
    feeding = iter([*clip.samples[15:], *(_shifted(each, 4 * SECOND) for each in clip.samples)])

    def look() -> list[str] | None:
        if (sample := next(feeding, None)) is not None:
            cache.take(sample)
        answer = client.get(address)
        return answer.text.splitlines() if answer.status_code == 200 else None

    threading.Timer(0.3, lambda: cache.take(next(feeding))).start()
    first = until(look, what="the playlist")
    assert first[0] == "#EXTM3U"
    assert "#EXTINF:1.000," in first
    last = until(lambda: (lines := look()) and len([line for line in lines if "m4s" in line]) >= 6 and lines)
    base = f"{room.hub.url}{address}"
    init = next(line for line in last if line.startswith("#EXT-X-MAP")).split('"')[1]
    data = client.get(urljoin(base, init)).content
    for line in last:
        if line.startswith("live/"):
            part = client.get(urljoin(base, line))
            assert part.status_code == 200
            data += part.content
    lasts_s = sum(float(line[8:-1]) for line in last if line.startswith("#EXTINF"))
    assert _decoded(data) == round(lasts_s * 10)
    assert client.get(urljoin(base, init.replace("init-0", "init-9"))).status_code == 404
    assert client.get(urljoin(base, init).partition("?")[0]).status_code == 401


def test_a_camera_that_sends_nothing_is_said(room: Room, live: LiveServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cameras.live.playlists._FIRST_WITHIN_S", 0.3)
    live.cache("cam-1", StreamName.MAIN).end(BEGAN, Because.OFFLINE)
    answer = room.client().get("/api/v1/cameras/cam-1/live.m3u8")
    assert answer.status_code == 503
    assert "offline" in answer.json()["detail"]


def test_figures_say_who_watches(room: Room, live: LiveServer, clip: Clip) -> None:
    _begin(live, clip, 5)
    with _watch(room, _addresses(room)["socket"]) as watch:
        watch.said("begins")
        text = room.client(None).get("/metrics").text
        assert re.search(r'^hub_live_watchers\{stream="main"\} [1-9]', text, re.MULTILINE)
        assert re.search(r'^hub_live_bytes\{stream="main"\} [1-9]', text, re.MULTILINE)
