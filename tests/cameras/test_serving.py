"""VideoServer: an RTSP camera that can be taken away and brought back."""

from __future__ import annotations

import itertools
import socket
from pathlib import Path

import av
import pytest

from cameras.streams.serving import VideoServer, VideoServerError


def packets_of(url: str, count: int) -> list[int]:
    with av.open(url, options={"rtsp_transport": "tcp", "probesize": "32"}, timeout=(3, 3)) as container:
        return [packet.size for packet in itertools.islice(container.demux(video=0), count)]


def test_a_file_plays_in_a_loop(clips: Path) -> None:
    """The server sends more than the file holds."""
    with VideoServer(clips) as server:
        assert len(packets_of(server.url("moving.mp4"), 55)) == 55


def test_it_comes_back_on_the_same_port(clips: Path) -> None:
    """stop() refuses connections, start() takes the port that it had."""
    with VideoServer(clips) as server:
        port = server.port
        server.stop()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), 1)
        server.start()
        assert server.port == port
        assert packets_of(server.url("still.mp4"), 2)


def test_a_port_that_is_taken_is_an_error_and_leaves_nothing_behind(clips: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server = VideoServer(clips, port=taken.getsockname()[1])
        with pytest.raises(VideoServerError, match="did not start"):
            server.start()
        assert server.pid is None
