"""What a worker told a hub that died, or tells as it ends itself, is stored all the same."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cameras.link import VERSION
from cameras.link_words import Assign, Setup
from cameras.supervision.keeper import Keeper, Listeners
from cameras.supervisor import Supervisor
from config.community import Camera, Community, Site, Stream
from config.machine import Machine, Workers
from hub.clock import SystemClock
from hub.events import Event
from tests.fakes.networks import HERE
from tests.fakes.waiting import until

COMMAND = (sys.executable, "-m", "tests.fakes.worker_program")
ROOT = Path(__file__).parent.parent.parent

LOCKED_HUB = """
import sys, threading
from cameras.supervisor import Supervisor
from config.community import Community
from config.machine import Machine
from hub.clock import SystemClock

def refuse(events):
    print(*(f"{event.source}:{event.fields.get('state')}" for event in events), flush=True)
    if any(event.source == "gate" for event in events):
        raise RuntimeError("the database is locked")

machine, community, *command = sys.argv[1:]
supervisor = Supervisor(Machine.model_validate_json(machine), SystemClock(), refuse, command=command)
supervisor.apply(Community.model_validate_json(community))
supervisor.start()
threading.Event().wait()
"""

ENDING_WORKER = """
import os, socket, sys
from datetime import UTC, datetime
from cameras.link import VERSION, Link, Observed, Ready
from hub.events import Event, Phase

link = Link(socket.socket(fileno=int(sys.argv[-1])))
link.receive()
link.send(Ready(VERSION, os.getpid(), ()))
at = datetime(2026, 5, 1, tzinfo=UTC)
for number in range(3):
    of = {"kind": "camera.motion", "source": "gate", "camera": "gate", "driver": "fake", "phase": Phase.BEGAN}
    link.send(Observed((Event(id=f"e{number}", at=at, arrived=at, **of),)))
link.close()
"""


@pytest.fixture
def left(tmp_path: Path) -> Iterator[Path]:
    """A data folder; workers that are left there go in the end."""
    yield tmp_path
    for path in tmp_path.glob("pid-*"):
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(path.name.removeprefix("pid-")), signal.SIGKILL)


def test_what_a_hub_could_not_store_before_it_was_killed_is_told_to_the_next_one(left: Path) -> None:
    """A camera says only once that it is offline, and the hub that heard it has a locked database."""
    machine = Machine(data=left, workers=Workers(count=1, linger_s=30), networks=HERE)
    gate = Camera(id="gate", site="yard", main=Stream(url="rtsp://127.0.0.1:1/x"))
    community = Community(sites=(Site(id="yard", name="Yard"),), cameras=(gate,))
    arguments = [sys.executable, "-c", LOCKED_HUB, machine.model_dump_json(), community.model_dump_json(), *COMMAND]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, cwd=ROOT, text=True) as hub:
        assert hub.stdout is not None
        while "gate:offline" not in hub.stdout.readline():
            assert hub.poll() is None
        for task in Path(f"/proc/{hub.pid}/task").iterdir():
            for pid in (task / "children").read_text().split():
                (left / f"pid-{pid}").touch()
        hub.kill()
    heard: list[Event] = []
    supervisor = Supervisor(machine, SystemClock(), heard.extend, command=COMMAND)
    supervisor.apply(community)
    supervisor.start()
    try:
        told = until(lambda: [event for event in list(heard) if event.source == "gate"], what="it is told again")
        assert told[0].fields["state"] == "offline"
        assert len({event.id for event in told}) == len(told)
        assert (left / f"pid-{supervisor.workers()[0].pid}").exists()
    finally:
        supervisor.stop()


def test_a_worker_that_ends_and_hears_no_answer_is_heard_to_its_end() -> None:
    """It told three batches and was gone before the first was stored."""
    heard: list[str] = []

    def take(events: list[Event]) -> None:
        process = until(lambda: keeper.status.pid, what="its number")
        until(lambda: ended(process), what="its end")
        heard.extend(event.id for event in events)

    keeper = Keeper(
        Setup(VERSION, "worker-0", {}),
        clock=SystemClock(),
        listeners=Listeners(take, lambda _: None, lambda *_: None, lambda *_: None, lambda _: None, lambda *_: None),
        command=(sys.executable, "-c", ENDING_WORKER),
    )
    keeper.assign(Assign({"id": "gate", "site": "yard"}, None))
    keeper.unassign("gate")  # what it saw before is still its own
    keeper.start()
    try:
        until(lambda: len(heard) >= 3, what="all three")
        assert heard[:3] == ["e0", "e1", "e2"]
    finally:
        keeper.stop()


def ended(pid: int) -> bool:
    """Whether the process is gone, or only waits to be reaped."""
    with contextlib.suppress(FileNotFoundError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    return True
