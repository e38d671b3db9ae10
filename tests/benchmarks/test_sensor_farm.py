"""The farm of sensors speaks as real devices do, and each of its messages is found again among the events."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from benchmarks.farm.formats import FORMATS, Said, devices, garbage, number_of
from config.community import Community, Name, Sensor, Site
from hub.plugins import load_plugins
from hub.sensors.admission import Message
from hub.sensors.intake import Door

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FARM = {each.format: each for each in devices(len(FORMATS))}


@pytest.fixture(scope="module")
def door() -> Door:
    """A door that knows the farm."""
    plugins = load_plugins("hub.sensors.payloads")
    door = Door({kind: plugin.build(plugin.options()) for kind, plugin in plugins.items()})
    door.apply(
        Community(
            sites=tuple(Site(id=each.site, name=Name(en=each.site)) for each in FARM.values()),
            sensors=tuple(
                Sensor(id=each.id, site=each.site, format=each.format, address=each.address) for each in FARM.values()
            ),
        )
    )
    for each in FARM.values():
        for topic, payload in FORMATS[each.format].announce(each):
            door.admit(Message(topic, payload, retained=True, arrived=NOW))
    return door


@pytest.mark.parametrize("name", FORMATS)
def test_a_measurement_is_one_event_with_its_number(door: Door, name: str) -> None:
    """What the device measured is stored under its sensor, and tells which message it was."""
    device = FARM[name]
    topic, payload = FORMATS[name].say(device, Said(1_234, NOW))
    admission = door.admit(Message(topic, payload, retained=False, arrived=NOW))
    assert not admission.refusals
    numbers = [number_of(fact.event) for fact in admission.facts]
    assert numbers.count(1_234) == 1
    assert {fact.event.source for fact in admission.facts} == {device.id}


@pytest.mark.parametrize("name", [name for name, each in FORMATS.items() if each.alarms])
@pytest.mark.parametrize("rings", [True, False])
def test_an_alarm_is_smoke_with_its_number(door: Door, name: str, *, rings: bool) -> None:
    """A smoke detector's alarm comes as smoke, and the message is known too."""
    topic, payload = FORMATS[name].say(FARM[name], Said(7, NOW, alarm=rings))
    admission = door.admit(Message(topic, payload, retained=False, arrived=NOW))
    assert [fact.event.fields["alarm"] for fact in admission.facts if fact.event.kind == "smoke"] == [rings]
    assert [number_of(fact.event) for fact in admission.facts].count(7) == 1


@pytest.mark.parametrize("name", [name for name, each in FORMATS.items() if each.timed])
def test_a_timed_message_that_is_sent_again_is_the_same_event(door: Door, name: str) -> None:
    """Where a device tells its time, a repetition has the identity of the first."""
    topic, payload = FORMATS[name].say(FARM[name], Said(3, NOW, alarm=True if FORMATS[name].alarms else None))
    first, again = (
        {fact.event.id for fact in door.admit(Message(topic, payload, retained=False, arrived=NOW)).facts}
        for _ in range(2)
    )
    assert first == again


@pytest.mark.parametrize("name", FORMATS)
def test_garbage_is_refused(door: Door, name: str) -> None:
    """What nobody can read is refused, and nothing else."""
    topic, payload = garbage(FARM[name], 5)
    admission = door.admit(Message(topic, payload, retained=False, arrived=NOW))
    assert admission.refusals
    assert not admission.facts
