"""Every file of hub/sensors/payloads keeps the folder's promises, without being listed here."""

from __future__ import annotations

import copy
import json
import re
import string
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.plugins import load_plugins
from hub.sensors.errors import PayloadError
from hub.sensors.kinds import KINDS
from hub.sensors.parsing import Parsed, PayloadFormat, Seeing
from tests.fakes.examples import examples

PLUGINS = load_plugins("hub.sensors.payloads")
ARRIVED = datetime(2026, 3, 1, 12, tzinfo=UTC)
FUZZ = settings(
    max_examples=examples(50, 150), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

FIELD_NAMES = st.sampled_from(
    ["value", "ts", "test", "smoke", "contact", "action", "battery", "occupancy", "state", "last_seen", "temperature"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(FIELD_NAMES | st.text(max_size=8), inner, max_size=6),
    max_leaves=12,
)
LEVELS = st.text(alphabet=string.ascii_letters + string.digits + "-_ é中$\x01", max_size=12)

PAGE = Path("docs/reference/mqtt.md").read_text(encoding="utf-8")
SAMPLES = [
    (lines[0], lines[1])
    for block in re.findall(r"```mqtt\n(.*?)```", PAGE, re.DOTALL)
    if (lines := block.strip().splitlines())[1].startswith("{") and "!>" not in block
]
"""Topic and payload of the reference page's messages, as a start for mutation."""


@pytest.fixture(params=sorted(PLUGINS))
def format_of(request: pytest.FixtureRequest) -> PayloadFormat:
    plugin = PLUGINS[request.param]
    built: PayloadFormat = plugin.build(plugin.options())
    return built


def topics(fmt: PayloadFormat) -> st.SearchStrategy[str]:
    """Topics that the format's own filters let through, with odd levels in the wildcards."""

    def fill(topic_filter: str) -> st.SearchStrategy[str]:
        levels = []
        for level in topic_filter.split("/"):
            if level == "+":
                levels.append(LEVELS | st.sampled_from([*KINDS][:8]))
            elif level == "#":
                levels.append(
                    st.lists(LEVELS | st.sampled_from(["availability", "bridge", "state"]), max_size=4).map("/".join)
                )
            else:
                levels.append(st.just(level))
        return st.tuples(*levels).map("/".join)

    return st.one_of([fill(topic_filter) for topic_filter in fmt.topics()])


def parse(fmt: PayloadFormat, topic: str, payload: bytes) -> None:
    """Either reads, or raises PayloadError; anything else fails the test."""
    fmt.concerns(topic)
    try:
        parsed = fmt.parse(topic, payload, retained=False, arrived=ARRIVED)
    except PayloadError:
        return
    assert isinstance(parsed, Parsed)
    known = {*KINDS, "sensor.health", "gateway.health", *(fmt.camera_kinds() if isinstance(fmt, Seeing) else ())}
    for observation in (seen for each in (parsed, *parsed.more) for seen in each.observations):
        assert observation.kind in known
        assert observation.at is None or observation.at.tzinfo is not None


@FUZZ
@given(data=st.data())
def test_random_bytes_are_read_or_refused(format_of: PayloadFormat, data: st.DataObject) -> None:
    parse(format_of, data.draw(topics(format_of)), data.draw(st.binary(max_size=200)))


@FUZZ
@given(data=st.data())
def test_random_json_is_read_or_refused(format_of: PayloadFormat, data: st.DataObject) -> None:
    parse(format_of, data.draw(topics(format_of)), json.dumps(data.draw(JSON)).encode())


def places_in(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every part of a JSON value, itself first."""
    inner: list[tuple[Any, object]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    return [path, *(place for key, part in inner for place in places_in(part, (*path, key)))]


def replaced(value: Any, path: tuple[Any, ...], part: object) -> Any:
    """The JSON value with another part at `path`."""
    if not path:
        return part
    made = copy.deepcopy(value)
    parent = made
    for key in path[:-1]:
        parent = parent[key]
    parent[path[-1]] = part
    return made


@settings(FUZZ, max_examples=examples(25, 60))
@given(data=st.data())
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample[0])
def test_a_sample_with_any_part_replaced_is_read_or_refused(sample: tuple[str, str], data: st.DataObject) -> None:
    topic, payload = sample
    fmt = next(
        built for built in (plugin.build(plugin.options()) for plugin in PLUGINS.values()) if built.concerns(topic)
    )
    body = json.loads(payload)
    for _ in range(data.draw(st.integers(1, 3))):
        body = replaced(body, data.draw(st.sampled_from(places_in(body))), data.draw(JSON))
    parse(fmt, topic, json.dumps(body).encode())


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\xff\xfe",
        b"NaN",
        b'{"value": NaN}',
        b'{"value": -Infinity}',
        b'{"value": 1e999}',
        b'{"value": ' + b"9" * 60_000 + b"}",
        b"[" * 60_000,
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b'{"value": 1, "value": 2}',
        b'{"value": "\\ud800"}',
        b'{"ts": 1e300, "value": 1}',
        b'{"ts": "9999-12-31T23:59:59-23:59", "value": 1}',
        b'{"ts": "0001-01-01T00:00:00+23:59", "value": 1}',
        b'{"value": {"value": [null, {}]}}',
        b'"\x00"',
    ],
    ids=lambda payload: payload[:24].decode("latin-1"),
)
def test_hostile_payloads_are_read_or_refused(format_of: PayloadFormat, payload: bytes) -> None:
    for topic_filter in format_of.topics():
        for level in ("temperature", "smoke", "availability"):
            parse(format_of, topic_filter.replace("#", f"x/{level}").replace("+", level), payload)


def test_filters_are_ones_that_a_broker_takes(format_of: PayloadFormat) -> None:
    for topic_filter in format_of.topics():
        levels = topic_filter.split("/")
        assert "#" not in levels[:-1]
        assert all(level in {"+", "#"} or not set(level) & set("+# \x00") for level in levels)


def test_every_plugin_says_what_it_is(format_of: PayloadFormat) -> None:
    assert all(plugin.summary.endswith(".") for plugin in PLUGINS.values())
    assert format_of.topics()
