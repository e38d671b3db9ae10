"""What the settings of recordings must fulfil beyond their shape: disks beside each other, classes that are there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from config.community import Camera, Community
from config.machine import Machine
from config.messages import MAX_GUESSES, Problem, nearest
from config.paths import Location
from config.recording import Policy


def disk_problems(machine: Machine) -> Iterator[Problem]:
    """Disks that stand twice, lie within each other, cannot be folders, or take nothing new."""
    disks = machine.recordings.disks
    if disks is None:
        return
    first: dict[str, int] = {}
    folders = [disk.path.resolve() for disk in disks]
    for number, disk in enumerate(disks):
        place: Location = ("recordings", "disks", number)
        if first.setdefault(disk.id, number) != number:
            before = f"disks[{first[disk.id]}]"
            yield Problem((*place, "id"), f"`{disk.id}` stands twice, first in {before}; write another")
        if disk.path.exists() and not disk.path.is_dir():
            yield Problem((*place, "path"), "is a file; write a folder")
        for other in range(number):
            if words := _nested(folders[number], folders[other]):
                yield Problem((*place, "path"), f"{words} that of disks[{other}]; write another")
                break
    if all(disk.use == "old" for disk in disks):
        yield Problem(("recordings", "disks"), "none of them is `use: new`, so nothing could be recorded")


def _nested(folder: Path, other: Path) -> str | None:
    if folder == other:
        return "is the same folder as"
    if other in folder.parents:
        return "lies inside"
    return "holds" if folder in other.parents else None


def recording_problems(community: Community) -> Iterator[Problem]:
    """Classes that are not there, streams that a camera has not, times that contradict each other."""
    recording = community.recording
    for ring in ("road", "enterprise", "household"):
        yield from _policy(("recording", "rings", ring), recording.rings.of(ring))
    for name, policy in recording.classes.items():
        yield from _policy(("recording", "classes", name), policy)
    classes = tuple(recording.classes)
    for number, camera in enumerate(community.cameras):
        yield from _camera(("cameras", number, "record"), camera, classes)


def _camera(place: Location, camera: Camera, classes: tuple[str, ...]) -> Iterator[Problem]:
    match camera.record:
        case Policy() as policy:
            yield from _policy(place, policy)
            if camera.sub is None and "streams" in policy.model_fields_set and "sub" in policy.streams:
                yield Problem(
                    (*place, "streams"), "names `sub`, and this camera has none; write main, or add the stream"
                )
        case str() as name if name not in classes:
            near = nearest(name, classes) if len(classes) <= MAX_GUESSES else None
            advice = f"write `{near}`, or add it" if near else "add it"
            yield Problem(place, f"there is no class of recording `{name}`; {advice} to recording.classes")


def _policy(place: Location, policy: Policy) -> Iterator[Problem]:
    if "keep_events_days" in policy.model_fields_set and policy.keep_events_days < policy.keep_days:
        words = f"is less than keep_days; write {policy.keep_days:g} or more, or leave it out"
        yield Problem((*place, "keep_events_days"), words)
