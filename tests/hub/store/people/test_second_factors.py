"""Second factors: which codes are taken, and how often."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pyotp
import pytest
from sqlalchemy import select

from hub.clock import SetClock
from hub.errors import ConflictError, NotAllowedError, NotFoundError, SecondFactorNeededError
from hub.store.database import Database
from hub.store.people.accounts import FAILURES, LOCKED, Account, Accounts
from hub.store.people.second_factors import RECOVERY_CODES, SecondFactors
from hub.store.people_tables import second_factors as table

GOOD = "three words and a river"


@pytest.fixture
def factors(database: Database, clock: SetClock) -> SecondFactors:
    return SecondFactors(database, clock)


def _code(secret: str, clock: SetClock, steps: int = 0) -> str:
    return pyotp.TOTP(secret).at(clock.now(), counter_offset=steps)


def _enrolled(factors: SecondFactors, account: Account, clock: SetClock) -> tuple[str, tuple[str, ...]]:
    secret = factors.begin(account.id)
    recovery = factors.confirm(account.id, _code(secret, clock))
    clock.advance(30)
    return secret, recovery


def test_it_is_asked_for_once_a_code_of_it_was_shown(
    accounts: Accounts, factors: SecondFactors, lin: Account, clock: SetClock
) -> None:
    secret = factors.begin(lin.id)
    assert accounts.verify("lin", GOOD, clock.now()) == lin
    with pytest.raises(NotAllowedError):
        factors.confirm(lin.id, "000000" if _code(secret, clock) != "000000" else "000001")
    assert factors.begin(lin.id) != secret
    with pytest.raises(NotAllowedError):
        factors.confirm(lin.id, _code(secret, clock))
    _enrolled(factors, lin, clock)
    with pytest.raises(ConflictError):
        factors.begin(lin.id)
    with pytest.raises(SecondFactorNeededError):
        accounts.verify("lin", GOOD, clock.now())
    assert accounts.verify("lin", "not it at all", clock.now()) is None


def test_a_code_works_once_and_so_does_none_before_it(
    *, accounts: Accounts, factors: SecondFactors, lin: Account, clock: SetClock, database: Database
) -> None:
    secret, _ = _enrolled(factors, lin, clock)
    code = _code(secret, clock)
    assert accounts.verify("lin", GOOD, clock.now(), code=f"{code[:3]} {code[3:]}") == lin
    for used in (code, _code(secret, clock, -1)):
        with pytest.raises(SecondFactorNeededError):
            accounts.verify("lin", GOOD, clock.now(), code=used)
    again = Accounts(database, clock, passwords=accounts._passwords)
    with pytest.raises(SecondFactorNeededError):
        again.verify("lin", GOOD, clock.now(), code=code)


@pytest.mark.parametrize(("steps", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_code_is_taken_in_its_time_the_one_before_and_the_one_after(
    accounts: Accounts, factors: SecondFactors, lin: Account, clock: SetClock, *, steps: int, taken: bool
) -> None:
    secret, _ = _enrolled(factors, lin, clock)
    clock.advance(300)
    code = _code(secret, clock, steps)
    if taken:
        assert accounts.verify("lin", GOOD, clock.now(), code=code) == lin
    else:
        with pytest.raises(SecondFactorNeededError):
            accounts.verify("lin", GOOD, clock.now(), code=code)


def test_one_code_used_by_many_at_once_lets_one_in(
    accounts: Accounts, factors: SecondFactors, lin: Account, clock: SetClock
) -> None:
    secret, _ = _enrolled(factors, lin, clock)
    code = _code(secret, clock)

    def enter(_number: int) -> bool:
        try:
            return accounts.verify("lin", GOOD, clock.now(), code=code) is not None
        except SecondFactorNeededError:
            return False

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(enter, range(4))) == 1


def test_wrong_codes_lock_the_account_though_the_password_is_right(
    accounts: Accounts, factors: SecondFactors, lin: Account, clock: SetClock
) -> None:
    """A right password must not begin the counting afresh, or a million codes could be tried."""
    secret, _ = _enrolled(factors, lin, clock)
    for _ in range(FAILURES):
        with pytest.raises(SecondFactorNeededError):
            accounts.verify("lin", GOOD, clock.now(), code="x")
    assert accounts.verify("lin", GOOD, clock.now(), code=_code(secret, clock)) is None
    clock.advance(LOCKED.total_seconds())
    assert accounts.verify("lin", GOOD, clock.now(), code=_code(secret, clock)) == lin


def test_each_recovery_code_works_once_and_none_is_kept_in_clear(
    *, accounts: Accounts, factors: SecondFactors, lin: Account, clock: SetClock, database: Database
) -> None:
    _, recovery = _enrolled(factors, lin, clock)
    assert len(set(recovery)) == RECOVERY_CODES
    assert accounts.verify("lin", GOOD, clock.now(), code=f" {recovery[3].upper()} ") == lin
    with pytest.raises(SecondFactorNeededError):
        accounts.verify("lin", GOOD, clock.now(), code=recovery[3])
    left = factors.of(lin.id)
    assert left is not None
    assert left.recovery_left == RECOVERY_CODES - 1
    with database.read() as connection:
        kept = str(connection.execute(select(table.c.recovery)).scalar_one())
    assert not any(code in kept or code.replace("-", "") in kept for code in recovery)


@pytest.mark.parametrize("typed", ["", "1" * 5000, "\uff11\uff12\uff13\uff14\uff15\uff16", "\x00\ud800", "-" * 80])
def test_what_is_no_code_is_wrong(
    *, accounts: Accounts, factors: SecondFactors, lin: Account, clock: SetClock, typed: str
) -> None:
    _enrolled(factors, lin, clock)
    with pytest.raises(SecondFactorNeededError):
        accounts.verify("lin", GOOD, clock.now(), code=typed)


def test_a_removed_one_is_asked_for_no_more(
    accounts: Accounts, factors: SecondFactors, lin: Account, clock: SetClock
) -> None:
    _enrolled(factors, lin, clock)
    factors.remove(lin.id)
    assert accounts.verify("lin", GOOD, clock.now()) == lin
    assert factors.of(lin.id) is None
    with pytest.raises(NotFoundError):
        factors.remove(lin.id)
    with pytest.raises(NotFoundError):
        factors.confirm(lin.id, "123456")
