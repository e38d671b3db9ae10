"""Forecast: for how many days the disks hold what is recorded, against what every camera is promised. Pure.

Where room ends the oldest goes, whoever's it is. So all cameras reach equally far back, except those that are promised
less, or may take up only so much: what these leave is for the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from config.recording import Policy

DAY_S = 86_400.0
_GB = 1_000_000_000
_FAR_DAYS = 3650.0
"""Further than this nobody looks, or promises."""


@dataclass(frozen=True, slots=True)
class DiskRoom:
    """How much recordings have on a disk, in bytes.

    Attributes:
        disk: Disk id.
        used_bytes: Taken up by recordings.
        left_bytes: What may still be taken up: what is free beyond what is to be kept free, within its quota.
    """

    disk: str
    used_bytes: int
    left_bytes: int


@dataclass(frozen=True, slots=True)
class CameraDays:
    """How far back a camera's recordings will reach.

    Attributes:
        camera: Camera id.
        bytes_per_day: What it writes.
        promised_days: What its policy says.
        days: How far they will reach when the disks are full; no more than promised.
    """

    camera: str
    bytes_per_day: float
    promised_days: float
    days: float

    @property
    def is_short(self) -> bool:
        """Whether less is kept than promised; a twentieth is left to what nobody can foresee."""
        return self.days < 0.95 * self.promised_days


@dataclass(frozen=True, slots=True)
class DiskDays:
    """How a disk fills.

    Attributes:
        disk: Disk id.
        used_bytes: Taken up by recordings.
        left_bytes: May still be taken up.
        days_left: Until it is full, if all that is written goes there; None when nothing is written.
    """

    disk: str
    used_bytes: int
    left_bytes: int
    days_left: float | None


@dataclass(frozen=True, slots=True)
class Forecast:
    """What will be.

    Attributes:
        days: How far back the disks can reach for whoever is promised most; no more than ten years.
        bytes_per_day: What all cameras write.
        wanted_bytes: What all promises together take up.
        room_bytes: What all disks together have for recordings.
        cameras: Each camera that writes.
        disks: Each disk.
    """

    days: float
    bytes_per_day: float
    wanted_bytes: float
    room_bytes: int
    cameras: tuple[CameraDays, ...]
    disks: tuple[DiskDays, ...]

    @property
    def promised_days(self) -> float:
        """The longest promise."""
        return max((each.promised_days for each in self.cameras), default=0.0)

    @property
    def short(self) -> tuple[CameraDays, ...]:
        """The cameras of which less will be kept than is promised."""
        return tuple(each for each in self.cameras if each.is_short)


def forecast(
    written: Mapping[str, int], over_s: float, *, policies: Mapping[str, Policy], disks: Sequence[DiskRoom]
) -> Forecast:
    """What will be, if as much is written as was.

    Args:
        written: Bytes of each camera.
        over_s: In so many seconds, more than 0.
        policies: What each of these cameras is promised.
        disks: How much room there is.
    """
    rates = {camera: size * DAY_S / over_s for camera, size in written.items() if size > 0}
    wanted = {camera: _own_days(rate, policies[camera]) for camera, rate in rates.items()}
    room = sum(disk.used_bytes + disk.left_bytes for disk in disks)
    days = _level(((rates[camera], wanted[camera]) for camera in rates), room)
    total = sum(rates.values())
    return Forecast(
        days=days,
        bytes_per_day=total,
        wanted_bytes=sum(rates[camera] * policies[camera].keep_days for camera in rates),
        room_bytes=room,
        cameras=tuple(
            CameraDays(camera, rate, policies[camera].keep_days, min(days, wanted[camera]))
            for camera, rate in sorted(rates.items())
        ),
        disks=tuple(
            DiskDays(disk.disk, disk.used_bytes, disk.left_bytes, disk.left_bytes / total if total else None)
            for disk in disks
        ),
    )


def _own_days(rate: float, policy: Policy) -> float:
    """How far a camera reaches by its own policy alone."""
    if policy.most_gb is None:
        return policy.keep_days
    return min(policy.keep_days, policy.most_gb * _GB / rate)


def _level(cameras: Iterable[tuple[float, float]], room: float) -> float:
    """How many days of all fit, when none takes more than its own: those that want least are filled first."""
    rest = sorted(cameras, key=lambda each: each[1])
    rate = sum(each[0] for each in rest)
    reached = 0.0
    for own_rate, own_days in rest:
        if rate <= 0:
            break
        if room < rate * (own_days - reached):
            return reached + room / rate
        room -= rate * (own_days - reached)
        reached = own_days
        rate -= own_rate
    return _FAR_DAYS
