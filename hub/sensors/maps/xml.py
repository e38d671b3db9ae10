"""XML text to plain data, for what speaks no JSON. Nothing is fetched, nothing is expanded, everything is bounded.

An element without children is its text, one with children is an object, children of one name are a list, an attribute
stands under `@name`. A document type is refused: entities are how XML is made to grow or to read files.
"""

from __future__ import annotations

import re
from typing import Any
from xml.parsers import expat

from hub.sensors.errors import PayloadError

MOST_DEEP = 32
MOST_ELEMENTS = 5_000

_DECLARATION = re.compile(rb"\s*<\?xml[^>]*?\?>")
_ENCODING = re.compile(rb"""encoding\s*=\s*["']([A-Za-z0-9._-]{1,32})["']""")
_CHINESE = frozenset({"gb2312", "gbk", "gb18030"})


def read_xml(payload: bytes) -> dict[str, Any]:
    """The document as an object with its outermost element.

    Raises:
        PayloadError: `malformed`.
    """
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = reader.begin
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    try:
        parser.Parse(_text_of(payload), True)
    except expat.ExpatError as error:
        raise PayloadError("malformed", f"not XML: {error}") from error
    return reader.top


def _text_of(payload: bytes) -> str:
    """Decoded by its declaration, which is left out: expat does not know Chinese encodings."""
    found = _DECLARATION.match(payload)
    named = None if found is None else _ENCODING.search(found[0])
    name = "utf-8" if named is None else named[1].decode("ascii").lower()
    encoding = "gb18030" if name in _CHINESE else "utf-8"
    try:
        return payload[found.end() if found else 0 :].decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise PayloadError("malformed", f"not {encoding} at byte {error.start}") from error


def _refuse_doctype(*_: object) -> None:
    raise PayloadError("malformed", "a document type is not read")


class _Reader:
    def __init__(self) -> None:
        self.top: dict[str, Any] = {}
        self._open: list[tuple[str, dict[str, Any], list[str]]] = []
        self._elements = 0

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if len(self._open) >= MOST_DEEP or self._elements > MOST_ELEMENTS:
            raise PayloadError("malformed", f"more than {MOST_DEEP} deep or {MOST_ELEMENTS} elements")
        self._open.append((name, {f"@{key}": value for key, value in attributes.items()}, []))

    def text(self, text: str) -> None:
        self._open[-1][2].append(text)

    def end(self, _name: str) -> None:
        name, inner, texts = self._open.pop()
        value: Any = inner or "".join(texts).strip()
        above = self._open[-1][1] if self._open else self.top
        if name not in above:
            above[name] = value
        elif isinstance(above[name], list):
            above[name].append(value)
        else:
            above[name] = [above[name], value]
