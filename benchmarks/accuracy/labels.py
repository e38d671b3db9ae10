"""Labels: which clips a folder holds, and what people saw in them.

FOLDER/labels.csv has the columns file, start_s, end_s, label and notes; rows without times are of still pictures and
not looked at here. A row whose start is its end is a moment, at which something was counted.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of a clip, in seconds from its beginning.

    Attributes:
        start_s: Its first moment.
        end_s: Its last one, the same as the first for a moment.
        notes: What else was written down, as how many there were.
    """

    start_s: float
    end_s: float
    notes: str = ""


@dataclass(frozen=True, slots=True)
class Clip:
    """One labelled file.

    Attributes:
        name: Its file name without folders.
        path: Where it is.
        spans: What was seen, by label, in the order of time.
    """

    name: str
    path: Path
    spans: Mapping[str, tuple[Span, ...]]

    def of(self, labels: Iterable[str]) -> tuple[Span, ...]:
        """The spans of any of the labels, in the order of time."""
        return tuple(sorted(span for label in labels for span in self.spans.get(label, ())))


def read_clips(folders: Sequence[Path], only: str = "") -> tuple[Clip, ...]:
    """The clips that are there and whose name holds `only`, in the order of folders and names.

    Raises:
        OSError: A folder has no labels.csv.
    """
    found: list[Clip] = []
    for folder in folders:
        spans: dict[str, dict[str, list[Span]]] = defaultdict(lambda: defaultdict(list))
        with (folder / "labels.csv").open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                if row["start_s"] and only in row["file"]:
                    span = Span(float(row["start_s"]), float(row["end_s"]), row.get("notes") or "")
                    spans[row["file"]][row["label"]].append(span)
        for name, labels in sorted(spans.items()):
            path = folder / name
            if path.is_file():
                found.append(Clip(path.name, path, {label: tuple(sorted(each)) for label, each in labels.items()}))
    return tuple(found)


def counted(notes: str) -> tuple[int, int] | None:
    """The lowest and highest right count that notes tell: `6`, `5-6`, `vehicles=4: ...`; None when they tell none."""
    found = re.match(r"\s*(\d+)(?:\s*-\s*(\d+))?\s*$", notes) or re.search(r"=\s*(\d+)()", notes)
    if found is None:
        return None
    least = int(found[1])
    return least, int(found[2] or least)


def directions(notes: str) -> dict[str, int]:
    """How many went which way, where notes tell: `up(bottom->top)=2 [...], down(...)=2`."""
    return {way: int(number) for way, number in re.findall(r"\b(up|down|left|right)\b[^=,;]*=\s*(\d+)", notes)}
