"""Every way to get a rule or a rule test wrong, with the exact words that come back.

One file per case in `data/bad_rules/`, and beside it the expected messages, as `hub check` prints them. A case lies
alone in its folder; one of rule tests lies beside a good rule.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from api.commands.checking import check
from config.errors import Mistake
from tests.fakes.chinese_reader import unread

BAD = Path(__file__).parent / "data" / "bad_rules"
CASES = sorted(BAD.glob("*.yaml"))
GOOD = """
- rule: fire.smoke_sensor
  name: {zh: 烟感报警, en: Smoke detector alarm}
  raises: {kind: fire.smoke, severity: orange}
  for_each: site
  when:
    event: {kind: smoke, where: {alarm: true}}
  say: {zh: 烟感, en: Smoke}
  do: {zh: 核实, en: Call}
"""


def mistakes_in(case: Path, folder: Path) -> list[Mistake]:
    shutil.copy(case, folder)
    if ".test." in case.name:
        (folder / "good.yaml").write_text(GOOD, encoding="utf-8")
    [checked] = check([folder / case.name])
    return list(checked.mistakes)


def messages(case: Path, folder: Path) -> str:
    return "".join(f"{mistake}\n" for mistake in mistakes_in(case, folder)).replace(f"{folder}/", "")


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name.removesuffix(".yaml"))
def test_every_mistake_is_named_with_file_line_path_and_what_to_write(case: Path, tmp_path: Path) -> None:
    assert messages(case, tmp_path) == case.with_suffix(".txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name.removesuffix(".yaml"))
def test_who_reads_chinese_alone_is_told_every_mistake(case: Path, tmp_path: Path) -> None:
    told = [mistake.message_zh for mistake in mistakes_in(case, tmp_path)]

    assert [unread(each) for each in told if unread(each)] == []


def test_there_are_enough_and_none_is_expected_without_its_case() -> None:
    assert {path.stem for path in BAD.glob("*.txt")} == {path.stem for path in CASES}
    assert len(CASES) >= 60
