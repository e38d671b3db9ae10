"""`hub audit`: the audit log, read, checked and taken away, whether the hub runs or not; nothing in it is changed."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from api.audit_desk import heads_of
from api.audit_table import row_of, table_of
from api.storage import database_of
from config.load import load_machine
from config.says import in_english
from hub.audit import FAULTS, Action, Outcome
from hub.audit_heads import FILE
from hub.clock import SystemClock
from hub.errors import ConfigurationError, Mistake
from hub.events import time_from_text, time_to_text
from hub.store.audit import AuditLog, Stored, Wanted

app = typer.Typer(no_args_is_help=True, help="Who saw, changed and was refused what.")

MachineFile = Annotated[
    Path | None, typer.Option("--machine", metavar="F", help="machine.yaml; without it the defaults.")
]
DataFolder = Annotated[Path | None, typer.Option("--data", metavar="DIR", help="Data folder, instead of the file's.")]
Form = Annotated[Literal["json", "text"], typer.Option("--format", help="For a program, or for people.")]
Actor = Annotated[str | None, typer.Option("--actor", metavar="NAME", help="Of this account name alone.")]
Camera = Annotated[str | None, typer.Option("--camera", metavar="ID", help="About this camera alone.")]
Since = Annotated[str | None, typer.Option("--from", metavar="TIME", help="With its zone.")]
Until = Annotated[str | None, typer.Option("--to", metavar="TIME", help="Not included.")]


@app.command("list", epilog="Example: hub audit list --camera gate-1 --from 2026-03-01T00:00:00+08:00")
def list_all(
    *,
    actor: Actor = None,
    action: Annotated[Action | None, typer.Option("--action", help="Of this kind alone.")] = None,
    camera: Camera = None,
    outcome: Annotated[Outcome | None, typer.Option("--outcome", help="That went this way alone.")] = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help="At most so many.")] = 100,
    machine: MachineFile = None,
    data: DataFolder = None,
    form: Form = "text",
) -> None:
    """List entries, the newest first."""
    wanted = Wanted(
        actor=actor,
        actions=None if action is None else (action,),
        camera=camera,
        outcome=outcome,
        since=_moment(since, "--from"),
        until=_moment(until, "--to"),
    )
    with _log(machine, data) as (log, _):
        for each in log.entries(wanted, limit=limit):
            typer.echo(json.dumps(row_of(each), ensure_ascii=False) if form == "json" else _line(each))


@app.command(epilog="Example: hub audit verify --heads /media/usb/audit-heads.jsonl --key SHA256:...")
def verify(
    *,
    heads: Annotated[
        list[Path] | None,
        typer.Option("--heads", metavar="F", help="A kept copy of audit-heads.jsonl, besides the data folder's."),
    ] = None,
    key: Annotated[
        str | None, typer.Option("--key", metavar="FINGERPRINT", help="Who must have signed the heads: SHA256:...")
    ] = None,
    machine: MachineFile = None,
    data: DataFolder = None,
    form: Form = "text",
) -> None:
    """Check that every entry fits the one before it, and the signed heads.

    Exit 1 when one was changed, is missing, was moved, when the log was cut off or made anew, or when a head is not as
    it was signed; the number of the entry is said. Without a kept copy of the heads, whoever changed the log may have
    changed them too.
    """
    with _log(machine, data) as (log, folder):
        found = [heads_of(path, key=key) for path in (folder / FILE, *(heads or ()))]
        wrong = "; ".join(problem for _, _, problem in found if problem)
        verdict = log.verify([head for some, _, _ in found for head in some])
    keys = sorted({key for _, some, _ in found for key in some})
    good = verdict.is_good and not wrong
    words = wrong if verdict.fault is None else f"entry {verdict.broken}: {FAULTS[verdict.fault]}"
    if form == "json":
        body = {
            "good": good,
            "entries": verdict.entries,
            "broken": verdict.broken,
            "fault": verdict.fault,
            "problem": words or None,
            "heads": verdict.heads,
            "keys": keys,
            "head": verdict.head.hash.hex(),
        }
        typer.echo(json.dumps(body))
    else:
        typer.echo(f"{verdict.entries} entries fit, {verdict.heads} signed heads compared")
        typer.echo(f"head: {verdict.head.number} {verdict.head.hash.hex()}")
        for each in keys:
            typer.echo(f"signed by {each}")
        typer.echo("good" if good else f"NOT good: {words}")
    raise typer.Exit(0 if good else 1)


@app.command(epilog="Example: hub audit export -o audit.csv --from 2026-03-01T00:00:00+08:00")
def export(
    *,
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="Else standard output.")] = None,
    actor: Actor = None,
    camera: Camera = None,
    since: Since = None,
    until: Until = None,
    machine: MachineFile = None,
    data: DataFolder = None,
) -> None:
    """Write entries as CSV, the oldest first."""
    wanted = Wanted(actor=actor, camera=camera, since=_moment(since, "--from"), until=_moment(until, "--to"))
    with _log(machine, data) as (log, _):
        rows = table_of(log.all_of(wanted))
        if output is None:
            for piece in rows:
                sys.stdout.buffer.write(piece)
            return
        try:
            with output.open("xb") as file:
                file.writelines(rows)
        except OSError as error:
            raise ConfigurationError(
                (Mistake(output, "", in_english(f"cannot be written: {error.strerror}")),)
            ) from error


@contextmanager
def _log(machine: Path | None, data: Path | None) -> Iterator[tuple[AuditLog, Path]]:
    settings = load_machine(machine)
    if data is not None:
        settings = settings.model_copy(update={"data": data})
    clock = SystemClock()
    database = database_of(settings, clock)
    database.look()
    try:
        yield AuditLog(database, clock), settings.data
    finally:
        database.stop()


def _moment(text: str | None, name: str) -> datetime | None:
    if text is None:
        return None
    try:
        return time_from_text(text)
    except ValueError as error:
        raise typer.BadParameter("write it as 2026-03-01T08:00:00+08:00", param_hint=name) from error


def _line(each: Stored) -> str:
    who = f"{each.actor or '-'} ({each.role})" if each.role else each.actor or "-"
    what = " ".join(word for word in (each.kind, each.id) if word)
    more = " ".join(f"{name}={value}" for name, value in each.more.items())
    words = (each.action, "" if each.outcome == Outcome.DONE else each.outcome, what, f"from {each.address or 'here'}")
    return f"{each.number:8} {time_to_text(each.at)} {who}: {' '.join(word for word in words if word)} {more}".rstrip()
