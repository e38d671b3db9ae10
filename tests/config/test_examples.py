"""The examples load, hold what their text says, and cost little to read."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from config.community import Community, ZoneUse
from config.errors import Mistake
from config.examples import dapingzi
from config.load import check_community, load_community, load_machine, parse, read_yaml
from config.machine import ExternalBroker, Machine

EXAMPLES = Path(dapingzi.__file__).parent
SETTING = re.compile(r"^(?:# )?( *)(?:- )?([a-z_]+):(?: .*)?$")


def test_the_minimal_example_is_four_lines_with_one_camera() -> None:
    path = EXAMPLES / "minimal.yaml"
    community = load_community(path)

    assert len(path.read_text(encoding="utf-8").splitlines()) == 4
    assert [(camera.id, camera.main.url) for camera in community.cameras] == [
        ("gate", "rtsp://192.168.1.64:554/Streaming/Channels/101")
    ]
    assert community.cameras[0].main.username == "user"


def test_the_machine_example_is_the_defaults() -> None:
    assert Machine.model_validate(read_yaml(EXAMPLES / "machine.yaml")) == Machine()
    assert load_machine(EXAMPLES / "machine.yaml").data == EXAMPLES / "data"


def test_the_machine_example_names_every_setting() -> None:
    text = (EXAMPLES / "machine.yaml").read_text(encoding="utf-8")
    named = {match[2] for line in text.splitlines() if (match := SETTING.match(line.replace("  # ", "  ")))}
    schema = Machine.model_json_schema()
    settings = {key for part in (schema, *schema["$defs"].values()) for key in part["properties"]}

    assert settings <= named


def test_the_external_broker_of_the_example_can_be_uncommented(tmp_path: Path) -> None:
    text = (EXAMPLES / "machine.yaml").read_text(encoding="utf-8")
    block = text[text.index("# broker:") :].split("\n\n")[0]
    path = tmp_path / "machine.yaml"
    path.write_text(block.replace("# ", "", 1).replace("\n# ", "\n"), encoding="utf-8")

    assert isinstance(load_machine(path).broker, ExternalBroker)


@pytest.fixture(scope="module")
def dapingzi_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("dapingzi") / "community.yaml"
    command = [sys.executable, "-m", "config.examples.dapingzi"]
    path.write_bytes(subprocess.run(command, check=True, capture_output=True, cwd=EXAMPLES.parents[1]).stdout)
    return path


def test_dapingzi_holds_what_the_village_has(dapingzi_file: Path) -> None:
    community = load_community(dapingzi_file)
    ring = {site.id: site.ring.value for site in community.sites}
    parents = {area.id: area.parent for area in community.areas}

    def level(area: str | None) -> int:
        return 0 if area is None else 1 + level(parents[area])

    assert Counter(ring[camera.site] for camera in community.cameras) == {
        "road": 15,
        "enterprise": 32,
        "household": 112,
    }
    assert Counter(ring.values())["household"] == 105
    assert Counter(level(area) for area in parents) == {1: 1, 2: 3, 3: 8, 4: 97}
    assert len(community.sensors) == 1_200
    assert {kind for sensor in community.sensors for kind in sensor.kinds} == {
        *("smoke", "gas", "co", "temperature", "door", "water_leak", "motion", "presence", "fall", "sos", "power"),
        *("pm10", "ph", "turbidity", "noise", "fill", "cable_temperature", "residual_current", "fire_panel", "flame"),
        *("fire_call", "water_pressure", "mains", "speed", "incident", "road_water", "rain", "wind", "tilt"),
        "water_level",
    }
    assert {tag for site in community.sites for tag in site.tags} == {
        *("lives-alone", "may-wander", "hot-place", "fast-road", "gathering-place", "slope", "fields", "keep-shut")
    }
    assert {sensor.format for sensor in community.sensors} == {"plain", "zigbee2mqtt"}
    assert {zone.use for camera in community.cameras for zone in camera.zones} == set(ZoneUse)
    assert all(camera.zones for camera in community.cameras if ring[camera.site] != "household")


def test_dapingzi_is_the_same_every_time_and_can_stand_on_one_server(dapingzi_file: Path) -> None:
    assert dapingzi.dapingzi() == dapingzi_file.read_text(encoding="utf-8")
    assert 'main: {url: "rtsp://127.0.0.1:8554/cam-159/main"}' in dapingzi.dapingzi("rtsp://127.0.0.1:8554/")


def test_dapingzi_fits_the_installed_plugins(dapingzi_file: Path) -> None:
    """`config` may not know the plugins; a test may."""
    from hub.plugins import load_plugins
    from hub.sensors.kinds import KINDS

    formats = {kind: plugin.options for kind, plugin in load_plugins("hub.sensors.payloads").items()}

    assert check_community(load_community(dapingzi_file), formats=formats, observations=KINDS) == ()


def test_ten_thousand_things_are_checked_in_time() -> None:
    """Right or wrong: no check compares all with all, and guesses are bounded. The suite's time limit judges."""
    sites = [{"id": f"s{number}", "name": "S"} for number in range(10_000)]

    def with_sensors_at(prefix: str) -> tuple[Mistake, ...]:
        sensors = [{"id": f"n{number}", "site": f"{prefix}{number}"} for number in range(10_000)]
        return check_community(parse(Community, {"sites": sites, "sensors": sensors}, file=None))

    assert with_sensors_at("s") == ()
    assert len(with_sensors_at("t")) == 10_000
