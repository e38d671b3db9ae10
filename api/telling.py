"""Telling: the delivery of notices with what the hub lends to its channels."""

from __future__ import annotations

from alerts.notices.delivery import Delivery
from alerts.notices.notice import Services
from config.machine import Machine
from hub.bus import Bus
from hub.clock import Clock
from hub.networks import webhooks_allowed
from hub.sensors.mqtt import Publisher
from hub.store.database import Database
from hub.store.event_log import EventLog


def make_delivery(
    publisher: Publisher,
    machine: Machine,
    *,
    database: Database,
    event_log: EventLog,
    bus: Bus,
    clock: Clock,
) -> Delivery:
    """The delivery; it begins with the first Community that is applied."""

    def publish(topic: str, payload: bytes, retain: bool, /) -> bool:  # noqa: FBT001 - as `Services` wants it
        return publisher.publish(topic, payload, retain=retain)

    services = Services(publish=publish, clock=clock, data=machine.data, allowed=webhooks_allowed(machine.networks))
    return Delivery(database, event_log, bus, clock, services=services)
