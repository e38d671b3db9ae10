"""What every file in alerts/notifiers/ must fulfil, without being listed here."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from hub.plugins import load_plugins

NOTIFIERS = load_plugins("alerts.notifiers")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "notices.md"


@pytest.mark.parametrize("kind", NOTIFIERS)
def test_it_says_in_one_sentence_what_it_is(kind: str) -> None:
    assert NOTIFIERS[kind].summary.endswith(".")
    assert NOTIFIERS[kind].kind == kind


@pytest.mark.parametrize("kind", NOTIFIERS)
def test_an_unknown_option_is_refused(kind: str) -> None:
    with pytest.raises(ValidationError, match="no_such_option"):
        NOTIFIERS[kind].options.model_validate({"no_such_option": 1})


@pytest.mark.parametrize("kind", NOTIFIERS)
def test_the_page_names_every_option_of_it(kind: str) -> None:
    """docs/reference/notices.md has a section for each channel."""
    page = PAGE.read_text(encoding="utf-8")
    section = page.partition(f"\n### {kind}\n")[2].partition("\n##")[0]
    named = {
        name for row in re.findall(r"^\| (`[^|]+) \|", section, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)
    }
    assert named == set(NOTIFIERS[kind].options.model_fields)
