"""HTTPS: a certificate of the hub's own or given ones, changed while connections live, and what is said without."""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import http.client
import logging
import os
import shutil
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from api import own_certificate
from api.backup.scheduling import Backups
from api.certificates import Certificates, certificate_there, certificate_warnings
from api.hardening import Hardening
from api.serving import Serving, warnings_of
from cameras.supervision.worker_status import WorkerStatus
from config.hardening import Tls
from config.machine import Http, Machine
from hub.clock import SystemClock
from hub.errors import ConfigurationError
from tests.fakes.clocks import SetClock

NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


async def app(scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": scope["scheme"].encode()})


def own(data: Path, *, redirect_port: int | None = None) -> Machine:
    tls = Tls(self_signed=True, names=("hub.village.example",), redirect_port=redirect_port)
    return Machine(data=data, http=Http(port=0, tls=tls))


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[tuple[Serving, Machine]]:
    machine = own(tmp_path / "data")
    made = Serving(machine, app, SystemClock())
    made.start()
    yield made, machine
    made.stop()


def trusted(machine: Machine) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(machine.data / "tls" / "hub.pem"))


def test_the_hub_makes_itself_a_certificate_and_serves_by_it(serving: tuple[Serving, Machine]) -> None:
    hub, machine = serving
    assert hub.url.startswith("https://127.0.0.1:")
    answer = httpx.get(hub.url, verify=trusted(machine), trust_env=False)
    assert answer.text == "https"
    assert "strict-transport-security" not in answer.headers
    certificate = hub.certificate
    assert certificate is not None
    assert {"localhost", "127.0.0.1", "::1", "hub.village.example"} <= set(certificate.names)
    assert len(certificate.fingerprint) == 32 * 3 - 1
    assert certificate_there(machine) == certificate
    key = machine.data / "tls" / "hub.key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert key.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(("version", "works"), [(ssl.TLSVersion.TLSv1_1, False), (ssl.TLSVersion.TLSv1_2, True)])
def test_tls_older_than_1_2_is_refused(
    serving: tuple[Serving, Machine], version: ssl.TLSVersion, *, works: bool
) -> None:
    hub, machine = serving
    context = trusted(machine)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="deprecated") if not works else contextlib.nullcontext():
        context.minimum_version = context.maximum_version = version
    with socket.create_connection(("127.0.0.1", hub.port), timeout=5) as plain:
        if works:
            with context.wrap_socket(plain, server_hostname="localhost") as made:
                assert made.version() == "TLSv1.2"
        else:
            with pytest.raises(OSError, match=r"TLS|SSL|reset|EOF"):
                context.wrap_socket(plain, server_hostname="localhost")


def test_a_certificate_is_changed_without_dropping_who_is_connected(serving: tuple[Serving, Machine]) -> None:
    hub, machine = serving
    before = hub.certificate
    held = http.client.HTTPSConnection("localhost", hub.port, context=trusted(machine), timeout=5)
    held.request("GET", "/")
    assert held.getresponse().read() == b"https"
    (machine.data / "tls" / "hub.pem").unlink()
    assert hub.reload()
    assert hub.certificate != before
    held.request("GET", "/")
    assert held.getresponse().read() == b"https"
    held.close()
    assert httpx.get(hub.url, verify=trusted(machine), trust_env=False).text == "https"


def test_given_files_that_cannot_be_used_leave_the_old_one(tmp_path: Path) -> None:
    made = own(tmp_path / "made")
    assert made.http.tls is not None
    Certificates(made.http.tls, made, SystemClock())
    folder = made.data / "tls"
    tls = Tls(certificate=folder / "hub.pem", key=folder / "hub.key")
    hub = Serving(Machine(data=tmp_path / "data", http=Http(port=0, tls=tls)), app, SystemClock())
    hub.start()
    try:
        before = hub.certificate
        (folder / "hub.key").write_text("-----BEGIN PRIVATE KEY-----\nnonsense\n-----END PRIVATE KEY-----\n")
        assert not hub.reload()
        assert hub.certificate == before
        assert httpx.get(hub.url, verify=trusted(made), trust_env=False).text == "https"
    finally:
        hub.stop()


def test_its_own_certificate_is_renewed_before_it_runs_out(tmp_path: Path) -> None:
    machine = own(tmp_path / "data")
    tls = machine.http.tls
    assert tls is not None
    first = Certificates(tls, machine, SetClock(NOW)).current
    assert first.ends - NOW < dt.timedelta(days=397)
    assert Certificates(tls, machine, SetClock(NOW + dt.timedelta(days=300))).current == first
    late = Certificates(tls, machine, SetClock(NOW + dt.timedelta(days=370)))
    assert late.current.ends > first.ends
    renamed = Tls(self_signed=True, names=("other.example",))
    assert "other.example" in Certificates(renamed, own_with(machine, renamed), SetClock(NOW)).current.names


