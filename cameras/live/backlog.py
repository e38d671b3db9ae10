"""Backlog: what waits for one watcher, bounded, and always playable from its first picture on.

Whoever feeds it must never wait, so when the watcher falls behind, pictures go up to the newest key picture; if that is
what stands first already, all go and the next key picture is waited for. What goes is counted and told in its place.
Not for several threads: who owns it guards it.
"""

from __future__ import annotations

from collections import deque

from cameras.live.wire import Begins, Dropped, Item, Part

MOST_BYTES = 16 * 1024 * 1024
"""Four seconds of the largest stream there is (32 Mbit/s), twenty of a usual main stream."""

MOST_BEHIND_S = 3.0
"""A picture that waited for so long is not live any more."""


class Backlog:
    """Items in order.

    Attributes:
        dropped: Pictures left out since the start.
        held_bytes: Of the pictures that wait.
    """

    def __init__(self, *, most_bytes: int = MOST_BYTES, most_behind_s: float = MOST_BEHIND_S) -> None:
        self._most_bytes = most_bytes
        self._most_behind_s = most_behind_s
        self._items: deque[tuple[float, Item]] = deque()
        self._needs_key = True
        self._untold = 0
        self.dropped = 0
        self.held_bytes = 0

    def __len__(self) -> int:
        return len(self._items)

    def put(self, item: Item, now_s: float) -> None:
        """Add at the end.

        Args:
            item: The next of the stream.
            now_s: By a monotonic clock.
        """
        if isinstance(item, Part):
            self._put_part(item, now_s)
            return
        if isinstance(item, Begins):
            self._needs_key = True
            self._untold = 0
        elif isinstance(item, Dropped):
            # Left out before it came here; what was left out here is not told twice.
            self._needs_key = True
            self.dropped += item.pictures
        self._items.append((now_s, item))

    def take(self) -> Item | None:
        """The oldest item, None when there is none."""
        if not self._items:
            return None
        _, item = self._items.popleft()
        if isinstance(item, Part):
            self.held_bytes -= len(item.data)
        return item

    def _put_part(self, part: Part, now_s: float) -> None:
        if (part.is_key or not self._needs_key) and self._behind(part, now_s):
            self._drop_to_newest_key(part)
        if self._needs_key and not part.is_key:
            if self._untold:
                self._untold += 1
                self.dropped += 1
            return
        if self._untold:
            self._items.append((now_s, Dropped(self._untold)))
            self._untold = 0
        self._needs_key = False
        self.held_bytes += len(part.data)
        self._items.append((now_s, part))

    def _behind(self, part: Part, now_s: float) -> bool:
        if not self.held_bytes:
            return False
        return now_s - self._items[0][0] > self._most_behind_s or self.held_bytes + len(part.data) > self._most_bytes

    def _drop_to_newest_key(self, coming: Part) -> None:
        keys = [place for place, (_, item) in enumerate(self._items) if isinstance(item, Part) and item.is_key]
        first = next(place for place, (_, item) in enumerate(self._items) if isinstance(item, Part))
        keeps = keys[-1] if keys and keys[-1] > first and not coming.is_key else len(self._items)
        kept: deque[tuple[float, Item]] = deque()
        gone = 0
        for place, (since_s, item) in enumerate(self._items):
            if isinstance(item, Part) and place < keeps:
                gone += 1
                self.held_bytes -= len(item.data)
                continue
            if place == keeps:
                kept.append((since_s, Dropped(gone)))
            kept.append((since_s, item))
        if keeps == len(self._items):
            self._untold += gone
            self._needs_key = True
        self._items = kept
        self.dropped += gone
