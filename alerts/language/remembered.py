"""Remembered: texts of rules that were read before are not read again.

At a start each rule is read where its file is checked, where the file is split into rules, and where what is stored is
put together; a reload reads all of them for one that changed. What is given out is new each time, so that nobody can
change what another reads. A text with a mistake is read anew: its messages name the file it stands in. Rules hold no
secrets; nothing else may be read here.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from config.errors import ConfigurationError
from config.reading import copied, read_text, text_of

TEXTS = 1024
"""Texts that are remembered: the shipped rules are 146 and 15 files, and as much again of one's own is a lot."""


def read_rules(text: str, *, file: Path | None = None) -> object:
    """The data in a text of rules, as `config.reading.read_text` gives it.

    Raises:
        ConfigurationError: It is not YAML, or a key stands twice.
    """
    try:
        return copied(_read(text))
    except ConfigurationError:
        return read_text(text, file=file)


def read_rule_file(path: Path) -> object:
    """The data in a file of rules.

    Raises:
        ConfigurationError: See `config.reading.read_yaml`.
    """
    return read_rules(text_of(path), file=path)


@lru_cache(TEXTS)
def _read(text: str) -> object:
    return read_text(text)
