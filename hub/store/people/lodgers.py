"""Lodgers: who lives where by a grant for a household, as of now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import or_, select

from hub.events import time_to_text
from hub.reach import GrantKind
from hub.store.database import Database
from hub.store.people_tables import grants
from hub.store.schema import accounts


def lodgers(database: Database, now: datetime) -> Mapping[str, frozenset[str]]:
    """The names of accounts by the site where they live; a disabled account lives there too."""
    at = time_to_text(now)
    query = (
        select(grants.c.place, accounts.c.username)
        .join(accounts, accounts.c.id == grants.c.account)
        .where(
            grants.c.kind == GrantKind.HOUSEHOLD.value,
            grants.c.taken_back.is_(None),
            or_(grants.c.starts.is_(None), grants.c.starts <= at),
            or_(grants.c.ends.is_(None), grants.c.ends > at),
        )
    )
    found: dict[str, set[str]] = defaultdict(set)
    with database.read() as connection:
        for place, name in connection.execute(query):
            found[place].add(name)
    return {place: frozenset(names) for place, names in found.items()}
