"""ONVIF events over MQTT as cameras publish them."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from hub.events import Quality
from hub.sensors.kinds import KINDS
from hub.sensors.parsing import Parsed
from hub.sensors.payloads.onvif import PLUGIN, OnvifOptions

FORMAT = PLUGIN.build(OnvifOptions())
ARRIVED = datetime(2026, 3, 1, 12, tzinfo=UTC)


def parse(topic: str, body: object) -> Parsed:
    assert FORMAT.concerns(topic)
    return FORMAT.parse(topic, json.dumps(body).encode(), retained=False, arrived=ARRIVED)


def said(parsed: Parsed) -> dict[str, dict[str, object]]:
    """As the door reads it."""
    read = {one.kind: KINDS[one.kind].read(one.fields) for one in parsed.observations}
    assert [mistakes for _, mistakes in read.values() if mistakes] == []
    return {kind: dict(fields) for kind, (fields, _) in read.items()}


@pytest.mark.parametrize(
    ("path", "data", "expected"),
    [
        ("VideoSource/MotionAlarm/&1", {"State": True}, {"motion": {"motion": True}}),
        ("tns1:VideoSource/tns1:MotionAlarm/&1", {"State": "false"}, {"motion": {"motion": False}}),
        ("RuleEngine/CellMotionDetector/Motion/&1/&2/r", {"IsMotion": "1"}, {"motion": {"motion": True}}),
        ("RuleEngine/FieldDetector/ObjectsInside/&1", {"IsInside": True}, {"presence": {"present": True}}),
        (
            "VideoSource/MotionAlarm",
            {"SimpleItem": [{"Name": "State", "Value": "true"}]},
            {"motion": {"motion": True}},
        ),
        ("VideoSource/MotionAlarm", {"SimpleItem": {"Name": "State", "Value": "0"}}, {"motion": {"motion": False}}),
        ("VideoSource/GlobalSceneChange/ImagingService/&1", {"State": True}, {"tamper": {"tamper": True}}),
        ("Device/tns1:Trigger/tns1:DigitalInput/&DI-1", {"LogicalState": "active"}, {"switch": {"on": True}}),
        ("VideoSource/SignalLoss/&1", {"State": True}, {"fault": {"fault": True, "code": "signal loss"}}),
        ("VideoSource/SignalLoss/&1", {"State": "0"}, {"fault": {"fault": False, "code": "signal loss"}}),
        ("VideoSource/MotionAlarmed", {"State": True}, {}),
        ("RuleEngine/CountAggregation/Counter/&1", {"Count": 4}, {}),
        ("VideoSource/MotionAlarm", {}, {}),
    ],
)
def test_an_event_goes_by_its_topic(path: str, data: object, expected: dict[str, object]) -> None:
    parsed = parse(f"gate-cam/onvif-ej/{path}", {"UtcTime": "2026-03-01T12:00:00Z", "Source": {}, "Data": data})
    assert (parsed.address, said(parsed)) == ("gate-cam", expected)
    assert all(seen.at == ARRIVED for seen in parsed.observations)


def test_the_prefix_may_have_two_levels() -> None:
    parsed = parse("village/gate-cam/onvif-ej/VideoSource/MotionAlarm", {"Data": {"State": True}})
    assert (parsed.address, said(parsed)) == ("village/gate-cam", {"motion": {"motion": True}})


def test_a_time_nobody_can_read_is_doubted() -> None:
    body = {"UtcTime": "noon", "Data": {"State": True}}
    assert parse("c/onvif-ej/VideoSource/MotionAlarm", body).observations[0].quality == {Quality.CLOCK_SUSPECT}


def test_an_empty_message_says_nothing() -> None:
    parsed = FORMAT.parse("c/onvif-ej/VideoSource/MotionAlarm", b"", retained=True, arrived=ARRIVED)
    assert parsed.observations == ()


@pytest.mark.parametrize("topic", ["a/b/c/onvif-ej/VideoSource", "onvif-ej/VideoSource", "a/onvif-ej", "a/onvif-ej/"])
def test_other_topics_are_passed_over(topic: str) -> None:
    assert not FORMAT.concerns(topic)
