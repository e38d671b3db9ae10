"""Blindness: rules that look as if they watched, and cannot.

A rule is blind when for a day every event that concerned it lacked what it needs (a field missing or of the wrong
type), and such events keep coming; or when all cameras it is meant for are offline. Pure: numbers and times come in.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.events import FieldValue
from hub.selfwatch.watch import Finding

KIND = "hub.rules"

BLIND_AFTER = timedelta(hours=24)
UNKNOWN_EVENTS = 3
"""One odd event makes no rule blind."""


@dataclass(frozen=True, slots=True)
class RuleInput:
    """What a rule has got so far.

    Attributes:
        known: Events that it understood, ever more.
        unknown: Events of which it missed something, ever more.
        cameras: The cameras it is meant for; None when it is not only about certain cameras.
    """

    known: int
    unknown: int
    cameras: frozenset[str] | None = None


@dataclass(slots=True)
class _Seen:
    known: int = 0
    unknown: int = 0
    since: datetime | None = None
    """The first event that it did not understand since the last that it did."""
    latest: datetime | None = None
    number: int = 0
    """Of such events, the time of the latest, and how many."""
    was_dark: bool = False


class Blindness:
    """Which rules are blind, from one look to the next."""

    def __init__(self) -> None:
        self._seen: dict[str, _Seen] = {}

    def look(self, rules: Mapping[str, RuleInput], offline: Collection[str], now: datetime) -> Iterator[Finding]:
        """The rules that are blind now.

        Args:
            rules: By rule id.
            offline: Cameras from which nothing comes.
            now: The time.
        """
        for gone in self._seen.keys() - rules.keys():
            del self._seen[gone]
        for rule_id, given in rules.items():
            why = self._why(rule_id, given, offline, now)
            if why is not None:
                yield Finding(rule_id, {"blind": True, "rule": rule_id, "reason": why})

    @staticmethod
    def over(rule_id: str) -> dict[str, FieldValue]:
        """What is told of a rule that is blind no more."""
        return {"blind": False, "rule": rule_id}

    def _why(self, rule_id: str, given: RuleInput, offline: Collection[str], now: datetime) -> str | None:
        seen = self._seen.setdefault(rule_id, _Seen())
        if given.known < seen.known or given.unknown < seen.unknown:  # counted afresh
            seen.known = seen.unknown = 0
        if given.known > seen.known or (seen.latest is not None and now - seen.latest >= BLIND_AFTER):
            seen.since, seen.latest, seen.number = None, None, 0
        elif given.unknown > seen.unknown:
            seen.since, seen.latest = seen.since or now, now
            seen.number += given.unknown - seen.unknown
        seen.known, seen.unknown = given.known, given.unknown
        was_dark, seen.was_dark = seen.was_dark, bool(given.cameras and given.cameras.issubset(offline))
        if seen.was_dark and was_dark:
            return "every camera it is meant for is offline"
        if seen.since is not None and now - seen.since >= BLIND_AFTER and seen.number >= UNKNOWN_EVENTS:
            return "every event it got for a day lacked what it needs"
        return None
