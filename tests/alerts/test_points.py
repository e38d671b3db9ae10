"""Points come for what was true and done, go when it was not, and are never spent twice; on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.dispatch.grid import Grid
from alerts.incidents.incident import Cause, Verdict
from alerts.incidents.joining import merge
from alerts.incidents.timekeeper import Timekeeper
from alerts.language.places import places_of
from alerts.people.categories import CATEGORIES
from alerts.people.locating import Spot
from alerts.people.photos import Photos
from alerts.people.points import Rewarding, thank_for_reports
from alerts.people.reports import Reporting
from alerts.people.taking import Draft, Ground
from alerts.people.volunteering import Volunteering
from alerts.store.points import Entry, Progress, Reason, add_entry
from config.handling import Deadlines
from config.reporting import Reporting as Settings
from config.reporting import Thanks
from hub.access import Principal
from hub.errors import ConflictError, NotAllowedError, NotFoundError
from tests.alerts.conftest import MakeRoom, Room
from tests.fakes.people import LI, LIN, ZHAO
from tests.fakes.stories import moment
from tests.fakes.village import HOUSE, VILLAGE, ZHOU, open_accounts

PLACES = places_of(VILLAGE)
GRID = Grid(PLACES, ())


class Office:
    """Where points are given and redeemed."""

    def __init__(self, room: Room, folder: Path) -> None:
        open_accounts(room.database, room.clock)
        self.room = room
        ground = Ground(lambda: PLACES, lambda: GRID, Settings)
        self.reporting = Reporting(room.database, room.handling, room.clock, ground=ground, photos=Photos(folder))
        self.rewarding = Rewarding(room.database, room.bus, room.clock)
        self.volunteering = Volunteering(room.database, room.bus, room.clock, thanks=Thanks)
        tasks = (thank_for_reports(Thanks),)
        self.timekeeper = Timekeeper(room.database, room.bus, room.clock, deadlines=Deadlines, tasks=tasks)

    def reports(self, client_id: str = "1", who: Principal = LI, **parts: Any) -> str:
        draft = Draft(client_id, CATEGORIES["light"], "dark", Spot(*HOUSE), **parts)
        return self.reporting.send(draft, who)[0].report.incident

    def resolves(self, incident: str, verdict: Verdict = Verdict.TRUE) -> None:
        self.room.handling.resolve(incident, LIN, verdict, cause=Cause.OTHER)
        self.timekeeper.step()

    def has(self, account: str = "li") -> int:
        return self.rewarding.statement(account)[0]

    def reasons(self, account: str = "li") -> list[tuple[Reason, int]]:
        return [(entry.reason, entry.delta) for entry in reversed(self.rewarding.statement(account)[1])]


@pytest.fixture
def office(room: Room, tmp_path: Path) -> Office:
    return Office(room, tmp_path / "reports")


def test_a_report_that_was_true_gives_points_once_and_one_that_is_opened_again_gives_them_back(office: Office) -> None:
    incident = office.reports()
    office.timekeeper.step()
    assert office.has() == 0
    office.resolves(incident)
    office.timekeeper.step()
    assert office.has() == 5
    office.room.handling.reopen(incident, LIN)
    office.timekeeper.step()
    assert office.has() == 0
    office.resolves(incident, Verdict.FALSE)
    assert office.reasons() == [(Reason.REPORT, 5), (Reason.TAKEN_BACK, -5)]
    entries = [entry for entry in office.room.journal if entry.topic == "points"]
    assert [(entry.subject, entry.move, entry.body["delta"]) for entry in entries] == [
        ("li", "report", 5),
        ("li", "taken_back", -5),
    ]


def test_what_was_spent_is_not_taken_back_and_not_given_twice(office: Office) -> None:
    incident = office.reports()
    office.resolves(incident)
    office.rewarding.redeem("li", LIN, item="soap", amount=4, key="k1")
    office.room.handling.reopen(incident, LIN)
    office.timekeeper.step()
    assert office.has() == 0
    office.resolves(incident)
    assert office.has() == 1, "4 of the 5 were kept when it was opened again"
    assert [delta for _, delta in office.reasons()] == [5, -4, -1, 1]


def test_one_matter_gives_points_once_to_each_who_reported_it(office: Office) -> None:
    incident = office.reports("1")
    assert office.reports("2") == incident
    assert office.reports("3", ZHOU) == incident
    office.resolves(incident)
    assert (office.has("li"), office.has("zhou")) == (5, 5)


def test_who_works_here_or_reports_for_others_gets_none(office: Office) -> None:
    incident = office.reports("1", ZHAO)
    office.reports("2", LI, for_name="Grandma Zhang")
    office.resolves(incident)
    assert (office.has("zhao"), office.has("li")) == (0, 0)


def test_what_was_merged_gives_points_by_what_it_went_on_in(office: Office) -> None:
    first = office.reports("1")
    office.room.clock.set(moment(7200))
    second = office.reports("2", ZHOU)
    merge(office.room.handling, second, LIN, into=first)
    office.timekeeper.step()
    assert office.has("zhou") == 0
    office.resolves(first)
    assert (office.has("li"), office.has("zhou")) == (5, 5)


def _given(office: Office, account: str, points: int) -> None:
    entry = Entry(f"test:{account}", account, points, Reason.TASK, "x", "lin", office.room.clock.now())
    office.room.database.write(lambda connection: add_entry(connection, entry))


def test_the_same_redemption_asked_for_twice_costs_once(office: Office) -> None:
    _given(office, "li", 10)
    first = office.rewarding.redeem("li", ZHAO, item="soap", amount=6, key="k1")
    assert office.rewarding.redeem("li", ZHAO, item="soap", amount=6, key="k1").at == first.at
    assert office.has() == 4
    with pytest.raises(ConflictError, match="used for soap"):
        office.rewarding.redeem("li", ZHAO, item="rice", amount=6, key="k1")
    with pytest.raises(NotAllowedError, match="li has 4 points, not 6"):
        office.rewarding.redeem("li", ZHAO, item="soap", amount=6, key="k2")
    with pytest.raises(NotAllowedError, match="somebody else"):
        office.rewarding.redeem("zhao", ZHAO, item="soap", amount=1, key="k3")
    with pytest.raises(NotFoundError):
        office.rewarding.redeem("nobody", ZHAO, item="soap", amount=1, key="k4")
    assert office.rewarding.balances() == [("li", 4)]


def test_a_task_is_offered_taken_done_confirmed_and_may_be_sent_back(office: Office) -> None:
    volunteering = office.volunteering
    task = volunteering.offer(LIN, "Sweep the square", points=8, site="square")
    assert [each.id for each in volunteering.listed(LI)] == [task.id]
    volunteering.take(task.id, LI)
    with pytest.raises(NotFoundError):
        volunteering.take(task.id, ZHOU)
    with pytest.raises(NotAllowedError, match="the task is taken"):
        volunteering.confirm(task.id, ZHAO)
    volunteering.finish(task.id, LI, "clean")
    assert volunteering.confirm(task.id, ZHAO).state is Progress.CONFIRMED
    assert office.has() == 8
    assert volunteering.send_back(task.id, LIN, "the leaves are still there").state is Progress.TAKEN
    assert office.has() == 0
    office.room.clock.set(moment(60))
    volunteering.finish(task.id, LI)
    volunteering.confirm(task.id, ZHAO)
    assert office.reasons() == [(Reason.TASK, 8), (Reason.TAKEN_BACK, -8), (Reason.TASK, 8)]
    moves = [entry.move for entry in office.room.journal if entry.topic == "task"]
    assert moves == ["offered", "taken", "done", "confirmed", "sent_back", "done", "confirmed"]


def test_nobody_confirms_what_he_did_himself_or_finishes_what_another_took(office: Office) -> None:
    volunteering = office.volunteering
    task = volunteering.offer(LIN, "Count the lamps", points=3)
    volunteering.take(task.id, ZHAO)
    with pytest.raises(NotAllowedError, match="somebody else took"):
        volunteering.finish(task.id, LIN)
    volunteering.finish(task.id, ZHAO)
    for judged in (volunteering.confirm, lambda *asked: volunteering.send_back(*asked, "no")):
        with pytest.raises(NotAllowedError, match="somebody else has to"):
            judged(task.id, ZHAO)
    other = volunteering.offer(LIN, "Paint the gate", points=3, until=moment(60))
    volunteering.take(other.id, LI)
    volunteering.give_back(other.id, LI)
    office.room.clock.set(moment(61))
    with pytest.raises(NotAllowedError, match="earlier"):
        volunteering.take(other.id, ZHOU)
    assert volunteering.withdraw(other.id, LIN).state is Progress.WITHDRAWN
    assert volunteering.listed(ZHOU) == []
    with pytest.raises(NotAllowedError, match="100 points at most"):
        volunteering.offer(LIN, "Rule the village", points=101)
    with pytest.raises(NotAllowedError, match="past"):
        volunteering.offer(LIN, "Yesterday's news", points=1, until=moment(0))


@pytest.fixture
def offices(make_room: MakeRoom, tmp_path: Path) -> Callable[[], Office]:
    office = Office(make_room(), tmp_path)
    return lambda: office


STEPS = st.lists(st.sampled_from(["resolve", "false", "reopen", "redeem", "pass"]), max_size=12)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_whatever_happens_a_balance_is_the_sum_of_its_entries_and_not_below_zero(
    offices: Callable[[], Office], steps: list[str]
) -> None:
    office = offices()
    office.room.clock.set(office.room.clock.now() + timedelta(days=1))
    incident = office.reports(f"{office.room.clock.now()}")
    for number, step in enumerate(steps):
        try:
            if step == "resolve":
                office.room.handling.resolve(incident, LIN, Verdict.TRUE)
            elif step == "false":
                office.room.handling.resolve(incident, LIN, Verdict.FALSE, cause=Cause.OTHER)
            elif step == "reopen":
                office.room.handling.reopen(incident, LIN)
            elif step == "redeem":
                office.rewarding.redeem("li", LIN, item="soap", amount=3, key=f"{incident}{number}")
            else:
                office.timekeeper.step()
        except NotAllowedError:
            continue
        total, entries = office.rewarding.statement("li", limit=1000)
        assert total == sum(entry.delta for entry in entries) >= 0
        assert sum(entry.delta for entry in entries if entry.reason is not Reason.REDEEMED) <= 5 * len(
            {entry.ref for entry in entries if entry.reason is Reason.REPORT}
        )
