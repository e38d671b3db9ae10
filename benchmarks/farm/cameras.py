"""Cameras: as many RTSP cameras as are wanted, from a few server processes, with faults on command.

with CameraFarm(clips, cameras=159, busy=16, folder=folder) as farm:
    farm.urls("cam-7")          # {"main": ..., "sub": ...}
    farm.fault("cam-7", freeze=True)
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class FarmClips:
    """What the cameras show.

    Attributes:
        quiet: Clips in which nothing happens; cameras take them in turn.
        busy: Clips in which something always does.
        sub: Small clips for the sub streams; none without.
    """

    quiet: Sequence[Path]
    busy: Sequence[Path]
    sub: Sequence[Path] = ()


class CameraFarm:
    """Cameras `cam-1` to `cam-N` on loopback, the busy ones spread among the others."""

    def __init__(
        self, clips: FarmClips, *, cameras: int, busy: int, folder: Path, processes: int = 1, login: str = ""
    ) -> None:
        """Plan; nothing runs before `start`.

        Args:
            clips: What they show.
            cameras: How many.
            busy: How many of them show a busy clip.
            folder: For the plans of the servers.
            processes: Server processes; one serves some 300 cameras of 10 pictures a second.
            login: `name:password` that each wants; nothing is wanted without.
        """
        self._folder = folder
        self._busy = {round(number * cameras / busy) + 1 for number in range(busy)} if busy else set()
        self._ids = [f"cam-{number}" for number in range(1, cameras + 1)]
        username, _, password = login.partition(":")
        self._login = login
        self._plans: list[list[dict[str, Any]]] = [[] for _ in range(processes)]
        self._at = {name: index % processes for index, name in enumerate(self._ids)}
        for index, name in enumerate(self._ids):
            shown = clips.busy if index + 1 in self._busy else clips.quiet
            plan = {"id": name, "main": str(shown[index % len(shown)])}
            if clips.sub:
                plan["sub"] = str(clips.sub[index % len(clips.sub)])
            if login:
                plan |= {"username": username, "password": password}
            self._plans[self._at[name]].append(plan)
        self._processes: list[subprocess.Popen[str]] = []
        self._ports: list[int] = []

    @property
    def ids(self) -> list[str]:
        """All cameras."""
        return list(self._ids)

    @property
    def busy(self) -> set[str]:
        """Those that show a busy clip."""
        return {f"cam-{number}" for number in self._busy}

    @property
    def pids(self) -> list[int]:
        """The server processes, so that what they cost can be told apart."""
        return [process.pid for process in self._processes]

    def urls(self, camera: str) -> dict[str, str]:
        """The addresses of its streams, with the login in them where there is one."""
        place = self._at[camera]
        [plan] = [each for each in self._plans[place] if each["id"] == camera]
        login = f"{self._login}@" if self._login else ""
        return {
            name: f"rtsp://{login}127.0.0.1:{self._ports[place]}/{camera}/{name}"
            for name in ("main", "sub")
            if name in plan
        }

    def fault(self, camera: str = "*", **faults: Any) -> dict[str, Any]:
        """Have faults (`benchmarks.farm.faults.Faults`) at one camera or all; gives what they have sent so far."""
        places = range(len(self._processes)) if camera == "*" else [self._at[camera]]
        answers = [self._order(place, {"camera": camera, "faults": faults}) for place in places]
        return {name: sum(each[name] for each in answers) for name in answers[0]}

    def spans(self) -> dict[str, list[tuple[float, float]]]:
        """When each camera sent pictures to somebody, seconds since 1970, without pauses of more than a second."""
        found: dict[str, list[tuple[float, float]]] = {}
        for place in range(len(self._processes)):
            path = self._folder / f"spans-{place}.json"
            self._order(place, {"spans": str(path)})
            read: dict[str, list[tuple[float, float]]] = json.loads(path.read_text(encoding="utf-8"))
            found |= {name: [(begin, end) for begin, end in rows] for name, rows in read.items()}
        return found

    def _order(self, place: int, order: dict[str, Any]) -> dict[str, Any]:
        process = self._processes[place]
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(order) + "\n")
        process.stdin.flush()
        answer: dict[str, Any] = json.loads(process.stdout.readline())
        if "error" in answer:
            raise ValueError(answer["error"])
        return answer

    def start(self) -> None:
        """Start the servers."""
        for number, cameras in enumerate(self._plans):
            path = self._folder / f"farm-{number}.json"
            path.write_text(json.dumps({"cameras": cameras}), encoding="utf-8")
            process = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.farm.server", str(path)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                cwd=Path(__file__).parents[2],
            )
            self._processes.append(process)
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                raise RuntimeError("the farm did not start")
            self._ports.append(int(json.loads(line)["port"]))

    def stop(self) -> None:
        """End the servers."""
        for process in self._processes:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(10)
            if process.stdout is not None:
                process.stdout.close()
        self._processes.clear()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()
