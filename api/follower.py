"""Follower: one thread that reads a stored stream on from its own place and hands each entry to a function.

Used for what the hub makes of its own streams on the side (stills, outgoing MQTT). Nothing waits for it and nothing is
queued: a slow one is behind, and catches up. An entry that fails is logged and passed over. It begins with what is new
when it starts, because its effects are about the present moment.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

from hub.bus import Bus, Topic
from hub.errors import StoreClosedError, StoreError

logger = logging.getLogger(__name__)

_BATCH = 100
_GATHER_S = 0.02  # what is announced together is read together
_LOOK_AGAIN_S = 1.0  # also without being told: bounds a lost announcement, and the stop


class Numbered(Protocol):
    """An entry of a stored stream."""

    @property
    def seq(self) -> int:
        """Its number."""


E = TypeVar("E", bound=Numbered)


class Follower(Generic[E]):
    """Reads one topic for one purpose."""

    def __init__(
        self,
        name: str,
        *,
        bus: Bus,
        topic: Topic,
        newest: Callable[[], int],
        read: Callable[[int, int], Sequence[E]],
        handle: Callable[[E], None],
    ) -> None:
        """Follow `topic`.

        Args:
            name: For logs and the thread.
            bus: Says that there is more.
            topic: Which stream.
            newest: Number of its newest entry, where the following begins.
            read: Entries after a number, at most so many, oldest first.
            handle: Called for each entry, in order, in the follower's thread; may block.
        """
        self._name = name
        self._bus = bus
        self._topic = topic
        self._newest = newest
        self._read = read
        self._handle = handle
        self._place = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def behind(self) -> int:
        """How many entries are stored and not handled yet."""
        return max(0, self._bus.newest(self._topic) - self._place)

    def start(self, *, after: int | None = None) -> None:
        """Begin with what comes after entry number `after`; None begins after the newest."""
        self._place = self._newest() if after is None else after
        self._thread.start()

    def stop(self) -> None:
        """End after the entry in hand; may be called twice, and before `start`."""
        self._stopping.set()
        self._bus.wake()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                entries = self._read(self._place, _BATCH)
            except StoreClosedError:
                return
            except StoreError:
                logger.exception("stream cannot be read", extra={"follower": self._name})
                self._stopping.wait(_LOOK_AGAIN_S)
                continue
            for entry in entries:
                if self._stopping.is_set():
                    return
                try:
                    self._handle(entry)
                except Exception:  # one entry must not end the following
                    logger.exception("entry failed", extra={"follower": self._name, "seq": entry.seq})
                self._place = entry.seq
            if not entries:
                self._bus.wait(self._topic, after=self._place, timeout_s=_LOOK_AGAIN_S)
                self._stopping.wait(_GATHER_S)
