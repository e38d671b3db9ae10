"""What workers may read beside their own: video files that stand in for cameras, and where passwords are kept.

Cameras name them (`file:` addresses, `file:` and `env:` secrets), and a worker is given these and no others. It is
settled when its process starts, so the keeper starts another one when a camera comes that names more.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from config.community import Community

_PASSED = (
    "PATH", "HOME", "LANG", "LANGUAGE", "TZ", "TZDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "XDG_CACHE_HOME",
    "PYTHONDONTWRITEBYTECODE", "PYTHONFAULTHANDLER", "PYTHONUTF8", "PYTHONWARNINGS", "PYTHONHASHSEED",
    "MALLOC_ARENA_MAX", "CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES",
)  # fmt: skip
"""Of the hub's environment, what a worker gets; the rest may hold the passwords of the database and of others."""


def read_by(community: Community) -> tuple[str, ...]:
    """What the cameras of a Community are read from: `file:PATH` of those that are there, and `env:NAME`."""
    found: set[str] = set()
    for camera in community.cameras:
        streams = [stream for stream in (camera.main, camera.sub) if stream is not None]
        found |= {f"file:{stream.file.absolute()}" for stream in streams if stream.file is not None}
        found |= set(_references(camera.model_dump(mode="json", context={"secrets": True})))
    return tuple(sorted(one for one in found if one.startswith("env:") or Path(one.removeprefix("file:")).exists()))


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "password" and isinstance(inner, str) and inner.startswith(("env:", "file:")):
                yield inner
            else:
                yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


def passed_on(reads: Iterable[str]) -> dict[str, str]:
    """The environment of a worker: what any program needs, and the passwords that cameras refer to."""
    named = {one.removeprefix("env:") for one in reads if one.startswith("env:")}
    kept = {name: value for name, value in os.environ.items() if name in _PASSED or name.startswith("LC_")}
    return kept | {name: os.environ[name] for name in named if name in os.environ}
