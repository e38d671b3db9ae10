"""Messages that nobody could place: kept within bounds of age, number and bytes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hub.store.database import Database, sqlite_url
from hub.store.raw_messages import TRIM_BYTES, TRIM_MESSAGES, RawMessages

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(sqlite_url(tmp_path), durability="normal")
    made.start()
    yield made
    made.stop()


def test_a_message_is_kept_whole_and_in_order(database: Database) -> None:
    raw = RawMessages(database)
    raw.keep("a/\x00b", b"\x00\xff", NOW)
    raw.keep("c", b"{}", NOW + timedelta(hours=1)).result()
    first, second = raw.after(0, since=None, limit=10)
    assert (first.topic, first.payload, first.arrived) == ("a/\ufffdb", b"\x00\xff", NOW)
    assert raw.after(first.seq, since=None, limit=10) == [second]
    assert raw.after(0, since=NOW + timedelta(minutes=1), limit=10) == [second]
    assert raw.size() == (2, 4)
    raw.remove([first.seq]).result()
    assert raw.size() == (1, 2)


def test_the_oldest_give_way_to_more_than_are_kept(database: Database) -> None:
    raw = RawMessages(database, most=100)
    for number in range(2 * TRIM_MESSAGES):
        done = raw.keep("t", str(number).encode(), NOW)
    done.result()
    count, _ = raw.size()
    assert count <= 100 + TRIM_MESSAGES
    assert raw.after(0, since=None, limit=1000)[-1].payload == str(2 * TRIM_MESSAGES - 1).encode()


def test_the_oldest_give_way_to_more_bytes_than_are_kept(database: Database) -> None:
    raw = RawMessages(database, most_bytes=TRIM_BYTES)
    for _ in range(64):
        done = raw.keep("t", b"x" * 65_536, NOW)
    done.result()
    assert raw.size()[1] <= 2 * TRIM_BYTES


def test_none_is_kept_when_none_is_to_be(database: Database) -> None:
    raw = RawMessages(database, most=0)
    raw.keep("t", b"x", NOW).result()
    assert raw.size() == (0, 0)


def test_what_is_too_old_is_removed(database: Database) -> None:
    raw = RawMessages(database)
    raw.keep("old", b"1", NOW - timedelta(days=8))
    raw.keep("young", b"1", NOW).result()
    assert raw.prune(NOW - timedelta(days=7)) == 1
    assert [one.topic for one in raw.after(0, since=None, limit=10)] == ["young"]
