"""Verifying: whether evidence is as a hub wrote it, on any machine and without a hub.

Looks at a folder, a .zip or a single clip with its manifest. Every file that the newest manifest names is held to its
length and SHA-256, every manifest to its signature and to the hash that the next one names. Nothing that is read is
trusted: files are read in pieces and no further than they may be long, and nothing is unpacked.
"""

from __future__ import annotations

import enum
import hashlib
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from cameras.recordings.evidence.manifest import (
    KEY_FILE,
    MOST_BYTES,
    SIGNATURE,
    Item,
    Manifest,
    ManifestError,
    name_of,
    read_manifest,
    sidecar,
)
from cameras.recordings.evidence.signing import SIGNATURE_BYTES, is_signed, pem_of
from hub.errors import HubError

_CHUNK_BYTES = 1024 * 1024
_MANIFEST = re.compile(r"(?P<folder>(?:.*/)?)manifest-(?P<version>[1-9][0-9]{0,5})\.json")
_MOST_UP = 2
"""Folders above a clip in which its manifest is looked for."""


class NoEvidenceError(HubError):
    """What is there cannot be checked at all, for it has no manifest, or cannot be read."""


class Verdict(enum.StrEnum):
    """What became of a file."""

    GOOD = "good"
    CHANGED = "changed"
    MISSING = "missing"
    EXTRA = "extra"
    BAD_SIGNATURE = "bad signature"
    UNKNOWN_KEY = "unknown key"


@dataclass(frozen=True, slots=True)
class Finding:
    """One file and what is to be said of it."""

    name: str
    verdict: Verdict
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Verified:
    """What a check came to.

    Attributes:
        manifest: The newest one, None when it cannot be read.
        findings: Each file, manifests first.
        fingerprint: Of the key in the newest manifest.
        compared: Whether that key was held against one that the asker knows.
    """

    manifest: Manifest | None
    findings: tuple[Finding, ...]
    fingerprint: str | None
    compared: bool

    @property
    def is_good(self) -> bool:
        """Whether nothing was found to be wrong."""
        return all(each.verdict is Verdict.GOOD for each in self.findings)


class _Files(Protocol):
    """A folder of files, wherever it is; names are paths from it, with `/`."""

    def names(self) -> list[str]:
        """All of them; one that stands twice is there twice."""

    def open(self, name: str) -> BinaryIO:
        """One of them, from its beginning."""


class _Folder:
    """A folder, or the only one below it that has manifests: what a .zip unpacks to."""

    def __init__(self, path: Path) -> None:
        below = sorted({each.parent for each in path.glob("*/manifest-*.json")})
        if any(path.glob("manifest-*.json")) or not below:
            self._path = path
        elif len(below) == 1:
            self._path = below[0]
        else:
            raise NoEvidenceError(f"{len(below)} folders in {path} have manifests; check each by itself")

    def names(self) -> list[str]:
        return sorted(
            each.relative_to(self._path).as_posix()
            for each in self._path.rglob("*")
            if each.is_symlink() or not each.is_dir()
        )

    def open(self, name: str) -> BinaryIO:
        path = self._path / name
        if not path.is_file():
            raise FileNotFoundError(name)
        return path.open("rb")


class _Zip:
    """A .zip; what stands in it is in one folder or in none."""

    def __init__(self, file: zipfile.ZipFile) -> None:
        self._file = file
        found = [match for each in file.namelist() if (match := _MANIFEST.fullmatch(each))]
        self._prefix = min((match["folder"] for match in found), key=len, default="")

    def names(self) -> list[str]:
        return [
            each.filename.removeprefix(self._prefix) if each.filename.startswith(self._prefix) else f"/{each.filename}"
            for each in self._file.infolist()
            if not each.is_dir()
        ]

    def open(self, name: str) -> BinaryIO:
        try:
            return cast("BinaryIO", self._file.open(self._prefix + name))
        except KeyError as error:
            raise FileNotFoundError(name) from error


