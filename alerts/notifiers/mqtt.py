"""Notifier `mqtt`: a loudspeaker that listens on the hub's own broker.

    notifiers:
      - {id: speakers, kind: mqtt, at_least: orange, quiet: {between: "21:00-07:00"}}

`{area}` and `{site}` in the topic are the ids of where it is. The payload is JSON: `text` to be spoken, `language`,
`repeat`, `volume` (its own for red), `level`, `number` and `at`. It is said at most once: marked before it is sent, and
the same of the same place not again within `dedupe_s`. What could not be sent within `give_up_after_s` is never said.
"""

from __future__ import annotations

import json
from typing import Annotated

from pydantic import AfterValidator, Field

from alerts.language.words import placeholders
from alerts.notices.notice import Delivered, Notice, Outcome, Services, Traits, TryLater
from config.says import says
from config.secrets import Secret
from hub.events import time_to_text
from hub.plugins import Options, Plugin

_NOWHERE = "all"
"""Stands in the topic for a place that an incident does not have."""


def _topic(topic: str) -> str:
    if unknown := set(placeholders(topic)) - {"area", "site"}:
        raise ValueError(
            says(
                "{name} has no meaning in a topic; known are {{area}} and {{site}}",
                "{name} 在主题里无效；可用的有 {{area}} 和 {{site}}",
                name=f"{{{min(unknown)}}}",
            )
        )
    if any(sign in topic for sign in "+#\0"):
        raise ValueError(
            says(
                "holds + or #; write one topic, as speakers/{area}/say",
                "含有 + 或 #；请写一个主题，如 speakers/{area}/say",
            )
        )
    if topic.startswith(("$", "hub/v1/")):
        raise ValueError(
            says(
                "is taken: the hub itself speaks there; write another, as speakers/{area}/say",
                "已被系统自己占用；请换一个，如 speakers/{area}/say",
            )
        )
    return topic


class MqttOptions(Options):
    """Where to, and how loud."""

    topic: Annotated[str, Field(min_length=1, max_length=256), AfterValidator(_topic)] = "speakers/{area}/say"
    repeat: Annotated[int, Field(ge=1, le=10)] = 2
    """How often it is said."""
    volume: Annotated[int, Field(ge=0, le=100)] = 60
    red_volume: Annotated[int, Field(ge=0, le=100)] = 100
    most_text: Annotated[int, Field(ge=20, le=1000)] = 200
    dedupe_s: Annotated[float, Field(ge=0, le=86_400)] = 600.0
    """The same of the same place is not said again within it."""
    give_up_after_s: Annotated[float, Field(ge=1, le=3_600)] = 120.0
    """What could not be sent by then is not said any more."""


class Loudspeaker:
    """One topic."""

    def __init__(self, options: MqttOptions, secret: Secret | None, services: Services) -> None:
        del secret
        self.traits = Traits(
            audience="speakers",
            once=True,
            dedupe_s=options.dedupe_s,
            give_up_after_s=options.give_up_after_s,
            most_text=options.most_text,
        )
        self._options = options
        self._publish = services.publish

    def send(self, notice: Notice) -> Outcome:
        """Publish it; the broker takes it now or not at all."""
        options, incident = self._options, notice.incident
        red = incident["level"] == "red"
        payload = {
            "text": notice.text,
            "language": notice.language,
            "repeat": options.repeat,
            "volume": options.red_volume if red else options.volume,
            "level": incident["level"],
            "number": notice.number,
            "at": time_to_text(notice.at),
        }
        topic = options.topic.format(area=incident.get("area") or _NOWHERE, site=incident.get("site") or _NOWHERE)
        taken = self._publish(topic, json.dumps(payload, ensure_ascii=False).encode(), False)
        return Delivered() if taken else TryLater("the broker does not take it")


PLUGIN = Plugin(
    kind="mqtt",
    options=MqttOptions,
    build=Loudspeaker,
    summary="A loudspeaker on the hub's own broker; says nothing twice.",
)
