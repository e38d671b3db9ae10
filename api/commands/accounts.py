"""`hub users`: accounts, straight in the store of a hub that does not run (a running one holds its database).

A password is asked for on a terminal, or read from standard input; it never stands in the list of processes.
"""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from api.storage import database_of
from config.load import load_machine
from hub.access import Role
from hub.clock import SystemClock
from hub.errors import ConfigurationError, Mistake, NotFoundError, StoreError
from hub.store.people.accounts import Account, Accounts

app = typer.Typer(no_args_is_help=True, help="Accounts; while the hub runs, use its API instead.")

MachineFile = Annotated[
    Path | None, typer.Option("--machine", metavar="F", help="machine.yaml; without it the defaults.")
]
DataFolder = Annotated[Path | None, typer.Option("--data", metavar="DIR", help="Data folder, instead of the file's.")]
Username = Annotated[str, typer.Argument(metavar="NAME", help="User name.")]


@app.command(epilog='Example: echo "$PASSWORD" | hub users add lin --role operator')
def add(
    username: Username,
    role: Annotated[Role, typer.Option("--role", help="What the account is for.")] = Role.OPERATOR,
    machine: MachineFile = None,
    data: DataFolder = None,
) -> None:
    """Make an account; the password is asked for, or read from standard input."""
    password = _password(username)
    with _accounts(machine, data) as accounts:
        made = accounts.create(username, password, role)
    typer.echo(f"{made.username}: {made.role}")


@app.command("list", epilog="Example: hub users list")
def list_all(machine: MachineFile = None, data: DataFolder = None) -> None:
    """List accounts."""
    with _accounts(machine, data) as accounts:
        for account in accounts.list():
            typer.echo(f"{account.username:24} {account.role:14} {'disabled' if account.disabled else ''}".rstrip())


@app.command(epilog="Example: hub users password lin")
def password(username: Username, machine: MachineFile = None, data: DataFolder = None) -> None:
    """Give an account another password and end its sign-ins."""
    fresh = _password(username)
    with _accounts(machine, data) as accounts:
        accounts.set_password(_find(accounts, username).id, fresh)
    typer.echo(f"{username}: password changed")


@app.command(epilog="Example: hub users disable lin")
def disable(username: Username, machine: MachineFile = None, data: DataFolder = None) -> None:
    """Let an account sign in no more."""
    with _accounts(machine, data) as accounts:
        accounts.disable(_find(accounts, username).id)
    typer.echo(f"{username}: disabled")


@contextmanager
def _accounts(machine_file: Path | None, data: Path | None) -> Iterator[Accounts]:
    machine = load_machine(machine_file)
    if data is not None:
        machine = machine.model_copy(update={"data": data})
    clock = SystemClock()
    database = database_of(machine, clock)
    try:
        database.start()
    except StoreError as error:
        raise StoreError(f"{error}; while the hub runs, an administrator uses /api/v1/accounts") from error
    try:
        yield Accounts(database, clock)
    finally:
        database.stop()


def _find(accounts: Accounts, username: str) -> Account:
    found = next((account for account in accounts.list() if account.username == username.strip().casefold()), None)
    if found is None:
        raise NotFoundError(f"no account {username!r}")
    return found


def _password(username: str) -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass(f"Password for {username}: ")
    if first != getpass.getpass("Again: "):
        raise ConfigurationError((Mistake(None, "password", "the two differ"),))
    return first
