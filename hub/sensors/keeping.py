"""Keeping: a log that keeps raw, beside what is understood, the messages that nobody can place yet."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future

from hub.sensors.admission import Message
from hub.sensors.stores import Log
from hub.store.facts import Fact, Refusal
from hub.store.raw_messages import RawMessages


class KeepingLog:
    """The event log and the raw messages, as the intake uses them. Safe from any thread."""

    def __init__(self, log: Log, raw: RawMessages) -> None:
        """Store facts and refusals in `log`, the rest in `raw`."""
        self._log = log
        self._raw = raw

    def append(self, facts: Sequence[Fact]) -> Future[int]:
        """Store facts."""
        return self._log.append(facts)

    def refuse(self, refusal: Refusal) -> Future[None]:
        """Keep a refused message for inspection."""
        return self._log.refuse(refusal)

    def keep(self, message: Message) -> Future[None]:
        """Keep a message for whoever can read it later."""
        return self._raw.keep(message.topic, message.payload, message.arrived)
