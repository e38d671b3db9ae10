"""Wording: what people are told of which move, from `config/templates/notices.yaml`.

Templates are data: for moves, levels and audiences a title and a text in both languages, with names in braces. What is
filled in (a note that somebody wrote, say) is never read as a template again. A mistake in the file stops the start.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, model_validator

import config
from alerts.incidents.incident import MOVES
from alerts.language.places import Places, called
from alerts.language.words import LEVELS, Words, unknown_placeholders
from alerts.notices.notice import Language
from alerts.notices.speech import spoken
from config.community import Level
from config.load import parse, read_yaml
from config.says import listed, says
from hub.events import time_from_text

Group = Literal["notifiers", "speakers", "warden", "unit", "sent", "reporter", "household"]
"""Who a template is for."""
NAMES = (
    "number", "level", "name", "site", "area", "place", "what", "do", "note", "who", "unit", "time", "verdict", "grid",
    "until",
)  # fmt: skip
SHIPPED = Path(config.__file__).parent / "templates" / "notices.yaml"
_ENGINES = (
    "opened", "rose", "fell", "recurred", "reactivated", "contradicted", "returned", "shown", "muted", "joined",
    "closed",
)  # fmt: skip
HOUSEHOLD_MOVES = ("maintenance", "out_of_service", "in_service", "glass_broken", "glass_closed", "moved_in")
"""What the people of a home are told of the devices that guard them, who looks into it, and who moves in."""
KNOWN_MOVES = frozenset({*_ENGINES, *HOUSEHOLD_MOVES, *(move.done for move in MOVES if move.done)})
"""Every word for a move in the journal."""
_GRID = (("网格小组", "household group"), ("村组", "village group"), ("社区", "community"), ("镇街", "town"))
_VERDICTS = {
    "none": ("未判定", "not judged"),
    "true": ("属实", "true"),
    "false": ("误报", "false alarm"),
    "test": ("测试", "test"),
    "nuisance": ("扰报", "nuisance"),
    "duplicate": ("重复", "duplicate"),
}
_BOTH = " / "


class Template(BaseModel):
    """What some audiences are told of some moves."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    moves: Annotated[tuple[str, ...], Field(min_length=1)]
    levels: tuple[Level, ...] = ()
    to: Annotated[tuple[Group, ...], Field(min_length=1)]
    title: Words
    text: Words

    @model_validator(mode="after")
    def _known(self) -> Template:
        for move in self.moves:
            if move not in KNOWN_MOVES:
                raise ValueError(
                    says(
                        "`{move}` is no move; known are {known}",
                        "`{move}` 无效；可用的有 {known}",
                        move=move,
                        known=listed(sorted(KNOWN_MOVES)),
                    )
                )
        for words in (self.title, self.text):
            if wrong := unknown_placeholders(words, NAMES):
                raise ValueError(
                    says(
                        "{language}: {wrong} has no meaning; known are {known}",
                        "{language}：{wrong} 无效；可用的有 {known}",
                        language=wrong[0][0],
                        wrong=wrong[0][1],
                        known=listed(NAMES),
                    )
                )
        return self


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    templates: tuple[Template, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """A title and a text."""

    title: str
    text: str


class Wording:
    """The templates of one file."""

    def __init__(self, templates: tuple[Template, ...]) -> None:
        self._templates = templates

    def template(self, move: str, level: Level, group: Group) -> Template | None:
        """The first that fits; None when this audience is not told of such a move."""
        for each in self._templates:
            if move in each.moves and group in each.to and (not each.levels or level in each.levels):
                return each
        return None

    def say(
        self, template: Template | None, move: Move, places: Places, *, language: Language, aloud: bool = False
    ) -> Said:
        """What is said.

        Args:
            template: From `template`; None says what the move is called, for channels that are told of all.
            move: What happened.
            places: Names and time zone.
            language: In which; `both` says it twice.
            aloud: It is spoken, so numbers and times are written out.
        """
        if language == "both":
            zh = self.say(template, move, places, language="zh", aloud=aloud)
            en = self.say(template, move, places, language="en", aloud=aloud)
            return Said(zh.title + _BOTH + en.title, f"{zh.text}\n{en.text}")
        values = _values(move, places, language)
        if template is None:
            plain = "{name} {number}: {move}" if language == "en" else "{name} {number}：{move}"
            line = plain.format_map({**values, "move": move.name})
            return Said(line, f"{line} {move.note}".rstrip())
        title = _tidy(getattr(template.title, language).format_map(values))
        text = _tidy(getattr(template.text, language).format_map(values))
        return Said(title, spoken(text, language) if aloud else text)


@dataclass(frozen=True, slots=True)
class Move:
    """A move of an incident, as the journal holds it.

    Attributes:
        name: The word in the journal.
        at: When.
        who: Account name, or `engine`.
        note: What the person wrote.
        body: The incident after it, as JSON.
    """

    name: str
    at: datetime
    who: str
    note: str
    body: Mapping[str, Any]


def load_wording(path: Path = SHIPPED) -> Wording:
    """Read the templates.

    Raises:
        ConfigurationError: With every mistake.
    """
    return Wording(parse(_File, {"templates": read_yaml(path)}, file=path).templates)


@cache
def shipped_wording() -> Wording:
    """The templates that come with the program."""
    return load_wording()


def cut(text: str, most: int) -> str:
    """At most so many letters; what is cut off leaves an ellipsis."""
    return text if len(text) <= most else text[: max(0, most - 1)].rstrip() + "…"


def _values(move: Move, places: Places, language: str) -> dict[str, str]:
    body = move.body
    index = 0 if language == "zh" else 1
    site, area = body.get("site"), body.get("area")
    site_name = called(places.sites.get(site), site, language) if site else ""
    area_name = called(places.areas.get(area), area, language) if area else ""
    nowhere = ("社区", "the community")[index]
    first = (body.get("alerts") or [{}])[0]
    what = _language(body.get("text"), language).rstrip("。.")
    return {
        "number": str(body.get("number", "")),
        "level": LEVELS[Level(body["level"])][index],
        "name": _language(body.get("name"), language) or str(body.get("kind", "")),
        "site": site_name,
        "area": area_name,
        "place": site_name or area_name or nowhere,
        "what": what,
        "do": _sentence(_language(first.get("do"), language), language),
        "note": _sentence(move.note, language),
        "who": move.who,
        "unit": str(body.get("unit", "")),
        "time": move.at.astimezone(places.almanac.zone).strftime("%H:%M"),
        "until": _local(body.get("until"), places),
        "verdict": _VERDICTS.get(str(body.get("verdict")), ("", ""))[index],
        "grid": _GRID[min(int(body.get("escalated", 0)), len(_GRID) - 1)][index],
    }


def _language(words: Any, language: str) -> str:
    if not isinstance(words, Mapping):
        return ""
    return cast("str", words.get(language) or words.get("en" if language == "zh" else "zh") or "")


def _local(moment: Any, places: Places) -> str:
    if not isinstance(moment, str):
        return ""
    return time_from_text(moment).astimezone(places.almanac.zone).strftime("%m-%d %H:%M")


def _sentence(text: str, language: str) -> str:
    text = text.strip()
    return text if not text or text[-1] in "。！？.!?" else text + ("。" if language == "zh" else ".")


def _tidy(text: str) -> str:
    return re.sub(r"(?<=[。！？])[ \t]+", "", re.sub(r"[ \t]{2,}", " ", text)).strip()
