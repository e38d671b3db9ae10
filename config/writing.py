"""Plain data to YAML text, for what was not written by a person. `config/reading.py` reads it again as it was."""

from __future__ import annotations

import re
from typing import Any

import yaml

_WIDTH = 110
_LIKE_A_NUMBER = re.compile(r"[-+.]?\d")
"""PyYAML quotes what YAML 1.1 takes for a number; 1.2 has others, as 0o17 and 1e3."""


class _Dumper(yaml.SafeDumper):
    pass


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = "'" if _LIKE_A_NUMBER.match(value) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


def write_text(data: Any) -> str:
    """YAML of maps with text keys, lists, text, numbers, true, false and null; the order of keys stays."""
    return str(yaml.dump(data, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=_WIDTH))
