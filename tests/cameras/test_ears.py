"""What cameras notice themselves is taken up with the first that speaks ONVIF, and costs the others nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from cameras.moves import Moved, MoveWanted
from cameras.reaching import Problem
from cameras.running.ears import Ears
from cameras.running.task import Task
from config.community import Camera, Stream
from config.onvif import Onvif

ROOT = Path(__file__).parents[2]
OF_ONVIF = ("asyncio", "ssl", "h11", "cameras.onvif.exchange", "cameras.running.noticing")


def task(*, onvif: bool) -> Task:
    speaks = Onvif(url="http://192.0.2.1/onvif") if onvif else None
    return Task(Camera(id="gate", site="yard", main=Stream(url="rtsp://192.0.2.1/1"), onvif=speaks), None)


def test_a_worker_starts_without_what_only_onvif_needs() -> None:
    """It is a tenth of its imports, and a crash is over so much sooner."""
    asked = f"import sys, cameras.worker; print([name for name in {OF_ONVIF!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"


def test_the_first_camera_that_speaks_it_takes_it_up_and_all_of_it_is_handed_on() -> None:
    did: list[str] = []

    def noted(name: str) -> Any:
        def note(*_given: object) -> dict[str, str]:
            did.append(name)
            return {"onvif": "late"}

        return note

    def make() -> Any:
        did.append("made")
        return SimpleNamespace(**{name: noted(name) for name in ("assign", "remove", "move", "troubles", "stop")})

    answers: list[Moved] = []
    ears = Ears(make, answer=answers.append)
    wanted = MoveWanted(7, "gate", "move", pan=1.0)
    ears.assign(task(onvif=False))
    ears.remove("gate")
    ears.move(wanted)
    assert ears.troubles("gate") == {}
    ears.stop()
    assert did == []
    assert [(each.request, each.problem) for each in answers] == [(7, Problem.UNSUPPORTED)]
    for each in (task(onvif=True), task(onvif=False)):
        ears.assign(each)
    ears.move(wanted)
    assert ears.troubles("gate") == {"onvif": "late"}
    ears.remove("gate")
    ears.stop()
    assert did == ["made", "assign", "assign", "move", "troubles", "remove", "stop"]
