"""A hub that is backed up while it works, brought back elsewhere and started: everything is as it was."""

from __future__ import annotations

import io
import json
import shutil
import threading
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from api.backup.making import make_backup
from api.backup.restoring import check_backup, restore_backup
from api.backup.scheduling import Backups, name_at
from api.backup.sealing import PIECE_BYTES, BackupError, Sealing, Unsealed
from config.hardening import Backup
from config.machine import Machine
from config.secrets import Secret
from hub.access import Role
from hub.store.event_log import Fact
from tests.api.backup.hubs import hub_with
from tests.api.room import PASSWORD, Room, machine, open_room
from tests.fakes.clocks import SetClock

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
_MOVING = ("cameras", "rules", "sensors")
"""What is told of these goes on with the time; that they are there is in the revisions."""

PASSPHRASE = "a long sentence that nobody guesses"


@pytest.fixture(scope="module")
def backed_up(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, object]]:
    """A backup made under load, and what the hub said meanwhile."""
    folder = tmp_path_factory.mktemp("source")
    room = open_room(folder / "data")
    try:
        said = _live(room)
        (folder / "data" / "stills").mkdir(exist_ok=True)
        (folder / "data" / "stills" / "kept.jpg").write_bytes(b"picture")
        (folder / "data" / "recordings").mkdir(exist_ok=True)
        (folder / "data" / "recordings" / "film.mp4").write_bytes(b"video" * 1000)
        stop = threading.Event()
        load = threading.Thread(target=_load, args=(room, stop))
        load.start()
        try:
            made = make_backup(machine(folder / "data"), folder / "one.hubbackup", passphrase=PASSPHRASE, now=NOW)
        finally:
            stop.set()
            load.join()
        assert made.encrypted
        assert made.files > 3
    finally:
        room.close()
    return folder / "one.hubbackup", said


def _live(room: Room) -> dict[str, object]:
    """Something of everything: accounts, alerts, an incident that somebody works on, the audit log."""
    room.person("chen", Role.SUPERVISOR)
    room.smoke()
    room.client(Role.ADMINISTRATOR).get("/api/v1/accounts").raise_for_status()
    room.client(Role.RESIDENT).get("/api/v1/accounts")  # a refusal, which is audited
    return _said(room)


def _said(room: Room) -> dict[str, object]:
    administrator = room.client(Role.ADMINISTRATOR)
    asked = ("accounts", "alerts", "incidents", "cameras", "sites", "sensors", "rules")
    answers = {name: administrator.get(f"/api/v1/{name}") for name in asked}
    return {name: answer.json() for name, answer in answers.items() if answer.status_code == 200}


def _load(room: Room, stop: threading.Event) -> None:
    number = 0
    while not stop.is_set():
        number += 1
        room.hub.parts.event_log.append([_fact(room, number)]).result(10)


def _fact(room: Room, number: int) -> Fact:
    return Fact(room.event("temperature", "home-1-smoke", site="home-1", temperature_c=float(number % 40)))


def test_what_is_brought_back_is_what_there_was(backed_up: tuple[Path, dict[str, object]], tmp_path: Path) -> None:
    """Accounts, alerts, incidents and grants are equal, sign-in works, and the audit log is whole."""
    file, said = backed_up
    contents = restore_backup(file, tmp_path / "data", passphrase=PASSPHRASE)
    assert contents.made.startswith("2026-11-22T12:00:00")
    assert (tmp_path / "data" / "stills" / "kept.jpg").read_bytes() == b"picture"
    assert not (tmp_path / "data" / "recordings" / "film.mp4").exists()
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "data" / "hub.sqlite3").stat().st_mode & 0o777 == 0o600
    room = open_room(tmp_path / "data")
    try:
        again = _said(room)
        assert {name: again[name] for name in said if name not in _MOVING} == {
            name: said[name] for name in said if name not in _MOVING
        }
        form = {"username": "chen", "password": PASSWORD}
        assert httpx.post(f"{room.hub.url}/api/v1/auth/token", data=form, trust_env=False).status_code == 200
        verdict = room.hub.parts.audit.log.verify()
        assert verdict.broken is None
        assert verdict.entries > 1
    finally:
        room.close()


