"""Outlook: how long recordings will be kept on the disks as they are, and what the hub tells of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

from cameras.errors import DiskError
from cameras.recordings.keeping.forecast import DiskRoom, Forecast, forecast
from cameras.recordings.keeping.holdings import Holdings
from cameras.recordings.keeping.shelves import Shelves
from cameras.recordings.keeping.tiers import used_bytes
from config.recording import Policy
from hub.clock import Clock
from hub.selfwatch.watch import Check, Finding, NotKnownError

KIND = "hub.recordings"
"""Of the event that says how long recordings will be kept."""

_ALL = "recordings"
_MEASURED = timedelta(days=1)
_LEAST_MEASURED = timedelta(hours=1)
_FORECAST_EVERY_S = 600.0
_DAY_STEP = 0.5
_CAMERA_STEP = 5
_GB = 1_000_000_000


class Outlook:
    """Says how long recordings will be kept; safe from any thread, and read anew every ten minutes."""

    def __init__(
        self,
        holdings: Holdings,
        shelves: Shelves,
        clock: Clock,
        *,
        policy: Callable[[str], Policy],
        are_ages_held: Callable[[], bool] = lambda: False,
    ) -> None:
        """Go by what was written in the last day, and tell whether anything goes by its age."""
        self._holdings = holdings
        self._shelves = shelves
        self._clock = clock
        self._policy = policy
        self._are_ages_held = are_ages_held
        self._made: tuple[float, Forecast | None] | None = None

    def forecast(self) -> Forecast | None:
        """The newest forecast; None when too little was recorded to say anything."""
        now_s = self._clock.monotonic_s()
        if self._made is None or now_s - self._made[0] >= _FORECAST_EVERY_S:
            self._made = now_s, self._look()
        return self._made[1]

    def findings(self) -> Iterator[Finding]:
        """How long all of it will be kept, and of how many cameras shorter than promised.

        Raises:
            NotKnownError: Too little was recorded to say.
        """
        found, ages_held = self.forecast(), self._are_ages_held()
        if found is None and ages_held:
            yield Finding(_ALL, {"ages_held": True})
            return
        if found is None:
            raise NotKnownError("less than an hour is recorded")
        short_days = max((each.promised_days - each.days for each in found.short), default=0.0)
        fields = {
            "short_days": round(short_days, 1),
            "days": round(min(found.promised_days, found.days), 1),
            "promised_days": round(found.promised_days, 1),
            "cameras": len(found.short),
            "ages_held": ages_held,
        }
        yield Finding(_ALL, fields, steps={"short_days": _DAY_STEP, "days": _DAY_STEP, "cameras": _CAMERA_STEP})

    def _look(self) -> Forecast | None:
        now = self._clock.now()
        first = self._holdings.first()
        if first is None or now - first < _LEAST_MEASURED:
            return None
        since = max(first, now - _MEASURED)
        written = self._holdings.written(since, now)
        return forecast(
            written,
            (now - since).total_seconds(),
            policies={camera: self._policy(camera) for camera in written},
            disks=[room for disk in self._shelves.disks if (room := self._room(disk.id)) is not None],
        )

    def _room(self, disk_id: str) -> DiskRoom | None:
        disk = self._shelves.disk(disk_id)
        assert disk is not None, "it is one of the shelves"
        try:
            space = self._shelves.space(disk_id)
        except DiskError:
            return None
        used = used_bytes(self._holdings, disk_id)
        left = space.free_bytes - space.total_bytes * disk.keep_free_pct / 100
        if disk.most_gb is not None:
            left = min(left, disk.most_gb * _GB - used)
        return DiskRoom(disk_id, used, max(0, round(left)))

    @property
    def check(self) -> Check:
        """What the hub looks at in itself."""
        return Check(KIND, lambda _now: self.findings())
