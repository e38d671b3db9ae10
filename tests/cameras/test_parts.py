"""The smaller parts, each on its own: health, triage, placement, outbox, stamps."""

from __future__ import annotations

import socket
from collections.abc import Callable
from datetime import UTC, datetime
from fractions import Fraction

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameras.errors import SourceProblem
from cameras.health import CameraState, Health
from cameras.link import Link, Observed
from cameras.running.outbox import Outbox
from cameras.streams.packets import Packet, Stamper
from cameras.supervision.placement import place
from cameras.vision.triage import Triage, Verdict
from hub.clock import SetClock
from hub.events import Event, Phase

AT = datetime(2026, 5, 1, 8, tzinfo=UTC)


def event(number: int, phase: Phase = Phase.MOMENT) -> Event:
    return Event(id=f"e{number}", kind="camera.motion", at=AT, arrived=AT, source="gate", driver="fake", phase=phase)


def test_a_camera_that_was_never_reached_is_offline_after_a_while_and_told_once() -> None:
    clock = SetClock(AT)
    health = Health(clock, offline_after_s=8)
    health.failed(SourceProblem.UNREACHABLE)
    assert health.check() is None
    assert health.standing.state is CameraState.CONNECTING
    clock.advance(8)
    change = health.check()
    assert change is not None
    assert (change.state, change.reason) == (CameraState.OFFLINE, SourceProblem.UNREACHABLE)
    health.failed(SourceProblem.LOGIN_REFUSED)
    clock.advance(60)
    assert health.check() is None
    assert health.standing.reason is SourceProblem.LOGIN_REFUSED


def test_a_short_break_is_not_told() -> None:
    clock = SetClock(AT)
    health = Health(clock, offline_after_s=8)
    health.heard()
    first = health.check()
    assert first is not None
    assert first.state is CameraState.LIVE
    clock.advance(5)
    health.failed(SourceProblem.BROKE)
    assert health.check() is None
    clock.advance(2)
    health.heard()
    clock.advance(5)
    assert health.check() is None
    assert health.standing == first


def test_silence_without_an_error_is_a_time_out() -> None:
    clock = SetClock(AT)
    health = Health(clock, offline_after_s=8)
    health.heard()
    health.check()
    clock.advance(9)
    change = health.check()
    assert change is not None
    assert change.reason is SourceProblem.TIMED_OUT


def packet(number: int, *, key: bool, size: int) -> Packet:
    return Packet(number, number / 10, number / 10, AT, key, size, av.Packet())


def asleep(triage: Triage, *, small: int = 400, large: int = 400) -> int:
    """Feed quiet packets until the camera sleeps; the next number."""
    for number in range(200):
        verdict = triage.judge(packet(number, key=number % 10 == 0, size=small if number % 3 else large))
        if verdict is Verdict.DECODE:
            triage.saw(number / 10, moving=False)
        if verdict is Verdict.HOLD:
            return number + 1
    raise AssertionError("it does not sleep")


@pytest.mark.parametrize(("moved", "after_s"), [(False, 4), (True, 10)])
def test_a_camera_sleeps_sooner_while_nothing_has_moved_yet(*, moved: bool, after_s: int) -> None:
    """When all cameras of a worker start, the background of each is known within seconds."""
    triage = Triage(sleep_after_s=10, audit_share=0)
    for number in range(200):
        verdict = triage.judge(packet(number, key=number % 10 == 0, size=400))
        if verdict is not Verdict.DECODE:
            break
        triage.saw(number / 10, moving=moved and number == 0)
    assert (number / 10, verdict) == (after_s, Verdict.KEY_ONLY)


def test_one_large_packet_does_not_wake_a_camera() -> None:
    triage = Triage(sleep_after_s=3, audit_share=0)
    number = asleep(triage)
    assert triage.judge(packet(number, key=False, size=9000)) is Verdict.HOLD
    assert triage.judge(packet(number + 1, key=False, size=400)) is Verdict.HOLD


def test_a_run_of_large_packets_wakes_it_and_gives_the_group_from_its_key_frame_on() -> None:
    triage = Triage(sleep_after_s=3, audit_share=0)
    number = asleep(triage)
    verdicts = [triage.judge(packet(number + more, key=False, size=1500)) for more in range(4)]
    assert verdicts == [Verdict.HOLD, Verdict.HOLD, Verdict.WAKE, Verdict.DECODE]
    held = triage.release()
    assert held[0].is_key
    assert held[-1].number == number + 2
    assert [each.number for each in held] == list(range(held[0].number, held[-1].number + 1))


def test_packets_that_differ_in_turn_are_usual_for_such_a_stream() -> None:
    """B-frames: one large packet, then small ones, again and again."""
    triage = Triage(sleep_after_s=3, audit_share=0)
    number = asleep(triage, small=300, large=1500)
    for more in range(300):
        current = number + more
        verdict = triage.judge(packet(current, key=current % 10 == 0, size=300 if current % 3 else 1500))
        assert verdict in {Verdict.HOLD, Verdict.KEY_ONLY}


def test_a_group_that_grows_too_large_wakes_the_camera() -> None:
    triage = Triage(sleep_after_s=3, audit_share=0)
    number = asleep(triage)
    verdicts = {triage.judge(packet(number + more, key=False, size=400)) for more in range(520)}
    assert Verdict.WAKE in verdicts


