"""Lodgers: who lives where by a grant for a household, as of now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select

from hub.access import Role
from hub.events import time_to_text
from hub.reach import GrantKind
from hub.store.database import Database
from hub.store.people_tables import grants
from hub.store.schema import accounts


@dataclass(frozen=True, slots=True)
class Lodgers:
    """Who lives where.

    Attributes:
        residents: The names of accounts by the site where they live by a grant; a disabled account lives there too.
        claimed: Sites for which there is a grant, whatever has become of the account since.
        offices: Names of accounts of other roles, who live nowhere.
        known: Names of all accounts.
        waiting: Sites, and names of accounts that somebody who lives there has to confirm.
    """

    residents: Mapping[str, frozenset[str]]
    claimed: frozenset[str]
    offices: frozenset[str]
    known: frozenset[str]
    waiting: frozenset[tuple[str, str]]


def lodgers(database: Database, now: datetime) -> Lodgers:
    """Who lives where, by grants."""
    at = time_to_text(now)
    query = (
        select(grants.c.place, accounts.c.username, accounts.c.role, grants.c.waits)
        .join(accounts, accounts.c.id == grants.c.account)
        .where(
            grants.c.kind == GrantKind.HOUSEHOLD.value,
            grants.c.taken_back.is_(None),
            or_(grants.c.starts.is_(None), grants.c.starts <= at),
            or_(grants.c.ends.is_(None), grants.c.ends > at),
        )
    )
    with database.read() as connection:
        rows = connection.execute(query).all()
        of_all = connection.execute(select(accounts.c.username, accounts.c.role))
        roles = {row.username: row.role for row in of_all}
    found: dict[str, set[str]] = defaultdict(set)
    for place, name, role, waits in rows:
        if role == Role.RESIDENT.value and not waits:
            found[place].add(name)
    return Lodgers(
        residents={place: frozenset(names) for place, names in found.items()},
        claimed=frozenset(row.place for row in rows),
        waiting=frozenset((row.place, row.username) for row in rows if row.waits),
        offices=frozenset(name for name, role in roles.items() if role != Role.RESIDENT.value),
        known=frozenset(roles),
    )
