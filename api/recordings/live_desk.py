"""Live desk: what the routes of live pictures work with, made once and put among the Parts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cameras.live.playlists import LiveWindows
from cameras.live.watching import Watching
from config.machine import Machine
from hub.clock import Clock
from hub.metrics import Metrics

PLAYLIST_LINK_S: Final = 900
"""A player cannot be given another link: as long as an access token."""


@dataclass(frozen=True, slots=True)
class LiveDesk:
    """Who watches, over a WebSocket (`watching`) or as HLS (`windows`)."""

    watching: Watching
    windows: LiveWindows
    _clock: Clock
    _signed_out: dict[str, datetime]

    def sign_out(self, account: str) -> None:
        """Let go who watches with this account; from any thread."""
        now = self._clock.now()
        for each, at in list(self._signed_out.items()):
            if at < now - timedelta(seconds=PLAYLIST_LINK_S):
                self._signed_out.pop(each, None)
        self._signed_out[account] = now
        self.watching.dismiss(account, "signed_out")

    def is_from_before(self, account: str, made: datetime) -> bool:
        """Whether the account signed out after this moment: a player would go on with its old link otherwise."""
        signed_out = self._signed_out.get(account)
        return signed_out is not None and made <= signed_out


def start_live(machine: Machine, clock: Clock, *, worker_of: Callable[[str], str | None], metrics: Metrics) -> LiveDesk:
    """Make the desk; nothing is connected before somebody watches, and `watching.close` lets everybody go.

    `worker_of` says which worker runs a camera; it is asked in the event loop and must not wait.
    """
    watching = Watching(machine.data, clock, worker_of=worker_of)
    metrics.watch(
        "hub_live_watchers",
        "Who watches live pictures, by stream.",
        lambda: _sums([(each.stream.value, each.watchers) for each in watching.figures()]),
        labels=("stream",),
    )
    metrics.watch(
        "hub_live_bytes",
        "Memory of live pictures in the hub, by stream.",
        lambda: _sums([(each.stream.value, each.held_bytes) for each in watching.figures()]),
        labels=("stream",),
    )
    return LiveDesk(watching, LiveWindows(watching, clock), clock, {})


def _sums(pairs: list[tuple[str, int]]) -> dict[tuple[str, ...], float]:
    found: dict[tuple[str, ...], float] = {("main",): 0.0, ("sub",): 0.0}
    for stream, number in pairs:
        found[stream,] += number
    return found
