"""What pydantic found wrong, in our own words: what was written, and what to write instead.

The words come from the model's JSON schema, so a range, an enum or a list of keys in a message is always the one in
force. The notes `x-write` (how to write this thing, for messages; `x-write-zh` in Chinese) and `x-short` (keys that a
short form adds) in the schema are ours. A value is quoted only where it cannot be a secret (`config/paths.py`).
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from config.errors import Mistake
from config.paths import Location, locate, shown, write_path
from config.pydantic_words import pydantic_says
from config.says import Says, apart, in_chinese, listed, said_by, says, together

Schema = dict[str, Any]

MAX_NAMED = 12
"""Of more known words only the likeliest is named."""
MAX_GUESSES = 2000
"""Comparing a word with that many takes some 20 ms; a thousand wrong words must not take minutes."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong, before it is known how its place was written.

    Attributes:
        location: As the models see it, from the top.
        message: As in Mistake.
        absent: The last part of the location is a key that should be there.
    """

    location: Location
    message: Says
    absent: bool = False


def problems(error: ValidationError, model: type[BaseModel], data: object, *, below: Location = ()) -> list[Problem]:
    """What pydantic found in `data` for `model`, which stands at `below`."""
    every = error.errors(include_url=False)
    return [
        Problem((*below, *each["loc"]), in_words(each, model, data), absent=each["type"] == "missing")
        for each in every
        if not (each["type"] == "too_short" and len(each["input"]) >= each["ctx"]["min_length"])
        and not (each["type"] == "missing" and _is_misspelt(each["loc"], every))
    ]  # a list counts as too short for pydantic when its bad items are taken out


def _is_misspelt(missing: Location, every: Sequence[ErrorDetails]) -> bool:
    """Whether a key that is missing stands there under a name like it, which is told already."""
    *above, name = missing
    return any(
        each["type"] == "extra_forbidden"
        and each["loc"][:-1] == (*above,)
        and nearest(str(each["loc"][-1]), (str(name),)) is not None
        for each in every
    )


def mistakes(found: Iterable[Problem], *, file: Path | None, data: object) -> tuple[Mistake, ...]:
    """The problems with path and line as they stand in `data`, in the order of lines, one for each place."""
    made: dict[str, Mistake] = {}
    for problem in found:
        place = locate(problem.location, data, absent=problem.absent)
        path = write_path(place.location)
        made.setdefault(path, Mistake(file, path, problem.message, place.line if file else None))
    return tuple(sorted(made.values(), key=lambda mistake: mistake.line or 0))


_WRONG_TYPE = ("_type", "_parsing", "_from_float", "_attributes_type", "_parsing_size")
_WORD = ("enum", "literal_error", "union_tag_invalid")
_RANGE = ("greater_than", "greater_than_equal", "less_than", "less_than_equal", "finite_number", "multiple_of")
_LENGTH = ("too_short", "too_long", "string_too_short", "string_too_long", "string_pattern_mismatch")


def in_words(  # noqa: PLR0911 - one for each sort of error
    error: ErrorDetails, model: type[BaseModel], data: object
) -> Says:
    """One sentence for one error that pydantic found in the data for `model`.

    Args:
        error: As pydantic gives it.
        model: The one that was validated, from the top.
        data: What was validated; a key that stands beside an unknown one is not proposed.
    """
    kind, given = error["type"], error["input"]
    location: Location = error["loc"]
    schema = _schema_at(model, location)
    if kind == "extra_forbidden":
        beside = locate(location[:-1], data).value
        written = tuple(beside) if isinstance(beside, dict) else ()
        above = _present(_schema_at(model, location[:-1]), model)
        return _unknown_key(str(location[-1]), above, given, written=written)
    if kind == "missing":
        return says("missing; write {what}", "缺少；请写：{what}", what=_expected(schema, model))
    if kind == "value_error":
        return said_by(error["ctx"]["error"])
    if given is None and (kind.endswith(_WRONG_TYPE) or kind in _WORD):
        return says(
            "empty; write {what}, or leave the key out",
            "没有填；请写：{what}，或删去这个键",
            what=_expected(schema, model),
        )
    if kind == "timezone_aware":
        return says(
            "{given} has no time zone; write 2026-03-03T20:00:00+08:00 or ...Z",
            "{given}没有时区；请写成 2026-03-03T20:00:00+08:00 或 ...Z",
            given=apart(shown(given)),
        )
    if kind in _WORD:
        return _unknown_word(given, schema, model)
    if kind == "string_type" and isinstance(given, (int, float)):
        return says("is not text; write it in quotes", "不是文字；请加引号")
    if kind.endswith(_WRONG_TYPE) or kind in _RANGE or kind in _LENGTH:
        what = _expected(schema, model)
        if kind.startswith("string_") and isinstance(given, str):
            return says("this does not fit; write {what}", "不合要求；请写：{what}", what=what)
        return says(
            "{given} does not fit; write {what}", "{given}不合要求；请写：{what}", given=apart(shown(given)), what=what
        )
    plain = pydantic_says(error)
    return Says(plain[:1].lower() + plain[1:], plain.zh)


@lru_cache(maxsize=1024)  # one site misspelt stands at all of its sensors
def nearest(word: str, known: tuple[str, ...]) -> str | None:
    """The one of `known`, at most MAX_GUESSES, that was most likely meant, or None when none is near."""
    plain = word.lower().replace("-", "_").replace(" ", "_")
    found = difflib.get_close_matches(plain, known, n=1, cutoff=0.6)
    return found[0] if found else None


def one_of(words: Sequence[str]) -> Says:
    """`a`, or `one of a, b, c`."""
    if len(words) == 1:
        return says("`{word}`", "`{word}`", word=words[0])
    return says("one of {words}", "{words} 之一", words=listed(words))


def unknown(word: object, known: Sequence[str]) -> Says:
    """A word that is none of the known ones, and what to write instead."""
    near = nearest(word, tuple(known)) if isinstance(word, str) else None
    if near is None:
        return says(
            "{word} is unknown; write {known}", "{word}无效；请写 {known}", word=apart(shown(word)), known=one_of(known)
        )
    return says(
        "{word} is unknown; write `{near}`{others}",
        "{word}无效；请写 `{near}`{others}",
        word=apart(shown(word)),
        near=near,
        others=says("; known are {known}", "；可用的有 {known}", known=listed(known))
        if len(known) <= MAX_NAMED
        else "",
    )


def _unknown_key(key: str, schema: Schema, given: object, *, written: Collection[str]) -> Says:
    keys = [*schema.get("properties", ()), *schema.get("x-short", ())]
    near = nearest(key, tuple(each for each in keys if each not in written))
    beside = nearest(key, tuple(each for each in written if each in keys))
    words = says("unknown key; the keys here are {keys}", "没有这个键；这里的键有 {keys}", keys=listed(keys))
    if beside and beside.startswith(key) and not (near or "").startswith(key):
        words = says(
            "unknown key; `{beside}` stands beside it already, join the two",
            "没有这个键；旁边已有 `{beside}`，请合并",
            beside=beside,
        )
    elif near:
        words = says("unknown key; write `{near}`", "没有这个键；请写 `{near}`", near=near)
    if given is None and " " in key:
        words = together(words, says("; text with a comma inside { } goes in quotes", "；{ } 里带逗号的文字要加引号"))
    return words


def _unknown_word(given: object, schema: Schema, model: type[BaseModel]) -> Says:
    words = _words(schema, model)
    if not words and "discriminator" in schema:
        given = given.get(schema["discriminator"]["propertyName"]) if isinstance(given, dict) else given
        words = list(schema["discriminator"]["mapping"])
    return unknown(given, words)


@lru_cache(maxsize=64)
def _schema(model: type[BaseModel]) -> Schema:
    return model.model_json_schema()


def _resolved(schema: Schema, model: type[BaseModel]) -> Schema:
    """`schema` with its reference followed; what stands beside the reference wins."""
    if "$ref" not in schema:
        return schema
    target = _schema(model)["$defs"][schema["$ref"].rpartition("/")[2]]
    return {**target, **{key: value for key, value in schema.items() if key != "$ref"}}


def _schema_at(model: type[BaseModel], location: Location) -> Schema:
    """The part of the model's schema that a location leads to; empty when it leads out of it."""
    schema = _resolved(_schema(model), model)
    for part in location:
        below = _step(schema, part, model)
        if below or "anyOf" not in schema or not isinstance(part, str):  # else it is pydantic's name of a branch
            schema = below
    return schema


