"""The reference page of the rules, held to the code."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from alerts.kinds import ALERT_KINDS
from alerts.rule import ForEach, RuleSpec
from alerts.rulebook import load_rules
from alerts.words import PLACES
from config.reading import read_text

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "rules.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)

FRAME = """
- rule: example
  name: {{zh: 例, en: Example}}
  raises: {{kind: fire.smoke, severity: {severity}}}
  for_each: device
  when:
{shape}
  say: {{zh: 例, en: Example}}
  do: {{zh: 例, en: Example}}
"""


@pytest.mark.parametrize("block", BLOCKS)
def test_every_example_loads(tmp_path: Path, block: str) -> None:
    if not isinstance(read_text(block), list):
        severity = "by_level" if "above: {" in block else "orange"
        block = FRAME.format(severity=severity, shape="".join(f"    {line}\n" for line in block.splitlines()))
    (tmp_path / "rules.yaml").write_text(block, encoding="utf-8")
    assert len(load_rules(tmp_path).rules) == 1


def test_every_key_place_and_kind_stands_on_the_page() -> None:
    for key in RuleSpec.model_fields:
        assert f"`{key}`" in PAGE
    for word in get_args(ForEach):
        assert f"`{word}`" in PAGE
    for placeholder in PLACES:
        assert f"{{{placeholder}}}" in PAGE
    rows = [f"| `{k.kind}` | {k.zh}, {k.en} | {k.level} | {k.sources} |" for k in ALERT_KINDS.values()]
    assert re.findall(r"^\| `[a-z_]+\.[a-z_]+` \|.*$", PAGE, re.MULTILINE) == rows
