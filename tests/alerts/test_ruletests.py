"""Rule tests as data: what they see, what they refuse, and that the shipped rules pass theirs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from alerts.language.rulebook import SHIPPED, load_rules
from alerts.language.written import read_rules
from alerts.trials.rehearsal import Rehearsal
from alerts.trials.ruletests import load_tests
from config.errors import ConfigurationError

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "rules.md").read_text(encoding="utf-8")
RULES = read_rules(SHIPPED)
FILES = load_tests(SHIPPED, rules=RULES)
TESTS = [pytest.param(test, id=f"{file.path.name}: {test.name}") for file in FILES for test in file.tests]

DOOR = """
- name: a door
  rules: [door.left_open]
  feed:
    - {at: 0s, kind: door, device: d, open: true}
  expect:
    - {at: 10m, active: [{kind: door.left_open, key: d, severity: blue}]}
  start: 2026-03-03T22:00:00+08:00
"""


def misses(tmp_path: Path, text: str) -> list[str]:
    """What is not as the one test in `text` expects."""
    (tmp_path / "a.test.yaml").write_text(text, encoding="utf-8")
    [file] = load_tests(tmp_path, rules=RULES)
    [test] = file.tests
    return [str(miss) for miss in Rehearsal(test).run([RULES[rule].rule for rule in test.rules])]


@pytest.mark.parametrize("test", TESTS)
def test_the_shipped_rules_pass_their_tests(test) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    misses = Rehearsal(test).run([RULES[rule].rule for rule in test.rules])
    assert not misses, "\n".join(map(str, misses))


def test_the_examples_on_the_page_pass(tmp_path: Path) -> None:
    [block] = re.findall(r"```yaml tests\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "page.test.yaml").write_text(block, encoding="utf-8")
    [file] = load_tests(tmp_path, rules=RULES)
    for test in file.tests:
        assert Rehearsal(test).run([RULES[rule].rule for rule in test.rules]) == ()


def test_files_of_tests_are_not_taken_for_rules(tmp_path: Path) -> None:
    (tmp_path / "a.test.yaml").write_text(DOOR, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="holds no rule files"):
        load_rules(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("10m", "10m", ""),
        ("at: 10m", "at: 9m59s", "at 9m59s, active: expected door.left_open of d blue, got nothing"),
        ("severity: blue", "severity: red", "expected door.left_open of d red, got door.left_open of d blue"),
        ("key: d", "key: e", "expected door.left_open of e blue, got door.left_open of d blue"),
        ("[{kind: door.left_open, key: d, severity: blue}]", "[]", "expected nothing, got door.left_open of d blue"),
        ("severity: blue", "severity: blue, says: no", "got door.left_open of d blue 'd at ? open"),
        ("active:", "shadow:", "at 10m, shadow: expected door.left_open of d blue, got nothing"),
        ("active:", "unknown: 1, active:", "at 10m, unknown: expected 1, got 0"),
        ("active:", "returned: [], active:", ""),
        ("severity: blue", "severity: blue, muted: true", "expected door.left_open of d blue muted, got"),
    ],
)
def test_a_difference_is_told_with_what_was_expected_and_what_came(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    assert old in DOOR
    found = misses(tmp_path, DOOR.replace(old, new))
    assert (message in found[0] and len(found) == 1) if message else not found


def test_what_arrives_late_is_heard_when_it_arrives(tmp_path: Path) -> None:
    text = DOOR.replace("at: 0s", "at: 0s, arrives: 11m")
    assert misses(tmp_path, text) == ["at 10m, active: expected door.left_open of d blue, got nothing"]
    assert misses(tmp_path, text.replace("at: 10m", "at: 11m")) == []


def test_a_series_is_as_many_observations_and_a_gap_in_it_is_none(tmp_path: Path) -> None:
    text = DOOR.replace("open: true", 'every: 4m, open: "truex1 _x2 true"')
    assert misses(tmp_path, text) == []
    assert misses(tmp_path, text.replace("_x2 true", "false true")) != []


YARD = """
- rule: yard.at_night
  name: {zh: 夜间, en: At night}
  raises: {kind: area.intrusion, severity: yellow}
  for_each: site
  scope: {tags: [walled]}
  only: {between: "22:00-06:00"}
  except: [{calendar: market}]
  when: {lasts: {of: {kind: motion, where: {motion: true}}, for: 3s}}
  unless: {kind: presence, where: {present: true}, within: 5m, same: site}
  say: {zh: "{site}", en: "{site}"}
  do: {zh: 看, en: Look}
