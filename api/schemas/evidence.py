"""Bodies about evidence and about recordings that people delete."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.recordings.evidence_plan import MOST_CAMERAS
from config.community import Id
from hub.store.evidence import State
from hub.store.recording_deletions import Step

Reason = Annotated[str, Field(min_length=1, max_length=500, pattern=r"\S", description="Why; stays on record.")]


class EvidenceFileView(BaseModel):
    """A clip or a picture."""

    name: str = Field(examples=["clips/gate-main-20261122T133502120Z.mp4"])
    kind: Literal["clip", "still"]
    camera: str | None = None
    start: datetime | None = Field(default=None, description="First moment in it.")
    end: datetime | None = Field(default=None, description="Last moment in it.")
    size_bytes: int
    sha256: str
    about: dict[str, Any] = Field(description="Of a clip its stream, codec, size and drift; of a picture its alert.")
    href: str = Field(description="Its address.")


class EvidenceAbsenceView(BaseModel):
    """A piece of what was asked for that is not there."""

    camera: str
    start: datetime | None = None
    end: datetime | None = None
    because: str = Field(examples=["offline", "not_recorded"])


class EvidenceWantedView(BaseModel):
    """A span that was asked for, and what became of it."""

    number: int
    camera: str
    start: datetime
    end: datetime
    who: str = Field(description="Account name, or `engine`.")
    why: str
    state: State
    reason: str = Field(description="Why it waits, or what of it is missing.")


class EvidenceView(BaseModel):
    """What is kept of an incident beyond the recordings' own time."""

    incident: str
    version: int = Field(description="Of the newest manifest; 0 while nothing is copied yet.")
    made: datetime | None = Field(default=None, description="When that was.")
    problem: str | None = Field(
        default=None,
        description="Why nothing is done to it: its newest manifest is missing, damaged or not as it was signed.",
        examples=["manifest-2.json is damaged: no JSON"],
    )
    size_bytes: int
    key: str = Field(description="Fingerprint of the key that signed it.", examples=["SHA256:o4G0..."])
    manifest: str | None = Field(default=None, description="Address of the newest manifest.")
    download: str | None = Field(default=None, description="Address of all of it as one .zip.")
    files: list[EvidenceFileView]
    gaps: list[EvidenceAbsenceView] = Field(description="What was asked for and never recorded.")
    left_out: list[EvidenceAbsenceView] = Field(description="What was recorded and is not here.")
    wanted: list[EvidenceWantedView]
    released: datetime | None = None
    released_by: str | None = None
    released_why: str = ""
    delete_after: datetime | None = Field(default=None, description="When clips and pictures go, after a release.")
    deleted: datetime | None = Field(default=None, description="When they went; the manifests stay.")


class FreezeBody(BaseModel):
    """Which spans are to be kept."""

    model_config = ConfigDict(extra="forbid")

    cameras: Annotated[list[Id], Field(min_length=1, max_length=MOST_CAMERAS)]
    since: datetime = Field(alias="from")
    until: datetime = Field(alias="to", description="May lie ahead, by an hour at most.")
    reason: Reason


class ReleaseBody(BaseModel):
    """Why evidence is not needed any more."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason


class EvidenceKeyView(BaseModel):
    """The key by which the hub signs evidence."""

    fingerprint: str = Field(description="What people write down and compare.", examples=["SHA256:o4G0..."])
    public_key: str = Field(description="In PEM, for `hub recordings verify --key` and for other tools.")
    algorithm: Literal["Ed25519"] = "Ed25519"


class DeleteBody(BaseModel):
    """Which span of one's own recordings goes."""

    model_config = ConfigDict(extra="forbid")

    since: datetime = Field(alias="from")
    until: datetime = Field(alias="to", description="Not later than now.")
    reason: Reason


class DeletionView(BaseModel):
    """A step of a deletion, as it stands on record."""

    id: str = Field(description="The same for all steps of a deletion.")
    step: Step = Field(description="`asked`; `deleted`, once for each time that something went; `done`.")
    at: datetime
    camera: str
    site: str = Field(description="Where the camera was when it recorded what was deleted.")
    start: datetime
    end: datetime
    who: str
    role: str
    reason: str
    segments: int = Field(description="How many recorded files were removed or cut in this step.")
    size_bytes: int = Field(description="How much less there is by it.")
