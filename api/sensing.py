"""Sensing: what lets sensors be heard, put together: door, intake, and what is kept of what nobody can place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from config.machine import ExternalBroker, Machine
from hub.clock import Clock
from hub.lifecycle import Lifecycle
from hub.sensors.backfill import Backfill
from hub.sensors.broker import EmbeddedBroker
from hub.sensors.endpoint import BrokerEndpoint, BrokerRun, external_endpoint, installation_client_id
from hub.sensors.formats import Formats
from hub.sensors.intake import Door
from hub.sensors.keeping import KeepingLog
from hub.sensors.mqtt import MqttIntake
from hub.sensors.presence import Presence
from hub.sensors.watching import SensorWatch
from hub.store.announcements import Announcements
from hub.store.database import Database
from hub.store.deliveries import DeliveryMarks
from hub.store.event_log import EventLog
from hub.store.raw_messages import RawMessages

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Sensing:
    """The parts by which sensors are heard.

    Attributes:
        door: Reads messages.
        intake: Brings them from the broker to the store; not started.
        raw: Those that nobody can place yet.
        backfill: Reads these again.
    """

    door: Door
    intake: MqttIntake
    raw: RawMessages
    backfill: Backfill


def make_sensing(
    machine: Machine,
    formats: Formats,
    *,
    endpoint: BrokerEndpoint,
    broker_run: Callable[[], BrokerRun] | None,
    database: Database,
    event_log: EventLog,
    clock: Clock,
    presence: Presence,
    watch: SensorWatch,
) -> Sensing:
    """Put them together."""
    raw = RawMessages(database, most=machine.keep.raw_messages, most_bytes=machine.keep.raw_mib * _MIB)
    door = Door(formats.build(), keep=machine.mqtt.keep if machine.keep.raw_messages else ())
    intake = MqttIntake(
        endpoint,
        KeepingLog(event_log, raw),
        clock,
        door=door,
        marks=DeliveryMarks(database),
        presence=presence,
        broker_run=broker_run,
        watch=watch,
        memory=Announcements(database),
    )
    return Sensing(door, intake, raw, Backfill(door, raw, event_log))


def start_broker(
    machine: Machine, clock: Clock, *, presence: Presence, lifecycle: Lifecycle
) -> tuple[EmbeddedBroker | None, BrokerEndpoint]:
    """Start the broker that the hub brings, None when another one is named; and where it is reached."""
    if isinstance(machine.broker, ExternalBroker):
        return None, external_endpoint(machine.broker, client_id=installation_client_id(machine.data))

    def tell_health(online: bool, reason: str) -> None:  # noqa: FBT001 - the broker's callback
        presence.note("broker.health", "broker", online=online, reason=reason)

    broker = EmbeddedBroker(
        machine.broker, machine.data, clock, on_health=tell_health, linger_s=machine.broker.linger_s
    )
    lifecycle.push("broker", broker.stop)
    broker.start()
    return broker, broker.endpoint()
