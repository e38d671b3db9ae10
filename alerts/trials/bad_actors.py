"""Bad actors: rules that cost the room more than they give, and what a change of one would have cost.

A rule is one when it makes more than a twentieth of the load, or when more than half of its verdicts are false or
nuisance. Few cases prove nothing, so both need some. What a changed rule would have raised over the same time is held
against the verdicts: which false ones it spares the room, and which true ones it loses. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from alerts.figures.load import Load
from alerts.figures.verdicts import Judged
from alerts.incidents.incident import Verdict
from config.community import Level
from hub.events import time_from_text, time_to_text

MOST_OF_THE_LOAD = 0.05
MOST_FALSE = 0.5
FEWEST_VERDICTS = 20
FEWEST_RUNG = 10
"""A twentieth of next to nothing is no load."""
WRONG = frozenset({Verdict.FALSE, Verdict.NUISANCE})
BEFORE, AFTER = timedelta(minutes=1), timedelta(minutes=10)
"""What a changed rule raises so long before the alert began or after it ended is the same happening."""


@dataclass(frozen=True, slots=True)
class BadActor:
    """A rule that should be changed.

    Attributes:
        rule: Its id.
        why: `load_share`, `wrong` or both.
    """

    rule: str
    why: tuple[str, ...]


def bad_actors(load: Load, judged: Judged) -> tuple[BadActor, ...]:
    """Those among the rules, the one that rings most first."""
    counts = dict(load.rules)
    found = []
    for rule in [*counts, *(each for each in judged.rules if each not in counts)]:
        count, shares = counts.get(rule, 0), judged.rules.get(rule)
        why = []
        if count >= FEWEST_RUNG and count > MOST_OF_THE_LOAD * load.annunciations:
            why.append("load_share")
        if shares is not None and shares.judged >= FEWEST_VERDICTS and (shares.false_share or 0.0) > MOST_FALSE:
            why.append("wrong")
        if rule and why:
            found.append(BadActor(rule, tuple(why)))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Case:
    """An alert on which there is a verdict.

    Attributes:
        key: Its subject.
        started: When what it claims began.
        raised: When it was raised.
        returned: When it was normal again, None when it still holds.
        level: Its level.
        value: What was measured when it last spoke; None when that is no number.
        verdict: True, false or nuisance.
    """

    key: str
    started: datetime
    raised: datetime
    returned: datetime | None
    level: Level
    value: float | None
    verdict: Verdict

    @property
    def is_wrong(self) -> bool:
        """Whether there was nothing to do."""
        return self.verdict in WRONG


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a changed rule would have made of the verdicts.

    Attributes:
        true_kept, wrong_gone, wrong_left: How many.
        true_lost: The true ones of which nobody would have been told.
        raised: How many alerts there would have been in all.
    """

    true_kept: int
    true_lost: tuple[Case, ...]
    wrong_gone: int
    wrong_left: int
    raised: int

    def to_json(self) -> dict[str, Any]:
        """As JSON types."""
        return {
            "true_kept": self.true_kept,
            "true_lost": [{"key": each.key, "raised": time_to_text(each.raised)} for each in self.true_lost],
            "false_gone": self.wrong_gone,
            "false_left": self.wrong_left,
            "raised": self.raised,
        }


def outcome(cases: Iterable[Case], alerts: Sequence[Mapping[str, Any]]) -> Outcome:
    """Hold verdicts against what a backtest raised.

    Args:
        cases: Alerts with a verdict.
        alerts: As `api.commands.backtesting.told` writes them: `key`, `began`, `ended`.
    """
    found: dict[str, list[tuple[datetime, datetime | None]]] = {}
    for each in alerts:
        ended = None if each["ended"] is None else time_from_text(each["ended"])
        found.setdefault(each["key"], []).append((time_from_text(each["began"]), ended))

    def told(case: Case) -> bool:
        begins, ends = case.started - BEFORE, (case.returned or case.raised) + AFTER
        return any(began <= ends and (ended is None or ended >= begins) for began, ended in found.get(case.key, ()))

    true, wrong = [], []
    for case in cases:
        if case.verdict is Verdict.TRUE:
            true.append(case)
        elif case.is_wrong:
            wrong.append(case)
    lost = tuple(case for case in true if not told(case))
    left = sum(told(case) for case in wrong)
    return Outcome(len(true) - len(lost), lost, len(wrong) - left, left, len(alerts))
