"""Maps of payload formats: what they read, the shipped ones, and every way to write one wrongly."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from config.errors import ConfigurationError, Mistake
from hub.plugins import load_plugins
from hub.sensors.errors import PayloadError
from hub.sensors.formats import PACKAGE, load_formats
from hub.sensors.kinds import KINDS
from hub.sensors.maps.folder import SHIPPED, load_maps, map_files, overlaps, read_maps, run_samples, sample_mistakes
from hub.sensors.maps.mapped import MapFormat
from hub.sensors.maps.places import place_of
from hub.sensors.maps.spec import MapSpec
from hub.sensors.maps.xml import read_xml
from hub.sensors.parsing import Parsed

BAD = Path(__file__).parent / "data" / "bad_maps"
MAPS = load_maps(None, taken=load_plugins(PACKAGE))
ARRIVED = datetime(2026, 3, 1, 12, tzinfo=UTC)


def mistakes_in(path: Path) -> tuple[Mistake, ...]:
    try:
        maps = read_maps([*map_files(SHIPPED), path], taken=load_plugins(PACKAGE))
    except ConfigurationError as error:
        return error.mistakes
    return tuple(mistake for one in maps.values() if one.file == path for mistake in sample_mistakes(one))


@pytest.mark.parametrize("case", sorted(BAD.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_mistake_in_a_map_is_named_with_file_line_path_and_what_to_write(case: Path) -> None:
    found = "".join(f"{mistake}\n" for mistake in mistakes_in(case)).replace(f"{BAD}/", "")

    assert found == case.with_suffix(".txt").read_text(encoding="utf-8")


def test_no_expected_message_stands_without_its_case() -> None:
    assert {path.stem for path in BAD.glob("*.txt")} == {path.stem for path in BAD.glob("*.yaml")}


@pytest.mark.parametrize("kind", sorted(MAPS))
def test_every_sample_of_a_shipped_map_comes_out_as_it_says(kind: str) -> None:
    assert [ran.wrong for ran in run_samples(MAPS[kind]) if ran.wrong] == []


def test_a_folder_of_ones_own_stands_beside_the_shipped_maps(tmp_path: Path) -> None:
    text = (SHIPPED / "tuya.yaml").read_text(encoding="utf-8")
    (tmp_path / "mine.yaml").write_text(text.replace("format: tuya", "format: mine").replace("import/tuya", "mine"))
    formats = load_formats(tmp_path)
    assert formats.options.keys() >= {"mine", "tuya", "plain"}
    assert formats.build()["mine"].topics() == ("hub/v1/mine/+",)


def test_the_map_on_the_reference_page_is_a_map(tmp_path: Path) -> None:
    page = Path("docs/reference/mqtt.md").read_text(encoding="utf-8")
    file = tmp_path / "silo.yaml"
    text = "format: silo" + page.partition("```yaml\nformat: silo")[2].partition("```")[0]
    file.write_text(text, encoding="utf-8")
    assert mistakes_in(file) == ()


def read(spec: dict[str, Any], topic: str, payload: bytes) -> Parsed:
    sample = {"topic": "mine/a", "payload": "1"}
    whole = {"format": "mine", "about": "x", "topics": ["mine/{device}"], "samples": [sample], **spec}
    fmt = MapFormat(MapSpec.model_validate(whole))
    assert fmt.concerns(topic)
    return fmt.parse(topic, payload, retained=False, arrived=ARRIVED)


def test_the_items_of_a_list_at_one_time_are_one_observation_and_at_two_times_two() -> None:
    spec = {
        "each": "list",
        "time": "t",
        "subject": "of",
        "read": [
            {"kind": "power", "field": "current_a", "from": "a"},
            {"kind": "power", "field": "voltage_v", "from": "v"},
        ],
    }
    payload = b'{"list": [{"t": 1772366400, "a": 1}, {"t": 1772366400, "v": 230}, {"t": 1772366401, "a": 2}, 7]}'
    parsed = read(spec, "mine/a", payload)
    assert [dict(one.fields) for one in parsed.observations] == [{"current_a": 1, "voltage_v": 230}, {"current_a": 2}]


def test_the_place_of_a_list_is_found_from_the_top_too() -> None:
    spec = {
        "each": "list",
        "address": "{$.id}-{device}",
        "time": {"from": "$.ts", "zone": "Asia/Shanghai"},
        "read": [{"kind": "temperature", "from": "t", "unit": "°F"}],
    }
    parsed = read(spec, "mine/a", b'{"id": 7, "ts": "2026-03-01 20:00:00", "list": [{"t": 68}]}')
    [seen] = parsed.observations
    assert (parsed.address, seen.at, seen.fields) == ("7-a", ARRIVED, {"temperature_c": 20.0})


def test_a_text_payload_is_one_value() -> None:
    spec = {"payload": "text", "read": [{"kind": "water_level", "from": "$", "unit": "cm"}]}
    assert read(spec, "mine/a", b" 131.5\n").observations[0].fields == {"level_m": 1.315}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a.b", 1),
        ("a.c[1].d", 4),
        ("a.c[code=x].d", 5),
        ("a.c[9]", None),
        ("a.b.c", None),
        ("$.a.b", 1),
        ("none", None),
    ],
)
def test_a_place_leads_to_what_stands_there(text: str, expected: object) -> None:
    top = {"a": {"b": 1, "c": [{"d": 3}, {"d": 4}, {"code": "x", "d": 5}]}}
    assert place_of(text).find(top, top) == expected


@pytest.mark.parametrize("text", ["a..b", "a[", "a[b]", "[x=", "a.", "." * 3, "a[0]b", "a{b}", ".".join("a" * 20)])
def test_a_place_that_leads_nowhere_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"place|deep"):
        place_of(text)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("a/+", "a/b", True),
        ("a/+", "a/b/c", False),
        ("a/#", "a/b/c", True),
        ("a/#", "a", True),
        ("a/+/c", "a/b/+", True),
        ("a/b", "a/c", False),
    ],
)
def test_two_filters_overlap_when_one_topic_is_in_both(one: str, other: str, *, expected: bool) -> None:
    assert overlaps(one, other) is overlaps(other, one) is expected


@pytest.mark.parametrize(
    "payload",
    [
        b"<a>",
        b"",
        b"\xff\xfe",
        b"<!DOCTYPE a><a/>",
        b"<a>&b;</a>",
        b"<a>" * 40 + b"</a>" * 40,
        b"<a>" + b"<b/>" * 6000 + b"</a>",
        b'<?xml version="1.0" encoding="UTF-8"?><a>\xb4</a>',
    ],
    ids=lambda payload: payload[:24].decode("latin-1"),
)
def test_xml_that_is_none_or_hostile_is_refused(payload: bytes) -> None:
    with pytest.raises(PayloadError):
        read_xml(payload)


def test_xml_in_a_chinese_encoding_is_read() -> None:
    payload = '<?xml version="1.0" encoding="GB2312"?>\n<N x="1"><I>大坪子</I><I>二</I></N>'.encode("gb2312")
    assert read_xml(payload) == {"N": {"@x": "1", "I": ["大坪子", "二"]}}


@settings(max_examples=200, deadline=None)
@given(payload=st.binary(max_size=120), kind=st.sampled_from(sorted(MAPS)))
def test_random_bytes_are_read_or_refused(payload: bytes, kind: str) -> None:
    topic = MAPS[kind].format.topics()[0].replace("+", "x")
    for body in (payload, b"<Notify>" + payload + b"</Notify>", b'{"status": [' + payload + b"]}"):
        try:
            parsed = MAPS[kind].format.parse(topic, body, retained=False, arrived=ARRIVED)
        except PayloadError:
            continue
        assert all(one.kind in KINDS for one in parsed.observations)


def test_a_map_takes_no_number_that_is_none() -> None:
    with pytest.raises(ValidationError):
        MapSpec.model_validate({"read": [{"kind": "temperature", "from": "t", "scale": float("nan")}]})
