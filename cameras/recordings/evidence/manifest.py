"""Manifest: what evidence consists of, who froze it and when, in a JSON file that is signed as it stands.

A manifest is complete by itself: it names every file with its size and SHA-256, the ones of earlier manifests too, and
nothing that it names ever changes. When more is added a further one is written, which names the hash of the one
before. Its public key stands in it; whether that is the hub's is for whoever checks to say (`verifying.py`).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from cameras.recordings.evidence.signing import PUBLIC_BYTES, SigningKey, fingerprint_of
from hub.errors import HubError
from hub.events import time_from_text, time_to_text

FORM = "community-hub-evidence-1"
SIGNATURE = ".sig"
"""What the name of a manifest's signature ends with."""
KEY_FILE = "key.pem"
MOST_BYTES = 16 * 1024 * 1024
_CHUNK_BYTES = 1024 * 1024
_NAME = re.compile(r"(?:[A-Za-z0-9_-][A-Za-z0-9._-]*/){0,2}[A-Za-z0-9_-][A-Za-z0-9._-]{0,200}")
_HASH = re.compile(r"[0-9a-f]{64}")


class ManifestError(HubError):
    """A file that is no manifest; says why."""


@dataclass(frozen=True, slots=True)
class Before:
    """The manifest before this one."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Item:
    """One file.

    Attributes:
        name: Path from the manifest's folder, with `/`.
        kind: `clip` or `still`.
        camera: Camera id.
        size_bytes: Its length.
        sha256: In lower-case hexadecimal.
        since: First moment in it, by the hub's clock; of a still its moment.
        until: Last moment in it.
        about: More of it: stream, codec, size, drift, alert, segments.
    """

    name: str
    kind: str
    camera: str | None
    size_bytes: int
    sha256: str
    since: datetime | None = None
    until: datetime | None = None
    about: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Absence:
    """A piece of what was asked for that is not there."""

    camera: str
    since: datetime | None
    until: datetime | None
    because: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for.

    Attributes:
        number: Of the request, in the hub's own books.
        camera: Camera id.
        since: From when.
        until: To when.
        who: Account name, or `engine`.
        why: In words.
    """

    number: int
    camera: str
    since: datetime
    until: datetime
    who: str
    why: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """All of it.

    Attributes:
        version: 1 for the first of an incident.
        made: When, by the hub's clock.
        software: What wrote it, with its version.
        clock: What the machine says of that clock: `synchronised`, `offset_s`; empty when it says nothing.
        incident: What it is about, as far as that helps to recognise it.
        wanted: What was asked for.
        files: What there is.
        gaps: What was asked for and never recorded, with the reason.
        left_out: What was recorded and is not here, with the reason.
        before: The manifest before this one.
        public: The public key, 32 bytes; set by `sealed`.
    """

    version: int
    made: datetime
    software: str
    clock: Mapping[str, Any]
    incident: Mapping[str, Any]
    wanted: tuple[Wanted, ...] = ()
    files: tuple[Item, ...] = ()
    gaps: tuple[Absence, ...] = ()
    left_out: tuple[Absence, ...] = ()
    before: Before | None = None
    public: bytes = b""

    @property
    def fingerprint(self) -> str:
        """Of the key that stands in it."""
        return fingerprint_of(self.public)


@dataclass(frozen=True, slots=True)
class Sealed:
    """A manifest as it is written, with its signature."""

    manifest: Manifest
    content: bytes
    signature: bytes


def name_of(version: int) -> str:
    """What the file of a manifest is called."""
    return f"manifest-{version}.json"


def sealed(manifest: Manifest, key: SigningKey) -> Sealed:
    """A manifest with the key in it, as bytes, signed."""
    content = _to_bytes(manifest, key.public)
    return Sealed(read_manifest(content), content, key.sign(content))


