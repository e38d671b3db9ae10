"""Fire votes: looks of the verifier at one place, and when enough of them agree.

A look asks the network about a few crops of a place; the surest answer counts. A single look proves nothing, for the
network is wrong in a few of a hundred crops, and is wrong again a moment later: looks have to agree over seconds, and
what the place does over time (its witnesses) has to allow a flame. Looks are frequent where votes are in the making and
rare where the network has said no. One per place, one thread.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

EVERY_S: Final = 0.5
REFUSED_S: Final = 2.0
STANDING_S: Final = 1.0
"""A place that burns already is only asked whether it still does."""
_PROMISING: Final = 0.5
_NO: Final = 0.3
_FORGET_S: Final = 8.0
_KEPT: Final = 8


class Verifier(Protocol):
    """What judges a single picture."""

    def look(self, crops: Sequence[NDArray[np.uint8]]) -> Sequence[tuple[float, float]]:
        """How sure it is of fire and of smoke, 0..1 each, in each crop (height, width, 3), BGR."""


@dataclass(frozen=True, slots=True)
class Quorum:
    """How many looks have to agree.

    Attributes:
        least: Score from which a look is a vote, 0..1.
        need: Votes that are needed,
        of: of so many last looks,
        span_s: and from the first to the last of them so many seconds.
        support: What the witnesses have to say at a vote at least, 0..1.
    """

    least: float
    need: int
    of: int
    span_s: float
    support: float


@dataclass(frozen=True, slots=True)
class _Cast:
    at_s: float
    score: float
    support: float


class Votes:
    """The looks at one place.

    Attributes:
        due_s: When the next look is due.
        looks: How many there were.
        standing: Whether enough agree, or did and not enough disagree since.
    """

    def __init__(self, quorums: Sequence[Quorum], at_s: float, *, urgent_s: float, always_urgent: bool = False) -> None:
        """Ask for any of `quorums`, first at `at_s`, and every `urgent_s` while votes are in the making, or always."""
        self._always_urgent = always_urgent
        self._quorums = tuple(quorums)
        self._urgent_s = urgent_s
        self._cast: deque[_Cast] = deque(maxlen=_KEPT)
        self.due_s = at_s
        self.looks = 0
        self.standing = False

    def add(self, score: float, support: float, at_s: float) -> None:
        """Take the look at `at_s`: its score and what the witnesses say then, 0..1 each; no number is a no."""
        score = score if 0.0 <= score <= 1.0 else 0.0
        while self._cast and at_s - self._cast[0].at_s > _FORGET_S:
            self._cast.popleft()
        self._cast.append(_Cast(at_s, score, support))
        self.looks += 1
        self.standing = any(self._agree(quorum) for quorum in self._quorums) or (self.standing and not self._refused)
        if self.standing:
            self.due_s = at_s + STANDING_S
        elif self.promising or self._always_urgent:
            self.due_s = at_s + self._urgent_s
        else:
            last = [cast.score for cast in self._cast][-2:]
            self.due_s = at_s + (REFUSED_S if len(last) > 1 and max(last) < _NO else EVERY_S)

    @property
    def promising(self) -> bool:
        """Whether the last look was more yes than no."""
        return bool(self._cast) and self._cast[-1].score >= _PROMISING

    @property
    def score(self) -> float:
        """How sure the last looks were: the mean of the better half of the last four."""
        last = sorted((cast.score for cast in list(self._cast)[-4:]), reverse=True)
        better = last[: max(1, len(last) // 2)]
        return sum(better) / len(better) if better else 0.0

    @property
    def progress(self) -> float:
        """Which share of the votes that are needed was cast, 0..1."""
        return min(1.0, max(len(self._votes(quorum)) / quorum.need for quorum in self._quorums))

    def told(self) -> dict[str, float]:
        """The numbers for an Event."""
        quorum = max(self._quorums, key=lambda one: len(self._votes(one)) / one.need)
        cast = min(len(self._cast), quorum.of)
        return {"verifier_score": round(self.score, 2), "votes": len(self._votes(quorum)), "of_looks": cast}

    def _agree(self, quorum: Quorum) -> bool:
        votes = self._votes(quorum)
        return len(votes) >= quorum.need and votes[-1].at_s - votes[0].at_s >= quorum.span_s

    def _votes(self, quorum: Quorum) -> list[_Cast]:
        last = list(self._cast)[-quorum.of :]
        return [one for one in last if one.score >= quorum.least and one.support >= quorum.support]

    @property
    def _refused(self) -> bool:
        last = [cast.score for cast in self._cast][-4:]
        return len(last) > 3 and sum(score >= _PROMISING for score in last) <= 1  # noqa: PLR2004 -- one of four
