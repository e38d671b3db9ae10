"""Every protocol plugin, whatever its kind: the promises that the reader relies on. New files are found."""

from __future__ import annotations

import http.server
import itertools
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from pydantic import ValidationError

from cameras.errors import SourceError, SourceProblem
from cameras.streams.packets import PacketSource
from cameras.streams.serving import VideoServer
from cameras.streams.sources import PROTOCOLS_FOLDER
from config.community import Stream
from hub.clock import SystemClock
from hub.plugins import Plugin, load_plugins
from tests.fakes.clips import write_clip

PLUGINS = load_plugins(PROTOCOLS_FOLDER)

Address = Callable[[str], str]


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves the folder without a word."""

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    write_clip(folder / "clip.mp4", moves_from_s=0, seconds=2)
    (folder / "text.mp4").write_text("this is no video\n" * 500)
    return folder


@pytest.fixture(scope="module")
def addresses(folder: Path) -> Iterator[dict[str, Address]]:
    """For each kind, the address of a file of the folder. A new protocol needs a line here."""
    web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(folder)))
    threading.Thread(target=web.serve_forever, daemon=True).start()
    with VideoServer(folder) as rtsp:
        yield {
            "rtsp": rtsp.url,
            "http": lambda name: f"http://127.0.0.1:{web.server_port}/{name}",
            "file": lambda name: (folder / name).as_uri(),
        }
    web.shutdown()
    web.server_close()


@pytest.fixture(params=sorted(PLUGINS))
def plugin(request: pytest.FixtureRequest) -> Plugin[PacketSource]:
    return PLUGINS[request.param]


@pytest.fixture
def make(plugin: Plugin[PacketSource], addresses: dict[str, Address]) -> Callable[[str], PacketSource]:
    def source(name: str) -> PacketSource:
        stream = Stream(url=addresses[plugin.kind](name))
        return plugin.build(plugin.options(), stream, clock=SystemClock(), stopping=threading.Event())

    return source


def test_it_says_what_the_stream_holds_before_the_first_packet(make: Callable[[str], PacketSource]) -> None:
    source = make("clip.mp4")
    info = source.open()
    source.close()
    assert (info.codec, info.width, info.height) == ("h264", 320, 180)


def test_the_first_packet_is_a_key_frame_and_time_never_goes_back(make: Callable[[str], PacketSource]) -> None:
    source = make("clip.mp4")
    source.open()
    packets = list(itertools.islice(source.packets(), 15))
    source.close()
    assert packets[0].is_key
    assert [packet.number for packet in packets] == list(range(15))
    assert all(later.stream_s > earlier.stream_s for earlier, later in itertools.pairwise(packets))
    assert all(later.at >= earlier.at for earlier, later in itertools.pairwise(packets))
    assert all(packet.size_bytes == packet.data.size > 0 for packet in packets)


def test_it_may_be_closed_unopened_and_twice(make: Callable[[str], PacketSource]) -> None:
    source = make("clip.mp4")
    source.close()
    source.open()
    source.close()
    source.close()


def test_what_is_not_there_is_named_so(make: Callable[[str], PacketSource]) -> None:
    with pytest.raises(SourceError) as caught:
        make("nothing.mp4").open()
    assert caught.value.reason is SourceProblem.NOT_FOUND


def test_what_is_no_video_is_refused_with_a_reason(make: Callable[[str], PacketSource]) -> None:
    with pytest.raises(SourceError) as caught:
        make("text.mp4").open()
    assert caught.value.reason in {SourceProblem.NOT_VIDEO, SourceProblem.REFUSED}


def test_an_unknown_option_is_refused(plugin: Plugin[PacketSource]) -> None:
    with pytest.raises(ValidationError, match="colour"):
        plugin.options.model_validate({"colour": "red"})


def test_it_says_in_one_sentence_what_it_is(plugin: Plugin[PacketSource]) -> None:
    assert plugin.summary.endswith(".")
