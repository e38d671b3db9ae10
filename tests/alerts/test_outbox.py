"""What is kept in the store and sent from there: once, in order, and told when it reaches nobody."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from lxml import etree

from alerts.incidents.hiding import Plan, Suppressing
from alerts.incidents.suppressions import Mode, Scope
from alerts.language.places import places_of
from alerts.language.rulebook import RuleBook
from alerts.notices import delivery as delivery_module
from alerts.notices.breaker import OPENS_AFTER, Breaker, Door, pause_s
from alerts.notices.channel import NOBODY_KNOWS
from alerts.notices.delivery import TAKEN_OUT, Delivery
from alerts.notices.notice import Notice, Outcome, Refused, Traits, TryLater
from alerts.notifiers.platform import Platform
from alerts.store import outbox
from config.community import Community, Contact, ContactChannel, Level
from hub.access import Role
from hub.plugins import load_plugins
from hub.store.database import Database
from hub.store.people.accounts import Accounts
from hub.store.schema import notices
from tests.alerts.conftest import MakeRoom, Room, room_on
from tests.fakes.networks import LOCAL_SERVICES
from tests.fakes.notices import Heard, plugin_of
from tests.fakes.people import CHEN, LIN
from tests.fakes.stories import COMMUNITY, event, moment
from tests.fakes.waiting import until
from tests.fakes.web import web_recipient

MakeDelivery = Callable[..., Delivery]


@pytest.fixture
def room(make_room: MakeRoom) -> Room:
    return make_room()


@pytest.fixture
def make_delivery(room: Room, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeDelivery]:
    """Makes deliveries with channels of the test's own, by their kinds."""
    made: list[Delivery] = []

    def make(**channels: Heard) -> Delivery:
        plugins = {kind: plugin_of(channel, kind) for kind, channel in channels.items()}
        known = {**load_plugins("alerts.notifiers"), **plugins}
        monkeypatch.setattr(delivery_module, "load_plugins", lambda _folder: known)
        made.append(Delivery(room.database, room.event_log, room.bus, room.clock, services=LOCAL_SERVICES))
        return made[-1]

    yield make
    for each in made:
        each.stop()


def community(*kinds: str, contacts: Any = (), duties: Any = (), **parts: Any) -> Community:
    notifiers = [{"id": kind, "kind": kind, **parts} for kind in kinds]
    base = COMMUNITY.model_dump(mode="json", exclude_unset=True)
    return Community.model_validate({**base, "notifiers": notifiers, "contacts": contacts, "duties": duties})


def smoke(at_s: float, source: str = "smoke-17", site: str = "hh-017") -> Any:
    return event("smoke", at_s, source=source, site=site, fields={"alarm": True})


def ended(delivery: Delivery, count: int = 1) -> list[outbox.Entry]:
    """The ledger, oldest first, once so many notices are done with."""

    def done() -> bool:
        return sum(each.state not in ("waiting", "sending") for each in delivery.ledger()) >= count

    until(done)
    return delivery.ledger()[::-1]


def test_what_was_decided_stands_in_the_ledger_with_what_became_of_it(room: Room, make_delivery: MakeDelivery) -> None:
    heard, no = Heard(), Heard(outcome=Refused("answered 400"))
    delivery = make_delivery(good=heard, bad=no)
    delivery.apply(community("good", "bad"))
    room.happens(smoke(1))
    found = {each.recipient: each for each in ended(delivery, 2)}
    assert (found["good"].state, found["good"].attempts) == ("sent", 1)
    assert (found["bad"].state, found["bad"].reason) == ("refused", "answered 400")
    assert found["good"].title == "【橙色】烟感报警：17号"


def test_a_loudspeaker_does_not_say_the_same_of_the_same_place_twice(room: Room, make_delivery: MakeDelivery) -> None:
    speaker = Heard(Traits(dedupe_s=600, once=True))
    delivery = make_delivery(speaker=speaker)
    delivery.apply(community("speaker", moves=["opened"]))
    for number, at_s in enumerate((1, 300, 800), 1):
        room.happens(smoke(at_s))
        ended(delivery, number)  # what still waits when the clock jumps is told as late, in an incident of its own
        room.happens(event("smoke", at_s + 10, fields={"alarm": False}))
        room.handling.resolve(room.incidents[0].id, LIN, "test")
    states = [each.state for each in ended(delivery, 3)]
    assert states == ["sent", "skipped", "sent"]
    assert len(speaker.notices) == 2


