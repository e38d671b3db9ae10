"""What people report becomes an incident that is finished with them; through the store, on both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts.dispatch.dispatching import Dispatching, Finding
from alerts.dispatch.grid import Grid
from alerts.dispatch.sending import lapse_orders, send_at_once
from alerts.errors import TooManyReportsError
from alerts.incidents.incident import Cause, Handling, Verdict
from alerts.incidents.joining import merge
from alerts.incidents.timekeeper import Timekeeper
from alerts.language.kinds import ALERT_KINDS
from alerts.language.places import places_of
from alerts.people.categories import CATEGORIES, category_of
from alerts.people.locating import Spot
from alerts.people.photos import Photos
from alerts.people.pictures import picture
from alerts.people.reports import Reporting
from alerts.people.requests import miss_orders, remind_of_orders
from alerts.people.taking import Draft, Ground
from alerts.store.ledger import Filed, Sought, Step
from alerts.store.orders import Order, Proof, State
from alerts.store.reports import Stage
from config.handling import Deadlines
from config.reporting import Reporting as Settings
from hub.access import Principal
from hub.errors import NotAllowedError, NotFoundError
from tests.alerts.conftest import Room
from tests.fakes.people import CHEN, LI, LIN, ZHAO
from tests.fakes.pictures import phone_jpeg
from tests.fakes.stories import event, moment
from tests.fakes.village import DUTIES, HOUSE, METRE, QIAN, VILLAGE, WU, ZHOU, open_accounts

DAY, HOUR = 86_400.0, 3_600.0
PLACES = places_of(VILLAGE)
GRID = Grid(PLACES, DUTIES)
JPEG = picture(phone_jpeg())


class Counter:
    """Where people report, and what time does."""

    def __init__(self, room: Room, folder: Path, grid: Callable[[], Grid] = lambda: GRID) -> None:
        open_accounts(room.database, room.clock)
        self.room = room
        self.folder = folder
        self.dispatching = Dispatching(room.database, room.handling, grid)
        ground = Ground(lambda: PLACES, grid, Settings)
        self.reporting = Reporting(room.database, room.handling, room.clock, ground=ground, photos=Photos(folder))
        tasks = (lapse_orders(grid), send_at_once(grid), remind_of_orders, miss_orders)
        self.timekeeper = Timekeeper(room.database, room.bus, room.clock, deadlines=Deadlines, tasks=tasks)
        self._numbers: Iterator[int] = iter(range(1000))

    def passes(self, at_s: float) -> None:
        self.room.clock.set(moment(at_s))
        self.timekeeper.step()
        self.room.runs()

    def reports(
        self, category: str = "road_damage", who: Principal = LI, *, north_m: float = 0.0, **parts: Any
    ) -> Filed:
        spot = parts.pop("spot", Spot(HOUSE[0] + north_m * METRE, HOUSE[1]))
        parts.setdefault("client_id", f"phone-{next(self._numbers)}")
        parts.setdefault("text", "路上有个大坑")
        return self.reporting.send(Draft(category=CATEGORIES[category], spot=spot, **parts), who)[0]

    def order(self) -> Order:
        return self.dispatching.orders(self.room.incident.id)[-1]

    def does(self, verdict: Verdict = Verdict.TRUE) -> None:
        """The warden takes it on, goes there and finishes it."""
        order = self.order()
        self.dispatching.accept(order.id, ZHAO)
        self.dispatching.arrive(order.id, ZHAO, Proof.PHOTO)
        self.dispatching.finish(order.id, ZHAO, Finding(verdict, "filled", Cause.OTHER))

    def seen(self, report: Filed, who: Principal = LI) -> Filed:
        return self.reporting.one(report.report.id, who)[0]


@pytest.fixture
def counter(room: Room, tmp_path: Path) -> Counter:
    return Counter(room, tmp_path / "reports")


def test_every_category_stands_for_a_kind_that_there_is_and_a_kind_for_a_category() -> None:
    for each in CATEGORIES.values():
        assert each.kind in ALERT_KINDS
        found = category_of(None, each.kind)
        assert found is not None
        assert found.kind == each.kind
    assert category_of(None, None) is CATEGORIES["other"]
    assert category_of("flying saucer", None) is None
    assert category_of(None, "camera.frozen") is None


def test_a_request_goes_from_the_phone_to_the_warden_and_back_to_the_reporter(counter: Counter) -> None:
    sent = counter.reports(pictures=(JPEG,), contact="138 0000 0000")
    incident = counter.room.incident
    assert (sent.number, sent.step, incident.kind, incident.level) == (1, Step.SEEN, "report.resident", "blue")
    assert (incident.site, incident.area, incident.reporter) == ("hh-017", "group-1", "li")
    assert (incident.text_zh, incident.active, incident.alerts) == ("道路破损：路上有个大坑", True, ())
    assert (incident.handling, counter.order().unit) == (Handling.DISPATCHED, "zhao")
    counter.dispatching.accept(counter.order().id, ZHAO)
    assert counter.seen(sent).step is Step.ON_THE_WAY
    counter.dispatching.arrive(counter.order().id, ZHAO, Proof.POSITION)
    counter.reporting.add_photos(sent.report.id, ZHAO, [JPEG], Stage.AFTER)
    counter.dispatching.finish(counter.order().id, ZHAO, Finding(Verdict.TRUE, "filled"))
    done = counter.seen(sent)
    assert (done.step, done.handling, [photo.stage for photo in done.photos]) == (
        Step.DONE, Handling.RESOLVED, [Stage.BEFORE, Stage.AFTER],
    )  # fmt: skip
    rated = counter.reporting.rate(sent.report.id, LI, 5, "thank you")
    assert (rated.report.rating, rated.handling) == (5, Handling.CLOSED)
    assert not counter.room.incident.active
    assert counter.room.incident.rating == 5


def test_what_a_phone_sends_again_is_the_same_report(counter: Counter) -> None:
    first = counter.reports(client_id="a1", pictures=(JPEG,))
    again, new = counter.reporting.send(
        Draft("a1", CATEGORIES["road_damage"], "路上有个大坑", Spot(*HOUSE), pictures=(JPEG,)), LI
    )
    assert (again, new) == (first, False)
    assert len(list(counter.folder.iterdir())) == 1
    other = counter.reports(client_id="a1", who=ZHOU)
    assert other.report.id != first.report.id, "another account's phone may make the same id"


def test_what_a_phone_sends_twice_at_once_is_one_report(counter: Counter) -> None:
    draft = Draft("a1", CATEGORIES["road_damage"], "", Spot(*HOUSE), pictures=(JPEG,))
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: counter.reporting.send(draft, LI), range(8)))
    assert len({filed.report.id for filed, _ in made}) == 1
    assert [new for _, new in made].count(True) == 1
    assert len(list(counter.folder.iterdir())) == 1, "the pictures of the others are gone"


def test_two_reports_of_one_matter_are_one_incident_that_both_follow_and_both_rate(counter: Counter) -> None:
    first = counter.reports()
    counter.passes(0.5 * HOUR)
    second = counter.reports(who=ZHOU, north_m=45)
    assert first.number == second.number
    assert [move for move in counter.room.moves if move == "incident reported"]
    counter.does()
    counter.reporting.rate(first.report.id, LI, 5)
    assert counter.room.incident.handling is Handling.RESOLVED, "the other one has not rated yet"
    counter.reporting.rate(second.report.id, ZHOU, 2)
    assert (counter.room.incident.handling, counter.room.incident.rating) == (Handling.CLOSED, 4)


@pytest.mark.parametrize(
    ("later_s", "parts"),
    [
        (0, {"north_m": 60, "category": "road_damage"}),
        (HOUR + 1, {"north_m": 0, "category": "road_damage"}),
        (0, {"north_m": 0, "category": "light"}),
        (0, {"north_m": 0, "category": "rubbish"}),
    ],
    ids=["too far", "too late", "another matter of people", "another family"],
)
def test_another_matter_is_another_incident(counter: Counter, later_s: float, parts: dict[str, Any]) -> None:
    first = counter.reports()
    counter.room.clock.set(moment(later_s))
    spot = Spot(HOUSE[0] + parts["north_m"] * METRE, HOUSE[1], site="square")
    assert counter.reports(parts["category"], ZHOU, spot=spot).number != first.number


def test_a_report_supports_what_devices_say_there_and_the_reporter_follows_it(counter: Counter) -> None:
    counter.room.happens(event("smoke", 0, fields={"alarm": True}))
    counter.room.handling.acknowledge(counter.room.incident.id, LIN)
    sent = counter.reports("fire", north_m=30, text="厨房冒烟")
    incident = counter.room.incident
    assert (sent.number, incident.reporter, incident.kind) == (incident.number, "li", "fire.smoke")
    assert (incident.handling, sent.step) == (Handling.SEEN, Step.SEEN)
    counter.room.happens(event("smoke", 60, fields={"alarm": False}))
    counter.room.handling.resolve(incident.id, LIN, Verdict.NUISANCE, cause=Cause.COOKING)
    counter.passes(700)
    assert counter.room.incident.handling is Handling.RESOLVED, "it waits for who reported it"
    counter.reporting.rate(sent.report.id, LI, 4)
    assert counter.room.incident.handling is Handling.CLOSED


def test_an_alert_joins_what_people_reported_before_and_does_not_make_it_less(counter: Counter) -> None:
    counter.reports("fire")
    assert counter.order().unit == "zhao", "somebody goes before anybody in the room has looked"
    assert counter.room.incident.handling is Handling.NEW
    counter.room.happens(event("smoke", 60, fields={"alarm": True}))
    incident = counter.room.incident
    assert (len(incident.alerts), incident.reporter, incident.level) == (1, "li", "orange")
    assert incident.active


def test_a_call_for_help_sends_somebody_at_once_or_as_soon_as_there_is_somebody(room: Room, tmp_path: Path) -> None:
    on_duty: list[Grid] = [Grid(PLACES, ())]
    counter = Counter(room, tmp_path, lambda: on_duty[-1])
    counter.reports("help")
    counter.passes(30)
    assert counter.dispatching.orders(room.incident.id) == []
    on_duty.append(GRID)
    counter.passes(31)
    assert (counter.order().unit, room.incident.handling) == ("zhao", Handling.NEW)


def test_danger_is_an_alarm_with_minutes_and_the_rest_a_request_with_days(counter: Counter) -> None:
    counter.reports("stranger", spot=Spot(site="hh-044"))
    alarm = counter.room.incident
    assert (alarm.level, alarm.handling, alarm.due) == ("yellow", Handling.NEW, moment(900))
    assert counter.dispatching.orders(alarm.id) == []
    counter.reports("light", spot=Spot(site="square"))
    request = counter.room.incidents[0]
    [order] = counter.dispatching.orders(request.id)
    assert (order.due, order.remind) == (moment(DAY), moment(DAY - 4 * HOUR))


def test_what_people_alone_reported_is_put_aside_until_a_time_and_not_until_it_returns(counter: Counter) -> None:
    incident = counter.reports("stranger").report.incident
    with pytest.raises(NotAllowedError, match="nothing of it is active"):
        counter.room.handling.shelve(incident, LIN, "known", None)
    counter.room.handling.acknowledge(incident, LIN)
    counter.room.handling.shelve(incident, LIN, "known", moment(HOUR))
    counter.passes(HOUR)
    assert counter.room.incident.handling is Handling.NEW, "it still holds, and has to be seen again"


def test_who_was_sent_is_reminded_once_and_then_the_next_is_sent(counter: Counter) -> None:
    counter.reports()
    counter.passes(20 * HOUR)
    counter.passes(21 * HOUR)
    assert counter.room.moves.count("incident reminded") == 1
    counter.passes(DAY)
    orders = [(order.unit, order.state) for order in counter.dispatching.orders(counter.room.incident.id)]
    assert orders == [("zhao", State.LAPSED), ("qian", State.ORDERED)]
    assert counter.room.incident.handling is Handling.DISPATCHED


def test_what_is_not_done_in_three_days_is_told_to_the_next_level_and_stays_with_who_took_it(counter: Counter) -> None:
    sent = counter.reports()
    counter.dispatching.accept(counter.order().id, ZHAO)
    assert counter.order().due == moment(3 * DAY)
    counter.passes(3 * DAY - 4 * HOUR)
    assert counter.room.moves[-1] == "incident reminded"
    assert [each.number for each in counter.reporting.all(LIN, Sought(due_at=moment(3 * DAY)))] == [1]
    counter.passes(3 * DAY)
    assert counter.room.moves[-1] == "incident missed"
    assert (counter.order().state, counter.room.incident.escalated) == (State.ACCEPTED, 1)
    counter.passes(3 * DAY + 1)
    assert counter.room.moves.count("incident missed") == 1
    assert counter.seen(sent).overdue(moment(3 * DAY + 1))


def test_within_72_hours_the_reporter_has_it_opened_again_under_its_number(counter: Counter) -> None:
    sent = counter.reports()
    counter.does()
    counter.reporting.rate(sent.report.id, LI, 1)
    counter.passes(71 * HOUR)
    again = counter.reporting.reopen(sent.report.id, LI, "the hole is back")
    assert (again.number, again.step, again.report.rating) == (sent.number, Step.SEEN, None)
    assert (counter.order().unit, counter.order().state) == ("zhao", State.ORDERED), "it goes out again"
    counter.room.handling.resolve(counter.room.incident.id, LIN, Verdict.TRUE)
    counter.passes(71 * HOUR + 72 * HOUR)
    assert counter.room.incident.handling is Handling.CLOSED, "whoever does not rate has had his time"
    counter.passes(71 * HOUR + 73 * HOUR)
    with pytest.raises(NotAllowedError, match="72 hours ago"):
        counter.reporting.reopen(sent.report.id, LI)


def test_who_dealt_with_it_does_not_rate_it(counter: Counter) -> None:
    sent = counter.reports()
    counter.does()
    with pytest.raises(NotAllowedError, match="only who reported it"):
        counter.reporting.rate(sent.report.id, ZHAO, 5)
    with pytest.raises(NotAllowedError, match="only who reported it"):
        counter.room.handling.rate(counter.room.incident.id, ZHAO, 5)
    own = counter.reports("light", who=ZHAO)
    counter.room.handling.resolve(own.report.incident, LIN, Verdict.TRUE)
    assert counter.reporting.rate(own.report.id, ZHAO, 3).handling is Handling.CLOSED
    assert counter.reporting.rate(sent.report.id, LIN, 4).report.rating == 4, "by telephone, for who reported it"


def test_a_report_is_seen_by_who_sent_it_by_its_wardens_and_by_the_room_alone(counter: Counter) -> None:
    sent = counter.reports(pictures=(JPEG,))
    away = counter.reports("light", who=ZHOU, spot=Spot(site="hh-044"))
    numbers = {
        who.name: [each.number for each in counter.reporting.all(who, Sought())]
        for who in (LI, ZHOU, ZHAO, QIAN, WU, LIN, CHEN)
    }
    both, first, second = [away.number, sent.number], [sent.number], [away.number]
    assert numbers == {
        "li": first, "zhou": second, "zhao": first, "qian": both, "wu": [], "lin": both, "chen": both,
    }  # fmt: skip
    for who in (ZHOU, WU):
        with pytest.raises(NotFoundError):
            counter.seen(sent, who)
        with pytest.raises(NotFoundError):
            counter.reporting.photo(sent.report.id, sent.photos[0].id, who)
        with pytest.raises(NotFoundError):
            counter.reporting.add_photos(sent.report.id, who, [JPEG], Stage.BEFORE)
    with pytest.raises(NotFoundError):
        counter.reporting.photo(away.report.id, sent.photos[0].id, LIN)
    counter.dispatching.send(sent.report.incident, LIN, "wu")
    assert counter.seen(sent, WU).number == sent.number, "who was sent there sees it"


def test_a_flood_of_reports_is_refused_with_when_to_come_back(counter: Counter) -> None:
    for n in range(20):
        counter.room.clock.set(moment(60 * n))
        counter.reports(north_m=100 * n)
    with pytest.raises(TooManyReportsError) as caught:
        counter.reports(pictures=(JPEG,))
    assert caught.value.retry_after_s == HOUR - 19 * 60 + 1
    assert not list(counter.folder.glob("*")), "and leaves no picture behind"
    counter.reports(who=ZHOU)
    counter.reports("help")  # who told of twenty holes may still call
    counter.room.clock.set(moment(HOUR + 1))
    counter.reports()


def test_what_was_reported_goes_along_when_its_incident_is_merged(counter: Counter) -> None:
    first = counter.reports()
    second = counter.reports("light", who=ZHOU)
    merge(counter.room.handling, second.report.incident, LIN, into=first.report.incident)
    moved = counter.seen(second, ZHOU)
    assert (moved.number, moved.step) == (first.number, Step.SEEN)
    counter.room.handling.resolve(first.report.incident, LIN, Verdict.TRUE)
    counter.reporting.rate(second.report.id, ZHOU, 5)
    assert counter.reporting.rate(first.report.id, LI, 5).handling is Handling.CLOSED


def test_a_warden_reports_for_somebody_without_an_account(counter: Counter) -> None:
    sent = counter.reports(who=ZHAO, for_name="Grandma Zhang", for_phone="139-1111-2222")
    assert sent.report.on_behalf
    told = "".join(str(entry.body) for entry in counter.room.journal)
    assert not [private for private in ("Grandma", "139-1111") if private in told]


def test_a_report_has_no_more_pictures_than_a_few_and_residents_show_no_result(counter: Counter) -> None:
    sent = counter.reports(pictures=(JPEG,) * 4)
    counter.reporting.add_photos(sent.report.id, LI, [JPEG] * 4, Stage.BEFORE)
    with pytest.raises(NotAllowedError, match="at most 8"):
        counter.reporting.add_photos(sent.report.id, LI, [JPEG], Stage.BEFORE)
    assert len(list(counter.folder.iterdir())) == 8
    with pytest.raises(NotAllowedError, match="who dealt with it"):
        counter.reporting.add_photos(sent.report.id, LI, [JPEG], Stage.AFTER)


def test_the_ledger_is_searched_by_words_in_both_languages_number_place_and_time(counter: Counter) -> None:
    first = counter.reports(text="100%坏了_的路")
    counter.passes(60)
    second = counter.reports("light", who=ZHOU, text="Lamp is DARK", spot=Spot(site="hh-044"))
    cases: list[tuple[Sought, list[Filed]]] = [
        (Sought(words="坏了"), [first]),
        (Sought(words="lamp is dark"), [second]),
        (Sought(words="%"), [first]),
        (Sought(words="0_坏"), []),
        (Sought(words="2", number=second.number), [second]),
        (Sought(words="路灯", categories=("light",)), [second]),
        (Sought(words="44", sites=("hh-044",)), [second]),
        (Sought(words="一组", areas=("group-1",)), [first]),
        (Sought(category="light"), [second]),
        (Sought(kind="report.resident"), [second, first]),
        (Sought(area="group-1"), [first]),
        (Sought(site="hh-044"), [second]),
        (Sought(since=moment(60)), [second]),
        (Sought(until=moment(60)), [first]),
        (Sought(step=Step.DONE), []),
        (Sought(step=Step.SEEN), [second, first]),
        (Sought(due_at=moment(0) + timedelta(days=3)), [first]),
    ]
    for sought, expected in cases:
        found = [each.report.id for each in counter.reporting.all(LIN, sought)]
        assert found == [each.report.id for each in expected], sought
    [newest] = counter.reporting.all(LIN, Sought(), limit=1)
    assert [each.number for each in counter.reporting.all(LIN, Sought(), before=newest.report.seq)] == [first.number]


def test_without_pictures_and_place_it_goes_to_the_town(counter: Counter) -> None:
    sent = counter.reports("advice", spot=Spot(), text="")
    assert (sent.report.area, counter.room.incident.area, counter.room.incident.text_en) == (
        None,
        None,
        "Advice or question",
    )
    assert counter.dispatching.orders(sent.report.incident) == [], "nobody is on duty for the town"
    assert counter.room.incident.due == moment(DAY)
