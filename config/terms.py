"""The words that every part of community.yaml is written with: ids, names, places in a picture and on the ground."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from config.says import says, write

ID_PATTERN = r"^[a-z0-9][a-z0-9._-]{0,63}$"
ID_FORM = "1 to 64 lower-case letters, digits, dots, dashes and underscores, a letter or digit first"
ID_FORM_ZH = "1 到 64 个小写字母、数字、点、短横或下划线，以字母或数字开头"
Id = Annotated[
    str,
    Field(
        pattern=ID_PATTERN,
        description=ID_FORM,
        json_schema_extra=write(ID_FORM, ID_FORM_ZH),
    ),
]
"""Lower-case letters, digits, dot, dash, underscore; it stands in topics, paths and addresses."""

ProbeName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=64,
        pattern=r"^[^\s@|]+$",
        json_schema_extra=write("text without blanks", "不含空白的文字"),
    ),
]
"""What a part of a device is called; it stands behind an @ in the names of readings."""

Share = Annotated[float, Field(ge=0.0, le=1.0)]
"""A place in a picture as a share of its width or height."""


class Part(BaseModel):
    """A part of the configuration: frozen, and unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, hide_input_in_errors=True)


class Name(Part):
    """A name in the two languages; one of them is enough, and plain text counts for both."""

    model_config = ConfigDict(json_schema_extra=write("text, or {zh: ..., en: ...}", "文字，或 {zh: ..., en: ...}"))

    zh: str | None = None
    en: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _plain_text(cls, value: Any) -> Any:
        return {"zh": value, "en": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _not_empty(self) -> Name:
        if not (self.zh or self.en):
            raise ValueError(
                says("empty; write text, or {zh: ..., en: ...}", "是空的；请写文字，或 {zh: ..., en: ...}")
            )
        return self

    def in_language(self, language: str) -> str:
        """The name in `zh` or `en`, or in the other when there is none."""
        return (self.zh or self.en or "") if language == "zh" else (self.en or self.zh or "")


class Location(Part):
    """A place on the ground, WGS 84."""

    lat: Annotated[float, Field(ge=-90, le=90)]
    lon: Annotated[float, Field(ge=-180, le=180)]
