"""API keys: how devices and services ask, without a person who signs in.

A key does nothing that its account may not do itself, less what its scope and its cameras leave out, and not for longer
than two years. It is shown once and kept as a digest. Which accounts and keys there are, and how somebody signs in, no
key touches. Safe from any thread.
"""

from __future__ import annotations

import hmac
import threading
import uuid
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from hub.access import Permission
from hub.clock import Clock
from hub.errors import NotAllowedError, NotFoundError, StoreError
from hub.events import time_from_text, time_to_text
from hub.store.database import Database
from hub.store.facts import storable
from hub.store.people.sessions import digest_of, new_token
from hub.store.people_tables import api_keys
from hub.store.schema import accounts

LONGEST = timedelta(days=731)
"""Two years, one of them a leap year."""
MOST_OF_ONE = 100
"""Keys of one account that are good at the same time."""
FOR_PERSONS = frozenset(
    {
        Permission.MANAGE_ACCOUNTS,
        Permission.MANAGE_KEYS,
        Permission.INVITE_RESIDENTS,
        Permission.DECIDE_CONSENT,
        Permission.BREAK_GLASS,
    }
)
"""What no key may do, whoever made it: it would make itself more than it is, or decide what only a person can."""

_PREFIX = "chk"
_LONGEST_TEXT = 200
_MOST_MARKS = 10_000
_MINUTE_LENGTH = len("2026-01-01T00:00")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key, without what opens the door.

    Attributes:
        id: Random; stands in the key too.
        account: Id of its account.
        username: That account's name.
        name: What it is for.
        permissions: Its scope.
        cameras: The cameras it is for; None for all that the account reaches.
        created: When, UTC.
        expires: Up to when it is good, not included.
        used: When last, to the minute; None for never.
        ended: When somebody ended it.
    """

    id: str
    account: str
    username: str
    name: str
    permissions: frozenset[Permission]
    cameras: frozenset[str] | None
    created: datetime
    expires: datetime
    used: datetime | None
    ended: datetime | None


class ApiKeys:
    """The keys in the store."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        self._marked: OrderedDict[str, str] = OrderedDict()
        """The minute of the last use that was written, by key; the oldest go when there are many."""

    def make(
        self,
        account_id: str,
        name: str,
        permissions: frozenset[Permission],
        *,
        cameras: frozenset[str] | None,
        expires: datetime,
    ) -> tuple[ApiKey, str]:
        """Make a key for an account.

        The caller has checked that the scope is within what the account may do, and when it ends.

        Returns:
            It, and the text that opens the door, which is not kept.

        Raises:
            NotAllowedError: The account has too many.
        """
        now = self._clock.now()
        key_id = uuid.uuid4().hex
        text = f"{_PREFIX}_{key_id}_{new_token()}"
        row = {
            "id": key_id,
            "digest": digest_of(text),
            "account": account_id,
            "name": storable(name),
            "permissions": sorted(permissions),
            "cameras": None if cameras is None else sorted(cameras),
            "created": time_to_text(now),
            "expires": time_to_text(expires),
        }

        def work(connection: Connection) -> ApiKey:
            good = (api_keys.c.ended.is_(None), api_keys.c.expires > time_to_text(now))
            count = select(func.count()).where(api_keys.c.account == account_id, *good)
            if connection.execute(count).scalar_one() >= MOST_OF_ONE:
                raise NotAllowedError(f"an account has at most {MOST_OF_ONE} keys; end one first")
            connection.execute(insert(api_keys).values(row))
            return _key(connection.execute(_joined().where(api_keys.c.id == key_id)).one())

        return self._database.write(work), text

    def open(self, text: str) -> ApiKey | None:
        """The key that a text is, if it is good now; marks its use."""
        prefix, _, rest = text[:_LONGEST_TEXT].partition("_")
        key_id = rest.partition("_")[0]
        if prefix != _PREFIX or len(text) > _LONGEST_TEXT:
            return None
        with self._database.read() as connection:
            row = connection.execute(_joined().where(api_keys.c.id == storable(key_id))).one_or_none()
        now = self._clock.now()
        if row is None or not hmac.compare_digest(row.digest, digest_of(text)) or row.ended is not None:
            return None
        found = _key(row)
        if found.expires <= now:
            return None
        self._mark(found.id, now)
        return found

    def get(self, key_id: str, *, account: str | None = None) -> ApiKey:
        """A key, of this account alone if it is named.

        Raises:
            NotFoundError: There is none such.
        """
        with self._database.read() as connection:
            row = connection.execute(_joined().where(api_keys.c.id == key_id)).one_or_none()
        if row is None or account not in (None, row.account):
            raise NotFoundError("no such key")
        return _key(row)

    def list(self, *, account: str | None = None) -> tuple[ApiKey, ...]:
        """The keys that were not ended, of all accounts or one, the newest first."""
        asked = _joined().where(api_keys.c.ended.is_(None)).order_by(api_keys.c.created.desc(), api_keys.c.id)
        if account is not None:
            asked = asked.where(api_keys.c.account == account)
        with self._database.read() as connection:
            return tuple(_key(row) for row in connection.execute(asked))

    def end(self, key_id: str) -> None:
        """Let a key open nothing more; one that was ended before stays as it is."""
        at = time_to_text(self._clock.now())
        ended = update(api_keys).where(api_keys.c.id == key_id, api_keys.c.ended.is_(None)).values(ended=at)
        self._database.write(lambda connection: connection.execute(ended))

    def _mark(self, key_id: str, now: datetime) -> None:
        """Write when a key was used, at most once a minute, and without keeping whoever asks waiting."""
        minute = time_to_text(now)[:_MINUTE_LENGTH]
        with self._lock:
            if self._marked.get(key_id) == minute:
                return
            self._marked[key_id] = minute
            self._marked.move_to_end(key_id)
            if len(self._marked) > _MOST_MARKS:
                self._marked.popitem(last=False)
        at = time_to_text(now.replace(second=0, microsecond=0))
        used = update(api_keys).where(api_keys.c.id == key_id).values(used=at)
        try:
            self._database.submit(lambda connection: connection.execute(used), timeout_s=0.1)
        except StoreError:  # a store that has too much to write need not know this
            return


def _joined() -> Any:
    return select(api_keys, accounts.c.username).join(accounts, accounts.c.id == api_keys.c.account)


def _key(row: Row[Any]) -> ApiKey:
    known = {permission.value for permission in Permission}
    return ApiKey(
        id=row.id,
        account=row.account,
        username=row.username,
        name=row.name,
        permissions=frozenset(Permission(name) for name in row.permissions if name in known),
        cameras=None if row.cameras is None else frozenset(row.cameras),
        created=time_from_text(row.created),
        expires=time_from_text(row.expires),
        used=None if row.used is None else time_from_text(row.used),
        ended=None if row.ended is None else time_from_text(row.ended),
    )
