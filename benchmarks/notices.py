"""How fast what happens reaches a web server and a loudspeaker: one incident at a time, and a storm of them.

The real outbox on SQLite with fsync, a real HTTP server on this machine, and a broker that takes everything at once.

    .venv/bin/python -m benchmarks.notices                # 40 one by one, then a storm of 500
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import quantiles

from alerts.language.places import places_of
from alerts.language.rulebook import SHIPPED, load_rules
from alerts.loop import EngineLoop
from alerts.notices.delivery import Delivery
from alerts.notices.notice import Services
from config.community import Community
from hub.bus import Bus
from hub.clock import SystemClock
from hub.events import Event, new_event_id
from hub.networks import Allowed
from hub.store.database import Database, sqlite_url
from hub.store.event_log import EventLog, Fact

DEADLINE_S = 300.0


class Counted:
    """How often something was told."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._count = 0

    def add(self) -> None:
        """Once more."""
        with self._changed:
            self._count += 1
            self._changed.notify_all()

    def wait(self, count: int) -> None:
        """Until it is so many."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._count >= count, DEADLINE_S):
                raise TimeoutError(f"{self._count} of {count} were told")


def main() -> None:
    """Run once and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--single", type=int, default=40, help="incidents one by one")
    parser.add_argument("--storm", type=int, default=500, help="incidents at once")
    settings = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hub-notices-") as folder:
        measure(Path(folder), settings.single, settings.storm)


def measure(folder: Path, single: int, storm: int) -> None:
    """Time both."""
    hooks, said = Counted(), Counted()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            hooks.add()
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    bus, clock = Bus(), SystemClock()
    database = Database(sqlite_url(folder))
    database.start()
    event_log = EventLog(database, bus)
    loop = EngineLoop(
        database, event_log, bus, clock, rulebook=load_rules(SHIPPED), places=places_of(Community()), settle_s=0
    )
    loop.start()

    def publish(_topic: str, _payload: bytes, _retain: bool, /) -> bool:  # noqa: FBT001 - as `Services` wants it
        said.add()
        return True

    delivery = Delivery(
        database, event_log, bus, clock, services=Services(publish, clock, folder, Allowed.of(("loopback",)))
    )
    notifiers = [
        {"id": "desk", "kind": "webhook", "options": {"url": f"http://127.0.0.1:{server.server_port}/"}},
        {"id": "speakers", "kind": "mqtt", "options": {"give_up_after_s": 3600}},
    ]
    delivery.apply(Community.model_validate({"notifiers": notifiers}))

    def pressed(number: int) -> Fact:
        now = clock.now()
        site = f"site-{number}"
        return Fact(
            Event(new_event_id(), "sos", now, now, f"button-{number}", "benchmark", site=site, fields={"pressed": True})
        )

    took_ms = []
    for number in range(single):
        began_s = time.perf_counter()
        event_log.append([pressed(number)]).result(DEADLINE_S)
        hooks.wait(number + 1)
        took_ms.append((time.perf_counter() - began_s) * 1000)
        said.wait(number + 1)
    cuts = quantiles(took_ms, n=20)
    print(f"one by one, {single}: help button to web server p50 {cuts[9]:.0f} ms, p95 {cuts[18]:.0f} ms")
    began_s = time.perf_counter()
    event_log.append([pressed(single + number) for number in range(storm)]).result(DEADLINE_S)
    said.wait(single + storm)
    spoken_s = time.perf_counter() - began_s
    hooks.wait(single + storm)
    all_s = time.perf_counter() - began_s
    print(f"storm of {storm}: all said after {spoken_s:.1f} s, all told after {all_s:.1f} s,", end=" ")
    print(f"{2 * storm / all_s:.0f} notices/s over two channels")
    delivery.stop()
    loop.stop()
    database.stop()
    server.shutdown()


if __name__ == "__main__":
    main()
