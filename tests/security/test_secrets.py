"""Planted secrets: whatever goes wrong, none of them is written into a log, an answer, a figure or a process list."""

from __future__ import annotations

import base64
import json
import logging
import os
import threading
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import httpx
import pyotp
import pytest

from api.access.declaration import Kind
from api.backup.making import make_backup
from cameras.errors import SourceError
from cameras.streams.sources import Sources
from config.community import Camera, Onvif, Stream
from config.networks import Networks
from config.secrets import Secret
from config.sign_in import Oidc
from hub.access import Permission, Role
from hub.clock import SystemClock
from hub.logs import Lines
from hub.networks import cameras_allowed
from tests.api.access.world import World, make_world
from tests.api.room import PASSWORD, machine, open_room
from tests.security.test_authentication import _children

PLANTED = {
    "camera password": "c4m!era p@ss/w0rd",
    "token in a stream's address": "url-t0ken-5511/+",
    "ONVIF password": "0nv1f:p@ssw0rd 77",
    "SMTP password": "sm7p-passw0rd&8842",
    "webhook secret": "w3bh00k secret=9931",
    "OIDC secret": "0idc/cl1ent+secret",
    "backup passphrase": "a long s3ntence, of the backup",
}
"""What is written into settings; what the hub makes itself comes besides."""
OWN = "0wn words & a pers0n"
CAMERA = "/api/v1/cameras/secret-cam"


@pytest.fixture(scope="module")
def written() -> Iterator[StringIO]:
    """Everything that is logged, as the hub writes it, down to the debug level and with tracebacks."""
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Lines())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    for caller in ("httpx", "httpcore"):
        logging.getLogger(caller).setLevel(logging.WARNING)  # whoever asks is no part of the hub
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, written: StringIO) -> Iterator[World]:
    del written  # begins before
    made = make_world(tmp_path_factory.mktemp("hub") / "data")
    yield made
    made.close()


def _settings(there: Any) -> Any:
    """The Community with secrets wherever it can hold one."""
    stream = Stream(
        url="rtsp://10.9.8.77/x?token=" + PLANTED["token in a stream's address"],
        username="hub",
        password=Secret(PLANTED["camera password"]),
    )
    onvif = Onvif(
        url="http://10.9.8.77/onvif/device_service", username="hub", password=Secret(PLANTED["ONVIF password"])
    )
    camera = Camera(id="secret-cam", site="near-shop", main=stream, onvif=onvif)
    mail = {"host": "10.9.8.78", "sender": "hub@example.org", "to": ["room@example.org"], "username": "hub"}
    told = [
        {"id": "mail", "kind": "email", "options": mail, "secret": PLANTED["SMTP password"]},
        {
            "id": "hook",
            "kind": "webhook",
            "options": {"url": "http://10.9.8.79/x"},
            "secret": PLANTED["webhook secret"],
        },
    ]
    whole = {**there.model_dump(context={"secrets": True}), "notifiers": told}
    whole["cameras"] = [*whole["cameras"], camera.model_dump(context={"secrets": True})]
    return type(there).model_validate(whole)


@pytest.fixture(scope="module")
def planted(world: World) -> dict[str, str]:
    """Secrets of every kind, by what they are; each was used the way it is meant to be."""
    parts = world.room.hub.parts
    parts.revisions.change(_settings, author="test", reason="secrets")
    nobody, master = world.askers["nobody"], world.askers["whole-administrator"]
    data = {"username": "whole-operator", "password": PASSWORD}
    signed = world.ask("POST", "/api/v1/auth/token", nobody, data=data).json()
    parts.accounts.create("secretive", OWN, Role.RESIDENT)
    for password in (OWN, OWN + "x"):
        world.ask("POST", "/api/v1/auth/token", nobody, data={"username": "secretive", "password": password})
    operator, resident = world.askers["whole-operator"].who, world.askers["near-resident"].who
    assert operator is not None
    assert resident is not None
    expires = parts.clock.now() + timedelta(days=1)
    scope = frozenset({Permission.VIEW_CAMERAS})
    _, key = parts.people.keys.make(operator.id, "planted", scope, cameras=None, expires=expires)
    world.ask("GET", "/api/v1/cameras", nobody, headers={"X-API-Key": key})
    totp = parts.people.second_factors.begin(resident.id)
    parts.people.second_factors.confirm(resident.id, pyotp.TOTP(totp).at(parts.clock.now()))
    invited = world.ask("POST", "/api/v1/invitations", master, json={"sites": ["near-shop"], "note": "x"}).json()
    secrets = {
        **PLANTED,
        "access token": signed["access_token"],
        "refresh token": signed["refresh_token"],
        "API key": key,
        "TOTP secret": totp,
        "code of an invitation": invited["link"].partition("token=")[2],
        "broker password": str(world.room.hub.broker.password.reveal()),
        "signing key": parts.desk.key.decode("latin-1"),
        "password of a person": OWN,
    }
    assert min(map(len, secrets.values())) >= 8, "what is looked for is long enough to stand nowhere by chance"
    return secrets


