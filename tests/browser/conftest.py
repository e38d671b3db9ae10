"""A hub for the tests of the pages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.api.room import Room, open_room


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """One hub for the tests of a file, which use homes of their own."""
    opened = open_room(tmp_path_factory.mktemp("hub") / "data")
    yield opened
    opened.close()
