"""Contact homes: since when settings name somebody for a home; held in memory, so that asking costs nothing.

Who is named first for a home where nobody ever lived counts at once, and all that was recorded there is his. Who is
named for a home where somebody lives waits until one of them confirms it. For what is no household nobody waits.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from config.community import Community, Ring
from hub.clock import Clock
from hub.errors import NotFoundError
from hub.events import time_from_text, time_to_text
from hub.reach import GrantKind
from hub.store.database import Database
from hub.store.people.lodgers import Lodgers
from hub.store.people_tables import contact_homes, grants


@dataclass(frozen=True, slots=True)
class ContactHome:
    """That settings name somebody for a home.

    Attributes:
        id: Random.
        name: Account name.
        site: The home.
        at: When they began to, UTC.
        since: What was recorded from then on is his; None for all.
        waits: Somebody who lives there has to confirm it first.
        refused: Somebody who lives there refused it.
    """

    id: str
    name: str
    site: str
    at: datetime
    since: datetime | None
    waits: bool
    refused: bool = False

    @property
    def counts(self) -> bool:
        """Whether he lives there."""
        return not self.waits and not self.refused


class ContactHomes:
    """Who is named for which home. Safe from any thread."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """Read what is known from a started `database`."""
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        with database.read() as connection:
            rows = connection.execute(select(contact_homes)).all()
        self._ever = {row.site for row in rows}
        self._standing = {(row.name, row.site): _home(row) for row in rows if row.ended is None or row.waits}

    def of(self, name: str) -> Mapping[str, datetime | None]:
        """Where somebody lives, and from when on what was recorded there is his."""
        standing = self._standing
        return {each.site: each.since for each in standing.values() if each.name == name and each.counts}

    def waiting(self, sites: Collection[str]) -> tuple[ContactHome, ...]:
        """Those that somebody who lives there has to confirm."""
        return tuple(each for each in self._standing.values() if each.site in sites and each.waits and not each.refused)

    def counting(self) -> frozenset[tuple[str, str]]:
        """Everybody who lives somewhere because settings say so: name and site."""
        return frozenset(pair for pair, each in self._standing.items() if each.counts)

    def apply(self, community: Community, there: Lodgers) -> None:
        """Follow what settings say."""
        with self._lock:
            named = {(each.account, site) for each in community.contacts for site in each.sites}
            came, gone = sorted(named - set(self._standing)), sorted(set(self._standing) - named)
            if not came and not gone:
                return
            now = self._clock.now()
            lived = {site: set(names) for site, names in there.residents.items()}
            for name, site in self.counting() - set(gone):
                if name in there.known and name not in there.offices:
                    lived.setdefault(site, set()).add(name)
            households = {site.id for site in community.sites if site.ring is Ring.HOUSEHOLD}
            made: list[ContactHome] = []

            def work(connection: Connection) -> None:
                made.clear()
                granted = select(grants.c.place).where(grants.c.kind == GrantKind.HOUSEHOLD.value)
                ever = self._ever | set(connection.execute(granted).scalars())
                for name, site in came:
                    known = lived.get(site, set())
                    waits = site in households and bool(known) and name not in known
                    since = now if site in households and site in ever else None
                    made.append(ContactHome(secrets.token_urlsafe(12), name, site, now, since, waits))
                if made:
                    connection.execute(insert(contact_homes), [_row(each) for each in made])
                for pair in gone:
                    self._end(connection, self._standing[pair].id, now, waits=False)

            self._database.write(work)
            left = {pair: each for pair, each in self._standing.items() if pair not in gone}
            self._standing = left | {(each.name, each.site): each for each in made}
            self._ever |= {each.site for each in made}

    def confirm(self, home: ContactHome, since: datetime | None) -> None:
        """Let one count that waits; recordings are his from `since` on, None for from now."""
        begins = since or self._clock.now()
        with self._lock:
            self._find(home.id)
            change = update(contact_homes).where(contact_homes.c.id == home.id)
            values = {"waits": False, "since": time_to_text(begins)}
            self._database.write(lambda connection: connection.execute(change.values(values)))
            made = ContactHome(home.id, home.name, home.site, home.at, begins, waits=False)
            self._standing = {**self._standing, (home.name, home.site): made}

    def refuse(self, home: ContactHome) -> None:
        """Let one never count, as long as settings say the same."""
        with self._lock:
            self._find(home.id)
            now = self._clock.now()
            self._database.write(lambda connection: self._end(connection, home.id, now, waits=True))
            made = ContactHome(home.id, home.name, home.site, home.at, home.since, waits=True, refused=True)
            self._standing = {**self._standing, (home.name, home.site): made}

    def _find(self, home_id: str) -> None:
        if not any(each.id == home_id and each.waits and not each.refused for each in self._standing.values()):
            raise NotFoundError(f"nobody waits as {home_id}")

    @staticmethod
    def _end(connection: Connection, home_id: str, now: datetime, *, waits: bool) -> None:
        change = update(contact_homes).where(contact_homes.c.id == home_id)
        connection.execute(change.values(ended=time_to_text(now), waits=waits))


def _row(home: ContactHome) -> dict[str, object]:
    return {
        "id": home.id,
        "name": home.name,
        "site": home.site,
        "at": time_to_text(home.at),
        "since": None if home.since is None else time_to_text(home.since),
        "waits": home.waits,
    }


def _home(row: Row[Any]) -> ContactHome:
    return ContactHome(
        id=row.id,
        name=row.name,
        site=row.site,
        at=time_from_text(row.at),
        since=None if row.since is None else time_from_text(row.since),
        waits=row.waits,
        refused=row.ended is not None,
    )
