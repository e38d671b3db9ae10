"""The reference page says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from api import problems

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "api.md"


def test_every_problem_stands_on_the_page_with_its_status() -> None:
    listed = re.findall(r"^\| (\d+) \| `(urn:hub:problem:[a-z-]+)` \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted((int(status), urn) for status, urn in listed) == sorted(
        (status, urn) for status, urn, _ in problems.kinds()
    )


def test_a_problem_type_has_one_status() -> None:
    every = problems.kinds()
    assert len({urn for _, urn, _ in every}) == len(every)
