"""Reaches: what everybody may do where, worked out once and kept until grants, the Community or the time change it.

What is kept is bounded: of more askers the one that asked longest ago is worked out anew. Safe from any thread.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from config.community import Community
from hub.access import Principal, Role
from hub.clock import Clock
from hub.pictures import Pictures, pictures_in
from hub.reach import Grant, Reach, Territory
from hub.store.people.grants import Grants
from hub.store.revisions import Revisions

MOST = 1_000
"""People and keys that ask in turn; each of few grants is some kilobytes."""

_FOR_EVER = datetime.max.replace(tzinfo=UTC)


@dataclass(slots=True)
class _Kept:
    """A reach, and what it was made of; what it shows of pictures when somebody asked."""

    reach: Reach
    grants: tuple[Grant, ...]
    territory: Territory
    since: datetime
    until: datetime
    named: Mapping[str, datetime | None] | None = None
    pictures: Pictures | None = None


Named = Callable[[str], Mapping[str, datetime | None]]
"""The homes for which settings name an account, and from when on their recordings are that person's."""


class Reaches:
    """The reach of everybody."""

    def __init__(self, grants: Grants, revisions: Revisions, clock: Clock, *, named: Named | None = None) -> None:
        """Work out reaches from `grants` and the Community in force; `named` says for which homes settings count."""
        self._named = named
        self._grants = grants
        self._revisions = revisions
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[Principal, _Kept] = OrderedDict()
        self._territory: tuple[Community, Territory] = (Community(), Territory(Community()))

    def of(self, who: Principal) -> Reach:
        """What somebody may do where, now."""
        return self._of(who).reach

    def pictures(self, who: Principal) -> Pictures:
        """What somebody may see of all cameras, now."""
        kept = self._of(who)
        if kept.pictures is None:
            kept.pictures = pictures_in(kept.reach)
        return kept.pictures

    def _of(self, who: Principal) -> _Kept:
        now = self._clock.now()
        grants, territory = self._grants.of(who.id), self.territory()
        named = None if self._named is None or who.role != Role.RESIDENT else self._named(who.name)
        with self._lock:
            known = self._kept.get(who)
            if (
                known is not None
                and known.grants is grants
                and known.territory is territory
                and known.named == named
                and known.since <= now < known.until
            ):
                self._kept.move_to_end(who)
                return known
        reach = Reach(who, grants, territory, now, named=named)
        made = _Kept(reach, grants, territory, now, _next_change(grants, now), named)
        with self._lock:
            self._kept[who] = made
            self._kept.move_to_end(who)
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)
        return made

    def territory(self) -> Territory:
        """What lies where in the Community in force."""
        community = self._revisions.current()
        known = self._territory
        if known[0] is not community:
            self._territory = known = (community, Territory(community))
        return known[1]


def _next_change(grants: tuple[Grant, ...], now: datetime) -> datetime:
    """When the next of some grants begins or ends."""
    return min(
        (moment for grant in grants for moment in (grant.starts, grant.ends) if moment is not None and moment > now),
        default=_FOR_EVER,
    )
