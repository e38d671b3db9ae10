"""How fast the HTTP interface answers with a full list, and how fast the feed tells many.

    python -m benchmarks.api_load [--incidents 1000] [--clients 100]

A real hub with its database, broker and rules; only the cameras are a fake. Figures of a shared machine differ by 30 %.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
from pathlib import Path

import httpx

from config.community import Community, Name, Sensor, Site
from hub.access import Role
from hub.clock import SystemClock
from hub.store.event_log import Fact
from tests.api.room import Room, open_room

CLOCK = SystemClock()
ASKED = 50
BATCH = 100
PATHS = (
    "/healthz",
    "/readyz",
    "/metrics",
    "/api/v1/me",
    "/api/v1/sensors?limit=100",
    "/api/v1/incidents?state=open&limit=50",
    "/api/v1/incidents?state=open&limit=500",
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--incidents", type=int, default=1000)
    parser.add_argument("--clients", type=int, default=100)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        room = open_room(Path(folder) / "data")
        try:
            _fill(room, wanted.incidents)
            for path in PATHS:
                _answers(room.client(Role.OPERATOR), path)
            _feed(room, wanted.clients)
        finally:
            begun_s = CLOCK.monotonic_s()
            room.close()
            print(f"stop: {CLOCK.monotonic_s() - begun_s:.2f} s")


def _fill(room: Room, number: int) -> None:
    homes = [f"h-{n}" for n in range(number)]

    def grow(community: Community) -> Community:
        sites = tuple(Site(id=home, name=Name(en=home), area="village") for home in homes)
        sensors = tuple(Sensor(id=f"{home}-s", site=home, kinds=("smoke",)) for home in homes)
        return community.model_copy(update={"sites": community.sites + sites, "sensors": community.sensors + sensors})

    room.hub.parts.revisions.change(grow, author="benchmark", reason="more homes")
    begun_s = CLOCK.monotonic_s()
    for first in range(0, number, BATCH):
        facts = [Fact(room.event("smoke", f"{home}-s", site=home, alarm=True)) for home in homes[first : first + BATCH]]
        room.hub.parts.event_log.append(facts).result(60)
    room.wait_for(lambda: room.hub.parts.alerts.newest_seq() >= 2 * number)
    print(f"{number} smoke alarms to incidents: {number / (CLOCK.monotonic_s() - begun_s):.0f} a second")


def _answers(client: httpx.Client, path: str) -> None:
    took_ms = []
    for _ in range(ASKED):
        begun_s = CLOCK.monotonic_s()
        answer = client.get(path)
        took_ms.append((CLOCK.monotonic_s() - begun_s) * 1000)
        answer.raise_for_status()
    took_ms.sort()
    median, slow = took_ms[ASKED // 2], took_ms[ASKED * 95 // 100]
    print(f"{path}: p50 {median:.1f} ms, p95 {slow:.1f} ms, {len(answer.content)} bytes")


def _feed(room: Room, clients: int) -> None:
    """From a stored event to its incident on every feed."""
    token = room.token(Role.OPERATOR)
    told_s: list[float] = []
    ready = threading.Barrier(clients + 1)

    def follow() -> None:
        headers = {"Authorization": f"Bearer {token}"}
        with (
            httpx.Client(base_url=room.hub.url, headers=headers, timeout=60, trust_env=False) as client,
            client.stream("GET", "/api/v1/feed") as answer,
        ):
            for line in answer.iter_lines():
                if line == "event: hello":
                    ready.wait()
                if line == "event: incident":
                    told_s.append(CLOCK.monotonic_s())
                    return

    readers = [threading.Thread(target=follow) for _ in range(clients)]
    for reader in readers:
        reader.start()
    ready.wait()
    begun_s = CLOCK.monotonic_s()
    room.say("smoke", "home-1-smoke", site="home-1", alarm=True)
    for reader in readers:
        reader.join()
    took_ms = sorted((at_s - begun_s) * 1000 for at_s in told_s)
    print(f"{clients} feeds, event to incident: p50 {took_ms[clients // 2]:.0f} ms, last {took_ms[-1]:.0f} ms")


if __name__ == "__main__":
    main()
