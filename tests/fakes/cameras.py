"""A supervisor of cameras without cameras: it remembers what it was told and gives one picture."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cameras.health import CameraState
from cameras.link import CameraStatus, PictureTaken, PictureWanted, Still, StreamRecording
from cameras.moves import Moved, MoveWanted
from cameras.supervision.keeper import WorkerState, WorkerStatus
from config.community import Community
from hub.clock import Clock

JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffd9")


class FakeCameras:
    """Fulfils `api.parts.Cameras`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.jpeg = JPEG
        self._since: datetime = clock.now()
        self.applied: list[Community] = []
        self.asked: list[tuple[str, str | None]] = []
        self.widths: list[int | None] = []
        """How wide each still was wanted."""
        self.pictured: list[tuple[str, PictureWanted]] = []
        self.blind: set[str] = set()
        """Cameras that have no picture."""
        self.fixed: set[str] = set()
        """Cameras that cannot be turned."""
        self.moved: list[tuple[str, MoveWanted]] = []
        self.running = False

    def start(self) -> None:
        self.running = True

    def stop(self) -> None:
        self.running = False

    def apply(self, community: Community) -> None:
        self.applied.append(community)

    def still(
        self, camera_id: str, *, event_id: str | None = None, width_px: int | None = None, timeout_s: float = 2.0
    ) -> Still | None:
        del timeout_s
        self.widths.append(width_px)
        self.asked.append((camera_id, event_id))
        return None if camera_id in self.blind else Still(self.jpeg, self._clock.now())

    def picture(self, camera_id: str, wanted: PictureWanted, *, timeout_s: float = 5.0) -> PictureTaken:
        del timeout_s
        self.pictured.append((camera_id, wanted))
        if camera_id in self.blind:
            return PictureTaken(wanted.request, (), "unreadable")
        return PictureTaken(wanted.request, (JPEG,) * len(wanted.at_ms))

    def move(self, camera_id: str, wanted: MoveWanted, *, timeout_s: float = 12.0) -> Moved:
        del timeout_s
        if camera_id in self.fixed:
            return Moved(wanted.request, "unsupported")
        self.moved.append((camera_id, wanted))
        if wanted.move == "presets":
            return Moved(wanted.request, presets=(("1", "Home"), ("2", "Gate")))
        if wanted.move == "position":
            return Moved(wanted.request, pan=0.5, tilt=-0.25, zoom=0.0, moving=False)
        return Moved(wanted.request, preset="3" if wanted.move == "store" else None)

    def status(self) -> Sequence[CameraStatus]:
        if not self.applied:
            return []
        return [
            CameraStatus(
                camera.id,
                CameraState.LIVE if camera.enabled else CameraState.DISABLED,
                self._since,
                worker="worker-0",
                codec="h264",
                width=1280,
                height=720,
                fps=25.0,
                recording=(StreamRecording("main", "recording", self._since, written_bytes=1_000_000),),
            )
            for camera in self.applied[-1].cameras
        ]

    def worker_of(self, camera_id: str) -> str | None:
        return next((each.worker for each in self.status() if each.camera == camera_id), None)

    def workers(self) -> Sequence[WorkerStatus]:
        number = len(self.applied[-1].cameras) if self.applied else 0
        return [WorkerStatus("worker-0", WorkerState.RUNNING, self._since, 4711, 0, number)]
