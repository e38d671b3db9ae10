"""The link between hub and worker."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from cameras.errors import DiskProblem
from cameras.health import CameraState
from cameras.link import (
    VERSION,
    Assign,
    CameraStatus,
    EventsKept,
    Link,
    Message,
    Moved,
    MoveWanted,
    Observed,
    PictureTaken,
    PictureWanted,
    Ready,
    Roster,
    SegmentClosed,
    SegmentOpened,
    SegmentsKept,
    SegmentsRemoved,
    Setup,
    Still,
    StillTaken,
    StillWanted,
    Stop,
    StreamRecording,
    Unassign,
    WorkerHealth,
)
from cameras.recordings.media import (
    Because,
    Format,
    Mark,
    Segment,
    SegmentHead,
    SoundFormat,
    StreamName,
    VideoFormat,
)
from cameras.recordings.writing.disk_status import DiskStatus
from hub.errors import LinkError
from hub.events import Event, Phase
from hub.geometry import Box

AT = datetime(2026, 5, 1, 8, 0, 0, 123456, tzinfo=UTC)

EVENT = Event(
    id="e1",
    kind="camera.vehicle",
    at=AT,
    arrived=AT,
    source="gate",
    driver="objects",
    camera="gate",
    subject="t7",
    phase=Phase.BEGAN,
    box=Box(0.1, 0.2, 0.3, 0.4),
    fields={"label": "car", "stopped": False, "speed_w_s": 0.25},
)

VIDEO = VideoFormat("h264", 640, 360, b"\x01\x64\xff")
SEGMENT = Segment(
    head=SegmentHead("Hb1Xw", "yard", "gate", StreamName.MAIN, AT.replace(microsecond=123000), Because.ROLLED),
    disk="data",
    path="yard/gate/main/2026-05-01/08/00-00.mp4",
    form=Format(VIDEO, SoundFormat("aac", 48_000, 2, b"\x11\x90")),
    init_bytes=900,
    size_bytes=70_000,
    marks=(Mark(0, 1000, 900, 6100, is_key=True), Mark(1000, 960, 7000, 65_536, is_key=False)),
    is_open=True,
)
RECORDED = StreamRecording("main", "recording", AT, written_bytes=70_000)

MESSAGES: tuple[Message, ...] = (
    Setup(VERSION, "worker-0", {"workers": {"count": 2}}),
    Assign({"id": "gate", "name": {"zh": "大门"}}, "village"),
    Assign({"id": "gate"}, None, ("main", "sub")),
    Assign({"id": "gate"}, None, (), ({"id": "stolen", "plates": ["豫ERU586"]},)),
    Assign({"id": "gate"}, None, (), (), {"timezone": "Asia/Shanghai", "calendars": {"market": ["2026-10-01"]}}),
    Roster(("gate", "road")),
    EventsKept(3),
    SegmentsKept(("a", "b"), ()),
    PictureWanted(5, "data", "yard/gate/main/2026-05-01/08/00-00.mp4", ((0, 900), (7000, 65536)), (0, 400), 320),
    PictureWanted(6, "data", "yard/gate.mp4", ((0, 900),), (0,), None, (((0.0, 0.5), (1.0, 0.5), (1.0, 1.0)),)),
    Unassign("gate"),
    StillWanted(3, "gate", None),
    Stop(),
    Ready(VERSION, 4711),
    Ready(VERSION, 4711, ("gate",), is_as_wanted=False),
    SegmentOpened(SEGMENT),
    SegmentClosed(replace(SEGMENT, is_open=False, drift_ms=-3, form=Format(VIDEO))),
    Observed((EVENT, EVENT)),
    WorkerHealth(
        cameras=(
            CameraStatus("gate", CameraState.OFFLINE, AT, reason="timed_out", troubles={"objects": "no model"}),
            CameraStatus("road", CameraState.LIVE, AT, codec="h264", width=640, height=360, fps=12.5, packets=9),
            CameraStatus("yard", CameraState.LIVE, AT, recording=(RECORDED, replace(RECORDED, reason="disk_full"))),
        ),
        stalled_s=0.5,
        cpu_s=1.25,
        rss_bytes=1 << 27,
        lost_events=0,
        disks=(
            DiskStatus("data", None, "", AT, total_bytes=1 << 40, free_bytes=1 << 39, syncs=7, longest_sync_s=0.25),
            DiskStatus("two", DiskProblem.GONE, "nothing is mounted there", AT),
        ),
    ),
    StillTaken(3, Still(b"\xff\xd8\x00\xff", AT)),
    StillTaken(4, None),
    MoveWanted(7, "gate", "move", pan=-0.5, zoom=1.0, for_s=2.5),
    MoveWanted(8, "gate", "store", preset="p1", name="池塘"),
    Moved(7, "busy", "others turn it"),
    Moved(8, presets=(("p1", "池塘"), ("p2", "")), preset="p1", pan=0.25, moving=True),
    SegmentsRemoved("data", ("yard/gate/main/2026-05-01/08/00-00.mp4",)),
    PictureTaken(5, (b"\xff\xd8", None), "damaged"),
)


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    yield ours, theirs
    ours.close()
    theirs.close()


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_every_message_crosses_unchanged(pair: tuple[socket.socket, socket.socket], message: Message) -> None:
    Link(pair[0]).send(message)
    assert Link(pair[1]).receive() == message


def test_messages_keep_their_order_and_the_end_is_the_end(pair: tuple[socket.socket, socket.socket]) -> None:
    link = Link(pair[0])
    for message in MESSAGES:
        link.send(message)
    link.close()
    other = Link(pair[1])
    assert [other.receive() for _ in MESSAGES] == list(MESSAGES)
    assert other.receive() is None


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\xff\xff\xff\xff", "too long"),
        (b"\x00\x00\x00\x03abc", "not JSON"),
        (b'\x00\x00\x00\x12{"message":"Nope"}', "not a message"),
        (b'\x00\x00\x00\x13{"message":"Ready"}', "not a message"),
        (b"\x00\x00\x00\x02[]", "not a message"),
    ],
)
def test_what_is_no_message_is_a_link_error(pair: tuple[socket.socket, socket.socket], data: bytes, words: str) -> None:
    pair[0].sendall(data)
    with pytest.raises(LinkError, match=words):
        Link(pair[1]).receive()


def test_a_message_that_breaks_off_is_the_end(pair: tuple[socket.socket, socket.socket]) -> None:
    pair[0].sendall(b"\x00\x00\x01\x00half")
    pair[0].shutdown(socket.SHUT_RDWR)
    assert Link(pair[1]).receive() is None


def test_sending_to_nobody_is_a_link_error(pair: tuple[socket.socket, socket.socket]) -> None:
    pair[1].close()
    with pytest.raises(LinkError, match="broke"):
        Link(pair[0]).send(Stop())
