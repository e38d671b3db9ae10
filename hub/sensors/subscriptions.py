"""Subscriptions: what the broker sends us, what it should send, and asking it for the difference.

The caller holds a lock. A session that an earlier process left may hold anything that process wanted, so what is wanted
now is asked for anew (the broker then gives out what it retains) and everything else is ended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from hub.sensors.admission import Place
from hub.sensors.intake import Door
from hub.sensors.topics import covers

AT_ONCE = 20
"""So many topics a second are asked for as they are announced."""

Ask = Callable[[Sequence[str]], int | None]
"""Sends a request for topics to the broker; returns its message id, None when it did not go out."""


class Subscriptions:
    """The subscriptions of one client."""

    def __init__(self, door: Door, *, subscribe: Ask, unsubscribe: Ask) -> None:
        """Know none yet; `door` says what is wanted."""
        self._door = door
        self._subscribe = subscribe
        self._unsubscribe = unsubscribe
        self._held: frozenset[str] = frozenset()
        self._asked: set[int] = set()
        self._devices: frozenset[tuple[str, str]] = frozenset()
        self._connected = False
        self._stale = False
        self._hurried = 0

    def connected(self, *, session_kept: bool) -> None:
        """A connection stands, and whether the broker knows our session: ask for what is wanted."""
        self._connected = True
        self._asked.clear()
        if not session_kept:
            self._held = frozenset()
        elif not self._held:  # a session of an earlier process, perhaps with formats and devices that are gone
            self._held = self._door.all_filters() - self._door.filters()
        self._ask()

    def disconnected(self) -> None:
        """The connection is gone."""
        self._connected = False

    def apply(self, places: Iterable[Place]) -> None:
        """Other sensors are configured; of a device that was only discovered, what is retained is asked for again."""
        devices = frozenset((place.sensor.format, place.sensor.address or place.sensor.id) for place in places)
        topics = [topic for kind, address in devices - self._devices for topic in self._door.topics_of(kind, address)]
        self._held = frozenset(one for one in self._held if not any(covers(one, topic) for topic in topics))
        self._devices = devices
        self._ask()

    def follow(self, topics: Iterable[str]) -> None:
        """A device announced these topics: the first of them are asked for at once, all others by the next `tick`.

        It also ends what no device wants any more. A hundred devices that announce themselves together are asked for
        together, by few filters.
        """
        self._stale = True
        new = [topic for topic in topics if not any(covers(one, topic) for one in self._held)]
        if self._connected and new and self._hurried < AT_ONCE:
            self._hurried += len(new)
            self._held |= frozenset(new)
            self._note(self._subscribe(new))

    def tick(self) -> None:
        """Ask for what devices announced since, in few filters. Called about once a second."""
        self._hurried = 0
        if self._stale:
            self._ask()

    def answered(self, message_id: int) -> None:
        """The broker answered a subscription."""
        self._asked.discard(message_id)

    @property
    def settled(self) -> bool:
        """Whether the broker has answered all of them."""
        return not self._asked

    def _ask(self) -> None:
        if not self._connected:
            return
        self._stale = False
        wanted = self._door.filters()
        new, gone = sorted(wanted - self._held), sorted(self._held - wanted)
        self._held = wanted
        if new:
            self._note(self._subscribe(new))
        if gone:
            self._unsubscribe(gone)

    def _note(self, message_id: int | None) -> None:
        if message_id is not None:
            self._asked.add(message_id)
