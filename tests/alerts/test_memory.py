"""What rules remember at most: a bound that holds, for every shape."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from alerts.engine import Engine
from alerts.language.memory import CELL_BYTES, MOST_OWN, in_words, memory_mistake, memory_of
from alerts.language.places import places_of
from alerts.language.rulebook import SHIPPED, load_rules
from config.community import Community
from hub.events import Event, Phase
from tests.fakes.shapes import book_with
from tests.fakes.stories import event

LONG = "x" * 64
SENSORS = [f"{number:02d}{LONG[:62]}" for number in range(20)]
CAMERAS = [f"c{number}{LONG[:62]}" for number in range(2)]
CROWDED = Community.model_validate(
    {
        "areas": [{"id": f"a{LONG[:63]}", "name": "A"}],
        "sites": [
            {"id": f"s{LONG[:63]}", "name": "S", "area": f"a{LONG[:63]}", "location": {"lat": 29.3, "lon": 106.1}}
        ],
        "cameras": [{"id": each, "site": f"s{LONG[:63]}", "url": "rtsp://127.0.0.1/1"} for each in CAMERAS],
        "sensors": [{"id": each, "site": f"s{LONG[:63]}"} for each in SENSORS],
    }
)
WATER, TRACK = "water_level", "camera.person"
SHAPES = {
    "event": "event: {kind: camera.person}",
    "lasts": "lasts: {of: {kind: camera.person}, for: 100s}",
    "lasts with gap": "lasts: {of: {kind: camera.person}, for: 100s, gap: 1s}",
    "value": "value: {of: {kind: water_level}, field: level_m, above: 1, back_by: 0.2, for: 50s}",
    "count": "count: {of: {kind: water_level}, at_least: 200, within: 1h}",
    "count different": "count: {of: {kind: camera.person}, at_least: 200, within: 1h, different: subject}",
    "together": "together: {within: 1h, all_of: [{kind: water_level}, {kind: water_level}, {kind: camera.person}]}",
    "together near": "together: {within: 1h, near_m: 60, all_of: [{kind: water_level}, {kind: [water_level]}]}",
    "sequence": "sequence: {within: 1h, steps: [{kind: water_level}, {kind: camera.person}, {kind: water_level}]}",
    "change": "change: {of: {kind: water_level}, field: level_m, rises: 90, within: 1h}",
    "silence": "silence: {of: {kind: water_level}, longer_than: 1h}",
}


def busy() -> Iterator[Event]:
    """Twenty sensors and two cameras with thirty tracks each, all with the longest names, for half an hour."""
    site, area = CROWDED.sites[0].id, CROWDED.areas[0].id
    for turn in range(40):
        at_s = turn * 45.0
        for number, sensor in enumerate(SENSORS):
            fields = {"level_m": 1.0 + number + turn / 100}
            name = f"{turn:02d}{number:02d}{LONG[:60]}"
            yield event(WATER, at_s + number / 100, source=sensor, site=site, area=area, fields=fields, id=name)  # type: ignore[arg-type]
        for number, camera in enumerate(CAMERAS):
            for track in range(30):
                yield event(
                    TRACK,
                    at_s + 1 + track / 100,
                    source=camera,
                    camera=camera,
                    zone=LONG,
                    site=site,
                    area=area,
                    subject=f"{track:02d}{LONG[:62]}",
                    phase=Phase.GOES_ON,
                    id=f"{turn:02d}{number}{track:02d}{LONG[:59]}",
                )


@pytest.mark.parametrize("shape", SHAPES)
def test_no_cell_grows_beyond_what_was_known_at_load(tmp_path: Path, shape: str) -> None:
    book = book_with(tmp_path, SHAPES[shape])
    [bound] = memory_of(book.rules, CROWDED)
    engine = Engine(book, places_of(CROWDED))
    largest = 0
    for number, each in enumerate(busy()):
        engine.handle(each)
        if number % 50 == 0:
            largest = max([largest, *(len(json.dumps(dict(cell.body))) for cell in engine.snapshot())])
    assert CELL_BYTES / 20 < largest <= bound.key_bytes
    assert len(engine.snapshot()) <= bound.keys


@pytest.mark.parametrize(
    ("for_each", "scope", "keys"),
    [
        ("site", "", 2),
        ("area", "", 1),
        ("community", "", 1),
        ("device", "", 4),
        ("camera", "", 1),
        ("[camera, zone]", "", 2),
        ("site", "tags: x", 1),
        ("device", "sensors: a", 1),
        ("device", "sites: two", 3),
    ],
)
def test_the_community_says_how_many_keys_there_are(tmp_path: Path, for_each: str, scope: str, keys: int) -> None:
    square = [[0, 0], [1, 0], [1, 1]]
    community = Community.model_validate(
        {
            "areas": [{"id": "g", "name": "G"}],
            "sites": [{"id": "one", "name": "1", "area": "g", "tags": ["x"]}, {"id": "two", "name": "2", "area": "g"}],
            "cameras": [
                {
                    "id": "c",
                    "site": "two",
                    "url": "rtsp://127.0.0.1/1",
                    "zones": [{"id": each, "use": "lane", "points": square} for each in ("a", "b")],
                }
            ],
            "sensors": [{"id": "a", "site": "one"}, {"id": "b", "site": "two"}, {"id": "d", "site": "two"}],
        }
    )
    shape = "event: {kind: smoke}\n" + (f"  scope: {{{scope}}}" if scope else "")
    [found] = memory_of(book_with(tmp_path, shape, for_each=for_each).rules, community)
    assert found.keys == keys


def test_what_a_sensor_never_says_takes_no_memory(tmp_path: Path) -> None:
    """Its `kinds` say what is taken from it; a camera says nothing of sensors, and of the hub neither does."""
    sensors = [{"id": "a", "site": "one", "kinds": ["smoke"]}, {"id": "b", "site": "one", "kinds": ["door"]}]
    camera = {"id": "c", "site": "one", "url": "rtsp://127.0.0.1/1"}
    community = Community.model_validate(
        {"sites": [{"id": "one", "name": "1"}], "sensors": sensors, "cameras": [camera]}
    )

    def keys(kind: str) -> int:
        rules = book_with(tmp_path, f"event: {{kind: {kind}}}", for_each="device").rules
        return memory_of(rules, community)[0].keys

    assert (keys("smoke"), keys("sensor.health"), keys("camera.person"), keys("hub.disk")) == (2, 2, 1, MOST_OWN)


def test_rules_that_could_remember_too_much_are_refused_with_what_takes_most(tmp_path: Path) -> None:
    rules = book_with(tmp_path, "count: {of: {kind: smoke}, at_least: 10000, within: 7d}", for_each="device").rules
    found = memory_of(rules, CROWDED)
    assert memory_mistake(found, 4096) is None
    words = memory_mistake(found, 10)
    assert words is not None
    assert "could remember" in words
    assert "最多会记住" in words.zh
    assert f"example {in_words(found[0].all_bytes)}" in words


def test_the_shipped_rules_fit_into_what_is_allowed() -> None:
    assert memory_mistake(memory_of(load_rules(SHIPPED).rules, CROWDED), 4096) is None
