"""Browsing: a real headless Chromium on the pages of a real hub, and what must hold on every page that a test opens."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PICTURES = Path(os.environ.get("HUB_SCREENSHOTS", "build/screenshots"))
"""Where the pictures of the pages are kept that tests take, for people to look at."""
DEADLINE_MS = 60_000
DESK = (1600, 900)
PHONE = (390, 844)
_FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--autoplay-policy=no-user-gesture-required")
_AXE = Path("api/ui/node_modules/axe-core/axe.min.js")
_GRAVE = ("serious", "critical")


def crowding() -> float:
    """How many times longer than on an idle machine something may take: programs that want a core, for each core."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser. Playwright keeps an event loop in this thread meanwhile: for one file of tests at most."""
    assert PROGRAM is not None
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PROGRAM, args=list(_FLAGS))
        try:
            yield browser
        finally:
            browser.close()


class Visit:
    """Somebody at one page: a browser context of its own, and all that its console said."""

    def __init__(self, browser: Browser, url: str, *, size: tuple[int, int], language: str) -> None:
        """Open nothing yet.

        Args:
            browser: Of `chromium`.
            url: The hub's address.
            size: Width and height of the window, CSS pixels.
            language: `zh` or `en`.
        """
        self.url = url
        self._context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            locale="zh-CN" if language == "zh" else "en-GB",
            has_touch=size == PHONE,
        )
        self._context.set_default_timeout(DEADLINE_MS)
        self.page: Page = self._context.new_page()
        self.said: list[str] = []
        """Errors of the console and of scripts; a test that expects one takes it out."""
        self._gone = False
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.said.append(f"script: {error}"))

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not (self._gone and _of_a_hub_away(message.text)):
            self.said.append(f"{message.type}: {message.text} ({message.location.get('url')})")

    def open(self, path: str) -> Page:
        """Go to a page of the hub."""
        self.page.goto(self.url + path)
        return self.page

    def sign_in(self, username: str, password: str, path: str = "/") -> Page:
        """Open a page and sign in on it as a person does."""
        page = self.open(path)
        page.locator("input[name=username]").fill(username)
        page.locator("input[name=password]").fill(password)
        page.locator("form.sign-in button[type=submit]").click()
        page.locator("form.sign-in").wait_for(state="detached")
        return page

    def picture(self, name: str) -> Path:
        """Keep a picture of the page as it is."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        path = PICTURES / f"{name}.png"
        self.page.screenshot(path=path)
        return path

    def faults(self) -> list[str]:
        """What axe finds grave about the page as it is: rule, and where."""
        self.page.evaluate(_AXE.read_text(encoding="utf-8") + ";0")
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{each['id']}: {node['target']} {node.get('failureSummary', '')}"
            for each in found["violations"]
            if each["impact"] in _GRAVE
            for node in each["nodes"]
        ]

    def expect_said(self, part: str) -> None:
        """Take what is expected out of what the console said."""
        self.said = [each for each in self.said if part not in each]

    def expect_gone(self) -> None:
        """Take out what is said while the hub is away: requests that fail, and the page that looks for a new self."""
        self._gone = True
        self.said = [each for each in self.said if not _of_a_hub_away(each)]

    def close(self) -> None:
        self._context.close()


def _of_a_hub_away(text: str) -> bool:
    # A request that is under way when the hub ends is cut off with a 500.
    return any(part in text for part in ("net::ERR_", "fetching the script", "status of 500", "status of 503"))