def looked_at_in_full(*, moves_from: int, sizes: Callable[[int], int]) -> Triage:
    """A sleeping camera's first group, decoded in full; what moves in it is seen from its packet `moves_from` on."""
    triage = Triage(sleep_after_s=3, audit_share=1)
    start = None
    for number in range(400):
        more = -1 if start is None else number - start
        verdict = triage.judge(packet(number, key=number % 10 == 0, size=sizes(more) if more > 0 else 400))
        if verdict is Verdict.AUDIT and start is not None:
            break
        if verdict is Verdict.AUDIT:
            start, more = number, 0
        elif more == 10:  # the next group of a camera that the audit woke
            break
        assert verdict in {Verdict.AUDIT, Verdict.DECODE}
        assert not triage.saw(number / 10, moving=more >= moves_from), "nothing is decoded twice"
    assert start is not None
    return triage


@pytest.mark.parametrize(
    ("moves_from", "sizes", "moved", "missed"),
    [
        (99, lambda _: 400, 0, 0),
        (4, lambda _: 400, 1, 1),
        (0, lambda _: 400, 0, 0),
        (2, lambda more: 400 if more < 2 else 2500, 1, 0),
    ],
    ids=["nothing moves", "the sizes say nothing", "the key frame shows it", "the sizes tell"],
)
def test_looking_in_full_while_asleep_tells_what_sleeping_misses(
    moves_from: int, sizes: Callable[[int], int], moved: int, missed: int
) -> None:
    triage = looked_at_in_full(moves_from=moves_from, sizes=sizes)
    assert (triage.audits.looked, triage.audits.moved, triage.audits.missed) == (1, moved, missed)
    assert triage.awake is (moves_from < 10)


@given(
    st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 3)),
    st.lists(st.sampled_from("abcdefghijklmnop"), unique=True),
)
def test_placement_moves_nobody_and_fills_the_emptiest(current: dict[str, int], wanted: list[str]) -> None:
    placed = place(current, wanted, 4)
    assert list(placed) == [name for name in wanted if name in current] + [n for n in wanted if n not in current]
    assert all(placed[name] == current[name] for name in wanted if name in current)
    fresh = [name for name in wanted if name not in current]
    if fresh and len(fresh) == len(wanted):
        loads = [list(placed.values()).count(worker) for worker in range(4)]
        assert max(loads) - min(loads) <= 1


def test_a_hub_that_takes_nothing_costs_going_on_events_first() -> None:
    """The oldest of the others go next; what is left is sent in order once the hub reads."""
    ours, theirs = socket.socketpair()
    outbox = Outbox(Link(ours), max_events=4)
    outbox.events([event(0, Phase.BEGAN), event(1, Phase.GOES_ON), event(2), event(3), event(4, Phase.ENDED), event(5)])
    assert outbox.lost_events == 2
    outbox.start()
    message = Link(theirs).receive()
    outbox.stop()
    ours.close()
    theirs.close()
    assert isinstance(message, Observed)
    assert [each.id for each in message.events] == ["e2", "e3", "e4", "e5"]


@pytest.mark.timeout(10)
def test_events_are_told_to_the_next_hub_when_one_dies_before_it_stored_them() -> None:
    """In their order, and without those that it said it has."""
    outbox = Outbox()
    outbox.events([event(number) for number in range(3)])
    outbox.start()
    ours, theirs = socket.socketpair()
    outbox.attach(link := Link(ours))
    hub = Link(theirs)
    told = hub.receive()
    assert isinstance(told, Observed)
    assert [each.id for each in told.events] == ["e0", "e1", "e2"]
    outbox.events([event(3)])
    outbox.events_kept(1)
    outbox.detach(link)
    link.close()
    hub.close()
    ours, theirs = socket.socketpair()
    outbox.attach(link := Link(ours))
    hub = Link(theirs)
    told = hub.receive()
    assert isinstance(told, Observed)
    assert [each.id for each in told.events] == ["e1", "e2", "e3"]
    outbox.events_kept(3)
    outbox.events([event(4)])
    assert isinstance(told := hub.receive(), Observed)
    assert [each.id for each in told.events] == ["e4"]
    outbox.stop()
    link.close()
    hub.close()


def stamped(*times: int | None, fps: float | None = 10.0) -> list[Packet]:
    stamper = Stamper(fps=fps, at=lambda _: AT)
    found = []
    for each in times:
        data = av.Packet(b"x")
        data.time_base = Fraction(1, 1000)
        data.pts = data.dts = each
        found.append(stamper.stamp(data))
    return found


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ((5000, 5100, 5200), [0.0, 0.1, 0.2]),
        ((None, 0, 100), [0.0, 0.1, 0.2]),
        ((None, None, None), [0.0, 0.1, 0.2]),
        ((0, 200, 100, 300), [0.0, 0.2, 0.1, 0.3]),
        ((60_000, 60_100, 0, 100), [0.0, 0.1, 0.2, 0.3]),
        ((0, 100, 900_000, 900_100), [0.0, 0.1, 0.2, 0.3]),
        ((0, 4000, 4100), [0.0, 4.0, 4.1]),
    ],
    ids=["offset", "first without", "none at all", "B-frames", "starts again", "jumps ahead", "a pause stays a pause"],
)
def test_a_streams_time_begins_at_0_and_goes_on_whatever_its_stamps_do(
    times: tuple[int | None, ...], expected: list[float]
) -> None:
    assert [packet.stream_s for packet in stamped(*times)] == pytest.approx(expected)
