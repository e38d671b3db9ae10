"""Journals written by hand: signs of alerts and deeds of people, with times in seconds after a start."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from alerts.figures.signs import Deed, Sign
from alerts.incidents.incident import ENGINE, Handling
from config.community import Level

START = datetime(2026, 3, 3, tzinfo=UTC)
DAY = timedelta(days=1)


def at(seconds: float) -> datetime:
    """So many seconds after the start."""
    return START + timedelta(seconds=seconds)


def sign(
    at_s: float,
    move: str = "raised",
    *,
    key: str = "hh-1",
    level: Level = Level.WARNING,
    hidden: bool = False,
    incident: str = "",
    rule: str = "fire.smoke_sensor",
) -> Sign:
    """A move of the alert about `key`."""
    return Sign(at(at_s), move, f"alert-{key}", "fire.smoke", rule, key, level, hidden, incident, f"{key}-smoke")


def deed(at_s: float, move: str, handling: Handling, *, who: str = ENGINE, incident: str = "i1", **more: Any) -> Deed:
    """A move of an incident, orange unless `level` says otherwise."""
    return Deed(
        at=at(at_s),
        move=move,
        incident=incident,
        who=who,
        handling=handling,
        **{"level": Level.SERIOUS, "kind": "fire.smoke", "number": int(incident[1:]), **more},
    )
