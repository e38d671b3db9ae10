"""Sign-ins: tokens that work once, who is signed in where, and what ends it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from hub.access import Role
from hub.clock import SetClock
from hub.errors import NotAllowedError, NotFoundError
from hub.store.database import Database
from hub.store.people.accounts import Account, Accounts
from hub.store.people.sessions import LIFETIME, MOST_AT_ONCE, Origin
from hub.store.people.sign_ins import SignIns
from hub.store.people_tables import sign_ins as sign_ins_table
from hub.store.schema import refresh_tokens


@pytest.fixture
def sign_ins(database: Database, clock: SetClock) -> SignIns:
    return SignIns(database, clock)


def test_a_refresh_token_works_once_and_is_not_kept_in_clear(
    sign_ins: SignIns, lin: Account, database: Database
) -> None:
    first = sign_ins.begin(lin).refresh_token
    following = sign_ins.exchange(first)
    second = following.refresh_token
    assert following.account == lin.id
    assert second != first
    with database.read() as connection:
        kept = b"".join(connection.scalars(select(refresh_tokens.c.digest)))
    assert first.encode() not in kept
    assert sign_ins.exchange(second).account == lin.id


def test_a_refresh_token_used_twice_ends_its_sign_in_and_no_other(sign_ins: SignIns, lin: Account) -> None:
    stolen, other = sign_ins.begin(lin).refresh_token, sign_ins.begin(lin).refresh_token
    following = sign_ins.exchange(stolen).refresh_token
    for token in (stolen, following, stolen, "unknown", "\ud800"):
        with pytest.raises(NotAllowedError):
            sign_ins.exchange(token)
    assert sign_ins.exchange(other).account == lin.id


def test_a_refresh_token_used_by_two_at_the_same_moment_ends_its_sign_in(sign_ins: SignIns, lin: Account) -> None:
    token = sign_ins.begin(lin).refresh_token
    together = threading.Barrier(4)

    def use(_number: int) -> str | None:
        together.wait(20)
        try:
            return sign_ins.exchange(token).refresh_token
        except NotAllowedError:
            return None

    with ThreadPoolExecutor(4) as pool:
        (won,) = [following for following in pool.map(use, range(4)) if following is not None]
    with pytest.raises(NotAllowedError):
        sign_ins.exchange(won)


def test_a_sign_in_that_was_not_used_for_long_is_over(sign_ins: SignIns, lin: Account, clock: SetClock) -> None:
    token = sign_ins.begin(lin).refresh_token
    for _ in range(3):
        clock.advance((LIFETIME - timedelta(days=1)).total_seconds())
        token = sign_ins.exchange(token).refresh_token
    clock.advance(LIFETIME.total_seconds())
    with pytest.raises(NotAllowedError):
        sign_ins.exchange(token)


def test_signing_out_ends_the_sign_in(sign_ins: SignIns, lin: Account) -> None:
    first = sign_ins.begin(lin).refresh_token
    second = sign_ins.exchange(first).refresh_token
    sign_ins.close(second)
    sign_ins.close("unknown")
    with pytest.raises(NotAllowedError):
        sign_ins.exchange(second)


def test_old_refresh_tokens_do_not_pile_up(
    sign_ins: SignIns, lin: Account, clock: SetClock, database: Database
) -> None:
    token = sign_ins.begin(lin).refresh_token
    for _ in range(40):
        clock.advance(timedelta(days=5).total_seconds())
        token = sign_ins.exchange(token).refresh_token
    with database.read() as connection:
        assert len(connection.execute(select(refresh_tokens.c.digest)).all()) <= 7


def test_a_sign_in_says_from_where_and_when_it_was_used_last(sign_ins: SignIns, lin: Account, clock: SetClock) -> None:
    began = clock.now()
    session = sign_ins.begin(lin, Origin("192.0.2.7", "A browser \x00" + "x" * 500))
    clock.advance(60)
    sign_ins.exchange(session.refresh_token)
    (kept,) = sign_ins.of(lin.id)
    assert (kept.family, kept.began, kept.address) == (session.family, began, "192.0.2.7")
    assert kept.used == began + timedelta(minutes=1)
    assert len(kept.agent) == 200


def test_one_sign_in_is_ended_and_the_others_go_on(sign_ins: SignIns, lin: Account) -> None:
    here, there = sign_ins.begin(lin), sign_ins.begin(lin)
    sign_ins.end(lin.id, there.family)
    with pytest.raises(NotAllowedError):
        sign_ins.exchange(there.refresh_token)
    assert sign_ins.exchange(here.refresh_token).family == here.family
    for account, family in ((lin.id, there.family), ("somebody else", here.family)):
        with pytest.raises(NotFoundError):
            sign_ins.end(account, family)


def test_the_sign_in_that_was_not_used_for_longest_makes_room(
    sign_ins: SignIns, lin: Account, clock: SetClock, database: Database
) -> None:
    first = sign_ins.begin(lin)
    for _ in range(MOST_AT_ONCE):
        clock.advance(1)
        sign_ins.begin(lin)
    assert len(sign_ins.of(lin.id)) == MOST_AT_ONCE
    with pytest.raises(NotAllowedError):
        sign_ins.exchange(first.refresh_token)
    clock.advance(LIFETIME.total_seconds())
    sign_ins.begin(lin)
    with database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(sign_ins_table)) == 1


def test_what_ends_everything_counts_up_and_ends_what_is_of_before(
    accounts: Accounts, sign_ins: SignIns, lin: Account
) -> None:
    accounts.create("root", "three words and a river", Role.ADMINISTRATOR)
    ways: tuple[Callable[[], object], ...] = (
        lambda: sign_ins.end_all(lin.id),
        lambda: accounts.set_password(lin.id, "another river of words"),
        lambda: accounts.change(lin.id, role=Role.SUPERVISOR),
        lambda: accounts.disable(lin.id),
    )
    for number, way in enumerate(ways):
        session = sign_ins.begin(lin)
        assert session.generation == number
        way()
        standing = sign_ins.standing(lin.id, session.family)
        assert standing is not None
        assert (standing.generation, standing.through) == (number + 1, None)
        with pytest.raises(NotAllowedError):
            sign_ins.exchange(session.refresh_token)
    with pytest.raises(NotAllowedError):
        sign_ins.begin(lin)


def test_the_same_role_again_ends_nothing(accounts: Accounts, sign_ins: SignIns, lin: Account) -> None:
    session = sign_ins.begin(lin)
    accounts.change(lin.id, role=Role.OPERATOR)
    assert sign_ins.exchange(session.refresh_token).generation == 0
    with pytest.raises(NotFoundError):
        accounts.change("nobody", role=Role.OPERATOR)
