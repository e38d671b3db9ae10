"""What the pipeline uses of the store: the log, the marks of deliveries, and the announcements."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from typing import Protocol, runtime_checkable

from hub.sensors.admission import Message
from hub.store.facts import Fact, Refusal


class Log(Protocol):
    """What the pipeline uses of the EventLog."""

    def append(self, facts: Sequence[Fact]) -> Future[int]:
        """Store facts."""

    def refuse(self, refusal: Refusal) -> Future[None]:
        """Keep a refused message."""


@runtime_checkable
class Keeping(Protocol):
    """A log that also keeps what nobody can place."""

    def keep(self, message: Message) -> Future[None]:
        """Keep a message for whoever can read it later."""


class Memory(Protocol):
    """What the pipeline uses of the Announcements."""

    def load(self) -> list[tuple[str, bytes]]:
        """Topic and payload of each."""

    def keep(self, topic: str, payload: bytes) -> Future[None] | None:
        """Keep the newest message of a topic, an empty one removes it; None when there is nothing to write."""


class Marks(Protocol):
    """What the pipeline uses of the DeliveryMarks."""

    def load(self, client: str) -> list[tuple[int, bytes]]:
        """Packet id and digest of each."""

    def clear(self, client: str) -> Future[None]:
        """Packet ids became void."""

    def forget(self, client: str, packets: Sequence[int]) -> Future[None]:
        """The broker knows."""
