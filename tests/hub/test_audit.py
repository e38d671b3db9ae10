"""Audit: a chain of entries shows every tampering, looks are told once, and a flood of refusals is a number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.audit import Action, Entry, Fault, Head, Outcome, Sealed, chain, verify
from hub.audit_heads import HeadFile, read_heads
from hub.errors import StoreBusyError
from hub.refusals import SINGLY, WINDOW_S, Refusals, network_of
from hub.viewings import GOES_ON_S, IDLE_S, MOST_OF_ONE, MOST_OPEN, Viewings

AT = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)
LENGTH = 60


def entry(number: int = 0, **more: object) -> Entry:
    return Entry(AT + timedelta(seconds=number), Action.VIEW, account="a", actor="lin", id=f"c{number}", more=more)  # type: ignore[arg-type]


def log(length: int = LENGTH) -> list[Sealed]:
    return list(chain(entry(number).texts() for number in range(length)))


def head(sealed: Sealed) -> Head:
    return Head(sealed.number, sealed.hash, "2026-05-04T09:00:00Z")


def changed(found: list[Sealed], place: int) -> list[Sealed]:
    texts = list(found[place].texts)
    texts[2] = "wan"
    return [*found[:place], replace(found[place], texts=tuple(texts)), *found[place + 1 :]]  # type: ignore[arg-type]


def hash_changed(found: list[Sealed], place: int) -> list[Sealed]:
    other = bytes([found[place].hash[0] ^ 1]) + found[place].hash[1:]
    return [*found[:place], replace(found[place], hash=other), *found[place + 1 :]]


def removed(found: list[Sealed], place: int) -> list[Sealed]:
    return [*found[:place], *found[place + 1 :]]


def removed_and_numbered_anew(found: list[Sealed], place: int) -> list[Sealed]:
    left = removed(found, place)
    return [replace(each, number=number) for number, each in enumerate(left, 1)]


def swapped(found: list[Sealed], place: int) -> list[Sealed]:
    one, other = found[place], found[place + 3]
    moved = {place: replace(other, number=one.number), place + 3: replace(one, number=other.number)}
    return [moved.get(each, found[each]) for each in range(len(found))]


@pytest.mark.parametrize(
    ("tamper", "fault"),
    [
        (changed, Fault.CHANGED),
        (hash_changed, Fault.CHANGED),
        (removed, Fault.MISSING),
        (removed_and_numbered_anew, Fault.CHANGED),
        (swapped, Fault.REORDERED),
    ],
)
@pytest.mark.parametrize("place", [0, 17, LENGTH - 5])
def test_every_tampering_is_found_where_it_is(
    tamper: Callable[[list[Sealed], int], list[Sealed]], fault: Fault, place: int
) -> None:
    verdict = verify(tamper(log(), place))
    assert (verdict.broken, verdict.fault, verdict.entries) == (place + 1, fault, place)


def test_a_log_that_nobody_touched_is_good() -> None:
    found = log()
    verdict = verify(found, [head(found[9]), head(found[-1])])
    assert (verdict.is_good, verdict.entries, verdict.heads) == (True, LENGTH, 2)
    assert verdict.head.hash == found[-1].hash
    assert verify([]).is_good


def test_what_is_cut_off_at_the_end_is_found_by_a_head() -> None:
    found = log()
    assert verify(found[:40]).is_good  # nothing in the chain shows it
    verdict = verify(found[:40], [head(found[50])])
    assert (verdict.fault, verdict.broken) == (Fault.CUT_OFF, 41)
    assert verify([], [head(found[50])]).fault is Fault.CUT_OFF


def test_a_chain_that_was_made_anew_is_found_by_a_head() -> None:
    anew = list(chain(replace(entry(number), actor="wan").texts() for number in range(LENGTH)))
    assert verify(anew).is_good
    verdict = verify(anew, [head(log()[29])])
    assert (verdict.fault, verdict.broken) == (Fault.MADE_ANEW, 30)


def test_two_heads_that_disagree_are_a_chain_made_anew() -> None:
    found = log()
    other = replace(head(found[5]), hash=found[6].hash)
    assert verify(found, [head(found[5]), other]).fault is Fault.MADE_ANEW


@given(st.text(), st.text(max_size=2000), st.dictionaries(st.text(max_size=5), st.text() | st.floats() | st.none()))
def test_whatever_a_client_sends_can_be_stored_and_hashed(actor: str, id_: str, more: dict[str, object]) -> None:
    texts = Entry(AT, Action.REFUSED, Outcome.REFUSED, actor=actor, id=id_, more=more).texts()  # type: ignore[arg-type]
    assert all("\x00" not in (text or "") and len(text or "") < 200_000 for text in texts)
    assert verify(chain([texts])).is_good


class _Signer:
    public = bytes(32)

    def sign(self, content: bytes) -> bytes:
        return content[:64].ljust(64, b"-")


def test_heads_are_kept_line_by_line_and_a_torn_line_is_taken_off(tmp_path: object) -> None:
    path = tmp_path / "heads.jsonl"  # type: ignore[operator]
    file = HeadFile(path, _Signer())
    found = log()
    file.keep(head(found[3]))
    with path.open("ab") as torn:
        torn.write(b'{"number": 9, "ha')
    assert [each.head.number for _, each in read_heads(path.read_bytes().splitlines(keepends=True)) if each] == [4]
    file.keep(head(found[8]))
    read = list(read_heads(path.read_bytes().splitlines(keepends=True)))
    assert [each.head for _, each in read if each] == [head(found[3]), head(found[8])]
    assert list(read_heads([b"7\n", b"{}\n", b"\xff\n"])) == [(1, None), (2, None), (3, None)]


def test_a_look_of_many_requests_has_one_beginning_and_one_end() -> None:
    viewings = Viewings()
    told = [viewings.seen(entry(0, since="b", until="c"), 0.0), *(viewings.seen(entry(), s) for s in (1.0, 60.0))]
    told.append(viewings.seen(entry(0, since="a", until="b"), 100.0))
    assert [each.more["phase"] for each in told if each] == ["began"]
    assert list(viewings.over(100.0 + IDLE_S - 1, AT)) == []
    (ending,) = viewings.over(100.0 + IDLE_S, AT)
    assert ending.more["phase"] == "ended"
    assert (ending.more["requests"], ending.more["since"], ending.more["until"]) == (4, "a", "c")
    assert len(viewings) == 0


def test_a_single_request_has_no_end_of_its_own() -> None:
    viewings = Viewings()
    assert viewings.seen(entry(), 0.0)
    assert list(viewings.over(IDLE_S + 1, AT)) == []


def test_somebody_else_or_another_camera_is_another_look() -> None:
    viewings = Viewings()
    looks = [entry(), replace(entry(), account="b"), replace(entry(), address="10.0.0.9"), entry(1)]
    assert all(viewings.seen(each, 0.0) for each in looks)


def test_who_holds_on_is_told_every_hour_and_at_the_end() -> None:
    viewings = Viewings()
    assert viewings.seen(entry(), 0.0, held=True)
    assert viewings.seen(entry(), 5.0, held=True) is None
    assert list(viewings.over(GOES_ON_S - 1, AT)) == []
    ended, began = viewings.over(GOES_ON_S, AT + timedelta(hours=1))
    assert (ended.more["phase"], began.more["phase"]) == ("ended", "began")
    assert viewings.let_go(entry(), GOES_ON_S + 5) is None
    last = viewings.let_go(replace(entry(), at=AT + timedelta(hours=2)), GOES_ON_S + 9)
    assert last is not None
    assert last.at == AT + timedelta(hours=2)


def test_too_many_looks_at_once_are_refused() -> None:
    viewings = Viewings()
    for number in range(MOST_OPEN):
        viewings.seen(replace(entry(), id=f"camera-{number}", account=f"a{number % 20}"), 0.0)
    with pytest.raises(StoreBusyError):
        viewings.seen(replace(entry(), id="one more", account="new"), 0.0)


def test_one_account_does_not_shut_the_others_out() -> None:
    viewings = Viewings()
    for number in range(MOST_OF_ONE):
        viewings.seen(replace(entry(), id=f"camera-{number}"), 0.0)
    with pytest.raises(StoreBusyError):
        viewings.seen(replace(entry(), id="one more"), 0.0)
    assert viewings.seen(replace(entry(), account="the room"), 0.0)
    list(viewings.over(IDLE_S, AT))
    assert viewings.seen(replace(entry(), id="one more"), IDLE_S)


def test_a_flood_of_refusals_is_some_entries_and_a_number() -> None:
    refusals = Refusals()
    refused = replace(entry(), action=Action.REFUSED, address="10.0.0.9")
    singly = sum(refusals.take(replace(refused, actor=f"n{number}"), 1.0) for number in range(1000))
    assert singly == SINGLY
    (folded,) = refusals.over(1.0 + WINDOW_S)
    assert folded.more["count"] == 1000 - SINGLY
    assert len(folded.more["names"]) == 8  # type: ignore[arg-type]


def test_a_flood_from_everywhere_is_bounded_too() -> None:
    refusals = Refusals()
    addresses = [f"10.{number // 250}.{number % 250}.1" for number in range(5000)]
    singly = sum(refusals.take(replace(entry(), account="", address=each), 1.0) for each in addresses * 3)
    folded = list(refusals.over(2.0, everything=True))
    assert singly + len(folded) < 300
    assert singly + sum(int(each.more["count"]) for each in folded) == 15_000  # type: ignore[arg-type, misc]


def test_one_attacker_has_all_of_an_ipv6_network() -> None:
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff:1") != network_of("2001:db8:0:1::1")
    assert network_of("::ffff:10.0.0.1") == "10.0.0.1"
    assert network_of("testclient") == "testclient"
