"""JSON Schemas of the files that people write, for editors: rules, rule tests, community.yaml, machine.yaml.

Made from the models that read the files and from the shapes that are installed, so that a schema never says another
thing than the program. What the models take besides their own form (a word instead of a list, text instead of a name)
is added here. A schema is what an editor needs to complete and to underline; `hub check` says more, and has the last
word.
"""

from __future__ import annotations

import ast
import inspect
import json
import textwrap
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from alerts.language.duration import UNITS
from alerts.language.kinds import ALERT_KINDS
from alerts.language.rule import RuleSpec
from alerts.language.spoken import SPOKEN
from alerts.trials.ruletests import RuleTest
from api.json_schema_words import WORDS
from config.community import Community
from config.machine import Machine
from hub.plugins import load_plugins

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_DURATION = rf"^(\d+(\.\d+)?({'|'.join(UNITS)}))+$"
_TEXT: Schema = {"type": "string"}

_LISTED: Mapping[str, tuple[str, ...]] = {
    "RuleSpec": ("for_each",),
    "PatternSpec": ("kind",),
    "EventOptions": ("kind",),
    "UnlessSpec": ("kind", "until"),
    "ScopeSpec": ("areas", "sites", "rings", "tags", "without_tags", "cameras", "sensors"),
    "HoursSpec": ("days", "calendar"),
    "MutesSpec": ("of",),
    "Duty": ("on",),
    "Notifier": ("hours", "quiet"),
    "Contact": ("hours",),
}
"""Lists for which one word may stand."""
_WORD_OR = ("Name", "Detector")
"""Mappings for which one text may stand."""


def schema(what: str) -> Schema:
    """The JSON Schema of one sort of file.

    Args:
        what: One of WHAT.
    """
    return WHAT[what]()


def text(what: str) -> str:
    """The schema as it is printed and kept in docs/reference/schemas/."""
    return json.dumps(schema(what), indent=1, ensure_ascii=False) + "\n"


def options_schema(model: type[BaseModel]) -> Schema:
    """The JSON Schema of the options of one plugin, which are made of nothing but plain values."""
    made: Schema = _definitions(model)[model.__name__]
    return made


def _rules() -> Schema:
    definitions = _definitions(RuleSpec)
    shapes = load_plugins("alerts.rules")
    for plugin in shapes.values():
        definitions |= _definitions(plugin.options)
    when = definitions["RuleSpec"]["properties"]["when"]
    when.clear()
    when |= {
        "description": "What it watches for: exactly one shape.",
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": False,
        "properties": {
            kind: {"$ref": f"#/$defs/{plugin.options.__name__}", "description": plugin.summary}
            for kind, plugin in sorted(shapes.items())
        },
    }
    definitions["Raises"]["properties"]["kind"]["enum"] = sorted(ALERT_KINDS)
    for name in ("PatternSpec", "EventOptions"):
        definitions[name]["properties"]["kind"]["examples"] = sorted(SPOKEN)
    _allow(definitions, "RuleSpec", "only", {"$ref": "#/$defs/HoursSpec"})
    _allow(definitions, "RuleSpec", "except", {"$ref": "#/$defs/HoursSpec"})
    _allow(definitions, "RuleSpec", "mutes", _TEXT, {"type": "array", "items": _TEXT, "minItems": 1})
    for side in ("above", "below"):
        _allow(definitions, "ValueOptions", side, {"type": "number"})
    return _whole("Rules", "A list of rules; see docs/reference/rules.md.", definitions, "RuleSpec", several=True)


def _rule_tests() -> Schema:
    words = "A list of tests of rules; see docs/reference/rules.md."
    return _whole("Rule tests", words, _definitions(RuleTest), "RuleTest", several=True)


def _community() -> Schema:
    words = "Areas, sites, cameras and sensors; see docs/reference/configuration.md."
    return _whole("Community", words, _definitions(Community), "Community", several=False)


def _machine() -> Schema:
    words = "Where the hub keeps its data and listens; see docs/reference/configuration.md."
    return _whole("Machine", words, _definitions(Machine), "Machine", several=False)


WHAT: Mapping[str, Callable[[], Schema]] = {
    "rules": _rules,
    "rule-tests": _rule_tests,
    "community": _community,
    "machine": _machine,
}
"""Every sort of file there is a schema of."""


def _whole(title: str, description: str, definitions: Schema, top: str, *, several: bool) -> Schema:
    item: Schema = {"$ref": f"#/$defs/{top}"}
    form: Schema = {"type": "array", "items": item} if several else item
    ordered = {name: definitions[name] for name in sorted(definitions)}
    return {"$schema": DIALECT, "title": title, "description": description, **form, "$defs": ordered}