def test_a_backup_can_be_checked_without_bringing_it_back(backed_up: tuple[Path, dict[str, object]]) -> None:
    contents = check_backup(backed_up[0], passphrase=PASSPHRASE)
    assert "database/hub.sqlite3" in {member.name for member in contents.members}
    assert not [
        member.name for member in contents.members if "recordings/" in member.name or "broker/store" in member.name
    ]


@pytest.mark.parametrize("passphrase", ["another", None])
def test_without_the_passphrase_there_is_nothing(
    backed_up: tuple[Path, dict[str, object]], tmp_path: Path, passphrase: str | None
) -> None:
    with pytest.raises(BackupError, match="passphrase"):
        restore_backup(backed_up[0], tmp_path / "data", passphrase=passphrase)
    assert list(tmp_path.iterdir()) == []
    assert b"evidence-key" not in backed_up[0].read_bytes()


@pytest.mark.parametrize("cut", [0.0, 0.01, 0.5, 0.999])
def test_a_cut_backup_is_refused_with_words(
    backed_up: tuple[Path, dict[str, object]], tmp_path: Path, cut: float
) -> None:
    whole = backed_up[0].read_bytes()
    (tmp_path / "cut").write_bytes(whole[: int(len(whole) * cut)])
    with pytest.raises(BackupError, match=r"cut|changed"):
        restore_backup(tmp_path / "cut", tmp_path / "data", passphrase=PASSPHRASE)
    assert [path.name for path in tmp_path.iterdir()] == ["cut"]


@pytest.mark.parametrize("where", [0.0, 0.0002, 0.3, 0.9999])
def test_one_changed_byte_is_told(backed_up: tuple[Path, dict[str, object]], tmp_path: Path, where: float) -> None:
    data = bytearray(backed_up[0].read_bytes())
    data[int(len(data) * where)] ^= 1
    (tmp_path / "changed").write_bytes(data)
    with pytest.raises(BackupError, match=r"cut|changed"):
        check_backup(tmp_path / "changed", passphrase=PASSPHRASE)


def test_a_folder_that_holds_something_is_left_alone(backed_up: tuple[Path, dict[str, object]], tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "mine").touch()
    with pytest.raises(BackupError, match="holds something"):
        restore_backup(backed_up[0], tmp_path / "data", passphrase=PASSPHRASE)
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["mine"]
    (tmp_path / "data" / "mine").unlink()
    restore_backup(backed_up[0], tmp_path / "data", passphrase=PASSPHRASE)


@pytest.mark.parametrize(
    "name", ["../outside", "/etc/passwd", "data/../../outside", "database/other", "elsewhere/x", "data\\..\\x", "data"]
)
def test_a_backup_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    manifest = {"format": 1, "made": "", "program": "", "files": [{"name": name, "size_bytes": 1, "sha256": "0"}]}
    with zipfile.ZipFile(tmp_path / "evil", "w") as archive:
        archive.writestr(name, "x")
        archive.writestr("manifest.json", json.dumps(manifest))
    with pytest.raises(BackupError, match="changed"):
        restore_backup(tmp_path / "evil", tmp_path / "in" / "data", passphrase=None)
    assert not (tmp_path / "outside").exists()


def test_a_plain_backup_whose_content_was_changed_is_refused(tmp_path: Path) -> None:
    manifest = {
        "format": 1,
        "made": "",
        "program": "",
        "files": [{"name": "data/a", "size_bytes": 1, "sha256": "0" * 64}],
    }
    with zipfile.ZipFile(tmp_path / "plain", "w") as archive:
        archive.writestr("data/a", "x")
        archive.writestr("manifest.json", json.dumps(manifest))
    with pytest.raises(BackupError, match="not what was put in"):
        check_backup(tmp_path / "plain", passphrase=None)


