"""Words: what an alert says, from the templates of its rule.

`{device}` and its like are filled by name, once, when the rule speaks; there are no formats or expressions inside the
braces, and what is filled in is never read as a template again.
"""

from __future__ import annotations

import string
from collections.abc import Iterable, Mapping

from pydantic import BaseModel, ConfigDict

from alerts.language.places import Places, called
from alerts.language.shape import Claim
from config.community import Level
from config.says import Says, said_by, says, write

PLACES = ("site", "household", "area", "device", "sensor", "camera", "zone", "level", "key")
"""Placeholders that every rule may use; a shape adds its facts."""

UNKNOWN = "?"
"""Stands where an event did not say it."""

LEVELS = {
    Level.INFO: ("绿色", "green"),
    Level.NOTICE: ("蓝色", "blue"),
    Level.WARNING: ("黄色", "yellow"),
    Level.SERIOUS: ("橙色", "orange"),
    Level.CRITICAL: ("红色", "red"),
}
"""What levels are called, Chinese and English."""


class Words(BaseModel):
    """A text in both languages."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra=write("{zh: ..., en: ...}", "{zh: ..., en: ...}")
    )

    zh: str
    en: str


def placeholders(template: str) -> tuple[str, ...]:
    """The names in the braces of a template.

    Raises:
        ValueError: A brace is not closed, or holds more than a name; says how to write it.
    """
    try:
        parts = list(string.Formatter().parse(template))
    except ValueError:
        raise ValueError(
            says(
                "a brace stands alone; write names as {site}, and a brace that is meant twice, as {{ or }}",
                "有单个的花括号；名称写成 {site}，要显示的花括号写两遍：{{ 或 }}",
            )
        ) from None
    found = []
    for _, name, form, conversion in parts:
        if name is None:
            continue
        if form or conversion or not name.isidentifier():
            raise ValueError(
                says(
                    "write a plain name between the braces, not {name} with a format",
                    "花括号里只写名称，{name} 不能带格式",
                    name=f"{{{name}}}",
                )
            )
        found.append(name)
    return tuple(found)


def unknown_placeholders(words: Words, known: Iterable[str]) -> list[tuple[str, Says]]:
    """What in the templates has no meaning.

    Returns:
        (language, placeholder or reason) of each.
    """
    names = set(known)
    found = []
    for language in ("zh", "en"):
        try:
            used = placeholders(getattr(words, language))
        except ValueError as error:
            found.append((language, said_by(error)))
            continue
        found += [(language, Says(f"{{{name}}}", f"{{{name}}}")) for name in used if name not in names]
    return found


def fill(template: str, claim: Claim, places: Places, *, key: str, level: Level, language: str) -> str:
    """The template with the claim's place and facts in it, in `zh` or `en`."""
    return template.format_map(_Values(_values(claim, places, key=key, level=level, language=language)))


class _Values(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return UNKNOWN


def _values(claim: Claim, places: Places, *, key: str, level: Level, language: str) -> Mapping[str, str]:
    place, source = claim.witness.place, claim.witness.source
    values = {"key": key, "level": LEVELS[level][0 if language == "zh" else 1]}
    values["device"] = values["sensor"] = places.device(source, language)
    if "site" in place:
        values["site"] = values["household"] = called(places.sites.get(place["site"]), place["site"], language)
    if "area" in place:
        values["area"] = called(places.areas.get(place["area"]), place["area"], language)
    if "camera" in place:
        values["camera"] = places.device(place["camera"], language)
    if "zone" in place:
        zone = places.zones.get((place.get("camera", ""), place["zone"]))
        values["zone"] = called(zone, place["zone"], language)
    for name, fact in claim.facts.items():
        values[name] = fact if isinstance(fact, str) else f"{fact:.6g}"
    return values
