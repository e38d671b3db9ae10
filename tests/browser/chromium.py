"""Browser: a real headless Chromium, told what to do over a pipe (Chrome DevTools protocol)."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import itertools
import json
import os
import shutil
import subprocess
import threading
from pathlib import Path
from typing import Any

DEADLINE_S = 30.0
PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-pipe",
)


class _GoneOnError(Exception):
    """The page that was asked has been left meanwhile."""


class Browser:
    """One page. `close` ends the program."""

    def __init__(self, profile: Path, *, width: int = 1280, height: int = 900, mobile: bool = False) -> None:
        assert PROGRAM is not None
        to_read, self._to = os.pipe()
        self._from, to_write = os.pipe()

        def place() -> None:  # Chromium reads orders from 3 and answers on 4; ours may be 3 or 4 themselves
            orders, answers = fcntl.fcntl(to_read, fcntl.F_DUPFD, 10), fcntl.fcntl(to_write, fcntl.F_DUPFD, 10)
            os.dup2(orders, 3)
            os.dup2(answers, 4)

        self._process = subprocess.Popen(
            [PROGRAM, *FLAGS, f"--user-data-dir={profile}", f"--window-size={width},{height}", "about:blank"],
            preexec_fn=place,  # noqa: PLW1509 - the test's process has no threads that hold locks here
            close_fds=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_read)
        os.close(to_write)
        self._numbers = itertools.count(1)
        self._answers: dict[int, Any] = {}
        self._changed = threading.Condition()
        self.said: list[str] = []
        """What the page wrote to its console, and what it could not do."""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.ask(f"{domain}.enable")
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=mobile)

    _session: str | None = None

    def ask(self, method: str, **parameters: Any) -> Any:
        number = next(self._numbers)
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        with self._changed:
            assert self._changed.wait_for(lambda: number in self._answers, DEADLINE_S), f"no answer to {method}"
            answer = self._answers.pop(number)
        if "navigated" in answer.get("error", {}).get("message", ""):
            raise _GoneOnError
        assert "error" not in answer, answer
        return answer["result"]

    def open(self, url: str) -> None:
        self.ask("Page.navigate", url=url)

    def run(self, script: str) -> Any:
        """The value of an expression on the page; a promise is waited for."""
        result = self.ask("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    def wait_for(self, script: str) -> Any:
        """The value of an expression as soon as it is true, on this page or on those that it goes on to."""
        while True:
            with contextlib.suppress(_GoneOnError):
                return self._wait_for(script)

    def _wait_for(self, script: str) -> Any:
        return self.run(
            f"""new Promise((done, failed) => {{
                const end = Date.now() + {int(DEADLINE_S * 1000)} - 2000;
                const look = () => {{
                    let found; try {{ found = {script}; }} catch (error) {{ found = null; }}
                    if (found) done(found);
                    else if (Date.now() > end) failed(new Error("did not happen: " + document.body.innerText));
                    else setTimeout(look, 50);
                }};
                look();
            }})"""
        )

    def type(self, selector: str, text: str) -> None:
        self.run(f"document.querySelector({json.dumps(selector)}).focus()")
        self.ask("Input.insertText", text=text)

    def press(self, key: str) -> None:
        text = {"text": "\r"} if key == "Enter" else {"text": key} if len(key) == 1 else {}
        code = {"Enter": 13, "Tab": 9, "Escape": 27}.get(key, ord(key[0].upper()))
        for kind in ("keyDown", "keyUp"):
            self.ask(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                windowsVirtualKeyCode=code,
                **(text if kind == "keyDown" else {}),
            )

    def click(self, selector: str) -> None:
        self.run(f"document.querySelector({json.dumps(selector)}).click()")

    def picture(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.ask("Page.captureScreenshot", format="png")["data"]))

    def forget(self, url: str) -> None:
        """Leave the page, and forget whatever it and others kept."""
        self.open("about:blank")
        self.ask("Network.clearBrowserCookies")
        self.ask("Storage.clearDataForOrigin", origin=url, storageTypes="all")
        self.said.clear()

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(DEADLINE_S)
        self._reader.join(DEADLINE_S)
        os.close(self._to)
        os.close(self._from)

    def _read(self) -> None:
        rest = b""
        while chunk := os.read(self._from, 1 << 16):
            *whole, rest = (rest + chunk).split(b"\0")
            for each in whole:
                message = json.loads(each)
                with self._changed:
                    if "id" in message:
                        self._answers[message["id"]] = message
                    elif message["method"] == "Log.entryAdded":
                        self.said.append(message["params"]["entry"]["text"])
                    elif message["method"] == "Runtime.exceptionThrown":
                        self.said.append(json.dumps(message["params"]["exceptionDetails"]))
                    self._changed.notify_all()
