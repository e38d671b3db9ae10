"""What each stream last said, and what is forgotten when there are too many."""

from __future__ import annotations

from alerts.streams import MOST_STREAMS, Streams, affirm, deny, names_standing
from hub.events import Phase
from tests.fakes.stories import event, seen


def test_what_stands_gives_way_last() -> None:
    streams: Streams = {}
    streams, _ = affirm(streams, event("smoke", 0, source="burning"))
    for number in range(MOST_STREAMS + 50):
        streams, over = deny(streams, event("smoke", 1 + number, source=f"s{number}"))
        assert not over
    assert len(streams) == MOST_STREAMS
    assert names_standing(streams) == ["burning|smoke|"]


def test_it_is_over_with_the_last_that_stands_and_only_then() -> None:
    streams: Streams = {}
    for source in ("a", "b"):
        streams, _ = affirm(streams, event("smoke", 0, source=source))
    streams, over = deny(streams, event("smoke", 1, source="a"))
    assert not over
    streams, over = deny(streams, event("smoke", 2, source="b"))
    assert over
    streams, over = deny(streams, event("smoke", 3, source="b"))
    assert not over


def test_of_a_subject_that_never_matched_nothing_is_noted() -> None:
    streams: Streams = {}
    assert deny(streams, seen("camera.vehicle", 0, track="1", phase=Phase.ENDED)) == (streams, False)