"""
YARD_TEST = """
- name: the yard by night
  rules: [yard.at_night]
  start: 2026-03-03T20:00:00+08:00
  community:
    timezone: Asia/Shanghai
    calendars: {market: ["2026-03-04"]}
    sites:
      - {id: yard, name: {en: The yard}, ring: household, tags: [walled]}
      - {id: field, name: {en: The field}, ring: household}
  feed:
    - {at: 1h, kind: motion, site: yard, device: m, motion: true}
    - {at: 1h, kind: motion, site: field, device: n, motion: true}
    - {at: 3h, kind: motion, site: yard, device: m, motion: false}
    - {at: 3h30m, kind: presence, site: yard, device: p, present: true}
    - {at: 3h30m, kind: motion, site: yard, device: m, motion: true}
    - {at: 3h40m, kind: motion, site: yard, device: m, motion: false}
    - {at: 26h30m, kind: motion, site: yard, device: m, motion: true}
  expect:
    - {at: 1h3s, active: [], withheld: [{kind: area.intrusion, key: yard, because: "it counts only at 22:00-06:00"}]}
    - {at: 2h, active: [{kind: area.intrusion, key: yard, severity: yellow, says: The yard}]}
    - {at: 3h31m, active: [], withheld: [{kind: area.intrusion, key: yard}, {kind: area.intrusion, key: yard}]}
    - {at: 3h36m, active: [{kind: area.intrusion, key: yard, severity: yellow}]}
    - {at: 27h, active: []}
"""


def test_what_stands_around_a_rule_is_tested_where_and_when_it_counts(tmp_path: Path) -> None:
    (tmp_path / "yard.yaml").write_text(YARD, encoding="utf-8")
    (tmp_path / "yard.test.yaml").write_text(YARD_TEST, encoding="utf-8")
    rules = read_rules(tmp_path)
    [file] = load_tests(tmp_path, rules=rules)
    [test] = file.tests
    assert [str(miss) for miss in Rehearsal(test).run([rules["yard.at_night"].rule])] == []
    changed = test.model_copy(update={"expect": (test.expect[0].model_copy(update={"withheld": ()}),)})
    [miss] = Rehearsal(changed).run([rules["yard.at_night"].rule])
    assert str(miss) == "at 1h3s, withheld: expected nothing, got area.intrusion of yard"


def test_a_muted_alert_is_expected_to_be(tmp_path: Path) -> None:
    text = (
        YARD[: YARD.index("  scope")]
        + YARD[YARD.index("  when") : YARD.index("  unless")]
        + YARD[YARD.index("  say") :]
    )
    sos = (
        text.replace("yard.at_night", "sos")
        .replace("area.intrusion", "sos.button")
        .replace("kind: motion", "kind: sos")
    )
    sos = sos.replace("motion: true", "pressed: true").replace("  when", "  mutes: [area.intrusion]\n  when")
    (tmp_path / "yard.yaml").write_text(text + sos, encoding="utf-8")
    feed = """
- name: sos mutes motion
  rules: [yard.at_night, sos]
  feed:
    - {at: 0s, kind: motion, site: yard, device: m, motion: true}
    - {at: 1m, kind: sos, site: yard, device: b, pressed: true}
  expect:
    - {at: 30s, active: [{kind: area.intrusion, key: yard, severity: yellow}]}
    - at: 2m
      active:
        - {kind: area.intrusion, key: yard, severity: yellow, muted: true}
        - {kind: sos.button, key: yard, severity: yellow}
