"""What signing in costs: a sign-in, fifty at once, and the look at a token or an API key at every request.

Run: `python -m benchmarks.sign_in`. It starts a hub without cameras on a free port, in a folder of its own.
"""

from __future__ import annotations

import resource
import statistics
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from api.main import build
from config.community import Community
from config.machine import EmbeddedBroker, Http, Machine, Workers
from hub.access import Permission, Role
from hub.clock import SystemClock

PASSWORD = "three words and a river"  # noqa: S105 - of an account that lives for a minute
AT_ONCE = 50
_REQUESTS = 300
_ALONE = 10
_CLOCK = SystemClock()


class _Counting:
    """How many hashes are made at the same moment."""

    def __init__(self, hasher: Any) -> None:
        self._hasher = hasher
        self._lock = threading.Lock()
        self._now = self.most = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._hasher, name)

    def _counted(self, work: Callable[..., Any], *given: Any) -> Any:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        try:
            return work(*given)
        finally:
            with self._lock:
                self._now -= 1

    def hash(self, *given: Any) -> Any:
        return self._counted(self._hasher.hash, *given)

    def verify_and_update(self, *given: Any) -> Any:
        return self._counted(self._hasher.verify_and_update, *given)


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _timed_ms(work: Callable[[], Any], times: int) -> list[float]:
    took = []
    for _ in range(times):
        begun_s = _CLOCK.monotonic_s()
        work()
        took.append((_CLOCK.monotonic_s() - begun_s) * 1000)
    return took


def _said(what: str, took_ms: list[float]) -> None:
    print(f"{what:44} median {statistics.median(took_ms):8.2f} ms   worst {max(took_ms):8.2f} ms")


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        machine = Machine(
            data=Path(folder) / "data",
            http=Http(port=0),
            broker=EmbeddedBroker(port=0),
            workers=Workers(count=1, linger_s=0),
            log_level="error",
        )
        hub = build(machine, community=Community())
        try:
            _measure(hub)
        finally:
            hub.stop()


def _measure(hub: Any) -> None:
    parts = hub.parts
    counting = _Counting(parts.accounts._passwords._hash)  # noqa: SLF001 - nothing outside counts hashes
    parts.accounts._passwords._hash = counting  # noqa: SLF001
    account = parts.accounts.create("lin", PASSWORD, Role.ADMINISTRATOR)
    form = {"username": "lin", "password": PASSWORD}
    with httpx.Client(base_url=hub.url, trust_env=False, timeout=120) as client:

        def sign_in() -> httpx.Response:
            return client.post("/api/v1/auth/token", data=form)

        sign_in()
        before_mib = _peak_mib()
        _said("one sign-in after the other", _timed_ms(sign_in, _ALONE))
        print(f"{'memory at the peak, one at a time':44} {_peak_mib() - before_mib:+8.0f} MiB")
        begun_s = _CLOCK.monotonic_s()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            answers = list(pool.map(lambda _number: sign_in().status_code, range(AT_ONCE)))
        took_s = _CLOCK.monotonic_s() - begun_s
        print(
            f"{f'{AT_ONCE} at once':44} {took_s:8.2f} s      {answers.count(200)} in, "
            f"{AT_ONCE - answers.count(200)} told to come back"
        )
        print(f"{'  hashes at the same moment, at most':44} {counting.most:8d}")
        print(f"{'  memory at the peak':44} {_peak_mib() - before_mib:+8.0f} MiB")

        token = sign_in().json()["access_token"]
        scope = frozenset({Permission.VIEW_CAMERAS})
        expires = parts.clock.now() + timedelta(days=1)
        _, key = parts.people.keys.make(account.id, "measured", scope, cameras=None, expires=expires)
        for what, headers in (
            ("GET /me, nobody (401)", {}),
            ("GET /me with a token", {"Authorization": f"Bearer {token}"}),
            ("GET /me with an API key", {"X-API-Key": key}),
        ):
            _said(what, _timed_ms(partial(client.get, "/api/v1/me", headers=headers), _REQUESTS))
        claims = parts.tokens.read(token)
        _said("  of it: the token is read", _timed_ms(lambda: parts.tokens.read(token), _REQUESTS))
        standing = parts.people.sign_ins.standing
        _said("  of it: how the account stands", _timed_ms(lambda: standing(account.id, claims.family), _REQUESTS))
        _said("  of it: the key is opened", _timed_ms(lambda: parts.people.keys.open(key), _REQUESTS))


if __name__ == "__main__":
    main()
