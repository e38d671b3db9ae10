"""The hub's own topics: what an integrator may send, and what is said when it is wrong."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hub.events import Quality
from hub.sensors.errors import PayloadError
from hub.sensors.parsing import Observation
from hub.sensors.payloads.plain import PlainFormat

ARRIVED = datetime(2026, 3, 1, 12, tzinfo=UTC)


def read(kind: str, payload: bytes) -> Observation:
    parsed = PlainFormat().parse(f"hub/v1/home-3/s1/{kind}", payload, retained=False, arrived=ARRIVED)
    assert (parsed.address, parsed.site, len(parsed.observations)) == ("s1", "home-3", 1)
    return parsed.observations[0]


@pytest.mark.parametrize(
    ("kind", "payload", "fields"),
    [
        ("temperature", b"21.5", {"temperature_c": 21.5}),
        ("temperature", b'{"value": 21.5}', {"temperature_c": 21.5}),
        ("temperature", b'{"value": "21.5"}', {"temperature_c": "21.5"}),
        ("smoke", b"true", {"alarm": True}),
        ("smoke", b'{"alarm": true, "concentration": 3, "other": 1}', {"alarm": True, "concentration": 3}),
        ("door", b"open", {"open": "open"}),
        ("motion", b" ON\n", {"motion": "ON"}),
        ("sos", b'{"value": true}', {"pressed": True}),
    ],
)
def test_a_value_goes_into_the_main_field_of_its_kind(kind: str, payload: bytes, fields: dict[str, object]) -> None:
    assert read(kind, payload).fields == fields


@pytest.mark.parametrize(
    "ts", ['"2026-03-01T20:00:00+08:00"', '"2026-03-01T12:00:00Z"', "1772366400", "1772366400.0", "1772366400000"]
)
def test_a_time_may_be_rfc_3339_or_epoch_seconds_or_milliseconds(ts: str) -> None:
    assert read("smoke", f'{{"ts": {ts}, "value": true}}'.encode()).at == ARRIVED


@pytest.mark.parametrize("ts", ['"2026-03-01T12:00:00"', '"yesterday"', "-5", "1e300", "true", "[]"])
def test_a_time_nobody_can_read_does_not_cost_the_alarm(ts: str) -> None:
    observation = read("smoke", f'{{"ts": {ts}, "value": true}}'.encode())
    assert observation.at is None
    assert observation.quality == {Quality.CLOCK_SUSPECT}


def test_test_simulated_and_history_are_qualities() -> None:
    observation = read("smoke", b'{"value": true, "test": true, "simulated": true, "history": true}')
    assert observation.quality == {Quality.TEST, Quality.SIMULATED, Quality.HISTORY}


@pytest.mark.parametrize(
    ("kind", "payload", "reason", "detail"),
    [
        ("smok", b"true", "unknown_kind", "no observation is called 'smok'; did you mean 'smoke'"),
        ("smoke", b"perhaps", "malformed", "not JSON: Expecting value: line 1 column 1 (char 0)"),
        (
            "smoke",
            b'{"vlaue": true}',
            "malformed",
            "neither 'value' nor a field of smoke (alarm, test, muted, concentration)",
        ),
        (
            "smoke",
            b'{"value": true, "value": false}',
            "malformed",
            "the key 'value' stands twice, so it is not known which one is meant",
        ),
        ("temperature", b'{"value": NaN}', "malformed", "NaN is not a number"),
        ("temperature", b"\xff", "malformed", "not UTF-8 at byte 0"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_reason(kind: str, payload: bytes, reason: str, detail: str) -> None:
    with pytest.raises(PayloadError) as caught:
        read(kind, payload)
    assert (caught.value.reason, caught.value.detail) == (reason, detail)


@pytest.mark.parametrize("topic", ["hub/v1/events/smoke/s1", "hub/v1/a/b", "hub/v1/a/b/c/d", "v3/a/b/c/up"])
def test_what_the_hub_itself_and_others_send_is_none_of_its_business(topic: str) -> None:
    assert not PlainFormat().concerns(topic)
