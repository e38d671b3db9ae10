"""Hiding: a Community as plain data without its secrets, and secrets put back where somebody sends that data again.

What is hidden is `***`, or has it in place of a token. Sent back as it was shown it means what was there, for the thing
of the same id and as long as nothing beside it that says where a secret is sent was changed: whoever may edit may not
read a password, and must not have it sent to himself. A `***` that stands for nothing known is a mistake.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from config.community import Community
from config.messages import Problem
from config.paths import Location
from config.says import says
from config.url_credentials import shown

HIDDEN = "***"
_SECRET_NAME = re.compile(r"(?i)(pass(wor[dt]|wd|phrase)?|pwd|token|secret|key|auth\w*|credential)s?")
_LEADS = ("url", "host", "server", "port", "kind", "options", "address")
"""Keys beside a secret that say where it is sent."""


def plain(community: Community, *, secrets: bool = False, defaults: bool = True) -> dict[str, Any]:
    """A Community as maps, lists, text, numbers, true, false and null.

    Args:
        community: All of it.
        secrets: With them, for storing; never for showing.
        defaults: With what is as it would be anyway.
    """
    context = {"secrets": secrets}
    dumped: dict[str, Any] = community.model_dump(mode="json", context=context, exclude_defaults=not defaults)
    return dumped if secrets else _masked(dumped, ())


def restored(community: Community, before: Community) -> tuple[Community, list[Problem]]:
    """`community` with the secrets of `before` where it has them hidden, and what is hidden and not known.

    Args:
        community: As it was sent, `***` and all.
        before: What its sender was shown.
    """
    wished = plain(community, secrets=True)
    found = _restore(wished, plain(before), plain(before, secrets=True))
    words = says(
        "{hidden} hides a secret that is not known here; write it",
        "{hidden} 隐藏的密码这里不知道；请写出来",
        hidden=HIDDEN,
    )
    left = [Problem(place, words) for place in _hidden(found, ())]
    return Community.model_validate(found), left


def same_things(one: list[Any], other: list[Any]) -> list[tuple[int | None, int | None]]:
    """Which items of two lists are the same thing: by id where they have one, else by place; None for no partner."""
    if not _have_ids(one) or not _have_ids(other):
        longest = max(len(one), len(other))
        return [(n if n < len(one) else None, n if n < len(other) else None) for n in range(longest)]
    places = {each["id"]: number for number, each in enumerate(other)}
    pairs: list[tuple[int | None, int | None]] = [
        (number, places.pop(each["id"], None)) for number, each in enumerate(one)
    ]
    return pairs + [(None, number) for number in places.values()]


def _have_ids(items: list[Any]) -> bool:
    """Whether every item is told by an id of its own."""
    ids = [each.get("id") for each in items if isinstance(each, dict)]
    return len(ids) == len(items) and None not in ids and len(set(ids)) == len(ids)


def _masked(value: Any, where: Location) -> Any:
    if isinstance(value, dict):
        return {key: _masked(each, (*where, key)) for key, each in value.items()}
    if isinstance(value, list):
        return [_masked(each, (*where, number)) for number, each in enumerate(value)]
    if not isinstance(value, str) or value == HIDDEN:
        return value
    if "options" in where[2:3] and where[0] == "notifiers":  # channels have secrets in addresses of any form
        return _masked_option(value, str(where[-1]))
    return shown(value) if "://" in value else value


def _masked_option(value: str, name: str) -> str:
    if _SECRET_NAME.search(name):
        return HIDDEN
    scheme, separator, rest = value.partition("://")
    if not separator:
        return value
    host = re.split(r"[/?#]", rest, maxsplit=1)[0].rpartition("@")[2]
    return f"{scheme}://{host}" if rest in (host, host + "/") else f"{scheme}://{host}/{HIDDEN}"


def _restore(sent: Any, masked: Any, secret: Any) -> Any:
    """What was sent, with what is hidden in it from where it was shown."""
    if isinstance(sent, dict) and isinstance(masked, dict):
        led = all(_leads_alike(sent.get(key), masked.get(key)) for key in _LEADS)
        return {
            key: each
            if key not in masked or (_is_hidden(each, masked[key], secret[key]) and not led)
            else _restore(each, masked[key], secret[key])
            for key, each in sent.items()
        }
    if isinstance(sent, list) and isinstance(masked, list):
        made = list(sent)
        for number, other in same_things(sent, masked):
            if number is not None and other is not None:
                made[number] = _restore(sent[number], masked[other], secret[other])
        return made
    return secret if _is_hidden(sent, masked, secret) else sent


def _is_hidden(sent: Any, masked: Any, secret: Any) -> bool:
    return isinstance(sent, str) and HIDDEN in sent and sent == masked and masked != secret


def _leads_alike(sent: Any, masked: Any) -> bool:
    if isinstance(sent, str) and isinstance(masked, str) and "://" in sent and "://" in masked:
        return _place(sent) == _place(masked) is not None
    return bool(sent == masked)


def _place(url: str) -> tuple[str, str | None, int | None] | None:
    """Where an address leads; None for one that leads nowhere."""
    try:
        parts = urlsplit(url)
        place = parts.scheme, parts.hostname, parts.port
    except ValueError:
        return None
    else:
        return place


def _hidden(value: Any, where: Location) -> Iterator[Location]:
    """Where something is still hidden."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _hidden(each, (*where, key))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _hidden(each, (*where, number))
    elif isinstance(value, str) and HIDDEN in value and (value == HIDDEN or "://" in value):
        yield where
