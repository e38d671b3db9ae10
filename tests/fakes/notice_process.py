"""A process that sends what waits in a store until it is killed: `python -m tests.fakes.notice_process DATA URL`.

It has a webhook (sent again until it was answered) and a loudspeaker (said at most once), both answered by one web
server.
"""

from __future__ import annotations

import sys
import threading
import urllib.request
from pathlib import Path

from alerts.notices.delivery import Delivery
from alerts.notices.notice import Services
from config.community import Community
from hub.bus import Bus, Topic
from hub.clock import SystemClock
from hub.networks import webhooks_allowed
from hub.store.database import Database, sqlite_url
from hub.store.event_log import EventLog
from tests.fakes.networks import HERE


def main() -> None:
    """Run until killed."""
    data, url = Path(sys.argv[1]), sys.argv[2]
    clock, bus = SystemClock(), Bus()
    database = Database(sqlite_url(data), durability="normal")
    database.start()

    def publish(_topic: str, payload: bytes, _retain: bool, /) -> bool:  # noqa: FBT001 - as `Services` wants it
        request = urllib.request.Request(f"{url}/say", payload, method="POST")  # noqa: S310 - our own server
        with urllib.request.urlopen(request, timeout=10):  # noqa: S310
            return True

    services = Services(publish=publish, clock=clock, data=data, allowed=webhooks_allowed(HERE))
    delivery = Delivery(database, EventLog(database, bus), bus, clock, services=services)
    bus.announce(Topic.JOURNAL, 1_000_000)
    delivery.apply(
        Community.model_validate(
            {
                "notifiers": [
                    {"id": "desk", "kind": "webhook", "options": {"url": f"{url}/hook"}},
                    {"id": "speaker", "kind": "mqtt", "options": {"dedupe_s": 0, "give_up_after_s": 3600}},
                ]
            }
        )
    )
    threading.Event().wait()


if __name__ == "__main__":
    main()
