"""YAML 1.2 text to plain data that remembers its lines.

libyaml splits the text into events; what a plain word means is decided here, by the YAML 1.2 core schema: `yes`, `on`
and `no` are text, `010` is ten, `12:30` and `2026-03-03` are text. Nothing is constructed but maps, lists, text,
numbers, true, false and null. What is read is bounded: bytes, depth, and values after aliases are followed. No message
quotes the text of the file, for it may hold a secret.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from config.errors import ConfigurationError, Mistake
from config.paths import Location, write_path
from config.phrases import os_says
from config.says import Says, says
from config.yaml_words import yaml_says

MAX_BYTES = 16 * 1024 * 1024
"""A community of 159 cameras and 1,200 sensors takes 0.4 MB."""
MAX_DEPTH = 64
"""Settings and rules nest about ten deep."""
MAX_VALUES = 1_000_000
"""Counted after aliases are followed, so that a small file cannot grow without end."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml is in every wheel; without it reading is slower

_WORDS: dict[str, bool | float | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_INTEGER = re.compile(r"[-+]?[0-9]{1,300}")
_OCTAL = re.compile(r"0o[0-7]{1,300}")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]{1,300}")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")


class LinedMap(dict[str, Any]):
    """A mapping that knows where it stands.

    Attributes:
        line: Line of its beginning, from 1.
        lines: Line of each key.
    """

    __slots__ = ("line", "lines")

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line
        self.lines: dict[str, int] = {}


class LinedList(list[Any]):
    """A list that knows where it stands.

    Attributes:
        line: Line of its beginning, from 1.
        lines: Line of each item.
    """

    __slots__ = ("line", "lines")

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line
        self.lines: list[int] = []


def copied(data: object) -> object:
    """The same data of its own, down to the scalars, which nobody can change; a fifth of what `copy.deepcopy` takes."""
    if isinstance(data, LinedMap):
        mapping = LinedMap(data.line)
        mapping.lines = data.lines.copy()
        mapping.update((key, copied(value)) for key, value in data.items())
        return mapping
    if isinstance(data, LinedList):
        listed = LinedList(data.line)
        listed.lines = data.lines.copy()
        listed.extend(map(copied, data))
        return listed
    return data


def read_yaml(path: Path) -> object:
    """The data in a YAML 1.2 file.

    Raises:
        ConfigurationError: The file is missing, empty, too large, not UTF-8 or not YAML; a key stands twice.
    """
    return read_text(text_of(path), file=path)


def text_of(path: Path) -> str:
    """The text of a file.

    Raises:
        ConfigurationError: The file is missing, too large or not UTF-8.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise _unreadable(path, says("cannot be read: {why}", "读不了：{why}", why=os_says(error))) from error
    if len(raw) > MAX_BYTES:
        raise _unreadable(path, says("is larger than {most} MiB", "大于 {most} MiB", most=MAX_BYTES // 1024 // 1024))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
    raise _unreadable(
        path, says("is not UTF-8; save it with the encoding UTF-8", "不是 UTF-8；请用 UTF-8 编码保存"), line
    )


def read_text(text: str, *, file: Path | None = None) -> object:
    """The data in a YAML 1.2 text; `file` is for the messages.

    Raises:
        ConfigurationError: It is not YAML, or a key stands twice.
    """
    builder = _Builder(file)
    try:
        data = builder.document(text)
    except yaml.YAMLError as error:
        builder.mistakes.append(_syntax(error, text, file))
    except _StoppedError as stop:
        builder.mistakes.append(Mistake(file, write_path(stop.path), stop.message, stop.line))
    if builder.mistakes:
        raise ConfigurationError(tuple(builder.mistakes))
    return data


def _unreadable(path: Path, message: Says, line: int | None = None) -> ConfigurationError:
    return ConfigurationError((Mistake(path, "", message, line),))


def _syntax(error: yaml.YAMLError, text: str, file: Path | None) -> Mistake:
    """What libyaml says, with its line, and for the frequent cases what to write."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:  # a ReaderError counts bytes or characters, depending on the reader: no line
        return Mistake(
            file,
            "",
            says(
                "holds a control character; YAML allows none but tab and line end",
                "含有控制字符；YAML 只允许制表符和换行",
            ),
        )
    problem = str(getattr(error, "problem", None) or "cannot be understood")
    rows = text.splitlines()
    row = rows[mark.line] if mark.line < len(rows) else ""
    hint = Says("", "")
    if "cannot start any token" in problem:
        tab = "\t" in row[: mark.column + 1]
        hint = says("; put text that begins with @, ` or % in quotes", "；以 @、` 或 % 开头的文字要加引号")
        if tab:
            hint = says("; indent with spaces, not tabs", "；请用空格缩进，不用制表符")
    elif "mapping values are not allowed" in problem:
        hint = says("; put text with a colon and a space in quotes", "；含冒号加空格的文字要加引号")
    elif "'-' indicator" in problem or "expected key" in problem:
        hint = says("; keys and items that belong together begin in the same column", "；同一层的键和列表项要左边对齐")
    words = says("is not YAML: {problem}{hint}", "不是 YAML：{problem}{hint}", problem=yaml_says(problem), hint=hint)
    return Mistake(file, "", words, mark.line + 1)


