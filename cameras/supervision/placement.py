"""Placement: which worker runs which camera.

A camera that runs stays where it is: moving it would tear a hole into it. New ones go where the fewest are. So taking
many cameras away may leave workers uneven until the next start, which is cheaper than any gap.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping


def place(
    current: Mapping[str, int], wanted: Iterable[str], workers: int, *, rather: Collection[int] = ()
) -> dict[str, int]:
    """The worker of each wanted camera.

    Args:
        current: Worker (0 to `workers` - 1) of each camera that is placed already.
        wanted: Ids of the cameras that are to run.
        workers: Number of workers, 1 or more.
        rather: Workers that get every new one, be they fuller than others; none when it does not matter.
    """
    names = list(dict.fromkeys(wanted))
    placed = {name: current[name] for name in names if name in current}
    load = Counter(placed.values())
    for name in names:
        if name not in placed:
            placed[name] = min(rather or range(workers), key=lambda worker: (load[worker], worker))
            load[placed[name]] += 1
    return placed
