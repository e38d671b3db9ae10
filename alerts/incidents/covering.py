"""Covering: what suppressions make of incidents while a batch of Events is recorded, in the same transaction.

Only what is opened comes under what hides; what people saw stays where it is. A rise shows it, and so does an alert
that nobody hid.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from alerts.incidents.incident import ENGINE
from alerts.incidents.suppressions import Mode, Suppression, hidden
from alerts.incidents.views import AlertView, IncidentView
from alerts.store.connection import Connection
from alerts.store.suppressions import not_ended, who_spoke, write_suppression


class Cover:
    """What hides during one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: list[Suppression] | None = None

    def opened(self, view: IncidentView, at: datetime) -> IncidentView | None:
        """An incident that is opened, as it is hidden; None when it is shown."""
        return hidden(view, self._hiding(at), self._spoke)

    def stays(self, view: IncidentView, at: datetime, *, joined: bool, graver: bool, rose: bool) -> IncidentView | None:
        """A hidden incident, as it is hidden from now on; None when it is shown.

        Args:
            view: As it is.
            at: When.
            joined: An alert came to it.
            graver: Its level rose.
            rose: The level of one of its alerts rose.
        """
        if view.hidden_under is None:  # a person put this one aside, as he saw it
            returned = view.hidden_until is None and not view.active
            return None if graver or joined or returned else view
        forces = [each for each in self._hiding(at) if not rose or each.mode is not Mode.SILENCE]
        return hidden(view, forces, self._spoke)

    def used_up(self, returned: Iterable[AlertView], at: datetime) -> list[Suppression]:
        """End those that were to hide until it returns once, and it has; they are stored as ended."""
        alerts = list(returned)
        ended = [
            replace(each, ended=at, ended_by=ENGINE)
            for each in self._hiding(at)
            if each.once and any(each.covers(alert, self._spoke) for alert in alerts)
        ]
        for each in ended:
            write_suppression(self._connection, each, new=False)
        if ended:
            self._known = None
        return ended

    def _hiding(self, at: datetime) -> list[Suppression]:
        if self._known is None:
            self._known = not_ended(self._connection)
        return [each for each in self._known if each.hides_at(at)]

    def _spoke(self, alert: AlertView) -> frozenset[str]:
        return who_spoke(self._connection, alert)