def _to_bytes(manifest: Manifest, public: bytes) -> bytes:
    body = {
        "form": FORM,
        "version": manifest.version,
        "made": time_to_text(manifest.made),
        "software": manifest.software,
        "clock": dict(manifest.clock),
        "incident": dict(manifest.incident),
        "wanted": [_plain(asdict(each)) for each in manifest.wanted],
        "files": [_plain(asdict(each)) for each in manifest.files],
        "gaps": [_plain(asdict(each)) for each in manifest.gaps],
        "left_out": [_plain(asdict(each)) for each in manifest.left_out],
        "before": None if manifest.before is None else asdict(manifest.before),
        "key": {
            "algorithm": "Ed25519",
            "public": base64.b64encode(public).decode(),
            "fingerprint": fingerprint_of(public),
        },
    }
    return (json.dumps(body, ensure_ascii=False, indent=1) + "\n").encode()


def _plain(body: dict[str, Any]) -> dict[str, Any]:
    return {name: time_to_text(value) if isinstance(value, datetime) else value for name, value in body.items()}


def read_manifest(content: bytes) -> Manifest:
    """The manifest in the bytes of a file; nothing is said here about its signature.

    Raises:
        ManifestError: It is none, or names files in a way that no hub does.
    """
    if len(content) > MOST_BYTES:
        raise ManifestError("larger than a manifest can be")
    try:
        body = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ManifestError("no JSON") from error
    if not isinstance(body, dict) or body.get("form") != FORM:
        raise ManifestError(f"no manifest of the form {FORM}")
    try:
        return _from_body(body)
    except (KeyError, TypeError, ValueError, AttributeError, binascii.Error) as error:
        raise ManifestError(f"a part of it is missing or not what it should be: {error}") from error


def _from_body(body: Mapping[str, Any]) -> Manifest:
    public = base64.b64decode(body["key"]["public"], validate=True)
    if len(public) != PUBLIC_BYTES or body["key"]["fingerprint"] != fingerprint_of(public):
        raise ValueError("the key and its fingerprint are not of one another")
    files = tuple(Item(**_timed(each)) for each in body["files"])
    for each in files:
        check_name(each.name)
        if not isinstance(each.size_bytes, int) or not _HASH.fullmatch(each.sha256):
            raise ValueError(f"size or hash of {each.name}")
    if len({each.name for each in files}) != len(files):
        raise ValueError("a file stands twice")
    before = None if body["before"] is None else Before(**body["before"])
    if before is not None:
        check_name(before.name)
    return Manifest(
        version=int(body["version"]),
        made=time_from_text(body["made"]),
        software=str(body["software"]),
        clock=dict(body["clock"]),
        incident=dict(body["incident"]),
        wanted=tuple(Wanted(**_timed(each)) for each in body["wanted"]),
        files=files,
        gaps=tuple(Absence(**_timed(each)) for each in body["gaps"]),
        left_out=tuple(Absence(**_timed(each)) for each in body["left_out"]),
        before=before,
        public=public,
    )


def _timed(body: Mapping[str, Any]) -> dict[str, Any]:
    times = {name: time_from_text(body[name]) for name in ("since", "until") if body.get(name) is not None}
    return {**body, **times}


def check_name(name: str) -> str:
    """A name of a file inside its folder, and nothing that could lead out of it.

    Raises:
        ValueError: It is none.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a file here")
    return name


def measured(file: BinaryIO) -> tuple[int, str]:
    """Length and SHA-256 of a file, read in pieces from where it stands."""
    digest, size_bytes = hashlib.sha256(), 0
    while chunk := file.read(_CHUNK_BYTES):
        digest.update(chunk)
        size_bytes += len(chunk)
    return size_bytes, digest.hexdigest()


def measured_path(path: Path) -> tuple[int, str]:
    """Length and SHA-256 of a file."""
    with path.open("rb") as file:
        return measured(file)


def sidecar(path: Path) -> Path:
    """The manifest of a single clip, beside it."""
    return path.with_name(path.name + ".manifest.json")