def verify(path: Path, *, key: str | None = None, manifest: Path | None = None) -> Verified:
    """Check a folder, a .zip, or a single clip.

    Args:
        path: Which.
        key: Fingerprint of the key that must have signed; None takes the one in the manifest, which says nothing of
            whose it is.
        manifest: Of a single clip, when it does not lie beside it or in a folder above.

    Raises:
        NoEvidenceError: There is nothing to check it against.
    """
    try:
        if path.is_dir():
            return _Check(_Folder(path), key).all()
        if manifest is None and zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as file:
                return _Check(_Zip(file), key).all()
        return _single(path, key, manifest)
    except (OSError, zipfile.BadZipFile) as error:
        raise NoEvidenceError(f"{path} cannot be read: {error}") from error


class _Check:
    def __init__(self, files: _Files, key: str | None) -> None:
        self._files = files
        self._key = key
        self._names = files.names()
        self._findings: list[Finding] = []
        self._known: set[str] = set()

    def all(self) -> Verified:
        found = [match for each in self._names if (match := _MANIFEST.fullmatch(each)) and not match["folder"]]
        versions = [int(match["version"]) for match in found]
        if not versions:
            raise NoEvidenceError("there is no manifest here")
        newest = self._chain(max(versions))
        if newest is not None:
            self._check_key(newest)
            for item in newest.files:
                self._known.add(item.name)
                self._findings.append(self._checked(item))
        seen: set[str] = set()
        for name in self._names:
            if name not in self._known or name in seen:
                self._findings.append(Finding(name, Verdict.EXTRA, "no manifest names it"))
            seen.add(name)
        fingerprint = None if newest is None else newest.fingerprint
        return Verified(newest, tuple(self._findings), fingerprint, compared=self._key is not None)

    def _chain(self, version: int) -> Manifest | None:
        """Check the manifests from the newest to the first; gives the newest."""
        newest: Manifest | None = None
        due: str | None = None  # the hash that the next manifest names
        for number in range(version, 0, -1):
            name = name_of(number)
            self._known |= {name, name + SIGNATURE}
            finding, manifest, digest = self._manifest(name, number)
            if finding.verdict is Verdict.GOOD and due is not None and digest != due:
                finding = Finding(name, Verdict.CHANGED, f"it is not the one that {name_of(number + 1)} names")
            self._findings.append(finding)
            due = None if manifest is None or manifest.before is None else manifest.before.sha256
            if number == version:
                newest = manifest
            elif manifest is not None and newest is not None and manifest.public != newest.public:
                self._findings.append(Finding(name, Verdict.UNKNOWN_KEY, "signed by another key than the newest"))
        return newest

    def _manifest(self, name: str, number: int) -> tuple[Finding, Manifest | None, str]:
        try:
            content, signature = self._read(name, MOST_BYTES), b""
        except FileNotFoundError:
            return Finding(name, Verdict.MISSING), None, ""
        except (OSError, zipfile.BadZipFile, zlib.error) as error:
            return Finding(name, Verdict.CHANGED, str(error)), None, ""
        digest = hashlib.sha256(content).hexdigest()
        try:
            manifest = read_manifest(content)
        except ManifestError as error:
            return Finding(name, Verdict.CHANGED, str(error)), None, digest
        try:
            signature = self._read(name + SIGNATURE, SIGNATURE_BYTES)
        except FileNotFoundError:
            return Finding(name + SIGNATURE, Verdict.MISSING), manifest, digest
        except (OSError, zipfile.BadZipFile, zlib.error) as error:
            return Finding(name + SIGNATURE, Verdict.CHANGED, str(error)), manifest, digest
        finding = judged(name, manifest, content, signature, key=self._key)
        if manifest.version != number or (manifest.before is None) != (number == 1):
            finding = Finding(name, Verdict.CHANGED, f"it says that it is version {manifest.version}")
        return finding, manifest, digest

    def _check_key(self, manifest: Manifest) -> None:
        """The key as a file is for other tools; it must be the one in the manifest."""
        if KEY_FILE not in self._names:
            return
        self._known.add(KEY_FILE)
        try:
            is_same = self._read(KEY_FILE, MOST_BYTES) == pem_of(manifest.public)
        except (OSError, zipfile.BadZipFile, zlib.error):
            is_same = False
        verdict = Verdict.GOOD if is_same else Verdict.CHANGED
        self._findings.append(Finding(KEY_FILE, verdict, "" if is_same else "not the key of the manifest"))

    def _read(self, name: str, most_bytes: int) -> bytes:
        with self._files.open(name) as file:
            return file.read(most_bytes + 1)

    def _checked(self, item: Item) -> Finding:
        try:
            with self._files.open(item.name) as file:
                return held_to(item, file)
        except FileNotFoundError:
            return Finding(item.name, Verdict.MISSING)
        except (OSError, zipfile.BadZipFile, zlib.error) as error:
            return Finding(item.name, Verdict.CHANGED, str(error))


