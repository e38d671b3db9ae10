"""Takes the pictures of the pages that README.md shows, from a demo that it runs: `make pictures`.

It needs what the tests need (Playwright and a Chromium). Whoever changes a page runs it again and looks at the result.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect, sync_playwright

_HERE = Path(__file__).parent
_DESK = {"width": 1600, "height": 900}
_PHONE = {"width": 390, "height": 844}
_PATIENCE_MS = 60_000
_READY_S = 90.0
_FIRE = re.compile("火情|Fire at")
"""Told by a detector and a camera: the red one of the demo."""


def main() -> int:
    """Run a demo, look at it as the room, a resident and a patrol do, and keep what was seen beside this file."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        sys.stderr.write("pictures: no Chromium on this machine (apt-get install chromium)\n")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        command = [str(Path(sys.executable).with_name("hub")), "demo", "--data", folder, "--port", "0"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as demo, sync_playwright() as playwright:
            try:
                access = _ready(Path(folder) / "demo.json", demo)
                browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
                for language in ("zh", "en"):
                    _take(browser, access, language)
                browser.close()
            finally:
                demo.terminate()
    return 0


def _ready(path: Path, demo: subprocess.Popen[bytes]) -> dict[str, Any]:
    end, pause = time.monotonic() + _READY_S, threading.Event()
    while time.monotonic() < end and demo.poll() is None:
        if path.exists():
            found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            return found
        pause.wait(0.2)
    message = "the demo did not start"
    raise RuntimeError(message)


def _take(browser: Browser, access: dict[str, Any], language: str) -> None:
    logins = {login["role"]: login for login in reversed(access["logins"])}
    room = _visit(browser, access["url"] + "/", logins["operator"], language=language, size=_DESK)
    fire = room.locator("[data-incident]").filter(has_text=_FIRE).first
    expect(fire).to_be_visible(timeout=_PATIENCE_MS)
    _keep(room, f"room-{language}")
    fire.focus()
    room.keyboard.press("Enter")
    room.wait_for_url("**/incidents/*", timeout=_PATIENCE_MS)
    room.wait_for_timeout(6_000)  # the clip begins to play
    _keep(room, f"incident-{language}")
    room.goto(access["url"] + "/desk/wall")
    room.wait_for_timeout(6_000)
    _keep(room, f"wall-{language}")
    phone = _visit(browser, access["url"] + "/m/", logins["resident"], language=language, size=_PHONE)
    phone.wait_for_timeout(4_000)
    _keep(phone, f"phone-{language}")
    for page in (room, phone):
        page.context.close()


def _visit(browser: Browser, address: str, login: dict[str, str], *, language: str, size: dict[str, int]) -> Page:
    locale = "zh-CN" if language == "zh" else "en-GB"
    context = browser.new_context(viewport=size, locale=locale, timezone_id="Asia/Shanghai")  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(address)
    page.locator("input[name=username]").fill(login["username"])
    page.locator("input[name=password]").fill(login["password"])
    page.locator("form.sign-in button[type=submit]").click()
    page.locator("form.sign-in").wait_for(state="detached")
    return page


def _keep(page: Page, name: str) -> None:
    page.screenshot(path=_HERE / f"{name}.jpg", type="jpeg", quality=80)


if __name__ == "__main__":
    sys.exit(main())
