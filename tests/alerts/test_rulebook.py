"""Loading rules: what is shipped, and every mistake with its place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from alerts.language.kinds import ALERT_KINDS
from alerts.language.rulebook import SHIPPED, load_rules
from alerts.trials.observations import WORDED
from config.community import Level
from hub.errors import ConfigurationError
from hub.sensors.kinds import KINDS

GOOD = """
- rule: fire.smoke
  version: 2
  state: live
  name: {zh: 烟感, en: Smoke}
  raises: {kind: fire.smoke, severity: orange}
  for_each: site
  when:
    event: {kind: smoke, where: {alarm: true}}
  clear: {after: 60s}
  say: {zh: "{site}", en: "{device}"}
  do: {zh: 看, en: Look}
"""


def mistakes(tmp_path: Path, text: str) -> list[str]:
    (tmp_path / "rules.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_rules(tmp_path)
    assert all(mistake.file == tmp_path / "rules.yaml" for mistake in caught.value.mistakes)
    return [f"{mistake.line}: {mistake.path}: {mistake.message}" for mistake in caught.value.mistakes]


def test_every_shipped_rule_loads_and_says_what_to_do() -> None:
    book = load_rules(SHIPPED)
    assert len(book.rules) >= 30
    for rule in book.rules:
        assert rule.say.zh
        assert rule.do.en
        assert re.search(r"[\u4e00-\u9fff]", rule.do.zh)


def test_shipped_rules_listen_to_kinds_that_somebody_speaks() -> None:
    load_rules(SHIPPED, observations={*KINDS, *WORDED})


def test_the_catalogue_has_the_kinds_and_their_levels() -> None:
    assert len(ALERT_KINDS) == 89
    assert ALERT_KINDS["fire.confirmed"].level is Level.CRITICAL
    assert {len(set(kind.sources) - set("CSHPX")) for kind in ALERT_KINDS.values()} == {0}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("for_each: site", "for_each: house", "7: [0].for_each: `house` is unknown"),
        ("rule: fire.smoke", "rule: Fire Smoke", "[0].rule: "),
        ("kind: fire.smoke,", "kind: fire.smok,", "6: [0].raises.kind: `fire.smok` is unknown; write `fire.smoke`"),
        ("severity: orange", "severity: purple", "6: [0].raises.severity: `purple` "),
        ("severity: orange", "severity: by_level", "the shape has no levels; write one of green, blue"),
        ("after: 60s", "after: 60", "10: [0].clear.after: write a duration with its unit, as 90s or 1h30m, not 60"),
        ("after: 60s", "after: 60 seconds", "[0].clear.after: write a duration as 90s, 10m or 1h30m"),
        ("after: 60s", "after: 8d", "[0].clear.after: 8d is longer than 7d"),
        ("after: 60s", "aftr: 60s", "[0].clear.aftr: unknown key; write `after`"),
        ("{after: 60s}", "{after: 60s, when: {kind: smoke}}", "[0].clear: write either after or when"),
        ("alarm: true", 'alarm: "=> 3"', "alarm: '=> 3' is no comparison; write '>= 0.5'"),
        ("alarm: true", "alarm: []", "alarm: an empty list never matches"),
        ("alarm: true", "alarm: {a: 1}", "[0].when.event.where.alarm: a mapping does not fit; write a value"),
        ("where:", "wher:", "9: [0].when.event.wher: unknown key; write `where`"),
        ("event:", "evnt:", "9: [0].when.evnt: shape `evnt` is unknown; write `event`; known are change"),
        ('"{site}"', '"{hause}"', "11: [0].say.zh: {hause} is unknown here; known are {site}, "),
        ('"{site}"', '"{site:>9}"', "[0].say.zh: write a plain name between the braces"),
        ('"{site}"', '"{value}"', "{value} is unknown here"),
        ("  clear:", "  unless: {kind: x, same: site}\n  clear:", "10: [0].unless.within: missing; write a duration"),
        ("  clear:", "  unless: {kind: x, within: 5m}\n  clear:", "[0].unless.same: missing; write one of site, area"),
        ("  clear:", "  unless: {kind: x, within: 5m, same: house}\n  clear:", "[0].unless.same: `house` is unknown"),
        ("  clear:", "  unless: {kind: x, wihtin: 5m}\n  clear:", "[0].unless.wihtin: unknown key; write `within`"),
        ("  clear:", '  only: {between: "22-6"}\n  clear:', "10: [0].only.between: write two times as 22:00-06:00"),
        ("  clear:", "  only: {days: [sat, sunday]}\n  clear:", "[0].only.days[1]: `sunday` is unknown; write `sun`"),
        ("  clear:", "  only: {}\n  clear:", "10: [0].only: empty; write between, days, calendar or armed"),
        ("  clear:", "  only: {armed: night}\n  clear:", "[0].only.armed: `night` does not fit; write true or false"),
        ("  clear:", "  except: [{day: sun}]\n  clear:", "10: [0].except[0].day: unknown key; write `days`"),
        ("  clear:", "  only: nights\n  clear:", "10: [0].only: `nights` does not fit; write {between:"),
        ("  clear:", "  mutes: []\n  clear:", "10: [0].mutes"),
        (
            "  clear:",
            "  mutes: [road.crush]\n  clear:",
            "10: [0].mutes: rule or alert kind `road.crush` is unknown; write",
        ),
        ("  clear:", "  mutes: [fire.smoke]\n  clear:", "10: [0].mutes: mutes itself; name other rules or alert kinds"),
        (
            "  clear:",
            "  mutes: {of: gas.co, same: house}\n  clear:",
            "[0].mutes.same: `house` is unknown; write",
        ),
        ("  clear:", "  scope: {}\n  clear:", "10: [0].scope: empty; name areas, sites, rings, tags, cameras or"),
        ("  clear:", "  scope: {ring: road}\n  clear:", "10: [0].scope.ring: unknown key; write `rings`"),
        ("  clear:", "  scope: {rings: [street]}\n  clear:", "`street` is unknown; write one of road, enterprise"),
        ("  do:", "  did:", "12: [0].did: unknown key; the keys here are rule, version"),
        ("state: live", "state: on", "4: [0].state: `on` is unknown; write one of live, shadow, off"),
    ],
)
def test_a_mistake_is_named_with_its_place_and_what_to_write(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in GOOD
    found = mistakes(tmp_path, GOOD.replace(old, new))
    assert any(message in each for each in found), found


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ("lasts: {of: {kind: smoke}}", "[0].when.lasts.for: missing; write a duration as 90s"),
        ("lasts: {of: {kind: smoke}, for: 5s, gap: 9s}", "[0].when.lasts: gap must be shorter than for"),
        ("count: {of: {kind: t}, at_least: 1, within: 9s}", "[0].when.count.at_least: "),
        (
            "count: {of: {kind: t}, at_least: 3, within: 9s, apart: 5s}",
            "3 that are 5s apart take 10s, longer than `within` (9s)",
        ),
        ("together: {within: 9s, all_of: [{kind: t}]}", "[0].when.together.all_of: "),
        ("together: {within: 9s, near_m: 60, same: zone, all_of: [{kind: t}, {kind: u}]}", "either near_m or same"),
        ("together: {within: 9s, near_m: 0, all_of: [{kind: t}, {kind: u}]}", "near_m: "),
        ("sequence: {within: 9s, steps: [{kind: t}]}", "[0].when.sequence.steps: "),
        ("change: {of: {kind: t}, field: f, rises: 1, falls: 1, within: 9s}", "write either `rises` or `falls`"),
        ("change: {of: {kind: t}, field: f, falls: -1, within: 9s}", "[0].when.change.falls: "),
        ("silence: {of: {kind: t}}", "[0].when.silence.longer_than: missing; write a duration as 90s"),
        ("silence: {of: {kind: t}, longer_than: 8h, counted: only}", "[0].when.silence.counted: counts the hours of"),
        ("silence: {of: {kind: t}, longer_than: 8h, counted: all}", "[0].when.silence.counted: "),
        ("value: {of: {kind: t}, field: f, above: 3}", "[0].when.value.back_by: missing"),
        ("value: {of: {kind: t}, field: f, back_by: 1}", "write either `above` or `below`"),
        ("value: {of: {kind: t}, field: f, above: 1, below: 2, back_by: 1}", "write either `above` or `below`"),
        (
            "value: {of: {kind: t}, field: f, above: {pink: 1}, back_by: 1}",
            "level `pink` is unknown; write one of green",
        ),
        (
            "value: {of: {kind: t}, field: f, above: {red: 1, blue: 2}, back_by: 1}",
            "a graver level needs a higher threshold",
        ),
        ("value: {of: {kind: t}, field: f, above: {red: 1}, back_by: 1}", "the shape has levels of its own"),
    ],
)
def test_a_mistake_in_a_shape_is_named_with_its_place(tmp_path: Path, shape: str, message: str) -> None:
    found = mistakes(tmp_path, GOOD.replace("event: {kind: smoke, where: {alarm: true}}", shape))
    assert any(message in each for each in found), found


def test_several_devices_cannot_speak_for_the_key_of_one(tmp_path: Path) -> None:
    shape = "together: {within: 9s, all_of: [{kind: smoke}, {kind: heat}]}"
    text = GOOD.replace("event: {kind: smoke, where: {alarm: true}}", shape)
    [found] = mistakes(tmp_path, text.replace("for_each: site", "for_each: [site, device]"))
    assert "[0].for_each: the shape needs several devices for one key; write site, area or community" in found


def test_rules_that_mute_each_other_are_refused(tmp_path: Path) -> None:
    one = GOOD.replace("  clear:", "  mutes: [gas.co]\n  clear:")
    other = GOOD.replace("rule: fire.smoke", "rule: gas").replace("kind: fire.smoke", "kind: gas.co")
    found = mistakes(tmp_path, one + other.replace("  clear:", "  mutes: [fire.smoke]\n  clear:"))
    assert found == ["10: [0].mutes: goes in a circle, so that all would be hidden: fire.smoke -> gas -> fire.smoke"]


def test_all_mistakes_of_all_files_are_named_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(GOOD.replace("site", "house", 1) + GOOD, encoding="utf-8")
    (tmp_path / "b.yaml").write_text(GOOD + "- 7\n", encoding="utf-8")
    (tmp_path / "c.yaml").write_text("rule: x\n", encoding="utf-8")
    (tmp_path / "d.yaml").write_text("- rule: x\n  rule: y\n", encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_rules(tmp_path)
    found = [(mistake.file.name if mistake.file else "", mistake.message) for mistake in caught.value.mistakes]
    assert [name for name, _ in found] == ["a.yaml", "b.yaml", "b.yaml", "c.yaml", "d.yaml"]
    assert "stands twice, first in a.yaml" in found[1][1]


def test_an_empty_folder_is_a_mistake_and_a_rule_that_is_off_does_not_run(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="holds no rule files"):
        load_rules(tmp_path)
    (tmp_path / "rules.yaml").write_text(GOOD.replace("state: live", "state: off"), encoding="utf-8")
    book = load_rules(tmp_path)
    assert (book.rules, book.off) == ((), ("fire.smoke",))


def test_a_kind_that_nobody_speaks_is_named_when_it_is_known_who_speaks(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(GOOD.replace("kind: smoke", "kind: smok"), encoding="utf-8")
    assert load_rules(tmp_path).rules
    with pytest.raises(ConfigurationError, match=r"\[0\].when.event.kind: kind `smok` is unknown; write `smoke`"):
        load_rules(tmp_path, observations=KINDS)


def test_the_digest_follows_the_files_and_the_hash_follows_shape_and_key(tmp_path: Path) -> None:
    def load(text: str) -> tuple[str, str]:
        (tmp_path / "rules.yaml").write_text(text, encoding="utf-8")
        book = load_rules(tmp_path)
        return book.digest, book.rules[0].hash

    first = load(GOOD)
    assert load(GOOD) == first
    words = load(GOOD.replace("Look", "Look closely"))
    assert words[0] != first[0]
    assert words[1] == first[1]
    assert load(GOOD.replace("alarm: true", "alarm: false"))[1] != first[1]
    assert load(GOOD.replace("for_each: site", "for_each: device"))[1] != first[1]
