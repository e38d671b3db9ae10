"""What the sensor tests share: a small community, the formats, and waiting for a condition."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from config.community import Community, Name, Sensor, Site
from hub.clock import SetClock
from hub.plugins import load_plugins
from hub.sensors.intake import Door

COMMUNITY = Community(
    sites=(Site(id="home-3", name=Name(en="Home 3"), area=None), Site(id="bridge", name=Name(en="Bridge"))),
    sensors=(
        Sensor(id="smoke-3", site="home-3", life_safety=True),
        Sensor(id="help-3", site="home-3", format="zigbee2mqtt", address="home_3/help"),
        Sensor(id="level-1", site="bridge", kinds=("water_level",), silent_after_s=60),
        Sensor(id="door-3", site="home-3", format="zigbee2mqtt", address="home_3/door"),
    ),
)

DEVICES = (
    Sensor(id="plug-3", site="home-3", format="tasmota", address="plug_3"),
    Sensor(id="river-1", site="bridge", format="chirpstack", address="24e124713c140001"),
    Sensor(id="cellar-3", site="home-3", format="things_stack", address="village/cellar-3"),
    Sensor(id="kitchen-3", site="home-3", format="alink", address="a1B2c3/kitchen-3"),
    Sensor(id="gas-3", site="home-3", format="tencent", address="PID7/gas-3"),
    Sensor(id="hall-3", site="home-3", format="onenet", address="PID8/hall-3"),
    Sensor(id="attic-3", site="home-3", format="shelly", address="shellyplussmoke-a0b1"),
    Sensor(id="air-1", site="bridge", format="homie", address="station-1/air"),
    Sensor(id="gate-cam", site="bridge", format="onvif", address="gate-cam"),
    Sensor(
        id="gate-frigate",
        site="bridge",
        format="frigate",
        address="gate",
        options={
            "camera": "cam-gate",
            "zones": {"street": "lane", "yard": "guarded"},
            "width": 1280,
            "height": 720,
        },
    ),
)
"""Of every further format one, for the samples of the reference page."""


@pytest.fixture
def clock() -> SetClock:
    return SetClock(datetime(2026, 3, 1, 12, tzinfo=UTC))


@pytest.fixture
def community() -> Community:
    return COMMUNITY


@pytest.fixture
def door() -> Door:
    plugins = load_plugins("hub.sensors.payloads")
    built: dict[str, Any] = {kind: plugin.build(plugin.options()) for kind, plugin in plugins.items()}
    made = Door(built)
    made.apply(COMMUNITY)
    return made


@pytest.fixture
def whole_door(door: Door) -> Door:
    """A door that knows a device of every format."""
    door.apply(COMMUNITY.model_copy(update={"sensors": COMMUNITY.sensors + DEVICES}))
    return door


@pytest.fixture
def wait_until() -> Callable[..., None]:
    """Wait until a condition holds, asking often; fails after `deadline_s`."""

    def wait(condition: Callable[[], bool], *, deadline_s: float = 20.0, what: str = "condition") -> None:
        never = threading.Event()
        for _ in range(int(deadline_s / 0.02)):
            if condition():
                return
            never.wait(0.02)
        pytest.fail(f"{what} not met within {deadline_s} s")

    return wait
