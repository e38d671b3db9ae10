"""Bodies about recordings: what there is, what is missing, and links to it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.schemas.places import Text
from cameras.recordings.media import Because, StreamName


class RecordedCameraView(BaseModel):
    """A camera whose pictures may be seen."""

    id: str = Field(examples=["cam-12"])
    site: str = Field(examples=["junction-3"])
    name: Text | None = None
    streams: list[StreamName] = Field(description="Those of which anything was ever recorded.")


class RangeView(BaseModel):
    """A time in which there is a recording, but for gaps shorter than the resolution."""

    start: datetime = Field(serialization_alias="from")
    end: datetime = Field(serialization_alias="to")
    missing_s: float = Field(description="Seconds within it that are not recorded.")
    size_bytes: int = Field(description="Of all files that begin in it.")
    open: bool = Field(description="It still grows.")


class GapView(BaseModel):
    """A time without a recording, between or after some."""

    start: datetime = Field(serialization_alias="from")
    end: datetime = Field(serialization_alias="to")
    reason: Because
    lasts: bool = Field(description="Nothing was recorded since.")


class MarkView(BaseModel):
    """Alerts from this camera, one or some that lie closer together than the resolution."""

    at: datetime = Field(description="When the gravest of them was raised.")
    alert: str
    incident: str | None = None
    kind: str = Field(examples=["fire.camera_flame"])
    level: str = Field(examples=["orange"])
    alerts: int = Field(description="How many it stands for.")


class RecordingsView(BaseModel):
    """What is recorded of a stream between two times."""

    camera: str
    stream: StreamName
    start: datetime = Field(serialization_alias="from")
    end: datetime = Field(serialization_alias="to", description="No later than now.")
    resolution_s: float
    streams: list[StreamName] = Field(description="Those of the camera of which anything was ever recorded.")
    ranges: list[RangeView]
    gaps: list[GapView]
    marks: list[MarkView] = Field(description="For those who may see alerts, oldest first.")
    codecs: str | None = Field(
        examples=["avc1.64001f,mp4a.40.2"],
        description="Of the newest part, as `MediaSource.isTypeSupported` is asked. Sound that browsers do not play is "
        "left out of what they are sent.",
    )
    width: int | None = None
    height: int | None = None
    sound: str | None = Field(default=None, examples=["pcm_alaw"], description="Codec of its sound, None without any.")
    sound_left_out: bool = Field(
        default=False, description="The play-list leaves the sound out, for browsers do not play it; clips have it."
    )


class LinkWish(BaseModel):
    """What a link is to open."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    what: Literal["playback", "clip", "still"]
    stream: StreamName = StreamName.MAIN
    start: Annotated[AwareDatetime, Field(alias="from", description="Of a still the moment.")]
    end: Annotated[AwareDatetime | None, Field(alias="to", description="Left out for a still.")] = None


class LinkView(BaseModel):
    """A link that opens one thing for the one who asked, for a while, without signing in."""

    url: str = Field(
        examples=["/api/v1/cameras/cam-12/clip.mp4?link=AQEB..."], description="On this hub, as it can be opened."
    )
    expires: datetime
