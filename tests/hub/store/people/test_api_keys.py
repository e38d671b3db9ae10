"""API keys in the store: which texts open, and what is written of their use."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from hub.access import Permission
from hub.clock import SetClock
from hub.errors import NotAllowedError, NotFoundError
from hub.store.database import Database
from hub.store.people.accounts import Account
from hub.store.people.api_keys import MOST_OF_ONE, ApiKeys
from hub.store.people_tables import api_keys as table

SCOPE = frozenset({Permission.VIEW_CAMERAS})


@pytest.fixture
def keys(database: Database, clock: SetClock) -> ApiKeys:
    return ApiKeys(database, clock)


def test_a_key_opens_until_it_ends_and_is_not_kept_in_clear(
    keys: ApiKeys, lin: Account, clock: SetClock, database: Database
) -> None:
    expires = clock.now() + timedelta(days=1)
    made, text = keys.make(lin.id, "gate", SCOPE, cameras=frozenset({"cam-1"}), expires=expires)
    assert text.startswith(f"chk_{made.id}_")
    opened = keys.open(text)
    assert opened is not None
    assert (opened.account, opened.username, opened.permissions, opened.cameras) == (
        lin.id,
        "lin",
        SCOPE,
        frozenset({"cam-1"}),
    )
    with database.read() as connection:
        assert text.encode() not in connection.execute(select(table.c.digest)).scalar_one()
    clock.advance(timedelta(days=1).total_seconds())
    assert keys.open(text) is None


def test_a_key_that_was_ended_opens_nothing(keys: ApiKeys, lin: Account, clock: SetClock) -> None:
    made, text = keys.make(lin.id, "gate", SCOPE, cameras=None, expires=clock.now() + timedelta(days=1))
    keys.end(made.id)
    ended = keys.get(made.id).ended
    clock.advance(5)
    keys.end(made.id)
    assert keys.get(made.id).ended == ended
    assert keys.open(text) is None
    assert keys.list() == ()


def test_what_is_no_key_opens_nothing(keys: ApiKeys, lin: Account, clock: SetClock) -> None:
    made, text = keys.make(lin.id, "gate", SCOPE, cameras=None, expires=clock.now() + timedelta(days=1))
    other, _ = keys.make(lin.id, "door", SCOPE, cameras=None, expires=clock.now() + timedelta(days=1))
    wrong = (
        "",
        "chk_",
        f"chk_{made.id}",
        f"chk_{made.id}_",
        text[:-1],
        text + "x",
        text.upper(),
        text.replace(made.id, other.id),
        text.replace("chk", "chx"),
        "chk_\x00_\ud800",
        text + "x" * 10_000,
    )
    assert [keys.open(each) for each in wrong] == [None] * len(wrong)


def test_the_last_use_is_written_once_a_minute(
    *, keys: ApiKeys, lin: Account, clock: SetClock, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, text = keys.make(lin.id, "gate", SCOPE, cameras=None, expires=clock.now() + timedelta(days=1))
    assert made.used is None
    writes: list[object] = []
    submit = database.submit
    monkeypatch.setattr(database, "submit", lambda work, **more: writes.append(work) or submit(work, **more))
    clock.advance(60 - clock.now().second)
    for _ in range(50):
        assert keys.open(text)
    assert len(writes) == 1
    clock.advance(60)
    keys.open(text)
    assert len(writes) == 2
    database.write(lambda _connection: None)
    assert keys.get(made.id).used == clock.now().replace(microsecond=0)


def test_the_keys_of_one_account_are_bounded(keys: ApiKeys, lin: Account, clock: SetClock) -> None:
    expires = clock.now() + timedelta(days=1)
    for _ in range(MOST_OF_ONE):
        made, _ = keys.make(lin.id, "k", SCOPE, cameras=None, expires=expires)
    with pytest.raises(NotAllowedError):
        keys.make(lin.id, "one more", SCOPE, cameras=None, expires=expires)
    keys.end(made.id)
    keys.make(lin.id, "one more", SCOPE, cameras=None, expires=expires)


def test_the_key_of_another_account_is_not_found(keys: ApiKeys, lin: Account, clock: SetClock) -> None:
    made, _ = keys.make(lin.id, "k", SCOPE, cameras=None, expires=clock.now() + timedelta(days=1))
    assert keys.list(account="somebody") == ()
    for key, account in ((made.id, "somebody"), ("none", None)):
        with pytest.raises(NotFoundError):
            keys.get(key, account=account)
