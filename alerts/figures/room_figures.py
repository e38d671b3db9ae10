"""Room figures: everything that is counted of the room between two times, from one reading of the journal. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from alerts.figures.followed import follow
from alerts.figures.load import TEN_MINUTES, Load, measure
from alerts.figures.signs import Entry
from alerts.figures.timeliness import Work
from alerts.figures.verdicts import Judged, Shares, judged
from config.handling import Deadlines
from hub.events import time_to_text


@dataclass(frozen=True, slots=True)
class RoomFigures:
    """What is counted.

    Attributes:
        load: How often the room was asked to act.
        work: What people did.
        judged: What it was in the end.
    """

    load: Load
    work: Work
    judged: Judged

    @property
    def positions(self) -> int:
        """Logins that were the first to see something; one at least, because somebody has to be there."""
        return max(1, len(self.work.answered))

    def load_json(self) -> dict[str, Any]:
        """The load as JSON types, in all and for each position."""
        per = {"day": timedelta(days=1), "hour": timedelta(hours=1), "ten_minutes": TEN_MINUTES}
        return {
            **self.load.to_json(),
            "positions": self.positions,
            "per_position": {name: round(self.load.mean_per(span) / self.positions, 3) for name, span in per.items()},
            "answered": dict(sorted(self.work.answered.items())),
            "opened": self.work.opened,
        }

    def people_json(self, *, only: str | None = None) -> dict[str, Any]:
        """How long people took as JSON types: the room's and each person's, or one person's alone."""
        people = [each for each in self.work.people if only in (None, each)]
        return {
            **self._times(),
            "room": self.work.timings(),
            "people": [
                {
                    "name": who,
                    "answered": self.work.answered.get(who, 0),
                    "moves": dict(self.work.deeds.get(who, {})),
                    "steps": self.work.timings(who=who),
                }
                for who in people
            ],
        }

    def rules_json(self) -> dict[str, Any]:
        """Load and verdicts by rule and by device, as JSON types."""
        counts = dict(self.load.rules)
        names = [*counts, *(rule for rule in self.judged.rules if rule not in counts)]
        nothing = Shares({}, {})
        return {
            **self._times(),
            "total": self.judged.total.to_json(),
            "rules": [
                {
                    "rule": rule,
                    "annunciations": counts.get(rule, 0),
                    "share": round(counts.get(rule, 0) / max(1, self.load.annunciations), 4),
                    **self.judged.rules.get(rule, nothing).to_json(),
                }
                for rule in names
                if rule
            ],
            "devices": [{"device": device, **shares.to_json()} for device, shares in self.judged.devices.items()],
        }

    def shift_json(self, *, only: str | None = None) -> dict[str, Any]:
        """Everything, as JSON types; of people's figures one person's alone when named."""
        return {
            **self._times(),
            "load": self.load_json(),
            "people": self.people_json(only=only),
            "rules": self.rules_json(),
            "open_before": [each.to_json() for each in self.work.open_before],
            "open_after": [each.to_json() for each in self.work.open_after],
        }

    def _times(self) -> dict[str, Any]:
        return {"since": time_to_text(self.load.since), "until": time_to_text(self.load.until)}


def count(entries: Sequence[Entry], *, since: datetime, until: datetime, deadlines: Deadlines) -> RoomFigures:
    """Count everything between two times.

    Args:
        entries: In the order in which they were recorded, with what stood before.
        since: First moment counted.
        until: First moment not counted any more.
        deadlines: Those of the site.

    Raises:
        ValueError: `until` is not after `since`.
    """
    return RoomFigures(
        load=measure(entries, since=since, until=until),
        work=follow(entries, since=since, until=until, deadlines=deadlines),
        judged=judged(entries, since=since, until=until),
    )
