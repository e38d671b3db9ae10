"""How a message that the broker sends again is known; each case was seen on a real broker first."""

from __future__ import annotations

from hub.sensors.deliveries import BURST_S, CROSSES_AFTER_S, SETTLE_S, WINDOW_S, Deliveries, Taken

A, B = b"a" * 32, b"b" * 32


def connect(
    deliveries: Deliveries, *, now_s: float = 0.0, kept: bool = True, renumbered: bool = False, dup_kept: bool = True
) -> None:
    deliveries.connected(now_s=now_s, session_kept=kept, renumbered=renumbered, dup_kept=dup_kept)


def again(
    deliveries: Deliveries, packet: int, digest: bytes, *, dup: bool = True, one_shot: bool = False
) -> Taken | None:
    return deliveries.repeated(packet, digest, dup=dup, one_shot=one_shot)


def settled(deliveries: Deliveries, now_s: float, *, answered_s: float) -> list[int]:
    """What is forgotten at `now_s` when the broker last answered what was asked at `answered_s`."""
    deliveries.answered(answered_s)
    return deliveries.settled(now_s)


def old_enough(deliveries: Deliveries) -> None:
    """Connect, and hear that everything from before the connection has come again."""
    connect(deliveries)
    deliveries.answered(WINDOW_S)


def test_a_message_sent_again_under_its_packet_id_is_known() -> None:
    deliveries = Deliveries()
    entry = deliveries.take(7, A)
    connect(deliveries)
    assert again(deliveries, 7, A) is entry
    assert entry.packet == 7


def test_equal_content_under_another_packet_id_is_another_message() -> None:
    deliveries = Deliveries()
    deliveries.take(7, A)
    assert again(deliveries, 8, A) is None


def test_equal_content_without_dup_is_another_message() -> None:
    deliveries = Deliveries()
    deliveries.take(7, A)
    assert again(deliveries, 7, A, dup=False) is None


def test_after_the_broker_numbered_afresh_content_and_dup_are_enough_once() -> None:
    """Two equal ones were delivered and one was stored: the other one is new."""
    deliveries = Deliveries()
    entry = deliveries.take(7, A)
    entry.stored = True
    connect(deliveries, renumbered=True)
    assert again(deliveries, 1, A) is entry
    assert again(deliveries, 2, A) is None
    assert not entry.marked


def test_a_broker_that_stopped_in_order_tells_the_truth_about_dup() -> None:
    deliveries = Deliveries()
    deliveries.take(7, A)
    connect(deliveries, renumbered=True, dup_kept=True)
    assert again(deliveries, 1, A, dup=False) is None


def test_a_killed_broker_is_not_trusted_about_dup_in_the_first_moments() -> None:
    deliveries = Deliveries()
    first, second = deliveries.take(7, A), deliveries.take(8, B)
    connect(deliveries, renumbered=True, dup_kept=False)
    deliveries.answered(BURST_S - 0.1)
    assert again(deliveries, 1, A, dup=False) is first
    deliveries.answered(BURST_S)
    assert again(deliveries, 2, B, dup=False) is None
    assert again(deliveries, 2, B, dup=True) is second


def test_a_one_shot_message_is_never_taken_for_another_by_its_content_alone() -> None:
    """After the broker was killed a press may be stored twice; it is never lost."""
    deliveries = Deliveries()
    deliveries.take(7, A)
    connect(deliveries, renumbered=True, dup_kept=False)
    for dup in (False, True):
        assert again(deliveries, 1, A, dup=dup, one_shot=True) is None


def test_a_one_shot_message_is_known_by_its_packet_id() -> None:
    deliveries = Deliveries()
    entry = deliveries.take(7, A)
    connect(deliveries)
    assert again(deliveries, 7, A, one_shot=True) is entry


def test_what_an_earlier_process_stored_is_known() -> None:
    deliveries = Deliveries()
    deliveries.restore([(3, A), (4, B)])
    connect(deliveries)
    for packet, digest in ((3, A), (4, B)):
        entry = again(deliveries, packet, digest)
        assert entry is not None
        assert entry.stored


def test_an_acknowledged_message_settles_when_its_connection_stood_long_enough() -> None:
    deliveries = Deliveries()
    connect(deliveries)
    entry = deliveries.take(7, A)
    deliveries.acknowledged(entry, 1.0)
    assert settled(deliveries, 1.0 + SETTLE_S - 0.1, answered_s=1.0 + SETTLE_S - 0.1) == []
    assert settled(deliveries, 1.0 + SETTLE_S, answered_s=1.0 + SETTLE_S) == [7]
    assert len(deliveries) == 0


def test_an_acknowledgement_does_not_settle_before_the_broker_answered() -> None:
    """A slow broker was seen to read acknowledgements seconds late; then its hub was killed."""
    deliveries = Deliveries()
    old_enough(deliveries)
    entry = deliveries.take(7, A)
    deliveries.acknowledged(entry, 31.0)
    assert deliveries.waits
    assert settled(deliveries, 55.0, answered_s=30.9) == []
    assert settled(deliveries, 55.0, answered_s=31.0) == [7]
    assert not deliveries.waits


