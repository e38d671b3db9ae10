"""Links: what they open, for whom, and that nothing else opens with them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.access.tokens import Tokens
from api.errors import NotSignedInError
from api.recordings.links import MOST_LIVES_S, Links
from hub.clock import SetClock

KEY = bytes(range(32))
START = datetime(2026, 5, 4, 6, 0, tzinfo=UTC)
END = START + timedelta(minutes=5)
ACCOUNT = "0123456789abcdef0123456789abcdef"


def _issue(links: Links, lives_s: float = 600) -> str:
    return links.issue(ACCOUNT, "clip", "gate-1", start=START, end=END, stream="sub", lives_s=lives_s)


def test_a_link_says_what_was_asked_for(clock: SetClock) -> None:
    token = _issue(Links(KEY, clock))
    assert len(token) < 200
    link = Links(KEY, clock).read(token)
    assert (link.account, link.what, link.camera, link.stream) == (ACCOUNT, "clip", "gate-1", "sub")
    assert (link.start, link.end, link.expires) == (START, END, clock.now() + timedelta(seconds=600))


def test_a_link_without_a_span_has_none(clock: SetClock) -> None:
    links = Links(KEY, clock)
    link = links.read(links.issue(ACCOUNT, "live", "gate-1"))
    assert (link.start, link.end, link.stream) == (None, None, None)
    assert link.covers(START, END)


def test_a_link_covers_its_span_and_no_millisecond_more(clock: SetClock) -> None:
    link = Links(KEY, clock).read(_issue(Links(KEY, clock)))
    assert link.covers(START, END)
    assert not link.covers(START - timedelta(milliseconds=1), END)
    assert not link.covers(START, END + timedelta(milliseconds=1))


def test_a_link_ends_when_its_time_is_over(clock: SetClock) -> None:
    links = Links(KEY, clock)
    token = _issue(links)
    clock.advance(599)
    links.read(token)
    clock.advance(1)
    with pytest.raises(NotSignedInError, match="run out"):
        links.read(token)


def test_no_link_is_good_for_longer_than_a_night(clock: SetClock) -> None:
    links = Links(KEY, clock)
    link = links.read(_issue(links, lives_s=10**9))
    assert link.expires == clock.now() + timedelta(seconds=MOST_LIVES_S)


def test_every_changed_character_is_found(clock: SetClock) -> None:
    links = Links(KEY, clock)
    token = _issue(links)
    for place in range(len(token)):
        other = "A" if token[place] != "A" else "B"
        with pytest.raises(NotSignedInError):
            links.read(token[:place] + other + token[place + 1 :])


def test_another_hubs_links_and_access_tokens_are_no_links(clock: SetClock) -> None:
    links = Links(KEY, clock)
    for foreign in (_issue(Links(bytes(32), clock)), Tokens(KEY, clock).issue(ACCOUNT)):
        with pytest.raises(NotSignedInError):
            links.read(foreign)
    with pytest.raises(NotSignedInError):
        Tokens(KEY, clock).read(_issue(links))


@given(st.text(max_size=300))
@settings(max_examples=200)
def test_whatever_comes_is_refused_in_words(token: str) -> None:
    with pytest.raises(NotSignedInError):
        Links(KEY, SetClock(START)).read(token)
