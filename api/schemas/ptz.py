"""Bodies about turning cameras."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Speed = Annotated[float, Field(ge=-1, le=1, allow_inf_nan=False)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class HeldView(BaseModel):
    """Who turns a camera."""

    by: str = Field(examples=["lin"], description="Name of the account.")
    until: datetime
    mine: bool


class PresetView(BaseModel):
    """A stored position."""

    preset: str = Field(examples=["1"], description="What the camera calls it.")
    name: str = Field(examples=["Gate"])


class PtzView(BaseModel):
    """Whether a camera can be turned, and who does."""

    can_turn: bool
    problem: str | None = Field(default=None, examples=["unsupported"], description="Why it cannot be asked now.")
    presets: list[PresetView] = []
    held: HeldView | None = None
    pan: float | None = Field(default=None, description="Where it looks, in the camera's own measure.")
    tilt: float | None = None
    zoom: float | None = None
    moving: bool | None = None


class MoveBody(_Body):
    """A move; the camera stops by itself after it."""

    pan: Speed = Field(default=0.0, description="Speed to the right; negative to the left.")
    tilt: Speed = Field(default=0.0, description="Upwards; negative downwards.")
    zoom: Speed = Field(default=0.0, description="Nearer; negative further away.")
    for_s: float = Field(default=1.0, gt=0, le=5, allow_inf_nan=False)
    take_over: bool = Field(default=False, description="From whoever holds it; supervisors and administrators.")

    @model_validator(mode="after")
    def _moves(self) -> Self:
        if not (self.pan or self.tilt or self.zoom):
            raise ValueError("say where to: pan, tilt or zoom; to stop it there is /stop")
        return self


class PresetBody(_Body):
    """What to do with a stored position."""

    do: Literal["go", "set", "remove"]
    preset: str | None = Field(default=None, min_length=1, max_length=64, description="Of `set`: the one replaced.")
    name: str | None = Field(default=None, min_length=1, max_length=64, description="Of `set`.")
    take_over: bool = False

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.do == "set" and self.name is None:
            raise ValueError("give the position a name")
        if self.do != "set" and self.preset is None:
            raise ValueError("name the position: preset")
        return self


class MovedView(BaseModel):
    """It was done."""

    held: HeldView
    preset: str | None = Field(default=None, description="Of a position that was stored.")
