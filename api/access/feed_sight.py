"""Feed sight: which entries of the journal somebody sees, and what of them.

What happened somewhere is for whoever reaches that place; what belongs to no place, as machine health, is for who
reaches everything. Asked of every entry at the moment it is sent, so that a grant that ended shows nothing more.
Reads the store, so not to be called where nothing may block.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from alerts.incidents.views import JournalEntry
from alerts.store.orders import LIVE, State
from api.access.reaching import reach_of
from api.access.sight import sight_of
from api.parts import Parts
from hub.access import Permission, Principal, allows
from hub.errors import NotFoundError
from hub.reach import Within

_OF_INCIDENTS = ("order", "evidence")
"""These say of which incident they are, and not where that is."""
_PLACES = ("camera", "site", "area", "device", "sensor")


class FeedSight:
    """What one client sees. Not for several threads at once."""

    def __init__(self, here: Parts, who: Principal) -> None:
        """Begin with what `who` sees now."""
        self._here = here
        self._who = who
        self._in_room = allows(who, Permission.VIEW_INCIDENTS)
        self._reach = reach_of(here, who)
        self._sight = sight_of(here, who)

    def goes_on(self) -> bool:
        """Whether there is still something for him, as his account and grants are now."""
        account = self._here.accounts.get(self._who.id)
        if account is None or account.disabled or account.role != self._who.role:
            return False
        self._look_again()
        return not self._in_room or self._reach.may(Permission.VIEW_INCIDENTS)

    def shown(self, entry: JournalEntry) -> Mapping[str, Any] | None:
        """The body of an entry as he may see it; None when it is not for him."""
        self._look_again()
        if entry.topic == "order" and entry.body.get("unit") == self._who.name:
            live = entry.body.get("state") in (*LIVE, State.DONE)
            self._sight = self._sight.after(entry.incident or "", live=live)
            return entry.body
        within = self._sight.within
        if within is None:
            return entry.body
        if not self._in_room:
            return entry.body if entry.topic == "incident" and self._is_for(within, entry) else None
        return self._in_part(within, entry)

    def _look_again(self) -> None:
        reach = reach_of(self._here, self._who)
        if reach is not self._reach:
            self._reach, self._sight = reach, sight_of(self._here, self._who)

    def _is_for(self, within: Within, entry: JournalEntry) -> bool:
        """Of who is sent: what he was sent to, and what is in his areas."""
        return entry.incident is not None and (
            entry.incident in within.incidents or entry.body.get("area") in within.areas
        )

    def _in_part(self, within: Within, entry: JournalEntry) -> Mapping[str, Any] | None:
        body = entry.body
        if entry.topic in _OF_INCIDENTS:
            return self._of_incident(entry) if entry.incident is not None else None
        if entry.topic != "incident":
            return body if self._is_in_part(within, entry) else None
        alerts = body.get("alerts") or ()
        if not (self._holds(within, body) or any(self._holds(within, each) for each in alerts)):
            return None
        return {**body, "alerts": [each for each in alerts if _is_nowhere(each) or self._holds(within, each)]}

    def _is_in_part(self, within: Within, entry: JournalEntry) -> bool:
        if entry.topic == "rule":
            return self._reach.may(Permission.VIEW_RULES)
        if entry.topic == "health":
            return self._reach.reaches_device(Permission.VIEW_INCIDENTS, entry.subject)
        if entry.topic == "household":
            return entry.subject in within.sites
        return self._holds(within, entry.body)

    def _holds(self, within: Within, body: Mapping[str, Any]) -> bool:
        if within.held(camera=body.get("camera"), site=body.get("site"), area=body.get("area")):
            return True
        device = body.get("device") or body.get("sensor")
        return device is not None and self._reach.reaches_device(Permission.VIEW_INCIDENTS, device)

    def _of_incident(self, entry: JournalEntry) -> Mapping[str, Any] | None:
        try:
            if not self._sight.sees(self._here.alerts.incident(entry.incident or "")):
                return None
        except NotFoundError:
            return None
        cameras = entry.body.get("cameras")
        if cameras is None:
            return entry.body
        seen = [each for each in cameras if self._reach.allows(Permission.VIEW_PICTURES, camera=each)]
        return {**{name: value for name, value in entry.body.items() if name != "files"}, "cameras": seen}


def _is_nowhere(body: Mapping[str, Any]) -> bool:
    return not any(body.get(name) for name in _PLACES)


def shown_of(sight: FeedSight, entries: Iterable[JournalEntry]) -> list[Mapping[str, Any] | None]:
    """What of some entries is for somebody, in order."""
    return [sight.shown(entry) for entry in entries]
