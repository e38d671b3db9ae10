"""Nothing is lost and nothing doubled when the hub dies, wherever it is; the long version is `benchmarks/crash.py`."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from sqlalchemy import Connection

from alerts import recording
from hub.store.database import sqlite_url
from tests.fakes.crashes import Cuts, differences, live_through
from tests.fakes.day_process import live_through_kills
from tests.fakes.days import Stretch, rules_of_the_day, simulated_day

SEED, EVENTS, STRETCHES = 7, 250, 20
CUTS = 30


@pytest.fixture(scope="module")
def day() -> list[Stretch]:
    return simulated_day(SEED, events=EVENTS, stretches=STRETCHES)


@pytest.fixture(scope="module")
def undisturbed(day: list[Stretch], tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, int]:
    """What an undisturbed day leaves, and at how many points it could have been cut."""
    cuts = Cuts()
    return live_through(sqlite_url(tmp_path_factory.mktemp("undisturbed")), day, cuts=cuts), cuts.points


def test_the_day_has_all_shapes_and_all_moves(undisturbed: tuple[bytes, int]) -> None:
    dump = undisturbed[0].decode()
    rules = rules_of_the_day().rules
    shapes = {"event", "lasts", "value", "change", "count", "sequence", "silence", "together"}
    assert {rule.shape_kind for rule in rules} == shapes
    assert sum(f'"rule": "{rule.id}"' in dump for rule in rules) > len(rules) // 2
    assert all(f'"move": "{move}"' in dump for move in ("raised", "muted", "acknowledged", "resolved", "closed"))


@pytest.mark.timeout(120)
def test_a_day_with_thirty_power_cuts_leaves_the_same_bytes(
    day: list[Stretch], undisturbed: tuple[bytes, int], database_url: str
) -> None:
    """On both databases; before statements, before commits, right after commits."""
    expected, points = undisturbed
    chance = random.Random(SEED)
    cuts = Cuts(chance.sample(range(1, points), CUTS))
    found = live_through(database_url, day, cuts=cuts, batches=chance, at_once=3)
    assert cuts.made.total() == CUTS
    assert differences(expected, found) == []


@pytest.mark.timeout(120)
def test_a_day_with_two_kills_leaves_the_same_bytes(undisturbed: tuple[bytes, int], tmp_path: Path) -> None:
    chance = random.Random(SEED)
    parts = {"seed": SEED, "events": EVENTS, "stretches": STRETCHES}
    found, _interrupted = live_through_kills(tmp_path, **parts, kills=2, chance=chance)
    assert differences(undisturbed[0], found) == []


@pytest.mark.timeout(120)
def test_a_cursor_that_is_stored_apart_would_be_found_out(
    day: list[Stretch], undisturbed: tuple[bytes, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The comparison sees what it is there to see: here a hub that forgets its place now and then."""
    write, number = recording.write_cursor, 0

    def forgets(connection: Connection, reader: str, seq: int) -> None:
        nonlocal number
        number += 1
        if number % 3:
            write(connection, reader, seq)

    monkeypatch.setattr(recording, "write_cursor", forgets)
    chance = random.Random(SEED)
    cuts = Cuts(chance.sample(range(1, undisturbed[1]), CUTS))
    found = live_through(sqlite_url(tmp_path / "data"), day, cuts=cuts, batches=chance)
    assert differences(undisturbed[0], found) != []
