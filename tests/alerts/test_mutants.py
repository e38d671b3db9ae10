"""Mutants: which mistakes are put into a rule, and whether its tests notice."""

from __future__ import annotations

from pathlib import Path

import pytest

from alerts.language.rulebook import SHIPPED
from alerts.language.written import read_rules
from alerts.trials.mutants import mutants, scores
from alerts.trials.ruletests import load_tests

RULE = """
- rule: a
  name: {zh: 例, en: Example}
  raises: {kind: area.intrusion, severity: green}
  for_each: [camera, zone]
  when:
    lasts: {of: {kind: [camera.person, camera.animal], where: {confidence: ">= 0.5", label: "not cat"}}, for: 10m}
  say: {zh: 例, en: Example}
  do: {zh: 例, en: Example}
"""

TEST = """
- name: a person in the zone
  rules: [a]
  feed:
    - {at: 0s, kind: camera.person, camera: c, zone: z, phase: began, confidence: 0.5, label: man}
  expect:
    - {at: 10m, active: [{kind: area.intrusion, key: c/z, severity: green}]}
"""


def whats(tmp_path: Path, text: str) -> list[str]:
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    return [each.what for each in mutants(read_rules(tmp_path)["a"])]


def test_each_mistake_is_made_once_and_those_that_mean_the_same_are_not(tmp_path: Path) -> None:
    assert whats(tmp_path, RULE) == [
        "raises.severity: green -> blue",
        "for_each: camera, zone -> camera",
        "when.lasts.of.kind: without camera.person",
        "when.lasts.of.kind: without camera.animal",
        "when.lasts.of.where.confidence: left out",
        "when.lasts.of.where.confidence: >= 0.5 -> > 0.5",
        "when.lasts.of.where.confidence: >= 0.5 -> < 0.5",
        "when.lasts.of.where.confidence: >= 0.5 -> >= 0.55",
        "when.lasts.of.where.confidence: >= 0.5 -> >= 0.45",
        "when.lasts.of.where.label: left out",
        "when.lasts.of.where.label: not cat -> cat",
        "when.lasts.for: 10m -> 11m",
        "when.lasts.for: 10m -> 9m",
        "clear: only by a person",
        "clear: after 60s",
    ]


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("for: 10m", "for: 10m, gap: 10s", "when.lasts.gap: left out"),
        ("  say:", "  clear: {after: 10m}\n  say:", "clear.after: 10m -> 9m"),
        (
            "  say:",
            "  clear: {when: {kind: x, where: {a: true}}, latch: true}\n  say:",
            "clear.when.where.a: true -> false",
        ),
        ("  say:", "  clear: {latch: true}\n  say:", "clear: left out"),
        ('"not cat"', "[cat, dog]", "when.lasts.of.where.label: [cat, dog] -> [dog]"),
        ("  when:", '  only: {between: "22:00-06:00"}\n  when:', "only.between: 22:00-06:00 -> 21:00-06:00"),
        ("  when:", "  except: [{days: [sat, sun]}]\n  when:", "except[0].days: without sat"),
        ("  when:", "  unless: {kind: a, within: 10m, same: site}\n  when:", "unless.within: 10m -> 9m"),
        ("  when:", "  scope: {tags: [a, b]}\n  when:", "scope.tags: without b"),
        ('"not cat"', "cat", "when.lasts.of.where.label: cat -> not cat"),
    ],
)
def test_every_part_of_a_rule_is_tried(tmp_path: Path, old: str, new: str, what: str) -> None:
    assert old in RULE
    assert what in whats(tmp_path, RULE.replace(old, new))


def test_a_score_is_what_the_tests_notice_and_is_the_same_each_time(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(RULE, encoding="utf-8")
    (tmp_path / "a.test.yaml").write_text(TEST, encoding="utf-8")
    rules = read_rules(tmp_path)
    files = load_tests(tmp_path, rules=rules)
    [score] = scores(rules, files)
    assert list(scores(rules, files)) == [score]
    assert (score.rule, score.caught, score.mutants) == ("a", 8, 15)
    assert "when.lasts.for: 10m -> 9m" in score.survivors
    assert "when.lasts.for: 10m -> 11m" not in score.survivors
    assert next(iter(scores(rules, ()))).caught == 0


def test_the_tests_of_the_shipped_rules_notice_nineteen_mistakes_of_twenty() -> None:
    rules = read_rules(SHIPPED)
    found = list(scores(rules, load_tests(SHIPPED, rules=rules)))
    unnoticed = [f"{score.rule}: {what}" for score in found for what in score.survivors]
    assert len(unnoticed) <= 0.05 * sum(score.mutants for score in found), "\n".join(unnoticed)
