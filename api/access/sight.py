"""Sight: which incidents somebody may see, and on which he may work.

In the room somebody sees what happened where his grants reach: an incident lies where it was opened and where any of
its alerts was raised, and of an incident that lies in two areas each sees the alerts of his own. A responder sees those
that he was sent to and has not declined, and reads what is in the areas he answers for while he is on duty. What is not
for somebody is not found: the answer never tells that it is there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from alerts.incidents.views import AlertView, IncidentView
from alerts.store.orders import LIVE, State
from api.access.agreed import Agreed
from api.access.reaching import reach_of
from api.parts import Parts
from hub.access import Permission, Principal, allows
from hub.errors import NotFoundError
from hub.reach import Within

SEERS = (Permission.VIEW_INCIDENTS, Permission.ANSWER_ORDERS)
"""Any of these sees incidents: where grants reach, or those of his own."""
_MOST_OWN = 500
"""The newest orders of a person; whoever has more of them has no use for the oldest."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What one person sees; of each part None is everywhere.

    Attributes:
        who: He.
        within: Where he sees incidents, and which are his own.
        working: Where he may do something about them.
        pictured: Where he sees their pictures.
        agreed: What households agreed to.
    """

    who: Principal
    within: Within | None
    working: Within | None
    pictured: Within | None
    agreed: Agreed | None = None

    def sees(self, found: IncidentView) -> bool:
        """Whether an incident is for him at all."""
        return _holds(self.within, found)

    def works_on(self, found: IncidentView) -> bool:
        """Whether he may do something about it."""
        return self.sees(found) and _holds(self.working, found)

    def looks_at(self, found: IncidentView) -> bool:
        """Whether he sees some of its pictures."""
        return self.sees(found) and _holds(self.pictured, found)

    def sees_alert(self, alert: AlertView) -> bool:
        """Whether an alert is for him; of an incident that is, also one that was raised at no place."""
        return _holds_alert(self.within, alert)

    def looks_at_alert(self, alert: AlertView) -> bool:
        """Whether he sees the picture of an alert."""
        return (
            self.sees_alert(alert)
            and _holds_alert(self.pictured, alert)
            # Also who was sent there sees a home only as its people agreed to it.
            and (self.agreed is None or self.agreed.shows(alert.camera, alert.site, alert.raised))
        )

    def alerts_of(self, found: IncidentView) -> tuple[AlertView, ...]:
        """The alerts of an incident that he sees, which are for him or were raised at no place."""
        return tuple(each for each in found.alerts if _is_nowhere(each) or self.sees_alert(each))

    def after(self, incident: str, *, live: bool) -> Sight:
        """The same after he was sent to an incident, or his order there was taken from him."""
        change = {incident}

        def changed(within: Within | None) -> Within | None:
            if within is None:
                return None
            return replace(within, incidents=within.incidents | change if live else within.incidents - change)

        return replace(
            self, within=changed(self.within), working=changed(self.working), pictured=changed(self.pictured)
        )


def sight_of(here: Parts, who: Principal) -> Sight:
    """What somebody sees now."""
    if allows(who, Permission.VIEW_INCIDENTS):
        reach = reach_of(here, who)
        return Sight(
            who,
            within=reach.within(Permission.VIEW_INCIDENTS),
            working=reach.within(Permission.HANDLE_INCIDENTS),
            pictured=reach.within(Permission.VIEW_PICTURES),
            agreed=Agreed(here, who),
        )
    if not allows(who, Permission.ANSWER_ORDERS) or who.cameras is not None:
        return Sight(who, Within(), Within(), Within())  # a key for cameras is sent nowhere
    orders = here.desk.dispatching.listed(units=[who.name], states=(*LIVE, State.DONE), limit=_MOST_OWN)
    own = Within(incidents=frozenset(order.incident for order in orders))
    areas = frozenset(here.desk.grid().areas_of(who.name, here.clock.now()))
    return Sight(who, within=replace(own, areas=areas), working=own, pictured=own, agreed=Agreed(here, who))


def seen(
    here: Parts, who: Principal, incident_id: str, *, to_work: bool = False, to_look: bool = False
) -> IncidentView:
    """An incident that somebody may see.

    Args:
        here: The hub.
        who: Who asks.
        incident_id: Which.
        to_work: He wants to do something about it.
        to_look: He wants to see its pictures.

    Raises:
        NotFoundError: There is none, or it is not for him.
    """
    found = here.alerts.incident(incident_id)
    sight = sight_of(here, who)
    wanted = sight.works_on if to_work else sight.looks_at if to_look else sight.sees
    if not wanted(found):
        raise NotFoundError(f"no incident {incident_id}")
    return found


def seen_alert(here: Parts, who: Principal, alert_id: str, *, to_look: bool = False) -> AlertView:
    """An alert that somebody may see.

    Raises:
        NotFoundError: There is none, or it is not for him.
    """
    found = here.alerts.alert(alert_id)
    sight = sight_of(here, who)
    if (sight.looks_at_alert if to_look else sight.sees_alert)(found):
        return found
    if _is_nowhere(found):
        incident = here.alerts.incident(found.incident)
        if (sight.looks_at if to_look else sight.sees)(incident):
            return found
    raise NotFoundError(f"no alert {alert_id}")


def _holds(within: Within | None, found: IncidentView) -> bool:
    return (
        within is None
        or found.id in within.incidents
        or within.held(camera=found.camera, site=found.site, area=found.area)
        or any(_holds_alert(within, alert) for alert in found.alerts)
    )


def _holds_alert(within: Within | None, alert: AlertView) -> bool:
    return (
        within is None
        or alert.incident in within.incidents
        or within.held(camera=alert.camera, site=alert.site, area=alert.area)
    )


def _is_nowhere(alert: AlertView) -> bool:
    return alert.camera is None and alert.site is None and alert.area is None
