"""What a camera tells becomes words that rules know, once each, and never more than somebody could read."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime, timedelta

import pytest

from cameras.onvif.answers import parse_xml
from cameras.onvif.events import Notification, PullPoint, parse_notifications
from cameras.onvif.exchange import Exchange
from cameras.onvif.session import Access, Session
from cameras.onvif.topics import KINDS, Told, Translator
from hub.clock import SystemClock
from hub.events import Quality
from hub.networks import Allowed
from tests.fakes.onvif_camera import OnvifCamera

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


def note(topic: str, op: str = "Changed", source: dict[str, str] | None = None, **data: str) -> Notification:
    return Notification(topic, NOW, op, source or {}, data)


def told(*notes: Notification, translator: Translator | None = None, arrived: datetime = NOW) -> list[Told]:
    return (translator or Translator()).take(notes, arrived=arrived)


@pytest.mark.parametrize(
    ("topic", "item", "kind", "field"),
    [
        ("VideoSource/MotionAlarm", "State", "camera.motion", "motion"),
        ("RuleEngine/CellMotionDetector/Motion", "IsMotion", "camera.motion", "motion"),
        ("RuleEngine/FieldDetector/ObjectsInside", "IsInside", "camera.motion", "motion"),
        ("RuleEngine/TamperDetector/Tamper", "IsTamper", "tamper", "tamper"),
        ("VideoSource/GlobalSceneChange/ImagingService", "State", "tamper", "tamper"),
        ("VideoSource/SignalLoss", "State", "fault", "fault"),
        ("Device/HardwareFailure/StorageFailure", "Failed", "fault", "fault"),
        ("Device/Trigger/DigitalInput", "LogicalState", "switch", "on"),
    ],
)
def test_what_is_known_becomes_the_word_that_rules_use(topic: str, item: str, kind: str, field: str) -> None:
    for word, value in (("true", True), ("1", True), ("false", False), ("0", False)):
        (one,) = told(note(topic, **{item: word}))
        assert (one.kind, one.fields[field]) == (kind, value)
        assert kind in KINDS
    assert told(note(topic, **{item: "perhaps"}), note(topic)) == []


def test_a_state_is_told_on_change_alone() -> None:
    translator = Translator()
    on, off = note("VideoSource/MotionAlarm", State="true"), note("VideoSource/MotionAlarm", State="false")
    again = note("VideoSource/MotionAlarm", "Initialized", State="true")
    assert [each.fields["motion"] for each in told(on, on, again, off, off, on, translator=translator)] == [
        True, False, True,
    ]  # fmt: skip
    gone = note("VideoSource/MotionAlarm", "Deleted", State="true")
    assert [each.fields["motion"] for each in told(gone, translator=translator)] == [False]


def test_inputs_of_one_camera_are_told_apart() -> None:
    one, two = {"InputToken": "in-1"}, {"InputToken": "in-2"}
    got = told(
        note("Device/Trigger/DigitalInput", source=one, LogicalState="true"),
        note("Device/Trigger/DigitalInput", source=two, LogicalState="true"),
    )
    assert [each.subject for each in got] == ["in-1", "in-2"]


def test_what_is_not_known_is_told_with_its_topic_and_simple_data() -> None:
    (one,) = told(
        note("UserAlarm/IVA/LoiteringDetector", "", IsLoitering="true", Count="3", Name="x" * 400, RuleName="A b")
    )
    assert one.kind == "camera.onvif_event"
    assert one.fields["topic"] == "UserAlarm/IVA/LoiteringDetector"
    assert (one.fields["is_loitering"], one.fields["count"], one.fields["rule_name"]) == (True, 3.0, "A b")
    assert len(str(one.fields["name"])) <= 128
    assert told(note("Monitoring/ProcessorUsage", "Initialized", Value="3")) == []


def test_a_camera_that_talks_without_end_is_told_in_part_and_counted() -> None:
    translator = Translator()
    many = [note("X/Y", "", Number=str(number)) for number in range(100)]
    assert len(told(*many, translator=translator)) == 20
    assert translator.suppressed == 80
    assert len(told(*many, translator=translator, arrived=NOW + timedelta(seconds=61))) == 20
    flicker = [note("VideoSource/MotionAlarm", State=str(number % 2)) for number in range(1000)]
    assert len(told(*flicker, translator=translator)) == 120


def test_a_state_that_was_left_out_is_told_when_it_is_said_again() -> None:
    translator = Translator()
    told(*(note("VideoSource/MotionAlarm", State=str(number % 2)) for number in range(300)), translator=translator)
    later = NOW + timedelta(seconds=61)
    (one,) = told(note("VideoSource/MotionAlarm", State="0"), translator=translator, arrived=later) or (None,)
    assert one is None or one.fields["motion"] is False


def test_the_time_of_a_camera_is_put_right_and_one_that_is_absurd_is_not_believed() -> None:
    late = Notification("VideoSource/MotionAlarm", NOW - timedelta(hours=1, seconds=2), "Changed", {}, {"State": "1"})
    (right,) = Translator().take([late], arrived=NOW, offset_s=-3600.0)
    assert (right.at, right.quality) == (NOW - timedelta(seconds=2), frozenset())
    (wrong,) = Translator().take([late], arrived=NOW)
    assert (wrong.at, wrong.quality) == (NOW, {Quality.CLOCK_SUSPECT})
    (ahead,) = Translator().take([late], arrived=NOW, offset_s=-1e300)
    assert ahead.quality == {Quality.CLOCK_SUSPECT}


def test_who_listens_no_more_ends_what_holds() -> None:
    translator = Translator()
    told(note("RuleEngine/TamperDetector/Tamper", IsTamper="true"), translator=translator)
    told(note("VideoSource/MotionAlarm", State="false"), translator=translator)
    assert [(each.kind, dict(each.fields)) for each in translator.end(NOW)] == [("tamper", {"tamper": False})]
    assert translator.end(NOW) == []


def test_a_camera_that_waits_longer_than_it_was_asked_to_is_not_taken_for_gone() -> None:
    released = threading.Event()

    def late(question: str) -> bytes | None:
        return b"" if question == "PullMessages" and released.wait(5.0) else None

    async def listen(url: str) -> tuple[Notification, ...]:
        session = Session(Access(url, "hub", "s3cret"), Exchange(Allowed.of(("loopback",))), SystemClock())
        pull = PullPoint(session, SystemClock(), wait_s=1.0, margin_s=-0.5)
        await pull.begin()
        return await pull.pull()

    with OnvifCamera(after=late) as camera:
        assert asyncio.run(listen(camera.url)) == ()
        assert camera.asked[-1] == "Renew"
        assert camera.listeners == 1
        released.set()


def test_notifications_are_read_as_cameras_write_them() -> None:
    with OnvifCamera() as camera:
        text = camera._message("Device/Trigger/DigitalInput", {"InputToken": "1"}, {"LogicalState": "true"}, "Changed")
    (one,) = parse_notifications(parse_xml(f"<PullMessagesResponse>{text}</PullMessagesResponse>".encode()))
    assert (one.topic, one.operation, one.source) == ("Device/Trigger/DigitalInput", "Changed", {"InputToken": "1"})
    assert one.at is not None
