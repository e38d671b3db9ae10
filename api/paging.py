"""Pages of a list: an opaque cursor that says after which item the next page begins.

The cursor holds a place in an order, not a number of items to skip, so a list that grows at its head meanwhile neither
repeats nor leaves out one. It is no secret and grants nothing: whoever makes one up reads only what they may see.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Annotated, Generic, Protocol, TypeVar

from fastapi import Query
from pydantic import BaseModel, Field

from api.errors import BadRequestError

Item = TypeVar("Item")


_DIGITS = 18
"""What fits any integer column."""


class _HasId(Protocol):
    @property
    def id(self) -> str: ...


Named = TypeVar("Named", bound=_HasId)

Limit = Annotated[int, Query(ge=1, le=500, description="At most this many items.")]
Cursor = Annotated[
    str | None, Query(max_length=512, description="The `next` of the page before; leave it out for the first page.")
]


class Page(BaseModel, Generic[Item]):
    """Some items of a list, and where it goes on."""

    items: list[Item]
    next: Annotated[str | None, Field(description="Cursor of the next page; null on the last one.")] = None


def encode(*place: str) -> str:
    """The cursor for the place after an item, given by the values it is sorted by."""
    return base64.urlsafe_b64encode("\x1f".join(place).encode()).decode().rstrip("=")


def decode(cursor: str | None, *, parts: int) -> tuple[str, ...] | None:
    """The place that `encode` wrote, None for the first page.

    Args:
        cursor: From the query.
        parts: How many values the order has.

    Raises:
        BadRequestError: No cursor of ours.
    """
    if cursor is None:
        return None
    try:
        place = tuple(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().split("\x1f"))
    except (binascii.Error, UnicodeDecodeError, ValueError) as error:
        raise BadRequestError("query.cursor", "this is no cursor of this list") from error
    if len(place) != parts:
        raise BadRequestError("query.cursor", "this is no cursor of this list")
    return place


def decode_number(cursor: str | None) -> int | None:
    """The number that `encode` wrote, None for the first page.

    Raises:
        BadRequestError: No cursor of ours.
    """
    place = decode(cursor, parts=1)
    if place is None:
        return None
    if not place[0].isascii() or not place[0].isdigit() or len(place[0]) > _DIGITS:
        raise BadRequestError("query.cursor", "this is no cursor of this list")
    return int(place[0])


def page_of(things: Sequence[Named], cursor: str | None, limit: int) -> tuple[list[Named], str | None]:
    """The things of one page of a list that is held whole, by id, and the cursor of the next page.

    Raises:
        BadRequestError: The cursor is not of this list.
    """
    place = decode(cursor, parts=1)
    ordered = sorted((thing for thing in things if place is None or thing.id > place[0]), key=lambda thing: thing.id)
    found = ordered[:limit]
    return found, encode(found[-1].id) if len(ordered) > limit else None
