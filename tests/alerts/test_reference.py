"""The reference pages of rules and events, held to the code."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest

from alerts.engine import REOPENED_KIND, RESOLVED_KIND
from alerts.incidents.incident import ENGINE, MOVES, Cause, Handling, Verdict
from alerts.language.around import MutesSpec, UnlessSpec
from alerts.language.kinds import ALERT_KINDS, AlertKind
from alerts.language.rule import ForEach, RuleSpec
from alerts.language.rulebook import SHIPPED, load_rules
from alerts.language.scope import ScopeSpec
from alerts.language.words import PLACES
from config.hours import HoursSpec
from config.reading import read_text
from hub.access import Role
from hub.events import Event, Phase, Quality, event_from_json, event_to_json
from hub.sensors.kinds import KINDS, Flag, Number, Text

PAGE_FOLDER = Path(__file__).resolve().parents[2] / "docs" / "reference"
PAGE = (PAGE_FOLDER / "rules.md").read_text(encoding="utf-8")
SHIPPED_RULES = load_rules(SHIPPED).rules
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)

FRAME = """
- rule: example
  name: {{zh: 例, en: Example}}
  raises: {{kind: fire.smoke, severity: {severity}}}
  for_each: site
  when:
{shape}
  say: {{zh: 例, en: Example}}
  do: {{zh: 例, en: Example}}
"""


@pytest.mark.parametrize("block", BLOCKS)
def test_every_example_loads(tmp_path: Path, block: str) -> None:
    if not isinstance(read_text(block), list):
        severity = "by_level" if "above: {" in block else "orange"
        block = FRAME.format(severity=severity, shape="".join(f"    {line}\n" for line in block.splitlines()))
    (tmp_path / "rules.yaml").write_text(block, encoding="utf-8")
    assert len(load_rules(tmp_path).rules) == 1


def test_every_key_place_and_kind_stands_on_the_page() -> None:
    for model in (RuleSpec, ScopeSpec, HoursSpec, UnlessSpec, MutesSpec):
        for name, field in model.model_fields.items():
            assert f"`{field.alias or name}`" in PAGE
    for word in get_args(ForEach):
        assert f"`{word}`" in PAGE
    for placeholder in PLACES:
        assert f"{{{placeholder}}}" in PAGE
    rows = [f"| `{k.kind}` | {k.zh}, {k.en} | {k.level} | {k.sources} | {_raised(k)} |" for k in ALERT_KINDS.values()]
    assert re.findall(r"^\| `[a-z_]+\.[a-z_]+` \|.*$", PAGE, re.MULTILINE) == rows


def _raised(kind: AlertKind) -> str:
    """The shipped rules for a kind, or what it waits for."""
    rules = [rule for rule in SHIPPED_RULES if rule.kind == kind.kind]
    told = [f"`{rule.id}`{' (shadow)' if rule.shadow else ''}" for rule in rules]
    return ", ".join(told) if kind.waits_for is None else f"waits for {kind.waits_for.en}"


def test_every_alert_kind_has_a_shipped_rule_or_says_what_it_waits_for() -> None:
    raised = {rule.kind for rule in SHIPPED_RULES}
    assert {kind.kind for kind in ALERT_KINDS.values() if kind.waits_for is None} == raised
    assert all(kind.waits_for.zh and kind.waits_for.en for kind in ALERT_KINDS.values() if kind.waits_for is not None)


def test_every_tag_and_calendar_that_a_shipped_rule_asks_for_is_explained() -> None:
    section = PAGE.partition("### What shipped rules ask of a community")[2].partition("\n### ")[0]
    rows = [row.split(" |")[0] for row in re.findall(r"^\| `.*$", section, re.MULTILINE)]
    asked: set[str] = set()
    for rule in SHIPPED_RULES:
        spec = rule.around.spec
        if spec.scope is not None:
            asked |= {*spec.scope.tags, *spec.scope.without_tags}
        asked |= {name for hours in (*spec.only, *spec.excluded) for name in hours.calendar}
    assert {name for row in rows for name in re.findall(r"`([^`]+)`", row)} == asked


EVENTS = (PAGE_FOLDER / "events.md").read_text(encoding="utf-8")


def _field(name: str, field: Flag | Number | Text) -> str:
    if isinstance(field, Number):
        unit = f" {field.unit}" if field.unit else ""
        return f"`{name}` {field.low:g} to {field.high:g}{unit}"
    return f"`{name}` {'true or false' if isinstance(field, Flag) else 'text'}"


def test_every_observation_of_a_sensor_stands_in_the_reference_as_the_code_has_it() -> None:
    section = EVENTS.partition("## Sensors")[2].partition("## Health")[0]
    rows = []
    for kind in KINDS.values():
        more = ", ".join(_field(name, field) for name, field in kind.fields.items() if name != kind.main)
        rows.append(f"| `{kind.name}` | {_field(kind.main, kind.fields[kind.main])} | {more} |")
    assert re.findall(r"^\| `.*$", section, re.MULTILINE) == rows


def test_every_kind_that_a_shipped_rule_listens_to_stands_in_the_reference() -> None:
    for kind in (*load_rules(SHIPPED).by_kind, RESOLVED_KIND, REOPENED_KIND):
        assert f"| `{kind}` |" in EVENTS


def test_the_example_is_an_event_and_every_part_of_an_event_stands_in_the_reference() -> None:
    example = re.search(r"```json\n(.*?)```", EVENTS, re.DOTALL)
    assert example is not None
    body = json.loads(example[1])
    assert event_to_json(event_from_json(body)) == body
    for part in fields(Event):
        assert not part.init or f"`{part.name}`" in EVENTS
    for word in (*Phase, *Quality):
        assert f"`{word}`" in EVENTS


def test_every_move_verdict_and_cause_stands_in_the_reference() -> None:
    page = (PAGE_FOLDER / "incidents.md").read_text(encoding="utf-8")
    for move in MOVES:
        before = ", ".join(f"`{each}`" for each in move.before)
        who = [each for each in (*(role.value for role in Role), ENGINE) if each in move.by]
        row = [
            str(move.number or ""),
            f"`{move.name}`",
            f"`{move.done}`" if move.done else "",
            move.axis.value,
            "any" if move.before == tuple(each.value for each in Handling) else before,
            "unchanged" if move.after is None else f"`{move.after}`",
            "anybody" if {role.value for role in Role} <= move.by else ", ".join(who),
            move.means + (f" Guard: {move.guard}." if move.guard else ""),
        ]
        assert f"| {' | '.join(row)} |" in page
    for word in (*Verdict, *Cause):
        assert f"`{word}`" in page
