"""Accounts: who gets in, who does not, and that the difference shows nowhere but in the answer."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import select

from hub.access import Role
from hub.clock import SetClock
from hub.errors import ConfigurationError, ConflictError, NotAllowedError, NotFoundError, StoreBusyError
from hub.store.database import Database
from hub.store.people.accounts import FAILURES, LOCKED, Account, Accounts
from hub.store.people.erasing import erase_account
from hub.store.people.grants import Grants
from hub.store.people.passwords import AT_ONCE, MOST_WAITING, Passwords
from hub.store.people.sign_ins import SignIns
from hub.store.schema import accounts as accounts_table
from hub.store.schema import settings

GOOD = "three words and a river"
WRONG = "three words and a brook"


class CountingHasher(Argon2Hasher):
    """A cheap Argon2id that counts its work, and how much of it is done at once."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self._lock = threading.Lock()
        self._now = 0
        self.most_at_once = 0
        self.times = 0
        self.pairs: threading.Barrier | None = None

    def _count(self, step: int) -> None:
        with self._lock:
            self._now += step
            self.times += step > 0
            self.most_at_once = max(self.most_at_once, self._now)

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        self._count(1)
        if self.pairs is not None:
            self.pairs.wait(20)
        try:
            return super().hash(password, salt=salt)
        finally:
            self._count(-1)

    def verify(self, password: str | bytes, hash: str | bytes) -> bool:  # noqa: A002 - the library's name
        self._count(1)
        if self.pairs is not None:
            self.pairs.wait(20)
        try:
            return super().verify(password, hash)
        finally:
            self._count(-1)


@pytest.fixture
def hasher() -> CountingHasher:
    return CountingHasher()


@pytest.fixture
def accounts(database: Database, clock: SetClock, hasher: CountingHasher) -> Accounts:
    return Accounts(database, clock, passwords=Passwords(hasher))


@pytest.fixture
def sign_ins(database: Database, clock: SetClock) -> SignIns:
    return SignIns(database, clock)


@pytest.fixture
def lin(accounts: Accounts) -> Account:
    return accounts.create("Lin", GOOD, Role.OPERATOR)


def test_the_right_password_gives_the_account_whatever_the_case_of_the_name(
    accounts: Accounts, lin: Account, clock: SetClock
) -> None:
    assert lin.username == "lin"
    assert accounts.verify(" LIN ", GOOD, clock.now()) == lin
    assert accounts.get(lin.id) == lin
    assert accounts.list() == (lin,)


@pytest.mark.parametrize("typed", [("lin", WRONG), ("nobody", GOOD), ("\x00\ud800", GOOD), ("", "")])
@pytest.mark.usefixtures("lin")
def test_a_wrong_password_and_an_unknown_user_get_the_same_answer_for_the_same_work(
    accounts: Accounts, hasher: CountingHasher, clock: SetClock, typed: tuple[str, str]
) -> None:
    before = hasher.times
    assert accounts.verify(*typed, clock.now()) is None
    assert hasher.times - before == 1


@pytest.mark.usefixtures("lin")
def test_a_password_that_only_begins_right_is_wrong(accounts: Accounts, clock: SetClock) -> None:
    longest = "ä" * 256
    accounts.set_password(accounts.list()[0].id, longest)
    assert accounts.verify("lin", longest, clock.now()) is not None
    for more in ("x", "x" * 5000):
        assert accounts.verify("lin", longest + more, clock.now()) is None


@pytest.mark.usefixtures("lin")
def test_ten_wrong_passwords_lock_the_account_for_five_minutes(accounts: Accounts, clock: SetClock) -> None:
    for _ in range(FAILURES):
        assert accounts.verify("lin", WRONG, clock.now()) is None
    assert accounts.verify("lin", GOOD, clock.now()) is None
    clock.advance(LOCKED.total_seconds() - 1)
    assert accounts.verify("lin", GOOD, clock.now()) is None
    clock.advance(1)
    assert accounts.verify("lin", GOOD, clock.now()) is not None


