"""Disk: how much room is left where the hub writes, and whether writing works at all."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from hub.selfwatch.watch import Finding

KIND = "hub.disk"

_PROBE = ".write-probe"
_SCARCE_PCT = 20.0
_STEP_PCT, _SCARCE_STEP_PCT = 5.0, 1.0  # while there is plenty of room, each percent is not worth a word


def look_at_disks(folders: Mapping[str, Path]) -> Iterator[Finding]:
    """The free share of the disk under each folder, and whether a small file can be written there and reaches it.

    Args:
        folders: By what they are called.
    """
    for name, folder in folders.items():
        try:
            stats = os.statvfs(folder)
            free_pct = 100 * stats.f_bavail / stats.f_blocks if stats.f_blocks else 0.0
            failing = not _takes_writes(folder)
        except OSError:
            free_pct, failing = 0.0, True
        step_pct = _SCARCE_STEP_PCT if free_pct < _SCARCE_PCT else _STEP_PCT
        yield Finding(name, {"free_pct": round(free_pct, 1), "failing": failing}, steps={"free_pct": step_pct})


def _takes_writes(folder: Path) -> bool:
    path = folder / _PROBE
    try:
        probe = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        try:
            os.write(probe, b"the disk takes writes\n")
            os.fsync(probe)
        finally:
            os.close(probe)
            path.unlink()
    except OSError:
        return False
    return True
