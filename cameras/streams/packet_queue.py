"""The queue between a camera's reader and the worker's analysis: bounded, and always decodable.

The reader must never wait (the camera would drop the connection, and recordings take the same packets), so when the
analysis falls behind, the oldest packets go, up to the next key frame: what is left starts where decoding can start.
What is dropped is counted. `Opened` and `Broke` travel in the same order as the packets and are never dropped.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from datetime import datetime

from cameras.errors import SourceProblem
from cameras.streams.packets import Packet, StreamInfo


@dataclass(frozen=True, slots=True)
class Opened:
    """The stream begins (again)."""

    info: StreamInfo


@dataclass(frozen=True, slots=True)
class Broke:
    """The stream is over, for now."""

    at: datetime
    reason: SourceProblem


StreamItem = Opened | Packet | Broke

_MAX_PACKETS = 256
"""Ten seconds at 25 frames per second; later than that an alert is of no use."""

_MAX_BYTES = 16 * 1024 * 1024
"""Ten seconds of a large main stream (12 Mbit/s). 159 queues full of it are 2.5 GB, of sub streams 0.3 GB."""


class PacketQueue:
    """Items in order, for one writing and one reading thread.

    Attributes:
        dropped: Packets that were thrown away since the start.
    """

    def __init__(self, *, max_packets: int = _MAX_PACKETS, max_bytes: int = _MAX_BYTES) -> None:
        self._max_packets = max_packets
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._items: deque[StreamItem] = deque()
        self._packets = 0
        self._bytes = 0
        self._needs_key = False
        self.dropped = 0

    def put(self, item: StreamItem) -> None:
        """Add at the end; never waits."""
        with self._lock:
            if isinstance(item, Opened):
                self._needs_key = False
            if isinstance(item, Packet) and not self._admit(item):
                self.dropped += 1
                return
            self._items.append(item)

    def take(self) -> StreamItem | None:
        """The oldest item, None when there is none."""
        with self._lock:
            if not self._items:
                return None
            item = self._items.popleft()
            if isinstance(item, Packet):
                self._packets -= 1
                self._bytes -= item.size_bytes
            return item

    def __len__(self) -> int:
        return len(self._items)

    def _admit(self, packet: Packet) -> bool:
        while self._packets and self._full(packet):
            self._drop_to_next_key()
        if self._needs_key and not packet.is_key:
            return False
        self._needs_key = False
        self._packets += 1
        self._bytes += packet.size_bytes
        return True

    def _full(self, packet: Packet) -> bool:
        return self._packets >= self._max_packets or self._bytes + packet.size_bytes > self._max_bytes

    def _drop_to_next_key(self) -> None:
        """Drop the oldest packets, at least one, until a key frame is the oldest; none may be left."""
        kept: list[StreamItem] = []
        dropped_here = 0
        while self._items:
            item = self._items[0]
            if isinstance(item, Packet):
                if item.is_key and dropped_here:
                    break
                dropped_here += 1
                self._packets -= 1
                self._bytes -= item.size_bytes
            else:
                kept.append(item)
            self._items.popleft()
        self._items.extendleft(reversed(kept))
        self._needs_key = self._packets == 0
        self.dropped += dropped_here