@pytest.mark.usefixtures("lin")
def test_a_right_password_in_between_starts_the_counting_afresh(accounts: Accounts, clock: SetClock) -> None:
    for _ in range(2):
        for _ in range(FAILURES - 1):
            assert accounts.verify("lin", WRONG, clock.now()) is None
        assert accounts.verify("lin", GOOD, clock.now()) is not None


@pytest.mark.usefixtures("lin")
def test_no_more_than_two_passwords_are_hashed_at_once(
    accounts: Accounts, hasher: CountingHasher, clock: SetClock
) -> None:
    """Each waits for a second one, so that they do come together; a third never joins them."""
    hasher.pairs = threading.Barrier(AT_ONCE)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: accounts.verify(name, WRONG, clock.now()), ["lin", "nobody"] * 4))
    assert hasher.most_at_once == AT_ONCE


@pytest.mark.usefixtures("lin")
def test_who_finds_too_many_waiting_is_told_at_once(
    accounts: Accounts, hasher: CountingHasher, clock: SetClock
) -> None:
    """All threads that answer requests would wait for passwords otherwise."""
    places = accounts._passwords._places
    for _ in range(AT_ONCE + MOST_WAITING):
        places._inside.acquire()
    with pytest.raises(StoreBusyError):
        accounts.verify("nobody", WRONG, clock.now())
    assert hasher.times == 1  # lin's own, when the account was made
    places._inside.release()
    assert accounts.verify("nobody", WRONG, clock.now()) is None


def test_a_disabled_account_does_not_get_in_and_its_sign_ins_end(
    accounts: Accounts, sign_ins: SignIns, lin: Account, clock: SetClock
) -> None:
    accounts.create("root", GOOD, Role.ADMINISTRATOR)
    token = sign_ins.begin(lin).refresh_token
    accounts.disable(lin.id)
    assert accounts.verify("lin", GOOD, clock.now()) is None
    with pytest.raises(NotAllowedError):
        sign_ins.exchange(token)
    found = accounts.get(lin.id)
    assert found is not None
    assert found.disabled
    accounts.change(lin.id, disabled=False)
    assert accounts.verify("lin", GOOD, clock.now()) is not None


def test_another_password_ends_the_sign_ins_and_the_old_one(
    accounts: Accounts, sign_ins: SignIns, lin: Account, clock: SetClock
) -> None:
    token = sign_ins.begin(lin).refresh_token
    accounts.set_password(lin.id, "another password")
    assert accounts.verify("lin", GOOD, clock.now()) is None
    assert accounts.verify("lin", "another password", clock.now()) is not None
    with pytest.raises(NotAllowedError):
        sign_ins.exchange(token)


def test_there_is_always_an_administrator(accounts: Accounts) -> None:
    first = accounts.create("first", GOOD, Role.ADMINISTRATOR)
    for forbidden in (lambda: accounts.disable(first.id), lambda: accounts.change(first.id, role=Role.OPERATOR)):
        with pytest.raises(NotAllowedError, match="last administrator"):
            forbidden()
    assert accounts.get(first.id) == first
    accounts.create("second", GOOD, Role.ADMINISTRATOR)
    accounts.disable(first.id)


def test_a_name_is_taken_once(accounts: Accounts, lin: Account) -> None:
    with pytest.raises(ConflictError):
        accounts.create("LIN", GOOD, Role.OPERATOR)
    assert accounts.list() == (lin,)


