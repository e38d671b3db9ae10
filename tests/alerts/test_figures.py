"""The figures of the room: what counts as an annunciation, and when it is too much for one person."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alerts.figures.load import measure
from alerts.figures.signs import Sign
from alerts.incidents.incident import Display, Handling
from config.community import Level
from tests.fakes.journals import DAY, START, at, deed, sign


def burst(count: int, *, begins_s: float = 0, every_s: float = 10) -> list[Sign]:
    return [sign(begins_s + every_s * number, key=f"hh-{number}") for number in range(count)]


def test_only_what_asks_the_operator_for_something_is_an_annunciation() -> None:
    load = measure(
        [
            sign(0),
            sign(10, "rose", level=Level.SERIOUS),
            sign(20, "fell"),
            sign(30, "muted", hidden=True),
            sign(40, "shown"),
            sign(50, "returned"),
            sign(60, "raised", key="for-information", level=Level.INFO),
            sign(70, "raised", key="muted", hidden=True),
        ],
        since=START,
        until=START + DAY,
    )
    assert load.annunciations == 3
    assert load.levels == {Level.WARNING: 2, Level.SERIOUS: 1}
    assert load.families == {"fire": 3}
    assert load.rules == (("fire.smoke_sensor", 3),)


@pytest.mark.parametrize(("normal_s", "rings"), [(59, 1), (60, 2)])
def test_what_comes_back_rings_again_only_after_a_minute(normal_s: float, rings: int) -> None:
    signs = [sign(0), sign(20, "returned"), sign(20 + normal_s, "reactivated")]
    assert measure(signs, since=START, until=START + DAY).annunciations == rings


def test_a_flood_begins_with_the_eleventh_in_ten_minutes_and_ends_below_five() -> None:
    load = measure(burst(11), since=START, until=START + DAY)
    [flood] = load.floods
    assert flood.began == START + timedelta(seconds=100)
    assert flood.ended == START + timedelta(seconds=60 + 600)  # of those at 0 to 100 s four are left then
    assert flood.annunciations == 11
    assert flood.first == ("fire.smoke", "hh-0")
    assert load.most_in_ten_minutes == 11
    assert load.flood_share == pytest.approx(560 / 86_400)
    assert load.busy_share == pytest.approx(1 / 144)


def test_ten_in_ten_minutes_are_no_flood() -> None:
    load = measure(burst(10), since=START, until=START + DAY)
    assert load.floods == ()
    assert load.busy_share == 0


def test_a_flood_that_has_not_ended_counts_to_the_end() -> None:
    load = measure(burst(20), since=START, until=START + timedelta(seconds=200))
    assert load.floods[0].ended is None
    assert load.flood_share == pytest.approx(0.5)


def test_three_within_a_minute_are_chatter_and_what_is_over_at_once_is_fleeting() -> None:
    moves = [(0, "raised"), (5, "returned"), (20, "reactivated"), (40, "returned"), (60, "reactivated")]
    load = measure([sign(at, move) for at, move in moves], since=START, until=START + DAY)
    assert load.chattering == (("fire.smoke", "hh-1"),)
    assert load.fleeting == 1
    assert load.annunciations == 1


def test_what_stands_longer_than_a_day_is_stale_whether_it_ended_or_not() -> None:
    signs = [sign(0, key="ended"), sign(0, key="stands"), sign(86_401, "returned", key="ended")]
    assert measure(signs, since=START, until=START + 2 * DAY).stale == 2


def test_what_was_before_the_time_only_tells_what_stood() -> None:
    signs = [sign(0), sign(3600, "returned"), sign(3700, "reactivated")]
    load = measure(signs, since=START + timedelta(hours=1), until=START + DAY)
    assert load.annunciations == 1


def test_means_are_over_the_whole_time() -> None:
    load = measure(burst(6), since=START, until=START + timedelta(hours=2))
    assert load.mean_per(timedelta(hours=1)) == 3
    assert load.to_json()["per_ten_minutes"] == 0.5


def test_a_time_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match="until must be after since"):
        measure([], since=START, until=START)


def test_what_was_seen_and_left_lies_there_again_and_what_was_put_aside_comes_back() -> None:
    load = measure(
        [
            sign(0, incident="i1"),
            deed(0, "opened", Handling.NEW),
            deed(60, "acknowledged", Handling.SEEN, who="lin"),
            deed(660, "lapsed", Handling.NEW),
            deed(700, "shelved", Handling.NEW, who="lin", display=Display.SHELVED),
            sign(800, "rose", incident="i1", level=Level.SERIOUS),
            deed(800, "unshelved", Handling.NEW),
        ],
        since=START,
        until=START + DAY,
    )
    assert load.times == (at(0), at(660), at(800))  # the rise that brought it back is one demand, not two
    assert load.rules == (("fire.smoke_sensor", 3),)


def test_what_comes_back_when_it_is_over_asks_for_nothing() -> None:
    deeds = [
        deed(0, "shelved", Handling.SEEN, who="lin", display=Display.SHELVED),
        deed(60, "unshelved", Handling.SEEN, active=False),
    ]
    assert measure(deeds, since=START, until=START + DAY).annunciations == 0


def test_what_begins_while_its_device_is_worked_on_does_not_ring() -> None:
    entries = [sign(0, incident="i1"), deed(0, "opened", Handling.NEW, display=Display.MAINTENANCE)]
    assert measure(entries, since=START, until=START + DAY).annunciations == 0


def test_the_mix_counts_yellow_and_blue_as_low() -> None:
    levels = [Level.NOTICE, Level.WARNING, Level.SERIOUS, Level.CRITICAL]
    signs = [sign(number, key=f"k{number}", level=level) for number, level in enumerate(levels)]
    load = measure(signs, since=START, until=START + DAY)
    assert load.mix == {"low": 0.5, "medium": 0.25, "high": 0.25}


def test_the_busiest_ten_minutes_are_named_and_every_hour_has_its_count() -> None:
    load = measure([sign(0), *burst(3, begins_s=7300)], since=START, until=START + timedelta(hours=3))
    assert load.busiest == at(7320)
    assert load.per(timedelta(hours=1)) == ((at(0), 1), (at(3600), 0), (at(7200), 3))
