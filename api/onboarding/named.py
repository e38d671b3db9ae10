"""Named addresses: what cameras that were tried said of their streams, in full, for who adds them next.

Some cameras have their password in the path of their streams. It is shown to nobody, so a ready body has `***` in its
place; sent back by the account that tried the camera, it means the address that the camera gave. Bounded in number and
in time, and in memory alone.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Literal

from cameras.setting_up.words import Probed
from config.community import Camera
from config.url_credentials import shown
from hub.clock import Clock

KEPT_S = 3600.0
MOST = 2_000

_Part = Literal["main", "sub"]


class NamedAddresses:
    """What was named to whom. Safe from any thread."""

    def __init__(self, clock: Clock) -> None:
        """Nothing was named yet."""
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, _Part, str], tuple[str | None, float]] = OrderedDict()

    def note(self, account: str, answer: Probed) -> None:
        """Keep the addresses of a camera whose showing would hide something; two that show as one are none."""
        named: dict[tuple[str, _Part, str], str | None] = {}
        for each in answer.addresses:
            for part, url in (("main", each.main), ("sub", each.sub)):
                if url is not None and shown(url) != url:
                    key: tuple[str, _Part, str] = (account, "main" if part == "main" else "sub", shown(url))
                    named[key] = url if named.get(key, url) == url else None
        with self._lock:
            for key, found in named.items():
                self._kept.pop(key, None)
                self._kept[key] = (found, self._clock.monotonic_s() + KEPT_S)
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)

    def whole(self, account: str, camera: Camera) -> Camera:
        """A camera with the addresses that were named to an account, where it has them as they were shown."""
        update = {}
        for part, stream in (("main", camera.main), ("sub", camera.sub)):
            if stream is None:
                continue
            url = self._named((account, "main" if part == "main" else "sub", stream.url))
            if url is not None:
                update[part] = stream.model_copy(update={"url": url})
        return camera.model_copy(update=update) if update else camera

    def _named(self, key: tuple[str, _Part, str]) -> str | None:
        with self._lock:
            url, until_s = self._kept.get(key, (None, 0.0))
            return url if until_s > self._clock.monotonic_s() else None
