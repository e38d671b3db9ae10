"""Accounts: people who may sign in, their first administrator, and their sign-ins.

There is no default password: while there is no account at all, a one-time token makes the first administrator. An
unknown user, a wrong password, a locked and a disabled account get the same answer in the same time. Hashing is done in
the caller's thread; everything that decides something is one work of the writer, so that two at once cannot both win.
"""

from __future__ import annotations

import hmac
import secrets
import unicodedata
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, select, update

from config.says import says
from hub.access import Role
from hub.clock import Clock
from hub.errors import (
    ConfigurationError,
    ConflictError,
    Mistake,
    NotAllowedError,
    NotFoundError,
    SecondFactorNeededError,
)
from hub.events import time_from_text, time_to_text
from hub.names import is_reserved
from hub.reach import GrantKind
from hub.store import people_tables
from hub.store.database import Database
from hub.store.facts import storable
from hub.store.people import second_factors, sessions
from hub.store.people.grants import has_giver, keep_a_giver
from hub.store.people.passwords import Passwords
from hub.store.schema import accounts, settings

FAILURES = 10
"""Wrong passwords in a row that lock an account."""
LOCKED = timedelta(minutes=5)
"""For so long: ten guesses in five minutes find no password of ten characters, and nobody is locked out for a shift."""

REACHING_ALL = frozenset({Role.ADMINISTRATOR, Role.SUPERVISOR, Role.OPERATOR, Role.INTEGRATOR})
"""Roles whose new accounts begin with a grant for the whole Community; it can be taken back for a narrower one."""

_LONGEST_NAME = 64

_SETUP_TOKEN = "setup_token"  # noqa: S105 - names of settings, not secrets
_SIGNING_KEY = "signing_key"
_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Account:
    """A person who may sign in.

    Attributes:
        id: Random, stable.
        username: Unique, lower case.
        role: A `hub.access.Role`; text, because a newer version may have written it.
        disabled: May not sign in, and is refused at each request.
        created: When, UTC.
    """

    id: str
    username: str
    role: str
    disabled: bool
    created: datetime


TellLocked = Callable[[Connection, Account], object]


