"""Everything that can be wrong in what people write is said in Chinese and in English, wherever it is found."""

from __future__ import annotations

import ast
import copy
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from pydantic_core import core_schema

from alerts.language.rule import RuleSpec
from alerts.trials.ruletests import RuleTest
from config.community import Community
from config.machine import Machine
from config.pydantic_words import CHINESE, pydantic_says
from config.says import Says, listed, said_by, says
from config.yaml_words import CHINESE as YAML_CHINESE
from hub.plugins import load_plugins
from tests.fakes.chinese_reader import unread

ROOT = Path(__file__).parents[2]
PLACES = ("config", "alerts/language", "alerts/rules", "alerts/trials", "alerts/notifiers")
OF_PROGRAMS = {"start_from comes first"}
"""What only who writes the program can get wrong."""
OWN_WORDS = {"value_error", "assertion_error"}


def test_a_sentence_is_made_of_parts_each_in_its_language() -> None:
    made = says("kind {what}", "种类 {what}", what=says("`{x}` is unknown", "`{x}` 无效", x="smok"))

    assert (made, made.zh) == ("kind `smok` is unknown", "种类 `smok` 无效")
    assert says("write {a}", "请写 {a}", a=listed(["x", "y"])).zh == "请写 x、y"
    assert says("as {zh: ...}", "如 {zh: ...}").zh == "如 {zh: ...}", "without parts a brace is a brace"


def test_a_copy_still_knows_both() -> None:
    made = says("missing", "缺少")

    assert copy.deepcopy(made).zh == "缺少"


def test_what_a_plugin_says_in_one_language_is_said_all_the_same() -> None:
    assert said_by(ValueError("too hot")).zh == "不能这样写：too hot"
    assert said_by(ValueError(says("too hot", "太热"))).zh == "太热"


def test_every_error_of_pydantic_has_words() -> None:
    every = set(typing.get_args(core_schema.ErrorType)) - OWN_WORDS

    assert CHINESE.keys() == every
    assert [kind for kind in sorted(every) if unread(CHINESE[kind])] == []
    assert [words for words in YAML_CHINESE.values() if unread(words)] == []


def test_pydantics_words_say_what_it_tells_beside() -> None:
    error: dict[str, Any] = {"type": "greater_than", "msg": "Input should be greater than 3", "ctx": {"gt": 3}}

    assert pydantic_says(error) == Says("Input should be greater than 3", "")
    assert pydantic_says(error).zh == "应大于 3"
    assert pydantic_says({**error, "type": "new_one"}).zh.endswith("greater than 3"), "better than nothing"


def models() -> Iterator[type[BaseModel]]:
    yield from (Community, Machine, RuleSpec, RuleTest)
    yield from (plugin.options for plugin in load_plugins("alerts.rules").values())


def nodes(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, list):
        for each in schema:
            yield from nodes(each)
    if isinstance(schema, dict):
        yield schema
        for each in schema.values():
            yield from nodes(each)


@pytest.mark.parametrize("model", list(models()), ids=lambda model: model.__name__)
def test_how_to_write_a_thing_is_said_in_chinese_too(model: type[BaseModel]) -> None:
    noted = [node for node in nodes(model.model_json_schema()) if "x-write" in node]

    assert noted
    assert [node["x-write"] for node in noted if "x-write-zh" not in node] == []


def plain_refusals(file: Path) -> list[str]:
    """ValueErrors with a text in one language."""
    raised = [node.exc for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.Raise)]
    calls = [each for each in raised if isinstance(each, ast.Call) and ast.unparse(each.func) == "ValueError"]
    said = [call.args[0] for call in calls if call.args]
    return [
        ast.unparse(each)
        for each in said
        if isinstance(each, ast.JoinedStr) or (isinstance(each, ast.Constant) and each.value not in OF_PROGRAMS)
    ]


def test_nothing_is_refused_in_one_language() -> None:
    files = [
        file
        for place in PLACES
        for file in ([ROOT / place] if place.endswith(".py") else ROOT.glob(f"{place}/**/*.py"))
    ]

    assert len(files) > 80
    assert {file.name: found for file in files if (found := plain_refusals(file))} == {}