@pytest.mark.parametrize("size", [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES])
def test_what_is_sealed_comes_out_as_it_went_in(size: int) -> None:
    sealed = io.BytesIO()
    sealing = Sealing(sealed, "x")
    sealing.write(b"a" * size)
    sealing.close()
    assert Unsealed(sealed, "x").read() == b"a" * size


def test_pieces_cannot_be_changed_round() -> None:
    sealed = io.BytesIO()
    sealing = Sealing(sealed, "x")
    sealing.write(b"a" * 3 * PIECE_BYTES)
    sealing.close()
    data = sealed.getvalue()
    begin = len(data) - 3 * (PIECE_BYTES + 16)
    step = PIECE_BYTES + 16
    swapped = (
        data[:begin] + data[begin + step : begin + 2 * step] + data[begin : begin + step] + data[begin + 2 * step :]
    )
    with pytest.raises(BackupError):
        Unsealed(io.BytesIO(swapped), "x").read()


def test_one_without_a_passphrase_is_not_made_unless_that_is_meant(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="passphrase"):
        Backups(hub_with(tmp_path), SetClock(NOW)).make()
    with pytest.raises(ValueError, match="passphrase"):
        Backup(every_h=24)
    made = Backups(hub_with(tmp_path, passphrase=Secret("x y z")), SetClock(NOW)).make()
    assert made.encrypted
    assert made.path.stat().st_mode & 0o777 == 0o600


def test_a_backup_never_overwrites_another(tmp_path: Path) -> None:
    there = hub_with(tmp_path)
    make_backup(there, tmp_path / name_at(NOW), passphrase="x", now=NOW)
    with pytest.raises(BackupError, match="already"):
        make_backup(there, tmp_path / name_at(NOW), passphrase="x", now=NOW)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", name_at(NOW)]


def test_a_folder_without_a_hub_is_told(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="is this the data folder of a hub"):
        make_backup(Machine(data=tmp_path / "no"), tmp_path / "x", passphrase=None, now=NOW)


def test_postgresql_without_its_client_says_what_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    there = Machine.model_validate(
        {"data": tmp_path, "database": {"url": Secret("postgresql+psycopg://hub:dbpass@db/village")}}
    )
    with pytest.raises(BackupError, match=r"pg_dump --format=custom --file=hub.pgdump village") as refused:
        make_backup(there, tmp_path / "x", passphrase=None, now=NOW)
    assert "dbpass" not in str(refused.value)


def test_administrators_make_list_and_fetch_backups(room: Room) -> None:
    administrator, operator = room.client(Role.ADMINISTRATOR), room.client(Role.OPERATOR)
    assert operator.get("/api/v1/backups").status_code == 403
    assert administrator.get("/api/v1/backups").json()["items"] == []
    refused = administrator.post("/api/v1/backups")
    assert refused.status_code in (400, 422)
    assert "passphrase" in refused.text
    assert administrator.get("/api/v1/backups/hub-20261122T120000Z.hubbackup").status_code == 404
    assert administrator.get("/api/v1/backups/..%2Fhub.sqlite3").status_code == 404


@pytest.mark.skipif(shutil.which("pg_dump") is None, reason="pg_dump is not installed")
def test_postgresql_goes_into_the_backup_by_its_own_client(postgres_database_url: str, tmp_path: Path) -> None:
    """And its password stands on no command line, and comes back into `restored`."""
    there = Machine.model_validate({"data": tmp_path / "data", "database": {"url": Secret(postgres_database_url)}})
    there.data.mkdir()
    make_backup(there, tmp_path / "pg", passphrase="x", now=NOW)
    contents = restore_backup(tmp_path / "pg", tmp_path / "back", passphrase="x")
    assert [member.name for member in contents.members] == ["database/hub.pgdump"]
    assert (tmp_path / "back" / "restored" / "hub.pgdump").read_bytes().startswith(b"PGDMP")