def made_by(machine: Machine, now: dt.datetime = NOW) -> Certificates:
    assert machine.http.tls is not None
    return Certificates(machine.http.tls, machine, SetClock(now))


def full(_handle: int) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_power_cut_between_key_and_certificate_costs_no_start(tmp_path: Path) -> None:
    """The new key stood beside the old certificate, and no start succeeded any more."""
    machine, other = own(tmp_path / "data"), own(tmp_path / "other")
    first = made_by(machine).current
    made_by(other)
    shutil.copy(other.data / "tls" / "hub.key", machine.data / "tls" / "hub.key")
    assert made_by(machine).current != first
    (machine.data / "tls" / "hub.pem").write_bytes(b"")
    assert made_by(machine).current.names == first.names


def test_an_address_that_changes_leaves_the_certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """People who compare fingerprints are told of a new one only where there has to be one."""
    addresses = ["2001:db8::17"]
    monkeypatch.setattr(own_certificate, "_addresses", lambda: iter(addresses))
    machine = own(tmp_path / "data")
    first = made_by(machine).current
    assert "2001:db8::17" in first.names
    addresses[0] = "2001:db8::18"
    assert made_by(machine).current == first
    names = Tls(self_signed=True, names=("FE80:0::1",))
    second = made_by(own_with(machine, names)).current
    assert {"fe80::1", "2001:db8::18"} <= set(second.names)
    assert made_by(own_with(machine, names)).current == second


def test_a_name_that_no_certificate_can_hold_is_told(tmp_path: Path) -> None:
    names = Tls(self_signed=True, names=("小区.example",))
    with pytest.raises(ConfigurationError, match=r"http.tls.names"):
        made_by(own_with(own(tmp_path / "data"), names))


def test_a_full_disk_keeps_the_old_certificate_and_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    machine = own(tmp_path / "data")
    first = made_by(machine)
    late = NOW + dt.timedelta(days=380)
    with monkeypatch.context() as disk, caplog.at_level(logging.ERROR):
        disk.setattr(os, "fsync", full)
        held = made_by(machine, late)
        assert held.reload()
        assert held.current == first.current
        assert len(caplog.records) == 1
        with pytest.raises(ConfigurationError, match="No space left"):
            made_by(own(tmp_path / "new"))
    assert {path.name for path in (machine.data / "tls").iterdir()} == {"hub.pem", "hub.key"}
    assert held.reload()
    assert held.current.ends > first.current.ends


class Looks(SetClock):
    """Stands still while it is waited for, and lets the watch look so many times."""

    def __init__(self, start: dt.datetime, times: int) -> None:
        super().__init__(start)
        self.left = times
        self.seen = threading.Event()

    def wait(self, condition: threading.Event, timeout_s: float) -> bool:
        del timeout_s
        self.left -= 1
        if self.left < 0:
            self.seen.set()
            condition.wait(10)
        return condition.is_set()


def test_the_watch_lives_on_over_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = own(tmp_path / "data")
    assert machine.http.tls is not None
    clock = Looks(NOW, 5)
    watched = Certificates(machine.http.tls, machine, clock)
    first = watched.current
    clock.advance(380 * 86_400)
    begun = threading.Event()

    def filling(handle: int) -> None:
        begun.set()
        if clock.left > 1:
            full(handle)

    monkeypatch.setattr(os, "fsync", filling)
    watched.start()
    assert clock.seen.wait(10)
    watched.stop()
    assert begun.is_set()
    assert watched.current.ends > first.ends


def test_a_certificate_of_a_wrong_clock_is_made_again(tmp_path: Path) -> None:
    """One that begins later than now; and a clock that was not set yet decides nothing."""
    machine = own(tmp_path / "data")
    first = made_by(machine, NOW + dt.timedelta(days=365 * 5)).current
    assert made_by(machine, dt.datetime(1970, 1, 2, tzinfo=dt.UTC)).current == first
    second = made_by(machine).current
    assert second.begins < NOW < second.ends


