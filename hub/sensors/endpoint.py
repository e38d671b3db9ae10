"""BrokerEndpoint: where the MQTT broker is and how to sign in; BrokerRun: what packet ids are worth there."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from config.machine import ExternalBroker
from config.secrets import Secret

_PORT, _TLS_PORT = 1883, 8883


@dataclass(frozen=True, slots=True)
class BrokerEndpoint:
    """A broker to connect to.

    Attributes:
        host: Name or address.
        port: TCP port.
        client_id: The intake's fixed client id; the broker keeps its session under it.
        username: None for a broker without accounts.
        password: Never printed.
        tls: Speak TLS and verify the certificate.
        ca_file: Certificates to trust; None takes the system's.
    """

    host: str
    port: int
    client_id: str
    username: str | None = None
    password: Secret | None = None
    tls: bool = False
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True)
class BrokerRun:
    """One run of a broker that numbers afresh when it starts.

    Attributes:
        number: Counts up with every start.
        after_clean_stop: The run before ended in order, so DUP flags tell the truth.
        taken_over: It was running already when this process came, so packet ids of before hold.
    """

    number: int
    after_clean_stop: bool
    taken_over: bool = False


def external_endpoint(broker: ExternalBroker, *, client_id: str) -> BrokerEndpoint:
    """The endpoint that the settings name."""
    url = urlsplit(broker.url)
    tls = url.scheme == "mqtts"
    return BrokerEndpoint(
        host=url.hostname or "",
        port=url.port or (_TLS_PORT if tls else _PORT),
        client_id=client_id,
        username=broker.username,
        password=broker.password,
        tls=tls,
        ca_file=broker.ca_file,
    )


def installation_client_id(data_dir: Path) -> str:
    """The client id of this installation, made at the first start: two hubs on one broker must not share one."""
    path = data_dir / "mqtt-client-id"
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        data_dir.mkdir(parents=True, exist_ok=True)
        client_id = f"hub-{secrets.token_hex(4)}"
        path.write_text(client_id + "\n", encoding="ascii")
        return client_id
