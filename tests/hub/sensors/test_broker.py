"""The embedded broker as a child process: real nats-server, real signals."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from config.machine import EmbeddedBroker as BrokerSettings
from config.secrets import Secret
from hub.clock import SystemClock
from hub.errors import BrokerError
from hub.sensors.broker import EmbeddedBroker
from hub.sensors.brokerlog import WriteTrouble
from hub.sensors.brokerprocess import end_leftover
from tests.fakes.brokers import Device

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc and sends signals")

HUB = """
import pathlib, sys, threading
from config.machine import EmbeddedBroker as Settings
from hub.clock import SystemClock
from hub.sensors.broker import EmbeddedBroker
broker = EmbeddedBroker(Settings(port=0), pathlib.Path(sys.argv[1]), SystemClock(), linger_s=float(sys.argv[2]))
broker.start()
print(broker.pid, flush=True)
threading.Event().wait()
"""


OtherHub = Callable[..., tuple[subprocess.Popen[str], int]]


class Health:
    def __init__(self) -> None:
        self.said: list[bool] = []

    def __call__(self, online: bool, _reason: str) -> None:  # noqa: FBT001 - the callback's own form
        self.said.append(online)


@pytest.fixture
def health() -> Health:
    return Health()


@pytest.fixture
def broker(tmp_path: Path, health: Health) -> Iterator[EmbeddedBroker]:
    made = EmbeddedBroker(BrokerSettings(port=0), tmp_path, SystemClock(), on_health=health)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def other_hub(tmp_path: Path) -> Iterator[OtherHub]:
    """Starts a process that runs a broker in the same folder; gives it and the broker's process id."""
    hubs = []

    def start(*, linger_s: float) -> tuple[subprocess.Popen[str], int]:
        command = [sys.executable, "-c", HUB, str(tmp_path), str(linger_s)]
        hubs.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        assert hubs[-1].stdout is not None
        return hubs[-1], int(hubs[-1].stdout.readline())

    yield start
    for hub in hubs:
        hub.kill()
        hub.communicate()
    end_leftover(tmp_path / "broker", stop_s=5, clock=SystemClock())


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes() == b""
    except FileNotFoundError:
        return True


def test_it_listens_on_loopback_on_the_port_it_says(broker: EmbeddedBroker) -> None:
    assert broker.url == f"mqtt://127.0.0.1:{broker.port}"
    Device(broker.endpoint()).close()


def test_nobody_signs_in_without_the_password(broker: EmbeddedBroker) -> None:
    """The first bytes of a CONNECT without user; the broker answers 5, not authorised, and hangs up."""
    connect = b"\x10\x0f\x00\x04MQTT\x04\x02\x00\x3c\x00\x03abc"
    with socket.create_connection(("127.0.0.1", broker.port), timeout=5) as connection:
        connection.sendall(connect)
        assert connection.recv(4) == b"\x20\x02\x00\x05"


def test_its_secrets_are_in_private_files_and_on_no_command_line(broker: EmbeddedBroker, tmp_path: Path) -> None:
    password = broker.password.reveal()
    assert len(password) >= 32
    for name in ("password", "nats.conf"):
        assert (tmp_path / "broker" / name).stat().st_mode & 0o777 == 0o600
    assert password.encode() not in Path(f"/proc/{broker.pid}/cmdline").read_bytes()
    assert password.encode() not in Path(f"/proc/{broker.pid}/environ").read_bytes()
    assert password not in (tmp_path / "broker" / "nats.log").read_text()


def test_the_password_stays_over_a_restart_and_can_be_set(tmp_path: Path) -> None:
    passwords = set()
    for _ in range(2):
        made = EmbeddedBroker(BrokerSettings(port=0), tmp_path, SystemClock())
        made.start()
        passwords.add(made.password.reveal())
        made.stop()
    assert len(passwords) == 1
    odd = 'with "quotes" and \\ $HOME'
    chosen = EmbeddedBroker(BrokerSettings(port=0, password=Secret(odd)), tmp_path, SystemClock())
    chosen.start()
    try:
        Device(chosen.endpoint()).close()
    finally:
        chosen.stop()


