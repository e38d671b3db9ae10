"""The reading loop, for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cameras.streams.rtsp.loop import Loop
from hub.clock import SystemClock


@pytest.fixture
def loop() -> Iterator[Loop]:
    running = Loop(SystemClock())
    running.start()
    yield running
    assert running.stop()
