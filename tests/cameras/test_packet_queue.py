"""The queue in front of the analysis: bounded, decodable, counted."""

from __future__ import annotations

from datetime import UTC, datetime

import av
from hypothesis import given
from hypothesis import strategies as st

from cameras.errors import SourceProblem
from cameras.streams.packet_queue import Broke, Opened, PacketQueue, StreamItem
from cameras.streams.packets import Packet, StreamInfo

AT = datetime(2026, 5, 1, 8, tzinfo=UTC)
OPENED = Opened(StreamInfo("h264", 320, 180, 10.0))
BROKE = Broke(AT, SourceProblem.BROKE)


def packet(number: int, *, key: bool = False, size: int = 100) -> Packet:
    return Packet(number, number / 10, number / 10, AT, key, size, av.Packet())


def drained(queue: PacketQueue) -> list[StreamItem]:
    found: list[StreamItem] = []
    while (item := queue.take()) is not None:
        found.append(item)
    return found


def numbers(items: list[StreamItem]) -> list[int]:
    return [item.number for item in items if isinstance(item, Packet)]


def test_what_fits_comes_out_in_order() -> None:
    queue = PacketQueue()
    items: list[StreamItem] = [OPENED, packet(0, key=True), packet(1), BROKE, OPENED, packet(0, key=True)]
    for item in items:
        queue.put(item)
    assert len(queue) == 6
    assert drained(queue) == items
    assert queue.dropped == 0


def test_a_full_queue_drops_its_oldest_packets_up_to_the_next_key_frame() -> None:
    queue = PacketQueue(max_packets=10)
    for number in range(11):
        queue.put(packet(number, key=number % 4 == 0))
    assert numbers(drained(queue)) == [4, 5, 6, 7, 8, 9, 10]
    assert queue.dropped == 4


def test_without_a_key_frame_in_it_everything_goes_until_the_next_one_comes() -> None:
    queue = PacketQueue(max_packets=5)
    for number in range(8):
        queue.put(packet(number, key=number == 0))
    queue.put(packet(8, key=True))
    queue.put(packet(9))
    assert numbers(drained(queue)) == [8, 9]
    assert queue.dropped == 8


def test_bytes_are_bounded_too_and_one_huge_packet_is_let_through() -> None:
    queue = PacketQueue(max_bytes=1000)
    for number in range(6):
        queue.put(packet(number, key=True, size=400))
    assert numbers(drained(queue)) == [4, 5]
    queue.put(packet(6, key=True, size=5000))
    assert numbers(drained(queue)) == [6]


def test_begin_and_end_of_a_stream_are_never_dropped() -> None:
    queue = PacketQueue(max_packets=3)
    queue.put(OPENED)
    for number in range(3):
        queue.put(packet(number, key=number == 0))
    queue.put(BROKE)
    queue.put(OPENED)
    for number in range(3):
        queue.put(packet(number, key=number == 0))
    items = drained(queue)
    assert [item for item in items if not isinstance(item, Packet)] == [OPENED, BROKE, OPENED]
    assert numbers(items) == [0, 1, 2]


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(1, 500)), max_size=200))
def test_it_stays_bounded_and_decodable_whatever_comes(steps: list[tuple[bool, bool, int]]) -> None:
    """After a gap in the numbers the next packet is a key frame, and every packet is either given or counted."""
    queue = PacketQueue(max_packets=8, max_bytes=2000)
    given_out: list[Packet] = []
    for number, (key, take, size) in enumerate(steps):
        queue.put(packet(number, key=key or number == 0, size=size))
        assert len(queue) <= 8
        if take and isinstance(item := queue.take(), Packet):
            given_out.append(item)
    given_out += [item for item in drained(queue) if isinstance(item, Packet)]
    assert len(given_out) + queue.dropped == len(steps)
    expected = 0
    for each in given_out:
        assert each.is_key or each.number == expected
        expected = each.number + 1
