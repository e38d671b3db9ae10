"""Uploads: forms with pictures, read only after it is known who sends them.

A form is read here and not by the framework, which would read the body before it asks who sends it. Every part is
bounded; each picture is stripped as it comes, so that no more than one is held as it was sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from alerts.people.pictures import Picture, PictureError, picture
from api.errors import BadRequestError

MOST_PICTURES = 4
PICTURE_BYTES = 8 * 1024 * 1024
_FIELD_BYTES = 16 * 1024
_MOST_FIELDS = 20


@dataclass(frozen=True, slots=True)
class Form:
    """What was sent: the fields as texts, and the pictures."""

    fields: dict[str, Any]
    pictures: tuple[Picture, ...]


async def read_form(request: Request) -> Form:
    """Read a form with pictures under `photo`.

    Raises:
        BadRequestError: No form, or one of its pictures is none; says which.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in ("multipart/form-data", "application/x-www-form-urlencoded"):
        raise BadRequestError("header.Content-Type", "send a form, multipart/form-data")
    fields: dict[str, Any] = {}
    pictures: list[Picture] = []
    async with request.form(max_files=MOST_PICTURES, max_fields=_MOST_FIELDS, max_part_size=_FIELD_BYTES) as form:
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                pictures.append(await _picture(name, value, len(pictures)))
            elif name in fields:
                raise BadRequestError(f"body.{name}", "stands twice")
            else:
                fields[name] = value
    return Form(fields, tuple(pictures))


async def _picture(name: str, sent: UploadFile, number: int) -> Picture:
    where = f"body.{name}[{number}]"
    if name != "photo":
        raise BadRequestError(where, "pictures are sent under the name `photo`")
    if sent.size is None or sent.size > PICTURE_BYTES:
        raise BadRequestError(where, f"a picture has at most {PICTURE_BYTES // 1024 // 1024} MiB")
    try:
        return await run_in_threadpool(picture, await sent.read())
    except PictureError as error:
        raise BadRequestError(where, str(error)) from error
