"""Dataclasses as JSON and back, where whoever wrote the JSON is not trusted.

What is read has exactly the fields of its class, each of its type, in bounds: no text longer, no list larger, no number
that is not finite. Anything else is a ValueError that says where. Pure.
"""

from __future__ import annotations

import base64
import binascii
import enum
import math
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

Read = TypeVar("Read")

MOST_CHARACTERS = 4096
MOST_ITEMS = 2048
MOST_BYTES = 8 * 2**20


def as_json(value: Any) -> Any:
    """The JSON types of a dataclass, or of what stands in one."""
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: as_json(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, tuple):
        return [as_json(each) for each in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value.value if isinstance(value, enum.Enum) else value


def read(kind: type[Read], data: object, *, where: str = "") -> Read:
    """A dataclass from what `as_json` made of one.

    Raises:
        ValueError: It is something else; says where.
    """
    if not isinstance(data, Mapping):
        raise ValueError(f"{where or 'it'}: not an object")  # noqa: TRY004 - whatever is wrong with it
    hints = _hints(kind)  # type: ignore[arg-type]  # classes are hashable
    if unknown := set(data) - set(hints):
        raise ValueError(f"{where or 'it'}: unknown {min(map(str, unknown))[:40]!r}")
    values = {}
    for name, hint in hints.items():
        if name not in data:
            raise ValueError(f"{where}{name}: missing")
        values[name] = _value(hint, data[name], f"{where}{name}")
    return kind(**values)


@cache
def _hints(kind: type[Any]) -> Mapping[str, Any]:
    return get_type_hints(kind)


def _value(hint: Any, value: Any, where: str) -> Any:  # noqa: C901, PLR0911 - one for each type
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        return None if value is None else _value(_only(get_args(hint)), value, where)
    if origin is tuple:
        if not isinstance(value, list) or len(value) > MOST_ITEMS:
            raise ValueError(f"{where}: not a list of at most {MOST_ITEMS}")
        return tuple(_value(get_args(hint)[0], each, f"{where}[]") for each in value)
    if hint is float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise ValueError(f"{where}: not a finite number")
        return float(value)
    if hint is int or hint is bool:
        if type(value) is not hint or (hint is int and abs(value) > 2**53):
            raise ValueError(f"{where}: not {'a whole number' if hint is int else 'true or false'}")
        return value
    if hint is str:
        if not isinstance(value, str) or len(value) > MOST_CHARACTERS:
            raise ValueError(f"{where}: not a text of at most {MOST_CHARACTERS} characters")
        return value
    if hint is bytes:
        return _bytes(value, where)
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        try:
            return hint(value)
        except ValueError:
            raise ValueError(f"{where}: none of {hint.__name__}") from None
    return read(hint, value, where=f"{where}.")


def _only(choices: tuple[Any, ...]) -> Any:
    kinds = [each for each in choices if each is not type(None)]
    assert len(kinds) == 1, "a field is of one type, or None"
    return kinds[0]


def _bytes(value: Any, where: str) -> bytes:
    if not isinstance(value, str) or len(value) > MOST_BYTES:
        raise ValueError(f"{where}: not bytes")
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"{where}: not base64") from None
