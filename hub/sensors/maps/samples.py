"""Samples: messages as devices send them, with what the hub must make of each, and the one way to compare the two.

They stand in the files of maps and are run by `hub payloads test`; the hub's own tests of every device are written the
same way.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, Field

from config.community import Community, Name, Sensor, Site
from hub.events import Event, Phase, Quality, time_to_text
from hub.plugins import Options
from hub.sensors.admission import Admission, Message
from hub.sensors.intake import Door
from hub.sensors.parsing import PayloadFormat
from hub.sensors.payloads.plain import PLUGIN as PLAIN

ARRIVED = datetime(2026, 3, 1, 12, tzinfo=UTC)
"""When a sample arrives that does not say."""

_SITE = Site(id="sample", name=Name(zh="样例", en="Sample"))


class Said(Options):
    """One observation that is expected; what is not written is not compared, but `fields` is all of them."""

    kind: str
    fields: dict[str, bool | float | str] = Field(default_factory=dict)
    at: AwareDatetime | None = None
    subject: str | None = None
    phase: Phase = Phase.MOMENT
    quality: tuple[Quality, ...] = ()


class Came(Options):
    """A message that came before."""

    topic: Annotated[str, Field(min_length=1, max_length=256)]
    payload: Any
    """Text as it is; anything else is sent as JSON."""

    def message(self, arrived: datetime, *, retained: bool) -> Message:
        """What arrives."""
        payload = self.payload if isinstance(self.payload, str) else json.dumps(self.payload, ensure_ascii=False)
        return Message(self.topic, payload.encode(), retained=retained, arrived=arrived)


class Sample(Came):
    """One message and what is expected of it."""

    name: str = ""
    before: tuple[Came, ...] = ()
    """Retained messages by which the device announced itself."""
    address: str | None = None
    """The device that it must be found to come from, and so the sensor's address."""
    arrived: AwareDatetime = ARRIVED
    retained: bool = False
    options: dict[str, Any] = Field(default_factory=dict)
    """Of the sensor."""
    says: tuple[Said, ...] = ()
    readings: dict[str, float] | None = None
    """Name and value of each reading; None does not compare them."""
    health: str | None = None
    """`online` or `offline`, when it tells presence."""
    refused: tuple[str, ...] = ()
    """Reasons of refusals."""


def run_sample(formats: Mapping[str, PayloadFormat], sensor: Sensor, sample: Sample) -> tuple[str, ...]:
    """What differs from what is expected, each in words; empty when nothing does.

    Args:
        formats: By kind.
        sensor: The one that is configured; its site counts for nothing.
        sample: What comes, and what must come of it.
    """
    door = Door({"plain": PLAIN.build(PLAIN.options()), **formats})
    options = {**sensor.options, **sample.options}
    door.apply(Community(sites=(_SITE,), sensors=(sensor.model_copy(update={"site": _SITE.id, "options": options}),)))
    for came in sample.before:
        door.admit(came.message(sample.arrived, retained=True))
    return tuple(_differences(door.admit(sample.message(sample.arrived, retained=sample.retained)), sample))


def _differences(admission: Admission, sample: Sample) -> list[str]:
    events = [fact.event for fact in admission.facts]
    wrong = [
        f"says[{number}] came out as {_words(event)}"
        for number, (event, said) in enumerate(zip(events, sample.says, strict=False))
        if not _alike(event, said)
    ]
    if len(events) != len(sample.says):
        all_of_it = "; ".join(_words(event) for event in events) or "nothing"
        wrong.append(f"says {len(events)} and not {len(sample.says)} things: {all_of_it}")
    if sample.readings is not None:
        readings = {one.name: round(one.value, 6) for fact in admission.facts for one in fact.readings}
        if readings != sample.readings:
            wrong.append(f"readings are {readings}")
    reasons = tuple(refusal.reason for refusal in admission.refusals)
    if reasons != sample.refused:
        details = "; ".join(f"{one.reason}: {one.detail}" for one in admission.refusals) or "nothing"
        wrong.append(f"refused is {details}")
    health = [("online" if note.online else "offline") for note in admission.notes]
    if health != ([] if sample.health is None else [sample.health]):
        wrong.append(f"health is {', '.join(health) or 'not told'}")
    return wrong


def _alike(event: Event, said: Said) -> bool:
    fields = {name: round(value, 6) if isinstance(value, float) else value for name, value in event.fields.items()}
    return (
        event.kind == said.kind
        and fields == said.fields
        and event.subject == said.subject
        and event.phase is said.phase
        and event.quality == frozenset(said.quality)
        and said.at in (None, event.at)
    )


def _words(event: Event) -> str:
    """An event as a sample would write it."""
    parts: dict[str, Any] = {"kind": event.kind, "fields": dict(event.fields), "at": time_to_text(event.at)}
    if event.subject is not None:
        parts["subject"] = event.subject
    if event.quality:
        parts["quality"] = sorted(event.quality)
    return json.dumps(parts, ensure_ascii=False)
