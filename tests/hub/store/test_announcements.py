"""What devices announced is there again after a restart."""

from __future__ import annotations

from pathlib import Path

from hub.store.announcements import Announcements
from hub.store.database import Database
from hub.store.engines import sqlite_url


def kept(folder: Path, *messages: tuple[str, bytes]) -> list[bool]:
    """Keep messages; whether each was written."""
    database = Database(sqlite_url(folder))
    database.start()
    store = Announcements(database)
    store.load()
    written = []
    for topic, payload in messages:
        future = store.keep(topic, payload)
        if future is not None:
            future.result()
        written.append(future is not None)
    database.stop()
    return written


def loaded(folder: Path) -> dict[str, bytes]:
    database = Database(sqlite_url(folder))
    database.start()
    found = dict(Announcements(database).load())
    database.stop()
    return found


def test_the_newest_message_of_a_topic_is_kept_and_written_once(tmp_path: Path) -> None:
    assert kept(tmp_path, ("a", b"1"), ("a", b"1"), ("b", b"\xff"), ("a", b"2")) == [True, False, True, True]
    assert loaded(tmp_path) == {"a": b"2", "b": b"\xff"}


def test_after_a_restart_what_is_the_same_is_not_written_again(tmp_path: Path) -> None:
    kept(tmp_path, ("a", b"1"))
    assert kept(tmp_path, ("a", b"1"), ("a", b"2")) == [False, True]


def test_an_empty_message_removes_what_was_kept(tmp_path: Path) -> None:
    kept(tmp_path, ("a", b"1"))
    assert kept(tmp_path, ("a", b""), ("a", b""), ("b", b"")) == [True, False, False]
    assert loaded(tmp_path) == {}
