"""Doctor: whether this machine can run a hub, one verdict per line; changes nothing but one probe file it removes."""

from __future__ import annotations

import enum
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from api.certificates import certificate_there, certificate_warnings
from api.serving import warnings_of
from config.machine import EmbeddedBroker, Machine, too_seldom
from hub.clock import EARLIEST, Clock

_FREE_BYTES = 2 * 1024**3  # a month of events and stills of a village, with room to spare
_FREE_LITTLE_BYTES = 10 * 1024**3
_SLOW_COMMIT_MS = 25.0  # at 40 commits a second a storm of sensor messages still gets through
_PROBES = 20
_PROBE_S = 60.0
_ROOT = Path(__file__).resolve().parents[2]


class Verdict(enum.StrEnum):
    """What to think of a line."""

    GOOD = "good"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line.

    Attributes:
        what: What was looked at.
        verdict: Good, warning or fault.
        text: What was found, and what to do about it.
    """

    what: str
    verdict: Verdict
    text: str


def examine(machine: Machine, clock: Clock) -> Iterator[Finding]:
    """Look at everything, cheapest first."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    enough = cores > 1
    yield Finding(
        "cores",
        Verdict.GOOD if enough else Verdict.WARNING,
        f"{cores} usable, {machine.workers.count} workers" + ("" if enough else "; a village of cameras needs two"),
    )
    yield _clock(clock)
    yield from _disk(machine.data, clock)
    yield _port("http port", machine.http.host, machine.http.port)
    if isinstance(machine.broker, EmbeddedBroker):
        yield _port("mqtt port", machine.broker.host, machine.broker.port)
    yield from _reached(machine, clock)
    yield _confinement()
    yield _models(machine)
    seldom = too_seldom(machine.workers.analysis_fps)
    if seldom is not None:
        yield Finding("analysis", Verdict.WARNING, seldom)


def _clock(clock: Clock) -> Finding:
    now = clock.now()
    good = now >= EARLIEST
    zone = time.strftime("%Z")
    text = f"{now:%Y-%m-%d %H:%M:%S} UTC, this machine shows {zone}"
    return Finding("clock", Verdict.GOOD if good else Verdict.FAULT, text if good else f"{text}; set it, or start NTP")


def _disk(folder: Path, clock: Clock) -> Iterator[Finding]:
    standing = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    if not os.access(standing, os.W_OK):
        yield Finding("data folder", Verdict.FAULT, f"{folder}: {standing} is not writable by this user")
        return
    yield Finding("data folder", Verdict.GOOD, f"{folder}" + ("" if folder.exists() else " (made at the first start)"))
    free = shutil.disk_usage(standing).free
    verdict = Verdict.FAULT if free < _FREE_BYTES else Verdict.WARNING if free < _FREE_LITTLE_BYTES else Verdict.GOOD
    yield Finding("disk space", verdict, f"{free / 1024**3:.1f} GiB free")
    took_ms = _commit_ms(standing, clock)
    slow = took_ms > _SLOW_COMMIT_MS
    text = f"a commit takes about {took_ms:.1f} ms"
    yield Finding(
        "disk speed",
        Verdict.WARNING if slow else Verdict.GOOD,
        f"{text}; a sensor storm will queue, prefer an SSD" if slow else text,
    )


def _commit_ms(folder: Path, clock: Clock) -> float:
    """Milliseconds for one small write that is really on the disk, the median of some."""
    probe = folder / f".hub-doctor-{os.getpid()}"
    took: list[float] = []
    try:
        with probe.open("wb") as file:
            for _ in range(_PROBES):
                began_s = clock.monotonic_s()
                file.write(b"x" * 4096)
                file.flush()
                os.fsync(file.fileno())
                took.append((clock.monotonic_s() - began_s) * 1000)
    finally:
        probe.unlink(missing_ok=True)
    return sorted(took)[len(took) // 2]


def _port(what: str, host: str, port: int) -> Finding:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            text = f"{host}:{port}: {error.strerror}; is a hub running already? Else choose another port"
            return Finding(what, Verdict.FAULT, text)
    return Finding(what, Verdict.GOOD, f"{host}:{port} is free")


def _reached(machine: Machine, clock: Clock) -> Iterator[Finding]:
    """How others reach the hub, and its certificate."""
    for words in warnings_of(machine):
        yield Finding("https", Verdict.WARNING, words)
    if machine.http.tls is None:
        return
    found = certificate_there(machine)
    if found is not None:
        text = f"SHA-256 {found.fingerprint}, until {found.ends:%Y-%m-%d}, for {', '.join(found.names)}"
        wrong = certificate_warnings(machine, clock.now())
        yield Finding("certificate", Verdict.WARNING if wrong else Verdict.GOOD, "; ".join((text, *wrong)))
    elif machine.http.tls.self_signed:
        yield Finding("certificate", Verdict.GOOD, "made at the first start")
    else:
        yield Finding("certificate", Verdict.FAULT, f"{machine.http.tls.certificate} cannot be read")


def _confinement() -> Finding:
    """What camera workers give up here, tried in a process of its own."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory(prefix="hub-doctor-") as folder:
        command = [sys.executable, "-m", "cameras.confining.probe", folder]
        done = subprocess.run(
            command, cwd=_ROOT, env=environment, capture_output=True, text=True, timeout=_PROBE_S, check=False
        )
    try:
        missing = json.loads(done.stdout)["missing"]
    except (ValueError, KeyError):
        return Finding("confinement", Verdict.WARNING, f"cannot be tried: {done.stderr.strip()[-200:]}")
    if missing:
        return Finding(
            "confinement", Verdict.WARNING, f"camera workers are held less than they should: {'; '.join(missing)}"
        )
    return Finding("confinement", Verdict.GOOD, "camera workers reach their recordings, models and cameras alone")


def _models(machine: Machine) -> Finding:
    from cameras.vision.objects.wheel_models import lacking  # noqa: PLC0415 - goes with the others
    from cameras.vision.shared import LoadedObjects  # noqa: PLC0415 - loads an inference runtime, only needed here

    folder = machine.models_folder
    objects = LoadedObjects(folder, machine.vision)
    works = objects.model is not None
    absent = [*([] if works else [objects.trouble or "the object model is missing"]), *lacking(folder)]
    if not absent:
        return Finding("models", Verdict.GOOD, f"complete in {folder}")
    return Finding("models", Verdict.WARNING, "; ".join(absent))
