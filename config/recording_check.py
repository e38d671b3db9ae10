"""What the settings of recordings must fulfil beyond their shape: disks beside each other, classes that are there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from config.community import Camera, Community
from config.machine import Machine
from config.messages import MAX_GUESSES, Problem, nearest
from config.paths import Location
from config.phrases import IS_A_FILE, another, twice
from config.recording import Policy
from config.says import Says, says


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
            yield Problem((*place, "id"), another(twice(disk.id, before)))
        if disk.path.exists() and not disk.path.is_dir():
            yield Problem((*place, "path"), IS_A_FILE)
        for other in range(number):
            if words := _nested(folders[number], folders[other], other):
                yield Problem((*place, "path"), another(words))
                break
    if all(disk.use == "old" for disk in disks):
        yield Problem(
            ("recordings", "disks"),
            says("none of them is `use: new`, so nothing could be recorded", "没有一个是 `use: new`，无法录像"),
        )


def _nested(folder: Path, other: Path, number: int) -> Says | None:
    if folder == other:
        return says("is the same folder as that of disks[{n}]", "与 disks[{n}] 是同一个目录", n=number)
    if other in folder.parents:
        return says("lies inside that of disks[{n}]", "在 disks[{n}] 的目录里面", n=number)
    if folder in other.parents:
        return says("holds that of disks[{n}]", "包含了 disks[{n}] 的目录", n=number)
    return None


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
                    (*place, "streams"),
                    says(
                        "names `sub`, and this camera has none; write main, or add the stream",
                        "写了 `sub`，而这个摄像头没有子码流；请写 main，或添加子码流",
                    ),
                )
        case str() as name if name not in classes:
            near = nearest(name, classes) if len(classes) <= MAX_GUESSES else None
            advice = says("add it to recording.classes", "请在 recording.classes 里添加")
            if near:
                advice = says(
                    "write `{near}`, or add it to recording.classes",
                    "请写 `{near}`，或在 recording.classes 里添加",
                    near=near,
                )
            words = says(
                "there is no class of recording `{name}`; {advice}",
                "没有录像类别 `{name}`；{advice}",
                name=name,
                advice=advice,
            )
            yield Problem(place, words)


def _policy(place: Location, policy: Policy) -> Iterator[Problem]:
    if "keep_events_days" in policy.model_fields_set and policy.keep_events_days < policy.keep_days:
        words = says(
            "is less than keep_days; write {least} or more, or leave it out",
            "小于 keep_days；请写 {least} 或更大，或删去",
            least=f"{policy.keep_days:g}",
        )
        yield Problem((*place, "keep_events_days"), words)
