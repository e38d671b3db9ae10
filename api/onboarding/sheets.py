"""Sheets: reads a table that somebody saved from a spreadsheet program, and names every mistake by line and column.

Nothing in a sheet is trusted: size, number of lines and length of cells are bounded, a formula is never taken as a
value, and what stands in a secret column is never repeated, in no mistake either. Pure: bytes in, rows and mistakes
out. Encodings, separators and the names of columns are recognised, because the programs of offices in China write
GB 18030 and those elsewhere write semicolons.
"""

from __future__ import annotations

import csv
import difflib
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

MOST_BYTES = 1024 * 1024
MOST_LINES = 2_000
MOST_COLUMNS = 64
MOST_CHARACTERS = 2_048
"""Of one cell."""
MOST_MISTAKES = 500
"""Who has more of them has the wrong file."""

_SEPARATORS = (",", ";", "\t")
_QUOTED_TEXT = re.compile(r'="([^"]*)"')
"""How spreadsheet programs keep leading zeros: ="007"."""
_ASIDE = re.compile(r"[(（][^)）]*[)）]|[\s_*\-]")
_FORMULA = ("=", "+", "-", "@")


@dataclass(frozen=True, slots=True)
class Says:
    """One sentence for people, in both languages; no stop at the end."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class SheetMistake:
    """One thing wrong in a sheet.

    Attributes:
        line: Line of the file, from 1.
        column: Name of the column; empty for the whole line.
        says: What is wrong and what to write; never holds what stands in a secret column.
    """

    line: int
    column: str
    says: Says


@dataclass(frozen=True, slots=True)
class Column:
    """A column that a sheet may have.

    Attributes:
        name: As it is called in mistakes and in the template.
        titles: What it may be called besides.
        zh: Its title in the Chinese template.
        secret: It holds passwords: taken as it stands, never repeated.
        number: It holds a number, which may begin with a sign.
    """

    name: str
    zh: str
    titles: tuple[str, ...] = ()
    secret: bool = False
    number: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One line that says something: the cells that are not empty, by name of column."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table as it was read.

    Attributes:
        rows: In their order; those whose cells cannot be taken hold the others.
        mistakes: All that were found, in the order of lines, at most `MOST_MISTAKES`.
        columns: Names of the columns that it has.
        encoding: How its text was written.
    """

    rows: tuple[Row, ...]
    mistakes: tuple[SheetMistake, ...]
    columns: tuple[str, ...] = ()
    encoding: str = "utf-8"


def read_sheet(data: bytes, columns: Sequence[Column]) -> Sheet:
    """Read a table whose first line names its columns."""
    if len(data) > MOST_BYTES:
        return _nothing(Says(f"文件超过 {MOST_BYTES} 字节", f"the file is larger than {MOST_BYTES} bytes"))
    decoded = _decoded(data)
    if decoded is None:
        return _nothing(
            Says("不是文本文件；请另存为 CSV UTF-8", "this is not a text file; save it as CSV UTF-8 and send that")
        )
    text, encoding = decoded
    separator, text, skipped = _separator(text)
    records = _records(text, separator, skipped)
    mistakes: list[SheetMistake] = []
    header: list[str | None] | None = None
    rows: list[Row] = []
    for line, record in records:
        if isinstance(record, Says):
            mistakes.append(SheetMistake(line, "", record))
            break
        cells = [_plain(cell) for cell in record]
        if not any(cells):
            continue
        if header is None:
            header = _header(cells, columns, line, mistakes)
            continue
        if len(rows) == MOST_LINES:
            mistakes.append(SheetMistake(line, "", Says(f"最多 {MOST_LINES} 行", f"at most {MOST_LINES} lines")))
            break
        rows.append(Row(line, dict(_cells(record, header, columns, line=line, mistakes=mistakes))))
    if header is None:
        return _nothing(Says("文件是空的；第一行应写列名", "the file is empty; its first line names the columns"))
    if not rows and not mistakes:
        mistakes.append(SheetMistake(2, "", Says("只有列名，没有数据", "there is nothing below the names of columns")))
    return Sheet(tuple(rows), tuple(mistakes[:MOST_MISTAKES]), tuple(name for name in header if name), encoding)


