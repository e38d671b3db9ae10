"""`hub backup`: everything but video in one file, looked at, and brought back."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from api.backup.contents import Contents
from api.backup.making import make_backup
from api.backup.restoring import check_backup, restore_backup
from api.backup.scheduling import name_at
from api.backup.sealing import BackupError
from api.commands.console import tell
from api.storage import database_of
from config.load import load_machine
from config.machine import Machine
from hub.audit import Action
from hub.clock import SystemClock
from hub.errors import StoreError

app = typer.Typer(no_args_is_help=True, help="Backups: everything but video in one file.")

MachineFile = Annotated[
    Path | None, typer.Option("--machine", metavar="F", help="machine.yaml; without it the defaults.")
]
DataFolder = Annotated[Path | None, typer.Option("--data", metavar="DIR", help="Data folder, instead of the file's.")]
PassphraseFile = Annotated[
    Path | None,
    typer.Option("--passphrase-file", metavar="F", help="Holds the passphrase; `-` reads it from standard input."),
]
File = Annotated[Path, typer.Argument(metavar="FILE", help="The backup.")]


@app.callback()
def group() -> None:
    """Backups: everything but video in one file."""


@app.command("make", epilog="Example: hub backup make --machine machine.yaml --to /mnt/other/hub.hubbackup")
def make(
    *,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FILE", help="Without it in the folder of backups.")
    ] = None,
    machine: MachineFile = None,
    community: Annotated[
        Path | None, typer.Option("--community", metavar="F", help="community.yaml, to go with it.")
    ] = None,
    data: DataFolder = None,
    passphrase_file: PassphraseFile = None,
    plain: Annotated[bool, typer.Option("--plain", help="Leave keys and passwords in it readable.")] = False,
) -> None:
    """Copy everything but video into one file; the hub may run.

    It holds keys and passwords: it is encrypted with the passphrase of --passphrase-file or of backup.passphrase, or
    left readable with --plain.
    """
    settings = load_machine(machine)
    settings = settings if data is None else settings.model_copy(update={"data": data})
    passphrase = _passphrase(passphrase_file)
    if passphrase is None and not plain and settings.backup.passphrase is not None:
        passphrase = settings.backup.passphrase.reveal()
    if passphrase is None and not (plain or settings.backup.plain):
        raise BackupError(
            "it would hold keys and passwords; give --passphrase-file F, or --plain to leave them readable"
        )
    clock = SystemClock()
    folder = settings.backup.folder or settings.data / "backups"
    files = tuple(path for path in (machine, community) if path is not None)
    made = make_backup(
        settings, to or folder / name_at(clock.now()), passphrase=passphrase, now=clock.now(), settings=files
    )
    how = "encrypted" if made.encrypted else "readable for whoever has it"
    typer.echo(f"{made.path}: {made.files} files, {made.size_bytes / 1e6:.1f} MB, {how}")


@app.command("check", epilog="Example: hub backup check hub.hubbackup --passphrase-file secret.txt")
def check(file: File, *, passphrase_file: PassphraseFile = None) -> None:
    """Read a backup to its last byte and say whether it is whole; exit 1 when it is not."""
    _say(file, check_backup(file, passphrase=_passphrase(passphrase_file)))


@app.command(
    "restore", epilog="Example: hub backup restore hub.hubbackup --data /var/lib/hub --passphrase-file secret.txt"
)
def restore(
    file: File,
    *,
    data: Annotated[Path, typer.Option("--data", metavar="DIR", help="A folder that is empty or not there yet.")],
    passphrase_file: PassphraseFile = None,
) -> None:
    """Bring a backup back, all of it or nothing."""
    contents = restore_backup(file, data, passphrase=_passphrase(passphrase_file))
    _say(file, contents)
    typer.echo(f"brought back into {data}")
    _tell(file, contents, data)
    if (data / "restored").is_dir():
        typer.echo(f"settings of that time are in {data / 'restored'}")
    if (data / "restored" / "hub.pgdump").exists():
        typer.echo(f"bring the database back: pg_restore --clean --if-exists --dbname=NAME {data}/restored/hub.pgdump")
    typer.echo(f"then make the catalogue of what is recorded again: hub recordings check --data {data}")


def _tell(file: Path, contents: Contents, data: Path) -> None:
    """Tell in the log that came back that it was brought back, and of when it is: what happened since is not in it."""
    if not (data / "hub.sqlite3").exists():
        return  # it comes back with the database, by pg_restore
    clock = SystemClock()
    database = database_of(Machine(data=data), clock)
    try:
        database.start()
        tell(database, clock, Action.BACKUP, kind="backup", id=file.name, did="restore", made=contents.made)
    except StoreError as error:
        typer.echo(f"this is not told in the audit log: {error}", err=True)
    finally:
        database.stop()


def _say(file: Path, contents: Contents) -> None:
    size = f"{len(contents.members)} files, {contents.size_bytes / 1e6:.1f} MB"
    typer.echo(f"{file}: whole, made {contents.made} by {contents.program or 'a checkout'}, {size}")


def _passphrase(file: Path | None) -> str | None:
    if file is None:
        return None
    try:
        text = sys.stdin.readline() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BackupError(f"{file}: {error}") from error
    text = text.strip("\r\n")
    if not text:
        raise BackupError(f"{file}: holds no passphrase")
    return text
