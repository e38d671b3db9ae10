"""Figure desk: figures of the room for those who ask, read from the journal each time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from alerts.figures.flood_watch import FloodWatch, Rate
from alerts.figures.room_figures import RoomFigures, count
from alerts.store.figures import read_cases, read_entries
from alerts.trials.bad_actors import Case
from api.self_figures import watch_flood
from config.handling import Deadlines
from hub.bus import Bus
from hub.clock import Clock
from hub.lifecycle import Lifecycle
from hub.metrics import Metrics
from hub.store.database import Database
from hub.store.event_log import EventLog


class FigureDesk:
    """Reads and counts; safe from any thread, and nothing waits for it."""

    def __init__(
        self, database: Database, deadlines: Callable[[], Deadlines], *, rate: Callable[[], Rate] = Rate
    ) -> None:
        """Count what is in `database` by the deadlines of the site as they are now; `rate` says how it stands."""
        self._database = database
        self._deadlines = deadlines
        self.rate = rate

    def between(self, since: datetime, until: datetime) -> RoomFigures:
        """Everything that is counted between two times.

        Raises:
            ValueError: `until` is not after `since`.
        """
        entries = read_entries(self._database, since, until)
        return count(entries, since=since, until=until, deadlines=self._deadlines())

    def cases(self, rule: str, since: datetime, until: datetime) -> list[Case]:
        """The alerts of a rule on which there is a verdict."""
        return read_cases(self._database, rule, since, until)


def start_figures(
    database: Database,
    event_log: EventLog,
    bus: Bus,
    clock: Clock,
    *,
    deadlines: Callable[[], Deadlines],
    metrics: Metrics,
    lifecycle: Lifecycle,
) -> FigureDesk:
    """Begin to watch for floods, and have figures to be asked for.

    Args:
        database: Where the journal is.
        event_log: Is told of floods.
        bus: Says that there is more in the journal.
        clock: For the ten minutes.
        deadlines: Those of the site, as they are now.
        metrics: Show how it stands.
        lifecycle: Ends it.
    """
    flood = FloodWatch(database, event_log, bus, clock)
    lifecycle.push("flood watch", flood.stop)
    flood.start()
    watch_flood(metrics, flood)
    return FigureDesk(database, deadlines, rate=flood.status)
