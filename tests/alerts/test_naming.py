"""Names in rules, held to the community: what is a mistake, and what a community may well lack."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from alerts.language.naming import absent_names, strangers
from alerts.language.places import places_of
from config.community import Community
from config.errors import Mistake
from config.messages import mistakes
from config.reading import read_text
from tests.fakes.stories import COMMUNITY, book_of

VILLAGE = Community.model_validate(
    {
        **COMMUNITY.model_dump(mode="json"),
        "calendars": {"festival": ["2026-02-17"]},
        "sites": [
            {"id": "hh-017", "name": "17", "area": "group-1", "tags": ["lives-alone"]},
            {"id": "junction-3", "name": "3", "ring": "road"},
        ],
    }
)
RULE = """
- rule: yard
  name: {zh: 院, en: Yard}
  raises: {kind: area.intrusion, severity: yellow}
  for_each: camera
  AROUND
  when: SHAPE
  say: {zh: "{camera}", en: "{camera}"}
  do: {zh: 看, en: Look}
"""
SHAPE = "{event: {kind: camera.person, where: {zone: yard, camera: cam-1, site: not hh-017}}}"


def found(around: str, shape: str = SHAPE) -> tuple[list[Mistake], frozenset[str]]:
    data: Any = read_text(RULE.replace("AROUND", around).replace("SHAPE", shape))
    absent = absent_names(data, VILLAGE)
    return list(mistakes(absent.problems, file=Path("r.yaml"), data=data)), absent.aside


@pytest.mark.parametrize(
    ("around", "message"),
    [
        (
            "scope: {areas: [group-1, group1]}",
            "[0].scope.areas[1]: area `group1` is unknown; write `group-1`; known are",
        ),
        ("scope: {sites: hh-071}", "[0].scope.sites: site `hh-071` is unknown; write `hh-017`"),
        ("scope: {cameras: cam1}", "[0].scope.cameras: camera `cam1` is unknown; write `cam-1`"),
        ("scope: {sensors: smoke17}", "[0].scope.sensors: sensor `smoke17` is unknown; write `smoke-17`"),
        ("scope: {tags: lives_alone}", "[0].scope.tags: tag `lives_alone` is unknown; write `lives-alone`"),
        ("only: {calendar: festivals}", "[0].only.calendar: calendar `festivals` is unknown; write `festival`"),
        (
            "except: [{days: sun}, {calendar: workdays}]",
            "[0].except[1].calendar: calendar `workdays` is unknown; write",
        ),
        ("unless: {kind: x, where: {area: group2}, within: 1m, same: site}", "[0].unless.where.area: area `group2` is"),
        ("clear: {when: {kind: x, where: {zone: [yard, lane1]}}}", "[0].clear.when.where.zone[1]: zone `lane1` is"),
    ],
)
def test_a_name_that_is_not_there_is_told_with_its_line_and_what_was_meant(around: str, message: str) -> None:
    [mistake], aside = found(around)
    assert f"r.yaml:6: {message}" in str(mistake)
    assert aside == frozenset()


def test_names_in_every_pattern_of_a_shape_are_looked_at() -> None:
    shape = "{together: {within: 9s, all_of: [{kind: a, where: {site: not hh-17}}, {kind: b, where: {zone: x}}]}}"
    wrong, _ = found("version: 1", shape)
    assert [str(each).partition(": [0].when.")[2].partition(";")[0] for each in wrong] == [
        "together.all_of[0].where.site: site `hh-17` is unknown",
        "together.all_of[1].where.zone: zone `x` is unknown",
    ]


def test_a_calendar_or_tag_like_none_there_may_well_be_absent() -> None:
    wrong, aside = found("only: [{calendar: [market, workday, festival]}]\n  scope: {without_tags: [greenhouse]}")
    assert wrong == []
    assert aside == {"calendar market", "tag greenhouse"}


def test_a_running_hub_hears_of_what_looks_like_something_else(tmp_path: Path) -> None:
    around = "scope: {areas: [group-1, group-9], tags: x}\n  only: {calendar: [festivals, market]}"
    [rule] = book_of(tmp_path, RULE.replace("AROUND", around).replace("SHAPE", SHAPE)).rules
    assert strangers(rule.around.spec, places_of(VILLAGE)) == ["area group-9", "calendar festivals"]
