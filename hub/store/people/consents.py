"""Consents: what residents decided for the cameras of their homes, every version of it; the newest are in memory.

A decision is stored before it counts and before anybody is told. What was decided is never changed: a later decision is
another version. Of two who decide at once from the same version one is told that the other was first.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select

from config.analysing import Analyse
from hub.clock import Clock
from hub.consent import Consent, Watch
from hub.errors import ConflictError
from hub.events import time_from_text, time_to_text
from hub.store.database import Database
from hub.store.people_tables import consents

_Key = tuple[str, str]


class Consents:
    """The decisions of all households. Safe from any thread; asking costs nothing."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """Read the newest decisions from a started `database`."""
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        newest = select(consents.c.camera, consents.c.site, func.max(consents.c.version).label("version"))
        each = newest.group_by(consents.c.camera, consents.c.site).subquery()
        query = select(consents).join(
            each, (consents.c.camera == each.c.camera) & (consents.c.version == each.c.version)
        )
        with database.read() as connection:
            found = {(row.camera, row.site): _consent(row) for row in connection.execute(query)}
        self._newest: Mapping[_Key, Consent] = MappingProxyType(found)

    @property
    def newest(self) -> Mapping[_Key, Consent]:
        """What counts, by camera and site; a snapshot that never changes."""
        return self._newest

    def decide(self, decided: Consent, *, expected: int | None = None) -> Consent:
        """Store a decision; it counts when this returns.

        Args:
            decided: All of it but its version and time.
            expected: The version it was made from, 0 for undecided; None does not mind what happened meanwhile.

        Returns:
            The decision as it is stored.

        Raises:
            ConflictError: Somebody else decided meanwhile.
        """
        with self._lock:
            before = self._newest.get((decided.camera, decided.site))
            if expected is not None and expected != (0 if before is None else before.version):
                raise ConflictError("somebody of the household decided otherwise meanwhile; look at it again")
            made = replace(decided, at=self._clock.now())

            def work(connection: Connection) -> Consent:
                last = select(func.max(consents.c.version)).where(consents.c.camera == made.camera)
                stored = replace(made, version=(connection.execute(last).scalar_one() or 0) + 1)
                connection.execute(insert(consents).values(**_row(stored)))
                return stored

            stored = self._database.write(work)
            self._newest = MappingProxyType({**self._newest, (stored.camera, stored.site): stored})
            return stored

    def history(self, camera: str, site: str, *, limit: int = 100) -> list[Consent]:
        """What a household decided for a camera, the newest first."""
        query = (
            select(consents)
            .where(consents.c.camera == camera, consents.c.site == site)
            .order_by(consents.c.version.desc())
            .limit(limit)
        )
        with self._database.read() as connection:
            return [_consent(row) for row in connection.execute(query)]

    def by(self, account: str, *, limit: int = 10_000) -> list[Consent]:
        """What somebody decided, the oldest first."""
        query = select(consents).where(consents.c.account == account).order_by(consents.c.at).limit(limit)
        with self._database.read() as connection:
            return [_consent(row) for row in connection.execute(query)]


def _row(consent: Consent) -> dict[str, object]:
    assert consent.at is not None
    return {
        "camera": consent.camera,
        "version": consent.version,
        "site": consent.site,
        "at": time_to_text(consent.at),
        "account": consent.account,
        "author": consent.author,
        "analyse": consent.analyse.value,
        "watch": consent.watch.value,
        "keep_days": consent.keep_days,
    }


def _consent(row: Row[Any]) -> Consent:
    return Consent(
        camera=row.camera,
        site=row.site,
        analyse=_analyse(row.analyse),
        watch=_watch(row.watch),
        keep_days=row.keep_days,
        version=row.version,
        at=time_from_text(row.at),
        account=row.account,
        author=row.author,
    )


def _analyse(text: str) -> Analyse:
    """The strictest for a word of a newer version of the program."""
    return Analyse(text) if text in {each.value for each in Analyse} else Analyse.NOTHING


def _watch(text: str) -> Watch:
    return Watch(text) if text in {each.value for each in Watch} else Watch.NEVER
