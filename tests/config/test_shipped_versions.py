"""Shipped rules: an id with its version stands for one content, in every hub that has ever run it."""

from __future__ import annotations

import json
import os
from pathlib import Path

from alerts.language.rule_text import split_rules
from alerts.language.rulebook import SHIPPED, rule_files

RECORDED = Path(__file__).parent / "data" / "shipped_rules.json"
"""By rule and version the hash of its content; only ever added to."""


def test_a_shipped_rule_whose_content_changed_has_a_new_version() -> None:
    """A hub that holds the version already would keep its old text. RECORD=1 adds what is new to the record."""
    recorded: dict[str, str] = json.loads(RECORDED.read_text(encoding="utf-8"))
    shipped = {
        f"{rule.id} {rule.version}": rule.hash
        for file in rule_files(SHIPPED)
        for rule in split_rules(file.read_text(encoding="utf-8"))
    }
    changed = sorted(name for name, digest in shipped.items() if recorded.get(name, digest) != digest)
    assert not changed, f"raise the version of these rules, then run this with RECORD=1: {changed}"
    if os.environ.get("RECORD"):
        text = json.dumps({**recorded, **shipped}, indent=1, sort_keys=True)
        RECORDED.write_text(text + "\n", encoding="utf-8")
        return
    assert shipped.keys() <= recorded.keys(), "run this with RECORD=1 and commit the record with the rules"
