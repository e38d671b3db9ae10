"""Whatever a camera sends, its own session ends at worst: no other error, nothing that grows."""

from __future__ import annotations

import struct
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cameras.errors import SourceError, SourceProblem, UnfitError
from cameras.streams.rtsp.announced import stream_info
from cameras.streams.rtsp.conversation import Conversation, RedirectedError
from cameras.streams.rtsp.h264 import H264Pictures
from cameras.streams.rtsp.h265 import H265Pictures
from cameras.streams.rtsp.login import Login
from cameras.streams.rtsp.messages import MOST_HEAD_BYTES, cut_message
from cameras.streams.rtsp.pictures import Pictures
from cameras.streams.rtsp.rtp import Track
from cameras.streams.rtsp.sdp import AacFraming, read_sdp
from cameras.streams.rtsp.session import Session
from cameras.streams.rtsp.sounds import AacSounds
from hub.clock import SetClock
from tests.fakes.rtsp_camera import described, ffmpeg_video, interleaved

VIDEO = "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:video\r\n"
SOUND = (
    "m=audio 0 RTP/AVP 97\r\na=rtpmap:97 MPEG4-GENERIC/8000/1\r\n"
    "a=fmtp:97 mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;config=1588\r\na=control:sound\r\n"
)
LINES = st.sampled_from(
    [
        "RTSP/1.0 200 OK",
        "RTSP/1.0 401 Unauthorized",
        "RTSP/1.0 99999 x",
        "REDIRECT * RTSP/1.0",
        "Content-Length: 5",
        "Content-Length: -1",
        "Content-Length: 99999999999",
        "CSeq: 1",
        "Session: x;timeout=99999999999999",
        "Transport: RTP/AVP/TCP;interleaved=999-1000",
        'WWW-Authenticate: Digest realm="a", nonce="b", algorithm=MD5, qop=auth',
        "RTP-Info: url=x;rtptime=99999999999999999999",
        "",
    ]
)
SDP_LINES = st.sampled_from(
    [
        "v=0",
        "m=video 0 RTP/AVP 96",
        "m=video",
        "m=video 0 RTP/AVP 999 x",
        "m=audio 0 RTP/AVP 97",
        "a=rtpmap:96 H264/90000",
        "a=rtpmap:96 H265/0",
        "a=rtpmap:97 MPEG4-GENERIC/8000/99",
        "a=fmtp:96 sprop-parameter-sets=AAAA,====,Z0LAHtkAoA",
        "a=fmtp:97 sizelength=99;indexlength=x;config=zz",
        "a=control:rtsp://elsewhere/x",
        "a=control:\x00\x01",
        "a=framerate:nan",
        "a=framerate:-1e999",
        "a",
    ]
)


def begun(sdp: str) -> tuple[Session, SetClock]:
    """A session that plays."""
    clock = SetClock(datetime(2026, 11, 23, tzinfo=UTC))
    session = Session(Conversation("rtsp://cam/x", Login("a", "b"), sound=True), clock)
    session.conversation.begin()
    ok = "RTSP/1.0 200 OK\r\n"
    answers = [ok, f"{ok}Content-Length: {len(sdp)}\r\n"]
    answers += [f"{ok}Session: 1\r\n"] * (sdp.count("m=") + 1)
    for number, answer in enumerate(answers):
        feed(session, f"{answer}\r\n{sdp if number == 1 else ''}".encode())
    assert session.conversation.playing is not None
    return session, clock


def feed(session: Session, data: bytes) -> int:
    buffer = bytearray(data)
    used, _ = session.received(memoryview(buffer), buffer, len(buffer))
    assert 0 <= used <= len(data)
    return used


def ends(session: Session, pieces: list[bytes], clock: SetClock | None = None) -> SourceError:
    """How it ends when it gets these."""
    for piece in pieces:
        if clock is not None:
            clock.advance(0.01)
        try:
            feed(session, piece)
        except SourceError as error:
            return error
    raise AssertionError("it goes on")


@given(st.one_of(st.binary(max_size=400), st.lists(LINES, max_size=12).map(lambda lines: "\r\n".join(lines).encode())))
def test_a_message_is_read_or_refused(data: bytes) -> None:
    try:
        found = cut_message(data, 0, len(data))
    except ValueError:
        return
    if found is not None:
        message, ends = found
        assert 0 < ends <= len(data)
        assert message.status == 0 or 100 <= message.status <= 999


def test_a_head_without_an_end_is_refused() -> None:
    data = b"RTSP/1.0 200 OK\r\n" + b"X: y\r\n" * 10_000
    assert cut_message(data, 0, MOST_HEAD_BYTES - 1) is None
    with pytest.raises(ValueError, match="without an end"):
        cut_message(data, 0, len(data))


@given(
    st.one_of(st.binary(max_size=300), st.lists(SDP_LINES, max_size=20).map(lambda lines: "\r\n".join(lines).encode()))
)
def test_a_description_is_read_or_refused(data: bytes) -> None:
    try:
        found = read_sdp(data)
    except (SourceError, UnfitError):
        return
    assert found.video.hz > 0
    info = stream_info(found.video.codec, found.video.extradata, found.video.fps, None)
    assert info.fps is None or 0 < info.fps <= 240


@given(st.text(max_size=200), st.text(max_size=200))
def test_a_challenge_is_answered_or_not(one: str, other: str) -> None:
    login = Login("a", "b")
    for text in (one, f"Digest {other}", f'Digest nonce="{one}", realm="{other}"', f"Basic {one}"):
        if login.challenged([text]):
            assert login.header("DESCRIBE", "rtsp://cam/x").startswith(("Basic ", "Digest "))


