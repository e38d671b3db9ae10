"""Claims about plates of followed vehicles and the lists that they are compared with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cameras.vision.following.tracking import Track
from cameras.vision.following.zones import PERSON, VEHICLE, Watched
from cameras.vision.plates.reading import Read
from cameras.vision.plates.watch import PlateSeen, PlateWatch
from cameras.vision.reporting import Reporter
from config.community import Camera
from config.plates import HeldPlates
from hub.events import Event, Phase
from hub.geometry import Box
from tests.fakes.clocks import SetClock

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
CAMERA = Camera.model_validate({"id": "gate", "site": "yard", "url": "rtsp://h/1"})
CAR = Box(0.3, 0.3, 0.4, 0.4)
PLATE_BOX = Box(0.45, 0.6, 0.1, 0.04)

STOLEN = HeldPlates(
    id="stolen",
    kind="watch",
    owner="Officer Wang",
    reason="Notice 117",
    ends=START + timedelta(hours=1),
    plates=frozenset({"豫ERU586"}),
)
OURS = HeldPlates(id="ours", kind="resident", owner="Committee", reason="Agreed", plates=frozenset({"川A8H458"}))


def vehicle(name: str = "t1", box: Box = CAR, *, kind: str = VEHICLE) -> Watched:
    return Watched(Track(name, "car", 0.9, box, 0.0, box, 0.0, 0.0, confirmed=True), kind, "objects")


def seen(text: str, *, readers: tuple[str, ...] = ("plates", "print"), weight: float = 0.95) -> PlateSeen:
    reads = tuple(Read(reader, text, (weight,) * len(text), 1) for reader in readers)
    return PlateSeen("plate", 0.9, PLATE_BOX, reads=reads, width_px=90)


class Gate:
    """A camera at which time goes on by half a second a look."""

    def __init__(self, *lists: HeldPlates) -> None:
        self.watch = PlateWatch(Reporter(CAMERA, area="east", clock=SetClock(START)), lists)
        self.at_s = 0.0

    def look(
        self, *plates: PlateSeen, vehicles: tuple[Watched, ...] = (vehicle(),), after_s: float = 0.5
    ) -> list[Event]:
        self.at_s += after_s
        return self.watch.update(plates, vehicles, self.at_s, at=START + timedelta(seconds=self.at_s))


def test_a_plate_on_a_watch_list_is_told_with_its_list_and_what_was_read() -> None:
    (event,) = Gate(STOLEN).look(seen("豫E·RU586"))
    assert (event.kind, event.phase, event.box) == ("camera.plate", Phase.BEGAN, PLATE_BOX)
    assert (event.camera, event.site, event.area) == ("gate", "yard", "east")
    assert event.confidence == pytest.approx(0.95)
    assert dict(event.fields) == {
        "list_kind": "watch",
        "match": "exact",
        "list": "stolen",
        "owner": "Officer Wang",
        "reason": "Notice 117",
        "listed": "豫ERU586",
        "plate": "豫ERU586",
        "plate_kind": "civil",
        "reads": 2,
        "plates_reads": 1,
        "print_reads": 1,
        "changed": 0,
        "score": 0.95,
        "width_px": 90,
        "vehicle": "t1",
    }


def test_a_listed_vehicle_is_the_same_subject_after_it_was_lost_and_in_another_camera() -> None:
    gate, lane = Gate(STOLEN), Gate(OURS, STOLEN)
    (first,) = gate.look(seen("豫ERU586"))
    (ended,) = gate.look(vehicles=(), after_s=6)
    (again,) = gate.look(seen("豫ERU586"), vehicles=(vehicle("t2"),))
    (misread,) = lane.look(seen("豫ERU566"))
    assert first.subject is not None
    assert {each.subject for each in (first, ended, again, misread)} == {first.subject}
    assert "豫ERU586" not in first.subject
    assert [each.fields["vehicle"] for each in (first, ended, again)] == ["t1", "t1", "t2"]
    both = STOLEN.model_copy(update={"plates": frozenset({"豫ERU586", "京A12345"})})
    (other,) = Gate(both).look(seen("京A12345"))
    assert other.subject != first.subject


def test_one_reader_alone_has_to_read_it_four_times() -> None:
    gate = Gate(STOLEN)
    for _ in range(3):
        assert gate.look(seen("豫ERU586", readers=("plates",))) == []
    assert [event.phase for event in gate.look(seen("豫ERU586", readers=("plates",)))] == [Phase.BEGAN]


def test_a_plate_that_differs_in_one_character_is_possible_at_half_the_confidence() -> None:
    (event,) = Gate(STOLEN).look(seen("豫ERU566"))
    assert (event.fields["match"], event.fields["listed"], event.fields["plate"]) == (
        "possible",
        "豫ERU586",
        "豫ERU566",
    )
    assert event.confidence == pytest.approx(0.475)


@pytest.mark.parametrize("text", ["豫ERU955", "豫FRU566", "豫ERU5866", "京A12345"])
def test_a_plate_that_differs_in_more_is_none(text: str) -> None:
    assert Gate(STOLEN).look(seen(text)) == []


def test_who_belongs_here_is_never_told_even_when_misread() -> None:
    assert Gate(STOLEN, OURS).look(seen("川A8H458")) == []
    assert Gate(STOLEN, OURS).look(seen("川A8H459")) == []


def test_a_resident_one_character_from_a_wanted_plate_is_no_suspect() -> None:
    near = OURS.model_copy(update={"plates": frozenset({"豫ERU566"})})
    assert Gate(STOLEN, near).look(seen("豫ERU566")) == []
    assert [event.fields["match"] for event in Gate(STOLEN, near).look(seen("豫ERU586"))] == ["exact"]
    assert Gate(STOLEN, near).look(seen("豫ERU568")) == []


def test_a_stranger_is_told_shortened_where_it_is_known_who_belongs() -> None:
    (event,) = Gate(OURS).look(seen("京A12345"))
    assert event.subject == "t1"
    assert (event.fields["list_kind"], event.fields["match"], event.fields["plate"]) == ("none", "none", "京A····5")
    assert not {"list", "listed", "owner", "reason"} & set(event.fields)
    assert "京A12345" not in str(event)


def test_without_a_list_of_who_belongs_a_stranger_is_nobody() -> None:
    assert Gate(STOLEN).look(seen("京A12345")) == []
    assert Gate().look(seen("京A12345")) == []


def test_a_list_is_compared_only_while_it_holds_and_its_end_is_told() -> None:
    gate = Gate(STOLEN)
    gate.look(vehicles=())
    assert gate.watch.trouble is None
    assert gate.look(seen("豫ERU586"), after_s=3600) == []
    assert gate.watch.trouble is not None
    assert gate.watch.trouble == "the plate list stolen is over and compared with nothing"
    later = STOLEN.model_copy(update={"begins": START + timedelta(minutes=1)})
    gate = Gate(later)
    assert gate.look(seen("豫ERU586")) == []
    assert [event.phase for event in gate.look(seen("豫ERU586"), after_s=60)] == [Phase.BEGAN]


def test_what_lasts_is_said_again_and_ends_with_the_vehicle() -> None:
    gate = Gate(STOLEN)
    gate.look(seen("豫ERU586"))
    assert gate.look() == []
    assert [event.phase for event in gate.look(after_s=10)] == [Phase.GOES_ON]
    assert gate.look(vehicles=()) == []
    assert [event.phase for event in gate.look(vehicles=(), after_s=6)] == [Phase.ENDED]
    assert gate.look(vehicles=(), after_s=60) == []


def test_another_scene_ends_what_was_told_and_forgets_what_was_read() -> None:
    gate = Gate(STOLEN)
    gate.look(seen("豫ERU586"))
    assert [event.phase for event in gate.watch.end(START)] == [Phase.ENDED]
    assert gate.watch.end(START) == []
    assert gate.look(seen("豫ERU586", readers=("print",))) == []


def test_later_reads_may_take_back_what_was_told() -> None:
    gate = Gate(STOLEN)
    assert [event.fields["match"] for event in gate.look(seen("豫ERU566", weight=0.6))] == ["possible"]
    told = gate.look(*[seen("豫ERU586", weight=0.99)] * 3)
    assert [(event.phase, event.fields["match"]) for event in told] == [
        (Phase.ENDED, "possible"),
        (Phase.BEGAN, "exact"),
    ]


def test_two_vehicles_have_their_own_votes() -> None:
    other = vehicle("t2", Box(0.0, 0.3, 0.25, 0.3))
    gate = Gate(STOLEN)
    assert gate.look(seen("豫ERU586", readers=("plates",)), vehicles=(vehicle(), other)) == []
    aside = PlateSeen("plate", 0.9, Box(0.1, 0.5, 0.06, 0.02), reads=seen("豫ERU586", readers=("print",)).reads)
    assert gate.look(aside, vehicles=(vehicle(), other)) == []


def test_a_plate_on_no_vehicle_is_nobodys() -> None:
    assert Gate(STOLEN).look(seen("豫ERU586"), vehicles=(vehicle(kind=PERSON),)) == []
    assert Gate(STOLEN).look(seen("豫ERU586"), vehicles=(vehicle(box=Box(0.0, 0.0, 0.2, 0.2)),)) == []
