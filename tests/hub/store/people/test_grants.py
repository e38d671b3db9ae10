"""Grants: given and taken back through the one writer, held in memory, kept for the record."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hub.access import Permission, Role
from hub.clock import SetClock
from hub.errors import ConflictError, NotAllowedError, NotFoundError
from hub.events import time_to_text
from hub.reach import Grant, GrantKind
from hub.store.database import Database, sqlite_url
from hub.store.people.accounts import Account, Accounts
from hub.store.people.grants import Grants

NOW = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Keeping:
    """A store with its accounts and grants."""

    def __init__(self, path: Path) -> None:
        self.clock = SetClock(NOW)
        self.path = path
        self.open()

    def open(self) -> None:
        self.database = Database(sqlite_url(self.path), durability="normal")
        self.database.start()
        self.accounts = Accounts(self.database, self.clock)
        self.grants = Grants(self.database, self.clock)

    def account(self, name: str, role: Role) -> Account:
        return self.accounts.create(name, "three words and a river", role)

    def give(self, account: Account, kind: GrantKind, place: str = "", **more: object) -> Grant:
        return self.grants.give(Grant("", account.id, kind, place, given_by="admin", **more))  # type: ignore[arg-type]


@pytest.fixture
def keeping(tmp_path: Path) -> Iterator[Keeping]:
    made = Keeping(tmp_path / "hub.sqlite")
    yield made
    made.database.stop()


def test_what_is_given_counts_at_once_and_after_a_restart(keeping: Keeping) -> None:
    li = keeping.account("li", Role.RESIDENT)
    assert keeping.grants.of(li.id) == ()
    given = keeping.give(
        li,
        GrantKind.CAMERA,
        "gate-1",
        site="gate",
        permissions=frozenset({Permission.VIEW_OWN_PICTURES}),
        starts=NOW,
        ends=NOW + HOUR,
        reason="邻居",
    )
    assert given.given == NOW
    assert keeping.grants.of(li.id) == (given,)
    keeping.database.stop()
    keeping.open()
    assert keeping.grants.of(li.id) == (given,)
    assert keeping.grants.get(given.id) == given


def test_a_new_account_has_the_grant_that_it_began_with(keeping: Keeping) -> None:
    (whole,) = keeping.grants.of(keeping.account("wang", Role.OPERATOR).id)
    assert whole.kind is GrantKind.COMMUNITY


def test_what_is_taken_back_counts_no_more_and_is_kept(keeping: Keeping) -> None:
    keeping.account("admin", Role.ADMINISTRATOR)
    li = keeping.account("li", Role.OPERATOR)
    (whole,) = keeping.grants.of(li.id)
    taken = keeping.grants.take_back(whole.id, "admin")
    assert (taken.taken_back, taken.taken_back_by) == (NOW, "admin")
    assert keeping.grants.of(li.id) == ()
    assert keeping.grants.get(whole.id) == taken
    keeping.clock.advance(60)
    assert keeping.grants.take_back(whole.id, "other") == taken, "the first one stands"


def test_who_follows_is_told_whose_grants_changed(keeping: Keeping) -> None:
    li = keeping.account("li", Role.RESIDENT)
    told: list[str] = []
    end = keeping.grants.follow(told.append)
    given = keeping.give(li, GrantKind.SITE, "mill")
    keeping.grants.take_back(given.id, "admin")
    end()
    keeping.give(li, GrantKind.SITE, "mill")
    assert told == [li.id, li.id]


def test_the_same_is_not_given_twice(keeping: Keeping) -> None:
    li = keeping.account("li", Role.OPERATOR)
    with pytest.raises(ConflictError):
        keeping.give(li, GrantKind.COMMUNITY)
    keeping.give(li, GrantKind.COMMUNITY, ends=NOW + HOUR)


def test_nobody_that_is_not_there_is_given_anything(keeping: Keeping) -> None:
    with pytest.raises(NotFoundError):
        keeping.grants.give(Grant("", "nobody", GrantKind.COMMUNITY, ""))
    with pytest.raises(NotFoundError):
        keeping.grants.take_back("nothing", "admin")


def test_the_last_administrator_keeps_a_grant_for_all_of_it(keeping: Keeping) -> None:
    first = keeping.account("first", Role.ADMINISTRATOR)
    second = keeping.account("second", Role.ADMINISTRATOR)
    (of_first,), (of_second,) = keeping.grants.of(first.id), keeping.grants.of(second.id)
    keeping.give(first, GrantKind.COMMUNITY, ends=NOW + HOUR)
    keeping.give(first, GrantKind.COMMUNITY, permissions=frozenset({Permission.VIEW_CAMERAS}))
    keeping.grants.take_back(of_first.id, "second")
    with pytest.raises(NotAllowedError):
        keeping.grants.take_back(of_second.id, "second")
    assert keeping.grants.of(second.id) == (of_second,)


def test_the_list_is_narrowed_and_goes_on(keeping: Keeping) -> None:
    li = keeping.account("li", Role.RESIDENT)
    made = []
    for number in range(5):
        keeping.clock.advance(1)
        made.append(keeping.give(li, GrantKind.CAMERA, f"cam-{number}", ends=NOW + timedelta(minutes=1 + number)))
    keeping.grants.take_back(made[4].id, "admin")
    keeping.clock.set(NOW + timedelta(minutes=2))
    ids = [each.id for each in made]

    def listed(**wanted: object) -> list[str]:
        return [each.id for each in keeping.grants.list(account=li.id, **wanted)]  # type: ignore[arg-type]

    assert listed() == ids[::-1]
    assert listed(in_force=True) == [ids[3], ids[2]]
    assert listed(in_force=False) == [ids[4], ids[1], ids[0]]
    assert listed(place="cam-2") == [ids[2]]
    assert listed(kind=GrantKind.AREA) == []
    first = keeping.grants.list(account=li.id, limit=2)
    assert first[-1].given is not None
    assert listed(before=(time_to_text(first[-1].given), first[-1].id)) == ids[2::-1]
