"""Homie 5 as its devices publish it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hub.sensors.errors import PayloadError
from hub.sensors.kinds import KINDS
from hub.sensors.parsing import Parsed
from hub.sensors.payloads.homie import PLUGIN, HomieOptions

FORMAT = PLUGIN.build(HomieOptions())
ARRIVED = datetime(2026, 3, 1, 12, tzinfo=UTC)


def parse(topic: str, payload: bytes) -> Parsed:
    assert FORMAT.concerns(topic)
    return FORMAT.parse(topic, payload, retained=False, arrived=ARRIVED)


@pytest.mark.parametrize(
    ("name", "payload", "kind", "fields"),
    [
        ("temperature", b"21.5", "temperature", {"temperature_c": 21.5}),
        ("water-level", b"2.35", "water_level", {"level_m": 2.35}),
        ("smoke", b"true", "smoke", {"alarm": True}),
        ("motion", b"false", "motion", {"motion": False}),
        ("battery", b"81", "battery", {"percent": 81}),
    ],
)
def test_a_property_means_what_it_is_called(name: str, payload: bytes, kind: str, fields: dict[str, object]) -> None:
    parsed = parse(f"homie/5/station-1/air/{name}", payload)
    assert (parsed.address, parsed.gateway) == ("station-1/air", False)
    (seen,) = parsed.observations
    assert (seen.kind, KINDS[kind].read(seen.fields)) == (kind, (fields, []))


def test_an_unknown_property_and_a_cleared_one_say_nothing() -> None:
    assert parse("homie/5/station-1/air/colour", b"red").observations == ()
    assert parse("homie/5/station-1/air/smoke", b"").observations == ()


def test_a_value_of_the_wrong_type_is_for_the_kind_to_refuse() -> None:
    (seen,) = parse("homie/5/station-1/air/smoke", b"red").observations
    assert KINDS["smoke"].read(seen.fields)[1][0].reason == "malformed"


@pytest.mark.parametrize(
    ("state", "online"),
    [(b"ready", True), (b"sleeping", True), (b"alert", True), (b"disconnected", False), (b"lost", False)],
)
def test_a_device_is_the_gateway_to_its_nodes(state: bytes, *, online: bool) -> None:
    parsed = parse("homie/5/station-1/$state", state)
    assert (parsed.address, parsed.gateway) == ("station-1", True)
    (seen,) = parsed.observations
    assert (seen.kind, seen.fields["state"]) == ("gateway.health", "online" if online else "offline")


def test_a_device_that_starts_or_is_removed_is_neither_there_nor_gone() -> None:
    assert parse("homie/5/station-1/$state", b"init").observations == ()
    assert parse("homie/5/station-1/$state", b"").observations == ()
    with pytest.raises(PayloadError):
        parse("homie/5/station-1/$state", b"dead")


@pytest.mark.parametrize(
    "topic",
    [
        "homie/5/station-1/$description",
        "homie/5/station-1/air/$target",
        "homie/5/station-1/air/temperature/set",
        "homie/5/$broadcast/all/night",
        "homie/4/station-1/$state",
    ],
)
def test_descriptions_targets_commands_and_broadcasts_are_passed_over(topic: str) -> None:
    assert not FORMAT.concerns(topic)


def test_a_sensor_may_name_another_domain() -> None:
    both = FORMAT.configured({"station-1/air": {"domain": "barn"}})
    assert set(both.topics()) == {"homie/5/+/$state", "homie/5/+/+/+", "barn/5/+/$state", "barn/5/+/+/+"}
    assert both.concerns("barn/5/station-1/air/temperature")
    assert not FORMAT.concerns("barn/5/station-1/air/temperature")
