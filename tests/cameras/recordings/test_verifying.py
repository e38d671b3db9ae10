"""A changed byte of evidence is found, wherever it is, and a hub's signature is worth something without the hub."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cameras.recordings.evidence.manifest import (
    KEY_FILE,
    SIGNATURE,
    Absence,
    Before,
    Item,
    Manifest,
    ManifestError,
    Wanted,
    measured_path,
    name_of,
    read_manifest,
    sealed,
    sidecar,
)
from cameras.recordings.evidence.signing import KeyFileError, SigningKey, key_of, public_of
from cameras.recordings.evidence.verifying import NoEvidenceError, Verdict, verify

AT = datetime(2026, 11, 22, 13, 35, 2, 120_000, tzinfo=UTC)
CLIP, STILL = "clips/cam-1-main-20261122T133502120Z.mp4", "stills/alert-a1.jpg"


@pytest.fixture
def key(tmp_path: Path) -> SigningKey:
    return key_of(tmp_path / "data")


@pytest.fixture
def folder(tmp_path: Path, key: SigningKey) -> Path:
    """Evidence of two versions: a still first, a clip later."""
    made = tmp_path / "evidence"
    for name, content in ((CLIP, bytes(range(256)) * 5), (STILL, b"\xff\xd8 a picture")):
        (made / name).parent.mkdir(parents=True)
        (made / name).write_bytes(content)
    (made / KEY_FILE).write_bytes(key.pem)
    first = _manifest(made, STILL)
    before = Before(name_of(1), _write(made, first, key))
    _write(made, _manifest(made, STILL, CLIP, version=2, before=before), key)
    return made


def _manifest(folder: Path, *names: str, version: int = 1, before: Before | None = None) -> Manifest:
    files = []
    for name in names:
        size_bytes, sha256 = measured_path(folder / name)
        kind = "clip" if name.endswith(".mp4") else "still"
        files.append(Item(name, kind, "cam-1", size_bytes, sha256, AT, AT + timedelta(seconds=30), {"stream": "main"}))
    return Manifest(
        version=version,
        made=AT,
        software="community-hub 0.1.0",
        clock={"synchronised": True, "offset_s": 0.001},
        incident={"id": "i1", "number": 12, "kind": "fire.smoke"},
        wanted=(Wanted(1, "cam-1", AT, AT + timedelta(seconds=30), "engine", "fire.smoke was raised"),),
        files=tuple(files),
        gaps=(Absence("cam-1", AT, AT + timedelta(seconds=2), "offline"),),
        left_out=(Absence("cam-9", None, None, "more cameras than are kept"),),
        before=before,
    )


def _write(folder: Path, manifest: Manifest, key: SigningKey) -> str:
    done = sealed(manifest, key)
    path = folder / name_of(manifest.version)
    path.write_bytes(done.content)
    path.with_name(path.name + SIGNATURE).write_bytes(done.signature)
    return hashlib.sha256(done.content).hexdigest()


def _zipped(folder: Path, path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as made:
        for each in sorted(folder.rglob("*")):
            if each.is_file():
                made.write(each, f"incident-12/{each.relative_to(folder)}")
    return path


def test_what_was_not_touched_is_good(folder: Path, key: SigningKey) -> None:
    found = verify(folder, key=key.fingerprint)
    assert found.is_good
    assert found.compared
    assert {each.name for each in found.findings} == {name_of(2), name_of(1), KEY_FILE, CLIP, STILL}
    assert found.manifest is not None
    assert found.manifest.gaps[0].because == "offline"
    assert found.manifest.files[1].since == AT


def test_a_zip_is_checked_as_it_is(folder: Path, tmp_path: Path, key: SigningKey) -> None:
    found = verify(_zipped(folder, tmp_path / "all.zip"), key=key.fingerprint)
    assert found.is_good
    assert len(found.findings) == 5


def test_a_changed_byte_is_found_wherever_it_is(folder: Path) -> None:
    """Every byte of every file, one after the other, with one bit of it turned."""
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        whole = path.read_bytes()
        step = 1 if len(whole) < 200 else 7
        for place in range(0, len(whole), step):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << place % 8]) + whole[place + 1 :])
            assert not verify(folder).is_good, f"byte {place} of {path.name}"
        path.write_bytes(whole[:-1])
        assert not verify(folder).is_good, f"{path.name} without its last byte"
        path.write_bytes(whole + b"\n")
        assert not verify(folder).is_good, f"{path.name} with one byte more"
        path.write_bytes(whole)
    assert verify(folder).is_good


@pytest.mark.parametrize("name", [CLIP, STILL, name_of(1), name_of(2) + SIGNATURE, name_of(1) + SIGNATURE])
def test_a_file_that_is_gone_is_missed(folder: Path, name: str) -> None:
    (folder / name).unlink()
    found = verify(folder)
    assert not found.is_good
    assert name in {each.name for each in found.findings if each.verdict is Verdict.MISSING}


def test_a_file_that_was_added_is_named(folder: Path, tmp_path: Path) -> None:
    (folder / "clips" / "another.mp4").write_bytes(b"x")
    for path in (folder, _zipped(folder, tmp_path / "all.zip")):
        found = verify(path)
        assert [each.name for each in found.findings if each.verdict is Verdict.EXTRA] == ["clips/another.mp4"]


def test_a_second_file_of_the_same_name_in_a_zip_is_named(folder: Path, tmp_path: Path) -> None:
    made = _zipped(folder, tmp_path / "all.zip")
    with zipfile.ZipFile(made, "a") as file, pytest.warns(UserWarning, match="Duplicate"):
        file.writestr(f"incident-12/{STILL}", b"another picture")
    assert not verify(made).is_good


def test_who_signs_anew_with_a_key_of_his_own_is_found_out(folder: Path, tmp_path: Path, key: SigningKey) -> None:
    """Without the hub's fingerprint it looks good; so the answer says that nobody compared."""
    other = key_of(tmp_path / "other")
    (folder / CLIP).write_bytes(b"another film")
    (folder / KEY_FILE).write_bytes(other.pem)
    before = Before(name_of(1), _write(folder, _manifest(folder, STILL), other))
    _write(folder, _manifest(folder, STILL, CLIP, version=2, before=before), other)
    assert not verify(folder).compared
    found = verify(folder, key=key.fingerprint)
    assert not found.is_good
    assert found.findings[0].verdict is Verdict.UNKNOWN_KEY
    assert found.fingerprint == other.fingerprint