"""
    (tmp_path / "yard.test.yaml").write_text(feed, encoding="utf-8")
    rules = read_rules(tmp_path)
    [file] = load_tests(tmp_path, rules=rules)
    found = Rehearsal(file.tests[0]).run([each.rule for each in rules.values()])
    assert [str(miss) for miss in found] == []
    [miss] = Rehearsal(file.tests[0]).run([rules["yard.at_night"].rule])
    assert miss.expected == "area.intrusion of yard yellow muted, sos.button of yard yellow"


def test_a_person_resolves_an_alert_by_its_kind_and_key(tmp_path: Path) -> None:
    resolved = "- {at: 9m, kind: alert.resolved, alert: {kind: sos.button, key: d}}"
    text = DOOR.replace("door.left_open", "sos.button").replace(
        "kind: door, device: d, open", "kind: sos, device: d, pressed"
    )
    text = text.replace("blue", "red")
    assert misses(tmp_path, text) == []
    assert "got nothing" in misses(tmp_path, text.replace("  expect", f"    {resolved}\n  expect"))[0]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("door.left_open]", "door.left]", "3: [0].rules[0]: `door.left` is unknown; write `door.left_open`"),
        ("kind: door.left_open", "kind: door.left", "[0].expect[0].active[0].kind: `door.left` is unknown"),
        ("severity: blue", "severity: purple", "[0].expect[0].active[0].severity: `purple` is unknown"),
        ("at: 0s", "at: 0", "5: [0].feed[0].at: write a duration with its unit"),
        ("device: d, ", "", "[0].feed[0]: nobody says this; write `device` or `camera`"),
        ("open: true", "opn: true", "[0].feed[0]: door: field `opn` is unknown; write `open`"),
        ("open: true", "open: true, times: 3", "`times` needs `every`"),
        ("open: true", "open: true, every: 3s", "`every` needs a series, as 1.8+0.1x12, or `times`"),
        ("open: true", 'every: 3s, open: "true false", armed: "truex3"', "the series have 2 and 4 values"),
        ("open: true", "open: true, site: a, household: b", "household is another word for site"),
        ("open: true", "open: true, alert: {kind: a, key: b}", "`alert` goes with alert.resolved and alert.reopened"),
        ("at: 0s", "at: 5s, arrives: 1s", "it arrives before it happens"),
        (
            "active: [{kind: door.left_open, key: d, severity: blue}]",
            "",
            "[0].expect[0]: expects nothing; write active",
        ),
        ("active:", "actve:", "[0].expect[0].actve: unknown key; write `active`"),
        ("  expect:", "  expects:", "[0].expects: unknown key; write `expect`"),
    ],
)
def test_a_mistake_is_named_with_its_place_and_what_to_write(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in DOOR
    (tmp_path / "a.test.yaml").write_text(DOOR.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_tests(tmp_path, rules=RULES)
    found = [f"{mistake.line}: {mistake.path}: {mistake.message}" for mistake in caught.value.mistakes]
    assert any(message in each for each in found), found


def test_two_tests_of_one_name_and_a_file_that_is_no_list_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.test.yaml").write_text(DOOR + DOOR, encoding="utf-8")
    (tmp_path / "b.test.yaml").write_text("name: a\n", encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_tests(tmp_path, rules=RULES)
    assert [mistake.message.split(";")[0] for mistake in caught.value.mistakes] == [
        "'a door' stands twice",
        "is not a list",
    ]


def test_every_shipped_rule_has_a_test() -> None:
    tested = {rule for file in FILES for test in file.tests for rule in test.rules}
    running = {rule for rule, written in RULES.items() if written.state != "off"}
    assert sorted(running - tested) == [], "write what must come of it beside the rule, in its *.test.yaml"


def test_the_tests_of_each_shipped_rule_stand_beside_it() -> None:
    for file in FILES:
        beside = file.path.with_name(file.path.name.replace(".test.", "."))
        for test in file.tests:
            assert beside in {RULES[rule].file for rule in test.rules}, f"{file.path.name}: {test.name}"
