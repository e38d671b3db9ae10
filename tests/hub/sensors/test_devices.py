"""What each device really sends, and what becomes of it: topic, payload, configured sensor, events and readings.

The samples are data, `data/devices/*.yaml`, so that an integrator finds a device by its name. Those of devices that
speak through a map (Tuya, VIAS, GB/T 28181, traffic radars) stand in the maps themselves, `config/payloads/`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from config.community import Sensor
from config.load import parse, read_yaml
from hub.plugins import Options
from hub.sensors.formats import Formats, load_formats
from hub.sensors.maps.samples import Sample, run_sample

DEVICES = Path(__file__).parent / "data" / "devices"


class Device(Options):
    """One device, as it is configured and as it speaks."""

    device: str
    source: str
    sensor: dict[str, Any]
    samples: tuple[Sample, ...]


class DeviceFile(Options):
    """All of one file."""

    devices: tuple[Device, ...]


def read(file: Path) -> tuple[Device, ...]:
    return parse(DeviceFile, {"devices": read_yaml(file)}, file=file).devices


CASES = [
    pytest.param(device, sample, id=f"{device.device} - {sample.name or number}")
    for file in sorted(DEVICES.glob("*.yaml"))
    for device in read(file)
    for number, sample in enumerate(device.samples)
]


@pytest.fixture(scope="module")
def formats() -> Formats:
    return load_formats(None)


@pytest.mark.parametrize(("device", "sample"), CASES)
def test_a_device_is_read_as_it_speaks(formats: Formats, device: Device, sample: Sample) -> None:
    sensor = Sensor.model_validate({"id": "sample", "site": "sample", **device.sensor})
    assert run_sample(formats.build(), sensor, sample) == ()


def test_every_option_of_a_sample_is_one_that_its_format_has(formats: Formats) -> None:
    for file in sorted(DEVICES.glob("*.yaml")):
        for device in read(file):
            model = formats.options[device.sensor["format"]]
            for options in (device.sensor.get("options", {}), *(sample.options for sample in device.samples)):
                model.model_validate(options)
