"""What cameras notice arrives as Events, survives their restarts, and disturbs nobody; cameras are turned on demand."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from cameras.moves import Moved, MoveWanted
from cameras.onvif.ptz import Turning
from cameras.reaching import Problem
from cameras.running.noticing import Noticing, Pace, _Camera
from cameras.running.task import Task
from cameras.supervisor import Supervisor
from config.analysing import Analyse
from config.community import Camera, Community, Site, Stream
from config.machine import Machine, Workers
from config.onvif import Onvif
from config.secrets import Secret
from hub.clock import SystemClock
from hub.events import Event
from hub.networks import Allowed
from tests.fakes.networks import HERE
from tests.fakes.onvif_camera import FakeProfile, OnvifCamera
from tests.fakes.waiting import until

FAST = Pace(wait_s=2.0, life_s=20.0, first_s=0.05, longest_s=0.2, login_s=0.3, none_s=0.3, least_s=0.02)
TURNS = FakeProfile("main", "rtsp://127.0.0.1:1/x", 1920, 1080, turns=True)
TAMPER = "RuleEngine/TamperDetector/Tamper"


class Told:
    def __init__(self) -> None:
        self.events: list[Event] = []
        self.moved: dict[int, Moved] = {}

    def take(self, events: Sequence[Event]) -> None:
        self.events += events

    def answer(self, moved: Moved) -> None:
        self.moved[moved.request] = moved

    def said(self, kind: str) -> list[object]:
        return [next(iter(event.fields.values())) for event in list(self.events) if event.kind == kind]


def camera_of(fake: OnvifCamera, camera_id: str = "gate", *, password: str = "s3cret", **more: object) -> Camera:  # noqa: S107
    onvif = Onvif(url=fake.url, username="hub", password=Secret(password))
    stream = Stream(url="rtsp://127.0.0.1:1/x")
    return Camera.model_validate({"id": camera_id, "site": "yard", "main": stream, "onvif": onvif, **more})


@contextmanager
def noticing(pace: Pace = FAST) -> Iterator[tuple[Noticing, Told]]:
    told = Told()
    made = Noticing(Allowed.of(("loopback",)), SystemClock(), emit=told.take, answer=told.answer, pace=pace)
    yield made, told
    made.stop()


def test_what_a_camera_notices_is_told_with_place_and_source() -> None:
    with OnvifCamera() as fake, noticing() as (made, told):
        made.assign(Task(camera_of(fake), "village"))
        until(lambda: fake.listeners, what="a subscription")
        fake.tell(TAMPER, {"IsTamper": "true"})
        fake.tell("Device/Trigger/DigitalInput", {"LogicalState": "true"}, {"InputToken": "in-1"})
        until(lambda: len(told.events) == 2, what="both")
        tamper, switch = told.events
        assert (tamper.kind, tamper.fields, tamper.source) == ("tamper", {"tamper": True}, "gate")
        assert (tamper.site, tamper.area, tamper.camera, tamper.driver) == ("yard", "village", "gate", "onvif")
        assert (switch.kind, switch.fields, switch.subject) == ("switch", {"on": True}, "in-1")
        assert made.troubles("gate") == {}


def test_a_camera_that_restarts_is_listened_to_again_and_what_it_repeats_is_not_told_twice() -> None:
    with OnvifCamera() as fake, noticing() as (made, told):
        made.assign(Task(camera_of(fake), None))
        until(lambda: fake.listeners, what="a subscription")
        fake.tell(TAMPER, {"IsTamper": "true"})
        until(lambda: told.events, what="the first")
        fake.restart()
        until(lambda: fake.listeners, what="another subscription")
        fake.tell(TAMPER, {"IsTamper": "true"})
        fake.tell(TAMPER, {"IsTamper": "false"})
        until(lambda: len(told.events) > 1, what="the end")
        assert told.said("tamper") == [True, False]
        assert fake.asked.count("CreatePullPointSubscription") == 2


def test_what_became_so_while_nobody_listened_is_told() -> None:
    with OnvifCamera() as fake, noticing() as (made, told):
        fake.tell(TAMPER, {"IsTamper": "true"})
        made.assign(Task(camera_of(fake), None))
        until(lambda: told.said("tamper") == [True], what="the state")


def test_a_subscription_is_renewed_in_time() -> None:
    pace = Pace(wait_s=1.0, life_s=5.0, first_s=0.05, longest_s=0.2, least_s=0.02)
    with OnvifCamera() as fake, noticing(pace) as (made, _):
        made.assign(Task(camera_of(fake), None))
        until(lambda: "Renew" in fake.asked, what="a renewal", timeout_s=15.0)
        assert fake.asked.count("CreatePullPointSubscription") == 1


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda fake: setattr(fake, "password", "another"), Problem.WRONG_PASSWORD),
        (lambda fake: fake.services.remove("events"), Problem.UNSUPPORTED),
        (lambda fake: setattr(fake, "after", lambda _: b"<html/>"), Problem.NOT_A_CAMERA),
    ],
    ids=["password", "no events", "another device"],
)
def test_what_does_not_work_stands_in_the_troubles_until_it_does(
    spoil: Callable[[OnvifCamera], None], problem: Problem
) -> None:
    with OnvifCamera() as fake, noticing() as (made, told):
        password, services = fake.password, list(fake.services)
        spoil(fake)
        made.assign(Task(camera_of(fake), None))
        until(lambda: made.troubles("gate").get("onvif", "").startswith(problem), what=problem)
        fake.password, fake.services, fake.after = password, services, lambda _: None
        until(lambda: fake.listeners, what="a subscription")
        fake.tell(TAMPER, {"IsTamper": "true"})
        until(lambda: told.events and not made.troubles("gate"), what="that it works")


def test_a_camera_that_is_taken_away_is_let_go_and_its_states_end() -> None:
    with OnvifCamera() as fake, noticing() as (made, told):
        made.assign(Task(camera_of(fake), None))
        until(lambda: fake.listeners, what="a subscription")
        fake.tell(TAMPER, {"IsTamper": "true"})
        until(lambda: told.events, what="the first")
        made.remove("gate")
        until(lambda: not fake.listeners, what="that it is let go")
        until(lambda: told.said("tamper") == [True, False], what="the end")


def test_a_change_that_does_not_concern_it_leaves_the_subscription() -> None:
    with OnvifCamera() as fake, noticing() as (made, _):
        made.assign(Task(camera_of(fake), None))
        until(lambda: fake.listeners, what="a subscription")
        made.assign(Task(camera_of(fake, name="Gate"), None))
        made.assign(Task(camera_of(fake, view=3), None))
        assert fake.asked.count("CreatePullPointSubscription") == 1


@pytest.mark.parametrize(
    ("analyse", "kinds"),
    [
        (Analyse.ALL, ["camera.motion", "camera.onvif_event", "switch", "tamper"]),
        (Analyse.SAFETY, ["switch", "tamper"]),
        (Analyse.NOTHING, ["switch"]),
    ],
)
def test_what_a_household_does_not_want_looked_at_the_camera_does_not_tell_either(
    analyse: Analyse, kinds: list[str]
) -> None:
    with OnvifCamera() as fake, noticing() as (made, told):
        made.assign(Task(camera_of(fake, analyse=analyse), None))
        until(lambda: fake.listeners, what="a subscription")
        fake.tell("VideoSource/MotionAlarm", {"State": "true"})
        fake.tell("Somebody/Is/There", {"Who": "x"}, op="")
        fake.tell(TAMPER, {"IsTamper": "true"})
        fake.tell("Device/Trigger/DigitalInput", {"LogicalState": "true"})
        until(lambda: "switch" in {event.kind for event in told.events}, what="the last")
        assert sorted(event.kind for event in told.events) == kinds


def test_moves_are_answered_while_it_listens() -> None:
    with OnvifCamera((TURNS,)) as fake, noticing() as (made, told):
        made.assign(Task(camera_of(fake), None))
        wishes = [
            MoveWanted(1, "gate", "store", name="Pond"),
            MoveWanted(2, "gate", "presets"),
            MoveWanted(3, "gate", "go", preset="p1"),
            MoveWanted(4, "gate", "move", pan=0.5, for_s=2.0),
            MoveWanted(5, "gate", "position"),
            MoveWanted(6, "gate", "stop"),
            MoveWanted(7, "gate", "remove", preset="p9"),
            MoveWanted(8, "gate", "jump"),
            MoveWanted(9, "nobody", "stop"),
        ]
        for wish in wishes:
            made.move(wish)
            until(lambda wish=wish: wish.request in told.moved, what=wish.move)  # type: ignore[misc]
        moved = told.moved
        assert [moved[number].problem for number in range(1, 10)] == [
            None, None, None, None, None, None, "wrong_path", "unsupported", "unsupported",
        ]  # fmt: skip
        assert moved[2].presets == ((moved[1].preset, "Pond"),)
        assert moved[5].moving
        assert fake.turned.told == ["go Pond", "move {'x': '0.500', 'y': '0.000'} None PT2.0S", "stop"]


def test_a_camera_that_hangs_keeps_no_other_from_being_turned() -> None:
    released = threading.Event()

    def hang(_question: str) -> bytes | None:
        released.wait(5.0)
        return b""

    with OnvifCamera((TURNS,), after=hang) as stuck, OnvifCamera((TURNS,)) as fine, noticing() as (made, told):
        made.assign(Task(camera_of(stuck, "stuck"), None))
        made.assign(Task(camera_of(fine, "fine"), None))
        for number in range(12):
            made.move(MoveWanted(number, "stuck", "presets"))
        made.move(MoveWanted(100, "fine", "stop"))
        assert until(lambda: told.moved.get(100), what="the other").problem is None
        assert until(lambda: told.moved.get(11), what="one too many").problem == "busy"
        released.set()


def test_through_the_supervisor_a_worker_listens_and_turns(tmp_path: Path) -> None:
    told: list[Event] = []
    machine = Machine(data=tmp_path, workers=Workers(count=1, linger_s=0), networks=HERE)
    command = (sys.executable, "-m", "tests.fakes.worker_program")
    with OnvifCamera((TURNS,)) as fake:
        cameras = (camera_of(fake), Camera(id="fixed", site="yard", main=Stream(url="rtsp://127.0.0.1:1/x")))
        supervisor = Supervisor(machine, SystemClock(), told.extend, command=command)
        supervisor.apply(Community(sites=(Site(id="yard", name="Yard", area="village"),), cameras=cameras))
        supervisor.start()
        try:
            until(lambda: fake.listeners, what="a subscription", timeout_s=30.0)
            fake.tell(TAMPER, {"IsTamper": "true"})
            found = until(lambda: [event for event in told if event.kind == "tamper"], what="the event")
            assert (found[0].source, found[0].area) == ("gate", "village")
            stored = supervisor.move("gate", MoveWanted(0, "", "store", name="Pond"))
            assert stored.problem is None
            assert supervisor.move("gate", MoveWanted(0, "", "presets")).presets == ((stored.preset, "Pond"),)
            assert supervisor.move("fixed", MoveWanted(0, "", "stop")).problem == "unsupported"
            assert supervisor.move("nobody", MoveWanted(0, "", "stop")).problem == "gone"
            fake.password = "another"
            fake.restart()
            status = {each.camera: each for each in supervisor.status()}
            assert "onvif" not in status["fixed"].troubles
            until(
                lambda: any("wrong_password" in each.troubles.get("onvif", "") for each in supervisor.status()),
                what="the trouble in the status",
            )
        finally:
            supervisor.stop()


def test_states_of_a_camera_that_went_away_are_over_after_a_while() -> None:
    with noticing(replace(FAST, lost_s=0.5)) as (made, told):
        with OnvifCamera() as fake:
            made.assign(Task(camera_of(fake), None))
            until(lambda: fake.listeners, what="a subscription")
            fake.tell(TAMPER, {"IsTamper": "true"})
            until(lambda: told.said("tamper") == [True], what="the tampering")
        until(lambda: told.said("tamper") == [True, False], what="its end")


def test_a_password_that_was_refused_thrice_is_tried_seldom_and_a_changed_one_at_once() -> None:
    """Cameras lock their door after five to seven."""
    asked: list[str] = []

    def count(question: str) -> bytes | None:
        asked.append(question)
        return None

    with OnvifCamera(after=count) as fake, noticing(replace(FAST, login_s=0.05, locked_s=60.0)) as (made, _told):
        made.assign(Task(camera_of(fake, password="guess"), None))
        until(lambda: made.troubles("gate"), what="the refusal")
        camera = made._cameras["gate"]
        until(lambda: camera.refusals == 3, what="three refusals")
        before = len(asked)
        assert before
        assert not threading.Event().wait(1.0)
        assert (len(asked), camera.refusals) == (before, 3)
        made.assign(Task(camera_of(fake), None))
        until(lambda: fake.listeners, what="a subscription with the changed one")


def test_a_stop_comes_after_what_is_under_way_and_cancels_what_waits() -> None:
    done: list[str] = []

    class Slow:
        async def move(self, **_: float) -> None:
            await asyncio.sleep(0.2)
            done.append("move")

        async def stop(self) -> None:
            done.append("stop")

    async def all_at_once() -> list[Moved]:
        with OnvifCamera() as fake:
            camera = _Camera(Task(camera_of(fake), None), Onvif(url=fake.url))
        wanted = [MoveWanted(n, "gate", move, for_s=1.0) for n, move in enumerate(("move", "move", "stop"))]
        turning = cast("Turning", Slow())
        return await asyncio.gather(*(made._in_turn(camera, turning, each) for each in wanted))

    with noticing() as (made, _told):
        moved = asyncio.run(all_at_once())
    assert done == ["move", "stop"]
    assert [each.problem for each in moved] == [None, Problem.BUSY.value, None]
