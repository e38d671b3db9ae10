"""A stream's address opens a stream and nothing else: no program, no file, no list that leads to one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from api import setting_up
from cameras.errors import SourceError
from cameras.setting_up.__main__ import answer_to
from cameras.setting_up.asking import read_request, request_of
from cameras.setting_up.words import Answer, Request
from cameras.streams.sources import Sources
from config.community import Camera, Community, Site, Stream
from config.networks import Networks
from hub.clock import SystemClock
from hub.networks import cameras_allowed
from tests.api.access.world import World
from tests.fakes.recordings import footage, write_segment

URLS = (
    "exec:touch {canary}", "exec://touch%20{canary}", "echo:exec:touch {canary}", "file:{film}", "file://{film}",
    "FILE://{film}", "pipe:0", "pipe:", "concat:{film}|{film}", "concatf:{film}", "subfile,,start,0,end,9,,:{film}",
    "data:text/plain;base64,AAAA", "cache:file:{film}", "crypto:{film}", "async:file:{film}", "tee:{film}",
    "ftp://127.0.0.1/x", "gopher://127.0.0.1:6379/_x", "smb://127.0.0.1/x", "sftp://127.0.0.1/x", "rtmp://127.0.0.1/x",
    "srt://127.0.0.1:1?mode=listener", "udp://127.0.0.1:1", "tcp://127.0.0.1:1?listen", "unix:/tmp/x", "lavfi:testsrc",
    "v4l2:///dev/video0", "x11grab::0", "{film}", "../../{film}", "javascript:alert(1)", "hls+file://{film}",
    "hls+http://127.0.0.1/x", "rtsp+exec://x", "ffmpeg:{film}", " file://{film}", "\tfile://{film}",
)  # fmt: skip
CONTROL = (
    "rtsp://10.9.8.1/x\r\nX-Evil: 1",
    "rtsp://10.9.8.1/\nfile:{film}",
    "rtsp://10.9.8.1/\x00",
    "http://10.9.8.1/a\tb",
)
OPTIONS = (
    "rtsp://10.9.8.1/x -f lavfi -i testsrc",
    "rtsp://10.9.8.1/x#exec:touch {canary}",
    "rtsp://10.9.8.1/x?protocol_whitelist=file",
)


@pytest.fixture(scope="module")
def asking(world: World) -> Iterator[World]:
    """A hub that tries addresses out as the set-up process does, but here: starting one for each takes a second."""
    patch = pytest.MonkeyPatch()

    def answer(request: Request, **_more: object) -> Answer:
        return answer_to(read_request(request_of(request)), SystemClock(), lambda _progress: None)

    patch.setattr(setting_up, "ask", answer)
    yield world
    patch.undo()


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A film that would play if it were opened."""
    from datetime import UTC, datetime

    form, samples = footage(2)
    made = write_segment(tmp_path / "r", datetime(2026, 3, 1, tzinfo=UTC), form, samples, camera="c", site="s")
    path = next((tmp_path / "r").rglob("*.mp4"))
    assert made
    return path


@pytest.mark.parametrize("url", URLS + CONTROL)
def test_no_such_address_is_taken_over_the_network(asking: World, url: str, film: Path, tmp_path: Path) -> None:
    """Neither by adding a camera, nor by changing one, nor by trying one out."""
    canary, world = tmp_path / "canary", asking
    master = world.askers["whole-administrator"]
    url = url.format(film=film, canary=canary)
    body = {"id": "evil", "site": "near-road", "main": {"url": url}}
    for stream in ("main", "sub"):
        streams = {"main": {"url": "rtsp://10.9.8.1/x"}, stream: {"url": url}}
        answer = world.ask("POST", "/api/v1/cameras", master, json={**body, **streams})
        assert answer.status_code == 422, answer.text
    change = {**body, "id": "near-shop-cam"}
    answer = world.ask("PUT", "/api/v1/cameras/near-shop-cam", master, json=change, headers={"If-Match": "*"})
    assert answer.status_code == 422, answer.text
    for path in ("probe", "try-still"):
        answer = world.ask("POST", f"/api/v1/cameras/{path}", master, json={"url": url})
        refused = answer.status_code in (404, 422)
        word = "" if refused else answer.json()["problem"]["word"]
        # `pipe:` may be a host of that name, with no port.
        assert refused or word == "bad_address" or (url == "pipe:" and word == "unknown_host"), (path, answer.text)
    assert not canary.exists()
    assert world.room.hub.parts.revisions.current().camera("evil") is None


