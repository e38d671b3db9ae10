"""Coverage: every second that a camera sent, against what was recorded of it.

A camera sends while somebody is connected to it. What may be missing of that is what docs/reference/recordings.md says:
a second before a worker is killed, what a full disk does not take, what lies between lost packets and the next key
picture; and the first moments of a connection, until the recorder has its first key picture.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.farm.accounts import Account
from benchmarks.farm.diary import Diary
from cameras.recordings.mp4.index import read_segment

Row = tuple[float, float]
KEY_S = 2.0
"""Between two key pictures of the farm's clips."""
FIRST_S = 1.0
MAY_MISS_S = 1.5
"""A shorter hole is nobody's loss: what was sent and what arrived is told by two processes of a busy machine."""
_DAMAGE = ("camera.lose", "camera.corrupt")


def recorded(folder: Path, diary: Diary) -> dict[str, list[Row]]:
    """When each camera was recorded, by the machine's clock."""
    found: dict[str, list[Row]] = {}
    for path in sorted(folder.rglob("*.mp4")):
        segment = read_segment(folder, path.relative_to(folder).as_posix(), disk="films")
        length_s = segment.duration_ms / 1000
        begins_s = diary.real_s(segment.head.began, path.stat().st_mtime - length_s)
        begins_s += min(0, segment.drift_ms or 0) / 1000  # it came late, in a heap
        found.setdefault(segment.head.camera, []).append((begins_s, begins_s + length_s))
    return found


def account_recordings(spans: Mapping[str, Sequence[Row]], held: Mapping[str, Sequence[Row]], diary: Diary) -> Account:
    """What each camera sent and nothing holds."""
    account = Account("camera seconds that were sent and recorded")
    lost_s = 0.0
    for camera, sent in sorted(spans.items()):
        excused = list(_excused(camera, diary))
        wanted = [(begins_s + FIRST_S, ends_s) for begins_s, ends_s in sent if ends_s - begins_s > FIRST_S]
        account.expected += round(sum(ends_s - begins_s for begins_s, ends_s in wanted))
        held_of = [*held.get(camera, ()), *diary.removed.get(camera, ())]
        holes = list(_without(wanted, held_of))
        missing_s = sum(ends_s - begins_s for begins_s, ends_s in holes)
        account.notes["seconds not recorded, as promised or too short to tell"] += round(missing_s)
        for begins_s, ends_s in _without(holes, excused):
            if ends_s - begins_s > MAY_MISS_S:
                lost_s += ends_s - begins_s
                near = [
                    f"{each.kind} at {each.begins_s:.1f}"
                    for each in diary.troubles
                    if each.begins_s - 5 <= ends_s and each.ends_s + 10 >= begins_s
                ]
                long = f"{ends_s - begins_s:.1f} s from {begins_s:.1f} on"
                account.broken.append(f"{camera} {long}; near: {', '.join(near) or 'nothing'}")
    account.notes["seconds not recorded, as promised or too short to tell"] -= round(lost_s)
    account.found = account.expected - round(lost_s)
    return account


def _excused(camera: str, diary: Diary) -> Iterator[Row]:
    for each in diary.troubles:
        mine = not each.whom or camera in each.whom
        if each.kind == "worker":
            yield each.begins_s - 1.0, each.begins_s + 1.0
        elif each.kind == "disk":
            yield each.begins_s - 1.0, each.ends_s + 1.0 + KEY_S
        elif each.kind in _DAMAGE and mine:
            yield each.begins_s - 1.0, each.ends_s + KEY_S + 1.0


def _without(rows: Sequence[Row], taken: Sequence[Row]) -> Iterator[Row]:
    """What of some rows no other one holds."""
    order = sorted(taken)
    for begins_s, ends_s in rows:
        at_s = begins_s
        for other_s, until_s in order:
            if until_s <= at_s or other_s >= ends_s:
                continue
            if other_s > at_s:
                yield at_s, other_s
            at_s = max(at_s, until_s)
        if at_s < ends_s:
            yield at_s, ends_s
