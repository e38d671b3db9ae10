"""Somebody who reads Chinese alone, and says what he cannot read."""

from __future__ import annotations

import re

_CODE = re.compile(r"`[^`]*`|'[^']*'|\{[^{}]*\}|\S*/\S*")
"""What is written in files stays as it is in any language."""
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_PHRASE = re.compile(r"[A-Za-z]{2,}(?: [a-z]{2,}){2,}")


def unread(text: str) -> str:
    """What of a message puzzles him: an English phrase, or all of it; empty when he understands it."""
    found = _PHRASE.search(_CODE.sub("·", text))
    if found is not None:
        return found[0]
    return "" if _CHINESE.search(text) else text or "nothing"
