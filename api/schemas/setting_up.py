"""Bodies about setting devices up: what is looked for and tried, what was found, and what a sheet would do."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from api.onboarding.copying import Part
from api.onboarding.sheets import Says, SheetMistake
from api.schemas.places import Text
from cameras.setting_up.words import Channel, Device, Said
from config.terms import Id

Address = Annotated[str, Field(min_length=1, max_length=2048)]
_Word = Annotated[str, Field(max_length=256)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class SaidView(BaseModel):
    """Something for a person to read, behind a stable word."""

    word: str = Field(examples=["wrong_password"])
    zh: str
    en: str
    detail: str = ""

    @classmethod
    def of(cls, said: Said) -> SaidView:
        """As it was said."""
        return cls(word=said.word, zh=said.zh, en=said.en, detail=said.detail)


class DiscoverBody(_Body):
    """Where to look for cameras."""

    networks: list[Annotated[str, Field(min_length=1, max_length=128)]] = Field(
        default=[],
        max_length=64,
        examples=[["192.168.1.0/24", "192.168.9.64"]],
        description="Hosts and networks that are asked one by one, at most 4,096 addresses in all.",
    )
    multicast: bool = Field(default=True, description="Whether all on the networks of the hub are asked.")
    timeout_s: float = Field(default=4.0, ge=1, le=30, allow_inf_nan=False, description="How long to listen.")


class FoundCameraView(BaseModel):
    """A camera that answered."""

    endpoint: str = Field(description="What it calls itself; stays the same when its address changes.")
    host: str = Field(examples=["192.168.1.64"])
    onvif_url: str
    name: str
    model: str
    location: str = ""
    cameras: list[str] = Field(description="Ids of the cameras of the Community at this host, that you know of.")


class DiscoverView(BaseModel):
    """What answered."""

    items: list[FoundCameraView]
    problem: SaidView | None = Field(default=None, description="Why it could not be looked.")
    notes: list[SaidView] = []


class ProbeBody(_Body):
    """What is to be tried."""

    url: Address | None = Field(default=None, examples=["rtsp://192.168.1.64:554/main"], description="Of one stream.")
    host: Address | None = Field(
        default=None, examples=["192.168.1.64"], description="Or a host, which is asked over ONVIF for its streams."
    )
    username: _Word | None = None
    password: SecretStr | None = Field(default=None, max_length=256)
    seconds: float = Field(default=3.0, ge=1, le=20, allow_inf_nan=False, description="How long to watch each stream.")
    id: Id | None = Field(default=None, description="For the ready body.")
    site: Id | None = Field(default=None, description="For the ready body.")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.url is None) == (self.host is None):
            raise ValueError("write either `url` or `host`")
        return self


class ProbeView(BaseModel):
    """What a camera really gives."""

    answers: bool = Field(description="Whether there is a stream that can be used.")
    problem: SaidView | None = Field(default=None, description="Why not.")
    address: str = Field(default="", description="As asked, without user and password.")
    device: Device | None = None
    clock_offset_s: float | None = Field(default=None, description="How far its clock is ahead of the hub's.")
    events: bool = Field(default=False, description="Whether it tells what it notices.")
    onvif_url: str | None = None
    onvif_problem: SaidView | None = None
    channels: list[Channel] = Field(default=[], description="One for each lens.")
    notes: list[SaidView] = []
    elsewhere: list[str] = Field(
        default=[],
        description="Addresses that it gave and that lead to another host than the one that you asked. Your password"
        " was not taken there, and belongs beside none of them.",
    )
    cameras: list[dict[str, Any]] = Field(
        default=[],
        description="Ready bodies for `POST /cameras`, one for each channel. The password is not in them: put the one"
        " that you sent beside each `username`; what is `elsewhere` has none, and gets no password.",
    )


class TrialStillBody(_Body):
    """Of what a picture is wanted."""

    url: Address = Field(examples=["rtsp://192.168.1.64:554/main"])
    username: _Word | None = None
    password: SecretStr | None = Field(default=None, max_length=256)
    width_px: int = Field(default=1280, ge=160, le=3840)


class MistakeView(BaseModel):
    """One thing wrong in a sheet."""

    line: int
    column: str = Field(examples=["url"], description="Empty for the whole line.")
    says: Text

    @classmethod
    def of(cls, mistake: SheetMistake) -> MistakeView:
        """As it was found."""
        return cls(line=mistake.line, column=mistake.column, says=text_of(mistake.says))


class PlannedView(BaseModel):
    """What becomes of one line."""

    line: int
    id: str
    what: Literal["add", "change", "leave"]
    changes: list[str] = Field(default=[], description="What of it changes, by the names of its parts.")


class TrialView(BaseModel):
    """How a camera of a sheet answered."""

    line: int
    id: str
    answers: bool
    tried: bool = Field(default=True, description="False: the time was over before, and the line was left out.")
    problem: SaidView | None = None
    codec: str = ""
    width: int = 0
    height: int = 0
    fps: float | None = None
    fits: bool = Field(default=False, description="Whether what would be analysed fits.")
    advice: list[SaidView] = []


class ImportView(BaseModel):
    """What a sheet does, or would do."""

    dry_run: bool
    revision: int | None = Field(default=None, description="In which it was saved; null when nothing was.")
    adds: int
    changes: int
    leaves: int
    lines: list[PlannedView]
    mistakes: list[MistakeView] = Field(description="While there is one, nothing is saved.")
    trials: list[TrialView] = Field(default=[], description="With `probe=true`, one for each line that was tried.")


class CopyBody(_Body):
    """What a camera takes over from another."""

    from_: Id = Field(alias="from", examples=["gate-north"], description="Id of the other camera.")
    what: list[Part] = Field(min_length=1, max_length=16, examples=[["detectors", "record"]])


class CopyView(BaseModel):
    """What was taken over."""

    id: str
    changed: list[str]
    warnings: list[Text] = []


def text_of(says: Says) -> Text:
    """A sentence in both languages."""
    return Text(zh=says.zh, en=says.en)
