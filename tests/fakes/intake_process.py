"""A real process with a store and an intake, to be killed: `python -m tests.fakes.intake_process DATA PORT`.

With PORT it runs the embedded broker on it, as the hub does, and takes it along when it is killed; with `url:PORT` it
connects to a broker that runs elsewhere. Prints one line when it listens, and stops in order when its input ends.
"""

from __future__ import annotations

import sys
from pathlib import Path

from config.community import Community, Name, Sensor, Site
from config.machine import EmbeddedBroker as BrokerSettings
from hub.bus import Bus
from hub.clock import SystemClock
from hub.lifecycle import Lifecycle
from hub.plugins import load_plugins
from hub.sensors.broker import EmbeddedBroker
from hub.sensors.endpoint import BrokerEndpoint
from hub.sensors.intake import Door
from hub.sensors.mqtt import MqttIntake
from hub.sensors.presence import Presence
from hub.store.database import Database
from hub.store.deliveries import DeliveryMarks
from hub.store.engines import sqlite_url
from hub.store.event_log import EventLog

COMMUNITY = Community(
    sites=(Site(id="bench", name=Name(en="Bench")),),
    sensors=(
        Sensor(id="level", site="bench"),
        Sensor(id="help", site="bench", format="zigbee2mqtt"),
    ),
)


def main(data: Path, port: str) -> None:
    """Run until the input ends."""
    lifecycle = Lifecycle()
    clock = SystemClock()
    database = Database(sqlite_url(data))
    database.start()
    lifecycle.push("database", database.stop)
    log = EventLog(database, Bus())
    if port.startswith("url:"):
        endpoint, run = BrokerEndpoint("127.0.0.1", int(port.removeprefix("url:")), "hub-bench"), None
    else:
        broker = EmbeddedBroker(BrokerSettings(port=int(port)), data, clock)
        broker.start()
        lifecycle.push("broker", broker.stop)
        endpoint, run = broker.endpoint(), broker.current_run
    plugins = load_plugins("hub.sensors.payloads")
    door = Door({kind: plugin.build(plugin.options()) for kind, plugin in plugins.items()})
    presence = Presence(log, clock)
    intake = MqttIntake(
        endpoint, log, clock, door=door, marks=DeliveryMarks(database), presence=presence, broker_run=run
    )
    intake.apply(COMMUNITY)
    intake.start()
    lifecycle.push("intake", intake.stop)
    print(endpoint.port, flush=True)  # noqa: T201 - what the parent waits for
    sys.stdin.read()
    lifecycle.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
