"""Deliveries: knows a message that the broker sends again, so that each is stored exactly once.

Pure: no clock, no store, no broker. The pipeline calls it under its lock. What brokers do was found by experiment (see
docs/decisions/0002-mqtt-broker.md): they set DUP on what they sent before and keep its packet id; nats-server numbers
afresh after its own restart, and after being killed it even forgets DUP. So a message that comes again is known

- by DUP, packet id and content, while the numbering holds, also by the next process of the hub;
- by DUP and content, under a packet id that is newer than all of this connection, when it was acknowledged on this
  connection: nats-server sends again what waits for 5 s, under a fresh packet id when our acknowledgement crosses that.
  Only once everything that was on its way to a connection before has come again: what nobody read there comes with DUP
  and a fresh packet id too. Never for a one-shot kind;
- by content, each stored message at most once, when the broker numbered afresh while this process lived on: it stored
  what had been sent to it, so what comes again is a repetition. By DUP, or in the first moments without it when the
  broker was killed; never for a one-shot kind: a help button pressed twice is two messages with equal payload.

When both died and the numbering is void, nothing is matched: a repetition cannot be told from an equal message whose
predecessor was acknowledged in the last moment. In doubt a message is stored again, never dropped.

An entry is forgotten (settled) when the broker has certainly taken our acknowledgement: it answered something that we
sent after it. Bounded by what the broker sends un-acknowledged plus what was acknowledged since its last answer.
Answers also tell when everything from before a connection has come, not the clock: a message may wait for long in a
connection that nobody has time to read.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass

SETTLE_S = 2.0
"""So much after it went out, an acknowledgement that the broker has read is also on its disk. Measured: of 240
acknowledged messages none came again after 0.3 s and a kill -9 of nats-server."""

WINDOW_S = 30.0
"""The broker has sent again what it wants acknowledged before it answers what is asked so many seconds after a
connection: six times its `ack_wait` of 5 s."""

CROSSES_AFTER_S = 10.0
"""nats-server sends again what was on its way to the connection before within `ack_wait`, 5 s, of this one."""

BURST_S = 2.0
"""A killed broker that forgot DUP sends again at once, before it answers what is asked so long after the connection."""

_PACKETS = 65_535


@dataclass(slots=True, eq=False)
class Taken:
    """A QoS 1 message that was taken over, until the broker certainly knows.

    Attributes:
        digest: SHA-256 of topic and payload.
        packet: The packet id under which the broker waits for our acknowledgement on this connection, None when it
            does not.
        marked: The store holds a mark of it under its packet id.
        stored: It is committed.
        acknowledged_s: When the acknowledgement went out on this connection.
    """

    digest: bytes
    packet: int | None
    marked: bool = True
    stored: bool = False
    acknowledged_s: float | None = None


class Deliveries:
    """The messages whose acknowledgement may still be on its way."""

    def __init__(self) -> None:
        self._by_packet: dict[int, Taken] = {}
        self._carried: dict[bytes, deque[Taken]] = defaultdict(deque)
        self._forget: list[int] = []
        self._connected_s = math.inf
        self._answered_s = -math.inf
        self._is_in_window = False
        self._is_in_burst = False
        self._may_cross = False
        self._newest: int | None = None
        """The packet id that the broker gave out last, as far as we saw on this connection."""

    def restore(self, marks: Iterable[tuple[int, bytes]]) -> None:
        """Take over the marks that an earlier process left under a numbering that still holds: (packet id, digest)."""
        for packet, digest in marks:
            self._by_packet[packet] = Taken(digest, None, stored=True)

    def connected(self, *, now_s: float, session_kept: bool, renumbered: bool, dup_kept: bool) -> None:
        """A connection stands; nothing was received on it yet.

        Args:
            now_s: Monotonic seconds.
            session_kept: The broker knows our session; otherwise it sends nothing again.
            renumbered: Packet ids of before mean nothing any more; the caller clears the marks in the store.
            dup_kept: The broker stopped in order since, so DUP tells the truth.
        """
        self.disconnected()
        self._newest = None
        self._connected_s = now_s
        self._is_in_window = True
        self._is_in_burst = not dup_kept
        if renumbered:
            for entry in self._by_packet.values():
                entry.marked = False
                self._carried[entry.digest].append(entry)
            self._by_packet.clear()
            self._forget.clear()
        if not session_kept:
            self._drop_unclaimed()

    def disconnected(self) -> None:
        """The connection is gone: which acknowledgements arrived is not known."""
        self._connected_s, self._answered_s = math.inf, -math.inf
        self._is_in_window = self._is_in_burst = self._may_cross = False
        for entry in self._by_packet.values():
            entry.packet = None
            entry.acknowledged_s = None

    def answered(self, sent_s: float) -> None:
        """The broker answered what was sent at `sent_s` (monotonic) on this connection.

        MQTT is read in order on both sides: it has read every acknowledgement that went out before, and what it sent
        before its answer has been received.
        """
        self._answered_s = max(self._answered_s, sent_s)
        old_s = self._answered_s - self._connected_s
        self._is_in_burst = self._is_in_burst and old_s < BURST_S
        self._may_cross = old_s >= CROSSES_AFTER_S
        if self._is_in_window and old_s >= WINDOW_S:
            self._is_in_window = False
            self._drop_unclaimed()

    def repeated(self, packet: int, digest: bytes, *, dup: bool, one_shot: bool) -> Taken | None:
        """The message that this one repeats, now waiting under `packet`; None when it is a new one.

        Args:
            packet: Its packet id.
            digest: SHA-256 of topic and payload.
            dup: The broker says that it sent it before.
            one_shot: Two equal ones are two happenings.
        """
        entry = self._by_packet.get(packet)
        if dup and entry is not None and entry.digest == digest:
            entry.packet = packet
            return entry
        is_newer = self._newest is not None and _is_after(packet, self._newest)
        if is_newer or (self._newest is None and not dup):
            self._newest = packet
        if one_shot:
            return None
        if dup and is_newer and self._may_cross and (crossed := self._acknowledged_here(digest)) is not None:
            self._put(packet, crossed)
            return crossed
        if not self._is_in_window or not (dup or self._is_in_burst):
            return None
        pile = self._carried.get(digest)
        if not pile:
            return None
        entry = pile.popleft()
        if not pile:
            del self._carried[digest]
        self._put(packet, entry)
        return entry

    def take(self, packet: int, digest: bytes) -> Taken:
        """Remember a new message that is about to be stored, its mark under its packet id."""
        entry = Taken(digest, packet)
        self._put(packet, entry)
        return entry

    def acknowledged(self, entry: Taken, now_s: float) -> None:
        """The acknowledgement of `entry` went out."""
        entry.packet = None
        entry.acknowledged_s = now_s

    def drop(self, entry: Taken) -> None:
        """Forget a message that could not be stored: when it comes again it is new."""
        for packet, other in list(self._by_packet.items()):
            if other is entry:
                del self._by_packet[packet]
        pile = self._carried.get(entry.digest)
        if pile is not None and entry in pile:
            pile.remove(entry)

    def settled(self, now_s: float) -> list[int]:
        """Forget what the broker certainly knows at `now_s` (monotonic).

        Returns:
            The packet ids whose marks can go.
        """
        for packet, entry in list(self._by_packet.items()):
            at_s = entry.acknowledged_s
            if at_s is not None and at_s <= self._answered_s and now_s - at_s >= SETTLE_S:
                self._remove(packet, entry)
        packets, self._forget = self._forget, []
        return packets

    @property
    def waits(self) -> bool:
        """Whether more is known once the broker answers a question: how old the connection is, or what it has read."""
        return self._is_in_window or any(entry.acknowledged_s is not None for entry in self._by_packet.values())

    def remember(self, packets: Iterable[int]) -> None:
        """The marks of `packets` could not be removed now; `settled` names them again."""
        self._forget.extend(packets)

    def __len__(self) -> int:
        return len(self._by_packet) + sum(len(pile) for pile in self._carried.values())

    def _acknowledged_here(self, digest: bytes) -> Taken | None:
        entries = self._by_packet.values()
        return next((each for each in entries if each.acknowledged_s is not None and each.digest == digest), None)

    def _put(self, packet: int, entry: Taken) -> None:
        before = self._by_packet.get(packet)
        if before is not None and before.marked and not entry.marked:
            self._forget.append(packet)  # an entry with a mark of its own overwrites the old one
        entry.packet = packet
        self._by_packet[packet] = entry

    def _remove(self, packet: int, entry: Taken) -> None:
        del self._by_packet[packet]
        if entry.marked:
            self._forget.append(packet)

    def _drop_unclaimed(self) -> None:
        """The broker did not ask for these again, so it has our acknowledgement."""
        self._carried.clear()
        for packet, entry in list(self._by_packet.items()):
            if entry.packet is None and entry.acknowledged_s is None:
                self._remove(packet, entry)


def _is_after(packet: int, other: int) -> bool:
    """Whether a packet id was given out after another one; they go round from 65535 to 1."""
    return 0 < (packet - other) % _PACKETS < _PACKETS // 2
