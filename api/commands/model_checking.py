"""Model checking: whether a network of one's own can be used, and what it finds, on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cameras.vision.objects.checking import check_model
from cameras.vision.objects.model import Wanted
from config.machine import EngineName, FormatName

_TOLD: Final = 8
"""Names in one line."""


def told_of(
    path: Path,
    form: FormatName,
    *,
    labels: str | None = None,
    side_px: int | None = None,
    engine: EngineName = "auto",
    picture: Path | None = None,
) -> list[str]:
    """What the network is and what it finds, line by line.

    Args:
        path: Its ONNX file.
        form: How what it gives is read.
        labels: Its classes in their order, with commas between; None takes those of its file.
        side_px: Side of its pictures, where its file leaves that open.
        engine: What runs it.
        picture: What to look at.

    Raises:
        ModelError: It cannot be used, or the picture cannot be read.
    """
    names = None if labels is None else tuple(one.strip() for one in labels.split(","))
    checked = check_model(path, Wanted(form, names, side_px), engine=engine, picture=picture)
    lines = [
        f"{path.name} can be used as {form}",
        f"  pictures   {checked.takes}",
        f"  tells of   {', '.join(checked.words)}",
        f"  leaves out {_some(checked.unknown)}",
        f"  one look   {checked.look_ms:.0f} ms of one core",
    ]
    if picture is not None:
        lines.append(f"  in {picture.name}: {len(checked.found)}")
    for one in checked.found if picture is not None else ():
        box = one.box
        lines.append(f"    {one.label:10} {one.score:.2f}  at {box.x:.3f} {box.y:.3f}, {box.w:.3f} x {box.h:.3f}")
    return lines


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _TOLD} more" if len(names) > _TOLD else ""
    return ", ".join(names[:_TOLD]) + more or "nothing"
