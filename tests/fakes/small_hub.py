"""SmallHub: the part of a hub between a broker and the store, for tests; intakes come and go, the store stays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from config.community import Community
from hub.bus import Bus
from hub.clock import SystemClock
from hub.events import Event
from hub.sensors.intake import Door
from hub.sensors.mqtt import MqttIntake
from hub.sensors.presence import Presence
from hub.sensors.stores import Log
from hub.store.announcements import Announcements
from hub.store.database import Database
from hub.store.deliveries import DeliveryMarks
from hub.store.engines import sqlite_url
from hub.store.event_log import EventLog
from tests.fakes.brokers import Mosquitto, Nats


class SmallHub:
    """The part of a hub that these tests are about; intakes come and go, the store stays."""

    def __init__(self, broker: Nats | Mosquitto, folder: Path, door: Door, community: Community) -> None:
        self.broker = broker
        self.door = door
        self.community = community
        self.database = Database(sqlite_url(folder))
        self.database.start()
        self.log = EventLog(self.database, Bus())
        self.marks = DeliveryMarks(self.database)
        self.make_door: Callable[[], Door] = lambda: door
        self.intakes: list[MqttIntake] = []

    def intake(self, log: Log | None = None, *, in_flight: int = 256) -> MqttIntake:
        """A new process, as it were: everything but the store is fresh."""
        clock = SystemClock()
        self.door = self.make_door()
        made = MqttIntake(
            self.broker.endpoint(),
            log or self.log,
            clock,
            door=self.door,
            marks=self.marks,
            presence=Presence(self.log, clock),
            broker_run=self.broker.run_for(len(self.intakes)),
            in_flight=in_flight,
            memory=Announcements(self.database),
        )
        made.apply(self.community)
        made.start()
        self.intakes.append(made)
        return made

    def kill(self, intake: MqttIntake) -> None:
        """Stop without a word: the connection breaks and nothing more is acknowledged."""
        intake._stopping.set()
        with intake._pipeline._changed:
            intake._pipeline._is_stopping = True
            intake._pipeline._changed.notify_all()
        connection: Any = intake._client.socket()
        intake._client._thread_terminate = True
        if connection is not None:
            connection.shutdown(2)
        intake._client.loop_stop()

    def stored(self, kind: str) -> list[Event]:
        return [found.event for found in reversed(self.log.events(kind=kind, limit=10_000))]

    def close(self) -> None:
        for intake in self.intakes:
            intake.stop()
        self.database.stop()
