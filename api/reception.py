"""Reception: what people report, offer and are thanked with, put together in one place."""

from __future__ import annotations

from dataclasses import dataclass

from alerts.incidents.handling import Handling
from alerts.incidents.timekeeper import Task
from alerts.people.photos import Photos
from alerts.people.points import Rewarding, thank_for_reports
from alerts.people.reports import Reporting
from alerts.people.requests import miss_orders, remind_of_orders
from alerts.people.taking import Ground
from alerts.people.volunteering import Volunteering
from api.desk import Territory
from config.machine import Machine
from hub.bus import Bus
from hub.clock import Clock
from hub.store.database import Database
from hub.store.revisions import Revisions


@dataclass(frozen=True, slots=True)
class Reception:
    """What residents come to.

    Attributes:
        reporting: Reports.
        rewarding: Points.
        volunteering: Tasks for volunteers.
        tasks: What time does with all of it.
        plans: Pictures of areas from above.
    """

    reporting: Reporting
    rewarding: Rewarding
    volunteering: Volunteering
    tasks: tuple[Task, ...]
    plans: Photos


def make_reception(
    machine: Machine,
    database: Database,
    bus: Bus,
    clock: Clock,
    *,
    handling: Handling,
    territory: Territory,
    there: Revisions,
) -> Reception:
    """The reception of a hub; nothing of it runs by itself."""
    ground = Ground(territory.places, territory.grid, lambda: there.current().reporting)
    photos = Photos(machine.data / "reports")
    return Reception(
        reporting=Reporting(database, handling, clock, ground=ground, photos=photos),
        rewarding=Rewarding(database, bus, clock),
        volunteering=Volunteering(database, bus, clock, thanks=lambda: there.current().thanks),
        tasks=(remind_of_orders, miss_orders, thank_for_reports(lambda: there.current().thanks)),
        plans=Photos(machine.data / "plans"),
    )
