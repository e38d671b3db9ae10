"""Outbound: what the hub tells the world over MQTT: every event, what becomes of orders, and every open incident.

Two readers of the stored streams. They begin with what is new; open incidents are published afresh at the start,
because their topics are retained and the broker may have missed a change. What the broker does not take is dropped and
counted by the Publisher: who needs every entry reads the feed, which has numbers.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any, Protocol

from alerts.incidents.colours import coloured
from alerts.incidents.incident import Handling
from alerts.incidents.views import JournalEntry
from alerts.store.lists import Filter, Repository
from api.follower import Follower
from config.community import Community
from hub.bus import Bus, Topic
from hub.events import event_to_json
from hub.store.event_log import EventLog, StoredEvent

logger = logging.getLogger(__name__)

PREFIX = "hub/v1"
_OPEN = (Handling.NEW, Handling.SEEN, Handling.DISPATCHED, Handling.ON_SCENE)
_OVER = (Handling.RESOLVED.value, Handling.CLOSED.value)
_MOST_OPEN = 1000  # published at the start; a room that has more open has other worries
_NO_TOPIC = str.maketrans({"/": "_", "+": "_", "#": "_", "\0": "_"})


class Outlet(Protocol):
    """What this file needs of a Publisher."""

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> bool:
        """Send, or drop and count."""


class Outbound:
    """Publishes events and incidents."""

    def __init__(
        self,
        outlet: Outlet,
        *,
        event_log: EventLog,
        repository: Repository,
        bus: Bus,
        community: Callable[[], Community],
    ) -> None:
        """Publish to `outlet` what is stored from now on."""
        self._outlet = outlet
        self._repository = repository
        self._community = community
        self._events: Follower[StoredEvent] = Follower(
            "outbound-events",
            bus=bus,
            topic=Topic.EVENTS,
            newest=event_log.newest_seq,
            read=event_log.after,
            handle=self._event,
        )
        self._incidents: Follower[JournalEntry] = Follower(
            "outbound-incidents",
            bus=bus,
            topic=Topic.JOURNAL,
            newest=repository.newest_seq,
            read=repository.journal_after,
            handle=self._entry,
        )

    def start(self) -> None:
        """Publish what is open, then go on with what is new."""
        place = self._repository.newest_seq()  # before the list: what moves meanwhile is published after it
        for incident in self._repository.incidents(Filter(handling=_OPEN), limit=_MOST_OPEN).items:
            self._incident(incident.id, incident.to_json())
        self._events.start()
        self._incidents.start(after=place)

    def stop(self) -> None:
        """End both readers; may be called twice."""
        self._events.stop()
        self._incidents.stop()

    @property
    def behind(self) -> int:
        """Entries that are stored and not published yet."""
        return self._events.behind + self._incidents.behind

    def _event(self, stored: StoredEvent) -> None:
        event = stored.event
        topic = f"{PREFIX}/events/{event.kind.translate(_NO_TOPIC)}/{event.source.translate(_NO_TOPIC)}"
        self._outlet.publish(topic, _payload(event_to_json(event)))

    def _entry(self, entry: JournalEntry) -> None:
        if entry.topic == "incident":
            self._incident(entry.subject, entry.body)
        elif entry.topic == "order":
            unit = str(entry.body.get("unit", "")).translate(_NO_TOPIC)
            self._outlet.publish(f"{PREFIX}/orders/{unit}", _payload({"move": entry.move, **entry.body}))

        elif entry.topic == "household":
            site = entry.subject.translate(_NO_TOPIC)
            self._outlet.publish(f"{PREFIX}/households/{site}", _payload({"move": entry.move, **entry.body}))

    def _incident(self, incident: str, body: Any) -> None:
        over, shown = body.get("handling") in _OVER, coloured(body, self._community().colours)
        # An empty retained message is how MQTT forgets one.
        self._outlet.publish(f"{PREFIX}/incidents/{incident}", b"" if over else _payload(shown), retain=True)


def _payload(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
