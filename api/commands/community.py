"""`hub community`: what there is, as a file; its versions, and what is other between them.

Reading works whether the hub runs or not. `import` needs a hub that does not run (a running one takes it over its API);
it is one revision, by `console`, and told in the audit log as such.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from api.audit_desk import AuditDesk
from api.commands.console import CONSOLE, who_is_here
from api.community_import import text_of
from api.storage import database_of
from config.difference import Difference, differences
from config.hiding import restored
from config.load import check_community, load_community, load_machine
from config.machine import Machine
from config.messages import mistakes
from config.reading import read_yaml
from config.says import in_english
from hub.audit_heads import FILE
from hub.clock import SystemClock
from hub.errors import ConfigurationError, Mistake
from hub.events import time_to_text
from hub.plugins import load_plugins
from hub.sensors.formats import load_formats
from hub.sensors.kinds import KINDS
from hub.store.audit import AuditLog
from hub.store.revisions import Revisions

app = typer.Typer(no_args_is_help=True, help="What there is, as a file, and its versions.")

MachineFile = Annotated[
    Path | None, typer.Option("--machine", metavar="F", help="machine.yaml; without it the defaults.")
]
DataFolder = Annotated[Path | None, typer.Option("--data", metavar="DIR", help="Data folder, instead of the file's.")]
Form = Annotated[Literal["json", "text"], typer.Option("--format", help="For a program, or for people.")]
Number = Annotated[int | None, typer.Option("--revision", min=1, help="Another than the one in force.")]


@app.command(epilog="Example: hub community export -o community.yaml")
def export(
    *,
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="Else standard output.")] = None,
    revision: Number = None,
    machine: MachineFile = None,
    data: DataFolder = None,
) -> None:
    """Write what there is as community.yaml; secrets are hidden as ***."""
    with _looking(machine, data) as revisions:
        text = text_of(revisions.current() if revision is None else revisions.version(revision))
    if output is None:
        typer.echo(text, nl=False)
        return
    try:
        with output.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise ConfigurationError((Mistake(output, "", in_english(f"cannot be written: {error.strerror}")),)) from error


@app.command("import", epilog='Example: hub community import community.yaml --reason "two cameras at the pond"')
def import_file(
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="As community.yaml; *** keeps the secret it hides.")],
    reason: Annotated[str, typer.Option("--reason", help="Why, for those who look at it later.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be other; change nothing.")] = False,
    machine: MachineFile = None,
    data: DataFolder = None,
    form: Form = "text",
) -> None:
    """Put a whole community in force, as one revision; every mistake is told with its line, and then nothing is."""
    settings = _settings(machine, data)
    known = _known(settings)
    sent = load_community(file, **known, hidden=True)
    clock = SystemClock()
    database = database_of(settings, clock)
    database.start()
    try:
        log = AuditLog(database, clock)
        desk = AuditDesk(log, clock, heads=settings.data / FILE)
        revisions = Revisions(database, clock, check=lambda wished: check_community(wished, **known), tell=desk.revised)
        number, before = revisions.newest()
        wished, hidden = restored(sent, before)
        if hidden:
            raise ConfigurationError(mistakes(hidden, file=file, data=read_yaml(file)))
        found = differences(before, wished)
        _say(found, form)
        if not dry_run and wished != before:
            said = f"{file.name} imported by {who_is_here()}"
            made = revisions.accept(
                wished, author=CONSOLE, reason=f"{reason} ({said})" if reason else said, expected=number
            )
            typer.echo(f"revision {made.number}", err=form == "json")
    finally:
        database.stop()


@app.command(epilog="Example: hub community diff 12 15")
def diff(
    *,
    number: Annotated[int, typer.Argument(min=1, metavar="REVISION")],
    to: Annotated[int | None, typer.Argument(min=1, metavar="REVISION", help="Else the one in force.")] = None,
    machine: MachineFile = None,
    data: DataFolder = None,
    form: Form = "text",
) -> None:
    """What was added, removed and changed from one version to another; exit 1 when anything was."""
    with _looking(machine, data) as revisions:
        other = revisions.current() if to is None else revisions.version(to)
        found = differences(revisions.version(number), other)
    _say(found, form)
    raise typer.Exit(1 if found else 0)


@app.command(epilog="Example: hub community history --limit 20")
def history(
    *,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help="At most so many.")] = 50,
    machine: MachineFile = None,
    data: DataFolder = None,
    form: Form = "text",
) -> None:
    """Who changed it when and why, the newest first."""
    with _looking(machine, data) as revisions:
        for each in revisions.history(limit=limit):
            if form == "json":
                typer.echo(json.dumps({**asdict(each), "at": time_to_text(each.at)}, ensure_ascii=False))
            else:
                typer.echo(f"{each.number:6} {time_to_text(each.at)} {each.author}: {each.reason}")


def _say(found: tuple[Difference, ...], form: str) -> None:
    for each in found:
        if form == "json":
            typer.echo(json.dumps(asdict(each), ensure_ascii=False))
        elif each.secret:
            typer.echo(f"{each.change:8} {each.path} (not shown)")
        elif each.change == "changed":
            typer.echo(f"{each.change:8} {each.path}: {_short(each.before)} -> {_short(each.after)}")
        else:
            typer.echo(f"{each.change:8} {each.path}")


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:77]}..."  # noqa: PLR2004 - a line


def _known(settings: Machine) -> dict[str, Any]:
    """What a Community may name, as the hub itself holds it to."""
    channels = {kind: plugin.options for kind, plugin in load_plugins("alerts.notifiers").items()}
    formats = load_formats(settings.payloads).options
    return {"formats": formats, "notifiers": channels, "observations": set(KINDS), "networks": settings.networks}


def _settings(machine: Path | None, data: Path | None) -> Machine:
    settings = load_machine(machine)
    return settings if data is None else settings.model_copy(update={"data": data})


@contextmanager
def _looking(machine: Path | None, data: Path | None) -> Iterator[Revisions]:
    clock = SystemClock()
    database = database_of(_settings(machine, data), clock)
    database.look()
    try:
        yield Revisions(database, clock)
    finally:
        database.stop()
