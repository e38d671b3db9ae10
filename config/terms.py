"""The words that every part of community.yaml is written with: ids, names, places in a picture and on the ground."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

Id = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$",
        description="1 to 64 lower-case letters, digits, dots, dashes and underscores, a letter or digit first",
    ),
]
"""Lower-case letters, digits, dot, dash, underscore; it stands in topics, paths and addresses."""

Share = Annotated[float, Field(ge=0.0, le=1.0)]
"""A place in a picture as a share of its width or height."""


class Part(BaseModel):
    """A part of the configuration: frozen, and unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, hide_input_in_errors=True)


class Name(Part):
    """A name in the two languages; one of them is enough, and plain text counts for both."""

    model_config = ConfigDict(json_schema_extra={"x-write": "text, or {zh: ..., en: ...}"})

    zh: str | None = None
    en: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _plain_text(cls, value: Any) -> Any:
        return {"zh": value, "en": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _not_empty(self) -> Name:
        if not (self.zh or self.en):
            raise ValueError("empty; write text, or {zh: ..., en: ...}")
        return self

    def in_language(self, language: str) -> str:
        """The name in `zh` or `en`, or in the other when there is none."""
        return (self.zh or self.en or "") if language == "zh" else (self.en or self.zh or "")


class Location(Part):
    """A place on the ground, WGS 84."""

    lat: Annotated[float, Field(ge=-90, le=90)]
    lon: Annotated[float, Field(ge=-180, le=180)]