@pytest.mark.parametrize("url", OPTIONS)
def test_options_in_an_address_are_part_of_the_address(url: str, film: Path, tmp_path: Path) -> None:
    """Where such an address is taken at all, it is asked for as it stands, and does nothing else."""
    canary = tmp_path / "canary"
    source = Sources(SystemClock(), cameras_allowed(Networks(cameras=("loopback",)))).make(
        Stream(url=url.format(canary=canary, film=film).replace("10.9.8.1", "127.0.0.1:1")), stopping=threading.Event()
    )
    with pytest.raises(SourceError):
        source.open()
    source.close()
    assert not canary.exists()


@pytest.mark.parametrize("url", [each for each in URLS if not each.strip().lower().startswith("file:")])
def test_no_worker_opens_one_either(url: str, film: Path, tmp_path: Path) -> None:
    """The last wall, should one ever stand in the configuration; `file:` is for who writes the file on the hub."""
    canary = tmp_path / "canary"
    try:
        stream = Stream(url=url.format(film=film, canary=canary))
    except ValueError:
        return
    with pytest.raises(SourceError):  # noqa: PT012 - refused when it is made, or when it is opened
        source = Sources(SystemClock(), cameras_allowed(Networks(cameras=("loopback", "private")))).make(
            stream, stopping=threading.Event(), options={}
        )
        source.open()
    assert not canary.exists()


@contextmanager
def _serving(answers: dict[str, tuple[int, dict[str, str], bytes]]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = answers.get(self.path, (404, {}, b""))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_told: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _list(target: str, *, init: str | None = None) -> bytes:
    start = "" if init is None else f'#EXT-X-MAP:URI="{init}"\n'
    lines = f"#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:2\n{start}#EXTINF:2,\n{target}\n#EXT-X-ENDLIST\n"
    return lines.encode()


@pytest.mark.parametrize(
    "way",
    [
        "file:{film}",
        "file://{film}",
        "{film}",
        "concat:{film}",
        "subfile,,start,0,end,999999,,:{film}",
        "crypto:{film}",
    ],
)
def test_no_list_or_redirect_of_a_camera_leads_to_a_file(way: str, film: Path) -> None:
    """The film would play: that it does not shows that it was not opened."""
    target = way.format(film=film)
    kind = {"Content-Type": "application/vnd.apple.mpegurl"}
    answers: dict[str, tuple[int, dict[str, str], bytes]] = {
        "/list.m3u8": (200, kind, _list(target)),
        "/init.m3u8": (200, kind, _list(target, init=target)),
        "/outer.m3u8": (200, kind, f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{target}\n".encode()),
        "/moved": (302, {"Location": target}, b""),
        "/film.mp4": (200, {"Content-Type": "video/mp4"}, film.read_bytes()),
    }
    with _serving(answers) as address:
        sources = Sources(SystemClock(), cameras_allowed(Networks(cameras=("loopback",))))
        plain = sources.make(Stream(url=f"{address}/film.mp4"), stopping=threading.Event())
        plain.open()
        assert next(iter(plain.packets())), "the film itself plays, so that nothing else keeps the others from playing"
        plain.close()
        for path in ("list.m3u8", "init.m3u8", "outer.m3u8", "moved"):
            source = sources.make(Stream(url=f"{address}/{path}"), stopping=threading.Event())
            with pytest.raises(SourceError):  # noqa: PT012 - says what was opened
                source.open()
                raise AssertionError(f"{path} opened {target}: {next(iter(source.packets()))}")
            source.close()


def test_what_is_written_in_a_file_on_the_hub_may_still_be_a_file() -> None:
    """Who writes community.yaml may name films; this is not what the walls are for."""
    there = Community(
        sites=(Site(id="s", name={"en": "S"}),), cameras=(Camera(id="c", site="s", main=Stream(url="file:/x.mp4")),)
    )
    assert there.cameras[0].main.url == "file:/x.mp4"
