"""People in a store, with hashing that costs nothing."""

from __future__ import annotations

import pytest
from pwdlib.hashers.argon2 import Argon2Hasher

from hub.access import Role
from hub.clock import SetClock
from hub.store.database import Database
from hub.store.people.accounts import Account, Accounts
from hub.store.people.passwords import Passwords

GOOD = "three words and a river"


@pytest.fixture
def accounts(database: Database, clock: SetClock) -> Accounts:
    return Accounts(database, clock, passwords=Passwords(Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1)))


@pytest.fixture
def lin(accounts: Accounts) -> Account:
    return accounts.create("Lin", GOOD, Role.OPERATOR)
