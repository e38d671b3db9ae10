"""`hub sensors`: what can be done for sensors in the store of a hub that does not run."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

import typer

from api.history import moment_of
from api.storage import database_of
from config.load import load_machine
from hub.bus import Bus
from hub.clock import SystemClock
from hub.errors import StoreError
from hub.sensors.admission import Message
from hub.sensors.backfill import Backfill
from hub.sensors.formats import load_formats
from hub.sensors.intake import Door
from hub.store.announcements import Announcements
from hub.store.event_log import EventLog
from hub.store.raw_messages import RawMessages
from hub.store.revisions import Revisions

app = typer.Typer(no_args_is_help=True, help="Sensors; while the hub runs, use its API instead.")

_SPAN = re.compile(r"(\d{1,4})([dh])")

MachineFile = Annotated[
    Path | None, typer.Option("--machine", metavar="F", help="machine.yaml; without it the defaults.")
]
DataFolder = Annotated[Path | None, typer.Option("--data", metavar="DIR", help="Data folder, instead of the file's.")]


@app.callback()
def group() -> None:
    """Sensors; while the hub runs, use its API instead."""


@app.command(epilog="Example: hub sensors backfill --since 3d")
def backfill(
    since: Annotated[
        str | None, typer.Option("--since", metavar="TIME", help="Only what arrived since then; or 3d, 12h. Else all.")
    ] = None,
    machine: MachineFile = None,
    data: DataFolder = None,
    form: Annotated[Literal["json", "text"], typer.Option("--format", help="For a program, or for people.")] = "text",
) -> None:
    """Read again, with the sensors and maps of now, the messages that nobody could place when they came."""
    settings = load_machine(machine)
    if data is not None:
        settings = settings.model_copy(update={"data": data})
    clock = SystemClock()
    span = _SPAN.fullmatch(since or "")
    start = moment_of(since, "--since") if span is None else clock.now() - _length(span)
    door = Door(load_formats(settings.payloads).build())
    database = database_of(settings, clock)
    try:
        database.start()
    except StoreError as error:
        message = f"{error}; while the hub runs, POST /api/v1/sensors/backfill does the same"
        raise StoreError(message) from error
    total = {"read": 0, "taken": 0, "events": 0, "readings": 0}
    left: Counter[str] = Counter()
    try:
        door.apply(Revisions(database, clock).current())
        for topic, payload in Announcements(database).load():  # by which a discovering format knows its devices
            door.admit(Message(topic, payload, retained=True, arrived=clock.now()))
        reader = Backfill(door, RawMessages(database), EventLog(database, Bus()))
        last, more = 0, True
        while more:
            report = reader.run(since=start, after=last)
            last, more = report.last, report.more
            left += report.left
            for name in total:
                total[name] += getattr(report, name)
    finally:
        database.stop()
    if form == "json":
        typer.echo(json.dumps({**total, "left": dict(left)}))
        return
    typer.echo(
        f"{total['read']} messages read, {total['taken']} taken: {total['events']} events, {total['readings']} readings"
    )
    for reason, number in left.most_common():
        typer.echo(f"left: {number} {reason}")


def _length(span: re.Match[str]) -> timedelta:
    number = int(span[1])
    return timedelta(days=number) if span[2] == "d" else timedelta(hours=number)
