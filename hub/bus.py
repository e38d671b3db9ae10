"""Bus: tells whoever waits that something newer is stored; carries no content.

Every stream of facts (events, the journal) is in the store under a number that only grows. The Bus holds the newest
number per topic; a reader keeps its own place and reads on from the store when it is told. So nothing is queued here,
nothing can overflow, and a reader that was away misses nothing.
"""

from __future__ import annotations

import enum
import threading
from collections import defaultdict
from collections.abc import Callable


class Topic(enum.StrEnum):
    """The stored streams that can be followed."""

    EVENTS = "events"
    """`hub.store.event_log`: sequence number of an event."""
    JOURNAL = "journal"
    """`alerts.store.journal`: sequence number of a journal entry."""


class Bus:
    """The newest number per topic. Safe from any thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._newest: dict[Topic, int] = defaultdict(int)
        self._wakes = 0
        self._followers: dict[Topic, list[Callable[[int], None]]] = defaultdict(list)

    def announce(self, topic: Topic, number: int) -> None:
        """Say that everything up to `number` is committed. A number that is not newer changes nothing."""
        with self._changed:
            if number <= self._newest[topic]:
                return
            self._newest[topic] = number
            followers = tuple(self._followers[topic])
            self._changed.notify_all()
        for follower in followers:
            follower(number)

    def newest(self, topic: Topic) -> int:
        """The newest number announced, 0 before the first."""
        with self._changed:
            return self._newest[topic]

    def wait(self, topic: Topic, *, after: int, timeout_s: float) -> int:
        """Wait until something newer than `after` is announced, at most `timeout_s` seconds.

        Returns:
            The newest number, which is `after` or less when the time ran out.
        """
        with self._changed:
            wakes = self._wakes
            self._changed.wait_for(lambda: self._newest[topic] > after or self._wakes != wakes, timeout_s)
            return self._newest[topic]

    def wake(self) -> None:
        """Let every `wait` return now, for a reader that is told to stop."""
        with self._changed:
            self._wakes += 1
            self._changed.notify_all()

    def follow(self, topic: Topic, follower: Callable[[int], None]) -> Callable[[], None]:
        """Call `follower(number)` on every announcement, in the announcer's thread: it must return at once.

        Returns:
            A function that ends the following.
        """
        with self._changed:
            self._followers[topic].append(follower)

        def end() -> None:
            with self._changed:
                if follower in self._followers[topic]:
                    self._followers[topic].remove(follower)

        return end
