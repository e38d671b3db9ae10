"""Says: one sentence for people in both languages, written side by side where it is said.

It is the English text itself, so that logs, the command line and programs need not know of it, and carries the Chinese
in `zh`. Both are made from templates with the same parts, each part in its language; there is no table of texts
elsewhere that could lack one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from pydantic.config import JsonDict


class Says(str):
    """English text that knows itself in Chinese; no stop at the end.

    Attributes:
        zh: The same in Chinese.
    """

    __slots__ = ("zh",)
    zh: str

    def __new__(cls, en: str, zh: str) -> Self:
        """From both texts."""
        made = super().__new__(cls, en)
        made.zh = zh
        return made

    def __reduce__(self) -> tuple[type[Says], tuple[str, str]]:
        """For copies."""
        return Says, (str(self), self.zh)


def says(en: str, zh: str, /, **parts: object) -> Says:
    """A sentence from its two templates; `{name}` stands for a part, a brace that is meant is doubled.

    Without parts the texts are taken as they are.
    """
    if not parts:
        return Says(en, zh)
    return Says(en.format(**parts), zh.format(**{name: in_chinese(part) for name, part in parts.items()}))


def in_chinese(part: object) -> str:
    """A part of a sentence in Chinese; what has no languages (an id, a number) as it is."""
    return part.zh if isinstance(part, Says) else str(part)


def in_english(text: str) -> Says:
    """What the command line and the log alone say, which speak English."""
    return Says(text, text)


def listed(words: Iterable[object]) -> Says:
    """`a, b, c`."""
    every = [str(word) for word in words]
    return Says(", ".join(every), "、".join(every))


def together(*parts: Says | str) -> Says:
    """Parts one after another."""
    return Says("".join(parts), "".join(in_chinese(part) for part in parts))


def apart(part: Says) -> Says:
    """A part that begins a Chinese sentence: a word in backquotes stands apart, other Chinese does not."""
    return Says(part, f"{part.zh} " if part.zh.endswith("`") else part.zh)


def said_by(error: BaseException) -> Says:
    """What an error says; one of a plugin that speaks one language alone says it in both as it is."""
    said = error.args[0] if error.args else ""
    return said if isinstance(said, Says) else Says(str(error), f"不能这样写：{error}")


def write(en: str, zh: str) -> JsonDict:
    """How something is written, as a note in its JSON schema for messages (`config/messages.py`)."""
    return {"x-write": en, "x-write-zh": zh}