def judged(name: str, manifest: Manifest, content: bytes, signature: bytes, *, key: str | None) -> Finding:
    """What a manifest's signature is worth."""
    if not is_signed(manifest.public, signature, content):
        return Finding(name, Verdict.BAD_SIGNATURE, "manifest or signature was changed, or it was never signed")
    if key is not None and manifest.fingerprint != key:
        return Finding(name, Verdict.UNKNOWN_KEY, f"signed by {manifest.fingerprint}")
    return Finding(name, Verdict.GOOD, f"signed by {manifest.fingerprint}")


def held_to(item: Item, file: BinaryIO) -> Finding:
    """Whether the bytes of a file are those that its manifest means."""
    digest, left = hashlib.sha256(), item.size_bytes + 1
    while left > 0 and (chunk := file.read(min(_CHUNK_BYTES, left))):
        digest.update(chunk)
        left -= len(chunk)
    if left != 1:
        detail = "longer than it was" if left == 0 else f"{item.size_bytes + 1 - left} bytes of {item.size_bytes}"
        return Finding(item.name, Verdict.CHANGED, detail)
    is_same = digest.hexdigest() == item.sha256
    return Finding(item.name, Verdict.GOOD if is_same else Verdict.CHANGED, "" if is_same else "other bytes")


def _single(path: Path, key: str | None, manifest: Path | None) -> Verified:
    """A clip alone, with a manifest that may name more than it."""
    place = manifest or _manifest_for(path)
    with path.open("rb") as clip, _opened(place) as (content, signature):
        try:
            read = read_manifest(content)
        except ManifestError as error:
            found = (Finding(place.name, Verdict.CHANGED, str(error)),)
            return Verified(None, found, None, compared=key is not None)
        if signature is None:
            seal = Finding(place.name + SIGNATURE, Verdict.MISSING)
        else:
            seal = judged(place.name, read, content, signature, key=key)
        findings = (seal, _clip(path, clip, read, place))
        return Verified(read, findings, read.fingerprint, compared=key is not None)


def _clip(path: Path, clip: BinaryIO, manifest: Manifest, place: Path) -> Finding:
    """The clip held to what the manifest says of it: by its name, else to whichever file it is by its content."""
    named = [each for each in manifest.files if (place.parent / each.name).resolve() == path.resolve()]
    named = named or [each for each in manifest.files if each.name.rpartition("/")[2] == path.name]
    for item in named or manifest.files:
        clip.seek(0)
        found = held_to(item, clip)
        if found.verdict is Verdict.GOOD:
            return Finding(path.name, Verdict.GOOD, "" if named else f"it is {item.name}")
    if named:
        return Finding(path.name, Verdict.CHANGED, "other bytes than when it was frozen")
    return Finding(path.name, Verdict.EXTRA, f"{place.name} names no such file")


def _manifest_for(path: Path) -> Path:
    beside = sidecar(path)
    if beside.is_file():
        return beside
    for folder in list(path.absolute().parents)[: _MOST_UP + 1]:
        found = [
            (int(match["version"]), each) for each in folder.iterdir() if (match := _MANIFEST.fullmatch(each.name))
        ]
        if found:
            return max(found)[1]
    raise NoEvidenceError(f"no manifest for {path}: neither {beside.name} beside it nor one in a folder above")


@contextmanager
def _opened(place: Path) -> Iterator[tuple[bytes, bytes | None]]:
    with place.open("rb") as file:
        content = file.read(MOST_BYTES + 1)
    seal = place.with_name(place.name + SIGNATURE)
    if not seal.is_file():
        yield content, None
        return
    with seal.open("rb") as file:
        yield content, file.read(SIGNATURE_BYTES + 1)
