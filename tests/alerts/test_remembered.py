"""Texts of rules that were read before: nobody can change what another reads."""

from __future__ import annotations

from typing import Any

from alerts.language.remembered import read_rules
from config.reading import read_text

TEXT = "rules:\n  - id: a\n    on: [smoke, heat]\n    only: {site: hall}\n"


def test_what_one_reader_changes_no_other_sees_and_lines_are_kept() -> None:
    first: Any = read_rules(TEXT)
    first["rules"][0]["on"].append("gas")
    first["rules"][0]["only"]["site"] = "yard"
    del first["rules"][0].lines["id"]
    second: Any = read_rules(TEXT)
    fresh: Any = read_text(TEXT)
    assert second == fresh
    for one, other in ((second, fresh), (second["rules"], fresh["rules"]), (second["rules"][0], fresh["rules"][0])):
        assert (one.line, one.lines) == (other.line, other.lines)
