"""A broker that runs elsewhere: named by URL, over TLS, with its certificate verified."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.machine import ExternalBroker
from config.secrets import Secret
from hub.bus import Bus
from hub.clock import SystemClock
from hub.sensors.endpoint import BrokerEndpoint, external_endpoint, installation_client_id
from hub.sensors.intake import Door
from hub.sensors.mqtt import MqttIntake
from hub.sensors.presence import Presence
from hub.store.database import Database
from hub.store.deliveries import DeliveryMarks
from hub.store.engines import sqlite_url
from hub.store.event_log import EventLog
from tests.fakes.brokers import Mosquitto

needs_tls_broker = pytest.mark.skipif(
    Mosquitto.program is None or shutil.which("openssl") is None, reason="needs mosquitto and openssl"
)


@pytest.mark.parametrize(
    ("url", "host", "port", "tls"),
    [
        ("mqtt://broker.lan", "broker.lan", 1883, False),
        ("mqtts://broker.lan", "broker.lan", 8883, True),
        ("mqtts://10.0.0.9:8884", "10.0.0.9", 8884, True),
        ("mqtt://[fd00::1]:1884", "fd00::1", 1884, False),
    ],
)
def test_a_url_names_host_port_and_tls(url: str, host: str, port: int, *, tls: bool) -> None:
    endpoint = external_endpoint(ExternalBroker(kind="external", url=url, username="u"), client_id="c")
    assert (endpoint.host, endpoint.port, endpoint.tls, endpoint.username) == (host, port, tls, "u")


def test_the_client_id_of_an_installation_stays(tmp_path: Path) -> None:
    first = installation_client_id(tmp_path / "a")
    assert first == installation_client_id(tmp_path / "a")
    assert first != installation_client_id(tmp_path / "b")


@pytest.fixture
def tls_broker(tmp_path: Path) -> Iterator[Mosquitto]:
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
            "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(cert),
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    made = Mosquitto(tmp_path, extra=f"certfile {cert}\nkeyfile {key}\n")
    yield made
    made.stop()


def intake_for(endpoint: BrokerEndpoint, database: Database, door: Door) -> MqttIntake:
    clock, log = SystemClock(), EventLog(database, Bus())
    return MqttIntake(endpoint, log, clock, door=door, marks=DeliveryMarks(database), presence=Presence(log, clock))


@needs_tls_broker
@pytest.mark.filterwarnings("ignore:Exception ignored in. <ssl.SSLSocket")  # paho leaves it open when TLS fails
def test_the_certificate_is_verified(
    tls_broker: Mosquitto, tmp_path: Path, door: Door, wait_until: Callable[..., None]
) -> None:
    """With the certificate to trust it connects; without, it says that the broker cannot be reached."""
    database = Database(sqlite_url(tmp_path / "db"))
    (tmp_path / "db").mkdir()
    database.start()
    settings = ExternalBroker(
        kind="external",
        url=f"mqtts://127.0.0.1:{tls_broker.port}",
        username="hub",
        password=Secret("secret"),
        ca_file=tmp_path / "cert.pem",
    )
    trusting = intake_for(external_endpoint(settings, client_id="a"), database, door)
    trusting.start()
    wait_until(lambda: trusting.status().listening, what="connection over TLS")
    trusting.stop()
    doubting = intake_for(
        external_endpoint(settings.model_copy(update={"ca_file": None}), client_id="b"), database, door
    )
    doubting.start()
    log = EventLog(database, Bus())
    wait_until(lambda: [row.state for row in log.health()] == ["offline"], what="broker.health offline")
    assert not doubting.status().connected
    doubting.stop()
    database.stop()
