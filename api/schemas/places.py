"""Bodies about places: areas and sites."""

from __future__ import annotations

from pydantic import BaseModel, Field

from config.community import Location, Name, Ring


class Text(BaseModel):
    """A text in the two languages; one of them may be missing."""

    zh: str | None = Field(default=None, examples=["大坪村路口"])
    en: str | None = Field(default=None, examples=["Village junction"])

    @classmethod
    def of(cls, name: Name | None) -> Text | None:
        """The text of a configured name."""
        return None if name is None else cls(zh=name.zh, en=name.en)


class AreaView(BaseModel):
    """A node of the grid."""

    id: str = Field(examples=["village"])
    name: Text
    parent: str | None = None


class SiteView(BaseModel):
    """A place with an owner."""

    id: str = Field(examples=["junction-3"])
    name: Text
    area: str | None = None
    ring: Ring
    location: Location | None = None
    tags: list[str] = []