def _definitions(model: type[BaseModel]) -> Schema:
    """The model and all it is made of, by name, as people write them."""
    made = model.model_json_schema(by_alias=True)
    definitions: Schema = {**made.pop("$defs", {}), model.__name__: made}
    _describe(definitions, model)
    for name, definition in definitions.items():
        for key in _LISTED.get(name, ()):
            _allow_one(definition["properties"][key])
    if "Camera" in definitions:
        _allow_short_camera(definitions)
    _tidy(definitions)
    for name in definitions.keys() & _WORD_OR:
        definitions[name] = {"anyOf": [_TEXT, definitions[name]]}
    return definitions


def _describe(definitions: Schema, model: type[BaseModel]) -> None:
    """Say of each key what it means: in the words of the source, or in ours."""
    described = {f"{name}.{key}": words for name, each in _models(model) for key, words in each.items()}
    for name, definition in definitions.items():
        for key, written in definition.get("properties", {}).items():
            words = described.get(f"{name}.{key}") or WORDS.get(f"{name}.{key}")
            if words and "x-write" not in written:
                written.setdefault("description", words)


def _allow_one(written: Schema) -> None:
    """Let one item stand for a list of it."""
    branches = written.pop("anyOf", None) or [
        {key: written.pop(key) for key in ("type", "items", "minItems", "maxItems") if key in written}
    ]
    lists = [branch for branch in branches if branch.get("type") == "array"]
    for length, count in (("minLength", "minItems"), ("maxLength", "maxItems")):
        if length in written:  # a limit beside a validator is taken for one of text
            limit = written.pop(length)
            lists[0][count] = limit
    items = [branch["items"] for branch in lists]
    written["anyOf"] = [*branches, *items]


def _allow(definitions: Schema, name: str, key: str, *forms: Schema) -> None:
    """Let a key be written in other forms too."""
    written = definitions[name]["properties"][key]
    described = {part: written[part] for part in ("title", "description") if part in written}
    own = [{part: value for part, value in written.items() if part not in (*described, "default")}]
    written.clear()
    written |= {**described, "anyOf": [*(own[0].get("anyOf") or own), *forms]}


def _allow_short_camera(definitions: Schema) -> None:
    """`url`, `username` and `password` right in a camera stand for `main` with them."""
    camera, stream = definitions["Camera"], definitions["Stream"]
    camera["properties"] |= {key: stream["properties"][key] for key in camera.pop("x-short", ())}
    camera["required"] = [key for key in camera["required"] if key != "main"]
    camera["anyOf"] = [{"required": ["main"]}, {"required": ["url"]}]


def _tidy(node: Any) -> None:
    """Durations as text, our own notes as descriptions, and nothing that only programs need."""
    if isinstance(node, list):
        for each in node:
            _tidy(each)
    if isinstance(node, dict):
        _tidy_one(node)
        for each in node.values():
            _tidy(each)


def _tidy_one(node: Schema) -> None:
    write = node.pop("x-write", None)
    node.pop("x-write-zh", None)
    if isinstance(write, str) and write.startswith("a duration"):
        for key in ("exclusiveMinimum", "minimum", "default"):
            node.pop(key, None)
        node |= {"type": "string", "pattern": _DURATION}
    if write and "properties" not in node:
        node.setdefault("description", f"{write[0].upper()}{write[1:]}.")
    if isinstance(node.get("title"), str):
        del node["title"]
    if isinstance(node.get("default"), dict | list):
        del node["default"]
    if node.get("type") == "array" and "maxLength" in node:
        node["maxItems"] = node.pop("maxLength")


def _models(model: type[BaseModel]) -> Iterator[tuple[str, dict[str, str]]]:
    """The model, those it is made of and those it is derived from, each with what its source says of its fields."""
    seen: set[type[BaseModel]] = set()
    waiting = [model]
    while waiting:
        each = waiting.pop()
        if each in seen:
            continue
        seen.add(each)
        docs: dict[str, str] = {}
        for base in reversed(each.__mro__):
            if issubclass(base, BaseModel) and base is not BaseModel:
                docs |= _field_docs(base)
        fields = each.model_fields
        yield each.__name__, {fields[name].alias or name: words for name, words in docs.items() if name in fields}
        for field in fields.values():
            waiting += _models_in(field.annotation)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in getattr(annotation, "__args__", ()):
        yield from _models_in(part)


def _field_docs(model: type[BaseModel]) -> dict[str, str]:
    """The text that stands under each field in the source."""
    try:
        [node] = ast.parse(textwrap.dedent(inspect.getsource(model))).body
    except (OSError, TypeError):
        return {}
    assert isinstance(node, ast.ClassDef)
    found: dict[str, str] = {}
    for field, after in zip(node.body, node.body[1:], strict=False):
        match field, after:
            case (ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(words)))):
                found[name] = " ".join(words.split())
    return found
