"""What waits for a watcher: bounded, and always playable from its first picture on."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from cameras.live.backlog import Backlog
from cameras.live.wire import Begins, Dropped, Item, Part, Pauses

BEGINS = Begins("avc1.64001f", 320, 180, sound=False, left_out=None, cached=0, init=b"init")


def _part(number: int, *, key: bool, size: int = 10) -> Part:
    return Part(key, number, number, b"x" * size)


def _taken(backlog: Backlog) -> list[Item]:
    items = []
    while (item := backlog.take()) is not None:
        items.append(item)
    return items


def test_what_is_taken_in_time_comes_whole_and_in_order() -> None:
    backlog = Backlog()
    items = [BEGINS, *(_part(number, key=number % 4 == 0) for number in range(12)), Pauses("offline")]
    for number, item in enumerate(items):
        backlog.put(item, number * 0.01)
    assert _taken(backlog) == items
    assert backlog.dropped == backlog.held_bytes == 0


def test_nothing_is_shown_before_the_first_key_picture_and_that_is_no_loss() -> None:
    backlog = Backlog()
    backlog.put(BEGINS, 0)
    for number in range(3):
        backlog.put(_part(number, key=number == 2), 0)
    assert _taken(backlog) == [BEGINS, _part(2, key=True)]
    assert backlog.dropped == 0


def test_who_is_late_goes_on_at_the_newest_key_picture_and_is_told_what_is_missing() -> None:
    backlog = Backlog(most_behind_s=1.0)
    backlog.put(BEGINS, 0)
    for number in range(7):
        backlog.put(_part(number, key=number % 5 == 0), number * 0.1)
    backlog.put(_part(7, key=False), 1.2)
    assert _taken(backlog) == [BEGINS, Dropped(5), *(_part(number, key=number == 5) for number in (5, 6, 7))]
    assert backlog.dropped == 5


def test_who_is_late_within_one_group_waits_for_the_next_key_picture() -> None:
    backlog = Backlog(most_behind_s=1.0)
    for number in range(5):
        backlog.put(_part(number, key=number == 0), number * 0.1)
    backlog.put(_part(5, key=False), 1.2)
    assert not len(backlog)
    backlog.put(_part(6, key=False), 1.3)
    backlog.put(_part(7, key=True), 1.4)
    assert _taken(backlog) == [Dropped(7), _part(7, key=True)]


def test_a_key_picture_that_comes_too_late_for_the_others_stands_alone() -> None:
    backlog = Backlog(most_bytes=45)
    for number in range(4):
        backlog.put(_part(number, key=number == 0), 0)
    backlog.put(_part(4, key=True), 0)
    assert _taken(backlog) == [Dropped(4), _part(4, key=True)]
    assert backlog.held_bytes == 0


@given(
    st.lists(
        st.tuples(st.sampled_from(["key", "picture", "picture", "begins", "pauses", "take"]), st.floats(0, 0.5)),
        max_size=80,
    )
)
def test_every_picture_is_given_or_counted_and_none_stands_without_its_key_picture(
    steps: list[tuple[str, float]],
) -> None:
    backlog = Backlog(most_bytes=100, most_behind_s=1.0)
    now_s, put, waited_for_key = 0.0, 0, 0
    given_out: list[Item] = []
    needs_key = True
    for number, (what, pause_s) in enumerate(steps):
        now_s += pause_s
        if what == "take":
            given_out += [item] if (item := backlog.take()) is not None else []
        elif what in ("begins", "pauses"):
            backlog.put(BEGINS if what == "begins" else Pauses("offline"), now_s)
            needs_key = needs_key or what == "begins"
        else:
            dropped = backlog.dropped
            put += 1
            needs_key = needs_key and what != "key"
            backlog.put(_part(number, key=what == "key"), now_s)
            waited_for_key += needs_key and backlog.dropped == dropped
        assert backlog.held_bytes <= 100
    given_out += _taken(backlog)
    parts = [item for item in given_out if isinstance(item, Part)]
    assert [part.dts for part in parts] == sorted(part.dts for part in parts)
    assert len(parts) + backlog.dropped + waited_for_key == put
    assert all(_playable(one, other) for one, other in itertools.pairwise([BEGINS, *given_out]))


def _playable(one: Item, other: Item) -> bool:
    """Whether an item may follow another."""
    return not isinstance(other, Part) or other.is_key or isinstance(one, (Part, Pauses))
