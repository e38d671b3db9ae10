"""ETags: which version of a thing a client has read, and whether that is still the newest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Header

from api.errors import BadRequestError, PreconditionError

IfMatch = Annotated[
    str | None,
    Header(alias="If-Match", max_length=256, description="The ETag of what you read; refused when it changed since."),
]


def of_version(version: int) -> str:
    """The ETag of a thing that counts its changes."""
    return f'"{version}"'


def of_content(body: Mapping[str, Any]) -> str:
    """The ETag of a thing that has no version, from what it holds."""
    text = json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:20]}"'


def version(if_match: str | None) -> int | None:
    """The version that If-Match names; None for no condition (`*` or nothing).

    Raises:
        BadRequestError: It is no ETag of a version.
    """
    if if_match is None or if_match.strip() == "*":
        return None
    text = if_match.strip().removeprefix("W/").strip('"')
    if not text.isascii() or not text.isdigit() or len(text) > 18:  # noqa: PLR2004 - fits any integer column
        raise BadRequestError("header.If-Match", "write the ETag that came with the incident")
    return int(text)


def required(if_match: str | None) -> str:
    """If-Match where it must be given.

    Raises:
        PreconditionError: It is missing.
    """
    if if_match is None:
        raise PreconditionError("read it first, and send its ETag as If-Match")
    return if_match.strip()
