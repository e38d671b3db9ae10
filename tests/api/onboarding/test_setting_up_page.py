"""The page on setting up says what the code does, and its commands exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli import app
from api.onboarding.camera_columns import CAMERA_COLUMNS
from api.onboarding.sensor_plan import SENSOR_COLUMNS
from cameras.reaching import Problem, words

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "reference" / "setting_up.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^    (?:hub) (cameras .+)$", PAGE, flags=re.MULTILINE)


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_on_the_page_exists_with_its_options(line: str) -> None:
    command = line.split()[1]
    told = CliRunner().invoke(app, ["cameras", command, "--help"], prog_name="hub")
    assert told.exit_code == 0
    assert all(option in told.output for option in re.findall(r"--[a-z-]+", line))


def test_every_column_stands_on_the_page_with_both_names() -> None:
    for column in CAMERA_COLUMNS:
        assert re.search(rf"^\|[^|]*`{column.name}`[^|]*\|[^|]*{column.zh}", PAGE, flags=re.MULTILINE), column.name
    for column in SENSOR_COLUMNS[:-1]:
        assert f"`{column.name}`" in PAGE


def test_the_problems_on_the_page_are_those_that_are_told() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\S+); (.+) \|$", PAGE, flags=re.MULTILINE)
    assert rows
    for word, zh, _ in rows:
        assert words(Problem(word))[0].startswith(zh[:2]) or zh[:4] in words(Problem(word))[0]