def test_a_killed_broker_is_started_again_on_the_same_port(
    broker: EmbeddedBroker, health: Health, wait_until: Callable[..., None]
) -> None:
    port, pid = broker.port, broker.pid
    assert pid is not None
    assert broker.current_run().after_clean_stop
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: health.said == [True, False, True], what="offline, then online")
    assert (broker.port, broker.pid != pid) == (port, True)
    assert (broker.current_run().number, broker.current_run().after_clean_stop) == (2, False)
    Device(broker.endpoint()).close()


def test_what_it_acknowledged_survives_being_killed(broker: EmbeddedBroker, wait_until: Callable[..., None]) -> None:
    device = Device(broker.endpoint())
    for number in range(20):
        device.send(f"a/{number}", "kept", retain=True)
    pid = broker.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    device.close()
    wait_until(lambda: broker.current_run().number == 2, what="second run")
    wait_until(lambda: listens(broker.port), what="port open")
    reader = Device(broker.endpoint(), "reader")
    reader.listen("a/+")
    wait_until(lambda: len(reader.seen) == 20, what="20 retained messages")
    reader.close()


NO_ROOM = (
    "[7] 2026/11/23 02:20:29.552873 [ERR] JetStream failed to store a msg on stream '$G > $MQTT_msgs': "
    "write /data/msgs/284.blk: no space left on device\n"
)


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Whether there is room on the broker's disk."""
    is_there = threading.Event()
    monkeypatch.setattr(WriteTrouble, "is_over", lambda _: is_there.is_set())
    return is_there


def test_a_broker_that_met_a_full_disk_is_started_anew_when_there_is_room(
    broker: EmbeddedBroker, health: Health, room: threading.Event, wait_until: Callable[..., None]
) -> None:
    """nats-server takes nothing more after a failed write, however much room there is: only a new start mends it."""
    device = Device(broker.endpoint())
    device.send("a", "kept", retain=True)
    device.close()
    pid = broker.pid
    with Path(f"/proc/{pid}/cwd/nats.log").open("a", encoding="utf-8") as log:
        log.write(NO_ROOM)
    wait_until(lambda: health.said == [True, False], what="that it cannot write")
    assert broker.pid == pid
    room.set()
    wait_until(lambda: health.said == [True, False, True], what="offline, then online")
    assert broker.pid != pid
    assert broker.current_run().after_clean_stop
    reader = Device(broker.endpoint(), "reader")
    reader.listen("a")
    wait_until(lambda: len(reader.seen) == 1, what="what was acknowledged before")
    reader.close()


def test_trouble_with_writing_is_told_once_of_each_part_of_the_log(tmp_path: Path) -> None:
    log = tmp_path / "nats.log"
    log.write_text(NO_ROOM)
    trouble = WriteTrouble(tmp_path)
    assert trouble.told() == ""
    with log.open("a") as file:
        file.write("[7] 2026/11/23 [ERR] authentication error\n")
    assert trouble.told() == ""
    with log.open("a") as file:
        file.write(NO_ROOM)
    assert [trouble.told(), trouble.told()] == ["no space left on device", ""]
    log.write_text(NO_ROOM)  # it was rotated
    assert trouble.told() == "no space left on device"
    assert trouble.is_over()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["nats.log"]


def test_it_stops_in_order_and_twice(broker: EmbeddedBroker, tmp_path: Path) -> None:
    pid = broker.pid
    assert pid is not None
    broker.stop()
    broker.stop()
    assert is_gone(pid)
    again = EmbeddedBroker(BrokerSettings(port=0), tmp_path, SystemClock())
    again.start()
    assert again.current_run().after_clean_stop
    again.stop()


def test_it_ends_in_order_when_its_hub_is_killed_and_none_follows(
    other_hub: OtherHub, tmp_path: Path, wait_until: Callable[..., None]
) -> None:
    hub, pid = other_hub(linger_s=1.0)
    hub.kill()
    wait_until(lambda: is_gone(pid), what="broker gone")
    assert "Server Exiting" in (tmp_path / "broker" / "nats.log").read_text()


def test_a_hub_that_starts_again_takes_the_broker_over(
    other_hub: OtherHub, tmp_path: Path, health: Health, wait_until: Callable[..., None]
) -> None:
    """Devices stay connected, and the broker keeps its packet ids; killed, it is started again like any other."""
    hub, pid = other_hub(linger_s=60.0)
    hub.kill()
    hub.wait()
    again = EmbeddedBroker(BrokerSettings(port=0), tmp_path, SystemClock(), on_health=health)
    again.start()
    try:
        assert (again.pid, again.current_run().taken_over) == (pid, True)
        Device(again.endpoint()).close()
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: health.said == [True, False, True], what="offline, then online")
        assert (again.pid != pid, again.current_run().taken_over) == (True, False)
    finally:
        again.stop()


