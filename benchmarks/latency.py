"""How long a sensor message takes from its publisher to a reader of the feed, through broker, store, rules and API.

Starts a real hub (`hub run`) on a data folder of its own, publishes MQTT QoS 1 messages at a steady rate over many
sensors, reads `/api/v1/feed` beside it, prints how the delays of the messages that made an alert are spread. Ordinary
readings fill the rest of the rate, as they do in a village.

    .venv/bin/python -m benchmarks.latency                          # 200 messages/s, one in ten an alarm
    .venv/bin/python -m benchmarks.latency --alarm-share 1          # every message an alarm: a flood
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import httpx
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

SENSORS = 1200
PASSWORD = "latency-benchmark-1"  # noqa: S105 - of a hub that lives for a minute on loopback


@dataclass
class Delays:
    """When each alarm was sent, and how long it took to come out of the feed; by sensor id."""

    sent_s: dict[str, float] = field(default_factory=dict)
    took_ms: dict[str, float] = field(default_factory=dict)
    feed_open: threading.Event = field(default_factory=threading.Event)
    finished: threading.Event = field(default_factory=threading.Event)


def main() -> int:
    """Run once and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=200.0, help="messages per second")
    parser.add_argument("--seconds", type=float, default=30.0, help="how long to publish")
    parser.add_argument("--alarm-share", type=float, default=0.1, help="share of messages that raise an alert, 0..1")
    settings = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hub-latency-") as folder:
        return measure(Path(folder), settings.rate, settings.seconds, settings.alarm_share)


def measure(folder: Path, rate: float, seconds: float, alarm_share: float) -> int:
    """Start a hub in `folder`, load it, print the delays; 1 when an alarm never came."""
    http_port, mqtt_port = free_port(), free_port()
    write_configuration(folder, http_port, mqtt_port)
    with (folder / "hub.log").open("w") as log:
        hub = subprocess.Popen(
            [
                *(str(Path(sys.executable).with_name("hub")), "run"),
                *("--machine", str(folder / "machine.yaml"), "--community", str(folder / "community.yaml")),
            ],
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=Path(__file__).parent.parent,
        )
    try:
        base = f"http://127.0.0.1:{http_port}"
        token = sign_in(base, folder / "hub.log")
        delays = Delays()
        threading.Thread(target=read_feed, args=(base, token, delays), daemon=True).start()
        if not delays.feed_open.wait(20):
            raise RuntimeError("the feed did not open")
        messages = publish(mqtt_port, delays, rate=rate, seconds=seconds, alarm_share=alarm_share)
        deadline = time.monotonic() + 20
        while len(delays.took_ms) < len(delays.sent_s) and time.monotonic() < deadline:
            delays.finished.wait(0.1)
        delays.finished.set()
    finally:
        hub.send_signal(signal.SIGINT)
        hub.wait(20)
    return report(messages, rate, delays)


def write_configuration(folder: Path, http_port: int, mqtt_port: int) -> None:
    """Write machine.yaml and community.yaml: 1,200 sensors, no camera."""
    (folder / "machine.yaml").write_text(
        f"data: {folder / 'data'}\nhttp: {{port: {http_port}}}\n"
        f"broker: {{kind: embedded, port: {mqtt_port}, password: {PASSWORD}}}\nworkers: {{count: 1, linger_s: 0}}\n"
    )
    lines = ["sites:", *(f"  - {{id: site-{n}, name: Site {n}}}" for n in range(SENSORS)), "sensors:"]
    lines += [f"  - {{id: smoke-{n}, site: site-{n}, kinds: [smoke, temperature]}}" for n in range(SENSORS)]
    (folder / "community.yaml").write_text("\n".join(lines) + "\n")


def sign_in(base: str, log: Path) -> str:
    """Wait for the hub, use its one-time setup link, and return an access token."""
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline:
        found = re.search(r"setup#token=([\w-]+)", log.read_text())
        if found is not None:
            try:
                if httpx.get(f"{base}/readyz").status_code == httpx.codes.OK:
                    break
            except httpx.TransportError:
                continue
    else:
        raise RuntimeError(f"the hub did not start:\n{log.read_text()}")
    account = {"username": "bench", "password": PASSWORD}
    httpx.post(f"{base}/api/v1/setup", json={"token": found.group(1), **account}).raise_for_status()
    answer = httpx.post(f"{base}/api/v1/auth/token", data=account).raise_for_status()
    return str(answer.json()["access_token"])


def read_feed(base: str, token: str, delays: Delays) -> None:
    """Note the delay of each alert, by sensor, as it comes over the feed."""
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.stream("GET", f"{base}/api/v1/feed", headers=headers, timeout=60) as answer:
        answer.raise_for_status()
        delays.feed_open.set()
        for name, body in feed_entries(answer.iter_lines()):
            came = time.perf_counter()
            sensor = body.get("body", {}).get("sensor", "")
            if name == "alert" and sensor in delays.sent_s and sensor not in delays.took_ms:
                delays.took_ms[sensor] = (came - delays.sent_s[sensor]) * 1000
            if delays.finished.is_set():
                return


def feed_entries(lines: Iterator[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Server-sent events as (name, body)."""
    name, data = "message", ""
    for line in lines:
        if line.startswith("event:"):
            name = line[6:].strip()
        elif line.startswith("data:"):
            data += line[5:].strip()
        elif not line and data:
            yield name, json.loads(data)
            name, data = "message", ""


def publish(port: int, delays: Delays, *, rate: float, seconds: float, alarm_share: float) -> int:
    """Publish at a steady rate; returns the number of messages."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=f"latency-{os.getpid()}")
    client.username_pw_set("hub", PASSWORD)
    client.max_inflight_messages_set(1000)
    client.connect("127.0.0.1", port)
    client.loop_start()
    total, begun, pause = int(rate * seconds), time.perf_counter(), threading.Event()
    due_alarms = 0.0
    for number in range(total):
        wait_s = begun + number / rate - time.perf_counter()
        if wait_s > 0:
            pause.wait(wait_s)
        sensor = number % SENSORS
        due_alarms += alarm_share
        alarm = due_alarms >= 1 and f"smoke-{sensor}" not in delays.sent_s
        if alarm:
            due_alarms -= 1
            delays.sent_s[f"smoke-{sensor}"] = time.perf_counter()
        kind, value = ("smoke", True) if alarm else ("temperature", 20 + number % 100 / 10)
        client.publish(f"hub/v1/site-{sensor}/smoke-{sensor}/{kind}", json.dumps({"value": value}), qos=1)
    pause.wait(1)
    client.disconnect()
    client.loop_stop()
    return total


def report(messages: int, rate: float, delays: Delays) -> int:
    """Print the distribution."""
    values = sorted(delays.took_ms.values())
    print(f"{messages} messages at {rate:.0f}/s, {len(delays.sent_s)} of them alarms, {len(values)} seen on the feed")
    if not values:
        return 1
    print(f"median {median(values):.1f} ms")
    for share in (0.9, 0.95, 0.99, 1.0):
        print(f"p{share * 100:<4.0f} {values[min(len(values) - 1, int(share * len(values)))]:.1f} ms")
    return 0 if len(values) == len(delays.sent_s) else 1


def free_port() -> int:
    """A TCP port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
