"""Clips and an RTSP server for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cameras.streams.serving import VideoServer
from tests.fakes.clips import write_clip


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `still.mp4` and `moving.mp4`: 10 fps, a key frame each half second."""
    folder = tmp_path_factory.mktemp("clips")
    write_clip(folder / "still.mp4", key_every=5)
    write_clip(folder / "moving.mp4", moves_from_s=0, key_every=5)
    return folder


@pytest.fixture
def server(clips: Path) -> Iterator[VideoServer]:
    """The clips over RTSP."""
    with VideoServer(clips) as running:
        yield running
