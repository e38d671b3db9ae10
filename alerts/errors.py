"""The errors of alerts.

HubError                     (hub/errors.py)
+-- ConflictError            (hub/errors.py)
|   +-- MovedMeanwhileError  somebody else moved the incident first; holds their move
|   +-- OrderMovedError      somebody else moved the order first; holds how it stands
+-- TooManyReportsError      one account sent more than are taken; says when to come back
"""

from __future__ import annotations

from alerts.incidents.views import IncidentView, JournalEntry
from alerts.store.orders import Order
from hub.errors import ConflictError, HubError


class MovedMeanwhileError(ConflictError):
    """Somebody else moved the incident first.

    Attributes:
        incident: As it is now.
        first: Their move, None when it was the engine's.
    """

    def __init__(self, message: str, *, incident: IncidentView, first: JournalEntry | None) -> None:
        super().__init__(message)
        self.incident = incident
        self.first = first


class OrderMovedError(ConflictError):
    """Somebody else moved the order first.

    Attributes:
        order: As it is now.
    """

    def __init__(self, message: str, *, order: Order) -> None:
        super().__init__(message)
        self.order = order


class TooManyReportsError(HubError):
    """Somebody sent more reports than one account may in an hour.

    Attributes:
        retry_after_s: When the next one is taken, seconds.
    """

    def __init__(self, most: int, *, retry_after_s: int) -> None:
        super().__init__(f"{most} reports in an hour are taken from one account; call the room if it is urgent")
        self.retry_after_s = retry_after_s
