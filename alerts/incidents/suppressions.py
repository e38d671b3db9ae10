"""Suppressions: what people hide on purpose, with a name, a reason and an end.

A silence hides kinds of alerts at places for some hours, maintenance and out of service hide one device. Rules run and
everything is recorded under each of them; only what is shown changes, and what still holds at the end is shown then.
What is graver than the person who made it may hide is never hidden. Pure: `hiding.py` does it in the store.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from alerts.alert import Condition
from alerts.incidents.guards import GUARDS, Wish
from alerts.incidents.incident import SUPERVISORS, Display, Handling, Situation, move_named
from alerts.incidents.views import AlertView, IncidentView
from alerts.language.kinds import family
from config.community import Level
from config.handling import Deadlines
from hub.errors import NotAllowedError
from hub.events import time_to_text


class Mode(enum.StrEnum):
    """What hides, and why."""

    SILENCE = "silence"
    """A drill, a wedding, works: what it covers is not shown."""
    MAINTENANCE = "maintenance"
    """A device is worked on."""
    OUT_OF_SERVICE = "out_of_service"
    """A device is switched off on purpose."""

    @property
    def display(self) -> Display:
        """How an incident under it is shown."""
        return Display.SHELVED if self is Mode.SILENCE else Display(self.value)

    @property
    def move(self) -> str:
        """The move of the table by which an incident comes under it."""
        return hiding_move(self.display)


def hiding_move(display: Display) -> str:
    """The move of the table by which an incident comes to be displayed so."""
    return {Display.SHELVED: "shelve", Display.MAINTENANCE: "maintain", Display.OUT_OF_SERVICE: "take_out"}[display]


def showing_move(before: Display, after: Display) -> str:
    """The move of the table by which an incident comes from being hidden to what it is now."""
    if after is not Display.SHOWN:
        return hiding_move(after)
    return "unshelve" if before is Display.SHELVED else "restore"


class Stage(enum.StrEnum):
    """Where a suppression is in its time."""

    COMING = "coming"
    ACTIVE = "active"
    PAST = "past"


Spoke = Callable[[AlertView], AbstractSet[str]]
"""Who spoke for an alert: ids of cameras, sensors and gateways."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What is covered: everything named must hold. One thing at least has to be named.

    Attributes:
        kind: Alert kind, or a family of them (`fire`).
        area: Area id; those below it too.
        site, device, rule: Ids. A device is a camera, a sensor or a gateway.
    """

    kind: str | None = None
    area: str | None = None
    site: str | None = None
    device: str | None = None
    rule: str | None = None

    @property
    def empty(self) -> bool:
        """Whether it names nothing, and would cover everything."""
        return not any(asdict(self).values())


@dataclass(frozen=True, slots=True)
class Suppression:
    """One of them, as it is stored.

    Attributes:
        id: Random.
        mode: What kind of hiding.
        scope: What is covered.
        areas: The area of the scope and those below it, as they were when it was made.
        level: What is graver is shown.
        once: It ends when something that it covers has returned.
        since, until: From when until when it hides.
        reason: Why.
        made_by, made: Account name, and when.
        told: Ids of the sites whose people are told of it, because their lives may depend on the device.
        begun: When what stood open was hidden under it, None before.
        ended, ended_by: When it stopped hiding and by whom, None while it hides or is to come.
    """

    id: str
    mode: Mode
    scope: Scope
    areas: tuple[str, ...]
    level: Level
    once: bool
    since: datetime
    until: datetime
    reason: str
    made_by: str
    made: datetime
    told: tuple[str, ...] = ()
    begun: datetime | None = None
    ended: datetime | None = None
    ended_by: str | None = None

    def stage(self, now: datetime) -> Stage:
        """Where it is in its time."""
        if self.ended is not None or self.until <= now:
            return Stage.PAST
        return Stage.ACTIVE if self.since <= now else Stage.COMING

    def hides_at(self, at: datetime) -> bool:
        """Whether it hides what happens at a time; once it has begun, also what happened just before and came late."""
        return self.ended is None and (self.begun is not None or self.since <= at) and at < self.until

    def covers(self, alert: AlertView, spoke: Spoke) -> bool:
        """Whether it covers an alert, at whatever time."""
        return alert.level.rank <= self.level.rank and self.reaches(alert, spoke)

    def reaches(self, alert: AlertView, spoke: Spoke) -> bool:
        """Whether an alert is within its scope, of whatever level; of a device only what nobody else says."""
        scope = self.scope
        return (
            (scope.kind is None or scope.kind in (alert.kind, family(alert.kind)))
            and (scope.area is None or alert.area in self.areas)
            and (scope.site is None or alert.site == scope.site)
            and (scope.rule is None or alert.rule == scope.rule)
            and (scope.device is None or spoke(alert) == {scope.device})
        )

    def to_json(self) -> dict[str, Any]:
        """As JSON types."""
        return {
            "id": self.id,
            "mode": self.mode.value,
            **asdict(self.scope),
            "areas": list(self.areas),
            "level": self.level.value,
            "once": self.once,
            "since": time_to_text(self.since),
            "until": time_to_text(self.until),
            "reason": self.reason,
            "made_by": self.made_by,
            "made": time_to_text(self.made),
            "told": list(self.told),
            "begun": None if self.begun is None else time_to_text(self.begun),
            "ended": None if self.ended is None else time_to_text(self.ended),
            "ended_by": self.ended_by,
        }


def hidden(view: IncidentView, suppressions: Iterable[Suppression], spoke: Spoke) -> IncidentView | None:
    """The incident as these suppressions hide it; None when they do not, because one alert of it is not covered.

    Of several that cover an alert the one with the latest end counts; of several alerts, the one that is shown first.
    What a person reported is covered by none.
    """
    if view.reporter is not None:
        return None
    found = list(suppressions)
    standing = [alert for alert in view.alerts if alert.condition != Condition.CLOSED]
    chosen: list[Suppression] = []
    for alert in standing:
        over = [each for each in found if each.covers(alert, spoke)]
        if not over:
            return None
        chosen.append(max(over, key=lambda each: (each.until, each.made, each.id)))
    if not chosen:
        return None
    names = min(chosen, key=lambda each: (each.until, each.made, each.id))
    return replace(
        view,
        display=names.mode.display,
        hidden_until=names.until,
        hidden_by=names.made_by,
        hidden_why=names.reason,
        hidden_under=names.id,
    )


def check_suppression(
    suppression: Suppression, role: str, now: datetime, deadlines: Deadlines, *, life_safety: bool
) -> None:
    """Hold a suppression to what this person may hide, and for how long.

    Args:
        suppression: As it is to be.
        role: Of who makes or extends it.
        now: Its time counts from now, or from its beginning if that is to come.
        deadlines: Of the site.
        life_safety: Lives depend on its device.

    Raises:
        NotAllowedError: Says what is missing, or who may.
    """
    name = suppression.mode.move
    wish = Wish(max(now, suppression.since), role, suppression.reason, until=suppression.until)
    situation = Situation(Handling.NEW, suppression.level, active=True, life_safety=life_safety)
    reason = GUARDS[name](situation, wish, deadlines)
    if role not in move_named(name).by:
        reason = f"as {role} you may not make this: {suppression.mode.value.replace('_', ' ')}"
    elif suppression.level is Level.CRITICAL and role not in SUPERVISORS:
        reason = "only a supervisor can hide what is red"
    elif suppression.scope.empty:
        reason = "name a kind, an area, a site, a device or a rule; nothing hides everything"
    elif suppression.until <= now:
        reason = "the end is past; give a later `until`"
    if reason is not None:
        raise NotAllowedError(reason, allowed=())


def entry_of(suppression: Suppression, move: str, who: str, *, note: str, now: datetime) -> dict[str, Any]:
    """What the journal says of a move of one."""
    return {
        "at": time_to_text(now),
        "topic": "suppression",
        "subject": suppression.id,
        "incident": None,
        "move": move,
        "who": who,
        "note": note,
        "body": suppression.to_json(),
    }