def test_a_given_certificate_that_ends_is_warned_of(tmp_path: Path) -> None:
    made = own(tmp_path / "made")
    ends = made_by(made).current.ends
    folder = made.data / "tls"
    given = Machine(data=tmp_path, http=Http(tls=Tls(certificate=folder / "hub.pem", key=folder / "hub.key")))
    assert certificate_warnings(given, ends - dt.timedelta(days=22)) == ()
    assert "ends on" in certificate_warnings(given, ends - dt.timedelta(days=20))[0]
    assert "ended on" in certificate_warnings(given, ends)[0]
    workers: list[WorkerStatus] = []
    clock = SetClock(ends)
    hardening = Hardening(given, clock, Backups(given, clock), lambda: workers)
    assert any("ended on" in words for words in hardening.warnings())


def own_with(machine: Machine, tls: Tls) -> Machine:
    return machine.model_copy(update={"http": Http(port=0, tls=tls)})


def test_given_files_are_used_and_make_browsers_strict(tmp_path: Path) -> None:
    made = own(tmp_path / "made")
    assert made.http.tls is not None
    Certificates(made.http.tls, made, SystemClock())
    folder = made.data / "tls"
    tls = Tls(certificate=folder / "hub.pem", key=folder / "hub.key")
    machine = Machine(data=tmp_path / "data", http=Http(port=0, tls=tls))
    hub = Serving(machine, app, SystemClock())
    hub.start()
    try:
        answer = httpx.get(hub.url, verify=trusted(made), trust_env=False)
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
    finally:
        hub.stop()
    assert not (tmp_path / "data" / "tls").exists()


def test_files_that_cannot_be_used_stop_the_start_with_the_reason(tmp_path: Path) -> None:
    tls = Tls(certificate=tmp_path / "no.pem", key=tmp_path / "no.key")
    with pytest.raises(ConfigurationError, match=r"no.pem.*cannot be used: No such file"):
        Certificates(tls, Machine(data=tmp_path), SystemClock())


def test_plain_http_is_told_where_https_is(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    hub = Serving(own(tmp_path / "data", redirect_port=port), app, SystemClock())
    hub.start()
    try:
        answer = httpx.get(f"http://127.0.0.1:{port}/cameras?x=1", trust_env=False)
        assert (answer.status_code, answer.headers["location"]) == (307, f"https://127.0.0.1:{hub.port}/cameras?x=1")
        for name, status in (("hub.village.example", 307), ("LOCALHOST:1", 307), ("elsewhere.example", 403)):
            said = httpx.get(f"http://127.0.0.1:{port}/", headers={"Host": name}, trust_env=False)
            assert said.status_code == status
        socket_headers = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
        socket_headers["Sec-WebSocket-Key"] = "AAAAAAAAAAAAAAAAAAAAAA=="
        assert httpx.get(f"http://127.0.0.1:{port}/ws", headers=socket_headers, trust_env=False).status_code == 403
        assert httpx.post(f"http://127.0.0.1:{port}/api/v1/auth/token", trust_env=False).status_code == 403
        host = {"Host": "evil.example/@x"}
        assert httpx.get(f"http://127.0.0.1:{port}/", headers=host, trust_env=False).status_code == 403
    finally:
        hub.stop()


@pytest.mark.parametrize(
    ("http_settings", "warned"),
    [
        (Http(), False),
        (Http(host="0.0.0.0"), True),  # noqa: S104 - what is warned of
        (Http(host="0.0.0.0", tls=Tls(self_signed=True)), False),  # noqa: S104 - likewise
        (Http(host="10.0.0.2", trusted_proxies=("10.0.0.1",)), False),
    ],
)
def test_plain_http_on_the_network_is_warned_of(http_settings: Http, *, warned: bool) -> None:
    assert bool(warnings_of(Machine(http=http_settings))) is warned


@pytest.mark.parametrize(
    "wrong", [{}, {"self_signed": True, "certificate": "a", "key": "b"}, {"certificate": "a"}, {"key": "b"}]
)
def test_settings_that_say_two_things_or_none_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"self_signed|belong together"):
        Tls.model_validate(wrong)


def test_a_key_that_is_locked_is_refused_and_nobody_is_asked_for_its_password(tmp_path: Path) -> None:
    made = own(tmp_path / "made")
    assert made.http.tls is not None
    Certificates(made.http.tls, made, SystemClock())
    key = made.data / "tls" / "hub.key"
    from cryptography.hazmat.primitives import serialization

    private = serialization.load_pem_private_key(key.read_bytes(), None)
    key.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"password"),
        )
    )
    os.environ.pop("SSLKEYLOGFILE", None)
    tls = Tls(certificate=made.data / "tls" / "hub.pem", key=key)
    with pytest.raises(ConfigurationError, match="locked"):
        Certificates(tls, made, SystemClock())
