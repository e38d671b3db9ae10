"""People: who may sign in, how, and where they may do what; put together in one place."""

from __future__ import annotations

from dataclasses import dataclass

from api.access.reaches import Reaches
from config.machine import Machine
from hub.clock import Clock
from hub.store.database import Database
from hub.store.people.grants import Grants
from hub.store.people.sign_ins import SignIns
from hub.store.revisions import Revisions


@dataclass(frozen=True, slots=True)
class PeopleDesk:
    """What is known of people.

    Attributes:
        grants: Who may do what where.
        reaches: What that amounts to now, for whoever asks.
        sign_ins: Where who is signed in.
    """

    grants: Grants
    reaches: Reaches
    sign_ins: SignIns


def make_people(machine: Machine, database: Database, clock: Clock, *, revisions: Revisions) -> PeopleDesk:
    """The desk of a hub; nothing of it runs by itself."""
    del machine
    grants = Grants(database, clock)
    return PeopleDesk(grants=grants, reaches=Reaches(grants, revisions, clock), sign_ins=SignIns(database, clock))
