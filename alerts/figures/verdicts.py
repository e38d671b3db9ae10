"""Verdicts: how often each rule and each device was right, as the people said who dealt with what it raised.

The last verdict of an incident counts, for every rule and every device that had an alert in it; one that was taken back
does not. Tests and duplicates are counted and say nothing about who is right. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alerts.figures.signs import Deed, Entry, Member
from alerts.incidents.incident import FINISHED, Verdict, done

_RESOLVED = done("resolve")


@dataclass(frozen=True, slots=True)
class Shares:
    """The verdicts about one rule, one device, or all.

    Attributes:
        verdicts: How many of each.
        causes: Why it was false or a nuisance, the most frequent first.
    """

    verdicts: Mapping[Verdict, int]
    causes: Mapping[str, int]

    @property
    def judged(self) -> int:
        """How many say whether it was right: true, false, nuisance."""
        return sum(self.verdicts.get(each, 0) for each in (Verdict.TRUE, Verdict.FALSE, Verdict.NUISANCE))

    @property
    def false_share(self) -> float | None:
        """Share of false and nuisance in these; None when there are none."""
        if not self.judged:
            return None
        return (self.verdicts.get(Verdict.FALSE, 0) + self.verdicts.get(Verdict.NUISANCE, 0)) / self.judged

    def to_json(self) -> dict[str, Any]:
        """As JSON types."""
        share = self.false_share
        return {
            "verdicts": {each.value: self.verdicts.get(each, 0) for each in Verdict if each is not Verdict.NONE},
            "judged": self.judged,
            "false_share": None if share is None else round(share, 4),
            "causes": dict(self.causes),
        }


@dataclass(frozen=True, slots=True)
class Judged:
    """All verdicts of a time.

    Attributes:
        total: Over all incidents.
        rules, devices: By rule and by device, those with the most that was false first.
    """

    total: Shares
    rules: Mapping[str, Shares]
    devices: Mapping[str, Shares]


def judged(entries: Iterable[Entry], *, since: datetime, until: datetime) -> Judged:
    """The verdicts given between two times.

    Args:
        entries: In the order in which they were recorded.
        since: First moment counted.
        until: First moment not counted any more.
    """
    last: dict[str, Deed] = {}
    for entry in entries:
        if not isinstance(entry, Deed) or not since <= entry.at < until:
            continue
        if entry.move == _RESOLVED:
            last[entry.incident] = entry
        elif entry.handling not in FINISHED:
            last.pop(entry.incident, None)
    deeds = tuple(last.values())
    return Judged(
        total=_shares(deeds),
        rules=_by(deeds, lambda member: member.rule),
        devices=_by(deeds, lambda member: member.device),
    )


def _by(deeds: Iterable[Deed], name: Callable[[Member], str]) -> Mapping[str, Shares]:
    found: dict[str, list[Deed]] = {}
    for deed in deeds:
        for each in dict.fromkeys(name(member) for member in deed.members):
            if each:
                found.setdefault(each, []).append(deed)
    shares = {each: _shares(some) for each, some in found.items()}
    return dict(sorted(shares.items(), key=lambda pair: (-_wrong(pair[1]), -pair[1].judged, pair[0])))


def _wrong(shares: Shares) -> int:
    return shares.verdicts.get(Verdict.FALSE, 0) + shares.verdicts.get(Verdict.NUISANCE, 0)


def _shares(deeds: Iterable[Deed]) -> Shares:
    some = tuple(deeds)
    causes = Counter(deed.cause for deed in some if deed.cause)
    return Shares(Counter(deed.verdict for deed in some), dict(causes.most_common()))