def _present(schema: Schema, model: type[BaseModel]) -> Schema:
    """The schema of what may be left out, or written in a short form, when it is there in full."""
    branches = [_resolved(branch, model) for branch in (*schema.get("anyOf", ()), *schema.get("oneOf", ()))]
    branches = [branch for branch in branches if branch.get("type") != "null"]
    if len(branches) == 1:
        return _present(branches[0], model)
    full = [branch for branch in branches if "properties" in branch]
    return full[0] if len(full) == 1 else schema


def _step(schema: Schema, part: str | int, model: type[BaseModel]) -> Schema:
    target: Schema | str | None = None
    if isinstance(part, int):
        fixed = schema.get("prefixItems", ())
        target = fixed[part] if 0 <= part < len(fixed) else schema.get("items")
    elif part in schema.get("properties", ()):
        target = schema["properties"][part]
    elif part in schema.get("discriminator", {}).get("mapping", ()):
        target = {"$ref": schema["discriminator"]["mapping"][part]}
    elif isinstance(schema.get("additionalProperties"), dict):
        target = schema["additionalProperties"]
    if isinstance(target, dict):
        return _resolved(target, model)
    for branch in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        if found := _step(_resolved(branch, model), part, model):
            return found
    return {}


def _words(schema: Schema, model: type[BaseModel]) -> list[str]:
    """The words an enum or literal allows, in an optional one too."""
    if "const" in schema:
        return [str(schema["const"])]
    words = [str(word) for word in schema.get("enum", ())]
    for branch in schema.get("anyOf", ()):
        words += _words(_resolved(branch, model), model)
    return words