def test_what_was_being_said_when_the_hub_died_is_not_said_again(room: Room, make_delivery: MakeDelivery) -> None:
    delivery = make_delivery(speaker=Heard(Traits(once=True)), desk=Heard())
    delivery.apply(community("speaker", "desk"))
    room.happens(smoke(1))
    ended(delivery, 2)
    delivery.stop()
    mark = notices.update().values(state="sending")
    room.database.write(lambda connection: connection.execute(mark))
    speaker, desk = Heard(Traits(once=True)), Heard()
    second = make_delivery(speaker=speaker, desk=desk)
    second.apply(community("speaker", "desk"))
    found = {each.recipient: each for each in ended(second, 2)}
    assert (found["speaker"].state, found["speaker"].reason) == ("given_up", NOBODY_KNOWS)
    assert found["desk"].state == "sent"
    assert (len(speaker.notices), len(desk.notices)) == (0, 1)


def test_it_is_marked_in_the_store_before_it_is_said(room: Room, make_delivery: MakeDelivery) -> None:
    seen: list[str] = []

    class Looks(Heard):
        def send(self, given: Notice) -> Outcome:
            with room.database.read() as connection:
                seen.extend(each.state for each in outbox.ledger(connection))
            return super().send(given)

    delivery = make_delivery(speaker=Looks(Traits(once=True)))
    delivery.apply(community("speaker"))
    room.happens(smoke(1))
    ended(delivery)
    assert seen == ["sending"]


def test_a_slow_channel_delays_no_other(room: Room, make_delivery: MakeDelivery) -> None:
    free = threading.Event()

    class Slow(Heard):
        def send(self, given: Notice) -> Outcome:
            free.wait(20)
            return super().send(given)

    fast = Heard()
    delivery = make_delivery(slow=Slow(), fast=fast)
    delivery.apply(community("slow", "fast"))
    room.happens(smoke(1), event("sos", 2, source="b", fields={"pressed": True}))
    until(lambda: {each.notifier: each.behind for each in delivery.status()} == {"slow": 2, "fast": 0})
    assert len(fast.notices) == 2
    free.set()


def test_what_is_graver_goes_first_after_a_failure(room: Room, make_delivery: MakeDelivery) -> None:
    all_wait = threading.Event()

    class Down(Heard):
        def send(self, given: Notice) -> Outcome:
            all_wait.wait(20)  # or the clock, which goes on when nobody works, is past the failures before red is there
            super().send(given)
            return TryLater("down") if room.clock.now() < moment(100) else Heard().outcome

    channel = Down()
    delivery = make_delivery(mail=channel)
    room.happens(smoke(1))
    delivery.apply(community("mail"))
    room.handling.comment(room.incidents[0].id, LIN, "x")
    room.happens(smoke(2, "b", "elsewhere"), event("sos", 3, source="c", fields={"pressed": True}))
    until(lambda: delivery._outbox.behind == 0, what="all of it decided")
    all_wait.set()
    found = ended(delivery, 2)
    sent = sorted((each for each in found if each.sent), key=lambda each: (each.sent, -Level(each.level).rank))
    assert sent[0].level == "red"


def test_people_are_told_what_is_theirs_as_they_chose(room: Room, make_delivery: MakeDelivery) -> None:
    mail = Heard()
    delivery = make_delivery(mail=mail)
    contact = {"account": "zhao", "channels": [{"via": "mail", "address": "old@v.example"}]}
    duties = [{"account": "zhao", "area": "group-1"}]
    delivery.apply(community("mail", contacts=[contact], duties=duties, people=True))
    channels = (ContactChannel(via="mail", address="new@v.example"),)
    delivery.choose(Contact(account="zhao", language="en", channels=channels))
    room.happens(smoke(1))
    [entry] = ended(delivery)
    assert (entry.account, entry.language) == ("zhao", "en")
    assert mail.notices[0].address == "new@v.example"
    assert mail.notices[0].title.startswith("[orange] Smoke detector alarm: House 17")


