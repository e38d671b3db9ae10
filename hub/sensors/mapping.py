"""Mapping: what a device calls its fields, and what each of them says here. The maps themselves are data.

A map is a table of `Meaning` by the device's name; `read_fields` applies it. A value or word that a map does not know
goes on as it is, so that the table of kinds refuses it where people see it, rather than being dropped here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from hub.events import Quality
from hub.sensors.parsing import Observation

Fields = dict[str, dict[str, object]]
"""Kind to its fields."""

_DECIMALS = 6
"""A scaled number is rounded to so many: 1601 mm are 1.601 m, not 1.6010000000000002 m."""


def _no_words() -> Mapping[str, Mapping[str, Mapping[str, object]]]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one field of a device says.

    Attributes:
        kind: The kind that the value goes into; empty when only `words` mean something and others nothing.
        field: The field of that kind.
        scale: What a number is multiplied with to have our unit.
        offset: What is added after that.
        words: What certain values say instead, kind by kind: lower case, true and false as `true` and `false`.
    """

    kind: str = ""
    field: str = ""
    scale: float = 1.0
    offset: float = 0.0
    words: Mapping[str, Mapping[str, Mapping[str, object]]] = dataclasses.field(default_factory=_no_words)

    def put(self, value: object, found: Fields) -> None:
        """Add what `value` says to `found`."""
        said = self.words.get(_word(value)) if isinstance(value, str | int | float) else None
        if said is not None:
            for kind, fields in said.items():
                for name, one in fields.items():
                    found.setdefault(kind, {}).setdefault(name, one)
        elif self.kind:
            found.setdefault(self.kind, {}).setdefault(self.field, self._converted(value))

    def _converted(self, value: object) -> object:
        """The number in our unit; what is no number stays as it is, for the kind's table to refuse."""
        if (self.scale == 1.0 and self.offset == 0.0) or isinstance(value, bool):
            return value
        if isinstance(value, str):
            try:
                value = float(value)
            except ValueError:
                return value
        return round(value * self.scale + self.offset, _DECIMALS) if isinstance(value, int | float) else value


def means(kind: str, field_name: str, **words: object) -> Meaning:
    """A field whose words are values of one field: `means("door", "open", close=False)`; `_` stands for a blank."""
    table = {word.replace("_", " "): MappingProxyType({kind: {field_name: value}}) for word, value in words.items()}
    return Meaning(kind, field_name, words=MappingProxyType(table))


def plain(name: str) -> str:
    """A field's name without case and signs: `PM2.5`, `pm2_5` and `pm25` are one."""
    return "".join(character for character in name.lower() if character.isalnum())


def by_plain_name(table: Mapping[str, Meaning]) -> Mapping[str, Meaning]:
    """The table for `read_fields`, from one that is written with the names of the device."""
    return MappingProxyType({plain(name): meaning for name, meaning in table.items()})


def read_fields(body: Mapping[str, Any], table: Mapping[str, Meaning]) -> Fields:
    """What the fields of `body` say that stand in `table`, by plain name; others and nulls are passed over.

    An object within is read as `name_inner`. Where two fields say the same, the one that stands first in `table`
    counts.
    """
    flat: dict[str, object] = {}
    for name, value in body.items():
        if isinstance(value, dict):
            flat.update({plain(f"{name}_{inner}"): part for inner, part in value.items()})
        else:
            flat[plain(name)] = value
    found: Fields = {}
    for name, meaning in table.items():
        if flat.get(name) is not None:
            meaning.put(flat[name], found)
    return found


def observations(
    found: Fields,
    *,
    at: datetime | None = None,
    quality: frozenset[Quality] = frozenset(),
    probe: str | None = None,
    apart: Mapping[str, int] | None = None,
) -> tuple[Observation, ...]:
    """One observation for each kind; one that says `test` is marked as a test.

    Args:
        found: What is said.
        at: When.
        quality: What holds for all of it.
        probe: The name on the wire of the part of the device that says it.
        apart: By kind, how many parts of the device say it: of several, each is a subject of its own. None: it is one.
    """
    return tuple(
        Observation(
            kind,
            fields,
            at,
            quality | {Quality.TEST} if fields.get("test") is True else quality,
            subject=probe if apart is None or apart.get(kind, 0) > 1 else None,
            probe=probe,
        )
        for kind, fields in found.items()
    )


def _word(value: str | float) -> str:
    """As a key of `Meaning.words`; some network servers write every number as a fraction, 4 as 4.0."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip().lower()
