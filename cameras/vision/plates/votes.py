"""Votes: several reads of one plate become one text, character by character, and how far it is to be believed.

Every read votes with how sure it is of each character; a read counts by the evidence in it, so that one sure read
outweighs two that guess. A text is said only when both readers read exactly it, or when one read it so often; until
then there is nothing to compare with any list. Holds the newest reads only.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from cameras.vision.plates.grammar import UNKNOWN, Fitted, fit, kind_of
from cameras.vision.plates.reading import Read

MOST_READS: Final = 40
"""Reads that are kept of one plate: ten looks of two readers at two margins."""
ENOUGH_ALONE: Final = 4
"""Exact reads by one reader that are as good as one by each: two looks at least, of a car that moved on meanwhile."""
_SUREST: Final = 0.99
"""Networks say one of nearly everything they say; beyond this there is nothing to tell apart."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the reads of one plate come to.

    Attributes:
        text: The characters; the province may be UNKNOWN.
        kind: The form of plate.
        score: How sure the least sure character is, 0..1.
        reads: How many reads had the form of a plate.
        agree: How many of them read exactly this text, by reader.
        changed: Characters that the grammar demanded to be changed in the reads that agree, at least.
    """

    text: str
    kind: str
    score: float
    reads: int
    agree: dict[str, int]
    changed: int

    @property
    def agreed(self) -> bool:
        """Whether it may be said: every character read, by both readers or often enough by one."""
        if UNKNOWN in self.text:
            return False
        return len(self.agree) > 1 or max(self.agree.values(), default=0) >= ENOUGH_ALONE


class Votes:
    """The reads of one plate."""

    def __init__(self) -> None:
        """Begin with none."""
        self._reads: deque[tuple[str, Fitted]] = deque(maxlen=MOST_READS)

    @property
    def count(self) -> int:
        """How many are kept."""
        return len(self._reads)

    def add(self, reads: Iterable[Read]) -> None:
        """Take what the readers saw; what has no plate's form is no vote."""
        for read in reads:
            fitted = fit(read.text, read.weights, rows=read.rows)
            if fitted is not None:
                self._reads.append((read.reader, fitted))

    def verdict(self) -> Verdict | None:
        """What they come to; None without a read that has the form of a plate."""
        if not self._reads:
            return None
        lengths: Counter[int] = Counter()
        for _, fitted in self._reads:
            lengths[len(fitted.text)] += _evidence(fitted.weights)
        length = max(lengths, key=lambda one: (lengths[one], -one))
        fitting = [(reader, fitted) for reader, fitted in self._reads if len(fitted.text) == length]
        text, score = _by_character([fitted for _, fitted in fitting])
        kind = kind_of(text.replace(UNKNOWN, "京", 1)) if UNKNOWN in text else kind_of(text)
        if kind is None:  # characters of several forms, mixed: the best whole read then
            best = max((fitted for _, fitted in fitting), key=lambda one: _evidence(one.weights))
            text, kind, score = best.text, best.kind, min(best.weights)
        same = [(reader, fitted) for reader, fitted in fitting if _same(fitted.text, text)]
        agree = Counter(reader for reader, fitted in same if fitted.text == text)
        changed = min((fitted.changed for _, fitted in same if fitted.text == text), default=0)
        return Verdict(text, kind, round(score, 3), len(self._reads), dict(agree), changed)


def _same(read: str, text: str) -> bool:
    return all(one in (other, UNKNOWN) for one, other in zip(read, text, strict=True))


def _evidence(weights: Sequence[float]) -> int:
    """How much a whole read is worth, in thousandths: the sum of what its characters are."""
    return sum(round(1000 * _worth(weight)) for weight in weights)


def _worth(weight: float) -> float:
    """Evidence in a weight: -ln(1 - p), so that 0.99 outweighs 0.8 three times."""
    return -math.log(1.0 - min(max(weight, 0.0), _SUREST))


def _by_character(reads: Sequence[Fitted]) -> tuple[str, float]:
    """The character of every place with the most evidence, and how sure the least sure of them is."""
    text: list[str] = []
    least = 1.0
    for place in range(len(reads[0].text)):
        worth: dict[str, float] = {}
        surest: dict[str, float] = {}
        for fitted in reads:
            one, weight = fitted.text[place], fitted.weights[place]
            worth[one] = worth.get(one, 0.0) + _worth(weight)
            surest[one] = max(surest.get(one, 0.0), weight)
        best = max(worth, key=lambda one: (one != UNKNOWN, worth[one], one))
        text.append(best)
        least = min(least, surest[best] * worth[best] / max(sum(worth.values()), 1e-9))
    return "".join(text), least
