"""Bodies about cameras: what is configured, without passwords, and how the camera does."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from api.schemas.places import Text
from config.analysing import Analyse
from config.community import Camera, Detector, Location, Stream, Zone
from config.onvif import Onvif
from config.recording import Policy
from config.zones import Ground, Line


class ZonesBody(BaseModel):
    """What parts of a camera's picture are for."""

    model_config = {"extra": "forbid"}

    zones: Annotated[list[Zone], Field(max_length=256)]
    lines: Annotated[list[Line], Field(max_length=32)]
    ground: Ground | None = Field(description="null: nobody measured it.")


class PlaceBody(BaseModel):
    """Where a camera stands."""

    model_config = {"extra": "forbid"}

    location: Location | None = Field(description="null: where its site is.")


class StreamView(BaseModel):
    """A stream as it may be shown."""

    url: str = Field(examples=["rtsp://192.0.2.14:554/h264/main"])
    username: str | None = None
    has_password: bool = Field(description="A password is set; it is never shown.")

    @classmethod
    def of(cls, stream: Stream) -> StreamView:
        """Without the password."""
        return cls(url=stream.shown_url, username=stream.username, has_password=stream.password is not None)


class OnvifView(BaseModel):
    """How a camera is asked over ONVIF, as it may be shown."""

    url: str = Field(examples=["http://192.0.2.14/onvif/device_service"])
    username: str | None = None
    has_password: bool = Field(description="A password is set; it is never shown.")
    profile: str | None = Field(default=None, description="Media profile by which it is turned; null: the first.")
    events: bool = Field(default=True, description="Whether what it notices itself is told as events.")

    @classmethod
    def of(cls, onvif: Onvif) -> OnvifView:
        """Without the password."""
        return cls(
            url=onvif.shown_url,
            username=onvif.username,
            has_password=onvif.password is not None,
            profile=onvif.profile,
            events=onvif.events,
        )


class StreamRecordingView(BaseModel):
    """How the recording of one stream does."""

    stream: str = Field(examples=["main"], description="main or sub.")
    state: str = Field(examples=["recording"], description="recording, or stopped while it should be recorded.")
    since: datetime
    reason: str | None = Field(default=None, examples=["disk_full"], description="Why it is stopped.")
    written_bytes: int = 0
    dropped: int = Field(default=0, description="Fragments that the disk did not take.")


class CameraStatusView(BaseModel):
    """How a camera does."""

    state: str = Field(examples=["live"], description="connecting, live, offline or disabled.")
    since: datetime | None = None
    reason: str | None = Field(default=None, examples=["login_refused"])
    troubles: dict[str, str] = Field(default={}, description="What of its analysis does not work, by detector.")
    codec: str | None = Field(default=None, examples=["h264"])
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    by_ffmpeg: str | None = Field(
        default=None,
        examples=["its video is JPEG"],
        description="Why its stream is left to FFmpeg, with a thread of its own; null when the reading loop reads it.",
    )
    recording: list[StreamRecordingView] = Field(default=[], description="One for each stream that is to be recorded.")


class CameraView(BaseModel):
    """A camera: its settings and its state."""

    id: str = Field(examples=["cam-12"])
    site: str = Field(examples=["junction-3"])
    area: str | None = None
    name: Text | None = None
    location: Location | None = Field(default=None, description="Where it stands; null is where its site is.")
    heading_deg: float | None = Field(default=None, description="Where it looks, clockwise from north.")
    view_deg: float | None = Field(default=None, description="How wide it sees.")
    main: StreamView
    sub: StreamView | None = None
    onvif: OnvifView | None = None
    zones: list[Zone] = []
    lines: list[Line] = []
    ground: Ground | None = None
    detectors: list[Detector] = []
    behaviours: dict[str, dict[str, Any]] = {}
    analyse: Analyse = Field(
        default=Analyse.ALL, description="How much programs may look for: of its settings and its household the less."
    )
    watching: Literal["never", "incident", "always", "unclaimed"] | None = Field(
        default=None, description="When the room may watch, as the household decided; null where no household is asked."
    )
    view: int = Field(default=0, description="Goes up when somebody confirms where the camera looks.")
    record: Policy | str | Literal[False] | None = Field(
        default=None, description="A policy of its own, the name of a class, or false; null is as the ring of its site."
    )
    enabled: bool = True
    status: CameraStatusView

    @classmethod
    def of(cls, camera: Camera, *, area: str | None, status: CameraStatusView) -> CameraView:
        """A configured camera as it may be shown."""
        return cls(
            id=camera.id,
            site=camera.site,
            area=area,
            name=Text.of(camera.name),
            location=camera.location,
            heading_deg=camera.heading_deg,
            view_deg=camera.view_deg,
            main=StreamView.of(camera.main),
            sub=None if camera.sub is None else StreamView.of(camera.sub),
            onvif=None if camera.onvif is None else OnvifView.of(camera.onvif),
            zones=list(camera.zones),
            lines=list(camera.lines),
            ground=camera.ground,
            detectors=list(camera.detectors),
            behaviours=camera.behaviours,
            analyse=camera.analyse,
            view=camera.view,
            record=camera.record,
            enabled=camera.enabled,
            status=status,
        )
