"""Naming: where a segment lies on its disk, and how its format is written where it is kept once for many.

A file stands under the hour in which it began, so that it is found by looking, without a catalogue.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cameras.recordings.media import Format, SegmentHead, SoundFormat, VideoFormat

_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)
"""Of a site or a camera, as the configuration allows it."""
_FILE = re.compile(r"(?P<time>\d{4}-\d\d-\d\d/\d\d/\d\d-\d\d)(-\d+)?\.mp4", re.ASCII)


def usual_path(head: SegmentHead) -> str:
    """Where a segment lies from its disk's folder, when no other began in the same second."""
    return f"{head.site}/{head.camera}/{head.stream}/{head.began:%Y-%m-%d/%H/%M-%S}.mp4"


def began_by_name(path: str) -> datetime | None:
    """The second in which a file of a stream began, by its path; None for what is no segment."""
    parts = path.split("/", 3)
    found = _FILE.fullmatch(parts[3]) if len(parts) == 4 else None  # noqa: PLR2004 - site, camera, stream, the rest
    if found is None:
        return None
    try:
        return datetime.strptime(found["time"] + " +0000", "%Y-%m-%d/%H/%M-%S %z")
    except ValueError:
        return None


def is_path_of(path: str, head: SegmentHead) -> bool:
    """Whether a segment lies where it has to: at its usual path, or beside others of its second."""
    if not (_ID.fullmatch(head.site) and _ID.fullmatch(head.camera)):
        return False
    stem = re.escape(usual_path(head).removesuffix(".mp4"))
    return re.fullmatch(rf"{stem}(-\d{{1,3}})?\.mp4", path) is not None


def is_recording(path: str) -> bool:
    """Whether a path is that of a segment of some camera, from its disk's folder."""
    site, _, rest = path.partition("/")
    camera, _, rest = rest.partition("/")
    is_stream = rest.startswith(("main/", "sub/"))
    return bool(_ID.fullmatch(site) and _ID.fullmatch(camera) and is_stream and began_by_name(path))


def form_to_text(form: Format) -> str:
    """A format as JSON, the same text for equal formats."""
    video = form.video
    body: dict[str, Any] = {
        "video": {
            "codec": video.codec,
            "width": video.width,
            "height": video.height,
            "configuration": _text(video.configuration),
        }
    }
    if form.sound is not None:
        body["sound"] = {
            "codec": form.sound.codec,
            "rate_hz": form.sound.rate_hz,
            "channels": form.sound.channels,
            "configuration": _text(form.sound.configuration),
        }
    return json.dumps(body, separators=(",", ":"), sort_keys=True)


def form_from_text(text: str) -> Format:
    """The other way."""
    body = json.loads(text)
    video, sound = _whole(body["video"]), body.get("sound")
    return Format(VideoFormat(**video), None if sound is None else SoundFormat(**_whole(sound)))


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _whole(body: Mapping[str, Any]) -> dict[str, Any]:
    return {**body, "configuration": base64.b64decode(body["configuration"])}
