"""Places in a message, as a map names them: `status[code=cur_current].value`, `list[0]`, `$.timestamp`.

Names lead into objects, `[0]` into a list, `[name=value]` to the first object of a list whose `name` is so. `$.` begins
at the top of the message also where a map goes through the items of a list. What is not there is None, never an error.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, Field

MOST_STEPS = 16

_NAME = re.compile(r"[^.\[\]{}]+")
_BRACKETS = re.compile(r"\[(?:(?P<index>\d{1,6})|(?P<key>[^\[\]=]+)=(?P<value>[^\[\]]*))\]")


@dataclass(frozen=True, slots=True)
class _Step:
    name: str | None = None
    index: int | None = None
    key: str = ""
    value: str = ""

    def go(self, value: object) -> object:
        if self.name is not None:
            return value.get(self.name) if isinstance(value, dict) else None
        if not isinstance(value, list):
            return None
        if self.index is not None:
            return value[self.index] if self.index < len(value) else None
        return next((one for one in value if isinstance(one, dict) and word_of(one.get(self.key)) == self.value), None)


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a message."""

    steps: tuple[_Step, ...]
    from_top: bool

    def find(self, top: object, item: object) -> object:
        """What stands there, None when nothing does."""
        value = top if self.from_top else item
        for step in self.steps:
            value = step.go(value)
        return value


def place_of(text: str) -> Place:
    """The place that a text names; empty or `$` is all of it.

    Raises:
        ValueError: It cannot be understood; says how to write it.
    """
    rest = text
    from_top = rest == "$" or rest.startswith(("$.", "$["))
    if from_top:
        rest = rest[1:].removeprefix(".")
    steps: list[_Step] = []
    while rest:
        found = _BRACKETS.match(rest)
        if found is not None:
            index = found["index"]
            key = "" if index is not None else found["key"].strip()
            value = "" if index is not None else found["value"].strip()
            steps.append(_Step(index=None if index is None else int(index), key=key, value=value))
        else:
            name = _NAME.match(rest.removeprefix(".") if steps else rest)
            if name is None or (steps and not rest.startswith(".")):
                raise ValueError("is no place in a message; write names as `a.b`, `list[0].a` or `list[code=x].value`")
            steps.append(_Step(name=name[0].strip()))
            rest, found = rest.removeprefix(".") if steps[1:] else rest, name
        rest = rest[found.end() :]
        if len(steps) > MOST_STEPS:
            raise ValueError(f"leads more than {MOST_STEPS} steps deep")
    return Place(tuple(steps), from_top)


def word_of(value: object) -> str | None:
    """A value as a map's words and conditions write it; None for what is no single value."""
    match value:
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer():
            return str(int(value))
        case int() | float():
            return str(value)
        case str():
            return value.strip()
        case _:
            return None


def _is_place(text: str) -> str:
    place_of(text)
    return text


PlaceText = Annotated[str, Field(min_length=1, max_length=256), AfterValidator(_is_place)]
"""Text that names a place."""

Condition = Mapping[PlaceText, bool | float | str | list[bool | float | str | None] | None]
"""Places, and what must stand there: a value, a list of which one must, or null for nothing."""


@dataclass(frozen=True, slots=True)
class Test:
    """A condition, ready to be asked."""

    wanted: tuple[tuple[Place, frozenset[str | None]], ...]

    def holds(self, top: object, item: object) -> bool:
        """Whether every place has what is wanted."""
        return all(word_of(place.find(top, item)) in words for place, words in self.wanted)


def test_of(condition: Condition) -> Test:
    """The condition, ready to be asked; an empty one always holds."""
    return Test(
        tuple(
            (place_of(text), frozenset(word_of(one) for one in (wanted if isinstance(wanted, list) else [wanted])))
            for text, wanted in condition.items()
        )
    )