def test_the_people_of_a_home_are_told_when_what_guards_them_is_out_of_service(
    room: Room, make_delivery: MakeDelivery
) -> None:
    mail = Heard()
    delivery = make_delivery(mail=mail)
    contact = {"account": "li", "sites": ["hh-017"], "channels": [{"via": "mail", "address": "li@v.example"}]}
    safe = community("mail", contacts=[contact], people=True).model_dump(mode="json", exclude_unset=True)
    safe["sensors"][0]["life_safety"] = True
    known = Community.model_validate(safe)
    delivery.apply(known)
    delivery.choose(Contact(account="li", language="en", channels=known.contacts[0].channels))
    hiding = Suppressing(room.database, room.handling, room.clock, places=lambda: places_of(known))
    plan = Plan(Mode.OUT_OF_SERVICE, Scope(device="smoke-17"), "kitchen is rebuilt", moment(86_400), None)
    hiding.make(plan, CHEN)
    [entry] = ended(delivery)
    assert (entry.account, entry.state, mail.notices[0].address) == ("li", "sent", "li@v.example")
    assert entry.title == "House 17: Kitchen smoke detector is out of service"
    assert entry.text == (
        "From 16:00 until about 03-04 16:00, Kitchen smoke detector does not warn you; please watch yourself. "
        "kitchen is rebuilt."
    )


def test_what_waits_for_a_notifier_that_was_taken_out_is_given_up(room: Room, make_delivery: MakeDelivery) -> None:
    delivery = make_delivery(mail=Heard(outcome=TryLater("down")), desk=Heard())
    delivery.apply(community("mail", "desk"))
    room.happens(smoke(1))
    until(lambda: len(delivery.ledger()) == 2)
    delivery.apply(community("desk"))
    found = {each.recipient: each for each in ended(delivery, 2)}
    assert (found["mail"].state, found["mail"].reason) == ("given_up", TAKEN_OUT)


def test_grave_news_that_reaches_nobody_within_a_minute_is_told(room: Room, make_delivery: MakeDelivery) -> None:
    delivery = make_delivery(mail=Heard(outcome=Refused("no")), desk=Heard(outcome=Refused("gone")))
    delivery.apply(community("mail", "desk"))
    room.happens(smoke(1))
    ended(delivery, 2)
    delivery._outbox.check()
    assert room.event_log.events(kind="notices.health") == []
    room.clock.set(moment(62))
    delivery._outbox.check()
    [told] = until(lambda: [each.event.fields for each in room.event_log.events(kind="notices.health")])
    assert told["state"] == "offline"
    assert str(told["reason"]).startswith("orange fire.smoke: ")
    room.runs()
    assert room.incidents[0].kind == "hub.notify_failed"
    room.clock.set(moment(200))
    delivery._outbox.check()
    assert len(room.event_log.events(kind="notices.health")) == 1


def test_a_channel_that_cannot_be_set_up_is_told_of_and_so_is_that_it_works_again(
    room: Room, make_delivery: MakeDelivery
) -> None:
    delivery = make_delivery()
    delivery.apply(Community.model_validate({"notifiers": [{"id": "chat", "kind": "apprise"}]}))
    until(room.event_log.health)
    delivery.stop()
    heard = Heard()
    second = make_delivery(heard=heard)
    second.apply(Community.model_validate({"notifiers": [{"id": "chat", "kind": "heard"}]}))
    room.happens(smoke(1))
    until(lambda: [each.state for each in room.event_log.health()] == ["online"])
    second.stop()
    third = make_delivery(mail=Heard(outcome=Refused("no")))
    third.apply(community("mail"))
    room.happens(event("sos", 2, source="b", fields={"pressed": True}))
    until(lambda: "offline" in [each.state for each in room.event_log.health()])
    third.apply(Community())
    until(lambda: {each.state for each in room.event_log.health()} == {"online"})


def test_what_reached_one_of_several_is_no_failure(room: Room, make_delivery: MakeDelivery) -> None:
    delivery = make_delivery(mail=Heard(outcome=Refused("no")), desk=Heard())
    delivery.apply(community("mail", "desk"))
    room.happens(smoke(1))
    ended(delivery, 2)
    room.clock.set(moment(62))
    delivery._outbox.check()
    assert room.event_log.events(kind="notices.health") == []


