"""Revisions: every accepted version of the Community, and the one in force.

A change is built and checked completely, stored, and only then told to those who follow, in the order of numbers and in
the thread of whoever made it; one that cannot be used changes nothing. The newest version is held in memory: asking for
it costs nothing. One Revisions object per hub.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, Row, func, insert, select

from config.community import Community
from config.load import check_community
from hub.clock import Clock
from hub.errors import ConfigurationError, ConflictError, Mistake, NotFoundError, StoreError
from hub.events import time_from_text, time_to_text
from hub.store.database import Database
from hub.store.facts import storable
from hub.store.schema import revisions

logger = logging.getLogger(__name__)

FILE = "file"
"""The author of a revision that came from community.yaml."""
SAID: ContextVar[str] = ContextVar("said_reason", default="")
"""Why whoever asks changes the Community, in his own words; stands before what a part says of the change."""
LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Revision:
    """One accepted version, without its content.

    Attributes:
        number: Counts up; 0 is the empty Community before the first.
        at: When it was accepted, UTC.
        author: Account name, or `file`.
        reason: Why, as the author says.
        file_digest: SHA-256 of the community.yaml it came from, None for a change through the API.
    """

    number: int
    at: datetime
    author: str
    reason: str
    file_digest: str | None


class Revisions:
    """The Community and its history. Safe from any thread; changes are made one after the other."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        check: Callable[[Community], tuple[Mistake, ...]] = check_community,
        tell: Callable[[Connection, Revision], None] | None = None,
    ) -> None:
        """Read the newest version from a started `database`.

        Args:
            database: Where they are kept.
            clock: When they are made.
            check: Finds what is wrong in a new one.
            tell: Called in the transaction of each revision, which stands or falls with it.

        Raises:
            StoreError: What is stored cannot be read by this version of the program.
        """
        self._database = database
        self._clock = clock
        self._check = check
        self._tell = tell
        self._changing = threading.RLock()  # a follower may look, and a change may be made of two
        self._followers: tuple[Callable[[Community], None], ...] = ()
        with database.read() as connection:
            row = connection.execute(select(revisions).order_by(revisions.c.number.desc()).limit(1)).one_or_none()
        self._newest: tuple[int, Community] = (0, Community()) if row is None else (row.number, _community(row))

    def current(self) -> Community:
        """The Community in force, an empty one before the first revision."""
        return self._newest[1]

    def newest(self) -> tuple[int, Community]:
        """The revision in force with its number, both of the same moment."""
        return self._newest

    @property
    def number(self) -> int:
        """Number of the revision in force, 0 before the first."""
        return self._newest[0]

    def accept(
        self,
        community: Community,
        *,
        author: str,
        reason: str,
        file_digest: str | None = None,
        expected: int | None = None,
    ) -> Revision:
        """Put a Community in force.

        Args:
            community: All of it.
            author: Account name, or `file`.
            reason: Why.
            file_digest: SHA-256 of the file it came from.
            expected: The number it was made from; None does not mind what happened meanwhile.

        Raises:
            ConfigurationError: It has mistakes; all of them are named.
            ConflictError: Another revision came first.
        """
        if mistakes := self._check(community):
            raise ConfigurationError(mistakes)
        said = SAID.get()
        author, reason = storable(author), storable(f"{said} ({reason})" if said and said != reason else reason)
        reason = reason[:LONGEST_REASON]
        row = {
            "author": author,
            "reason": reason,
            "file_digest": file_digest,
            "body": community.model_dump(mode="json", context={"secrets": True}),
        }
        with self._changing:
            at = self._clock.now()

            def work(connection: Connection) -> int:
                number = _insert(connection, {**row, "at": time_to_text(at)}, expected)
                if self._tell is not None:
                    self._tell(connection, Revision(number, at, author, reason, file_digest))
                return number

            number = self._database.write(work)
            self._newest = (number, community)
            logger.info("community changed", extra={"revision": number, "author": author, "reason": reason})
            for follower in self._followers:
                try:
                    follower(community)
                except Exception:  # the revision stands; one part that cannot follow must not keep the others back
                    logger.exception("a part did not follow a revision", extra={"revision": number})
        return Revision(number, at, author, reason, file_digest)

    def change(self, edit: Callable[[Community], Community], *, author: str, reason: str) -> Revision:
        """Put in force what `edit` makes of the Community in force; nobody else's change comes between.

        Raises:
            ConfigurationError: The result has mistakes.
        """
        with self._changing:
            number, community = self._newest
            return self.accept(edit(community), author=author, reason=reason, expected=number)

    def start_from(self, community: Community, file_digest: str) -> Community:
        """Take community.yaml at start: a changed file becomes a revision, an unchanged one leaves what the API made.

        Args:
            community: The file's content, checked.
            file_digest: SHA-256 of the file.

        Returns:
            The Community in force.

        Raises:
            ConfigurationError: The changed file has mistakes.
        """
        last = (
            select(revisions.c.file_digest)
            .where(revisions.c.file_digest.is_not(None))
            .order_by(revisions.c.number.desc())
            .limit(1)
        )
        with self._changing:
            with self._database.read() as connection:
                known = connection.execute(last).scalar_one_or_none()
            if known != file_digest:
                reason = "first start" if known is None else "file changed"
                self.accept(community, author=FILE, reason=reason, file_digest=file_digest)
            return self.current()

    def mistakes(self, community: Community) -> tuple[Mistake, ...]:
        """What is wrong in a Community, by the rules of today; empty when it could be put in force."""
        return self._check(community)

    def follow(self, follower: Callable[[Community], None]) -> Callable[[], None]:
        """Call `follower(community)` after each accepted revision, in the thread that made it, until the end is called.

        Returns:
            A function that ends the following.
        """
        with self._changing:
            self._followers = (*self._followers, follower)

        def end() -> None:
            with self._changing:
                self._followers = tuple(each for each in self._followers if each is not follower)

        return end

    def history(self, *, before: int | None = None, limit: int = 100) -> list[Revision]:
        """Revisions, newest first.

        Args:
            before: Only numbers below this: the last one of the page before.
            limit: At most so many.
        """
        columns = [column for column in revisions.c if column is not revisions.c.body]
        query = select(*columns).order_by(revisions.c.number.desc()).limit(limit)
        if before is not None:
            query = query.where(revisions.c.number < before)
        with self._database.read() as connection:
            return [_revision(row) for row in connection.execute(query)]

    def revision(self, number: int) -> Revision:
        """A revision without its content.

        Raises:
            NotFoundError: There is no such revision.
        """
        columns = [column for column in revisions.c if column is not revisions.c.body]
        with self._database.read() as connection:
            row = connection.execute(select(*columns).where(revisions.c.number == number)).one_or_none()
        if row is None:
            raise NotFoundError(f"no revision {number}")
        return _revision(row)

    def version(self, number: int) -> Community:
        """The Community as it was in a revision.

        Raises:
            NotFoundError: There is no such revision.
            StoreError: It cannot be read by this version of the program.
        """
        with self._database.read() as connection:
            row = connection.execute(select(revisions).where(revisions.c.number == number)).one_or_none()
        if row is None:
            raise NotFoundError(f"no revision {number}")
        return _community(row)


def _insert(connection: Connection, row: dict[str, Any], expected: int | None) -> int:
    newest: int = connection.execute(select(func.max(revisions.c.number))).scalar_one() or 0
    if expected is not None and expected != newest:
        raise ConflictError(f"revision {newest} came first; this was made from {expected}")
    number: int = connection.execute(insert(revisions).values(row).returning(revisions.c.number)).scalar_one()
    return number


def _revision(row: Row[Any]) -> Revision:
    return Revision(row.number, time_from_text(row.at), row.author, row.reason, row.file_digest)


def _community(row: Row[Any]) -> Community:
    try:
        return Community.model_validate(row.body)
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors(include_input=False)
        )
        # not chained: pydantic quotes what was stored, passwords included
        raise StoreError(f"revision {row.number} of the community cannot be read: {wrong}") from None
