"""The embedded broker carries the topics of every format, whatever characters they begin with."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from hub.plugins import load_plugins
from tests.fakes.brokers import Device, Nats

PAGE = Path("docs/reference/mqtt.md").read_text(encoding="utf-8")
TOPICS = {block.strip().splitlines()[0] for block in re.findall(r"```mqtt\n(.*?)```", PAGE, re.DOTALL)}


def test_every_topic_of_the_reference_page_reaches_the_filters_of_its_format(
    tmp_path: Path, wait_until: Callable[..., None]
) -> None:
    formats = [plugin.build(plugin.options()) for plugin in load_plugins("hub.sensors.payloads").values()]
    broker = Nats(tmp_path)
    try:
        hub, device = Device(broker.endpoint(), "hub-in"), Device(broker.endpoint(), "device")
        try:
            for topic_filter in {one for fmt in formats for one in fmt.topics()}:
                hub.listen(topic_filter)
            for topic in TOPICS:
                device.send(topic, "1")
            wait_until(lambda: {message.topic for message in hub.seen} == TOPICS, what="every topic seen")
        finally:
            hub.close()
            device.close()
    finally:
        broker.stop()


def test_every_format_stands_in_the_table_of_the_reference_page() -> None:
    table = PAGE.partition("| `format` |")[2].partition("\n\n")[0].splitlines()[2:]
    named = {word for row in table for word in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert named == set(load_plugins("hub.sensors.payloads"))