class Accounts:
    """The accounts in the store. Safe from any thread."""

    def __init__(self, database: Database, clock: Clock, *, passwords: Passwords | None = None) -> None:
        """Keep accounts in `database`; tests pass cheaper `passwords`."""
        self._database = database
        self._clock = clock
        self._passwords = passwords or Passwords()
        self._tell_locked: TellLocked = lambda _connection, _account: None

    def tell_of_locks(self, tell: TellLocked) -> None:
        """Have `tell` called, within the work that does it, whenever wrong passwords lock an account."""
        self._tell_locked = tell

    def any_exists(self) -> bool:
        """Whether the hub was set up."""
        with self._database.read() as connection:
            return _any(connection)

    def get(self, account_id: str) -> Account | None:
        """The account with this id."""
        with self._database.read() as connection:
            row = connection.execute(select(accounts).where(accounts.c.id == account_id)).one_or_none()
        return None if row is None else account_of(row)

    def list(self) -> tuple[Account, ...]:
        """All accounts, by name."""
        with self._database.read() as connection:
            return tuple(account_of(row) for row in connection.execute(select(accounts).order_by(accounts.c.username)))

    def create(self, username: str, password: str, role: Role) -> Account:
        """Make an account.

        Raises:
            ConfigurationError: The name or the password cannot be used.
            ConflictError: There is one of that name.
        """
        row = self.new_row(username, password, role)

        def work(connection: Connection) -> Account:
            return insert_account(connection, row)

        return self._database.write(work)

    def change(
        self, account_id: str, *, role: Role | None = None, password: str | None = None, disabled: bool | None = None
    ) -> None:
        """Change an account, all of it or nothing; what is None stays. All but enabling end its sign-ins.

        Raises:
            ConfigurationError: The password cannot be used.
            NotFoundError: There is no such account.
            NotAllowedError: It is the last administrator, or the last who gives grants.
        """
        hashed = None if password is None else self._passwords.hash(password)

        def work(connection: Connection) -> None:
            now = self._clock.now()
            before = connection.execute(select(accounts).where(accounts.c.id == account_id)).one_or_none()
            if before is None:
                raise NotFoundError("no such account")
            could_give = has_giver(connection, now)
            values: dict[str, object] = {}
            if role is not None and role.value != before.role:
                values["role"] = role.value
            if hashed is not None:
                values |= {"password_hash": hashed, "failures": 0, "locked_until": None}
            if disabled is not None:
                values["disabled"] = disabled
            if not values:
                return
            _update(connection, account_id, **values)
            if before.role == Role.ADMINISTRATOR.value:
                keep_an_administrator(connection)
            if could_give:
                keep_a_giver(connection, now)
            if values != {"disabled": False}:
                sessions.end_all(connection, account_id)

        self._database.write(work)

    def set_password(self, account_id: str, password: str) -> None:
        """Give an account another password, as `change` does."""
        self.change(account_id, password=password)

    def disable(self, account_id: str) -> None:
        """Let an account sign in no more, as `change` does."""
        self.change(account_id, disabled=True)

    def verify(self, username: str, password: str, now: datetime, *, code: str | None = None) -> Account | None:
        """Whose name and password these are; None also for a locked or disabled account, in the same time.

        Args:
            username: As typed.
            password: As typed.
            now: At which time.
            code: Of the second factor; wrong ones count as wrong passwords do.

        Raises:
            SecondFactorNeededError: The password is right; the code is missing or wrong.
            StoreBusyError: Too many sign-ins at once.
        """
        return self._verify(accounts.c.username == folded(username), password, now, code)

    def knows_password(self, account_id: str, password: str, now: datetime) -> bool:
        """Whether somebody who is signed in knows the password; wrong ones count, and a locked account knows none.

        Raises:
            StoreBusyError: Too many sign-ins at once.
        """
        return self._verify(accounts.c.id == account_id, password, now, None, alone=True) is not None

    def confirm(self, account_id: str, password: str, now: datetime, *, code: str) -> bool:
        """Whether somebody who is signed in knows the password, and has the second factor, whose code is used up.

        Raises:
            SecondFactorNeededError: The password is right; the code is wrong.
            StoreBusyError: Too many sign-ins at once.
        """
        return self._verify(accounts.c.id == account_id, password, now, code) is not None

    def _verify(
        self, whose: ColumnElement[bool], password: str, now: datetime, code: str | None, *, alone: bool = False
    ) -> Account | None:
        with self._database.read() as connection:
            found = connection.execute(select(accounts.c.id, accounts.c.password_hash).where(whose)).one_or_none()
        right, better_hash = self._passwords.verify(password, None if found is None else found.password_hash)
        if found is None:
            return None
        if not right:  # not waited for: the answer must not take longer than for an unknown user
            self._database.submit(lambda connection: self._count_failure(connection, found.id, now))
            return None

        def work(connection: Connection) -> tuple[Account | None, str]:
            row = connection.execute(select(accounts).where(accounts.c.id == found.id)).one_or_none()
            if row is None or row.disabled or _locked(row, now) or row.password_hash != found.password_hash:
                return None, ""
            if not alone and second_factors.is_asked_for(connection, row.id):
                if not code:
                    return None, "send the code of your second factor as well"
                if not second_factors.takes(connection, row.id, code, now):
                    self._count_failure(connection, row.id, now)  # and nothing is raised here, which would undo it
                    return None, "the code of the second factor is wrong or was used before"
            if row.failures or row.locked_until or better_hash:
                new_hash = better_hash or row.password_hash
                _update(connection, row.id, failures=0, locked_until=None, password_hash=new_hash)
            return account_of(row), ""

        account, lacking = self._database.write(work)
        if lacking:
            raise SecondFactorNeededError(lacking)
        return account

    def issue_setup_token(self) -> str | None:
        """A token that makes the first administrator, replacing any before; None when there is an account."""
        token = sessions.new_token()

        def work(connection: Connection) -> str | None:
            _forget(connection, _SETUP_TOKEN)
            if _any(connection):
                return None
            connection.execute(insert(settings).values(name=_SETUP_TOKEN, value=sessions.digest_of(token).hex()))
            return token

        return self._database.write(work)

    def use_setup_token(self, token: str, username: str, password: str) -> Account:
        """Make the first administrator, once.

        Raises:
            NotFoundError: Not this token, or there is an account already.
            ConfigurationError: The name or the password cannot be used; the token stays good.
        """
        self._check_setup_token(token)  # before the hashing, which anybody could otherwise keep busy
        row = self.new_row(username, password, Role.ADMINISTRATOR)

        def work(connection: Connection) -> Account:
            _require_setup_token(connection, token)
            _forget(connection, _SETUP_TOKEN)
            return insert_account(connection, row)

        return self._database.write(work)

    def signing_key(self) -> bytes:
        """The key that signs access tokens: made once, kept in the store, 32 random bytes."""
        fresh = secrets.token_hex(_KEY_BYTES)

        def work(connection: Connection) -> str:
            kept = _setting(connection, _SIGNING_KEY)
            if kept is None:
                connection.execute(insert(settings).values(name=_SIGNING_KEY, value=fresh))
            return kept or fresh

        return bytes.fromhex(self._database.write(work))

    def _count_failure(self, connection: Connection, account_id: str, now: datetime) -> None:
        row = connection.execute(select(accounts).where(accounts.c.id == account_id)).one_or_none()
        if row is None or _locked(row, now):
            return
        if row.failures + 1 >= FAILURES:
            _update(connection, account_id, failures=0, locked_until=time_to_text(now + LOCKED))
            self._tell_locked(connection, account_of(row))
        else:
            _update(connection, account_id, failures=row.failures + 1)

    def _check_setup_token(self, token: str) -> None:
        with self._database.read() as connection:
            _require_setup_token(connection, token)

    def new_row(self, username: str, password: str, role: Role) -> dict[str, Any]:
        """The row of a new account, for `insert_account`; hashes, so it is not for the writer.

        Raises:
            ConfigurationError: The name or the password cannot be used.
        """
        name = folded(username)
        if not 1 <= len(name) <= _LONGEST_NAME or not all(letter.isalnum() or letter in "._-@" for letter in name):
            message = says(
                "a user name has 1 to {most} letters, digits, dots, dashes, underscores or @",
                "用户名用 1 到 {most} 个字母、数字、点、短横、下划线或 @",
                most=_LONGEST_NAME,
            )
            raise ConfigurationError((Mistake(None, "username", message),))
        if is_reserved(name):
            message = says("is not for people; choose another", "不能给人用；请换一个")
            raise ConfigurationError((Mistake(None, "username", message),))
        return {
            "id": uuid.uuid4().hex,
            "username": name,
            "role": role.value,
            "password_hash": self._passwords.hash(password),
            "disabled": False,
            "created": time_to_text(self._clock.now()),
            "failures": 0,
        }