def template(columns: Sequence[Column], examples: Sequence[Mapping[str, str]], *, chinese: bool) -> bytes:
    """A sheet to fill in, as UTF-8 with the mark by which spreadsheet programs know it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([column.zh if chinese else column.name for column in columns])
    for example in examples:
        writer.writerow([example.get(column.name, "") for column in columns])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _nothing(says: Says) -> Sheet:
    return Sheet((), (SheetMistake(1, "", says),))


def _decoded(data: bytes) -> tuple[str, str] | None:
    """The text, and how it was written: by its mark, else as UTF-8, else as GB 18030."""
    marked = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig"))
    names = [name for mark, name in marked if data.startswith(mark)] or ["utf-8", "gb18030"]
    for name in names:
        try:
            text = data.decode(name)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            return None
        return text, name.removesuffix("-sig")
    return None


def _separator(text: str) -> tuple[str, str, int]:
    """What separates the cells, the text without a line that only says so, and how many lines that were."""
    first, _, rest = text.partition("\n")
    if first.strip().lower().startswith("sep=") and len(first.strip()) == len("sep=") + 1:
        return first.strip()[-1], rest, 1
    if first.strip().lower() == "sep=":  # a tab, stripped
        return "\t", rest, 1
    head = next((line for line in text.splitlines() if line.strip()), "")
    bare = re.sub(r'"[^"]*"', "", head)
    return max(_SEPARATORS, key=bare.count), text, 0


def _records(text: str, separator: str, skipped: int) -> Iterator[tuple[int, list[str] | Says]]:
    """Each record with the line on which it begins; last, what made reading impossible."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    while True:
        line = skipped + reader.line_num + 1
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield (
                line,
                Says(
                    "引号没有配对或单元格过长；单元格内的引号要写两次",
                    'a quote is not closed, or a cell is too long; a quote inside a cell is written twice: ""',
                ),
            )
            return
        yield line, record


def _header(
    cells: Sequence[str], columns: Sequence[Column], line: int, mistakes: list[SheetMistake]
) -> list[str | None]:
    names = {_folded(title): column.name for column in columns for title in (column.name, column.zh, *column.titles)}
    header: list[str | None] = []
    for number, cell in enumerate(cells[:MOST_COLUMNS]):
        name = names.get(_folded(cell))
        if cell and name is None:
            near = difflib.get_close_matches(_folded(cell), names, n=1, cutoff=0.6)
            known = names[near[0]] if near else ", ".join(column.name for column in columns)
            says = Says(f"没有这一列；请写 {known}", f"there is no such column; write {known}")
            mistakes.append(SheetMistake(line, _letter(number), says))
        elif name is not None and name in header:
            mistakes.append(SheetMistake(line, name, Says("这一列出现了两次", "this column stands twice")))
            name = None
        header.append(name)
    if len(cells) > MOST_COLUMNS:
        mistakes.append(SheetMistake(line, "", Says(f"最多 {MOST_COLUMNS} 列", f"at most {MOST_COLUMNS} columns")))
    return header


def _cells(
    record: Sequence[str],
    header: Sequence[str | None],
    columns: Sequence[Column],
    *,
    line: int,
    mistakes: list[SheetMistake],
) -> Iterator[tuple[str, str]]:
    by_name = {column.name: column for column in columns}
    for number, written in enumerate(record):
        name = header[number] if number < len(header) else None
        if number >= len(header) and written.strip():
            mistakes.append(
                SheetMistake(
                    line,
                    "",
                    Says(
                        "单元格比列名多；内含逗号的单元格要加引号",
                        "there are more cells than columns; a cell with a comma in it goes in quotes",
                    ),
                )
            )
            return
        if name is None:
            continue
        column = by_name[name]
        value = written.strip("\r\n") if column.secret else _plain(written)
        if not value.strip():
            continue
        if wrong := _wrong(value, column):
            mistakes.append(SheetMistake(line, name, wrong))
            continue
        quoted = _QUOTED_TEXT.fullmatch(value)
        yield name, quoted[1] if quoted and not column.secret else value


def _wrong(value: str, column: Column) -> Says | None:
    """Why a cell cannot be taken; says nothing of what stands in it."""
    if len(value) > MOST_CHARACTERS:
        return Says(f"超过 {MOST_CHARACTERS} 个字符", f"longer than {MOST_CHARACTERS} characters")
    if any(unicodedata.category(sign) == "Cc" for sign in value):
        return Says("含有换行或控制字符；请删除", "holds a line break or control character; remove it")
    if column.secret or _QUOTED_TEXT.fullmatch(value):
        return None
    if value.startswith(_FORMULA) and not (column.number and value[0] in "+-"):
        return Says(
            "是公式，或以 = + - @ 开头；请写它的值",
            "is a formula, or begins with = + - @, which other programs would run; write its value",
        )
    return None


def _letter(number: int) -> str:
    """What spreadsheet programs call a column; what stands in it may be a password, when there is no line of names."""
    return (chr(ord("A") + number // 26 - 1) if number >= 26 else "") + chr(ord("A") + number % 26)  # noqa: PLR2004


def _plain(cell: str) -> str:
    """A cell without what cannot be seen at its ends."""
    return cell.strip().strip("\ufeff\u200b\u3000\xa0").strip()


def _folded(title: str) -> str:
    return _ASIDE.sub("", title.strip("\ufeff\u200b\u3000\xa0")).casefold()
