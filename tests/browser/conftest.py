"""A hub and a browser for the tests of the pages."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from api.routes import pages
from tests.api.room import Room, open_room
from tests.browser.browsing import DEADLINE_MS, DESK, PROGRAM, Visit, chromium

MakeVisit = Callable[..., Visit]
expect.set_options(timeout=DEADLINE_MS)


@pytest.fixture(scope="session", autouse=True)
def built_elsewhere() -> Iterator[None]:
    """`HUB_TEST_PAGES=FOLDER` tries pages that were built elsewhere (`npm run build` in another checkout)."""
    with pytest.MonkeyPatch.context() as patch:
        if folder := os.environ.get("HUB_TEST_PAGES"):
            patch.setattr(pages, "_BUILT", Path(folder))
        yield


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for a file of tests."""
    if PROGRAM is None:
        pytest.skip("no Chromium on this machine (apt-get install chromium)")
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """One hub for the tests of a file, which use homes of their own."""
    opened = open_room(tmp_path_factory.mktemp("hub") / "data")
    yield opened
    opened.close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[MakeVisit]:
    """Makes visits: `visit(url, size=PHONE, language="en")`. None of them may leave an error on its console."""
    made: list[Visit] = []

    def make(url: str, *, size: tuple[int, int] = DESK, language: str = "zh") -> Visit:
        made.append(Visit(browser, url, size=size, language=language))
        return made[-1]

    yield make
    for each in made:
        each.close()
    said = [line for each in made for line in each.said]
    assert not said, said
