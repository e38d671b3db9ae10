"""Backups that somebody made to do harm: each is refused in words, whatever stands in its head and its list."""

from __future__ import annotations

import io
import json
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest

from api.backup.restoring import check_backup, restore_backup
from api.backup.sealing import MAGIC, BackupError, Sealing

HEAD = {"kdf": "scrypt", "n": 65536, "r": 8, "p": 1, "salt": "0" * 32, "nonce": "0" * 14}
DIGEST = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
ENTRY = {"name": "data/a", "size_bytes": 1, "sha256": DIGEST}
LIST = {"format": 1, "made": "", "program": "", "files": [ENTRY]}


@pytest.mark.parametrize(
    "head",
    [
        [],
        "x",
        None,
        *({**HEAD, "n": value} for value in (1e400, float("nan"), 2**20, 10**400, -1, "65536", None, [])),
        *({**HEAD, "r": value} for value in (0, -8, 2**70, True)),
        *({**HEAD, "nonce": value} for value in (None, 7, "zz" * 7, "")),
        {**HEAD, "salt": ["00"]},
        {**HEAD, "kdf": []},
        {},
    ],
)
def test_a_head_that_no_hub_writes_is_refused(tmp_path: Path, head: object) -> None:
    (tmp_path / "x").write_bytes(MAGIC + json.dumps(head).encode() + b"\n" + b"x" * 100)
    with pytest.raises(BackupError, match="changed"):
        check_backup(tmp_path / "x", passphrase="x")


@pytest.mark.parametrize("rest", [b"", b"[" * 5000, b"\xff\xfe\n", b"{}"])
def test_a_head_that_is_no_json_is_refused(tmp_path: Path, rest: bytes) -> None:
    (tmp_path / "x").write_bytes(MAGIC + rest)
    with pytest.raises(BackupError, match="changed"):
        check_backup(tmp_path / "x", passphrase="x")


@pytest.mark.parametrize(
    "manifest",
    [
        [],
        None,
        5,
        {},
        {**LIST, "files": None},
        {**LIST, "files": {"name": 1}},
        {**LIST, "files": [[]]},
        {**LIST, "format": 1e400},
        {**LIST, "format": "1"},
        {**LIST, "format": 0},
        {**LIST, "made": {}},
        *({**LIST, "files": [{**ENTRY, "size_bytes": value}]} for value in (1e400, -1, 10**400, "1", None, True)),
        *({**LIST, "files": [{**ENTRY, "sha256": value}]} for value in (1, None, "0", "Z" * 64)),
        *({**LIST, "files": [{**ENTRY, "name": value}]} for value in (1, None, "", "\ud800", [])),
        {**LIST, "files": [ENTRY, ENTRY]},
        *(
            {**LIST, "files": [{**ENTRY, "name": name}]}
            for name in ("data/.restoring", "data/hub.sqlite3-wal", "data/run/x", "data/x/.y", "data/broker/store")
        ),
    ],
)
def test_a_list_that_no_hub_writes_is_refused(tmp_path: Path, manifest: object) -> None:
    with zipfile.ZipFile(tmp_path / "x", "w") as archive:
        name = "data/a"
        if isinstance(manifest, dict) and manifest.get("files"):
            first = manifest["files"][0] if isinstance(manifest["files"], list) else {}
            said = first.get("name") if isinstance(first, dict) else None
            name = said if isinstance(said, str) and said and said.isprintable() else name
        archive.writestr(name, "x")
        archive.writestr("manifest.json", json.dumps(manifest))
    with pytest.raises(BackupError, match="changed"):
        restore_backup(tmp_path / "x", tmp_path / "data", passphrase=None)
    assert not (tmp_path / "data").exists()


def test_the_list_that_these_are_made_of_is_a_good_one(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x", "w") as archive:
        archive.writestr("data/a", "x")
        archive.writestr("manifest.json", json.dumps(LIST))
    assert len(check_backup(tmp_path / "x", passphrase=None).members) == 1


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_an_archive_that_is_packed_otherwise_is_refused(tmp_path: Path, packing: int) -> None:
    with zipfile.ZipFile(tmp_path / "x", "w", packing) as archive:
        archive.writestr("data/a", "x")
        archive.writestr("manifest.json", json.dumps(LIST))
    with pytest.raises(BackupError, match="changed"):
        check_backup(tmp_path / "x", passphrase=None)


def test_every_byte_of_a_small_archive_may_be_anything(tmp_path: Path) -> None:
    """Of one that is not encrypted: it is refused in words, or nothing that counts was changed."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data/a", "x")
        archive.writestr("manifest.json", json.dumps(LIST))
    whole = packed.getvalue()
    for place in range(len(whole)):
        for value in (0, 0xFF, whole[place] ^ 1):
            (tmp_path / "x").write_bytes(whole[:place] + bytes([value]) + whole[place + 1 :])
            with suppress(BackupError):
                check_backup(tmp_path / "x", passphrase=None)


def test_a_directory_of_the_archive_may_go_over_pieces(tmp_path: Path) -> None:
    names = [f"data/{'long' * 25}{number}" for number in range(12_000)]
    with (tmp_path / "x").open("wb") as file:
        sealing = Sealing(file, "x")
        with zipfile.ZipFile(sealing, "w") as archive:  # type: ignore[call-overload]
            for name in names:
                archive.writestr(name, "x")
            files = [{**ENTRY, "name": name} for name in names]
            archive.writestr("manifest.json", json.dumps({**LIST, "files": files}))
        sealing.close()
    assert len(check_backup(tmp_path / "x", passphrase="x").members) == len(names)
