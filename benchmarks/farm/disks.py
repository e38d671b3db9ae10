"""Disks: small file systems of their own, so that one can be filled up without hurting anybody else's.

A file behind a loop device, which takes root and `mkfs.ext4`. Without them nothing is filled, and `Disk.why_not` says
why.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_LEFT_BYTES = 4096 * 16
_BALLAST = "ballast"


@dataclass(frozen=True, slots=True)
class Disk:
    """A file system, or a plain folder where none could be made.

    Attributes:
        path: Where it is mounted.
        why_not: Why it cannot be filled; empty when it can.
    """

    path: Path
    why_not: str = ""

    def fill(self) -> None:
        """Leave no room, as a foreign program does that writes and writes."""
        with (self.path / _BALLAST).open("ab") as file:
            step = 64 * 1024 * 1024
            while step >= _LEFT_BYTES:
                try:
                    os.posix_fallocate(file.fileno(), file.seek(0, os.SEEK_END), step)
                except OSError:
                    step //= 2
            with contextlib.suppress(OSError):
                while True:  # what fallocate could not take in one piece
                    os.write(file.fileno(), bytes(4096))

    def relieve(self) -> None:
        """Take the foreign program's file away."""
        (self.path / _BALLAST).unlink(missing_ok=True)


@contextmanager
def small_disk(folder: Path, name: str, size_bytes: int) -> Iterator[Disk]:
    """A file system of so many bytes below `folder`, from its making to its end."""
    path = folder / name
    path.mkdir()
    why_not = _cannot()
    if not why_not:
        image = folder / f"{name}.image"
        with image.open("wb") as file:
            file.truncate(size_bytes)
        subprocess.run(("mkfs.ext4", "-q", "-m", "0", str(image)), check=True)
        mounted = subprocess.run(
            ("mount", "-o", "loop", str(image), str(path)), check=False, capture_output=True, text=True
        )
        if mounted.returncode == 0:
            try:
                yield Disk(path)
            finally:
                subprocess.run(("umount", "--lazy", str(path)), check=False)
                image.unlink()
            return
        why_not = mounted.stderr.strip()
    yield Disk(path, why_not)


def _cannot() -> str:
    if os.geteuid() != 0:
        return "a file system of its own takes root"
    return "" if shutil.which("mkfs.ext4") else "mkfs.ext4 is not installed"
