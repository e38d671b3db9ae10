"""Sensors: as many devices as are wanted, from one process, with faults on command and a ledger of every message.

with SensorFarm(devices(1200), port=1883, login=("devices", password), folder=folder) as farm:
    farm.ring("plain-0")
    farm.fault(["tasmota-2"], flood_s=20.0)
    farm.ledger()               # what was said, how often, and how often acknowledged
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, Self

from benchmarks.farm.formats import Device
from benchmarks.farm.gateway import Entry


def gateways(planned: Sequence[Mapping[str, Any]], behind: int) -> Iterator[list[Mapping[str, Any]]]:
    """Devices that share a connection: of one format, and at most so many."""
    ordered = sorted(planned, key=lambda each: str(each["format"]))
    for _, group in groupby(ordered, key=lambda each: str(each["format"])):
        members = list(group)
        yield from (members[begin : begin + behind] for begin in range(0, len(members), behind))


class SensorFarm:
    """Devices that speak to a broker on loopback."""

    def __init__(
        self,
        devices: Sequence[Device],
        *,
        port: int,
        login: tuple[str, str],
        folder: Path,
        every_s: float = 30.0,
        behind: int = 60,
    ) -> None:
        """Plan; nothing runs before `start`.

        Args:
            devices: Which.
            port: Of the broker.
            login: Name and password.
            folder: For the plan and the ledger.
            every_s: How often each says something.
            behind: So many of one format share a connection, as behind a gateway.
        """
        self._folder = folder
        self._plan: dict[str, Any] = {
            "port": port,
            "username": login[0],
            "password": login[1],
            "behind": behind,
            "devices": [
                {"id": one.id, "site": one.site, "format": one.format, "address": one.address, "every_s": every_s}
                for one in devices
            ],
        }
        self._process: subprocess.Popen[str] | None = None

    @property
    def behind(self) -> dict[str, frozenset[str]]:
        """Of each device, all that share its connection."""
        found: dict[str, frozenset[str]] = {}
        for group in gateways(self._plan["devices"], int(self._plan["behind"])):
            names = frozenset(str(one["id"]) for one in group)
            found |= dict.fromkeys(names, names)
        return found

    @property
    def pid(self) -> int:
        """The process, so that what it costs can be told apart."""
        assert self._process is not None
        return self._process.pid

    def fault(self, devices: Iterable[str] | str, **faults: Any) -> dict[str, Any]:
        """Have faults (`benchmarks.farm.gateway.SensorFaults`) at some devices, or at all (`*`)."""
        return self._order({"devices": devices if devices == "*" else list(devices), "faults": faults})

    def ring(self, device: str) -> None:
        """Have a device's alarm ring, ring again, and stop."""
        self._order({"ring": device})

    def counts(self) -> dict[str, Any]:
        """What was said so far, and whether anything still waits for the broker."""
        return self._order({})

    def ledger(self) -> list[Entry]:
        """Every message."""
        path = self._folder / "ledger.jsonl"
        self._order({"ledger": str(path)})
        return [Entry(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]

    def _order(self, order: dict[str, Any]) -> dict[str, Any]:
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(order) + "\n")
        process.stdin.flush()
        answer: dict[str, Any] = json.loads(process.stdout.readline())
        if "error" in answer:
            raise ValueError(answer["error"])
        return answer

    def start(self) -> None:
        """Let them speak."""
        path = self._folder / "sensors.json"
        path.write_text(json.dumps(self._plan), encoding="utf-8")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.farm.sensor_server", str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        assert self._process.stdout is not None
        if not self._process.stdout.readline():
            raise RuntimeError("the sensors did not start")

    def stop(self) -> None:
        """Have them silent for good."""
        if self._process is None:
            return
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()
