"""Sensor server: all sensors of the farm in one process and one thread, for `benchmarks.farm.sensors`.

A program of its own (`python -m benchmarks.farm.sensor_server PLAN`). The plan is JSON, `{"port", "username",
"password", "devices": [{"id", "site", "format", "address", "every_s"}], "behind": 60}`. Each line of standard input is
an order, answered by a line: `{"devices": ["id"] or "*", "faults": {...}}`, `{"ring": "id"}`, `{"ledger": PATH}`,
or `{}` for the counts alone. It ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import Any

from benchmarks.farm.formats import Device
from benchmarks.farm.gateway import RING_AGAIN_S, RING_S, Gateway, Speaker
from benchmarks.farm.sensors import gateways

_TICK_S = 0.1


class Farm:
    """All gateways."""

    def __init__(self, plan: dict[str, Any]) -> None:
        login = (str(plan["username"]), str(plan["password"]))
        self.gateways: list[Gateway] = []
        for members in gateways(plan["devices"], int(plan["behind"])):
            speakers = [
                Speaker(Device(one["id"], one["site"], one["format"], one["address"]), every_s=float(one["every_s"]))
                for one in members
            ]
            self.gateways.append(Gateway(speakers[0].device.id, speakers, int(plan["port"]), login))
        self._of = {name: gateway for gateway in self.gateways for name in gateway.speakers}
        self._running: list[asyncio.Task[None]] = []

    async def run(self, over: asyncio.Event) -> None:
        """Speak until `over`."""
        loop = asyncio.get_running_loop()
        self._running = [loop.create_task(gateway.run()) for gateway in self.gateways]
        last_s = loop.time()
        for gateway in self.gateways:
            gateway.start(last_s)
        while not over.is_set():
            await asyncio.sleep(_TICK_S)
            now_s = loop.time()
            for gateway in self.gateways:
                gateway.tick(now_s, now_s - last_s)
            last_s = now_s
        for task in self._running:
            task.cancel()

    def obey(self, order: dict[str, Any]) -> dict[str, Any]:
        """Carry out one order; gives what to answer."""
        if "ring" in order:
            self._ring(str(order["ring"]))
        if "ledger" in order:
            with Path(order["ledger"]).open("w", encoding="utf-8") as file:
                for gateway in self.gateways:
                    file.writelines(f"{line}\n" for line in gateway.lines())
        if "faults" in order:
            wanted = list(self._of) if order["devices"] == "*" else order["devices"]
            for name in wanted:
                self._of[name].speakers[name].faults.set(order["faults"])
            for gateway in {self._of[name] for name in wanted}:
                gateway.disturb()
        ledger = [entry for gateway in self.gateways for entry in gateway.ledger]
        return {
            "said": len(ledger),
            "acknowledged": sum(entry.acknowledged > 0 for entry in ledger),
            "connections": sum(gateway.connections for gateway in self.gateways),
            "refused": sum(gateway.refused for gateway in self.gateways),
            "settled": all(gateway.settled() for gateway in self.gateways),
        }

    def _ring(self, name: str) -> None:
        """An alarm as detectors give it: said, said again, over."""
        loop, gateway = asyncio.get_running_loop(), self._of[name]
        for after_s, rings in ((0.0, True), (RING_AGAIN_S, True), (RING_S, False)):
            loop.call_later(
                after_s,
                lambda rings=rings: gateway.ring(name, rings=rings, now_s=loop.time()),  # type: ignore[misc]
            )


async def serve(plan: dict[str, Any]) -> None:
    """Speak until standard input ends."""
    farm, over = Farm(plan), asyncio.Event()
    loop = asyncio.get_running_loop()

    def ready() -> None:
        line = sys.stdin.readline()
        if not line:
            loop.remove_reader(sys.stdin)
            over.set()
            return
        try:
            _tell(farm.obey(json.loads(line)))
        except (ValueError, KeyError) as error:
            _tell({"error": str(error)})

    loop.add_reader(sys.stdin, ready)
    _tell({"gateways": len(farm.gateways)})
    await farm.run(over)


def _tell(what: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asyncio.run(serve(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
