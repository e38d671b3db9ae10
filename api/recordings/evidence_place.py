"""Where the evidence of an incident lies, and the manifest that all work on it begins with.

That is the newest one or none: it is read whole, held to its signature and to the version in the database. When it is
not what it should be there is no going on with an older one, which names less: what it does not name would be removed.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from cameras.recordings.evidence.manifest import (
    KEY_FILE,
    MOST_BYTES,
    SIGNATURE,
    Manifest,
    ManifestError,
    name_of,
    read_manifest,
)
from cameras.recordings.evidence.signing import SIGNATURE_BYTES, is_signed
from hub.errors import HubError

_MANIFEST = re.compile(r"manifest-([1-9][0-9]{0,5})\.json")


class EvidenceStoppedError(HubError):
    """The newest manifest of an incident cannot be relied on, so nothing is done to its evidence; says why."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the evidence of an incident lies, and its newest manifest.

    Attributes:
        folder: Of the incident.
        manifest: The newest, None before the first and when there is a problem.
        sha256: Of its file.
        problem: Why it cannot be relied on; empty when it can.
    """

    folder: Path
    manifest: Manifest | None
    sha256: str
    problem: str = ""

    @property
    def version(self) -> int:
        """Of the newest manifest, 0 without one."""
        return 0 if self.manifest is None else self.manifest.version

    @property
    def names(self) -> list[str]:
        """Every file that belongs to it, manifests and key too."""
        own = [name_of(number) + end for number in range(1, self.version + 1) for end in ("", SIGNATURE)]
        files = [] if self.manifest is None else [each.name for each in self.manifest.files]
        return [*own, *([KEY_FILE] if self.manifest else []), *files]

    def file(self, name: str) -> Path | None:
        """One of `names`; None when it is not there, or is a link that leads elsewhere."""
        path = self.folder / name
        return path if path.is_file() and path.resolve() == self.folder.resolve() / name else None


def place_of(folder: Path, *, version: int) -> Place:
    """Where evidence lies, with its newest manifest.

    Args:
        folder: Of the incident.
        version: Of the newest manifest that the database knows, 0 for none; there may be one more.

    Raises:
        EvidenceStoppedError: That manifest is missing, cannot be read, or is not as it was signed.
    """
    try:
        newest = _newest(folder)
        if newest < version:
            raise EvidenceStoppedError(f"{name_of(version)} is missing")
        if newest == 0:
            return Place(folder, None, "")
        name = name_of(newest)
        content = _read(folder / name, MOST_BYTES)
        manifest = read_manifest(content)
        signature = _read(folder / (name + SIGNATURE), SIGNATURE_BYTES)
    except OSError as error:
        raise EvidenceStoppedError(f"the newest manifest cannot be read: {error.strerror or error}") from error
    except ManifestError as error:
        raise EvidenceStoppedError(f"{name} is damaged: {error}") from error
    if manifest.version != newest or not is_signed(manifest.public, signature, content):
        raise EvidenceStoppedError(f"{name} is not as it was signed")
    return Place(folder, manifest, hashlib.sha256(content).hexdigest())


def _newest(folder: Path) -> int:
    try:
        names = [each.name for each in folder.iterdir()]
    except FileNotFoundError:
        return 0
    return max((int(found[1]) for name in names if (found := _MANIFEST.fullmatch(name))), default=0)


def _read(path: Path, most_bytes: int) -> bytes:
    with path.open("rb") as file:
        return file.read(most_bytes + 1)