def folded(username: str) -> str:
    """A user name as it is kept and compared."""
    return storable(unicodedata.normalize("NFKC", username.strip()).casefold())


def account_of(row: Row[Any]) -> Account:
    """The account that a row of its table is."""
    return Account(row.id, row.username, row.role, row.disabled, time_from_text(row.created))


def _any(connection: Connection) -> bool:
    return connection.execute(select(accounts.c.id).limit(1)).first() is not None


def insert_account(connection: Connection, row: dict[str, Any]) -> Account:
    """Make an account of a row; part of a work. Raises a ConflictError when the name is taken."""
    taken = select(accounts.c.id).where(accounts.c.username == row["username"])
    if connection.execute(taken).first() is not None:
        raise ConflictError(f"there is an account {row['username']!r} already")
    made = account_of(connection.execute(insert(accounts).values(row).returning(*accounts.c)).one())
    if made.role in REACHING_ALL:
        begun = {"id": uuid.uuid4().hex, "account": made.id, "kind": GrantKind.COMMUNITY.value, "place": ""}
        told = {"permissions": None, "given_by": "system", "given": row["created"], "reason": "as every new account"}
        connection.execute(insert(people_tables.grants).values(**begun, **told))
    return made


def _update(connection: Connection, account_id: str, **values: object) -> None:
    if not connection.execute(update(accounts).where(accounts.c.id == account_id).values(values)).rowcount:
        raise NotFoundError("no such account")


def keep_an_administrator(connection: Connection) -> None:
    """Refuse what has just been done if it leaves no administrator who may sign in.

    Raises:
        NotAllowedError: It does.
    """
    left = select(func.count()).where(accounts.c.role == Role.ADMINISTRATOR.value, accounts.c.disabled.is_(False))
    if not connection.execute(left).scalar_one():
        raise NotAllowedError("this is the last administrator")


def _locked(row: Row[Any], now: datetime) -> bool:
    return row.locked_until is not None and row.locked_until > time_to_text(now)


def _setting(connection: Connection, name: str) -> str | None:
    return connection.execute(select(settings.c.value).where(settings.c.name == name)).scalar_one_or_none()


def _forget(connection: Connection, name: str) -> None:
    connection.execute(delete(settings).where(settings.c.name == name))


def _require_setup_token(connection: Connection, token: str) -> None:
    kept = _setting(connection, _SETUP_TOKEN)
    if kept is None or _any(connection) or not hmac.compare_digest(kept, sessions.digest_of(token).hex()):
        raise NotFoundError("no such setup token")
