"""Watched: who saw what of a household, out of the audit log, in the words of a page.

The log has a beginning and mostly an end for each look; here they are one, and looks of the same person that follow
each other closely are one too. Nobody is left out: colleagues, residents, with whom it is shared, and oneself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from hub.audit import Action
from hub.events import time_from_text

LOOKS = (Action.VIEW, Action.PLAYBACK, Action.STILL, Action.EXPORT, Action.BREAK_GLASS)
FOLDED = timedelta(minutes=10)
"""Looks of one person at one camera that are no further apart are one."""


class Told(Protocol):
    """What is read of an entry of the log."""

    @property
    def at(self) -> datetime:
        """When."""

    @property
    def account(self) -> str:
        """Whose."""

    @property
    def actor(self) -> str:
        """His name then."""

    @property
    def role(self) -> str:
        """His role then."""

    @property
    def action(self) -> str:
        """What he did."""

    @property
    def camera(self) -> str | None:
        """At which camera."""

    @property
    def more(self) -> Mapping[str, Any]:
        """Details."""


@dataclass(frozen=True, slots=True)
class Watched:
    """Somebody who watched.

    Attributes:
        camera: Which camera.
        account: Whose id.
        who: His name.
        role: His role then.
        what: An `Action` of `LOOKS`.
        start: From when, UTC.
        end: To when.
        times: How many looks.
        reason: Why, where he looked against the household's consent.
    """

    camera: str
    account: str
    who: str
    role: str
    what: str
    start: datetime
    end: datetime
    times: int = 1
    reason: str | None = None


def folded(entries: Iterable[Told], *, erased: Mapping[str, str], cameras: Collection[str]) -> list[Watched]:
    """Looks out of entries, the newest first.

    Args:
        entries: Of the log, the newest first.
        erased: Names of today by the id of accounts that were erased.
        cameras: Only at these.
    """
    ends: dict[tuple[str, str, str, datetime], datetime] = {}
    looks: list[Watched] = []
    for entry in entries:
        if entry.camera not in cameras or entry.camera is None:
            continue
        key = entry.account or entry.actor, entry.camera, entry.action
        if entry.more.get("phase") == "ended":
            ends[(*key, time_from_text(entry.more["began"]))] = entry.at
            continue
        looks.append(
            Watched(
                camera=entry.camera,
                account=entry.account,
                who=erased.get(entry.account, entry.actor),
                role=entry.role,
                what=entry.action,
                start=entry.at,
                end=max(entry.at, ends.get((*key, entry.at), entry.at)),
                reason=entry.more.get("reason"),
            )
        )
    return _joined(looks)


def _joined(looks: Iterable[Watched]) -> list[Watched]:
    """Those that follow each other closely as one; each breaking of glass stands by itself, with its reason."""
    done: list[Watched] = []
    last: dict[tuple[str, str, str], int] = {}
    for look in looks:
        key = look.account or look.who, look.camera, look.what
        number = last.get(key)
        later = done[number] if number is not None else None
        if number is None or later is None or look.reason is not None or later.start - look.end > FOLDED:
            last[key] = len(done)
            done.append(look)
        else:
            joined = replace(later, start=look.start, end=max(later.end, look.end), times=later.times + look.times)
            done[number] = joined
    return done
