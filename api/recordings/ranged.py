"""Ranged: answers of which any stretch can be asked for (RFC 9110, section 14): players seek, broken downloads go on.

What is answered is never whole in memory: it is read piece by piece while it is sent, in threads beside the server's.
The first piece is read before the answer begins, so that what cannot be read is a problem and not a broken answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Protocol

from fastapi import Request
from starlette.responses import Response, StreamingResponse

from api import problems

_ONE_RANGE = re.compile(r"bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})", re.ASCII)
_HEADERS_OF_304 = ("ETag", "Accept-Ranges", "Cache-Control")


class Readable(Protocol):
    """What is answered."""

    size_bytes: int
    etag: str

    def read(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` up to `end`, not included."""


def ranged(request: Request, what: Readable, media_type: str, headers: Mapping[str, str] | None = None) -> Response:
    """The answer to a GET or HEAD with or without a range.

    Several ranges at once are answered with the whole, as the standard allows; so is a range of what has changed since
    (`If-Range`).
    """
    size = what.size_bytes
    found = {"ETag": what.etag, "Accept-Ranges": "bytes", **(headers or {})}
    if what.etag in _tags(request.headers.get("if-none-match")):
        return Response(status_code=304, headers={name: found[name] for name in _HEADERS_OF_304 if name in found})
    start, end, status = 0, size, 200
    if (asked := _asked(request, what.etag)) is not None:
        start, end = _stretch(asked, size)
        if start >= end:
            more = {"Content-Range": f"bytes */{size}", "Accept-Ranges": "bytes"}
            return problems.problem(416, detail=f"there are {size} bytes", headers=more)
        status = 206
        found["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    found["Content-Length"] = str(end - start)
    if request.method == "HEAD":
        return Response(status_code=status, media_type=media_type, headers=found)
    reading = what.read(start, end)
    pieces = chain([next(reading, b"")], reading)
    return StreamingResponse(pieces, status_code=status, media_type=media_type, headers=found)


def _asked(request: Request, etag: str) -> tuple[str, str] | None:
    """The ends of the range that is asked for, as they are written; None when all of it is wanted."""
    header = request.headers.get("range")
    if header is None or request.headers.get("if-range", etag) != etag:
        return None
    found = _ONE_RANGE.fullmatch(header.strip())
    if found is None or found.groups() == ("", ""):
        return None
    return found.group(1), found.group(2)


def _stretch(asked: tuple[str, str], size: int) -> tuple[int, int]:
    first, last = asked
    if not first:
        return max(0, size - int(last)), size
    return int(first), min(size, int(last) + 1 if last else size)


def _tags(header: str | None) -> set[str]:
    return {tag.strip().removeprefix("W/") for tag in header.split(",")} if header else set()
