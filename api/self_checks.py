"""Self-checks: what the hub looks at in itself, put together of the parts that know."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from alerts.language.rule import Rule
from alerts.loop import EngineLoop
from api.parts import Cameras
from cameras.health import CameraState
from config.community import Camera, Community
from config.machine import Machine
from hub.events import Event
from hub.selfwatch import blindness, disk, kernel_clock
from hub.selfwatch.blindness import Blindness, RuleInput
from hub.selfwatch.watch import Check, Finding

ANALYSIS = "hub.analysis"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_USUAL_FPS = 25.0
_LAG_STEP_S = 0.5
_CAMERA_KINDS, _HEALTH = "camera.", "camera.health"


def self_checks(
    machine: Machine,
    *,
    cameras: Cameras,
    engine: EngineLoop,
    community: Callable[[], Community],
    has_disk: Callable[[str], bool],
) -> tuple[Check, ...]:
    """The checks of one hub; `has_disk` says whether a disk for recordings is there."""
    default = machine.data / "recordings"
    recordings = machine.recordings.disks or ()

    def look_at_disks(_now: datetime) -> Iterator[Finding]:
        yield from disk.look_at_disks({"data": machine.data})
        folders = {each.id: each.path for each in recordings} or ({"data": default} if _is_elsewhere(default) else {})
        for found in disk.look_at_disks(folders):
            failing = bool(found.fields["failing"]) or not has_disk(found.source)
            fields = {**found.fields, "failing": failing, "recordings": True}
            yield replace(found, source=f"recordings/{found.source}", fields=fields)

    sight = Blindness()

    def look_at_rules(now: datetime) -> Iterator[Finding]:
        offline = {each.camera for each in cameras.status() if each.state is CameraState.OFFLINE}
        return sight.look(_inputs(engine, community()), offline, now)

    return (
        Check(disk.KIND, look_at_disks),
        Check(kernel_clock.KIND, lambda _now: kernel_clock.look_at_clock()),
        Check(ANALYSIS, lambda _now: look_at_analysis(cameras), over=lambda _worker: {"lag_s": 0.0}),
        Check(blindness.KIND, look_at_rules, over=sight.over),
    )


def look_at_analysis(cameras: Cameras) -> Iterator[Finding]:
    """How far each worker is behind: what waits at its slowest camera, in seconds of that camera."""
    lags = {worker.worker: 0.0 for worker in cameras.workers()}
    for status in cameras.status():
        if status.worker is not None and status.state is CameraState.LIVE:
            lag_s = status.queued / (status.fps or _USUAL_FPS)
            lags[status.worker] = max(lags.get(status.worker, 0.0), lag_s)
    for worker, lag_s in lags.items():
        yield Finding(worker, {"lag_s": round(lag_s, 1)}, steps={"lag_s": _LAG_STEP_S}, is_news=lag_s >= _LAG_STEP_S)


def _inputs(engine: EngineLoop, community: Community) -> dict[str, RuleInput]:
    status = engine.status()
    somebody = [_somebody_at(camera, community) for camera in community.cameras]
    return {
        rule.id: RuleInput(
            known=status.known.get(rule.id, 0),
            unknown=status.unknown.get(rule.id, 0),
            cameras=_cameras_of(rule, somebody),
        )
        for rule in engine.book.rules
    }


def _cameras_of(rule: Rule, somebody: Iterable[Event]) -> frozenset[str] | None:
    """The cameras that a rule about pictures is meant for; None for one that is about other things, or any camera."""
    reach = rule.around.reach
    if reach is None or not all(kind.startswith(_CAMERA_KINDS) and kind != _HEALTH for kind in rule.shape.kinds):
        return None
    return frozenset(event.source for event in somebody if reach.sees(event))


def _somebody_at(camera: Camera, community: Community) -> Event:
    """What a camera would tell, to be held against the scope of a rule."""
    site = community.site(camera.site)
    return Event(
        id="",
        kind=_CAMERA_KINDS,
        at=_EPOCH,
        arrived=_EPOCH,
        source=camera.id,
        driver="",
        site=camera.site,
        area=None if site is None else site.area,
        camera=camera.id,
    )


def _is_elsewhere(folder: Path) -> bool:
    """Whether a folder lies on another disk than the one above it."""
    try:
        return folder.stat().st_dev != folder.parent.stat().st_dev
    except OSError:
        return False
