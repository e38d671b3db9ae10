"""`hub users`: accounts, straight in the store of a hub that does not run (a running one holds its database).

A password is asked for on a terminal, or read from standard input; it never stands in the list of processes. What is
changed is told in the audit log, as done by `console`.
"""

from __future__ import annotations

import enum
import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from api.commands.console import tell
from api.storage import database_of
from config.load import load_machine
from config.says import in_english
from hub.access import Role
from hub.audit import Action, Detail
from hub.clock import SystemClock
from hub.errors import ConfigurationError, Mistake, NotFoundError, StoreError
from hub.store.database import Database
from hub.store.people.accounts import Account, Accounts
from hub.store.people.invitations import USUAL, Invitations
from hub.store.people.second_factors import SecondFactors
from hub.store.people.sign_ins import SignIns
from hub.store.revisions import Revisions

app = typer.Typer(no_args_is_help=True, help="Accounts; while the hub runs, use its API instead.")

MachineFile = Annotated[
    Path | None, typer.Option("--machine", metavar="F", help="machine.yaml; without it the defaults.")
]
DataFolder = Annotated[Path | None, typer.Option("--data", metavar="DIR", help="Data folder, instead of the file's.")]
Username = Annotated[str, typer.Argument(metavar="NAME", help="User name.")]


class Removal(enum.StrEnum):
    """What can be done with a second factor without its owner."""

    REMOVE = "remove"


@app.command(epilog='Example: echo "$PASSWORD" | hub users add lin --role operator')
def add(
    username: Username,
    role: Annotated[Role, typer.Option("--role", help="What the account is for.")] = Role.OPERATOR,
    machine: MachineFile = None,
    data: DataFolder = None,
) -> None:
    """Make an account; the password is asked for, or read from standard input."""
    password = _password(username)
    with _store(machine, data) as (database, accounts):
        made = accounts.create(username, password, role)
        _tell(database, Action.CHANGE, made, changed=["made"], role=made.role)
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
    with _store(machine, data) as (database, accounts):
        found = _find(accounts, username)
        accounts.set_password(found.id, fresh)
        _tell(database, Action.CHANGE, found, changed=["password"])
    typer.echo(f"{username}: password changed")


@app.command(epilog="Example: hub users disable lin")
def disable(username: Username, machine: MachineFile = None, data: DataFolder = None) -> None:
    """Let an account sign in no more."""
    with _store(machine, data) as (database, accounts):
        found = _find(accounts, username)
        accounts.disable(found.id)
        _tell(database, Action.CHANGE, found, changed=["disabled"])
    typer.echo(f"{username}: disabled")


@app.command("sign-out", epilog="Example: hub users sign-out lin")
def sign_out(username: Username, machine: MachineFile = None, data: DataFolder = None) -> None:
    """End all sign-ins of an account, its access tokens and its links."""
    with _store(machine, data) as (database, accounts):
        found = _find(accounts, username)
        SignIns(database, SystemClock()).end_all(found.id)
        _tell(database, Action.SIGN_OUT, found, everywhere=True)
    typer.echo(f"{username}: signed out everywhere")


@app.command("second-factor", epilog="Example: hub users second-factor remove lin")
def second_factor(
    what: Annotated[Removal, typer.Argument(metavar="remove", help="What to do with it.")],
    username: Username,
    machine: MachineFile = None,
    data: DataFolder = None,
) -> None:
    """Let somebody sign in without a code who lost telephone and recovery codes."""
    with _store(machine, data) as (database, accounts):
        found = _find(accounts, username)
        SecondFactors(database, SystemClock()).remove(found.id)
        _tell(database, Action.CHANGE, found, changed=["second factor"])
    typer.echo(f"{username}: second factor {what.value}d")


@app.command(epilog="Example: hub users invite --site hh-017 --address https://hub.example.org")
def invite(
    *,
    site: Annotated[list[str], typer.Option("--site", metavar="ID", help="Where that person lives; may be repeated.")],
    note: Annotated[str, typer.Option("--note", help="For whom, in words.")] = "",
    address: Annotated[str, typer.Option("--address", help="Where people reach the hub.")] = "http://127.0.0.1:8080",
    machine: MachineFile = None,
    data: DataFolder = None,
) -> None:
    """Print a link by which a resident makes an account, once, within seven days."""
    clock = SystemClock()
    with _store(machine, data) as (database, accounts):
        known = {each.id for each in Revisions(database, clock).current().sites}
        if unknown := sorted(set(site) - known):
            raise NotFoundError(f"no site {unknown[0]!r}")
        invitations = Invitations(database, clock, accounts)
        sites = tuple(dict.fromkeys(site))
        expires = clock.now() + USUAL
        made, token = invitations.invite(Role.RESIDENT, sites, note=note, made_by="system", expires=expires)
        tell(database, clock, Action.GIVE, kind="invitation", id=made.id, role=made.role, sites=list(sites))
    typer.echo(f"{address.rstrip('/')}/invite#token={token}")


@contextmanager
def _accounts(machine_file: Path | None, data: Path | None) -> Iterator[Accounts]:
    with _store(machine_file, data) as (_, accounts):
        yield accounts


@contextmanager
def _store(machine_file: Path | None, data: Path | None) -> Iterator[tuple[Database, Accounts]]:
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
        yield database, Accounts(database, clock)
    finally:
        database.stop()


def _tell(database: Database, action: Action, account: Account, **more: Detail) -> None:
    tell(database, SystemClock(), action, kind="account", id=account.id, name=account.username, **more)


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
        raise ConfigurationError((Mistake(None, "password", in_english("the two differ")),))
    return first
