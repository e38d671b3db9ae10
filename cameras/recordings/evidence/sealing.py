"""Sealing: a single clip that leaves the hub, with a manifest of its own beside it, signed as evidence is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cameras.recordings.evidence.manifest import SIGNATURE, Item, Manifest, measured_path, sealed, sidecar
from cameras.recordings.evidence.signing import SigningKey
from cameras.recordings.media import StreamName
from cameras.recordings.playback.clips import Clip
from hub.events import time_to_text


def seal_clip(
    path: Path,
    clip: Clip,
    key: SigningKey,
    *,
    camera: str,
    stream: StreamName,
    made: datetime,
    software: str,
    about: Mapping[str, Any] | None = None,
) -> tuple[Path, Path]:
    """Write `NAME.manifest.json` and its signature beside a clip; `hub recordings verify NAME` finds them there.

    Args:
        path: The clip, written already.
        clip: What it was made of.
        key: Signs.
        camera: Camera id.
        stream: Which of its streams.
        made: By the hub's clock.
        software: What wrote it, with its version.
        about: Who had it made and why, where that is known.

    Returns:
        The manifest and its signature.

    Raises:
        OSError: The clip cannot be read, or these cannot be written.
    """
    size_bytes, sha256 = measured_path(path)
    last = clip.taken[-1]
    taken = [
        {"at_ms": each.at_ms, "began": time_to_text(each.began), "duration_ms": each.duration_ms} for each in clip.taken
    ]
    item = Item(
        name=path.name,
        kind="clip",
        camera=camera,
        size_bytes=size_bytes,
        sha256=sha256,
        since=clip.taken[0].began,
        until=last.began + timedelta(milliseconds=last.duration_ms),
        about={"stream": stream.value, "duration_ms": clip.duration_ms, "taken": taken},
    )
    manifest = Manifest(version=1, made=made, software=software, clock={}, incident=dict(about or {}), files=(item,))
    done = sealed(manifest, key)
    beside = sidecar(path)
    signature = beside.with_name(beside.name + SIGNATURE)
    signature.write_bytes(done.signature)
    beside.write_bytes(done.content)
    return beside, signature
