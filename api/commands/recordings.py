"""`hub recordings`: what is recorded, and whether catalogue and files agree."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

import typer

from api.commands import evidence, export
from api.history import moment_of
from api.storage import database_of
from cameras.recordings.keeping.catalog import Catalog
from cameras.recordings.keeping.check import Check, Difference, Kind, Progress
from cameras.recordings.keeping.holdings import Holdings, Total
from cameras.recordings.keeping.shelves import Shelves
from cameras.recordings.keeping.timeline import Timeline
from cameras.recordings.media import StreamName
from config.load import load_machine
from config.machine import Machine
from hub.clock import SystemClock
from hub.events import time_to_text

app = typer.Typer(no_args_is_help=True, help="Recordings: what there is, and whether it is whole.")

MachineFile = Annotated[
    Path | None, typer.Option("--machine", metavar="F", help="machine.yaml; without it the defaults.")
]
DataFolder = Annotated[Path | None, typer.Option("--data", metavar="DIR", help="Data folder, instead of the file's.")]
Form = Annotated[Literal["json", "text"], typer.Option("--format", help="For a program, or for people.")]

_GB = 1_000_000_000


_EXPORT = "Example: hub recordings export gate --from 2026-11-22T06:00Z --to 2026-11-22T06:05Z -o gate.mp4"
app.command("export", epilog=_EXPORT)(export.export)
app.command("verify", epilog="Example: hub recordings verify evidence-12.zip --key SHA256:...")(evidence.verify)
app.command("key", epilog="Example: hub recordings key --data /var/lib/hub")(evidence.show_key)


@app.callback()
def group() -> None:
    """Recordings: what there is, and whether it is whole."""


@app.command("check", epilog="Example: hub recordings check --data /var/lib/hub")
def check(machine: MachineFile = None, data: DataFolder = None, form: Form = "text") -> None:
    """Read every recorded file and make the catalogue say what the files say, while the hub does not run.

    Without a catalogue it is made anew. Exit 1 when something differed or cannot be played.
    """
    settings = _settings(machine, data)
    clock = SystemClock()
    shelves = Shelves(settings.recording_disks, memory=settings.data / "disks", clock=clock)
    away = [disk.id for disk in shelves.disks if not shelves.is_there(disk.id)]
    for disk in away:
        typer.echo(f"look: the disk {disk} is not there; what lies on it is left as it is known", err=True)
    database = database_of(settings, clock)
    database.start()
    try:
        holdings, progress, kinds = Holdings(database), Progress(tell=_say_progress), Counter[str]()
        checking = Check(Catalog(database, shelves.folders), holdings, shelves)
        for difference in checking.everything(progress):
            kinds[difference.kind.value] += 1
            typer.echo(
                _line(difference) if form == "text" else json.dumps({"type": "difference", **asdict(difference)})
            )
        totals = holdings.totals()
    finally:
        database.stop()
    for disk in sorted(checking.skipped - set(away)):
        typer.echo(f"look: the disk {disk} went before all of it was read; check again", err=True)
    away += sorted(checking.skipped - set(away))
    segments, size_bytes = sum(each.segments for each in totals), sum(each.size_bytes for each in totals)
    if form == "json":
        summary = {"type": "summary", "files": progress.files, "segments": segments, "size_bytes": size_bytes}
        typer.echo(json.dumps({**summary, "differences": kinds, "away": away}))
    else:
        typer.echo(f"{progress.files} files read, {segments} segments in the catalogue, {size_bytes / _GB:.1f} GB")
        typer.echo(", ".join(f"{number} {kind}" for kind, number in kinds.items()) or "nothing differed")
    raise typer.Exit(1 if kinds or away else 0)


@app.command("list", epilog="Example: hub recordings list --camera gate --from 2026-11-22T00:00Z")
def list_recordings(
    *,
    camera: Annotated[str | None, typer.Option("--camera", metavar="ID", help="Its ranges and gaps.")] = None,
    stream: Annotated[StreamName, typer.Option("--stream", help="Which of its streams.")] = StreamName.MAIN,
    since: Annotated[str | None, typer.Option("--from", metavar="TIME", help="Without it a day before.")] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="TIME", help="Without it now.")] = None,
    machine: MachineFile = None,
    data: DataFolder = None,
    form: Form = "text",
) -> None:
    """How much of every camera is recorded; of one camera when, and what is missing and why.

    The hub may run meanwhile: its database is only read.
    """
    settings = _settings(machine, data)
    end = moment_of(until, "--to") or SystemClock().now()
    start = moment_of(since, "--from") or end - timedelta(days=1)
    database = database_of(settings, SystemClock())
    database.look()
    try:
        if camera is None:
            _say_totals(Holdings(database).totals(), form)
        else:
            folders = {disk.id: disk.path for disk in settings.recording_disks}
            _say_timeline(Catalog(database, folders).ranges(camera, stream, start, end), form)
    finally:
        database.stop()


def _say_totals(totals: Sequence[Total], form: str) -> None:
    for total in totals:
        if form == "json":
            typer.echo(json.dumps({**asdict(total), "type": "total"}, ensure_ascii=False))
        else:
            place = f"{total.site}/{total.camera}/{total.stream}"
            typer.echo(f"{place:40} {total.disk:10} {total.segments:8} files {total.size_bytes / _GB:10.2f} GB")


def _say_timeline(line: Timeline, form: str) -> None:
    told: list[tuple[datetime, datetime, str, dict[str, object]]] = [
        (one.start, one.end, "range", {"size_bytes": one.size_bytes, "missing_s": one.missing_s, "open": one.is_open})
        for one in line.ranges
    ]
    told += [(gap.start, gap.end, "gap", {"because": gap.because.value, "lasts": gap.lasts}) for gap in line.gaps]
    for start, end, what, more in sorted(told, key=lambda each: each[0]):
        if form == "json":
            typer.echo(json.dumps({"type": what, "from": time_to_text(start), "to": time_to_text(end), **more}))
        else:
            words = more["because"] if what == "gap" else f"{more['size_bytes']} bytes"
            typer.echo(f"{time_to_text(start)} {time_to_text(end)} {what:6} {words}")


def _settings(file: Path | None, data: Path | None) -> Machine:
    machine = load_machine(file)
    return machine if data is None else machine.model_copy(update={"data": data})


def _say_progress(progress: Progress) -> None:
    """On a terminal, how far it is."""
    if sys.stderr.isatty():
        typer.echo(
            f"\r{progress.files} files, stream {progress.streams + 1} of {progress.of_streams} ", nl=False, err=True
        )


def _line(difference: Difference) -> str:
    more = f", {difference.cut_bytes} bytes cut" if difference.kind is Kind.TORN else ""
    detail = f" ({difference.detail})" if difference.detail else ""
    return f"{difference.kind.value:8} {difference.disk}: {difference.path}{more}{detail}"
