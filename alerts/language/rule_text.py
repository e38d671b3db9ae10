"""Rule texts: one rule as it was written, comments and all.

A file of rules is taken apart into one text for each rule, in the form of a list with one item, so that each can be
stored, shown and changed alone. What is compared is the content: comments and the layout make no other rule. Pure.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alerts.language.remembered import read_rules
from config.errors import ConfigurationError, Mistake
from config.reading import LinedList, LinedMap
from config.says import says
from config.writing import write_text

_NAME = Path("body")
_VERSION_FIRST = 1
NO_LIST = says("is not a list; begin each rule with `- rule: name`", "不是列表；每条规则以 `- rule: 名称` 开头")


@dataclass(frozen=True, slots=True)
class RuleText:
    """One rule as written.

    Attributes:
        text: YAML, a list with this rule alone.
        body: What is written in it.
    """

    text: str
    body: Mapping[str, Any]

    @property
    def id(self) -> str:
        """Of the rule; empty when none is written."""
        return str(self.body.get("rule", ""))

    @property
    def version(self) -> int:
        """As written, or the first."""
        version = self.body.get("version", _VERSION_FIRST)
        return version if isinstance(version, int) else _VERSION_FIRST

    @property
    def state(self) -> str:
        """As written, or live."""
        return str(self.body.get("state", "live"))

    @property
    def hash(self) -> str:
        """Of the content without the state: one for each id and version."""
        return _digest({**self.body, "version": self.version, "state": None})

    @property
    def digest(self) -> str:
        """Of the content with the state."""
        return _digest({**self.body, "version": self.version, "state": self.state})

    def with_state(self, state: str) -> RuleText:
        """The same rule in another state."""
        return self._with("state", state)

    def with_version(self, version: int) -> RuleText:
        """The same rule under another version."""
        return self._with("version", version)

    def _with(self, key: str, value: str | int) -> RuleText:
        """The text with one key changed or added after the id, comments kept where that is possible."""
        wanted = {**self.body, key: value}
        lines = self.text.splitlines()
        known = isinstance(self.body, LinedMap) and key in self.body.lines
        if isinstance(self.body, LinedMap) and "rule" in self.body.lines:
            at = (self.body.lines[key] if known else self.body.lines["rule"]) - 1
            if known:
                lines[at] = re.sub(rf"\b{key}:\s*[^\s#,}}]+", f"{key}: {value}", lines[at], count=1)
            else:
                indent = re.match(r"\s*(?:-\s+)?", lines[at])
                lines.insert(at + 1, f"{' ' * (indent.end() if indent else 2)}{key}: {value}")
            changed = _read("\n".join(lines) + "\n")
            if changed is not None and changed.body == wanted:
                return changed
        return rule_text_of(wanted)


def rule_text_of(body: Mapping[str, Any]) -> RuleText:
    """The rule that `body` describes, written by us."""
    text = write_text([_plain(body)])
    return RuleText(text, read_rules(text)[0])  # type: ignore[index]


def parse_rule(text: str) -> RuleText:
    """The one rule in a text: a mapping, or a list with one.

    Raises:
        ConfigurationError: It is not YAML, or not one rule; lines are those of the text.
    """
    data = read_rules(text, file=_NAME)
    if isinstance(data, dict):
        item = _read(_as_item(text))
        return item if item is not None and item.body == data else rule_text_of(data)
    if not isinstance(data, list) or len(data) != 1 or not isinstance(data[0], dict):
        raise ConfigurationError(
            (
                Mistake(
                    _NAME,
                    "",
                    says("write one rule: `rule: name` and its other keys", "请写一条规则：`rule: 名称` 和其他键"),
                    1,
                ),
            )
        )
    return RuleText(text if text.endswith("\n") else text + "\n", data[0])


def split_rules(text: str) -> tuple[RuleText, ...]:
    """Each rule in the text of a rule file, with the comments within it.

    Raises:
        ConfigurationError: It is not YAML, or not a list.
    """
    data = read_rules(text)
    if not isinstance(data, LinedList):
        raise ConfigurationError((Mistake(None, "", NO_LIST, 1),))
    lines = text.splitlines()
    ends = [*(line - 1 for line in data.lines[1:]), len(lines)]
    found = []
    for body, begin, end in zip(data, data.lines, ends, strict=True):
        part = _read(_trimmed(lines[begin - 1 : end]))
        found.append(part if part is not None and part.body == body else rule_text_of(body))
    return tuple(found)


def _read(text: str) -> RuleText | None:
    """The rule in a text that was put together, None when that went wrong."""
    try:
        data = read_rules(text)
    except ConfigurationError:
        return None
    return RuleText(text, data[0]) if isinstance(data, list) and len(data) == 1 and isinstance(data[0], dict) else None


def _trimmed(lines: list[str]) -> str:
    """Lines without what follows the rule, moved to the left edge."""
    while lines and (not lines[-1].strip() or lines[-1].lstrip().startswith("#")):
        lines = lines[:-1]
    indent = len(lines[0]) - len(lines[0].lstrip()) if lines else 0
    return "\n".join(line[indent:] if not line[:indent].strip() else line for line in lines) + "\n"


def _as_item(text: str) -> str:
    """A mapping as the one item of a list, line by line."""
    begun, lines = False, []
    for line in text.splitlines():
        if not line.strip() or (not begun and line.lstrip().startswith("#")):
            lines.append(line)
        else:
            lines.append(("  " if begun else "- ") + line)
            begun = True
    return "\n".join(lines) + "\n"


def plain_body(body: Mapping[str, Any]) -> dict[str, Any]:
    """What is written, without where it stands in the text."""
    return {str(name): _plain(inner) for name, inner in body.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value


def _digest(body: Mapping[str, Any]) -> str:
    text = json.dumps(_plain(body), sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
