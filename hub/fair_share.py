"""Fair share: places of which there are few, such as live pictures, shared among accounts.

The room and the residents have places of their own, so that no number of residents keeps the room out of what happens,
and no account gets more than its share of either. Nobody waits for a place: there is one, or it is refused at once.
Safe from any thread.
"""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from hub.access import Permission, Principal, allows
from hub.errors import NoPlaceError


@dataclass(frozen=True, slots=True)
class Guest:
    """Who takes a place.

    Attributes:
        account: Id of the account.
        is_room: Whether it belongs to the room; anybody else is a resident.
    """

    account: str
    is_room: bool


HUB: Final = Guest("", is_room=True)
"""The hub itself."""


def guest_of(who: Principal) -> Guest:
    """Somebody as a guest: of the room is who sees all pictures."""
    return Guest(who.id, allows(who, Permission.VIEW_PICTURES))


@dataclass(frozen=True, slots=True)
class Share:
    """How many places there are.

    Attributes:
        most: For all together.
        each: For one account.
    """

    most: int
    each: int


class FairShare:
    """Places of one kind."""

    def __init__(self, *, room: Share, residents: Share, retry_after_s: int) -> None:
        """Prepare; who is refused is told to come back after `retry_after_s` seconds."""
        self._shares = {True: room, False: residents}
        self._retry_after_s = retry_after_s
        self._lock = threading.Lock()
        self._taken: Counter[Guest] = Counter()

    @contextlib.contextmanager
    def place(self, guest: Guest) -> Iterator[None]:
        """Have a place while the context lasts.

        Raises:
            NoPlaceError: All are taken, or all that one account may have.
        """
        self.take(guest)
        try:
            yield
        finally:
            self.leave(guest)

    def take(self, guest: Guest) -> None:
        """Take a place; each is given back with `leave`.

        Raises:
            NoPlaceError: All are taken, or all that one account may have.
        """
        share = self._shares[guest.is_room]
        with self._lock:
            if self._taken[guest] >= share.each:
                raise NoPlaceError(f"one account has at most {share.each} at once", retry_after_s=self._retry_after_s)
            if sum(taken for each, taken in self._taken.items() if each.is_room == guest.is_room) >= share.most:
                raise NoPlaceError(f"all {share.most} places are taken", retry_after_s=self._retry_after_s)
            self._taken[guest] += 1

    def leave(self, guest: Guest) -> None:
        """Give a place back."""
        with self._lock:
            self._taken[guest] -= 1
            if not self._taken[guest]:
                del self._taken[guest]
