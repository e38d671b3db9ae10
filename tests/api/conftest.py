"""A hub for the tests of the API."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from tests.api.room import Room, open_room


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """One hub for the tests of a file, which use homes of their own."""
    opened = open_room(tmp_path_factory.mktemp("hub") / "data")
    yield opened
    opened.close()
    left = [thread.name for thread in threading.enumerate() if thread.name in {"http", "engine", "stills"}]
    assert not left, f"threads that outlive the hub: {left}"