def _expected(schema: Schema, model: type[BaseModel]) -> Says:  # noqa: PLR0911 - one for each sort of value
    """What may be written here, in words."""
    if "x-write" in schema:
        return Says(schema["x-write"], schema["x-write-zh"])
    branches = [_resolved(branch, model) for branch in (*schema.get("anyOf", ()), *schema.get("oneOf", ()))]
    branches = [branch for branch in branches if branch.get("type") != "null"]
    if branches:
        either = tuple(dict.fromkeys(_expected(branch, model) for branch in branches))
        return Says(" or ".join(either), "，或".join(in_chinese(each) for each in either))
    if words := _words(schema, model):
        return one_of(words)
    match schema.get("type"):
        case "boolean":
            return says("true or false", "true 或 false")
        case "integer" | "number" as kind:
            what = says("a whole number", "整数") if kind == "integer" else says("a number", "数")
            return together(what, number_range(schema))
        case "string":
            return _expected_text(schema)
        case "array":
            form = _item_count(schema) or _list_form(_resolved(schema.get("items", {}), model))
            return together(says("a list", "列表"), form)
        case "object":
            if keys := schema.get("properties", ()):
                return says("a mapping with the keys {keys}", "带有键 {keys} 的一组键值", keys=listed(keys))
            return says("a mapping", "一组键值")
        case _:
            return says("another value", "别的值")


def _expected_text(schema: Schema) -> Says:
    if schema.get("format") == "path":
        return says("a path", "路径")
    if "pattern" in schema:
        return says("text that fits {pattern}", "符合 {pattern} 的文字", pattern=schema["pattern"])
    if "maxLength" in schema:
        least, most = schema.get("minLength", 0), schema["maxLength"]
        return says("text of {least} to {most} characters", "{least} 到 {most} 个字符的文字", least=least, most=most)
    return says("text that is not empty", "文字，不能为空") if schema.get("minLength") else says("text", "文字")


def number_range(schema: Schema) -> Says:
    """The range of a number in a JSON schema, as ` from 0 to 1`; empty when there is none."""
    low, above = schema.get("minimum"), schema.get("exclusiveMinimum")
    high, below = schema.get("maximum"), schema.get("exclusiveMaximum")
    if low is not None and high is not None:
        return says(" from {low} to {high}", "，{low} 到 {high}", low=_number(low), high=_number(high))
    words = Says("", "")
    if low is not None:
        words = says(" from {low}", "，不小于 {low}", low=_number(low))
    elif above is not None:
        words = says(" above {above}", "，大于 {above}", above=_number(above))
    if high is not None:
        words = together(words, says(" up to {high}", "，不大于 {high}", high=_number(high)))
    elif below is not None:
        words = together(words, says(" below {below}", "，小于 {below}", below=_number(below)))
    elif low is not None:
        words = together(words, says(" up", ""))
    return words


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else str(value)


def _list_form(item: Schema) -> Says:
    if item.get("type") == "object":
        return says(", each item beginning with -", "，每项以 - 开头")
    return says(", as [a, b]", "，如 [a, b]")


def _item_count(schema: Schema) -> Says:
    low, high = schema.get("minItems", 0), schema.get("maxItems")
    if high is None:
        return says(" of {low} or more items", "，至少 {low} 项", low=low) if low else Says("", "")
    if low == high:
        return says(" of {low} items", "，{low} 项", low=low)
    return says(" of {low} to {high} items", "，{low} 到 {high} 项", low=low, high=high)
