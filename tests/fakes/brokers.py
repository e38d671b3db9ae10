"""Real brokers and a device for tests: nats-server as the hub runs it, and Debian's mosquitto when it is installed."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from config.machine import EmbeddedBroker as BrokerSettings
from hub.clock import SystemClock
from hub.sensors.broker import EmbeddedBroker
from hub.sensors.endpoint import BrokerEndpoint, BrokerRun

DEADLINE_S = 20.0


class Nats:
    """The embedded broker on a free port."""

    def __init__(self, folder: Path) -> None:
        self.broker = EmbeddedBroker(BrokerSettings(port=0), folder, SystemClock())
        self.broker.start()
        self._started = self.broker.current_run().number

    def endpoint(self) -> BrokerEndpoint:
        return self.broker.endpoint()

    def run_for(self, intakes_before: int) -> Callable[[], BrokerRun] | None:
        """As a later process sees it, which takes the running broker over."""
        first = self.broker.current_run().number

        def run() -> BrokerRun:
            now = self.broker.current_run()
            return replace(now, taken_over=intakes_before > 0 and now.number == first and now.number == self._started)

        return run

    def stop(self) -> None:
        self.broker.stop()


class Mosquitto:
    """Mosquitto without accounts, keeping everything on disk; a fixed but free port, so that it can be restarted."""

    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")

    def __init__(self, folder: Path, *, extra: str = "") -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.config = folder / "mosquitto.conf"
        self.config.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\nuser root\npersistence true\n"
            f"persistence_location {folder}/\nautosave_interval 1\nautosave_on_changes true\n"
            f"max_queued_messages 0\n{extra}"
        )
        self.child: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        self.child = subprocess.Popen([str(self.program), "-c", str(self.config)], stderr=subprocess.DEVNULL)
        never = threading.Event()
        for _ in range(int(DEADLINE_S / 0.05)):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            never.wait(0.05)
        raise TimeoutError("mosquitto does not listen")

    def endpoint(self) -> BrokerEndpoint:
        return BrokerEndpoint("127.0.0.1", self.port, "hub-test")

    def run_for(self, intakes_before: int) -> Callable[[], BrokerRun] | None:
        """It keeps its numbering."""
        del intakes_before
        return None

    def stop(self) -> None:
        if self.child is not None:
            self.child.terminate()
            self.child.wait(DEADLINE_S)


class Device:
    """A client that sends like a device and sees what others see."""

    def __init__(self, endpoint: BrokerEndpoint, name: str = "device") -> None:
        self.seen: list[MQTTMessage] = []
        self._ready = threading.Event()
        self.client = Client(CallbackAPIVersion.VERSION2, client_id=name)
        if endpoint.username is not None and endpoint.password is not None:
            self.client.username_pw_set(endpoint.username, endpoint.password.reveal())
        self.client.on_connect = lambda *_: self._ready.set()
        self.client.on_subscribe = lambda *_: self._ready.set()
        self.client.on_message = lambda _client, _data, message: self.seen.append(message)
        self.client.connect(endpoint.host, endpoint.port)
        self.client.loop_start()
        self._wait()

    def _wait(self) -> None:
        if not self._ready.wait(DEADLINE_S):
            raise TimeoutError("the broker does not answer")
        self._ready.clear()

    def send(self, topic: str, payload: str | bytes, *, retain: bool = False) -> None:
        """Send at QoS 1 and wait for the broker's acknowledgement."""
        self.client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(DEADLINE_S)

    def listen(self, topic: str) -> None:
        self.client.subscribe(topic, 1)
        self._wait()

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()
