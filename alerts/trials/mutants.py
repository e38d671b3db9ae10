"""Mutants: each rule with one small mistake in it, to see whether its tests notice.

A test that passes says little until it is known what makes it fail. So each rule is changed in one place at a time (a
threshold a tenth higher, a duration a tenth shorter, a condition left out or turned round, the level, what it counts
for, how it clears) and its tests must fail. A change that makes no rule, or one that is known to mean the same, is not
counted. The same rules give the same mutants in the same order; there is no chance in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from alerts.language.duration import duration_text, parse_duration
from alerts.language.rule import Rule, RuleSpec
from alerts.language.rulebook import rule_of
from alerts.language.written import Written
from alerts.trials.rehearsal import Rehearsal
from alerts.trials.ruletests import TestFile
from config.community import Level
from config.errors import ConfigurationError
from config.paths import Location, write_path
from hub.plugins import Options, load_plugins

STEP = 0.1
"""By how much of itself a number or a duration is changed."""
WHOLE_BELOW = 10
"""A whole number that is smaller is changed by one."""
UNSAID = "never.said"
"""An observation kind that nobody speaks."""
_NEVER: Any = object()
"""In place of a value: the key is left out."""

_UNTOUCHED = frozenset({"rule", "version", "state", "name", "raises", "for_each", "clear", "say", "do"})
_COMPARE = re.compile(r"(>=|<=|>|<)\s*(-?\d+(?:\.\d+)?)")
_STRICT = {">=": ">", "<=": "<", ">": ">=", "<": "<="}
_OPPOSITE = {">=": "<", "<=": ">", ">": "<=", "<": ">="}
_TIME_OF_DAY = re.compile(r"\b([01]\d|2[0-3]):([0-5]\d)\b")
_ANOTHER = {
    "site": ("device", "area"),
    "household": ("device", "area"),
    "area": ("site",),
    "device": ("site", "area"),
    "sensor": ("site", "area"),
    "camera": ("site", "zone"),
    "zone": ("camera", "subject"),
    "subject": ("device",),
}
"""What else a rule might count for by mistake."""
_OWNED: Mapping[tuple[str, ...], str] = {("camera", "zone"): "camera", ("device", "subject"): "device"}
"""Without its owner such a key is the same, see `Rule.key_of`."""

Change = tuple[Location, Any, str]
"""Where, the value instead, and what was done in words."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A rule with one mistake.

    Attributes:
        what: The mistake, in words.
        rule: Ready to run.
    """

    what: str
    rule: Rule


@dataclass(frozen=True, slots=True)
class Score:
    """What the tests of a rule notice.

    Attributes:
        rule: Its id.
        mutants: How many mistakes were tried.
        survivors: Those that no test noticed, in words.
    """

    rule: str
    mutants: int
    survivors: tuple[str, ...]

    @property
    def caught(self) -> int:
        """How many were noticed."""
        return self.mutants - len(self.survivors)


def scores(rules: Mapping[str, Written], files: Sequence[TestFile]) -> Iterator[Score]:
    """Try all mistakes in all rules, a rule at a time."""
    rehearsals: dict[str, list[Rehearsal]] = {rule: [] for rule in rules}
    for file in files:
        for test in file.tests:
            rehearsal = Rehearsal(test)
            for rule in dict.fromkeys(test.rules):
                rehearsals[rule].append(rehearsal)
    for written in rules.values():
        found = mutants(written)
        survivors = [each.what for each in found if not _noticed(each, rehearsals[written.id], rules)]
        yield Score(written.id, len(found), tuple(survivors))


def mutants(written: Written) -> list[Mutant]:
    """The rule with each mistake, without those that make no rule."""
    found: list[Mutant] = []
    seen = {_meaning(written.body)}
    for location, value, what in _changes(written.body):
        body = _changed(written.body, location, value)
        try:
            rule = rule_of(body)
        except ConfigurationError:
            continue
        if _meaning(body) not in seen:
            seen.add(_meaning(body))
            found.append(Mutant(f"{write_path(location)}: {what}", rule))
    return found


def _noticed(mutant: Mutant, rehearsals: Sequence[Rehearsal], rules: Mapping[str, Written]) -> bool:
    return any(
        rehearsal.run(
            mutant.rule if rule == mutant.rule.id else rules[rule].rule for rule in dict.fromkeys(rehearsal.test.rules)
        )
        for rehearsal in rehearsals
    )


def _changes(body: Mapping[str, Any]) -> Iterator[Change]:
    levels = [level.value for level in Level]
    severity = body["raises"]["severity"]
    if severity in levels:
        rank = levels.index(severity)
        for other in (*levels[:rank][-1:], *levels[rank + 1 :][:1]):
            yield ("raises", "severity"), other, f"{severity} -> {other}"
    yield from _other_keys(body["for_each"])
    for key, value in body.items():
        if key not in _UNTOUCHED:
            yield (key,), _NEVER, "left out"
            yield from _inside(value, (key,))
    yield from _other_clearing(body.get("clear", {}))


def _other_keys(written: str | Sequence[str]) -> Iterator[Change]:
    parts = (written,) if isinstance(written, str) else tuple(written)
    for index, part in enumerate(parts):
        rest = parts[:index] + parts[index + 1 :]
        if rest and _OWNED.get(tuple(sorted(parts))) != part:
            yield ("for_each",), list(rest), f"{', '.join(parts)} -> {', '.join(rest)}"
        if not rest:
            for other in _ANOTHER[part]:
                yield ("for_each",), other, f"{part} -> {other}"


def _other_clearing(clear: Mapping[str, Any]) -> Iterator[Change]:
    conditions = {key: value for key, value in clear.items() if key != "latch"}
    if clear:
        yield ("clear",), {}, "left out"
    yield ("clear",), {"latch": True}, "only by a person"
    if not clear or not conditions:
        yield ("clear",), {"after": "60s"}, "after 60s"
    for key, value in conditions.items():
        yield from _inside(value, ("clear", key))


def _inside(node: Any, location: Location) -> Iterator[Change]:
    if isinstance(node, Mapping):
        yield from _in_mapping(node, location)
    elif isinstance(node, list):
        for index, item in enumerate(node):
            if len(node) > 1:
                yield location, [*node[:index], *node[index + 1 :]], f"without {_short(item)}"
            if index and location[-1] == "steps":
                order = [*node[: index - 1], item, node[index - 1], *node[index + 1 :]]
                yield location, order, f"{_short(item)} before {_short(node[index - 1])}"
        for index, item in enumerate(node):
            if isinstance(item, Mapping):
                yield from _inside(item, (*location, index))
    else:
        for value in _other_values(node):
            yield location, value, f"{_short(node)} -> {_short(value)}"


def _in_mapping(node: Mapping[str, Any], location: Location) -> Iterator[Change]:
    for key, value in node.items():
        here = (*location, key)
        if key == "kind":
            kinds = [value] if isinstance(value, str) else list(value)
            for index, kind in enumerate(kinds):
                others = [*kinds[:index], *kinds[index + 1 :]]
                yield here, others or UNSAID, f"without {kind}"
        elif key == "where":
            for name, wanted in value.items():
                yield (*here, name), _NEVER, "left out"
                for other in _other_conditions(wanted):
                    yield (*here, name), other, f"{_short(wanted)} -> {_short(other)}"
        else:
            yield here, _NEVER, "left out"
            yield from _inside(value, here)
            if key in ("above", "below"):
                opposite = "below" if key == "above" else "above"
                turned = {opposite if name == key else name: inner for name, inner in node.items()}
                yield location, turned, f"{key} -> {opposite}"


def _other_conditions(wanted: Any) -> Iterator[Any]:
    if isinstance(wanted, list):
        for index in range(len(wanted)):
            rest = [*wanted[:index], *wanted[index + 1 :]]
            yield rest or f"not {wanted[0]}"
        return
    if isinstance(wanted, str):
        compared = _COMPARE.fullmatch(wanted.strip())
        if compared:
            sign, limit = compared.groups()
            yield f"{_STRICT[sign]} {limit}"
            yield f"{_OPPOSITE[sign]} {limit}"
            for other in _other_values(float(limit)):
                yield f"{sign} {other:g}"
        elif wanted.startswith("not "):
            plain = wanted.removeprefix("not ").strip()
            yield plain == "true" if plain in ("true", "false") else plain
        else:
            yield f"not {wanted}"
        return
    yield from _other_values(wanted)


def _other_values(value: Any) -> Iterator[Any]:
    """What else might stand in place of a number, a duration, a time of day, true or false."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        step = 1 if abs(value) < WHOLE_BELOW else round(abs(value) * STEP)
        yield from (value + step, value - step)
    elif isinstance(value, float):
        yield from (float(f"{value * (1 + STEP):.6g}"), float(f"{value * (1 - STEP):.6g}"))
    elif isinstance(value, str):
        try:
            seconds = parse_duration(value)
        except ValueError:
            for found in _TIME_OF_DAY.finditer(value):
                for hour in (int(found[1]) + 1, int(found[1]) - 1):
                    yield f"{value[: found.start()]}{hour % 24:02}:{found[2]}{value[found.end() :]}"
        else:
            yield from (duration_text(seconds * (1 + STEP)), duration_text(seconds * (1 - STEP)))


def _changed(node: Any, location: Location, value: Any) -> Any:
    """A copy with another value at a location."""
    if not location:
        return value
    part, rest = location[0], location[1:]
    if isinstance(node, Mapping):
        below = _changed(node.get(part, {}), rest, value)
        others = {name: inner for name, inner in node.items() if name != part}
        return others if below is _NEVER else {**others, part: below}
    return [_changed(item, rest, value) if index == part else item for index, item in enumerate(node)]


def _meaning(body: Mapping[str, Any]) -> str:
    """What a rule that is right says, with what it leaves to the defaults; two that say the same have the same."""
    [(shape, written)] = body["when"].items()
    options: Options = load_plugins("alerts.rules")[shape].options.model_validate(written)
    spec = RuleSpec.model_validate(body).model_copy(update={"when": {}})
    return spec.model_dump_json() + options.model_dump_json()


def _short(item: Any) -> str:
    if isinstance(item, Mapping):
        return _short(item.get("kind", "one part"))
    if isinstance(item, list):
        return f"[{', '.join(map(_short, item))}]"
    return str(item).lower() if isinstance(item, bool) else str(item)
