"""A short run of benchmarks/mqtt_kill9.py: what was acknowledged is stored exactly once when the hub is killed."""

from __future__ import annotations

import importlib.util
import random
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.fakes.brokers import Mosquitto

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the take-over of a running broker reads /proc")


def benchmark() -> ModuleType:
    spec = importlib.util.spec_from_file_location("mqtt_kill9", Path("benchmarks/mqtt_kill9.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["mqtt_kill9"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("broker", ["embedded", "mosquitto"])
def test_nothing_is_lost_or_doubled_when_the_hub_is_killed(broker: str, tmp_path: Path) -> None:
    if broker == "mosquitto" and Mosquitto.program is None:
        pytest.skip("mosquitto is not installed")
    outcome = benchmark().one_round(tmp_path, messages=300, kills=2, broker=broker, chance=random.Random(7))
    assert outcome.acknowledged.total() > 200
    assert (outcome.lost, outcome.doubled) == (0, 0)
