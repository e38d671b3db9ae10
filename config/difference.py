"""Differences: what of one Community is other in the next, by id and field, for people; no secret is ever shown.

Things are told by their ids, so one that only moved in its list is no difference. Of a secret it is said that it
changed, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from config.community import Community
from config.hiding import HIDDEN, plain, same_things

_ABSENT: Any = object()


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is other.

    Attributes:
        path: Which, as `cameras.gate-1.main.url`; a list without ids is one thing.
        change: What happened to it.
        before: What it was; None for what was added, and for a secret.
        after: What it is; None for what was removed, and for a secret.
        secret: It is one, or holds one that changed, and is not shown.
    """

    path: str
    change: Literal["added", "removed", "changed"]
    before: Any = None
    after: Any = None
    secret: bool = False


def differences(before: Community, after: Community) -> tuple[Difference, ...]:
    """What is other in `after`, in the order of its fields."""
    one, other = plain(before), plain(after)
    return tuple(_of(one, other, plain(before, secrets=True), plain(after, secrets=True), ""))


def _of(one: Any, other: Any, secret_one: Any, secret_other: Any, path: str) -> Iterator[Difference]:  # noqa: PLR0917
    if secret_one is not _ABSENT and secret_other is not _ABSENT and secret_one == secret_other:
        return
    if isinstance(one, dict) and isinstance(other, dict):
        for key in [*one, *(key for key in other if key not in one)]:
            parts = [each.get(key, _ABSENT) for each in (one, other, secret_one, secret_other)]
            yield from _of(parts[0], parts[1], parts[2], parts[3], f"{path}.{key}" if path else key)
    elif _by_id(one) and _by_id(other) and (one or other):
        for number, partner in same_things(one, other):
            named = one[number] if number is not None else other[partner]
            yield from _of(
                _ABSENT if number is None else one[number],
                _ABSENT if partner is None else other[partner],
                _ABSENT if number is None else secret_one[number],
                _ABSENT if partner is None else secret_other[partner],
                f"{path}.{named['id']}",
            )
    elif one is _ABSENT:
        yield Difference(path, "added", None, other)
    elif other is _ABSENT:
        yield Difference(path, "removed", one, None)
    else:
        hidden = one == other or HIDDEN in (one, other)
        yield Difference(path, "changed", None if hidden else one, None if hidden else other, secret=hidden)


def _by_id(items: Any) -> bool:
    return isinstance(items, list) and all(isinstance(each, dict) and "id" in each for each in items)
