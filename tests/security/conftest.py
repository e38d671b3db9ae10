"""A hub for the tests of what an attacker would try."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.api.access.world import World, make_world


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One hub for the tests of a file, with somebody of every role and something of everything in it."""
    made = make_world(tmp_path_factory.mktemp("hub") / "data")
    yield made
    made.close()
