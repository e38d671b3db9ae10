"""Migrations: bring the tables of any earlier version up to date, when the database is opened.

Each file in `versions/` is one step, numbered, written once and never changed after a release; a test holds the sum of
them to `schema.py` on both databases. All steps run in one transaction: a start that fails leaves what was there.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection

from hub.errors import StoreError


def migrate(connection: Connection) -> None:
    """Run the steps that are missing, in one transaction, and commit.

    Raises:
        StoreError: A newer version of the program wrote this database.
        SQLAlchemyError: The database refused a step; everything is as before.
    """
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    steps = ScriptDirectory.from_config(config)
    with connection.begin():
        found = MigrationContext.configure(connection).get_current_revision()
        if found == steps.get_current_head():
            return
        if found is not None and not _known(steps, found):
            raise StoreError(
                f"a newer version of the program wrote this database (step {found}, "
                f"this version knows up to {steps.get_current_head()}): start that version, or restore a backup"
            )
        command.upgrade(config, "head")


def check_current(connection: Connection) -> None:
    """Refuse a database that is not in the form of this version.

    Raises:
        StoreError: It is older or newer, or none of ours.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    wanted = ScriptDirectory.from_config(config).get_current_head()
    found = MigrationContext.configure(connection).get_current_revision()
    if found != wanted:
        raise StoreError(f"another version of the program wrote this database (step {found}, this version's {wanted})")


def _known(steps: ScriptDirectory, revision: str) -> bool:
    try:
        return steps.get_revision(revision) is not None
    except CommandError:
        return False
