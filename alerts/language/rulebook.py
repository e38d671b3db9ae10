"""RuleBook: all rules, loaded and checked as a whole.

A folder of YAML files becomes one RuleBook or one ConfigurationError with every mistake in it; nothing is half loaded.
Files named `*.test.yaml` hold tests, not rules.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from alerts.language.muting import muting_problems
from alerts.language.places import Places
from alerts.language.remembered import TEXTS, read_rule_file, read_rules
from alerts.language.rule import Rule, RuleSpec, build_rule, rule_problems
from alerts.language.rule_text import NO_LIST
from alerts.language.shape import Shape
from alerts.language.spoken import unspoken
from config.errors import ConfigurationError, Mistake
from config.messages import Problem, mistakes, problems, unknown
from config.says import Says, says
from hub.plugins import Plugin, load_plugins

SHIPPED = Path(__file__).resolve().parents[2] / "config" / "rules"
"""The rule files that come with the program."""


@dataclass(frozen=True, slots=True)
class RuleBook:
    """All rules that run.

    Attributes:
        rules: Live and shadow ones, in the order of their ids.
        by_id: The same by id.
        by_kind: For each event kind, the rules that have to see it.
        watchers: For each event or alert kind, the rules that it withholds, or stops withholding.
        muters: Live rules that mute others.
        digest: SHA-256 of the files they came from.
        off: Ids of those that are switched off.
    """

    rules: tuple[Rule, ...]
    by_id: Mapping[str, Rule]
    by_kind: Mapping[str, tuple[Rule, ...]]
    watchers: Mapping[str, tuple[Rule, ...]]
    muters: tuple[Rule, ...]
    digest: str
    off: tuple[str, ...] = ()

    def on(self, places: Places) -> RuleBook:
        """The same rules in the community of `places`."""
        return make_book([rule.on(places) for rule in self.rules], digest=self.digest, off=self.off)


def make_book(rules: Sequence[Rule], *, digest: str = "", off: Sequence[str] = ()) -> RuleBook:
    """A RuleBook of rules with different ids."""
    ordered = tuple(sorted(rules, key=lambda rule: rule.id))
    by_kind: dict[str, list[Rule]] = {}
    watchers: dict[str, list[Rule]] = {}
    for rule in ordered:
        for kind in sorted(rule.around.watches):
            watchers.setdefault(kind, []).append(rule)
        for kind in sorted(rule.kinds):
            by_kind.setdefault(kind, []).append(rule)
    return RuleBook(
        rules=ordered,
        by_id=MappingProxyType({rule.id: rule for rule in ordered}),
        by_kind=MappingProxyType({kind: tuple(found) for kind, found in by_kind.items()}),
        watchers=MappingProxyType({kind: tuple(found) for kind, found in watchers.items()}),
        muters=tuple(rule for rule in ordered if rule.around.muted and not rule.shadow),
        digest=digest,
        off=tuple(off),
    )


def rule_files(folder: Path) -> tuple[Path, ...]:
    """The files in a folder that hold rules."""
    return tuple(sorted(path for path in folder.glob("*.y*ml") if ".test." not in path.name))


def load_rules(folder: Path, *, observations: Collection[str] | None = None) -> RuleBook:
    """The rules in a folder.

    Args:
        folder: Holds `*.yaml`.
        observations: Event kinds that somebody speaks; a rule for another would never fire. None leaves it unchecked.

    Raises:
        ConfigurationError: All that is wrong in any of its files.
    """
    files = rule_files(folder)
    if not files:
        raise ConfigurationError(
            (Mistake(folder, "", says("holds no rule files (*.yaml)", "里面没有规则文件（*.yaml）")),)
        )
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    sources = {file: partial(read_rule_file, file) for file in files}
    return _book_of(sources, observations=observations, digest=digest.hexdigest())


def book_of_texts(texts: Mapping[str, str], *, observations: Collection[str] | None = None) -> RuleBook:
    """The rules in texts of the form of rule files, by a name for the messages.

    Raises:
        ConfigurationError: All that is wrong in any of them.
    """
    digest = hashlib.sha256(repr(sorted(texts.items())).encode()).hexdigest()
    sources = {Path(name): partial(read_rules, text, file=Path(name)) for name, text in texts.items()}
    return _book_of(sources, observations=observations, digest=digest)


def _book_of(
    sources: Mapping[Path, Callable[[], object]], *, observations: Collection[str] | None, digest: str
) -> RuleBook:
    """The rules in files, each given by what reads it."""
    shapes = load_plugins("alerts.rules")
    found: list[Mistake] = []
    rules: list[Rule] = []
    off: list[str] = []
    origin: dict[str, tuple[Path, list[Any], int]] = {}
    for file, read in sources.items():
        try:
            data = read()
        except ConfigurationError as error:
            found += error.mistakes
            continue
        if not isinstance(data, list):
            found.append(Mistake(file, "", NO_LIST, 1))
            continue
        wrong: list[Problem] = []
        for index, body in enumerate(data):
            loaded = _load_rule(body, index, shapes, wrong)
            if loaded is None:
                continue
            spec, rule = loaded
            if observations is not None:
                wrong += [Problem((index, *each.location), each.message) for each in unspoken(body, observations)]
            if spec.rule in origin:
                message = says(
                    "`{rule}` stands twice, first in {file}; keep one",
                    "`{rule}` 写了两次，第一次在 {file}；请只留一个",
                    rule=spec.rule,
                    file=origin[spec.rule][0].name,
                )
                wrong.append(Problem((index, "rule"), message))
                continue
            origin[spec.rule] = (file, data, index)
            if spec.state == "off":
                off.append(rule.id)
            else:
                rules.append(rule)
        found += mistakes(wrong, file=file, data=data)
    found = found or _muting_mistakes(rules, off, origin)
    if found:
        raise ConfigurationError(tuple(found))
    return make_book(rules, digest=digest, off=off)


def _muting_mistakes(
    rules: Sequence[Rule], off: Sequence[str], origin: Mapping[str, tuple[Path, list[Any], int]]
) -> list[Mistake]:
    """What is wrong in what rules mute, each in its file."""
    found: list[Mistake] = []
    for rule, message in muting_problems(rules, (*(rule.id for rule in rules), *off)).items():
        file, data, index = origin[rule]
        found += mistakes([Problem((index, "mutes"), message)], file=file, data=data)
    return found


def rule_of(body: Any) -> Rule:
    """One rule from what is written of it, whatever its state.

    Raises:
        ConfigurationError: All that is wrong in it.
    """
    wrong: list[Problem] = []
    loaded = _load_rule(body, 0, load_plugins("alerts.rules"), wrong)
    if loaded is None:
        raise ConfigurationError(mistakes(wrong, file=None, data=[body]))
    return loaded[1]


def _load_rule(
    body: Any, index: int, shapes: Mapping[str, Plugin[Any]], wrong: list[Problem]
) -> tuple[RuleSpec, Rule] | None:
    """One rule, or None with what is wrong added to `wrong`."""
    if not isinstance(body, dict):
        wrong.append(
            Problem(
                (index,),
                says("is not a rule; write `rule: name` and its other keys", "不是规则；请写 `rule: 名称` 和其他键"),
            )
        )
        return None
    if known := _known(body, shapes):
        return known
    before = len(wrong)
    spec: RuleSpec | None = None
    try:
        spec = RuleSpec.model_validate(body)
    except ValidationError as error:
        wrong += problems(error, RuleSpec, body, below=(index,))
    when = body.get("when")
    if isinstance(when, dict) and len(when) > 1:
        words = says(
            "{n} shapes, {shapes}; keep one, or write a rule for each",
            "写了 {n} 种形状：{shapes}；请只留一种，或各写一条规则",
            n=len(when),
            shapes=Says(" and ".join(map(str, when)), "、".join(map(str, when))),
        )
        wrong[before:] = [each for each in wrong[before:] if each.location != (index, "when")]
        wrong.append(Problem((index, "when"), words))
    shape = _load_shape(when, index, shapes, wrong) if isinstance(when, dict) and len(when) == 1 else None
    if spec is None or shape is None:
        return None
    wrong += [Problem((index, *each.location), each.message) for each in rule_problems(spec, shape)]
    return None if len(wrong) > before else (spec, build_rule(spec, shape))


def _known(body: dict[str, Any], shapes: Mapping[str, Plugin[Any]]) -> tuple[RuleSpec, Rule] | None:
    """The rule if nothing is wrong in it, from memory when it was built before; rules never change."""
    when = body.get("when")
    kind = next(iter(when), None) if isinstance(when, dict) else None
    if not isinstance(kind, str) or kind not in shapes:
        return None
    try:
        written = json.dumps(body)
    except (TypeError, ValueError):
        return None
    return _built(written, shapes[kind])


@lru_cache(TEXTS)
def _built(written: str, plugin: Plugin[Any]) -> tuple[RuleSpec, Rule] | None:
    body = json.loads(written)
    try:
        spec = RuleSpec.model_validate(body)
        [options] = body["when"].values()
        shape: Shape = plugin.build(plugin.options.model_validate(options))
    except ValueError:
        return None
    return None if list(rule_problems(spec, shape)) else (spec, build_rule(spec, shape))


def _load_shape(
    when: Mapping[str, Any], index: int, shapes: Mapping[str, Plugin[Any]], wrong: list[Problem]
) -> Shape | None:
    [(kind, options)] = when.items()
    plugin = shapes.get(kind)
    if plugin is None:
        wrong.append(
            Problem((index, "when", kind), says("shape {what}", "形状 {what}", what=unknown(kind, sorted(shapes))))
        )
        return None
    try:
        shape: Shape = plugin.build(plugin.options.model_validate(options))
    except ValidationError as error:
        wrong += problems(error, plugin.options, options, below=(index, "when", kind))
        return None
    return shape
