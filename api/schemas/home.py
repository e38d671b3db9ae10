"""Bodies about homes: what residents decide, with whom they share, who watched, and who lives there."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from alerts.incidents.colours import Colour
from api.schemas.places import Text
from config.analysing import Analyse
from config.community import Level
from hub.consent import MOST_DAYS, Consent, Watch


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ConsentBody(_Body):
    """What a camera of one's own home is for."""

    analyse: Analyse = Field(description="What programs may look for in its pictures.")
    watch: Watch = Field(description="When the room may watch.")
    keep_days: Annotated[int, Field(ge=0, le=MOST_DAYS)] | None = Field(
        default=None,
        description="Recordings are kept so long at most; 0 records nothing, null keeps as the community does.",
    )


class ConsentView(BaseModel):
    """What holds for a camera of a household."""

    camera: str
    site: str
    analyse: Analyse
    watch: Watch
    keep_days: int | None
    version: int = Field(description="0: nobody decided yet, and what is safe holds.")
    at: datetime | None = None
    author: str | None = None

    @classmethod
    def of(cls, consent: Consent) -> ConsentView:
        """As it is shown."""
        return cls(
            camera=consent.camera,
            site=consent.site,
            analyse=consent.analyse,
            watch=consent.watch,
            keep_days=consent.keep_days,
            version=consent.version,
            at=consent.at,
            author=consent.author or None,
        )


class ConsentHistory(ConsentView):
    """The same with every version before it, the newest first."""

    before: list[ConsentView]


class ShareBody(_Body):
    """With whom a camera is shared."""

    username: Annotated[str, Field(min_length=1, max_length=64)]
    until: AwareDatetime = Field(description="At most a year from now.")
    recordings: bool = Field(default=False, description="Also what is recorded from now on; else live alone.")


class ShareView(BaseModel):
    """A share; it says nothing about whether there is such an account."""

    id: str
    username: str
    start: datetime = Field(serialization_alias="from")
    until: datetime
    recordings: bool
    author: str


class GlassBody(_Body):
    """Why somebody looks against a household's consent."""

    reason: Annotated[str, Field(min_length=10, max_length=500)]


class GlassView(BaseModel):
    """One time that somebody looked."""

    id: str
    camera: str
    site: str
    who: str
    reason: str
    start: datetime = Field(serialization_alias="from")
    end: datetime = Field(serialization_alias="to")
    open: bool


class WatchedView(BaseModel):
    """Somebody who watched; looks that follow closely are one."""

    camera: str
    who: str
    role: str
    what: Literal["view", "playback", "still", "export", "break_glass"]
    start: datetime = Field(serialization_alias="from")
    end: datetime = Field(serialization_alias="to")
    times: int
    own: bool = Field(description="You yourself.")
    household: bool = Field(description="Somebody who lives there.")
    reason: str | None = Field(default=None, description="In the words of who looked against the household's consent.")


class PersonView(BaseModel):
    """Somebody who lives there by account."""

    name: str
    own: bool


class NewcomerView(BaseModel):
    """Somebody who is entered as living there, and is not confirmed."""

    id: str
    site: str
    name: str
    at: datetime
    by: str | None = Field(description="Who gave or invited; null where the settings name him.")


class ConfirmBody(_Body):
    """What a newcomer sees of what was recorded before."""

    since: AwareDatetime | None = Field(default=None, description="What was recorded from then on; null: from now on.")


class HomeCameraView(BaseModel):
    """A camera of one's own home."""

    id: str
    name: Text | None
    state: str
    consent: ConsentView
    keeps_days: float = Field(description="So long recordings of it are kept now; 0: nothing is recorded.")
    shares: list[ShareView]
    watched: bool = Field(description="The room may watch at this moment.")


class HomeView(BaseModel):
    """Where one lives."""

    site: str
    name: Text | None
    household: bool = Field(description="It is for its people to decide; elsewhere cameras follow the settings.")
    people: list[PersonView]
    cameras: list[HomeCameraView]
    glass: list[GlassView] = Field(description="Who looked against what was decided, the newest first.")


class HomeAlertView(BaseModel):
    """Something that was raised at one's home."""

    id: str
    kind: str = Field(examples=["camera.fire"])
    name: Text = Field(description="What this kind is called.")
    level: Level
    colour: Colour = Field(description="The level as this site shows it.")
    condition: str = Field(examples=["active"], description="active, returned or closed.")
    at: datetime
    site: str
    camera: str | None = None
    text: Text
    do: Text


class SharedCameraView(BaseModel):
    """A camera that somebody shares with one."""

    id: str
    name: Text | None
    by: str
    until: datetime | None
    recordings: bool


class MyHomesView(BaseModel):
    """All homes of a person, and what others share with him."""

    homes: list[HomeView]
    shared: list[SharedCameraView]


class ErasedView(BaseModel):
    """Something that goes or stays, and why."""

    what: Text
    why: Text | None = None


class EraseBody(_Body):
    """The first step asks what would happen, the second does it."""

    password: Annotated[str, Field(min_length=1, max_length=1024)]
    confirm: Annotated[str, Field(max_length=200)] | None = Field(
        default=None, description="From the first step; without it nothing is erased."
    )


class ErasureView(BaseModel):
    """What erasing does, or did."""

    done: bool
    confirm: str | None = Field(default=None, description="Send it with the password within ten minutes to erase.")
    goes: list[ErasedView]
    stays: list[ErasedView]
