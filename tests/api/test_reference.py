"""The reference page says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from alerts.people.categories import CATEGORIES
from alerts.store.ledger import Step
from alerts.store.points import Reason
from api import problems
from api.report_views import COLUMNS, STEP_NAMES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "api.md"


def test_every_problem_stands_on_the_page_with_its_status() -> None:
    listed = re.findall(r"^\| (\d+) \| `(urn:hub:problem:[a-z-]+)` \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted((int(status), urn) for status, urn in listed) == sorted(
        (status, urn) for status, urn, _ in problems.kinds()
    )


def test_a_problem_type_has_one_status() -> None:
    every = problems.kinds()
    assert len({urn for _, urn, _ in every}) == len(every)


def test_every_category_step_entry_and_column_of_reports_stands_on_its_page() -> None:
    page = PAGE.with_name("reports.md").read_text(encoding="utf-8")
    for each in CATEGORIES.values():
        has = "days" if each.is_request else "minutes"
        assert f"| `{each.id}` | {each.zh}, {each.en} | `{each.kind}` | {each.level.value} | {has} |" in page
    for step in Step:
        assert f"| `{step}` | {STEP_NAMES[step].zh}, {STEP_NAMES[step].en} |" in page
    for word in (*Reason, *COLUMNS):
        assert f"`{word}`" in page