@given(
    st.lists(st.one_of(st.binary(max_size=300), st.lists(LINES, max_size=8).map(lambda ls: "\r\n".join(ls).encode())))
)
def test_answers_of_any_kind_end_the_session_at_worst(pieces: list[bytes]) -> None:
    session = Session(
        Conversation("rtsp://cam/x", Login("a", "b"), sound=True), SetClock(datetime(2026, 1, 1, tzinfo=UTC))
    )
    session.conversation.begin()
    try:
        for piece in pieces:
            feed(session, piece)
    except (SourceError, UnfitError, RedirectedError):
        return


@pytest.fixture(scope="module")
def playing() -> list[bytes]:
    """Frames as they should be."""
    _, packets = ffmpeg_video("libx264", pictures=6)
    return [interleaved(0, packet) for packet in packets]


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=60),
            st.tuples(st.integers(0, 5), st.binary(max_size=60)).map(lambda each: interleaved(*each)),
            st.tuples(st.integers(0, 3), st.binary(max_size=40)).map(
                lambda each: interleaved(each[0], struct.pack(">BBHII", 0x80, 0xE0 | each[0] // 2, 1, 2, 3) + each[1])
            ),
            st.tuples(st.sampled_from((1, 3)), st.binary(max_size=40)).map(
                lambda each: interleaved(each[0], b"\x80\xc8\x00\x06" + each[1])
            ),
        ),
        max_size=30,
    )
)
def test_frames_of_any_kind_end_the_session_at_worst(playing: list[bytes], pieces: list[bytes]) -> None:
    session, clock = begun(described(VIDEO, SOUND))
    try:
        for number, piece in enumerate(pieces):
            clock.advance(0.1)
            feed(session, piece)
            feed(session, playing[number % len(playing)])
    except (SourceError, UnfitError, RedirectedError):
        return
    assert len(session.items) <= 4 * len(pieces) + len(playing) + 1


@given(st.lists(st.tuples(st.binary(min_size=1, max_size=60), st.booleans(), st.booleans(), st.integers(0, 2))))
@pytest.mark.parametrize("kind", [H264Pictures, H265Pictures])
def test_payloads_of_any_kind_are_read_or_counted(
    kind: type[Pictures], payloads: list[tuple[bytes, bool, bool, int]]
) -> None:
    told: list[bytearray] = []
    pictures = kind(lambda _time, data, _key: told.append(data))
    for data, marker, lost, time in payloads:
        pictures.take(memoryview(data), (0, len(data)), time=time, marker=marker, lost=lost)
    held = sum(len(each) for each in told) + pictures.size_bytes
    assert held <= sum(len(data) for data, *_ in payloads) * 5 + 8 * len(payloads)


@given(
    st.lists(st.tuples(st.binary(max_size=60), st.booleans(), st.integers(0, 2))), st.integers(0, 32), st.integers(0, 8)
)
def test_sound_of_any_kind_is_read_or_counted(payloads: list[tuple[bytes, bool, int]], size: int, index: int) -> None:
    told: list[bytes] = []
    sounds = AacSounds(lambda _time, data: told.append(data), AacFraming(max(1, size), index, index))
    for data, lost, time in payloads:
        sounds.take(memoryview(data), (0, len(data)), time=time, marker=True, lost=lost)
    assert sum(map(len, told)) <= sum(len(data) for data, *_ in payloads)


@given(st.lists(st.binary(max_size=60)))
def test_packets_of_any_kind_are_read_or_counted(packets: list[bytes]) -> None:
    track = Track(96, 90_000, H264Pictures(lambda _time, _data, _key: None))
    for packet in packets:
        track.take(memoryview(packet), 0, len(packet))
        track.report(memoryview(packet), 0, len(packet))


@given(st.binary(max_size=200))
def test_parameter_sets_of_any_kind_are_read_or_passed_over(data: bytes) -> None:
    for codec, head in (("h264", b"\0\0\0\1\x67"), ("h264", b"\0\0\0\1\x68"), ("hevc", b"\0\0\0\1\x42\1")):
        assert stream_info(codec, head + data, None, None).codec == codec


def test_a_flood_of_small_frames_ends_the_session() -> None:
    session, _ = begun(described(VIDEO))
    assert ends(session, [interleaved(0, b"") * 50_000] * 10).reason is SourceProblem.REFUSED


def test_a_picture_without_an_end_ends_the_session() -> None:
    session, clock = begun(described(VIDEO))
    heads = [struct.pack(">BBHII", 0x80, 96, number, 7, 9) for number in range(700)]
    parts = [head + (b"\x7c\x05" if number else b"\x7c\x85") + bytes(60_000) for number, head in enumerate(heads)]
    error = ends(session, [interleaved(0, part) for part in parts], clock)
    assert error.reason is SourceProblem.REFUSED
    assert "bytes" in error.detail


def test_bytes_that_belong_to_nothing_are_passed_over_but_not_for_ever(playing: list[bytes]) -> None:
    session, clock = begun(described(VIDEO))
    for frame in playing:
        clock.advance(1.0)
        feed(session, b"\x00garbage\x00" + frame)
    assert len(session.items) >= 3
    assert session.corrupt >= len(playing)
    assert ends(session, [b"\x00" * 10_000] * 100).reason is SourceProblem.BROKE


def test_goodbye_and_a_session_that_is_ended_end_it() -> None:
    for said in (interleaved(1, b"\x81\xcb\x00\x01" + bytes(4)), b"TEARDOWN rtsp://cam/x RTSP/1.0\r\nCSeq: 9\r\n\r\n"):
        session, _ = begun(described(VIDEO))
        assert ends(session, [said]).reason is SourceProblem.ENDED