def test_a_broker_that_runs_otherwise_than_wanted_is_not_taken_over(other_hub: OtherHub, tmp_path: Path) -> None:
    hub, pid = other_hub(linger_s=60.0)
    hub.kill()
    hub.wait()
    again = EmbeddedBroker(BrokerSettings(port=0, username="another"), tmp_path, SystemClock())
    again.start()
    try:
        assert is_gone(pid)
        Device(again.endpoint()).close()
    finally:
        again.stop()


def test_a_broker_whose_hub_lives_is_left_alone(other_hub: OtherHub, tmp_path: Path) -> None:
    hub, pid = other_hub(linger_s=1.0)
    with pytest.raises(BrokerError, match=f"process id {hub.pid} "):
        EmbeddedBroker(BrokerSettings(port=0), tmp_path, SystemClock()).start()
    assert not is_gone(pid)


def test_a_left_over_broker_does_not_block_the_next_start(
    tmp_path: Path, broker: EmbeddedBroker, wait_until: Callable[..., None]
) -> None:
    """One without a tether, as on a machine that is not Linux."""
    broker.stop()
    log = tmp_path / "broker" / "nats.log"
    log.unlink()
    orphan = subprocess.Popen([str(broker.program()), "--config", str(tmp_path / "broker" / "nats.conf")])
    try:
        wait_until(lambda: log.exists() and "Server is ready" in log.read_text(), what="orphan runs")
        (tmp_path / "broker" / "owner").write_text("999999999 1\n")
        again = EmbeddedBroker(BrokerSettings(port=0), tmp_path, SystemClock())
        again.start()
        again.stop()
        assert orphan.poll() is not None
    finally:
        orphan.kill()
        orphan.wait()


def test_a_stranger_under_the_old_process_id_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "broker").mkdir()
    with subprocess.Popen(["sleep", "60"]) as stranger:
        (tmp_path / "broker" / "nats.pid").write_text(str(stranger.pid))
        made = EmbeddedBroker(BrokerSettings(port=0), tmp_path, SystemClock())
        made.start()
        made.stop()
        assert stranger.poll() is None
        stranger.kill()


def test_a_taken_port_stops_the_start_with_the_reason(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(BrokerError, match="address already in use"):
            EmbeddedBroker(BrokerSettings(port=port), tmp_path, SystemClock()).start()


def test_a_program_that_is_none_stops_the_start(tmp_path: Path) -> None:
    settings = BrokerSettings(port=0, program=tmp_path / "nothing")
    with pytest.raises(BrokerError, match="not a program"):
        EmbeddedBroker(settings, tmp_path, SystemClock()).start()


def test_the_login_of_devices_neither_reads_nor_writes_what_the_hub_tells(
    broker: EmbeddedBroker, wait_until: Callable[..., None]
) -> None:
    """Whoever takes the password out of a gateway learns nothing of homes, and makes up no incident."""
    hub = broker.endpoint()
    login = {"username": "devices", "password": broker.devices_password, "client_id": "gateway"}
    gateway, program = Device(replace(hub, **login), "gateway"), Device(hub, "program")
    program.send("hub/v1/incidents/1", "retained", retain=True)
    for topic in ("#", "hub/#", "hub/v1/incidents/#", "hub/v1/events/+/+", "hub/v1/orders/li", "hub/v1/households/#"):
        gateway.listen(topic)
    for topic in ("hub/v1/incidents/2", "hub/v1/events/smoke/a", "hub/v1/orders/li", "hub/v1/households/home-1"):
        program.send(topic, "told")
    gateway.client.publish("hub/v1/incidents/3", "made up", qos=0)
    program.listen("hub/v1/incidents/#")
    program.listen("sensors/#")
    gateway.send("sensors/a", "from a device")
    program.send("sensors/b", "the last")
    wait_until(lambda: "sensors/b" in {each.topic for each in gateway.seen})
    wait_until(lambda: "sensors/a" in {each.topic for each in program.seen})
    assert {each.topic for each in gateway.seen} == {"sensors/a", "sensors/b"}
    assert "hub/v1/incidents/3" not in {each.topic for each in program.seen}
    gateway.close()
    program.close()
