"""What shows that somebody is there, and where people are."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from alerts.dispatch.arrival import arrival_code, is_code_of, printed
from alerts.dispatch.positions import MOST, Positions
from alerts.people.photos import Photos
from alerts.people.pictures import JPEG
from hub.clock import SetClock

KEY = bytes(range(32))
NOW = datetime(2026, 3, 3, 8, tzinfo=UTC)


def test_a_code_is_of_one_site_and_one_hub() -> None:
    code = arrival_code(KEY, "hh-017")
    assert code == arrival_code(KEY, "hh-017")
    assert len({code, arrival_code(KEY, "hh-018"), arrival_code(bytes(32), "hh-017")}) == 3
    assert len(code.replace("-", "")) == 16


def test_a_code_is_taken_as_it_was_scanned_or_typed() -> None:
    code = arrival_code(KEY, "hh-017")
    for said in (code, code.lower(), code.replace("-", " "), code.replace("-", ""), printed("hh-017", code)):
        assert is_code_of(KEY, "hh-017", said)
    for said in ("", "hh-017", code[:-1], printed("hh-018", arrival_code(KEY, "hh-018")), "码" * 16):
        assert not is_code_of(KEY, "hh-017", said)


def test_a_position_is_forgotten_after_a_quarter_of_an_hour() -> None:
    clock = SetClock(NOW)
    positions = Positions(clock)
    positions.say("zhao", (29.36, 106.16), 12)
    clock.advance(899)
    assert positions.of("zhao") is not None
    clock.advance(1)
    assert positions.of("zhao") is None
    positions.say("zhao", (29.36, 106.16), 12)
    positions.forget("zhao")
    assert positions.of("zhao") is None


def test_of_too_many_positions_the_oldest_is_forgotten() -> None:
    clock = SetClock(NOW)
    positions = Positions(clock)
    for number in range(MOST + 1):
        positions.say(f"p-{number}", (29.36, 106.16), 12)
    assert positions.of("p-0") is None
    assert positions.of("p-1") is not None


def test_of_too_many_photos_the_oldest_go(tmp_path: Path) -> None:
    photos = Photos(tmp_path, most_files=2)
    for number in range(3):
        photos.keep(f"{number:032x}", JPEG, b"picture")
        os.utime(tmp_path / f"{number:032x}.jpg", (number, number))
    assert [photos.of(f"{number:032x}", JPEG) is not None for number in range(3)] == [False, True, True]