def test_over_a_link_that_was_dead_for_two_hours_all_arrives_once_in_order_with_its_times(
    room: Room, make_delivery: MakeDelivery
) -> None:
    """The story of the platform in the town, on simulated time, over a real socket."""
    with web_recipient() as town:
        town.dead = lambda: room.clock.now() < moment(7_200)
        town.reply = lambda request: request.raw
        delivery = make_delivery()
        options = {"url": town.url, "sender": "hub@village.example"}
        told = {"id": "town", "kind": "platform", "options": options}
        base = COMMUNITY.model_dump(mode="json", exclude_unset=True)
        # Not started yet, so that the clock of the story is moved by nobody else.
        delivery.apply(Community.model_validate({**base, "notifiers": [told]}))
        channel = delivery._channels["town"]
        channel.stop()
        room.happens(smoke(1))
        room.happens(event("sos", 2_000, source="b", fields={"pressed": True}))
        room.clock.set(moment(3_000))
        [fire] = [each for each in room.incidents if each.kind == "fire.smoke"]  # the hub may complain of the link too
        room.handling.resolve(fire.id, LIN, "test")
        until(lambda: delivery._outbox.behind == 0)
        decided = [each.at for each in delivery.ledger()[::-1]]
        assert len(decided) >= 3
        delivery.stop()
        second = make_delivery()
        second.apply(Community.model_validate({**base, "notifiers": [told]}))
        entries = ended(second, len(decided))
        second.stop()
    roots = [etree.fromstring(request.raw) for request in town.received]
    sent = [root.findtext("{*}sent") for root in roots]
    assert sent == [at.strftime("%Y-%m-%dT%H:%M:%S-00:00") for at in decided]
    identifiers = [root.findtext("{*}identifier") for root in roots]
    assert len(set(identifiers)) == len(identifiers) == len(decided)
    assert [root.findtext("{*}msgType") for root in roots][:2] == ["Alert", "Alert"]
    assert "Cancel" in [root.findtext("{*}msgType") for root in roots]
    assert all(each.state == "sent" and each.sent is not None and each.sent >= moment(7_200) for each in entries)
    assert max(each.sent for each in entries if each.sent) < moment(7_200) + timedelta(minutes=2)
    assert Platform.traits.ordered


def test_whoever_may_not_sign_in_any_more_is_told_nothing(room: Room, make_delivery: MakeDelivery) -> None:
    accounts = Accounts(room.database, room.clock)
    accounts.create("admin", "three words and a river", Role.ADMINISTRATOR)
    accounts.disable(accounts.create("zhao", "three words and a river", Role.RESPONDER).id)
    contact = {"account": "zhao", "channels": [{"via": "mail", "address": "zhao@v.example"}]}
    delivery = make_delivery(mail=Heard(), desk=Heard())
    duties = [{"account": "zhao", "area": "group-1"}]
    delivery.apply(community("mail", contacts=[contact], duties=duties, people=True))
    room.happens(smoke(1))
    until(lambda: delivery._outbox.behind == 0)
    assert delivery.ledger() == []
    [decision] = delivery.dry_run(outbox.move_of(room.journal[-1]))
    assert decision.why == "the account is disabled"


def test_it_goes_the_same_on_each_kind_of_database(
    database: Database, shipped: RuleBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard, speaker = Heard(), Heard(Traits(once=True, dedupe_s=600, ordered=True))
    known = {"heard": plugin_of(heard), "speaker": plugin_of(speaker, "speaker")}
    monkeypatch.setattr(delivery_module, "load_plugins", lambda _folder: known)
    room = room_on(database, shipped)
    delivery = Delivery(room.database, room.event_log, room.bus, room.clock, services=LOCAL_SERVICES)
    delivery.apply(community("heard", "speaker"))
    delivery.choose(Contact(account="zhao", language="en"))
    delivery.choose(Contact(account="zhao", language="both"))
    room.happens(smoke(1), event("sos", 2, source="b", fields={"pressed": True}))
    entries = ended(delivery, 4)
    room.clock.set(moment(100))
    delivery._outbox.check()
    database.write(lambda connection: outbox.prune(connection, moment(1_000)))
    delivery.stop()
    assert [each.state for each in entries] == ["sent"] * 4
    assert [each.move for each in speaker.notices] == ["opened", "opened"]
    assert delivery.contact("zhao").language == "both"
    assert delivery.ledger() == []


def test_a_breaker_opens_after_failures_lets_one_through_and_closes() -> None:
    class Dice:
        def random(self) -> float:
            return 0.0

    breaker = Breaker(Dice())  # type: ignore[arg-type]
    for _ in range(OPENS_AFTER - 1):
        breaker.failed(0.0)
    assert breaker.door(0.0) is Door.CLOSED
    breaker.failed(0.0)
    assert (breaker.door(15.9), breaker.door(16.0)) == (Door.OPEN, Door.HALF_OPEN)
    breaker.failed(16.0)
    assert breaker.opens_again_in_s(16.0) == 32.0
    breaker.succeeded()
    assert breaker.door(16.0) is Door.CLOSED
    assert [pause_s(number, Dice()) for number in (1, 2, 3, 20)] == [1.0, 2.0, 4.0, 60.0]  # type: ignore[arg-type]
