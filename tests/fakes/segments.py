"""Segments as a worker tells of them, without their files."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cameras.recordings.media import (
    Because,
    Format,
    Mark,
    Segment,
    SegmentHead,
    SoundFormat,
    StreamName,
    VideoFormat,
)
from cameras.recordings.mp4.naming import usual_path

MORNING = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)
FORM = Format(VideoFormat("h264", 640, 360, bytes.fromhex("0164001effe1")), SoundFormat("aac", 16_000, 1, b"\x14\x08"))
INIT_BYTES = 900


def a_segment(
    name: str,
    *,
    began: datetime = MORNING,
    seconds: int = 300,
    camera: str = "gate",
    site: str = "hall",
    stream: StreamName = StreamName.MAIN,
    because: Because = Because.ROLLED,
    disk: str = "data",
    path: str | None = None,
    is_open: bool = False,
    drift_ms: int | None = 12,
    bytes_per_s: int = 50_000,
) -> Segment:
    """A segment of fragments of one second each, every second of which begins with a key picture."""
    head = SegmentHead(f"{name:_<22}", site, camera, stream, began, because)
    marks = tuple(
        Mark(second * 1000, 1000, INIT_BYTES + second * bytes_per_s, bytes_per_s, is_key=second % 2 == 0)
        for second in range(0 if is_open else seconds)
    )
    return Segment(
        head=head,
        disk=disk,
        path=path or usual_path(head),
        form=FORM,
        init_bytes=INIT_BYTES,
        size_bytes=INIT_BYTES + sum(mark.size_bytes for mark in marks),
        marks=marks,
        is_open=is_open,
        drift_ms=None if is_open else drift_ms,
    )


def at(minutes: float) -> datetime:
    """So long after the morning began."""
    return MORNING + timedelta(minutes=minutes)