class _StoppedError(Exception):
    def __init__(self, message: Says, path: Location, line: int) -> None:
        super().__init__(message)
        self.message, self.path, self.line = message, path, line


class _Builder:
    """One document from events, one pass; twice-standing keys are gathered, the rest stops the reading."""

    def __init__(self, file: Path | None) -> None:
        self.mistakes: list[Mistake] = []
        self._file = file
        self._path: list[str | int] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._values = 0

    def document(self, text: str) -> object:
        self._events = yaml.parse(text, Loader=_LOADER)
        data: object = None
        documents = 0
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self._stop(
                        says(
                            "a second document begins here; keep one, without ---",
                            "这里开始了第二个文档；请只留一个，不写 ---",
                        ),
                        event,
                    )
            elif isinstance(event, (yaml.NodeEvent, yaml.AliasEvent)):
                data = self._value(event)
        if not documents:
            raise _StoppedError(says("is empty", "是空的"), (), 1)
        return data

    def _value(self, event: Any) -> Any:
        self._values += 1
        if len(self._path) > MAX_DEPTH:
            del self._path[8:]  # enough to find it
            raise self._stop(says("nests deeper than {most}", "嵌套超过 {most} 层", most=MAX_DEPTH), event)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        before = self._values
        if event.tag not in (None, "!", "tag:yaml.org,2002:str"):
            raise self._stop(
                says("begins with !, a YAML tag; put it in quotes", "以 ! 开头，YAML 当作标签；请加引号"), event
            )
        value: Any
        if isinstance(event, yaml.ScalarEvent):
            value = self._scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            value = self._sequence(event)
        else:
            value = self._mapping(event)
        if event.anchor is not None:
            if value is None or value == "":
                raise self._stop(
                    says("begins with &, a YAML anchor; put it in quotes", "以 & 开头，YAML 当作锚点；请加引号"), event
                )
            self._anchors[event.anchor] = (value, self._values - before + 1)
        return value

    def _alias(self, event: Any) -> Any:
        known = self._anchors.get(event.anchor)
        if known is None:
            raise self._stop(
                says(
                    "begins with *, a YAML alias, and no anchor has that name; put it in quotes",
                    "以 * 开头，YAML 当作别名，而没有这个锚点；请加引号",
                ),
                event,
            )
        value, size = known
        self._values += size
        if self._values > MAX_VALUES:
            raise self._stop(
                says(
                    "grows to more than {most} values through aliases", "经别名展开后超过 {most} 个值", most=MAX_VALUES
                ),
                event,
            )
        return value

    def _scalar(self, event: Any) -> Any:
        text: str = event.value
        if event.style or event.tag is not None:
            return text
        if text in _WORDS:
            return _WORDS[text]
        if text[0] in "0123456789.+-":
            if _INTEGER.fullmatch(text):
                return int(text)
            if _OCTAL.fullmatch(text) or _HEXADECIMAL.fullmatch(text):
                return int(text, 0)
            if _FLOAT.fullmatch(text):
                return float(text)
        return text

    def _sequence(self, event: Any) -> LinedList:
        made = LinedList(_line(event))
        self._path.append(0)
        while not isinstance(item := next(self._events), yaml.SequenceEndEvent):
            self._path[-1] = len(made)
            made.lines.append(_line(item))
            made.append(self._value(item))
        self._path.pop()
        return made

    def _mapping(self, event: Any) -> LinedMap:
        made = LinedMap(_line(event))
        self._path.append("")
        while not isinstance(item := next(self._events), yaml.MappingEndEvent):
            if not isinstance(item, yaml.ScalarEvent):
                raise self._stop(says("a key must be plain text", "键只能是文字"), item)
            key, line = item.value, _line(item)
            if key == "<<" and not item.style:
                raise self._stop(
                    says("`<<` is not YAML 1.2; write the keys out", "YAML 1.2 没有 `<<`；请把键写出来"), item
                )
            self._path[-1] = key
            value = self._value(next(self._events))
            if key in made:
                message = says(
                    "stands twice, first in line {line}; keep one",
                    "写了两次，第一次在第 {line} 行；请只留一个",
                    line=made.lines[key],
                )
                self.mistakes.append(Mistake(self._file, write_path(tuple(self._path)), message, line))
                continue
            made[key], made.lines[key] = value, line
        self._path.pop()
        return made

    def _stop(self, message: Says, event: Any) -> _StoppedError:
        path = list(self._path)
        while path and path[-1] == "":
            path.pop()
        return _StoppedError(message, tuple(path), _line(event))


def _line(event: Any) -> int:
    line: int = event.start_mark.line
    return line + 1