def _forms(secret: str) -> set[bytes]:
    """As it may stand somewhere: plain, in an address, in base64 at each of three offsets, in hex, as a literal."""
    raw = secret.encode("latin-1")
    found = {raw, raw.hex().encode(), raw.hex().upper().encode()}
    found |= {quote(raw, safe="").encode(), quote(raw).encode(), quote_plus(raw).encode()}
    found |= {repr(secret)[1:-1].encode(), json.dumps(secret)[1:-1].encode(), secret.replace("/", "\\/").encode()}
    for skipped in range(3):
        inner = base64.b64encode(b"x" * skipped + raw)[(4 if skipped else 0) : -4]
        found |= {inner, inner.replace(b"+", b"-").replace(b"/", b"_")}
    return {form for form in found if len(form) >= 8}


def _in(where: str, data: bytes, planted: dict[str, str]) -> list[str]:
    return [
        f"{where} holds the {name} as {form[:60]!r}"
        for name, secret in planted.items()
        for form in _forms(secret)
        if form in data
    ]


def _said(name: str, answer: httpx.Response, planted: dict[str, str]) -> list[str]:
    headers = "\n".join(f"{key}: {value}" for key, value in answer.headers.items()).encode()
    return _in(f"{name} ({answer.status_code})", answer.content + headers, planted)


def test_the_search_finds_every_form() -> None:
    for secret in PLANTED.values():
        for form in _forms(secret):
            assert _in("x", b"..." + form + b"...", {"it": secret})
    packed = base64.b64encode(b"hub:" + PLANTED["camera password"].encode())
    assert _in("x", b"Basic " + packed, PLANTED), "as a header of RTSP has it"


def _reading(world: World) -> list[str]:
    """Addresses whose answers are made of what holds secrets, or of all that there is."""
    incident = world.things[Kind.INCIDENT][0].params["incident_id"]
    newest = world.ask("GET", "/api/v1/revisions", world.askers["whole-administrator"]).json()["items"][0]["number"]
    return [
        "/api/v1/cameras", CAMERA, "/api/v1/sites", "/api/v1/sensors", "/api/v1/overview", "/api/v1/accounts",
        "/api/v1/revisions", f"/api/v1/revisions/{newest}", "/api/v1/revisions/1", f"/api/v1/revisions/{newest}/diff",
        f"/api/v1/revisions/{newest}/diff?from=1", "/api/v1/community", "/api/v1/audit?limit=500", "/api/v1/audit.csv",
        "/api/v1/audit/verify", "/api/v1/health", "/api/v1/backups", "/api/v1/keys", "/api/v1/invitations",
        "/api/v1/notices", "/api/v1/me", "/api/v1/me/data", "/api/v1/me/sign-ins", "/api/v1/grants", "/healthz",
        "/readyz", "/metrics", "/api/v1/openapi.json", f"/api/v1/incidents/{incident}/evidence",
        f"/api/v1/incidents/{incident}/evidence.zip", f"{CAMERA}/still.jpg", f"{CAMERA}/live.m3u8", "/api/v1/auth/ways",
    ]  # fmt: skip


