"""Bodies about devices that announced themselves."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.places import Text


class DiscoveredView(BaseModel):
    """A device as it announced itself."""

    id: str = Field(examples=["home_assistant:0x00158d0001d82999"], description="Format and address; for paging.")
    format: str = Field(examples=["home_assistant"])
    address: str = Field(examples=["0x00158d0001d82999"], description="What to take it over by.")
    addresses: list[str] = Field(description="All that the whole device may be taken over by.")
    entities: list[str] = Field(description="What one part of it alone may be taken over by.")
    name: str | None = Field(default=None, examples=["Kitchen smoke detector"])
    manufacturer: str | None = Field(default=None, examples=["Xiaomi"])
    model: str | None = None
    kinds: list[str] = Field(examples=[["battery", "smoke"]], description="What it observes.")
    values: dict[str, Any] = Field(examples=[{"smoke.alarm": False}], description="The last values, since the start.")
    heard: datetime | None = Field(default=None, description="When it said something last, since the start.")
    sensor: str | None = Field(default=None, description="The sensor that it is configured as.")


class TakeBody(BaseModel):
    """What a discovered device becomes."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$", examples=["kitchen-smoke"], description="Of the sensor.")
    site: str = Field(max_length=64, examples=["home-7"])
    format: str = Field(default="home_assistant", max_length=64)
    address: str = Field(min_length=1, max_length=256, examples=["0x00158d0001d82999"])
    name: Text | None = Field(default=None, description="As it calls itself when absent.")
    kinds: list[Annotated[str, Field(max_length=64)]] = Field(default=[], max_length=64)
    silent_after_s: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    life_safety: bool = False
