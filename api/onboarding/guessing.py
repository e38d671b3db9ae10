"""Guessing: what was most likely meant by a word that is none of the known ones, for a whole sheet in bounded time.

A guess compares a word with every known one, which takes a while: each distinct word is guessed once, and a sheet that
is wrong in every line gets guesses for its first ones alone. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable

from config.messages import MAX_GUESSES, nearest

MOST_WORDS = 20
"""Guessed for one sheet."""
MOST_COMPARED = 10_000
"""Pairs of words, for one sheet: about a second."""
_MOST_CHARACTERS = 64
"""Longer ones are no ids."""


class Guessing:
    """The known words, and what was guessed of others. For one sheet."""

    def __init__(self, known: Iterable[str]) -> None:
        """Nothing is guessed yet."""
        self.known = frozenset(known)
        self._ordered = tuple(sorted(self.known))
        self._guessed: dict[str, str | None] = {}
        most = min(MOST_WORDS, MOST_COMPARED // max(1, len(self._ordered)))
        self._left = most if len(self._ordered) <= MAX_GUESSES else 0

    def near(self, word: str) -> str | None:
        """The known word that was most likely meant; None when there is none, or too much was guessed already."""
        if word not in self._guessed:
            if self._left <= 0 or len(word) > _MOST_CHARACTERS:
                return None
            self._left -= 1
            self._guessed[word] = nearest(word, self._ordered)
        return self._guessed[word]
