"""Invitations: links that make one account, with its homes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from hub.access import Role
from hub.clock import SetClock
from hub.errors import ConfigurationError, ConflictError, HubError, NotFoundError
from hub.reach import GrantKind
from hub.store.database import Database
from hub.store.people.accounts import Account, Accounts
from hub.store.people.grants import Grants
from hub.store.people.invitations import Invitations
from hub.store.people.outside import Identity, OutsideIdentities
from hub.store.people_tables import invitations as table

GOOD = "three words and a river"


@pytest.fixture
def grants(database: Database, clock: SetClock) -> Grants:
    return Grants(database, clock)


@pytest.fixture
def invitations(database: Database, clock: SetClock, accounts: Accounts, grants: Grants) -> Invitations:
    return Invitations(database, clock, accounts, made=grants.forget)


def _link(invitations: Invitations, clock: SetClock, *sites: str) -> str:
    expires = clock.now() + timedelta(days=7)
    return invitations.invite(Role.RESIDENT, sites, note="Wang", made_by="lead", expires=expires)[1]


def test_it_makes_the_account_and_its_homes_once(
    *, invitations: Invitations, grants: Grants, accounts: Accounts, clock: SetClock, database: Database
) -> None:
    token = _link(invitations, clock, "home-1", "home-2")
    made = invitations.use(token, "Wang", GOOD)
    assert (made.username, made.role) == ("wang", "resident")
    assert {(each.kind, each.place, each.given_by) for each in grants.of(made.id)} == {
        (GrantKind.HOUSEHOLD, "home-1", "lead"),
        (GrantKind.HOUSEHOLD, "home-2", "lead"),
    }
    with pytest.raises(NotFoundError):
        invitations.use(token, "second", GOOD)
    assert len(accounts.list()) == 1
    with database.read() as connection:
        row = connection.execute(select(table)).one()
    assert row.account == made.id
    assert token.encode() not in row.digest


def test_two_at_once_make_one_account(invitations: Invitations, accounts: Accounts, clock: SetClock) -> None:
    token = _link(invitations, clock, "home-1")

    def use(number: int) -> Account | None:
        try:
            return invitations.use(token, f"person-{number}", GOOD)
        except NotFoundError:
            return None

    with ThreadPoolExecutor(4) as pool:
        assert len([made for made in pool.map(use, range(4)) if made]) == 1
    assert len(accounts.list()) == 1


def test_a_name_or_password_that_cannot_be_used_leaves_the_link_good(
    invitations: Invitations, grants: Grants, lin: Account, clock: SetClock
) -> None:
    token = _link(invitations, clock, "home-1")
    wrong: tuple[tuple[str, str, type[HubError]], ...] = (
        ("lin", GOOD, ConflictError),
        ("a b", GOOD, ConfigurationError),
        ("wang", "short", ConfigurationError),
    )
    for username, password, refusal in wrong:
        with pytest.raises(refusal):
            invitations.use(token, username, password)
    assert GrantKind.HOUSEHOLD not in {each.kind for each in grants.of(lin.id)}
    assert invitations.use(token, "wang", GOOD).username == "wang"


def test_wrong_used_expired_and_taken_back_are_the_same(invitations: Invitations, clock: SetClock) -> None:
    used, expired = _link(invitations, clock), _link(invitations, clock)
    invitations.use(used, "wang", GOOD)
    clock.advance(timedelta(days=7).total_seconds())
    kept, back = invitations.invite(Role.RESIDENT, (), note="", made_by="lead", expires=clock.now() + timedelta(days=1))
    assert [each.id for each in invitations.list()] == [kept.id]
    invitations.take_back(kept.id)
    assert invitations.list() == ()
    words = set()
    for token in (used, expired, back, "guess", "\ud800\x00"):
        for call in (
            lambda token=token: invitations.look(token),
            lambda token=token: invitations.use(token, "x", GOOD),
        ):
            with pytest.raises(NotFoundError) as caught:
                call()
            words.add(str(caught.value))
    assert len(words) == 1


def test_one_that_was_used_is_not_taken_back(invitations: Invitations, clock: SetClock) -> None:
    made, token = invitations.invite(
        Role.RESPONDER, (), note="", made_by="lead", expires=clock.now() + timedelta(days=1)
    )
    invitations.use(token, "wang", GOOD)
    invitations.take_back(made.id)
    assert invitations.get(made.id).ended is None
    with pytest.raises(NotFoundError):
        invitations.get("none")


def test_somebody_of_a_provider_is_one_account(
    *, invitations: Invitations, database: Database, clock: SetClock, accounts: Accounts, lin: Account
) -> None:
    outside = OutsideIdentities(database, clock, accounts)
    person = Identity("https://id.example.org", "4711")
    token = _link(invitations, clock, "home-1")
    made = invitations.use(token, "wang", GOOD, identity=person)
    assert outside.account_of(person) == made
    assert outside.account_of(Identity("https://id.example.com", "4711")) is None
    outside.link(made.id, person)
    with pytest.raises(ConflictError):
        outside.link(lin.id, person)
    with pytest.raises(ConflictError):
        outside.enter(person, "wang-2", Role.OPERATOR)
    assert {each.username for each in accounts.list()} == {"lin", "wang"}
    with pytest.raises(NotFoundError):
        outside.unlink(lin.id, person)
    (kept,) = outside.of(made.id)
    assert kept.linked == clock.now()
    outside.unlink(made.id, person)
    assert outside.account_of(person) is None
    entered = outside.enter(person, "wang-2", Role.OPERATOR)
    assert outside.account_of(person) == entered