def test_an_acknowledgement_whose_connection_broke_does_not_settle() -> None:
    deliveries = Deliveries()
    connect(deliveries)
    entry = deliveries.take(7, A)
    deliveries.acknowledged(entry, 1.0)
    deliveries.disconnected()
    assert settled(deliveries, 1_000.0, answered_s=1_000.0) == []
    connect(deliveries, now_s=1_000.0)
    assert again(deliveries, 7, A) is entry


def test_what_the_broker_does_not_ask_for_again_is_forgotten() -> None:
    deliveries = Deliveries()
    deliveries.restore([(3, A)])
    connect(deliveries)
    assert settled(deliveries, WINDOW_S - 1, answered_s=WINDOW_S - 1) == []
    assert settled(deliveries, WINDOW_S, answered_s=WINDOW_S) == [3]
    assert again(deliveries, 3, A) is None
    assert len(deliveries) == 0


def test_marks_of_a_void_numbering_are_not_forgotten_one_by_one() -> None:
    """They were cleared together; by now another message may be marked under the same packet id."""
    deliveries = Deliveries()
    connect(deliveries)
    deliveries.acknowledged(deliveries.take(7, A), 0.0)
    connect(deliveries, renumbered=True)
    assert again(deliveries, 1, A) is not None
    assert settled(deliveries, WINDOW_S, answered_s=WINDOW_S) == []


def test_a_broker_that_lost_our_session_sends_nothing_again() -> None:
    deliveries = Deliveries()
    deliveries.restore([(3, A)])
    connect(deliveries, kept=False)
    assert again(deliveries, 3, A) is None
    assert settled(deliveries, 0.0, answered_s=0.0) == [3]


def test_a_mark_that_was_overwritten_is_not_forgotten_by_its_old_owner() -> None:
    deliveries = Deliveries()
    connect(deliveries)
    deliveries.acknowledged(deliveries.take(7, A), 0.0)
    deliveries.take(7, B)
    assert settled(deliveries, 100.0, answered_s=100.0) == []


def test_a_message_that_could_not_be_stored_is_new_when_it_comes_again() -> None:
    deliveries = Deliveries()
    deliveries.drop(deliveries.take(7, A))
    assert again(deliveries, 7, A) is None


def acknowledged(deliveries: Deliveries, packet: int, digest: bytes) -> Taken:
    """A message that came for the first time on this connection, was stored, and acknowledged."""
    assert again(deliveries, packet, digest, dup=False) is None
    entry = deliveries.take(packet, digest)
    entry.stored = True
    deliveries.acknowledged(entry, 5.0)
    return entry


def test_what_crossed_our_acknowledgement_is_known_under_its_fresh_packet_id() -> None:
    """nats-server sends again after 5 s, and under a new packet id when our answer came meanwhile."""
    deliveries = Deliveries()
    old_enough(deliveries)
    entry = acknowledged(deliveries, 65_530, A)
    acknowledged(deliveries, 65_534, B)
    assert again(deliveries, 3, A) is entry
    assert entry.packet == 3


def test_what_was_sent_before_this_connection_and_never_read_is_no_repetition() -> None:
    """Its packet id is older than those of this connection, though an equal message was acknowledged on it."""
    deliveries = Deliveries()
    old_enough(deliveries)
    acknowledged(deliveries, 130, A)
    acknowledged(deliveries, 180, B)
    assert again(deliveries, 131, A) is None


def test_what_the_broker_sent_to_a_dead_hub_is_no_repetition_though_its_packet_id_is_fresh() -> None:
    """It counts as sent, had no packet id yet, and an equal message was acknowledged by the hub that lives on."""
    deliveries = Deliveries()
    connect(deliveries)
    entry = acknowledged(deliveries, 130, A)
    deliveries.answered(CROSSES_AFTER_S - 0.1)
    assert again(deliveries, 181, A) is None
    deliveries.answered(CROSSES_AFTER_S)
    assert again(deliveries, 182, A) is entry


def test_a_connection_that_nobody_read_is_as_old_as_the_last_question_answered_on_it() -> None:
    """A busy hub read for the first time after a minute: what waited there may be from before the connection."""
    deliveries = Deliveries()
    first = deliveries.take(7, A)
    connect(deliveries, renumbered=True)
    deliveries.answered(1.0)
    assert deliveries.settled(60.0) == []
    assert deliveries.waits
    assert again(deliveries, 1, A) is first


def test_without_an_acknowledgement_on_this_connection_nothing_crossed() -> None:
    deliveries = Deliveries()
    connect(deliveries)
    acknowledged(deliveries, 130, A)
    old_enough(deliveries)
    assert again(deliveries, 140, B, dup=False) is None
    assert again(deliveries, 181, A) is None


def test_a_press_that_crossed_is_rather_two() -> None:
    deliveries = Deliveries()
    old_enough(deliveries)
    acknowledged(deliveries, 130, A)
    assert again(deliveries, 181, A, one_shot=True) is None