def _writing(planted: dict[str, str]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Requests that hold a secret where it is wrong, or that cannot be done with it."""
    secret, key = planted["camera password"], planted["API key"]
    camera = {"id": "secret-cam", "site": "no-such-site", "main": {"url": "rtsp://10.9.8.77/x", "password": secret}}
    yield "PUT", CAMERA, {"json": camera, "headers": {"If-Match": "*"}}
    yield "PUT", CAMERA, {"json": {**camera, "site": "near-shop"}, "headers": {"If-Match": '"999999"'}}
    yield "POST", "/api/v1/cameras", {"json": camera}
    userinfo = f"rtsp://hub:{quote(secret, safe='')}@10.9.8.77/x"
    yield "POST", "/api/v1/cameras", {"json": {**camera, "main": {"url": userinfo}}}
    yield "POST", "/api/v1/cameras", {"json": {**camera, "main": {"url": f"exec:{userinfo}"}}}
    yield "POST", "/api/v1/cameras", {"json": {**camera, "main": {"url": 5, "password": [secret]}}}
    yield (
        "POST",
        "/api/v1/cameras/probe",
        {"json": {"url": "gopher://10.9.8.77/", "username": "hub", "password": secret}},
    )
    for what in ("probe", "try-still"):
        about = {"url": "rtsp://127.0.0.1:1/x", "username": "hub", "password": secret}
        yield "POST", f"/api/v1/cameras/{what}", {"json": about}
        yield "POST", f"/api/v1/cameras/{what}", {"json": {"url": userinfo.replace("10.9.8.77", "127.0.0.1:1")}}
    sheet = f"id,site,url,username,password\nc1,no-such,rtsp://10.9.8.1/x,hub,{secret}\n,,{userinfo},,\n"
    yield "POST", "/api/v1/cameras/import", {"content": sheet.encode(), "headers": {"Content-Type": "text/csv"}}
    whole = f'cameras:\n- id: x\n  main: {{url: "rtsp://h/x", password: "{secret}", passwort: "{secret}"}}\n'
    for text in (whole, whole + "}", f"notifiers: {secret}\n"):
        yield "PUT", "/api/v1/community", {"content": text.encode(), "headers": {"Content-Type": "application/yaml"}}
    for word in (planted["refresh token"], key, planted["SMTP password"]):
        yield "POST", "/api/v1/auth/refresh", {"json": {"refresh_token": word + "x"}}
        yield "POST", "/api/v1/invitations/look", {"json": {"token": word}}
        yield "POST", "/api/v1/setup", {"json": {"token": word, "username": "", "password": word}}
        yield "POST", "/api/v1/auth/token", {"data": {"username": "nobody", "password": word, "code": word}}
        yield "PUT", "/api/v1/me/password", {"json": {"old": word, "new": [word]}}
        yield "GET", f"/api/v1/cameras/near-road-cam/recordings/x.mp4?link={quote(word, safe='')}", {}
    yield "POST", "/api/v1/backups", {}


def test_no_answer_and_no_line_of_the_log_holds_a_secret(
    world: World, planted: dict[str, str], written: StringIO
) -> None:
    """What is right, what is refused, what is wrong, and what falls over."""
    wrong: list[str] = []
    world.sign_in_again()
    people = [world.askers[name] for name in ("whole-administrator", "near-resident", "nobody")]
    for path in _reading(world):
        for who in people:
            wrong += _said(f"{who.name} GET {path}", world.ask("GET", path, who), planted)
    for method, path, more in _writing(planted):
        for who in (people[0], people[2]):
            world.sign_in_again()
            answer = world.ask(method, path, who, **more)
            assert answer.status_code < 500 or answer.status_code == 503, (method, path, answer.text)
            wrong += _said(f"{who.name} {method} {path}", answer, planted)
    for name, secret in planted.items():
        for header in ("Authorization", "X-API-Key", "Cookie", "Host", "Origin", "If-Match", "Last-Event-ID"):
            shown = quote(secret) if not secret.isprintable() else secret
            value = f"Bearer {shown}x" if header == "Authorization" else f"{shown}x"
            answer = world.ask("GET", "/api/v1/cameras", people[2], headers={header: value})
            wrong += _said(f"{name} as {header}", answer, planted)
    assert not wrong, "\n".join(wrong[:20])
    wrong = _in("the log", written.getvalue().encode(), planted)
    assert not wrong, "\n".join(wrong)


def test_an_answer_500_and_its_traceback_hold_no_secret(
    world: World, planted: dict[str, str], written: StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A library repeats an address with a password in its error, and nobody catches it."""
    known = world.room.hub.parts.revisions.current().cameras[-1].main
    assert known.password is not None
    known.password.reveal()  # as whoever opens the stream does

    def fails(*_asked: Any, **_more: Any) -> Any:
        password = PLANTED["camera password"]
        addressed = f"rtsp://hub:{quote(password, safe='')}@10.9.8.77/x"
        raise RuntimeError(
            f"cannot open {addressed} with {password}, {planted['access token']}, X-API-Key: {planted['API key']}"
        )

    monkeypatch.setattr(world.room.hub.parts.accounts, "list", fails)
    world.sign_in_again()
    before = len(written.getvalue())
    answer = world.ask("GET", "/api/v1/accounts", world.askers["whole-administrator"])
    assert answer.status_code == 500
    assert "rtsp" not in answer.text
    assert "RuntimeError" not in answer.text
    line = written.getvalue()[before:]
    assert "cannot open" in line, "the traceback is in the log"
    assert not _in("the log", line.encode(), planted)


def test_a_camera_that_cannot_be_opened_is_told_of_without_its_password(
    written: StringIO, planted: dict[str, str]
) -> None:
    """The library that opens streams repeats the address with the password in its errors."""
    sources = Sources(SystemClock(), cameras_allowed(Networks(cameras=("loopback",))))
    before = len(written.getvalue())
    for url in ("rtsp://127.0.0.1:1/x", "http://127.0.0.1:1/x", "rtsp://no-such-host.invalid/x"):
        stream = Stream(url=url, username="hub", password=Secret(planted["camera password"]))
        source = sources.make(stream, stopping=threading.Event())
        with pytest.raises(SourceError) as refused:
            source.open()
        told = f"{refused.value!r} {refused.value} {refused.value.__cause__!r}"
        assert not _in(url, told.encode(), planted)
    assert not _in("the log", written.getvalue()[before:].encode(), planted)


def test_a_notice_that_cannot_be_sent_is_told_of_without_its_secret(
    world: World, planted: dict[str, str], written: StringIO
) -> None:
    """Mail and webhook go to where nobody listens; what became of them is shown to the room."""
    master = world.askers["whole-administrator"]
    world.room.say("smoke", "near-neighbour-smoke", site="near-neighbour", area="near", alarm=True)
    items = world.room.wait_for(
        lambda: world.ask("GET", "/api/v1/incidents", master, params={"site": "near-neighbour"}).json()["items"]
    )
    for path in ("/api/v1/notices", f"/api/v1/incidents/{items[0]['id']}", "/api/v1/health"):
        assert not _said(path, world.ask("GET", path, master), planted)
    assert not _in("the log", written.getvalue().encode(), planted)


def test_a_backup_without_a_passphrase_is_not_given_out_and_one_with_it_shows_nothing(
    world: World, planted: dict[str, str], tmp_path: Path
) -> None:
    """It has to hold the secrets, so it is sealed, or for who owns the machine alone."""
    settings = machine(world.room.data)
    now = world.room.hub.parts.clock.now()
    folder = world.room.hub.parts.hardening.backups.folder
    name = "hub-20260301T080000Z.hubbackup"
    plain = make_backup(settings, tmp_path / "plain.hubbackup", passphrase=None, now=now)
    assert plain.path.stat().st_mode & 0o077 == 0
    with zipfile.ZipFile(plain.path) as archive:
        held = archive.read(next(each for each in archive.namelist() if each.startswith("database/")))
        listed = archive.read("manifest.json")
    assert _in("x", held, {"camera password": planted["camera password"]}), "so that the seal has something to hide"
    assert not _in("its list of contents", listed, planted)
    sealed = make_backup(settings, tmp_path / "sealed.hubbackup", passphrase=planted["backup passphrase"], now=now)
    assert not _in("a sealed backup", sealed.path.read_bytes(), planted)
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(plain.path.read_bytes())
    try:
        answer = world.ask("GET", f"/api/v1/backups/{name}", world.askers["whole-administrator"])
        assert answer.status_code == 404, "it is readable, so it leaves the machine by its owner's hand alone"
        assert not _said("a backup", answer, planted)
    finally:
        (folder / name).unlink()


def test_nothing_that_is_shown_of_a_setting_is_its_secret(world: World, planted: dict[str, str]) -> None:
    """`repr`, `str` and JSON of what holds them; what an address itself holds is hidden where one is shown (above)."""
    planted = {name: secret for name, secret in planted.items() if "address" not in name}
    there = world.room.hub.parts.revisions.current()
    oidc = Oidc.model_validate(
        {"name": "T", "issuer": "https://id.example", "client_id": "hub", "client_secret": PLANTED["OIDC secret"]}
    )
    assert oidc.client_secret is not None
    for shown in (there, oidc, there.cameras[-1], there.notifiers, world.room.hub.broker):
        dumped = shown.model_dump_json() if hasattr(shown, "model_dump_json") else ""
        assert not _in(type(shown).__name__, f"{shown!r} {shown} {dumped}".encode(), planted)


def test_the_first_link_is_in_no_log(tmp_path: Path, written: StringIO) -> None:
    """It is printed for whoever starts the hub, and for nobody who reads its log later."""
    room = open_room(tmp_path / "data")
    try:
        token = str(room.hub.setup_url).partition("token=")[2]
        assert token
        body = {"token": token, "username": "eve", "password": PLANTED["SMTP password"]}
        answer = room.client(None).post("/api/v1/setup", json=body)
        assert answer.status_code == 201
        secrets = {"setup token": token, "password": PLANTED["SMTP password"]}
        assert not _said("setting up", answer, secrets)
        figures = httpx.get(f"{room.hub.url}/metrics", trust_env=False)
        assert not _said("figures", figures, secrets)
        audit = room.client(Role.ADMINISTRATOR).get("/api/v1/audit.csv")
        assert not _said("audit", audit, secrets)
    finally:
        room.close()
    assert not _in("the log", written.getvalue().encode(), {"setup token": token})


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="needs /proc")
def test_no_process_shows_a_secret(world: World, planted: dict[str, str]) -> None:
    """Whoever may run `ps` on this machine sees command lines; and children inherit no secret in their environment.

    One child looks at a camera meanwhile, with its password.
    """
    seen: list[str] = []
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            for pid in _children(os.getpid()):
                for name in ("cmdline", "environ"):
                    try:
                        data = Path(f"/proc/{pid}/{name}").read_bytes()
                    except OSError:
                        continue
                    commands.add(data[:200])
                    seen.extend(_in(f"{name} of {pid}", data, planted))
            over.wait(0.02)

    commands: set[bytes] = set()
    watching = threading.Thread(target=look)
    watching.start()
    try:
        body = {"url": "rtsp://127.0.0.1:1/x", "username": "hub", "password": planted["camera password"]}
        world.sign_in_again()
        answer = world.ask("POST", "/api/v1/cameras/probe", world.askers["whole-administrator"], json=body)
        assert answer.status_code in (200, 429), answer.text
    finally:
        over.set()
        watching.join()
    assert commands, "the broker is a child"
    assert answer.status_code == 429 or [each for each in commands if b"setting_up" in each], commands
    assert not seen, seen


def test_a_file_with_a_secret_is_for_its_owner_alone(world: World, planted: dict[str, str]) -> None:
    """Everything below the data folder that holds one; the database is such a file."""
    held = []
    for path in world.room.data.rglob("*"):
        if path.is_file() and _in(path.name, path.read_bytes(), planted):
            held.append(path)
            assert path.stat().st_mode & 0o077 == 0, f"others may read {path}"
    assert held, "the search finds what there is"
