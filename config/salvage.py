"""A Community out of a file in which some things are wrong, so that the rest is checked in the same round.

Whoever mistyped one camera's zone should also hear now, not after the next try, that another camera names a site that
is not there. A thing that cannot be read is replaced by a stand-in with its id and references, as far as they hold;
nothing is said about the stand-ins themselves, and nothing but messages is ever made of the result.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError

from config.community import Community
from config.messages import Problem
from config.paths import Location

_STAND_INS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "areas": ({"name": "?"}, ("id", "parent")),
    "sites": ({"name": "?"}, ("id", "area")),
    "cameras": ({"site": "unreadable", "main": {"url": "rtsp://unreadable"}}, ("id", "site")),
    "sensors": ({"site": "unreadable"}, ("id", "site")),
}
"""For each noun what it cannot be without, and the references that are taken over."""
_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


def salvage(
    data: Any, found: Iterable[Problem], context: dict[str, Any]
) -> tuple[Community, frozenset[Location]] | None:
    """What can be checked further.

    Args:
        data: All of the file.
        found: What is wrong with its shape.
        context: As for the validation that found it.

    Returns:
        The Community and the locations (`("cameras", 3)`) of the stand-ins in it; None when so much is wrong, a whole
        list or a key at the top, that further messages would only repeat it.
    """
    broken: set[Location] = set()
    for problem in found:
        if len(problem.location) < 2:  # noqa: PLR2004 - a noun and a number
            return None
        broken.add(problem.location[:2])
    readable = {key: data[key] for key in ("timezone", "colours") if key in data}
    for noun in _STAND_INS:
        things = data.get(noun, [])
        readable[noun] = [
            _stand_in(noun, thing, number) if (noun, number) in broken else thing for number, thing in enumerate(things)
        ]
    try:
        return Community.model_validate(readable, context=context), frozenset(broken)
    except ValidationError:
        return None


def _stand_in(noun: str, thing: Any, number: int) -> dict[str, Any]:
    needed, references = _STAND_INS[noun]
    written = thing if isinstance(thing, dict) else {}
    kept = {key: written.get(key) for key in references}
    holding = {key: text for key, text in kept.items() if isinstance(text, str) and _ID.fullmatch(text)}
    return {"id": f"unreadable-{number}", **needed, **holding}