def test_an_earlier_manifest_of_another_key_or_content_breaks_the_chain(
    folder: Path, tmp_path: Path, key: SigningKey
) -> None:
    _write(folder, _manifest(folder, CLIP), key)
    found = verify(folder)
    assert [each.verdict for each in found.findings if each.name == name_of(1)] == [Verdict.CHANGED]
    _write(folder, _manifest(folder, STILL), key_of(tmp_path / "other"))
    assert Verdict.UNKNOWN_KEY in {each.verdict for each in verify(folder).findings}


def test_a_single_clip_is_held_to_the_manifest_above_or_beside_it(folder: Path, tmp_path: Path) -> None:
    assert verify(folder / CLIP).is_good
    alone = tmp_path / "alone" / "my.mp4"
    alone.parent.mkdir()
    shutil.copyfile(folder / CLIP, alone)
    with pytest.raises(NoEvidenceError, match="no manifest"):
        verify(alone)
    renamed = verify(alone, manifest=folder / name_of(2))
    assert renamed.is_good
    assert renamed.findings[1].detail == f"it is {CLIP}"
    for suffix in ("", SIGNATURE):
        shutil.copyfile(folder / (name_of(2) + suffix), f"{sidecar(alone)}{suffix}")
    assert verify(alone).is_good
    alone.write_bytes(alone.read_bytes()[:-1] + b"?")
    assert verify(alone).findings[1].verdict is Verdict.EXTRA
    (folder / CLIP).write_bytes(b"?")
    assert verify(folder / CLIP).findings[1].verdict is Verdict.CHANGED


def test_what_is_no_evidence_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(NoEvidenceError):
        verify(tmp_path)
    with pytest.raises(NoEvidenceError):
        verify(tmp_path / "nowhere.mp4")


@pytest.mark.parametrize(
    "name", ["../secret", "/etc/passwd", "clips/../../x", "a/b/c/d", "", ".hidden", "clips//x", "clips\\x"]
)
def test_a_manifest_cannot_name_what_lies_outside(key: SigningKey, name: str) -> None:
    item = Item(name, "clip", "cam-1", 1, "0" * 64)
    with pytest.raises(ManifestError):
        sealed(Manifest(1, AT, "x", {}, {}, files=(item,)), key)


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[1]", b"null", b"[" * 100_000, b'{"form": "community-hub-evidence-1"}']
)
def test_what_is_no_manifest_is_refused_in_words(content: bytes) -> None:
    with pytest.raises(ManifestError):
        read_manifest(content)


def test_the_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    first, again = key_of(tmp_path), key_of(tmp_path)
    path = tmp_path / "evidence-key.pem"
    assert first.fingerprint == again.fingerprint
    assert path.stat().st_mode & 0o777 == 0o600
    assert first.fingerprint not in path.read_text()
    assert public_of(first.pem) == first.public
    path.chmod(0o644)
    with pytest.raises(KeyFileError, match="others could read"):
        key_of(tmp_path)
    path.write_text("no key")
    path.chmod(0o600)
    with pytest.raises(KeyFileError, match="no private key"):
        key_of(tmp_path)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_says_the_same_of_a_signature(folder: Path) -> None:
    name = folder / name_of(2)

    def checked() -> bool:
        options = ("-verify", "-pubin", "-rawin", "-inkey", folder / KEY_FILE, "-sigfile", f"{name}{SIGNATURE}")
        return (
            subprocess.run(["openssl", "pkeyutl", *options, "-in", name], capture_output=True, check=False).returncode
            == 0
        )

    assert checked()
    name.write_bytes(name.read_bytes().replace(b"fire.smoke", b"fire.flame"))
    assert not checked()
