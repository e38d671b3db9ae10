"""Written: rules as data, for what tries them out and changes them (`hub rules test`, `hub rules mutate`).

What runs is made of it by `rulebook.py`, as everywhere. A rule that is off is tried out as though it were live:
it must be right before somebody switches it on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from alerts.language.rule import Rule
from alerts.language.rulebook import load_rules, rule_files, rule_of
from config.reading import read_yaml


@dataclass(frozen=True)
class Written:
    """One rule as it stands in its file.

    Attributes:
        file: The file.
        state: `live`, `shadow` or `off`.
        body: What is written.
    """

    file: Path
    state: str
    body: Mapping[str, Any]

    @property
    def id(self) -> str:
        """Of the rule."""
        return str(self.body["rule"])

    @cached_property
    def rule(self) -> Rule:
        """Ready to run."""
        return rule_of(self.body)


def read_rules(folder: Path) -> dict[str, Written]:
    """The rules in a folder by id, in the order of files and lines.

    Raises:
        ConfigurationError: Something is wrong in any of its files.
    """
    load_rules(folder)
    found: dict[str, Written] = {}
    for file in rule_files(folder):
        data: Any = read_yaml(file)
        for body in data:
            state = body.get("state", "live")
            found[body["rule"]] = Written(file, state, {**body, "state": "live"} if state == "off" else body)
    return found
