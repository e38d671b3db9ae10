"""Local paths: whether a text can be the path of a file at all, before the system is asked and raises."""

from __future__ import annotations

import os
from pathlib import Path

_LONGEST_NAME_BYTES = 255
_LONGEST_PATH_BYTES = 4095
"""NAME_MAX and PATH_MAX of Linux; asking for a longer one raises, where no such file would be the answer."""


def can_be(path: Path) -> bool:
    """Whether there can be a file or folder of this path."""
    try:
        raw = os.fsencode(path)
    except UnicodeEncodeError:
        return False
    names = raw.split(b"/")
    return b"\0" not in raw and len(raw) <= _LONGEST_PATH_BYTES and max(map(len, names)) <= _LONGEST_NAME_BYTES