@pytest.mark.parametrize(
    ("username", "password", "path"),
    [("lin", "short", "password"), ("lin", "x" * 257, "password"), ("", GOOD, "username"), ("a b", GOOD, "username")],
)
def test_a_name_or_password_that_cannot_be_used_is_a_mistake(
    accounts: Accounts, username: str, password: str, path: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        accounts.create(username, password, Role.OPERATOR)
    assert [mistake.path for mistake in caught.value.mistakes] == [path]
    assert password not in str(caught.value)


def test_the_account_of_an_unknown_id_is_not_found(accounts: Accounts) -> None:
    assert accounts.get("nobody") is None
    for call in (lambda: accounts.disable("nobody"), lambda: accounts.set_password("nobody", GOOD)):
        with pytest.raises(NotFoundError):
            call()


def test_an_outdated_hash_is_replaced_at_the_next_sign_in(
    database: Database, clock: SetClock, accounts: Accounts, lin: Account
) -> None:
    stored = select(accounts_table.c.password_hash).where(accounts_table.c.id == lin.id)
    stronger = Accounts(database, clock, passwords=Passwords(Argon2Hasher(time_cost=2, memory_cost=16, parallelism=1)))
    assert stronger.verify("lin", GOOD, clock.now()) == lin
    with database.read() as connection:
        assert "m=16,t=2" in connection.execute(stored).scalar_one()
    assert accounts.verify("lin", GOOD, clock.now()) == lin


def test_the_setup_token_makes_one_administrator_once(accounts: Accounts, database: Database) -> None:
    token = accounts.issue_setup_token()
    assert token is not None
    with pytest.raises(ConfigurationError):
        accounts.use_setup_token(token, "root", "short")
    with pytest.raises(NotFoundError):
        accounts.use_setup_token("guess", "root", GOOD)
    with database.read() as connection:
        assert token not in "".join(connection.scalars(select(settings.c.value)))
    assert not accounts.any_exists()
    account = accounts.use_setup_token(token, "root", GOOD)
    assert (account.role, accounts.any_exists()) == (Role.ADMINISTRATOR, True)
    with pytest.raises(NotFoundError):
        accounts.use_setup_token(token, "second", GOOD)
    assert accounts.issue_setup_token() is None


def test_a_new_setup_token_replaces_the_one_before(accounts: Accounts) -> None:
    first, second = accounts.issue_setup_token(), accounts.issue_setup_token()
    assert first is not None
    assert second is not None
    with pytest.raises(NotFoundError):
        accounts.use_setup_token(first, "root", GOOD)
    accounts.use_setup_token(second, "root", GOOD)


@pytest.mark.usefixtures("lin")
def test_a_setup_token_is_worth_nothing_once_there_is_an_account(accounts: Accounts, hasher: CountingHasher) -> None:
    before = hasher.times
    with pytest.raises(NotFoundError):
        accounts.use_setup_token("guess", "root", GOOD)
    assert hasher.times == before


def test_a_setup_token_used_by_two_at_once_makes_one_account(accounts: Accounts) -> None:
    token = accounts.issue_setup_token()
    assert token is not None

    def use(name: str) -> bool:
        try:
            accounts.use_setup_token(token, name, GOOD)
        except NotFoundError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(use, ["a", "b", "c", "d"])) == 1
    assert len(accounts.list()) == 1


def test_the_signing_key_is_made_once(accounts: Accounts, database: Database, clock: SetClock) -> None:
    key = accounts.signing_key()
    assert len(key) == 32
    assert Accounts(database, clock).signing_key() == key


def test_a_change_is_made_as_a_whole_or_not_at_all(accounts: Accounts) -> None:
    """A role that was given beside a password that cannot be used was given, and told as refused."""
    accounts.create("chief", GOOD, Role.ADMINISTRATOR)
    lin = accounts.create("lin", GOOD, Role.OPERATOR)
    with pytest.raises(ConfigurationError):
        accounts.change(lin.id, role=Role.ADMINISTRATOR, password="short", disabled=True)
    assert accounts.get(lin.id) == lin


def test_the_last_who_gives_grants_does_not_erase_himself(
    accounts: Accounts, database: Database, clock: SetClock
) -> None:
    chief = accounts.create("chief", GOOD, Role.ADMINISTRATOR)
    second = accounts.create("second", GOOD, Role.ADMINISTRATOR)
    grants = Grants(database, clock)
    grants.take_back(grants.of(second.id)[0].id, by="chief")
    with pytest.raises(NotAllowedError):
        database.write(lambda connection: erase_account(connection, chief.id, "chief", clock.now()))
    assert accounts.get(chief.id) == chief
