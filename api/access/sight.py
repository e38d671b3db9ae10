"""Sight: which incidents somebody may see, and on which he may work.

The room sees all. A responder sees those that he was sent to and has not declined, and reads what is in the areas he
answers for while he is on duty. What is not for somebody is not found: the answer never tells that it is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from alerts.incidents.views import IncidentView
from alerts.store.lists import Within
from alerts.store.orders import LIVE, State
from api.parts import Parts
from hub.access import Permission, Principal, allows
from hub.errors import NotFoundError

SEERS = (Permission.VIEW_INCIDENTS, Permission.ANSWER_ORDERS)
"""Any of these sees incidents: all, or those of his own."""
_MOST_OWN = 500
"""The newest orders of a person; whoever has more of them has no use for the oldest."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What one person sees.

    Attributes:
        who: He.
        whole: He sees everything.
        own: Ids of the incidents that he was sent to.
        areas: Those he answers for now, with all below them.
    """

    who: Principal
    whole: bool
    own: frozenset[str] = frozenset()
    areas: frozenset[str] = frozenset()

    def sees(self, incident: str, area: str | None) -> bool:
        """Whether an incident is for him at all."""
        return self.whole or incident in self.own or (area is not None and area in self.areas)

    def works_on(self, incident: str) -> bool:
        """Whether he may do something about it, and see its pictures."""
        return self.whole or incident in self.own

    @property
    def within(self) -> Within | None:
        """The same for lists; None for everything."""
        return None if self.whole else Within(tuple(sorted(self.own)), tuple(sorted(self.areas)))

    def after(self, incident: str, *, live: bool) -> Sight:
        """The same after he was sent to an incident, or his order there was taken from him."""
        own = self.own | {incident} if live else self.own - {incident}
        return self if self.whole else replace(self, own=own)

    def shows(self, topic: str, body: Mapping[str, Any], incident: str | None) -> bool:
        """Whether an entry of the journal is for him: what became of his orders, and the moves of what he sees."""
        if self.whole:
            return True
        if topic == "order":
            return body.get("unit") == self.who.name
        return topic == "incident" and incident is not None and self.sees(incident, body.get("area"))


def sight_of(here: Parts, who: Principal) -> Sight:
    """What somebody sees now."""
    if allows(who, Permission.VIEW_INCIDENTS):
        return Sight(who, whole=True)
    if not allows(who, Permission.ANSWER_ORDERS):
        return Sight(who, whole=False)
    orders = here.desk.dispatching.listed(units=[who.name], states=(*LIVE, State.DONE), limit=_MOST_OWN)
    areas = here.desk.grid().areas_of(who.name, here.clock.now())
    return Sight(who, whole=False, own=frozenset(order.incident for order in orders), areas=areas)


def seen(here: Parts, who: Principal, incident_id: str, *, to_work: bool = False) -> IncidentView:
    """An incident that somebody may see.

    Args:
        here: The hub.
        who: Who asks.
        incident_id: Which.
        to_work: He wants to do something about it, or see its pictures.

    Raises:
        NotFoundError: There is none, or it is not for him.
    """
    found = here.alerts.incident(incident_id)
    sight = sight_of(here, who)
    if not (sight.works_on(found.id) if to_work else sight.sees(found.id, found.area)):
        raise NotFoundError(f"no incident {incident_id}")
    return found
