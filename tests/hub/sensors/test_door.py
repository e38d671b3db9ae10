"""The door rules, one message at a time; no broker, no store."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.community import Community, Sensor
from hub.events import Quality, event_from_json, event_to_json, time_to_text
from hub.geometry import Box
from hub.sensors.admission import Admission, Message
from hub.sensors.intake import PAYLOAD_BYTES, Door
from hub.sensors.parsing import Observation, Parsed
from hub.sensors.topics import covers, gathered
from tests.fakes.examples import examples

ARRIVED = datetime(2026, 3, 1, 12, tzinfo=UTC)
SMOKE = "hub/v1/home-3/smoke-3/smoke"


def admit(door: Door, topic: str, body: Any, *, retained: bool = False, late_s: float = 0.0) -> Admission:
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    return door.admit(Message(topic, payload, retained=retained, arrived=ARRIVED + timedelta(seconds=late_s)))


def at(seconds: float) -> str:
    return time_to_text(ARRIVED + timedelta(seconds=seconds))


def test_a_smoke_message_becomes_an_event_with_place_and_readings(door: Door) -> None:
    (fact,) = admit(door, SMOKE, {"ts": at(-1), "value": True}).facts
    event = fact.event
    assert (event.kind, event.source, event.site, event.driver) == ("smoke", "smoke-3", "home-3", "plain")
    assert (event.at, event.arrived) == (ARRIVED - timedelta(seconds=1), ARRIVED)
    assert dict(event.fields) == {"alarm": True}
    assert [(reading.name, reading.value, reading.at) for reading in fact.readings] == [("smoke.alarm", 1.0, event.at)]


@pytest.mark.parametrize(
    ("off_s", "extra", "at_arrival", "suspect"),
    [
        (-120, {}, False, False),
        (120, {}, False, False),
        (-121, {}, True, True),
        (121, {}, True, True),
        (-7200, {"history": True}, False, False),
        (7200, {"history": True}, True, True),
    ],
)
def test_the_devices_time_counts_within_two_minutes_or_as_history(
    door: Door, off_s: float, extra: dict[str, bool], *, at_arrival: bool, suspect: bool
) -> None:
    (fact,) = admit(door, SMOKE, {"ts": at(off_s), "value": True, **extra}).facts
    assert fact.event.at == (ARRIVED if at_arrival else ARRIVED + timedelta(seconds=off_s))
    assert (Quality.CLOCK_SUSPECT in fact.event.quality) is suspect


@pytest.mark.parametrize(
    ("topic", "body", "reason"),
    [
        (SMOKE, b"x" * (PAYLOAD_BYTES + 1), "too_large"),
        (SMOKE, b"{", "malformed"),
        ("hub/v1/home-3/nobody/smoke", b"true", "unknown_sensor"),
        ("hub/v1/bridge/smoke-3/smoke", b"true", "unknown_sensor"),
        ("zigbee2mqtt/home_3/unheard-of", b'{"smoke":true}', "unknown_sensor"),
        ("hub/v1/home-3/smoke-3/smell", b"true", "unknown_kind"),
        ("hub/v1/home-3/smoke-3/temperature", b"-127", "implausible"),
        ("hub/v1/home-3/smoke-3/temperature", b'"warm"', "malformed"),
    ],
)
def test_bad_input_is_refused_with_its_reason(door: Door, topic: str, body: bytes, reason: str) -> None:
    admission = admit(door, topic, body)
    assert [refusal.reason for refusal in admission.refusals] == [reason]
    assert admission.refusals[0].payload == body
    assert not admission.facts


def test_one_implausible_field_does_not_cost_the_others(door: Door) -> None:
    admission = admit(door, "hub/v1/home-3/smoke-3/smoke", {"alarm": True, "concentration": -5})
    assert dict(admission.facts[0].event.fields) == {"alarm": True}
    assert [refusal.reason for refusal in admission.refusals] == ["implausible"]


def test_the_largest_payload_is_still_read(door: Door) -> None:
    body = b'{"value": true, "note": "'
    body += b"x" * (PAYLOAD_BYTES - len(body) - 2) + b'"}'
    assert len(body) == PAYLOAD_BYTES
    assert admit(door, SMOKE, body).facts


def test_a_retained_message_sets_state_only(door: Door) -> None:
    """It is marked, gives no reading and no sign of life, and the same content is one fact however often it comes."""
    first = admit(door, SMOKE, b"true", retained=True)
    again = admit(door, SMOKE, b"true", retained=True, late_s=3600)
    assert first.facts[0].event.quality == {Quality.RETAINED}
    assert first.facts[0].readings == ()
    assert first.heard is None
    assert first.facts[0].event.id == again.facts[0].event.id


def test_a_retained_message_with_a_young_time_of_its_own_is_the_live_one(door: Door) -> None:
    """An alarm that the hub missed counts; one that it has is stored once."""
    body = {"ts": at(0), "value": True}
    live = admit(door, SMOKE, body, late_s=1).facts[0]
    kept = admit(door, SMOKE, body, retained=True, late_s=290)
    assert (kept.facts[0].event.id, kept.facts[0].event.at) == (live.event.id, live.event.at)
    assert kept.facts[0].event.quality == frozenset()
    assert kept.heard is None, "the broker spoke, not the device"


@pytest.mark.parametrize(("body", "late_s"), [({"ts": "", "value": True}, 0), ({"value": True}, 0), (None, 301)])
def test_a_retained_message_that_is_old_or_has_no_time_is_a_state_only(
    door: Door, body: dict[str, object] | None, late_s: float
) -> None:
    told = {"ts": at(0), "value": True} if body is None else body
    (fact,) = admit(door, SMOKE, told, retained=True, late_s=late_s).facts
    assert Quality.RETAINED in fact.event.quality


def test_a_retained_press_is_never_live(door: Door) -> None:
    body = {"action": "emergency", "last_seen": at(0)}
    facts = admit(door, "zigbee2mqtt/home_3/help", body, retained=True, late_s=1).facts
    assert all(Quality.RETAINED in fact.event.quality for fact in facts if fact.event.kind == "sos")


def test_a_live_message_may_not_be_as_late_as_a_retained_one(door: Door) -> None:
    (fact,) = admit(door, SMOKE, {"ts": at(0), "value": True}, late_s=290).facts
    assert fact.event.quality == {Quality.CLOCK_SUSPECT}


def test_the_same_fact_sent_twice_by_the_device_has_one_id(door: Door) -> None:
    ids = {admit(door, SMOKE, {"ts": at(0), "value": True}, late_s=late).facts[0].event.id for late in (1, 2)}
    assert len(ids) == 1


def test_two_facts_with_times_have_two_ids(door: Door) -> None:
    ids = {admit(door, SMOKE, {"ts": at(late), "value": True}, late_s=late).facts[0].event.id for late in (1, 2)}
    assert len(ids) == 2


def test_a_device_whose_clock_stands_still_is_not_silenced(door: Door) -> None:
    """Its messages all carry the same time; outside two minutes that time is no identity."""
    ids = {admit(door, SMOKE, {"ts": 0, "value": True}, late_s=late).facts[0].event.id for late in (1, 2)}
    assert len(ids) == 2


def test_a_help_button_pressed_twice_is_two_events_even_with_equal_payload(door: Door) -> None:
    body = {"action": "emergency", "battery": 100, "last_seen": at(0)}
    admissions = [admit(door, "zigbee2mqtt/home_3/help", body) for _ in range(2)]
    assert all(admission.one_shot for admission in admissions)
    presses = [fact.event for admission in admissions for fact in admission.facts if fact.event.kind == "sos"]
    assert len({press.id for press in presses}) == 2


def test_a_sensor_with_kinds_gives_only_those(door: Door) -> None:
    assert not admit(door, "hub/v1/bridge/level-1/temperature", b"20").facts
    assert admit(door, "hub/v1/bridge/level-1/water_level", b"2.5").facts


def test_availability_of_a_device_is_a_note_under_its_id(door: Door) -> None:
    admission = admit(door, "zigbee2mqtt/home_3/door/availability", b"offline", retained=True)
    (note,) = admission.notes
    assert (note.kind, note.source, note.online) == ("sensor.health", "door-3", False)
    assert admission.heard is None


def test_the_bridge_needs_no_sensor(door: Door) -> None:
    (note,) = admit(door, "zigbee2mqtt/bridge/state", b"online", retained=True).notes
    assert (note.kind, note.source, note.online) == ("gateway.health", "zigbee2mqtt", True)


def test_what_is_none_of_its_business_leaves_no_trace(door: Door) -> None:
    assert admit(door, "zigbee2mqtt/bridge/devices", b"x" * 200_000) == Admission()
    assert admit(door, "hub/v1/events/smoke/smoke-3", b"{}") == Admission()


def test_formats_come_and_go_with_the_sensors_that_use_them(door: Door) -> None:
    always = {"hub/v1/+/+/+", "homeassistant/+/+/config", "homeassistant/+/+/+/config"}
    assert door.filters() == always | {"zigbee2mqtt/#"}
    door.apply(Community())
    assert door.filters() == always
    assert admit(door, "zigbee2mqtt/home_3/door", b'{"contact":false}') == Admission()


class SeeingFormat:
    """Says what it was told to say."""

    def __init__(self, *seen: Observation) -> None:
        self.seen = seen

    def topics(self) -> tuple[str, ...]:
        return ("seeing/#",)

    def concerns(self, topic: str) -> bool:
        return topic.startswith("seeing/")

    def parse(self, topic: str, payload: bytes, *, retained: bool, arrived: datetime) -> Parsed:
        del payload, retained, arrived
        return Parsed(topic.removeprefix("seeing/"), self.seen)


def seen_by(*observations: Observation) -> Admission:
    door = Door({"seeing": SeeingFormat(*observations)})
    door.apply(Community(sensors=(Sensor(id="a", site="s", format="seeing"),)))
    return admit(door, "seeing/a", b"1")


def test_subject_confidence_and_box_reach_the_event() -> None:
    fields = {"temperature_c": 21.0}
    probes = [Observation("temperature", fields, subject=name, confidence=0.5) for name in ("inlet", "outlet")]
    boxed = Observation("motion", {"motion": True}, box=(0.5, 0.5, 0.75, 0.25))
    facts = seen_by(*probes, boxed).facts
    assert [(fact.event.subject, fact.event.confidence) for fact in facts] == [
        ("inlet", 0.5),
        ("outlet", 0.5),
        (None, None),
    ]
    assert facts[2].event.box == Box(0.5, 0.5, 0.5, 0.25)
    assert facts[0].readings[0].name == "temperature.temperature_c@inlet"


@pytest.mark.parametrize(
    "seen",
    [
        Observation("motion", {"motion": True}, subject="x" * 65),
        Observation("motion", {"motion": True}, subject=""),
        Observation("motion", {"motion": True}, confidence=float("nan")),
        Observation("motion", {"motion": True}, box=(0.0, 0.0, float("inf"), 1.0)),
    ],
)
def test_an_impossible_subject_confidence_or_box_is_refused(seen: Observation) -> None:
    admission = seen_by(seen)
    assert (admission.facts, [refusal.reason for refusal in admission.refusals]) == ([], ["malformed"])


@pytest.mark.parametrize(
    ("topics", "filters"),
    [
        ([f"z/d{n}" for n in range(9)] + [f"z/d{n}/availability" for n in range(9)], {"z/+", "z/+/availability"}),
        ([f"node{n}/sensor/s{m}/state" for n in range(9) for m in range(9)], {"+/sensor/+/state"}),
        (["a/b", "a/c", "d"], {"a/b", "a/c", "d"}),
        ([f"h/{n}/x" for n in range(9)], {f"h/{n}/x" for n in range(9)}),
        ([str(n) for n in range(9)], {str(n) for n in range(9)}),
    ],
)
def test_many_topics_are_brought_by_few_filters_none_of_which_meet(topics: list[str], filters: set[str]) -> None:
    assert gathered(topics, beside=["h/v/+"]) == filters


@settings(max_examples=examples(80, 200), deadline=None)
@given(topics=st.sets(st.lists(st.sampled_from("abcd"), min_size=1, max_size=4).map("/".join), max_size=80))
def test_each_topic_is_brought_exactly_once(topics: set[str]) -> None:
    beside = ["a/+/c", "b/#"]
    free = {topic for topic in topics if not any(covers(one, topic) for one in beside)}
    filters = gathered(free, beside=beside, together=3)
    for topic in topics:
        assert sum(covers(one, topic) for one in (*filters, *beside)) == 1


class BrokenFormat:
    """A format with a fault in it."""

    def topics(self) -> tuple[str, ...]:
        return ("broken/#",)

    def concerns(self, topic: str) -> bool:
        return topic.startswith("broken/")

    def parse(self, topic: str, payload: bytes, *, retained: bool, arrived: datetime) -> Parsed:
        raise ZeroDivisionError(f"{topic} {payload!r} {retained} {arrived}")


def test_a_format_that_fails_refuses_that_message_and_no_other(caplog: pytest.LogCaptureFixture) -> None:
    door = Door({"broken": BrokenFormat()})
    door.apply(Community(sensors=(Sensor(id="a", site="s", format="broken"),)))
    assert [refusal.reason for refusal in admit(door, "broken/a", b"1").refusals] == ["format_failed"]
    assert "ZeroDivisionError" in caplog.text


@settings(max_examples=examples(80, 200), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.dictionaries(
        st.sampled_from(
            ["ts", "value", "alarm", "action", "smoke", "contact", "battery", "history", "last_seen", "code"]
        ),
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(max_size=9)
        | st.integers(0, 2_000_000_000_000),
    ),
    topic=st.sampled_from([SMOKE, "hub/v1/home-3/smoke-3/fault", "zigbee2mqtt/home_3/help", "zigbee2mqtt/home_3/door"]),
    retained=st.booleans(),
)
def test_whatever_comes_is_an_event_that_survives_storing_or_a_refusal(
    door: Door, body: dict[str, object], topic: str, *, retained: bool
) -> None:
    admission = admit(door, topic, json.dumps(body).encode(), retained=retained)
    for fact in admission.facts:
        assert event_from_json(json.loads(json.dumps(event_to_json(fact.event)).encode())) == fact.event
