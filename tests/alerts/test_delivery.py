"""Notices to a real web server, from the journal."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import replace

import pytest

from alerts.notices.breaker import OPENS_AFTER
from alerts.notices.delivery import Delivery
from alerts.notices.notice import Delivered, Notice, Refused, TryLater
from alerts.notifiers.webhook import Webhook, WebhookOptions
from config.community import Community
from config.secrets import Secret
from hub.events import Phase
from hub.store.database import Database
from tests.alerts.conftest import MakeRoom, Room
from tests.fakes.networks import LOCAL_SERVICES
from tests.fakes.people import LIN
from tests.fakes.stories import START, event, seen
from tests.fakes.waiting import until
from tests.fakes.web import Recipient, web_recipient

NOTICE = Notice(7, START, "opened", "engine", "", {"number": 1, "level": "red", "text": {"zh": "烟感报警"}})


@pytest.fixture
def desk() -> Iterator[Recipient]:
    with web_recipient() as recipient:
        yield recipient


@pytest.fixture
def room(make_room: MakeRoom) -> Room:
    return make_room()


@pytest.fixture
def delivery(room: Room) -> Iterator[Delivery]:
    delivery = Delivery(room.database, room.event_log, room.bus, room.clock, services=LOCAL_SERVICES)
    yield delivery
    delivery.stop()


def community(desk: Recipient, at_least: str = "blue", **more: object) -> Community:
    notifier = {"id": "desk", "kind": "webhook", "at_least": at_least, "options": {"url": f"{desk.url}/hook"}, **more}
    return Community.model_validate({"notifiers": [notifier]})


def webhook(url: str, secret: Secret | None = None) -> Webhook:
    return Webhook(WebhookOptions(url=url, timeout_s=2), secret, LOCAL_SERVICES)


def test_the_body_is_signed_and_numbered(desk: Recipient) -> None:
    assert webhook(f"{desk.url}/hook?a=1", Secret("s3cret")).send(NOTICE) == Delivered()
    [request] = desk.received
    assert request.path == "/hook?a=1"
    assert request.body["incident"]["text"] == {"zh": "烟感报警"}
    assert (request.body["number"], request.headers["Hub-Delivery"]) == (7, "7")
    wanted = hmac.new(b"s3cret", request.raw, hashlib.sha256).hexdigest()
    assert request.headers["Hub-Signature-256"] == f"sha256={wanted}"


@pytest.mark.parametrize(
    ("status", "headers", "outcome"),
    [
        (204, {}, Delivered()),
        (503, {"Retry-After": "7"}, TryLater("answered 503", 7.0)),
        (429, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, TryLater("answered 429")),
        (500, {}, TryLater("answered 500")),
        (302, {"Location": "http://127.0.0.1:1/"}, Refused("answered 302")),
        (401, {}, Refused("answered 401")),
    ],
)
def test_the_answer_says_whether_to_try_again(
    desk: Recipient, status: int, headers: dict[str, str], outcome: object
) -> None:
    desk.answers = [(status, headers)]
    assert webhook(desk.url).send(NOTICE) == outcome


def test_a_recipient_that_is_not_there_is_tried_later() -> None:
    outcome = webhook("http://127.0.0.1:1/").send(NOTICE)
    assert isinstance(outcome, TryLater)


@pytest.mark.parametrize("url", ["ftp://host/", "hook", "http://", "https://u:p@host/", "http://host:99999/"])
def test_what_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="write"):
        WebhookOptions(url=url)


def test_every_move_of_an_incident_is_told_and_nothing_from_before(
    room: Room, desk: Recipient, delivery: Delivery
) -> None:
    room.happens(event("smoke", 1, source="old", site="elsewhere", fields={"alarm": True}))
    delivery.apply(community(desk))
    room.happens(event("smoke", 2, fields={"alarm": True}))
    room.handling.acknowledge(room.incidents[0].id, LIN, "calling")
    told = desk.waits_for(2)
    assert [each.body["move"] for each in told] == ["opened", "acknowledged"]
    assert told[1].body["who"] == "lin"
    assert told[0].body["incident"]["site"] == "hh-017"


def test_what_is_below_the_level_is_not_told(room: Room, desk: Recipient, delivery: Delivery) -> None:
    delivery.apply(community(desk, at_least="red"))
    room.happens(event("smoke", 1, fields={"alarm": True}))
    room.happens(event("sos", 2, source="b", fields={"pressed": True}))
    assert desk.waits_for(1)[0].body["incident"]["level"] == "red"


def test_what_is_muted_is_not_told_until_it_is_shown(room: Room, desk: Recipient, delivery: Delivery) -> None:
    delivery.apply(community(desk))
    standing = {"stopped": True, "zone_use": "lane"}
    room.happens(seen("camera.vehicle", 1, phase=Phase.BEGAN, zone="lane-1", site="opposite", fields=standing))
    room.passes(40)
    room.happens(seen("camera.collision", 41, phase=Phase.MOMENT, confidence=0.9))
    assert [incident.muted for incident in room.incidents] == [False, True]
    room.passes(400)
    told = [(each.body["incident"]["kind"], each.body["move"]) for each in desk.waits_for(4)]
    assert told[:2] == [("road.stopped_vehicle", "opened"), ("road.crash", "opened")]
    assert ("road.stopped_vehicle", "muted") not in told
    assert ("road.stopped_vehicle", "shown") in told


def test_a_failed_attempt_is_repeated_with_the_same_number(room: Room, desk: Recipient, delivery: Delivery) -> None:
    desk.answers = [(503, {}), (500, {}), (200, {})]
    delivery.apply(community(desk))
    room.happens(event("smoke", 1, fields={"alarm": True}))
    told = desk.waits_for(3)
    assert len({each.headers["Hub-Delivery"] for each in told}) == 1


def test_a_channel_that_fails_again_and_again_is_offline_until_something_arrives(
    room: Room, desk: Recipient, delivery: Delivery
) -> None:
    desk.answers = [(503, {})] * OPENS_AFTER + [(200, {})]
    delivery.apply(community(desk))
    room.happens(event("smoke", 1, fields={"alarm": True}))
    desk.waits_for(OPENS_AFTER + 1)
    until(lambda: delivery.status()[0].delivered == 1)
    delivery.stop()
    health = [each.event.fields["state"] for each in room.event_log.events(kind="notifier.health")]
    assert sorted(map(str, health)) == ["offline", "online"]


def test_what_is_given_up_is_counted_and_the_next_notice_still_goes_out(
    room: Room, desk: Recipient, delivery: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Webhook, "traits", replace(Webhook.traits, give_up_after_s=60.0))
    desk.answers = [(503, {})]
    delivery.apply(community(desk))
    room.happens(event("smoke", 1, fields={"alarm": True}))
    until(lambda: delivery.status()[0].given_up == 1)
    [given_up] = delivery.ledger()
    assert (given_up.state, given_up.reason) == ("given_up", "too late; answered 503")
    desk.answers = [(200, {})]
    room.happens(event("sos", 40_000, source="b", fields={"pressed": True}))
    until(lambda: any(each.body["incident"]["kind"] == "sos.button" for each in desk.received))


def test_a_restart_goes_on_after_what_was_told(room: Room, desk: Recipient, delivery: Delivery) -> None:
    delivery.apply(community(desk))
    room.happens(event("smoke", 1, fields={"alarm": True}))
    desk.waits_for(1)
    delivery.stop()
    room.happens(event("sos", 2, source="b", fields={"pressed": True}))
    second = Delivery(room.database, room.event_log, room.bus, room.clock, services=LOCAL_SERVICES)
    second.apply(community(desk))
    told = desk.waits_for(2)
    second.stop()
    assert [each.body["incident"]["kind"] for each in told] == ["fire.smoke", "sos.button"]


def test_a_notifier_that_is_taken_out_is_told_nothing_more(room: Room, desk: Recipient, delivery: Delivery) -> None:
    delivery.apply(community(desk))
    room.happens(event("smoke", 1, fields={"alarm": True}))
    desk.waits_for(1)
    delivery.apply(Community())
    assert delivery.status() == []
    room.happens(event("sos", 2, source="b", fields={"pressed": True}))
    assert len(desk.received) == 1


def test_the_hub_runs_without_notifiers(sqlite_database: Database, room: Room) -> None:
    delivery = Delivery(sqlite_database, room.event_log, room.bus, room.clock, services=LOCAL_SERVICES)
    delivery.apply(Community())
    delivery.stop()
    delivery.stop()
