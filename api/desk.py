"""Desk: what the room, patrols and grid wardens send and answer orders with, put together in one place."""

from __future__ import annotations

from dataclasses import dataclass

from alerts.dispatch.dispatching import Dispatching
from alerts.dispatch.grid import Grid
from alerts.dispatch.positions import Positions
from alerts.dispatch.sending import hasten_orders, lapse_orders, send_at_once
from alerts.incidents.handling import Handling
from alerts.incidents.hiding import Suppressing, keep_suppressions
from alerts.incidents.timekeeper import Task
from alerts.language.places import Places, places_of
from alerts.people.photos import Photos
from config.community import Community
from config.machine import Machine
from hub.clock import Clock
from hub.store.database import Database

_MOST_PHOTOS = 5_000  # at some 3 MB each 15 GB; two years of seven a day


class Territory:
    """Places and duties as they are now; follows the Community."""

    def __init__(self) -> None:
        self.apply(Community())

    def apply(self, community: Community) -> None:
        """Go by this one from now on."""
        places = places_of(community)
        self._now = (places, Grid(places, community.duties))

    def grid(self) -> Grid:
        """The duties."""
        return self._now[1]

    def places(self) -> Places:
        """Where everything is."""
        return self._now[0]


@dataclass(frozen=True, slots=True)
class Desk:
    """What orders are worked with.

    Attributes:
        database: Where orders are.
        dispatching: Orders.
        hiding: Silences and maintenance.
        territory: Who is on duty, and where things are.
        positions: Where people are.
        photos: Those that show that somebody arrived, by id of the order.
        key: What arrival codes are made with.
        tasks: What time does with orders, silences and maintenance.
    """

    database: Database
    dispatching: Dispatching
    hiding: Suppressing
    territory: Territory
    positions: Positions
    photos: Photos
    key: bytes
    tasks: tuple[Task, ...]

    def grid(self) -> Grid:
        """The duties as they are now."""
        return self.territory.grid()


def make_desk(machine: Machine, database: Database, clock: Clock, *, handling: Handling, key: bytes) -> Desk:
    """The desk of a hub; nothing of it runs by itself."""
    territory = Territory()
    return Desk(
        database=database,
        dispatching=Dispatching(database, handling, territory.grid),
        hiding=Suppressing(database, handling, clock, places=territory.places),
        territory=territory,
        positions=Positions(clock),
        photos=Photos(machine.data / "arrivals", most_files=_MOST_PHOTOS),
        key=key,
        tasks=(keep_suppressions, hasten_orders, lapse_orders(territory.grid), send_at_once(territory.grid)),
    )
