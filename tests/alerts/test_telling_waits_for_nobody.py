"""Invariant (f): no move waits for a notice, whatever a channel does."""

from __future__ import annotations

import threading

import pytest

import alerts.notices.delivery as delivery_module
from alerts.incidents.incident import Handling
from alerts.incidents.timekeeper import Timekeeper
from alerts.notices.delivery import Delivery
from alerts.notices.notice import Notice, Outcome
from config.community import Community
from config.handling import Deadlines
from tests.alerts.conftest import Room
from tests.fakes.networks import LOCAL_SERVICES
from tests.fakes.notices import Heard, plugin_of
from tests.fakes.people import CHEN, LIN
from tests.fakes.stories import COMMUNITY, event, moment
from tests.fakes.waiting import until


def test_no_move_waits_for_a_notice(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """A channel that never answers holds up neither the rules, nor people, nor time, until it is let go."""
    asked, free = threading.Event(), threading.Event()

    class Stuck(Heard):
        def send(self, given: Notice) -> Outcome:
            asked.set()
            free.wait(30)
            return super().send(given)

    monkeypatch.setattr(delivery_module, "load_plugins", lambda _folder: {"stuck": plugin_of(Stuck(), "stuck")})
    delivery = Delivery(room.database, room.event_log, room.bus, room.clock, services=LOCAL_SERVICES)
    base = COMMUNITY.model_dump(mode="json", exclude_unset=True)
    delivery.apply(Community.model_validate({**base, "notifiers": [{"id": "stuck", "kind": "stuck"}]}))
    try:
        room.happens(event("smoke", 1, fields={"alarm": True}))
        until(asked.is_set)
        smoke = room.incidents[-1].id
        room.clock.set(moment(200))
        Timekeeper(room.database, room.bus, room.clock, deadlines=Deadlines).step()
        assert room.repository.incident(smoke).escalated == 1
        room.handling.acknowledge(smoke, LIN)
        room.handling.shelve(smoke, CHEN, "known", moment(600))
        room.happens(event("smoke", 300, fields={"alarm": False}))
        assert room.handling.resolve(smoke, LIN, "true", note="out").handling is Handling.CLOSED
        assert not free.is_set()
    finally:
        free.set()
        delivery.stop()
